"""The texts of files, decoded once for what is in them, and anew to show findings."""

from collections.abc import Callable

from seawall.core.report import Failed
from seawall.text.decoding import Undecodable, decode
from seawall.text.lines import split_lines

Load = Callable[[], bytes | None]


def decoded(path: str, data: bytes) -> str | Failed:
    """The text of a file that reports call ``path``, or why it is none."""
    text = decode(data)
    return Failed(path, *text) if isinstance(text, Undecodable) else text


class Texts:
    """The text of every file that has findings to show, by its path in the report."""

    def __init__(self) -> None:
        self._data: dict[str, bytes | Load] = {}
        self._lines: tuple[str, list[str]] = ("", [])

    def add(self, path: str, data: bytes | Load) -> None:
        """Keep the bytes of a file, or a way to read them again."""
        self._data[path] = data

    def data(self, path: str) -> bytes | None:
        """The bytes of a file as they were read."""
        found = self._data.get(path)
        return found if found is None or isinstance(found, bytes) else found()

    def text(self, path: str) -> str | None:
        """The text of a file as it was read."""
        data = self.data(path)
        text = None if data is None else decode(data)
        return None if isinstance(text, Undecodable) else text

    def line(self, path: str, number: int) -> str | None:
        """A line by its number from 1, without its end; ``None`` when it is not there."""
        if self._lines[0] != path:
            text = self.text(path)
            if text is None:
                return None
            self._lines = (path, split_lines(text))
        lines = self._lines[1]
        return lines[number - 1] if 0 < number <= len(lines) else None
