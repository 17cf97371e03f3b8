"""The two text formats in archives of Java.

Sources: JAR File Specification, "Notes on Manifest and Signature Files" (lines go on behind a line
break and a blank); ``java.util.Properties.load``.
"""

from seawall.core.lazy import pattern
from seawall.text.lines import split_lines

_PROPERTY = pattern(r"\s*((?:[^\s:=\\]|\\.)+)\s*[:=]?\s*(.*)")
_ESCAPE = pattern(r"\\(?:u([0-9a-fA-F]{4})|(.))")


def manifest_of(text: str) -> dict[str, str]:
    """The attributes of a manifest's main section."""
    lines: list[list[str]] = []
    for line in split_lines(text):
        if not line.strip():
            if lines:
                break
        elif line.startswith(" ") and lines:
            lines[-1].append(line[1:])
        else:
            lines.append([line])
    result = {}
    for parts in lines:
        name, colon, value = "".join(parts).partition(":")
        if colon:
            result[name.strip()] = value.strip()
    return result


def properties_of(text: str) -> dict[str, str]:
    """The properties of a file; those that go on over several lines do not occur."""
    result = {}
    for line in split_lines(text):
        found = _PROPERTY.fullmatch(line)
        if found is not None and found[1][0] not in "#!":
            result[_plain(found[1])] = _plain(found[2])
    return result


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], text)
