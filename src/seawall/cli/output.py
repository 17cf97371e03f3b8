"""Where reports go: standard output, or files that are replaced as a whole or not at all."""

import os
import sys
from collections.abc import Iterable

from seawall.core.errors import InputError


def write_text(chunks: Iterable[str], path: str | None) -> None:
    """Write chunks of text to a file, or to standard output when no path is given."""
    if path is None or path == "-":
        for chunk in chunks:
            _write_stdout(chunk)
        return
    try:
        write_atomically(path, chunks)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot write {path}: {reason}") from error


def _write_stdout(text: str) -> None:
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:  # a terminal of another encoding: show what it can
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def write_atomically(path: str, chunks: Iterable[str]) -> None:
    """Write a new file beside the old one and put it in its place when it is complete."""
    if os.path.exists(path) and not os.path.isfile(path):  # /dev/null, a FIFO
        with open(path, "w", encoding="utf-8", newline="") as stream:
            stream.writelines(chunks)
        return
    path = os.path.realpath(path)
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "x", encoding="utf-8", newline="") as stream:
            stream.writelines(chunks)
            stream.flush()
            os.fsync(stream.fileno())
        if os.path.exists(path):
            os.chmod(temporary, os.stat(path).st_mode & 0o7777)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def wants_colour(choice: str, environment: dict[str, str], *, is_terminal: bool) -> bool:
    """Whether to colour: the option first, then NO_COLOR and FORCE_COLOR, then the terminal."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return is_terminal and environment.get("TERM") != "dumb"


def terminal_width(environment: dict[str, str], default: int = 100) -> int:
    """Columns of the terminal on standard output, within reason."""
    columns = environment.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        return max(40, min(int(columns), 400))
    try:
        return max(40, min(os.get_terminal_size(1).columns or default, 400))
    except OSError:
        return default
