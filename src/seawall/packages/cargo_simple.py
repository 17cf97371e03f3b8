"""The form of TOML that cargo writes its lock files in, read by lines.

``tomllib`` takes a second for 5,000 packages. Cargo writes one key a line, texts without escapes,
lists one item a line; anything else is left to ``tomllib``.
"""

from seawall.core.lazy import pattern
from seawall.packages.reading import Table

_PAIR = pattern(r'([a-z]+) = (?:"([^"\\\x00-\x1f]*)"|(\d{1,9})|(\[\]?))')
_ITEM = pattern(r' +"([^"\\\x00-\x1f]*)",?')


def read(text: str) -> tuple[Table, list[int]] | None:
    """The document and its packages' lines; ``None`` when it takes the full reader to tell."""
    root: Table = {"package": []}
    packages: list[Table] = root["package"]
    lines: list[int] = []
    table = root
    items: list[str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if items is not None:
            found = _ITEM.fullmatch(line)
            if found:
                items.append(found[1])
            elif line == "]":
                items = None
            else:
                return None
        elif line == "[[package]]":
            table = {}
            packages.append(table)
            lines.append(number)
        elif line and line[0] != "#":
            found = _PAIR.fullmatch(line)
            if found is None or found[1] in table:
                return None
            key, value, digits, brackets = found.groups()
            table[key] = value if value is not None else int(digits) if digits else []
            if brackets == "[":
                items = table[key]
    return (root, lines) if items is None and packages else None
