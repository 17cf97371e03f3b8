"""The targets as they stood at a commit, so that what came since can be told from the rest."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import new as new_hash
from typing import TYPE_CHECKING, NamedTuple

from seawall.core.errors import UsageError
from seawall.core.report import Failed
from seawall.engine.candidates import is_candidate
from seawall.engine.options import Options
from seawall.sources import files
from seawall.sources.files import Found, SourceFile
from seawall.sources.git import Missing, Repository, TreeEntry, find

if TYPE_CHECKING:
    from seawall.charts.content import Files


class Root(NamedTuple):
    """A target within its repository: its name in reports and its path from the top on."""

    name: str
    prefix: str
    is_context: bool
    is_file: bool


class Commit:
    """A source of files: the targets at a commit.

    ``present`` holds the bytes of the files as they are now; those of a blob that has not changed
    are taken from there, so that only what changed is read from the repository. ``there`` are the
    paths of all files as they are now, where those that are gone are to be read whatever they were.
    """

    def __init__(
        self, repository: Repository, commit: str, roots: Sequence[Root], options: Options,
        present: Mapping[str, bytes], there: Collection[str] | None = None,
    ) -> None:  # fmt: skip
        self._repository = repository
        self._commit = commit
        self._roots = roots
        self._options = options
        self._present = present
        self._there = there
        self._data: dict[str, bytes | Failed] = {}
        self._charts: set[str] = set()
        """The directories of charts, each empty or with a slash behind."""
        self._rest: dict[str, str] = {}
        """Further files of charts, by path, with the blob."""
        self.missing = 0
        """Files of the commit whose content the repository does not have."""

    @property
    def beside(self) -> Mapping[str, bytes]:
        """None: ignore files are taken as they stand now."""
        return {}

    def discover(self) -> Iterator[Found]:
        """Every file of the targets that was there."""
        found: dict[str, tuple[SourceFile, str]] = {}
        for root in self._roots:
            entries: Iterable[TreeEntry] = self._repository.tree(self._commit, root.prefix)
            if self._options.charts is not None:
                entries = tuple(entries)
                self._note_charts(root, entries)
            for entry in entries:
                below = entry.path[len(root.prefix) :].lstrip("/")
                if entry.kind != "file" or bool(below) == root.is_file:
                    continue
                path = _path(root, entry)
                file = SourceFile(path, path, root.name, root.is_file, root.is_context)
                if path in found:
                    continue
                if self._is_wanted(file):
                    found[path] = file, entry.oid
                elif self._charts:
                    self._rest[path] = entry.oid
        self._load({path: oid for path, (_, oid) in found.items()})
        return (file for file, _ in found.values())

    def _note_charts(self, root: Root, entries: Iterable[TreeEntry]) -> None:
        paths = (_path(root, entry) for entry in entries if entry.kind == "file")
        found = (path for path in paths if path.rpartition("/")[2] == "Chart.yaml")
        self._charts.update(path.removesuffix("Chart.yaml") for path in found)

    def chart(self, file: SourceFile) -> "Files":
        """The files of a chart by its ``Chart.yaml``, as far as they are files at the commit."""
        from seawall.charts.content import asks_for_files, is_part  # noqa: PLC0415 - with charts

        above = file.path.removesuffix("Chart.yaml")
        rest = {path: oid for path, oid in self._rest.items() if path.startswith(above)}
        self._load({path: oid for path, oid in rest.items() if is_part(path[len(above) :])})
        own = self._below(above, is_part)
        if asks_for_files(own):
            self._load({path: oid for path, oid in rest.items() if path not in self._data})
            own = self._below(above, lambda _path: True)
        return own

    def _below(self, above: str, wanted: Callable[[str], bool]) -> dict[str, bytes]:
        return {
            path[len(above) :]: data
            for path, data in self._data.items()
            if path.startswith(above) and isinstance(data, bytes) and wanted(path[len(above) :])
        }

    def _is_wanted(self, file: SourceFile) -> bool:
        exclude = self._options.exclude
        if exclude is not None and exclude.reason(file.path, is_directory=False):
            return False
        if is_candidate(file) or file.path in self._present:  # named by a compose file
            return True
        return self._there is not None and file.path not in self._there

    def _load(self, oids: Mapping[str, str]) -> None:
        wanted: dict[str, list[str]] = {}
        for path, oid in oids.items():
            data = self._present.get(path)
            if data is not None and _oid(data, oid) == oid:
                self._data[path] = data
            else:
                wanted.setdefault(oid, []).append(path)
        for oid, content in self._repository.blobs(wanted, self._options.max_file_size):
            for path in wanted[oid]:
                if isinstance(content, Missing):
                    self.missing += content.kind != "too large"
                    self._data[path] = Failed(path, 0, 0, content.reason)
                else:
                    self._data[path] = content

    def read(self, file: SourceFile) -> bytes | Failed:
        """The bytes of a file."""
        return self._data[file.path]

    def read_large(self, file: SourceFile) -> bytes | Failed:
        """The bytes of an archive, no larger than other files."""
        return self._data[file.path]

    def is_executable(self, file: SourceFile) -> bool:  # noqa: ARG002 - as others have it
        """None is taken for one: what was built is seldom committed."""
        return False

    def sibling(self, file: SourceFile, name: str) -> bytes | None:
        """The bytes of another file, if it is one that would be read itself."""
        found = self._data.get(os.path.normpath(os.path.join(os.path.dirname(file.path), name)))
        return found if isinstance(found, bytes) else None


def _path(root: Root, entry: TreeEntry) -> str:
    below = entry.path[len(root.prefix) :].lstrip("/")
    return "/".join(part for part in (root.name, below) if part)


def _oid(data: bytes, like: str) -> str:
    """What git would call these bytes (gitformat-pack(5): SHA-1, or SHA-256 by its length)."""
    name = "sha256" if len(like) == 64 else "sha1"
    return new_hash(name, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def roots_of(options: Options, repository: Repository) -> list[Root]:
    """The targets within a repository; raises UsageError for one that lies outside."""
    targets = (*options.targets, *options.context)
    top = os.path.join(os.path.realpath(repository.top), "")
    roots = []
    for number, (target, name) in enumerate(zip(targets, files.names(targets), strict=True)):
        real = os.path.realpath(target)
        if not os.path.join(real, "").startswith(top):
            raise UsageError(
                f"--since: {target} is not in the repository {repository.top}; scan it by itself"
            )
        is_file = not os.path.isdir(real)
        prefix = files.shown(real[len(top) :])
        shown = "" if name == os.curdir else name
        roots.append(Root(shown, prefix, number >= len(options.targets), is_file))
    return roots


def repository_of(options: Options) -> Repository:
    """The repository that the targets are in; raises UsageError when there is none."""
    for target in options.targets:
        if target in files.STDIN_PATHS:
            raise UsageError("--since: standard input has no history; name files or directories")
    repository = find(options.targets[0])
    if repository is None or repository.is_bare:
        raise UsageError(
            f"--since: {options.targets[0]} is in no work tree of git; scan it without --since"
        )
    return repository
