"""The merged file system of an image put into a directory of ours, so that something can run in it.

Everything about it is a stranger's. So nothing is ever followed: directories are made first, then
files (in a tree that has no links yet), then hard links between these, then all else; and the tree
lies in a directory that nobody but us may go to. Devices are never made, whoever asks.
"""

import errno
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, Self

from seawall.core.errors import InputError
from seawall.sources.files import reason_of
from seawall.sources.images.entry import DIRECTORY, FILE, SYMLINK, Entry, Kind
from seawall.sources.images.image import Image, Layer
from seawall.sources.images.merging import FileSystem, Node
from seawall.sources.images.problems import AGAIN, ArchiveError, Problems
from seawall.sources.images.spool import MOST, Content, content_of
from seawall.sources.images.walking import Want, walk

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CAPABILITY = "security.capability"
_LATEST = 1 << 34
"""Seconds since 1970: what ext4 can hold."""
_ZEROS = bytes(1 << 20)
_DEVICES = (Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE)


class Viewer(NamedTuple):
    """Who is to see the files: where they cannot be given away, they have the rights for him."""

    uid: int
    groups: frozenset[int]

    def bits(self, entry: Entry) -> int:
        """What he may do (4 read, 2 write, 1 execute), as the kernel decides it."""
        if not self.uid:
            return entry.mode >> 6 & 7
        if entry.uid == self.uid:
            return entry.mode >> 6 & 7
        return entry.mode >> 3 & 7 if entry.gid in self.groups else entry.mode & 7


class Directory:
    """A private temporary directory, gone at the end of a ``with`` statement with all in it."""

    def __init__(self, above: str | None = None) -> None:
        """``above``: where it is made; raises ``InputError`` where it cannot be."""
        try:
            self.path = tempfile.mkdtemp(prefix="seawall-", dir=above)
        except OSError as error:
            raise InputError(
                f"there can be no temporary directory: {reason_of(error)}; set TMPDIR"
            ) from None

        self._handled = False

    def __enter__(self) -> Self:
        """Have SIGTERM end this process as Ctrl-C does, so that nothing stays behind."""
        import signal  # noqa: PLC0415 - only here

        if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL and _is_main_thread():
            signal.signal(signal.SIGTERM, _terminate)
            self._handled = True
        return self

    def __exit__(self, *_: object) -> None:
        """Take everything away; an impatient Ctrl-C does not leave half of it."""
        import signal  # noqa: PLC0415 - as above

        try:
            _remove(self.path)
        except (KeyboardInterrupt, SystemExit):
            _remove(self.path)
            raise
        finally:
            if self._handled:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _is_main_thread() -> bool:
    import threading  # noqa: PLC0415 - as above

    return threading.current_thread() is threading.main_thread()


def _terminate(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _remove(path: str) -> None:
    import shutil  # noqa: PLC0415 - only here

    if os.geteuid():  # root needs no rights
        for above, names, _ in os.walk(path):
            for name in names:
                inner = os.path.join(above, name)
                if not os.path.islink(inner):
                    os.chmod(inner, 0o700)
    shutil.rmtree(path, ignore_errors=True)


def extract(image: Image, tree: FileSystem, root: str, viewer: Viewer) -> Problems:
    """Put a file system into a directory, which is made; gives what could not be put there.

    ``tree`` is what the layers of ``image`` make. As root everything keeps its owner; else it is
    ours, with the rights that ``viewer`` would have. Raises ``InputError`` where there is no room,
    ``ArchiveError`` where a layer is broken.
    """
    os.mkdir(root, 0o700)
    descriptor = os.open(root, _ROOT)
    try:
        made = _Extraction(descriptor, viewer)
        made.run(image, tree, root)
    except OSError as error:
        raise InputError(
            f"{image.name}: cannot be unpacked: {reason_of(error)}; set TMPDIR to another directory"
        ) from None
    finally:
        os.close(descriptor)
    return made.problems


class _Extraction:
    """A file system on its way into a directory, which is open."""

    def __init__(self, root: int, viewer: Viewer) -> None:
        self._root = root
        self._viewer = viewer
        self._is_root = os.geteuid() == 0
        self.problems = Problems()

    def run(self, image: Image, tree: FileSystem, root: str) -> None:
        nodes = list(tree.files())
        directories = [node for node in nodes if node.entry.kind is DIRECTORY]
        files: dict[Node, list[Entry]] = {}
        for node in nodes:
            if node.entry.kind is FILE:
                files.setdefault(node.content, []).append(node.entry)
        self._check_room(image, [names[0].size for names in files.values()], root)
        for node in directories:
            self._try(node.entry, lambda path: os.mkdir(path, 0o700, dir_fd=self._root))
        self._fill(image, files)
        for first, *others in files.values():
            for other in others:
                self._link(first.path, other.path)
        for node in nodes:
            self._add_other(node.entry)
        for node in reversed(directories):
            self._finish_directory(node.entry)
        self._finish_directory(tree.root.entry)

    def _check_room(self, image: Image, sizes: Sequence[int], root: str) -> None:
        room = os.statvfs(root)
        total = sum(sizes)
        if total > MOST or total > room.f_bavail * room.f_frsize:
            raise InputError(
                f"{image.name}: there is no room for {total} bytes of its files; set TMPDIR to "
                "where there is"
            )

    def _try(self, entry: Entry, make: Callable[[str], object]) -> bool:
        """Make something; what the file system does not take is told. No room ends it all."""
        try:
            make(entry.path)
        except (OSError, ValueError, OverflowError) as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            self.problems.add(entry.path, -1, f"cannot be made: {reason}")
            return False
        return True

    # Files.

    def _fill(self, image: Image, files: Mapping[Node, Sequence[Entry]]) -> None:
        """Make all files, each under its first name, in one pass over the layers."""
        wanted: dict[int, dict[Content, Entry]] = {}
        for node, (first, *_) in files.items():
            if first.size:
                content = content_of(node.layer, node.entry)
                wanted.setdefault(node.layer, {})[content] = first
            else:
                self._try(first, partial(self._add_empty, first))
        copies = {number: _Copies(self, entries) for number, entries in wanted.items()}

        def analyzers(layer: Layer) -> list[_Copies]:
            return [copies[layer.number]]

        try:
            for walked in walk(image, analyzers, layers=copies) if copies else ():
                if walked.error is not None:
                    raise walked.error
                if copies[walked.layer.number].missing:
                    raise ArchiveError(
                        image.name, -1,
                        f"layer {walked.layer.number + 1} has changed meanwhile", AGAIN,
                    )  # fmt: skip
        finally:
            for each in copies.values():
                each.close()

    def open(self, entry: Entry) -> int:
        """A new file with the owner, rights and attributes of an entry, still without content."""
        made = os.open(entry.path, _NEW, 0o600, dir_fd=self._root)
        try:
            self._own(made, entry)
            self._attributes(made, entry)
        except (OSError, OverflowError):
            os.close(made)
            raise
        return made

    def _add_empty(self, entry: Entry, _: str) -> None:
        file = self.open(entry)
        try:
            self.end(file, entry)
        finally:
            os.close(file)

    def end(self, file: int, entry: Entry) -> None:
        """Once all is written: the attributes that writing takes away, and the time."""
        if entry.mode & 0o6000:
            os.fchmod(file, self._mode(entry))
        if entry.capability:
            self._attribute(file, entry, _CAPABILITY, entry.capability)
        _set_time(file, entry)

    def refuse(self, entry: Entry, error: OSError | OverflowError) -> None:
        """Tell of a file that cannot be made. Raises the error where there is no room."""
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise error
        self.problems.add(entry.path, -1, f"cannot be made: {error}")

    def _own(self, file: int, entry: Entry) -> None:
        if self._is_root:
            try:
                os.fchown(file, entry.uid, entry.gid)
            except OSError as error:  # of a namespace that does not know the owner
                reason = reason_of(error)
                self.problems.add(
                    entry.path, -1, f"cannot be given to {entry.uid}:{entry.gid}: {reason}"
                )
        os.fchmod(file, self._mode(entry))

    def _mode(self, entry: Entry) -> int:
        if self._is_root:
            return entry.mode
        return entry.mode & 0o7077 | self._viewer.bits(entry) << 6

    def _attributes(self, file: int, entry: Entry) -> None:
        for name, value in entry.attributes:
            if not name.startswith("trusted."):  # what overlay file systems note
                self._attribute(file, entry, name, value)

    def _attribute(self, file: int, entry: Entry, name: str, value: bytes) -> None:
        try:
            os.setxattr(file, name, value)
        except (OSError, ValueError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            self.problems.add(entry.path, -1, f"is without its attribute {name}: {reason}")

    # Everything else.

    def _link(self, first: str, other: str) -> None:
        try:
            os.link(
                first, other, src_dir_fd=self._root, dst_dir_fd=self._root, follow_symlinks=False
            )
        except OSError as error:
            self.problems.add(other, -1, f"cannot be linked: {reason_of(error)}")

    def _add_other(self, entry: Entry) -> None:
        kind = entry.kind
        if kind is SYMLINK:
            self._try(entry, lambda path: os.symlink(entry.link, path, dir_fd=self._root))
        elif kind is Kind.FIFO:
            self._try(entry, lambda path: os.mkfifo(path, self._mode(entry), dir_fd=self._root))
        elif kind in _DEVICES and not entry.path.startswith("dev/"):
            self.problems.add(entry.path, -1, "is a device: it is left out")
            return
        else:
            return
        self._try(entry, lambda path: self._finish_in_place(path, entry))

    def _finish_in_place(self, path: str, entry: Entry) -> None:
        """Owner and time of what cannot be opened; never of what a link leads to."""
        if self._is_root:
            os.chown(path, entry.uid, entry.gid, dir_fd=self._root, follow_symlinks=False)
        times = (_time(entry), _time(entry))
        os.utime(path, times, dir_fd=self._root, follow_symlinks=False)

    def _finish_directory(self, entry: Entry) -> None:
        def finish(path: str) -> None:
            directory = os.open(path or ".", _ROOT, dir_fd=self._root)
            try:
                self._own(directory, entry)
                self._attributes(directory, entry)
                _set_time(directory, entry)
            finally:
                os.close(directory)

        self._try(entry, finish)


def _time(entry: Entry) -> int:
    return max(0, min(entry.mtime, _LATEST))


def _set_time(file: int, entry: Entry) -> None:
    os.utime(file, (_time(entry), _time(entry)))


class _Copies:
    """Contents of a layer on their way into files; an ``Analyzer``."""

    def __init__(self, extraction: _Extraction, entries: dict[Content, Entry]) -> None:
        self._extraction = extraction
        self._entries = {content.path or content.offset: each for content, each in entries.items()}
        self.missing = set(self._entries)
        self._open: _Copy | None = None

    def wants(self, entry: Entry) -> Want:
        """The contents that have a place."""
        key = entry.path if entry.offset < 0 else entry.offset
        if entry.kind is not FILE or key not in self.missing:
            return 0
        self.missing.discard(key)
        shown = self._entries[key]
        try:
            file = self._extraction.open(shown)
        except (OSError, OverflowError) as error:
            self._extraction.refuse(shown, error)
            return 0
        self._open = _Copy(self._extraction, file, shown, entry.size)
        return self._open

    def take(self, entry: Entry, data: bytes) -> Want:  # noqa: ARG002 - never called
        """Nothing is wanted but contents in pieces."""
        return 0

    def close(self) -> None:
        """Let go of the file that is open, where it did not come to its end."""
        if self._open is not None:
            self._open.close()


class _Copy:
    """One content on its way; a ``Consumer``."""

    def __init__(self, extraction: _Extraction, file: int, entry: Entry, size: int) -> None:
        self._extraction = extraction
        self._file = file
        self._entry = entry
        self._size = size
        self._at = 0

    def feed(self, piece: bytes) -> None:
        """Put down the next piece; zeros take no room on the disk."""
        if self._at + len(piece) > self._size:
            raise self._changed()
        if piece != _ZEROS[: len(piece)]:
            view = memoryview(piece)
            at = self._at
            while view:
                written = os.pwrite(self._file, view, at)
                view, at = view[written:], at + written
        self._at += len(piece)

    def end(self) -> None:
        """Raise ``ArchiveError`` where it has another size than it was said to have."""
        if self._at != self._size:
            raise self._changed()
        os.ftruncate(self._file, self._size)
        self._extraction.end(self._file, self._entry)
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _changed(self) -> ArchiveError:
        return ArchiveError(
            f"/{self._entry.path}", -1, "has changed while it was read",
            "see that nobody writes there, and try again",
        )  # fmt: skip
