"""requirements.txt of pip, with the files it includes and the constraints it names.

Sources: https://pip.pypa.io/en/stable/reference/requirements-file-format/ and pip's
``_internal/req/req_file.py``. What a package is there for, pip-compile and uv write in comments:
``# via flask``.
"""

import posixpath
from collections.abc import Container

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.core.package_key import python_name
from seawall.packages import pep508
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, public, text_of

_COMMENT = pattern(r"(?:^|\s)#(.*)$")
_INCLUDE = pattern(r"(?:-([rc])[ \t]*|--(requirement|constraint)(?:[ \t]+|=))(.+)")
_EDITABLE = pattern(r"(?:-e[ \t]*|--editable(?:[ \t]+|=))(.+)")
_OF_PACKAGE = pattern(r"\s(?:--?[A-Za-z][a-z-]*|\\)(?:[ =]|$)")
"""Where the options of one requirement begin: ``--hash=``, ``--config-settings``."""
_SETTING = pattern(
    r"(?:-i|-f|-C|--(?:index-url|pypi-url|extra-index-url|no-index|find-links|no-binary|only-binary"
    r"|prefer-binary|require-hashes|pre|trusted-host|use-feature|config-settings?|build-constraint"
    r"|all-releases|only-final|process-dependency-links|always-unzip|no-use-wheel|use-wheel"
    r"|uploaded-prior-to))\b.*"
)
_VIA = pattern(r"\s*via\b(.*)")
_MAX_FILES = 200
_DEVELOPMENT = {
    "ci", "dev", "develop", "development", "doc", "docs", "lint", "linting", "test", "testing",
    "tests", "typing",
}  # fmt: skip
"""Words of a file's name that say that it is for building and testing."""
_WORDS = pattern(r"[^A-Za-z]+")


class _Entry(NamedTuple):
    """One requirement of one file."""

    wanted: pep508.Python
    line: int
    file: str
    via: list[str]
    """What it is there for, where comments tell: names of packages, files."""


def read(file: File) -> Contents:
    """The packages of a requirements file; of one for pip-compile (.in), those that are pinned."""
    notes = Notes()
    requirements = _Requirements(file, notes)
    requirements.load(file.path.rpartition("/")[2], file.data)
    packages = requirements.packages()
    if file.path.endswith(".in"):
        packages = [package for package in packages if package.version]
    return Contents(tuple(packages), notes.problems)


class _Requirements:
    def __init__(self, file: File, notes: Notes) -> None:
        self._file = file
        self._notes = notes
        self._entries: list[_Entry] = []
        self._constraints: dict[str, str] = {}
        self._seen: set[tuple[str, bool]] = set()
        self._own = file.path.rpartition("/")[2]

    def load(self, path: str, data: bytes) -> None:
        """Read a file and all that it includes."""
        todo = [(path, data, False)]
        self._seen.add((path, False))
        while todo:
            path, data, is_constraint = todo.pop()
            inside = "" if path == self._own else path
            try:
                text = text_of(data)
            except Unreadable as error:
                if not inside:
                    raise
                self._notes.add(path, f"it cannot be read: {error.reason}")
                continue
            for included in self._read(text, inside, is_constraint=is_constraint):
                todo += self._include(path, *included)

    def _include(
        self, path: str, target: str, as_constraint: bool, line: int
    ) -> list[tuple[str, bytes, bool]]:
        target = target.strip().strip("\"'")
        if pep508.is_address(target):
            self._notes.add(target, "it is on the network, and is not read", line)
            return []
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if (joined, as_constraint) in self._seen or (joined, False) in self._seen:
            return []
        self._seen.add((joined, as_constraint))
        data = self._file.beside(joined) if len(self._seen) <= _MAX_FILES and target else None
        if data is None:
            self._notes.add(target, "the included file is not there", line)
            return []
        return [(joined, data, as_constraint)]

    def _read(self, text: str, inside: str, *, is_constraint: bool) -> list[tuple[str, bool, int]]:
        """Take in the requirements of a text; gives what it includes."""
        includes: list[tuple[str, bool, int]] = []
        entries: list[_Entry] = []
        for logical, comment, line in _logical_lines(text):
            if not logical:
                _explain(entries, comment)
                continue
            include = _INCLUDE.fullmatch(logical)
            if include:
                as_constraint = is_constraint or include[1] == "c" or include[2] == "constraint"
                includes.append((include[3], as_constraint, line))
            elif not _SETTING.fullmatch(logical):
                wanted = self._requirement(logical, line)
                if wanted:
                    entries.append(_Entry(wanted, line, inside, []))
                    _explain(entries, comment, is_beside=True)
        if is_constraint:
            for entry in entries:
                self._constraints.setdefault(entry.wanted.name, entry.wanted.constraint)
        else:
            self._entries += entries
        return includes

    def _requirement(self, text: str, line: int) -> pep508.Python | None:
        editable = _EDITABLE.fullmatch(text)
        text = editable[1] if editable else text
        options = _OF_PACKAGE.search(text)
        text = " ".join((text[: options.start()] if options else text).split()).strip("\"'")
        if pep508.is_address(text) or pep508.is_archive(text):
            address, marker = text.partition(" ;")[::2]
            name, _ = pep508.of_address(address)
            if name:
                return pep508.Python(name, "", address, marker)
            if not address.startswith("file:"):
                self._notes.add(text, "the address names no package", line)
            return None
        if text.startswith((".", "/", "~")) or (editable and "@" not in text):
            return None  # a directory: the project itself, or one that is read by itself
        wanted = pep508.parse(text) if len(text) <= pep508.MAX_REQUIREMENT else None
        if wanted is None:
            self._notes.add(text, "it is no requirement of PEP 508", line)
        return wanted

    def packages(self) -> list[Package]:
        """All of them, constraints applied, with what the comments tell."""
        is_explained = any(entry.via for entry in self._entries)
        is_written = not all(entry.wanted.version for entry in self._entries)
        needs: dict[str, list[Requirement]] = {}
        versions = {entry.wanted.name: self._version(entry) for entry in self._entries}
        for entry in self._entries:
            for parent in entry.via:
                name = entry.wanted.name
                needs.setdefault(python_name(parent), []).append(
                    Requirement(f"{name}@{versions[name]}")
                )
        packages = []
        for entry in self._entries:
            name, constraint = entry.wanted.name, entry.wanted.constraint
            direct: bool | None = True if is_written else None
            if is_explained:
                direct = _is_direct(entry.via, versions)
            version = self._version(entry)
            if self._notes.fits(name, version, entry.line):
                packages.append(Package(
                    "pypi", name, version, entry.line,
                    requires=tuple(needs.get(name, ())),
                    direct=direct,
                    development=_is_for_development(entry.file or self._file.path),
                    constraint=constraint,
                    file=entry.file,
                    download=public(entry.wanted.address),
                ))  # fmt: skip
        return packages

    def _version(self, entry: _Entry) -> str:
        found = entry.wanted.version
        if not found and not entry.wanted.address:
            found = pep508.exact(self._constraints.get(entry.wanted.name, ""))
        return found


def _is_direct(via: list[str], packages: Container[str]) -> bool:
    """Whether something else than a package asks for it; constraints (``-c``) ask for nothing."""
    asking = [name for name in via if name and not name.startswith("-c")]
    return not asking or any(name not in packages for name in asking)


def _logical_lines(text: str) -> list[tuple[str, str, int]]:
    """Lines joined where a backslash ends them: text, comment and the number of the first."""
    result = []
    parts: list[str] = []
    first = 0
    for number, raw in enumerate(text.splitlines(), 1):
        first = first if parts else number
        found = _COMMENT.search(raw) if "#" in raw else None
        is_comment = found is not None and not raw[: found.start()].strip()
        if raw.endswith("\\") and not is_comment:
            parts.append(raw[:-1])
            continue
        line = "".join((*parts, raw[: found.start()] if found else raw)).strip()
        result.append((line, found[1] if found else "", first))
        parts = []
    if parts:
        result.append(("".join(parts).strip(), "", first))
    return result


def _explain(entries: list[_Entry], comment: str, *, is_beside: bool = False) -> None:
    """Take in a comment that says what the last requirement is there for."""
    if not entries or not comment:
        return
    via = entries[-1].via
    found = _VIA.fullmatch(comment)
    if found:
        via += [_parent(part) for part in found[1].split(",")]
    elif via and not is_beside and comment.startswith("   "):
        via.append(_parent(comment))


def _parent(text: str) -> str:
    """A package that brings another in; empty for the project, ``-r FILE`` where a file does."""
    text = text.strip()
    return text if text.startswith("-") else python_name(text.partition("[")[0])


def _is_for_development(path: str) -> bool:
    stem, _, _ = path.rpartition("/")[2].rpartition(".")
    return not _DEVELOPMENT.isdisjoint(_WORDS.split(stem.lower()))
