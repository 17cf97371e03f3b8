"""A person at a terminal: single keys and lines, with nothing but the standard library."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from seawall.cli.output import terminal_width
from seawall.reports.visible import visible, wrap

INTERRUPT, END, ENTER, RUBOUT = "\x03", "\x04", "\r", "\x7f"
_ESCAPE = b"\x1b"
_LONGEST = 2000
"""Characters of a line."""


class Terminal:
    """Reads keys from one file descriptor and writes to another; both must be terminals."""

    def __init__(self, source: int, target: int) -> None:
        self._source = source
        self._target = target

    @property
    def columns(self) -> int:
        """Its width."""
        return terminal_width(dict(os.environ))

    def write(self, text: str) -> None:
        """Show a text as it is."""
        data = text.encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(self._target, data) :]

    @contextmanager
    def by_keys(self) -> Iterator[None]:
        """Get each key as it is pressed, unseen, until the end of the block."""
        import termios  # noqa: PLC0415 - where there is a terminal
        import tty  # noqa: PLC0415 - as above

        before = termios.tcgetattr(self._source)
        try:
            tty.setcbreak(self._source)
            modes = termios.tcgetattr(self._source)
            modes[0] &= ~termios.ICRNL  # Enter is told from Ctrl-J
            modes[3] &= ~termios.ISIG  # Ctrl-C is a key: what was decided is not to be lost
            termios.tcsetattr(self._source, termios.TCSANOW, modes)
            yield
        finally:
            termios.tcsetattr(self._source, termios.TCSADRAIN, before)

    def key(self) -> str:
        """The next key; ``END`` when the terminal is gone. Keys that are several bytes are one."""
        data = os.read(self._source, 1)
        if not data:
            return END
        if data == _ESCAPE:
            self._pass_over_sequence()
            return ""
        for _ in range(3):
            try:
                return data.decode()
            except UnicodeDecodeError:
                data += os.read(self._source, 1)
        return ""

    def _pass_over_sequence(self) -> None:
        """Read the rest of an arrow key and the like, as far as it is there."""
        from select import select  # noqa: PLC0415 - where there is a terminal

        while select([self._source], [], [], 0.02)[0]:
            if os.read(self._source, 1) in b"ABCDFHPQRS~":
                return

    def line(self, prompt: str) -> str | None:
        """A line that is typed, without its end; ``None`` when it was given up by Ctrl-C."""
        self.write(prompt)
        typed = ""
        while True:
            key = self.key()
            if key in (ENTER, "\n", END):
                self.write("\n")
                return typed.strip()
            if key == INTERRUPT:
                self.write("\n")
                return None
            if key in (RUBOUT, "\b"):
                if typed:
                    typed = typed[:-1]
                    self.write(f"\r\x1b[K{prompt}{typed}")
            elif key.isprintable() and len(typed) < _LONGEST:
                typed += key
                self.write(key)

    def reveal(self, text: str, prompt: str) -> None:
        """Show a text until the next key, then take it off the screen."""
        room = max(self.columns - 2, 20)
        lines = [
            line[at : at + room]
            for whole in text.splitlines() or [""]
            for line in wrap(visible(whole), 0)
            for at in range(0, len(line) or 1, room)
        ]
        self.write("".join(f"  {line}\n" for line in lines) + prompt)
        self.key()
        self.write(f"\r\x1b[{len(lines)}A\x1b[J")
