"""The paths of a traced process as they are from the root of its sandbox."""

import contextlib
import os
import struct

from seawall.tracing import ptrace
from seawall.tracing.named_paths import EXECUTED, OPENED, Named
from seawall.tracing.record import Record

_AT_FDCWD = -100
_UNIX = 1
_SOCKET_ADDRESS = 110
"""``sizeof(struct sockaddr_un)``."""
_NOT_OF_IMAGES = ("/proc/", "/sys/", "/dev/")
_EXECUTED_FILE = 31
"""AT_EXECFN of getauxval(3): the path that was given to execve."""
_MAX_VECTOR = 64 << 10
_MAX_MAPS = 1 << 20

Pending = list[tuple[Named, str, str]]
"""What a call names: how, the directory that a relative path is below, and the path."""


class Views:
    """Turns what system calls name into paths of the sandbox, and records them."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._root = "/"
        """Where the root of the sandbox is, in links of ``/proc``."""

    def begin(self, thread: int) -> None:
        """The root of this thread is that of the sandbox."""
        self._root = _link(thread, "root") or "/"

    def named(self, thread: int, named: tuple[Named, ...], arguments: tuple[int, ...]) -> Pending:
        """What a call names. It is read before it is carried out: memory may change meanwhile."""
        found = []
        for each in named:
            try:
                text = _text(thread, arguments[each.path], is_socket=each.is_socket)
            except OSError as error:
                self._record.note(f"a path that was given to a call could not be read: {error}")
                continue
            if not text or (text.startswith("/") and self._record.has_path(each.what, text)):
                continue
            below = ""
            if not text.startswith("/"):
                below = _directory(thread, each, arguments)
            found.append((each, below, text))
        return found

    def done(self, thread: int, pending: Pending, value: int) -> None:
        """A call was successful that named paths; it gave a value."""
        changed = self._changed_root(thread)
        for named, below, text in pending:
            if text.startswith("/"):
                self._note(named.what, changed + text)
            else:
                directory = self._inside(below)
                if directory is not None:
                    self._note(named.what, f"{directory}/{text}")
            if named.what == OPENED:
                real = self._inside(_link(thread, f"fd/{value}"))
                if real is not None:
                    self._note(OPENED, real)

    def executed(self, thread: int) -> None:
        """A program was executed: its file, the script that it runs, its loader."""
        changed = self._changed_root(thread)
        with contextlib.suppress(OSError):
            name = _executed_file(thread)
            directory = "" if name.startswith("/") else self._inside(_link(thread, "cwd"))
            if directory is not None:
                self._note(EXECUTED, f"{directory}/{name}" if directory else changed + name)
        for path in (_link(thread, "exe"), *_mapped(thread)):
            real = self._inside(path)
            if real is not None:
                self._note(EXECUTED, real)

    def _note(self, what: str, path: str) -> None:
        parts = [part for part in path.split("/") if part not in {"", "."}]
        path = f"/{'/'.join(parts)}"
        if not path.startswith(_NOT_OF_IMAGES):
            self._record.path(what, path)

    def _changed_root(self, thread: int) -> str:
        """Where the root of a thread is in the sandbox: something where it called chroot(2)."""
        return (self._inside(_link(thread, "root")) or "").rstrip("/")

    def _inside(self, path: str) -> str | None:
        """A path of a link of ``/proc``, from the root of the sandbox."""
        if not path.startswith("/"):
            return None
        if self._root == "/":
            return path
        if path == self._root:
            return "/"
        return path[len(self._root) :] if path.startswith(self._root + "/") else None


def _text(thread: int, address: int, *, is_socket: bool) -> str:
    if not address:
        return ""
    if not is_socket:
        return os.fsdecode(ptrace.read_text(thread, address))
    data = ptrace.read_memory(thread, address, _SOCKET_ADDRESS)
    if len(data) < 3 or struct.unpack_from("=H", data)[0] != _UNIX:
        return ""
    return os.fsdecode(data[2:].partition(b"\0")[0])


def _directory(thread: int, named: Named, arguments: tuple[int, ...]) -> str:
    if named.directory is None:
        return _link(thread, "cwd")
    descriptor = arguments[named.directory] & 0xFFFFFFFF
    if descriptor == _AT_FDCWD & 0xFFFFFFFF:
        return _link(thread, "cwd")
    return _link(thread, f"fd/{descriptor}")


def _link(thread: int, name: str) -> str:
    """What a link of ``/proc`` leads to; empty where that cannot be told."""
    try:
        return os.readlink(f"/proc/{thread}/{name}")
    except OSError:
        return ""


def _executed_file(thread: int) -> str:
    with open(f"/proc/{thread}/auxv", "rb") as stream:
        vector = stream.read(_MAX_VECTOR)
    for form in ("=QQ", "=II"):  # processes of 64 bits, and of 32
        pairs = struct.iter_unpack(form, vector[: len(vector) // 16 * 16])
        values = dict(pairs)
        if _EXECUTED_FILE in values:
            return os.fsdecode(ptrace.read_text(thread, values[_EXECUTED_FILE]))
    return ""


def _mapped(thread: int) -> list[str]:
    """The files that a process has mapped; right after execve these are it and its loader."""
    try:
        with open(f"/proc/{thread}/maps", "rb") as stream:
            lines = stream.read(_MAX_MAPS).splitlines()
    except OSError:
        return []
    fields = (line.split(None, 5) for line in lines)
    found = (os.fsdecode(each[5]) for each in fields if len(each) == 6)
    return list(dict.fromkeys(path for path in found if path.startswith("/")))
