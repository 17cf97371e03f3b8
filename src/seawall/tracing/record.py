"""What was observed, as lines that are written the moment something is seen for the first time.

So nothing is lost should whoever watches be killed. A line is a JSON list: its kind, and what it
tells.
"""

import json
import os
from collections.abc import Iterable
from typing import NamedTuple, Self

CALL, PATH, NOTE, MEANS, BEGAN = "call", "path", "note", "means", "began"
NAMESPACES = "namespaces"
CALLS_SEEN, FILES_SEEN = "ptrace", "fanotify"
"""The means: ``ptrace`` sees calls and the paths in them, ``fanotify`` what files are opened."""
MAX_BYTES = 32 << 20
"""Of a record: a program that uses more paths is not observed to its end."""
_READ = MAX_BYTES + (1 << 20)
"""Notes, and what has no number without end, come on top."""


class Record:
    """A file that facts are appended to."""

    def __init__(self, file: int) -> None:
        """``file``: a descriptor that can be written to."""
        self._file = file
        self._calls: set[tuple[str, int]] = set()
        self._paths: set[tuple[str, str]] = set()
        self._notes: set[str] = set()
        self._bytes = 0

    @classmethod
    def at(cls, path: str) -> Self:
        """A record in a new file. Raises OSError."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        return cls(os.open(path, flags, 0o600))

    def call(self, architecture: str, number: int) -> None:
        """A system call was made."""
        if (architecture, number) not in self._calls:
            self._calls.add((architecture, number))
            self._write(CALL, architecture, number)

    def has_path(self, what: str, path: str) -> bool:
        """Whether a path is known to have been used like this."""
        return (what, path) in self._paths

    def path(self, what: str, path: str) -> None:
        """A path was used; as the process has it, from its root."""
        if (what, path) in self._paths:
            return
        if self._bytes >= MAX_BYTES:
            self.note(f"only the first {len(self._paths)} paths are noted")
            return
        self._paths.add((what, path))
        self._write(PATH, what, path)

    def note(self, text: str) -> None:
        """Something that limits what was seen."""
        if text not in self._notes:
            self._notes.add(text)
            self._write(NOTE, text)

    def means(self, name: str) -> None:
        """By what it is seen."""
        self._write(MEANS, name)

    def began(self) -> None:
        """The program itself was executed; before that, it was what puts it into its sandbox."""
        self._write(BEGAN)

    def namespaces(self) -> None:
        """A process was made in new namespaces, by clone(2) or clone3(2)."""
        if NAMESPACES not in self._notes:
            self._notes.add(NAMESPACES)
            self._write(NAMESPACES)

    def _write(self, *line: str | int) -> None:
        data = json.dumps(line).encode("ascii") + b"\n"
        self._bytes += len(data)
        while data:
            data = data[os.write(self._file, data) :]


class Observation(NamedTuple):
    """What was seen of one run, or of some."""

    paths: frozenset[tuple[str, str]] = frozenset()
    """What was done, and the path."""
    calls: frozenset[tuple[str, int]] = frozenset()
    """Architecture and number of each system call."""
    means: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    began: bool = False
    namespaces: bool = False
    """Whether processes were made in new namespaces."""

    def united(self, other: Self) -> "Observation":
        """What was seen in both together; the means are those that both had."""
        return Observation(
            self.paths | other.paths, self.calls | other.calls, self.means & other.means,
            tuple(dict.fromkeys((*self.notes, *other.notes))), self.began and other.began,
            self.namespaces or other.namespaces,
        )  # fmt: skip


def read(path: str) -> Observation:
    """What a record holds; a last line that was not written to its end is left out.

    Raises OSError.
    """
    with open(path, "rb") as stream:
        lines = stream.read(_READ).split(b"\n")[:-1]
    return observation(json.loads(line) for line in lines)


def observation(lines: Iterable[list[str | int]]) -> Observation:
    """What the lines of a record tell."""
    found: dict[str, list[tuple[str | int, ...]]] = {}
    for kind, *rest in lines:
        found.setdefault(str(kind), []).append(tuple(rest))
    return Observation(
        frozenset((str(what), str(path)) for what, path in found.get(PATH, ())),
        frozenset((str(name), int(number)) for name, number in found.get(CALL, ())),
        frozenset(str(name) for (name,) in found.get(MEANS, ())),
        tuple(str(text) for (text,) in found.get(NOTE, ())), BEGAN in found,
        NAMESPACES in found,
    )  # fmt: skip
