"""Where reports go: standard output, or files that are replaced as a whole or not at all."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress

from seawall.core.errors import InputError


def write_text(chunks: Iterable[str], path: str | None) -> None:
    """Write chunks of text to a file, or to standard output when no path is given.

    Raises InputError when that cannot be done, and BrokenPipeError when the reader of standard
    output has left.
    """
    try:
        if path is None:
            _write_stdout(chunks)
        else:
            write_atomically(path, chunks)
    except OSError as error:
        if path is None:
            if isinstance(error, BrokenPipeError):
                raise
            silence_stdout()
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"cannot write {path or 'to standard output'}: {reason}; name another file"
        ) from error


def _write_stdout(chunks: Iterable[str]) -> None:
    if sys.stdout is None:  # closed before we began
        raise OSError(0, "it is closed")
    for chunk in chunks:
        try:
            sys.stdout.write(chunk)
        except UnicodeEncodeError:  # a terminal of another encoding: show what it can
            encoding = sys.stdout.encoding or "ascii"
            sys.stdout.write(chunk.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def silence_stdout() -> None:
    """Let what is still to be written vanish, so that the interpreter can end without a word."""
    with suppress(OSError, ValueError, AttributeError):  # closed, or no file at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_atomically(path: str, chunks: Iterable[str]) -> None:
    """Write a new file beside the old one and put it in its place when it is complete."""
    _replace(path, (chunk.encode("utf-8") for chunk in chunks))


def write_bytes_atomically(path: str, data: bytes) -> None:
    """The same for bytes."""
    _replace(path, (data,))


def create_atomically(path: str, data: bytes) -> None:
    """Make a file that is there in full or not at all.

    Raises:
        FileExistsError: there is something of that name, be it a link that leads nowhere.
    """
    temporary = f"{path}.{os.getpid()}.tmp"
    stream = open(temporary, "xb")  # noqa: SIM115 - what is not ours is not deleted below
    try:
        with stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(temporary, path, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            with open(path, "xb") as made:
                made.write(data)
    finally:
        os.unlink(temporary)


def _replace(path: str, chunks: Iterable[bytes]) -> None:
    if os.path.exists(path) and not os.path.isfile(path):  # /dev/null, a FIFO
        with open(path, "wb") as stream:
            stream.writelines(chunks)
        return
    path = os.path.realpath(path)
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "xb") as stream:
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
