"""SPDX 2 in its tag-value form.

Source: SPDX specification 2.3, annex on tag-value: ``Tag: value`` a line, texts of several lines
between ``<text>`` and ``</text>``. ``PackageName`` begins a package, ``FileName`` and
``SnippetSPDXID`` end it.
"""

from collections.abc import Iterator

from seawall.packages import spdx
from seawall.packages.cpe import purl_of
from seawall.packages.package import Contents, Unreadable
from seawall.packages.reading import Notes, text_of
from seawall.text.lines import split_lines

_OTHERS = frozenset(("FileName", "SnippetSPDXID", "LicenseID"))


class _Package:
    """A package while its tags are read."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.tags: dict[str, str] = {}
        self.purl = ""
        self.cpe = ""

    def take(self, tag: str, value: str) -> None:
        """Take in a tag; of several package URLs the first."""
        if tag != "ExternalRef":
            self.tags.setdefault(tag, value)
            return
        parts = value.split()
        if len(parts) == 3 and parts[1] == "purl" and not self.purl:
            self.purl = parts[2]
        elif len(parts) == 3 and parts[1] == "cpe23Type" and not self.cpe:
            self.cpe = parts[2]

    def element(self) -> spdx.Element:
        """The package, as the other form has it."""
        tag = self.tags.get
        return spdx.Element(
            tag("SPDXID", ""), tag("PackageName", ""), tag("PackageVersion", ""),
            self.purl or purl_of(self.cpe), tag("PrimaryPackagePurpose", ""),
            tag("PackageSourceInfo", ""), line=self.line,
        )  # fmt: skip


class _Document:
    """A document while its tags are read."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._current: _Package | None = None
        self.version = ""
        self.name = ""
        self.packages: list[_Package] = []
        self.relationships: list[spdx.Relationship] = []

    def take(self, tag: str, value: str, line: int) -> None:
        """Take in a tag."""
        if tag == "SPDXVersion":
            self.version = value
        elif tag == "DocumentName":
            self.name = value
        elif tag == "PackageName":
            self._current = _Package(line)
            self.packages.append(self._current)
        elif tag == "Relationship":
            parts = value.split()
            if len(parts) == 3:
                self.relationships.append(spdx.Relationship(*parts))
            else:
                self._notes.add(value, "element, relationship, element are expected", line)
        elif tag in _OTHERS:
            self._current = None
        if self._current is not None:
            self._current.take(tag, value)


def read_tags(data: bytes, notes: Notes) -> Contents:
    """The packages of a document in tag-value form; raises Unreadable."""
    document = _Document(notes)
    for tag, value, line in _tags(text_of(data), notes):
        document.take(tag, value, line)
    if not document.version:
        raise Unreadable("it has no SPDXVersion: it is no SPDX document", 1)
    elements = (package.element() for package in document.packages)
    return spdx.contents(document.version, document.name, elements, document.relationships, notes)


def _tags(text: str, notes: Notes) -> Iterator[tuple[str, str, int]]:
    """Each tag with its value and line."""
    lines = iter(enumerate(split_lines(text), 1))
    for number, line in lines:
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        tag, colon, value = stripped.partition(":")
        if not colon or not tag.isalnum():
            notes.add(stripped, "Tag: value is expected", number)
            continue
        value = value.strip()
        if value.startswith("<text>"):
            parts = [value.removeprefix("<text>")]
            while "</text>" not in parts[-1]:
                following = next(lines, None)
                if following is None:
                    raise Unreadable("a text has no end", number)
                parts.append(following[1])
            value = "\n".join(parts).partition("</text>")[0]
        yield tag, value, number
