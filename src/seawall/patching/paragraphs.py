"""Paragraphs of fields, as dpkg's files, control files and indexes have them (deb822(5)).

The text of a field is kept as it is, its further lines included, so that a paragraph can be written
again. Bytes that are no UTF-8 stand as surrogates.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

_LONGEST = 4_000_000
"""Characters of one paragraph; the longest real ones (lists of files) have some 200,000."""


class Field(NamedTuple):
    """A field: its name as written, and its value, further lines with what stands before them."""

    name: str
    value: str


class Paragraph:
    """Fields by their names, in any case (deb822(5)); of one that stands twice the first counts."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = fields

    def get(self, name: str) -> str:
        """The first line of a value, without blanks around it; empty where there is no field."""
        return self.whole(name).partition("\n")[0].strip()

    def whole(self, name: str) -> str:
        """All of a value; empty where there is no field."""
        field = self._fields.get(name.lower())
        return field.value if field is not None else ""

    def one_line(self, name: str) -> str:
        """A value whose lines are one, such as that of Depends."""
        return " ".join(self.whole(name).split())

    def fields(self) -> Iterable[Field]:
        """All of them, in their order."""
        return self._fields.values()

    def changed(self, **values: str) -> "Paragraph":
        """With other values (``conffiles="..."``); an empty one takes the field away."""
        made = dict(self._fields)
        for key, value in values.items():
            name = key.replace("_", "-").lower()
            known = made.pop(name, None)
            if value:
                made[name] = Field(known.name if known else _written(name), value)
        return Paragraph(made)


def _written(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def parse(text: str) -> Paragraph:
    """The fields of one paragraph; lines that are none are passed over."""
    fields: dict[str, Field] = {}
    last = ""
    lines: list[str] = []

    def end() -> None:
        if last:
            fields.setdefault(last.lower(), Field(last, "\n".join(lines)))

    for line in text[:_LONGEST].split("\n"):
        if line[:1] in (" ", "\t"):
            lines.append(line)
            continue
        name, colon, value = line.partition(":")
        if not colon or not name or name.startswith("#"):
            continue
        end()
        last, lines = name.strip(), [value.strip()]
    end()
    return Paragraph(fields)


def split(text: str) -> Iterator[str]:
    """The texts of paragraphs: what stands between empty lines."""
    for part in text.replace("\r\n", "\n").split("\n\n"):
        if part.strip():
            yield part.strip("\n")


def written(paragraph: Paragraph, order: Iterable[str] = ()) -> str:
    """A paragraph as text with a line break at its end; fields in ``order`` come first."""
    known = {field.name.lower(): field for field in paragraph.fields()}
    first = [known.pop(name.lower()) for name in order if name.lower() in known]
    return "".join(_line(field) for field in (*first, *known.values()))


def _line(field: Field) -> str:
    gap = "" if field.value.startswith("\n") or not field.value else " "
    return f"{field.name}:{gap}{field.value}\n"


def text_of(data: bytes) -> str:
    """Bytes as text, such that ``bytes_of`` gives them again."""
    return data.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """Text as the bytes that it was."""
    return text.encode("utf-8", "surrogateescape")
