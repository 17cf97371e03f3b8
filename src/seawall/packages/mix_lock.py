"""``mix.lock`` of Elixir.

Sources: Mix's ``Mix.Dep.Lock`` (a map with one entry a line) and Hex's ``Hex.Mix`` for the tuple:
``{:hex, name, version, inner checksum, managers, dependencies, repository, outer checksum}``, each
dependency ``{application, requirement, options}``. Git: ``{:git, url, revision, options}``.
Which dependencies are direct, mix.exs alone tells: a program, that is not run.
"""

from collections.abc import Iterator
from re import Match
from typing import Any

from seawall.core.lazy import pattern
from seawall.packages.closing import closed
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, text_of
from seawall.text.lines import count_ends

_TOKEN = pattern(
    r'[\s,]+|\#[^\n]*|%?\{|[}\[\]]|:"(?P<quoted_atom>(?:[^"\\]|\\.)*+)"'
    r'|"(?P<key>(?:[^"\\]|\\.)*+)"\s*(?P<arrow>:(?!:)|=>)?'
    r"|:(?P<atom>[\w@]+[?!]?)|(?P<option>[\w@]+[?!]?):(?=\s)|(?P<word>\w+)"
)
_MAX_DEPTH = 20


class _Key(str):
    """A key of a map or a list of options."""

    __slots__ = ()


def read(file: File) -> Contents:
    """The packages of a lock file of Mix."""
    notes = Notes()
    scan = _Scan()
    scan.run(text_of(file.data))
    names = {
        application: _full_name(value)
        for application, (value, _) in scan.entries.items()
        if _kind(value) == "hex"
    }
    packages = []
    for application, (value, line) in scan.entries.items():
        if _kind(value) == "git":
            notes.add(application, "it comes from git at a revision: it has no version", line)
        elif _kind(value) != "hex" or len(value) < 3 or not all(map(_is_text, value[1:3])):
            notes.add(application, "it is no package of Hex", line)
        elif notes.fits(name := names[application], str(value[2]), line):
            packages.append(
                Package(
                    "hex", name, str(value[2]), line,
                    key=application, requires=tuple(_requires(value, names)),
                )
            )  # fmt: skip
    return Contents(closed(packages), notes.problems)


def _kind(value: Any) -> str:
    return str(value[0]) if isinstance(value, list) and value and _is_text(value[0]) else ""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _full_name(value: list[Any]) -> str:
    """The name in Hex, before it the organisation whose repository it is from (``hexpm:acme``)."""
    name = str(value[1]) if len(value) > 1 and _is_text(value[1]) else ""
    repository = str(value[6]) if len(value) > 6 and _is_text(value[6]) else "hexpm"
    organisation = repository.partition(":")[2]
    return f"{organisation}/{name}" if organisation else name


def _requires(value: list[Any], names: dict[str, str]) -> Iterator[Requirement]:
    for dependency in value[5] if len(value) > 5 and isinstance(value[5], list) else ():
        if isinstance(dependency, list) and len(dependency) > 1 and _is_text(dependency[0]):
            application = str(dependency[0])
            constraint = str(dependency[1]) if _is_text(dependency[1]) else ""
            if application in names:
                yield Requirement(application, constraint)


class _Scan:
    """One walk over the tokens of a map of Elixir."""

    def __init__(self) -> None:
        self.entries: dict[str, tuple[Any, int]] = {}
        """The value and the line of each entry; a later one of the same name counts."""
        self._open: list[list[Any]] = []
        self._marks: list[str] = []
        self._key = ("", 0)
        self._is_done = False

    def run(self, text: str) -> None:
        """Walk; raises Unreadable."""
        line, counted, at = 1, 0, 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            line += count_ends(text, counted, at)
            counted = at
            if found is None:
                raise Unreadable("it is no map of Elixir", line)
            at = found.end()
            mark = found[0]
            if not mark.isspace() and mark[0] not in ",#":
                self._take(found, mark, line)
        if not self._is_done:
            raise Unreadable("it ends within the map", line)

    def _take(self, found: Match[str], mark: str, line: int) -> None:
        if self._is_done or (not self._open and mark != "%{"):
            raise Unreadable("a map of Elixir is expected", line)
        if mark in ("%{", "{", "["):
            if len(self._open) >= _MAX_DEPTH:
                raise Unreadable("it is nested too deeply", line)
            self._open.append([])
            self._marks.append("]" if mark == "[" else "}")
        elif mark in ("}", "]"):
            if self._marks.pop() != mark:
                raise Unreadable(f"{mark} closes what it did not open", line)
            self._close()
        elif len(self._open) > 1:
            self._open[-1].append(_value(found))
        elif found["arrow"]:
            self._key = _unescaped(found["key"]), line
        else:
            raise Unreadable("a key is expected", line)

    def _close(self) -> None:
        closed = self._open.pop()
        if not self._open:
            self._is_done = True
        elif len(self._open) > 1:
            self._open[-1].append(closed)
        elif self._key[0]:
            name, line = self._key
            self.entries[name] = closed, line


def _value(found: Match[str]) -> object:
    if found["option"] or found["arrow"]:
        return _Key(found["option"] or found["key"])
    if found["key"] is not None:
        return _unescaped(found["key"])
    if found["quoted_atom"] is not None:
        return _unescaped(found["quoted_atom"])
    return found["atom"] or {"true": True, "false": False, "nil": None}.get(found[0], found[0])


_ESCAPE = pattern(r"\\(.)")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)
