"""Lock files of opam: ``NAME.opam.locked``.

Source: opam manual, "opam lock" and "Package definitions": ``depends`` lists every package as
``"name" {= "version"}``, with ``& with-test`` or ``& with-doc`` where it is for that alone;
``pin-depends`` where one comes from elsewhere.
"""

from re import Match

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, text_of
from seawall.text.lines import count_ends

_TOKEN = pattern(
    r'[ \t\r\n]+|\#[^\n]*|\(\*(?:[^*]|\*(?!\)))*+\*\)|"""(?:[^\\]|\\.)*?"""'
    r'|"(?P<text>(?:[^"\\]|\\.)*+)"|(?P<field>[A-Za-z_][A-Za-z0-9_+-]*):(?!=)'
    r"|(?P<word>[A-Za-z0-9_][A-Za-z0-9_.:+-]*)|(?P<mark>[<>]=?|!=|[=&|!~?\[\](){}:^-])",
    16,
)
_FOR_BUILDING = frozenset(("with-test", "with-doc", "with-dev-setup", "build", "dev"))


class _Entry:
    """A package of ``depends`` and what its filter says."""

    __slots__ = ("exact", "line", "name", "words")

    def __init__(self, name: str, line: int) -> None:
        self.name = name
        self.line = line
        self.exact = ""
        self.words: list[str] = []


def read(file: File) -> Contents:
    """The packages of a lock file of opam."""
    notes = Notes()
    scan = _Scan(text_of(file.data))
    scan.run()
    packages = []
    for entry in scan.entries:
        if not entry.exact:
            notes.add(entry.name, "it has no exact version", entry.line)
        elif notes.fits(entry.name, entry.exact, entry.line):
            packages.append(
                Package(
                    "opam", entry.name, entry.exact, entry.line,
                    development=not _FOR_BUILDING.isdisjoint(entry.words),
                    download=scan.pins.get(f"{entry.name}.{entry.exact}", ""),
                )
            )  # fmt: skip
    return Contents(tuple(packages), notes.problems, scan.project)


class _Scan:
    """One walk over the tokens of an opam file."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.entries: list[_Entry] = []
        self.pins: dict[str, str] = {}
        self.project = ""
        self._pin: list[str] = []
        self._equals = False
        self._field = ""
        self._lists = self._braces = 0

    def run(self) -> None:
        """Walk; raises Unreadable."""
        line, counted, at = 1, 0, 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            line += count_ends(self._text, counted, at)
            counted = at
            if found is None:
                raise Unreadable("it is no file of opam", line)
            at = found.end()
            self._take(found, line)
        if self._lists or self._braces:
            raise Unreadable("it ends within a list", line)

    def _take(self, found: Match[str], line: int) -> None:
        if found["field"] and not self._lists and not self._braces:
            self._field = found["field"]
        elif found["mark"]:
            self._mark(found["mark"], line)
        elif found["text"] is not None:
            self._string(found["text"], line)
        elif found["word"] and self._field == "depends" and self._braces and self.entries:
            self.entries[-1].words.append(found["word"])

    def _mark(self, mark: str, line: int) -> None:
        self._lists += (mark == "[") - (mark == "]")
        self._braces += (mark == "{") - (mark == "}")
        if self._lists < 0 or self._braces < 0:
            raise Unreadable(f"{mark} closes what it did not open", line)
        if mark == "]" and self._field == "pin-depends" and len(self._pin) == 2:
            self.pins[self._pin[0]] = self._pin[1]
        if mark in "[]":
            self._pin = []
        self._equals = mark == "="

    def _string(self, text: str, line: int) -> None:
        field = self._field
        if field == "name" and not self._lists:
            self.project = text
        elif field == "pin-depends":
            self._pin.append(text)
        elif field == "depends" and not self._braces:
            self.entries.append(_Entry(text, line))
        elif field == "depends" and self._equals and self.entries:
            self.entries[-1].exact = text
        self._equals = False
