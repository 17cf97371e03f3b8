"""What is known of the files of a source that were fetched: one small file for each source."""

import json
import os
from contextlib import suppress
from typing import NamedTuple

from seawall.advisories.update.downloads import Fetched, Validators

_DIRECTORY = ".state"


class FileState(NamedTuple):
    """A file as it was fetched."""

    etag: str = ""
    modified: str = ""
    sha256: str = ""
    size: int = 0
    fetched: str = ""
    """The time of the update that fetched it."""


class State:
    """The state of a source, kept in ``.state/NAME.json`` of the directory of feeds."""

    def __init__(self, root: str, name: str) -> None:
        self._root = root
        self._path = os.path.join(root, _DIRECTORY, f"{name}.json")
        self.files: dict[str, FileState] = {}
        """By their path below the directory of feeds."""
        self.marks: dict[str, str] = {}
        """How far a source was followed; each method has its own."""
        self._load()

    def _load(self) -> None:
        """Read it; what cannot be read is fetched again."""
        try:
            with open(self._path, encoding="utf-8") as stream:
                told = json.load(stream)
            files = {
                path: FileState(
                    str(facts["etag"]), str(facts["modified"]), str(facts["sha256"]),
                    size=int(facts["size"]), fetched=str(facts["fetched"]),
                )
                for path, facts in told["files"].items()
            }  # fmt: skip
            marks = {str(name): str(value) for name, value in told["marks"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        self.files, self.marks = files, marks

    def validators(self, path: str) -> Validators:
        """What the server said of a file that is still there; none of one that is not."""
        known = self.files.get(path)
        if known is None or not os.path.isfile(os.path.join(self._root, path)):
            return Validators()
        return Validators(known.etag, known.modified)

    def keep(self, path: str, fetched: Fetched, time: str) -> None:
        """Remember a file that has come."""
        self.files[path] = FileState(*fetched.validators, fetched.sha256, fetched.size, time)
        self.save()

    def mark(self, **marks: str) -> None:
        """Remember how far a source was followed."""
        self.marks.update(marks)
        self.save()

    def save(self) -> None:
        """Write it: as a whole or not at all."""
        facts = {
            "files": {path: each._asdict() for path, each in sorted(self.files.items())},
            "marks": dict(sorted(self.marks.items())),
        }
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        temporary = f"{self._path}.tmp"
        try:
            with open(temporary, "w", encoding="utf-8") as stream:
                json.dump(facts, stream, indent=1)
                stream.write("\n")
            os.replace(temporary, self._path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
