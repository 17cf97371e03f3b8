"""A root file system that lies in a directory, walked like a layer.

Every step down is an ``openat`` without following links, so a tree that somebody changes meanwhile
leads nowhere else. The content of links, devices and sockets is never asked for.
"""

import os
import stat
from collections.abc import Collection, Iterator

from seawall.sources.files import reason_of, shown
from seawall.sources.images.entry import FILE, OPAQUE, WHITEOUT, Entry, Kind
from seawall.sources.images.limits import DEFAULT, Limits
from seawall.sources.images.problems import FORBIDDEN, ArchiveError, Problem, Problems

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PIECE = 1 << 20
_KINDS = {
    stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.DIRECTORY, stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFCHR: Kind.CHARACTER_DEVICE, stat.S_IFBLK: Kind.BLOCK_DEVICE, stat.S_IFIFO: Kind.FIFO,
    stat.S_IFSOCK: Kind.SOCKET,
}  # fmt: skip
_OF_THE_KERNEL = ("proc", "sys", "dev", "run")
"""Where a running system has what is no file; passed over where something is mounted there."""
_SYSTEM_FIRST = frozenset("bin etc lib lib32 lib64 opt sbin usr var".split())
"""What is read before all else of a machine that may have too much."""
_MOST_OF_HOST = 600_000
"""Files of a running machine: with their names they take what the walk has for lists."""
_OPAQUE_MARKS = ("trusted.overlay.opaque", "user.overlay.opaque")
"""The kernel's overlayfs documentation, "whiteouts and opaque directories"."""


class Tree:
    """The entries below a directory, depth first in the order of their names.

    It is the ``Payload`` of the entry that iteration stands at. ``overlay``: it is the upper
    directory of an overlay file system, whose whiteouts are given as a layer has them. What cannot
    be read is told as a problem. ``apart``: it is a running machine, and these paths in it are
    passed over without a word; directories of the system come first, and where there are too many
    files the walk ends with a problem.
    """

    def __init__(
        self, path: str, limits: Limits = DEFAULT, *, overlay: bool = False,
        apart: Collection[str] | None = None,
    ) -> None:  # fmt: skip
        self.name = path
        self.problems = Problems()
        self._limits = limits
        self._overlay = overlay
        self._apart = apart
        self._entry: Entry | None = None
        self._above = -1
        self._file = -1
        self._unreadable = False
        self._held = b""

    def __iter__(self) -> Iterator[Entry]:
        """Entries. Raises ``ArchiveError`` where the directory cannot be read, or at a limit."""
        try:
            top = os.open(self.name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise ArchiveError(self.name, -1, reason_of(error), FORBIDDEN) from None
        levels = [(top, "", self._names(top, ""))]
        device = os.fstat(top).st_dev
        left = most = self._most
        try:
            while levels:
                descriptor, above, names = levels[-1]
                name = next(names, None)
                if name is None:
                    levels.pop()
                    os.close(descriptor)
                    continue
                path = f"{above}/{name}" if above else name
                status = self._status(descriptor, name, path)
                if status is None or (
                    status.st_dev != device and path in _OF_THE_KERNEL and self._told(path)
                ):
                    continue
                left -= 1
                if left < 0:
                    self._stop(path, most)
                    return
                self._above, self._held, self._unreadable = descriptor, b"", False
                self._entry = entry = self._entry_of(descriptor, name, path, status)
                yield entry
                self._close()
                if entry.kind is Kind.DIRECTORY:
                    below = self._descend(descriptor, name, path, len(levels))
                    if below >= 0:
                        levels.append((below, path, self._names(below, path)))
                        if self._is_opaque(below):
                            yield self._marker(f"{path}/{OPAQUE}")
        finally:
            self._close()
            for descriptor, _, _ in levels:
                os.close(descriptor)

    def _told(self, path: str) -> bool:
        self.problems.add(path, -1, "is mounted from the running system: it is passed over")
        return True

    @property
    def _most(self) -> int:
        """How many entries are read."""
        most = self._limits.entries
        return most if self._apart is None else min(most, _MOST_OF_HOST)

    def _stop(self, path: str, most: int) -> None:
        """End at the limit: of a running machine, what was read counts."""
        if self._apart is None:
            raise ArchiveError(self.name, -1, f"it has more than {most} files", "name a part of it")
        reason = f"there are more than {most} files: this and what comes after it was not read"
        # It comes first, as only the first problems are told one by one.
        self.problems.told.insert(0, Problem(shown(path), -1, reason))

    def _names(self, descriptor: int, path: str) -> Iterator[str]:
        try:
            names = sorted(os.listdir(descriptor))
            if self._apart is not None and not path:
                names.sort(key=lambda name: name not in _SYSTEM_FIRST)
            return iter(names)
        except OSError as error:
            self.problems.add(path, -1, reason_of(error))
            return iter(())

    def _status(self, descriptor: int, name: str, path: str) -> os.stat_result | None:
        """What is there; ``None`` for what is passed over or has vanished."""
        if self._apart is not None and path in self._apart:
            return None
        try:
            return os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        except OSError as error:  # it may have vanished meanwhile
            self.problems.add(path, -1, reason_of(error))
            return None

    def _descend(self, descriptor: int, name: str, path: str, depth: int) -> int:
        if depth > self._limits.depth:
            self.problems.add(path, -1, f"is more than {self._limits.depth} directories deep")
            return -1
        try:
            return os.open(name, _DIRECTORY, dir_fd=descriptor)
        except OSError as error:
            self.problems.add(path, -1, reason_of(error))
            return -1

    def _entry_of(self, descriptor: int, name: str, path: str, status: os.stat_result) -> Entry:
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), Kind.OTHER)
        if self._overlay and kind is Kind.CHARACTER_DEVICE and not status.st_rdev:
            return self._marker(f"{path[: -len(name)]}{WHITEOUT}{name}")
        link = ""
        capability = b""
        if kind is Kind.SYMLINK:
            try:
                link = os.readlink(name, dir_fd=descriptor)
            except OSError as error:
                self.problems.add(path, -1, reason_of(error))
        elif kind is FILE and status.st_mode & 0o111:
            capability = _capability(descriptor, name)
        return Entry(
            path, kind, status.st_mode & 0o7777, status.st_uid, status.st_gid,
            status.st_size if kind is FILE else 0, int(status.st_mtime), link, -1, capability,
            _device(kind, status.st_rdev),
        )  # fmt: skip

    def _marker(self, path: str) -> Entry:
        return Entry(path, FILE, 0, 0, 0, 0, 0, "", -1)

    def _is_opaque(self, descriptor: int) -> bool:
        if not self._overlay:
            return False
        for mark in _OPAQUE_MARKS:
            try:
                if os.getxattr(descriptor, mark) == b"y":
                    return True
            except OSError:  # not there, or not ours to see
                continue
        return False

    # The content.

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> bool:
        entry = self._entry
        if self._file >= 0:
            return True
        if entry is None or entry.kind is not FILE or not entry.size or self._unreadable:
            return False
        try:
            self._file = os.open(entry.path.rpartition("/")[2], _FILE, dir_fd=self._above)
            if stat.S_ISREG(os.fstat(self._file).st_mode):
                return True
            self._close()  # somebody put another thing there meanwhile
        except OSError as error:
            self.problems.add(entry.path, -1, reason_of(error))
        self._unreadable = True
        return False

    def _read(self, size: int) -> bytes:
        if not self._open():
            return b""
        try:
            return os.read(self._file, size)
        except OSError as error:
            entry = self._entry
            self.problems.add(entry.path if entry else "", -1, reason_of(error))
            return b""

    def head(self, size: int) -> bytes:
        """The first bytes of the content; see ``Payload``. None of what cannot be read."""
        while len(self._held) < size:
            more = self._read(min(size - len(self._held), _PIECE))
            if not more:
                break
            self._held += more
        return self._held[:size]

    def pieces(self) -> Iterator[bytes]:
        """The content, piece by piece; see ``Payload``. It ends at the size it was found with."""
        left = (self._entry.size if self._entry else 0) - len(self._held)
        if self._held:
            yield self._held
        while left > 0 and (piece := self._read(min(left, _PIECE))):
            left -= len(piece)
            yield piece


def _device(kind: Kind, number: int) -> tuple[int, int]:
    if kind in (Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE):
        return os.major(number), os.minor(number)
    return 0, 0


def _capability(descriptor: int, name: str) -> bytes:
    try:
        path = f"/proc/self/fd/{descriptor}/{name}"
        return os.getxattr(path, "security.capability", follow_symlinks=False)
    except OSError:  # none, or no /proc here
        return b""
