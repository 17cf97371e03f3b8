"""Files and directories named on the command line, walked safely and in a stable order.

Symbolic links met on a walk are never followed: what they point to is read where it is, or lies
outside what was named. A link that is named itself is followed, for somebody meant it.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Protocol

from seawall.core.errors import InputError
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Failed, Skipped
from seawall.sources.ignores import IGNORE_FILE, Ignores
from seawall.text.gitignore import Names

STDIN = "-"
STDIN_NAME = "<stdin>"
STDIN_PATHS = frozenset((STDIN, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"))

DEFAULT_SIZE_LIMIT = 10 * 1024 * 1024
"""Bytes of one file; a larger one is reported as not read, never skipped in silence."""

_PIECE = 256 * 1024
_FIFO_PATIENCE = 10
"""Seconds in which somebody must begin to write to a FIFO that was named."""


class SourceFile(NamedTuple):
    """A file to be read.

    ``path`` is its name in reports, ``real`` where its bytes are (``-`` for standard input).
    ``root`` is the name of the target it was found under; ``named`` tells a file that was named
    itself from one met on a walk; ``context`` one that is only there for relations.
    """

    path: str
    real: str
    root: str
    named: bool
    context: bool


Found = SourceFile | Skipped | Failed


class Exclude(Protocol):
    """Says which paths of reports are left out."""

    def reason(self, path: str, *, is_directory: bool) -> str:
        """Why a path is left out; empty when it is not."""


def discover(
    targets: Sequence[str],
    context: Sequence[str] = (),
    *,
    gitignore: bool = True,
    exclude: Exclude | None = None,
) -> Iterator[Found]:
    """Every file below the targets, then below the context directories, each file once.

    Files that are named themselves come first: they are read whatever they are called, even
    where a directory that was named too would pass over them.
    """
    shown_as = names([*targets, *context])
    order = sorted(
        (index >= len(targets), os.path.isdir(target), index)
        for index, target in enumerate([*targets, *context])
    )
    seen: set[str] = set()
    for is_context, _, index in order:
        target = [*targets, *context][index]
        real_target = os.path.realpath(target)
        rules = _Rules(is_context, gitignore, exclude)
        for found in _below(target, shown_as[index], rules):
            if isinstance(found, SourceFile) and len(order) > 1:
                key = found.real
                if key != STDIN:  # no link is followed below a target
                    below = os.path.relpath(found.real, target)
                    key = os.path.normpath(os.path.join(real_target, below))
                if key in seen:
                    continue
                seen.add(key)
            yield found


def shown(path: str) -> str:
    """A path as reports can hold it, with what is no UTF-8 in hexadecimal digits."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def names(targets: Sequence[str]) -> list[str]:
    """How the targets are called in reports: as given, but without this machine's paths."""
    try:
        here = os.getcwd()
    except OSError as error:
        raise InputError(
            f"cannot tell the current directory: {reason_of(error)}; run it in one that exists"
        ) from None
    result = []
    for target in targets:
        if target in STDIN_PATHS:
            result.append(STDIN_NAME)
            continue
        path = os.path.normpath(target) if target else "''"
        if os.path.isabs(path):
            inside = path == here or path.startswith(here.rstrip("/") + "/")
            path = os.path.relpath(path, here) if inside else os.path.basename(path) or "root"
        result.append(shown(path))
    for index, name in enumerate(result):
        others = (t for i, t in enumerate(targets) if i != index and result[i] == name)
        if os.path.isabs(targets[index]) and any(
            os.path.normpath(other) != os.path.normpath(targets[index]) for other in others
        ):
            result[index] = os.path.normpath(targets[index]).lstrip("/")
    return result


class _Rules(NamedTuple):
    """What holds for all that is found below one target."""

    is_context: bool
    gitignore: bool
    exclude: Exclude | None

    def excluded(self, path: str, *, is_directory: bool) -> str:
        if self.exclude is None:
            return ""
        return self.exclude.reason(path, is_directory=is_directory)

    def left_out(self, real: str, path: str, ignores: Ignores | None, *, is_directory: bool) -> str:
        """Why an entry of a directory is passed over; empty when it is not."""
        if ignores is not None and ignores.match(real, is_directory=is_directory):
            return "ignored by .gitignore"
        return self.excluded(path, is_directory=is_directory)


def _below(target: str, name: str, rules: _Rules) -> Iterator[Found]:
    is_context = rules.is_context
    if target in STDIN_PATHS:
        yield SourceFile(STDIN_NAME, STDIN, STDIN_NAME, named=True, context=is_context)
        return
    try:
        mode = os.stat(target).st_mode
    except OSError as error:
        yield Failed(name, 0, 0, reason_of(error))
        return
    if stat.S_ISDIR(mode):
        ignores = Ignores(target) if rules.gitignore else None
        yield from _walk(target, "" if name == "." else name, name, ignores, rules)
    elif stat.S_ISREG(mode) or stat.S_ISFIFO(mode):  # a FIFO: the shell's <(command)
        if excluded := rules.excluded(name, is_directory=False):
            yield Skipped(name, excluded)
            return
        yield SourceFile(name, target, name, named=True, context=is_context)
    else:
        yield Failed(name, 0, 0, f"is a {_type_name(mode)}, not a file")


_name_of = attrgetter("name")


class _Level(NamedTuple):
    """A directory on the way from the target to where a walk is."""

    path: str
    """In reports."""
    entries: "Iterator[os.DirEntry[str]]"
    """Those that are still to come."""
    ignored: tuple[Names, ...]
    """What tells which of them may be ignored."""


def _walk(
    directory: str, name: str, root: str, ignores: Ignores | None, rules: _Rules
) -> Iterator[Found]:
    """Depth first, in the order of the names. Without recursion: trees may be deep."""
    levels: list[_Level] = []
    pending: tuple[str, str] | None = (directory, name)
    is_context = rules.is_context
    excludes = rules.exclude is not None
    while pending or levels:
        if pending:
            found = _entries(*pending)
            if isinstance(found, Failed):
                yield found
            else:
                ignored = levels[-1].ignored if levels else ()
                own = not levels or IGNORE_FILE in map(_name_of, found)
                if own and ignores is not None:
                    ignored = ignores.names(pending[0])
                levels.append(_Level(pending[1], iter(found), ignored))
            pending = None
            continue
        above, entries, ignored = levels[-1]
        for entry in entries:
            name = entry.name
            path = f"{above}/{shown(name)}" if above else shown(name)
            may_be_left_out = excludes or (ignored and any(one.may_mean(name) for one in ignored))
            mode = _mode(entry)
            if mode == stat.S_IFREG and name != ".git" and not may_be_left_out:  # most
                yield SourceFile(path, entry.path, root, named=False, context=is_context)
                continue
            left = _not_plain(entry, path, mode, ignores if may_be_left_out else None, rules)
            if left is not None:
                yield left
            elif mode == stat.S_IFDIR:
                pending = (entry.path, path)
                break
            else:
                yield SourceFile(path, entry.path, root, named=False, context=is_context)
        else:
            levels.pop()


def _not_plain(
    entry: "os.DirEntry[str]", path: str, mode: int, ignores: Ignores | None, rules: _Rules
) -> Skipped | None:
    """Why an entry is passed over; ``None`` for a directory or file that is not."""
    is_directory = mode == stat.S_IFDIR
    if entry.name == ".git":
        return Skipped(path, "version control data")
    if mode == stat.S_IFLNK:
        return Skipped(path, "symbolic link: what it leads to is read where it is")
    if reason := rules.left_out(entry.path, path, ignores, is_directory=is_directory):
        return Skipped(f"{path}/" if is_directory else path, reason)
    if is_directory or mode == stat.S_IFREG:
        return None
    return Skipped(path, f"is a {_type_name(mode)}, not a file")


def _entries(directory: str, name: str) -> list[os.DirEntry[str]] | Failed:
    try:
        with os.scandir(directory) as entries:
            return sorted(entries, key=_name_of)
    except OSError as error:
        return Failed(name or ".", 0, 0, reason_of(error))


def _mode(entry: "os.DirEntry[str]") -> int:
    """The kind of an entry; the directory itself tells the common ones without a look at each."""
    try:
        if entry.is_file(follow_symlinks=False):
            return stat.S_IFREG
        if entry.is_dir(follow_symlinks=False):
            return stat.S_IFDIR
        if entry.is_symlink():
            return stat.S_IFLNK
        return stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode)
    except OSError:  # vanished meanwhile; reading it will say so
        return stat.S_IFREG


def _type_name(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "FIFO"
    if stat.S_ISSOCK(mode):
        return "socket"
    return "device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "special file"


def read(file: SourceFile, limit: int = DEFAULT_SIZE_LIMIT) -> bytes | Failed:
    """The bytes of a file, or why they cannot be had."""
    try:
        if file.real == STDIN:
            data = _read_up_to(0, limit + 1)
        else:
            descriptor, size = _open(file.real)
            try:
                if size > limit:
                    return _too_large(file.path, limit)
                data = os.read(descriptor, size + 1) if 0 < size < _PIECE else b""
                if len(data) != size or not size:  # grown, or of no size, as in /proc
                    data += _read_up_to(descriptor, limit + 1 - len(data))
            finally:
                os.close(descriptor)
    except OSError as error:
        return Failed(file.path, 0, 0, reason_of(error))
    return _too_large(file.path, limit) if len(data) > limit else data


def _too_large(path: str, limit: int) -> Failed:
    return Failed(
        path, 0, 0,
        f"is larger than {limit / 1048576:g} MiB; raise the limit with --max-file-size",
    )  # fmt: skip


def _read_up_to(descriptor: int, limit: int) -> bytes:
    """Read in pieces: asked for all at once, the limit itself would be set aside in memory."""
    pieces: list[bytes] = []
    left = limit
    while left > 0 and (piece := os.read(descriptor, min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _open(path: str) -> tuple[int, int]:
    """Open a file, and its size as far as it has one.

    A FIFO is opened only once somebody writes to it, for else reading it never ends.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            return descriptor, status.st_size
        if stat.S_ISFIFO(status.st_mode):
            _await_writer(descriptor)
        os.set_blocking(descriptor, True)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, 0


def _await_writer(descriptor: int) -> None:
    import select  # noqa: PLC0415 - rare

    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if poll.poll(_FIFO_PATIENCE * 1000):
        return
    try:
        os.read(descriptor, 1)  # nothing to read: with a writer that blocks, else it is the end
    except BlockingIOError:
        return
    raise OSError(0, f"nothing has been writing to this FIFO for {_FIFO_PATIENCE} seconds")


def reason_of(error: OSError) -> str:
    """An operating system's error in words."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]
