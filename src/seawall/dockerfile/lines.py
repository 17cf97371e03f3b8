"""Lines of a Dockerfile, by the bytes in them."""

from seawall.core.lazy import pattern
from seawall.text.dockerfile.tree import Dockerfile

_LINE_END = pattern(rb"\r\n|\n")


def line_end(file: Dockerfile, near: int = 0) -> str:
    """How the lines of a file end: as the line of a byte does, else the one before it."""
    found = _LINE_END.search(file.data, near) or _LINE_END.search(file.data)
    return found[0].decode() if found else "\n"


def line_start(data: bytes, at: int) -> int:
    """Where the line of a byte begins."""
    return data.rfind(b"\n", 0, at) + 1


def next_line(data: bytes, at: int) -> int:
    """Where the line behind that of a byte begins; the end of the file without one."""
    found = data.find(b"\n", at)
    return len(data) if found < 0 else found + 1


def indentation(data: bytes, at: int) -> str:
    """The blanks that begin the line of a byte."""
    start = line_start(data, at)
    line = data[start : next_line(data, at)]
    return line[: len(line) - len(line.lstrip(b" \t"))].decode()
