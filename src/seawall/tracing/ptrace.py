"""ptrace(2), as far as a tracer needs it that only looks. Linux 5.3 or newer.

A tracer is one thread: the kernel takes requests from that which seized the process, and no other.
"""

import ctypes
import os
import struct
from typing import NamedTuple

LISTEN, CONTINUE, UNTIL_CALL = 0x4208, 7, 24
"""How a stopped process goes on: in a group-stop, to the next event, to the next system call."""
FORK, VFORK, CLONE, EXEC, STOP = 1, 2, 3, 4, 128
"""Events, in bits 16 and up of what waitpid tells."""
CALL_STOP = 0x80 | 5
"""The signal of a stop at a system call: SIGTRAP with the bit of ``PTRACE_O_TRACESYSGOOD``."""
ENTRY, EXIT = 1, 2
"""Kinds of stops at system calls."""

_SEIZE, _GET_EVENT_MESSAGE, _GET_CALL_INFO = 0x4206, 0x4201, 0x420E
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x100000
"""TRACESYSGOOD, TRACEFORK, TRACEVFORK, TRACECLONE, TRACEEXEC, EXITKILL."""
_INFO = struct.Struct("=B3xIQQ7Q")
"""``struct ptrace_syscall_info``: op, arch, instruction, stack, number, six arguments."""
_SUBREAPER = 36
_PAGE = 4096
_PIECES = 2
"""A path has 4,096 bytes at most (PATH_MAX): it may lie on two pages."""

_libc = ctypes.CDLL(None, use_errno=True)
_ptrace = _libc.ptrace
_ptrace.restype = ctypes.c_long
_ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_read = _libc.process_vm_readv
_read.restype = ctypes.c_ssize_t
_read.argtypes = [
    ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong
]  # fmt: skip


class Call(NamedTuple):
    """A stop at a system call."""

    kind: int
    """``ENTRY``, ``EXIT``, or another number."""
    audit: int
    """The number of its architecture."""
    number: int
    """Of an entry: which call. Of an exit: what it gave."""
    arguments: tuple[int, ...]
    """Of an entry."""


def seize(process: int) -> None:
    """Trace a process and all that it starts. Should the tracer die, they die.

    Raises OSError: EPERM where that is not permitted.
    """
    _ask(_SEIZE, process, 0, _OPTIONS)


def adopt_orphans() -> None:
    """Make processes whose parents end children of this one, so that it can end them.

    Source: prctl(2), PR_SET_CHILD_SUBREAPER.
    """
    _libc.prctl(_SUBREAPER, ctypes.c_ulong(1))


def resume(thread: int, how: int, signal: int = 0) -> None:
    """Let a stopped thread go on, with the signal that it stopped for."""
    _ask(how, thread, 0, signal)


def event_message(thread: int) -> int:
    """What an event is about: the id of the new thread."""
    message = ctypes.c_ulong()
    _ask(_GET_EVENT_MESSAGE, thread, 0, ctypes.addressof(message))
    return message.value


_buffer = ctypes.create_string_buffer(_INFO.size)
_address = ctypes.addressof(_buffer)


def call(thread: int) -> Call:
    """Which system call a thread stopped at."""
    _ask(_GET_CALL_INFO, thread, _INFO.size, _address)
    kind, audit, _, _, number, *arguments = _INFO.unpack(_buffer.raw)
    return Call(kind, audit, number, tuple(arguments))


def failed(call: Call) -> bool:
    """Whether a call gave an error: ``is_error`` of the structure, behind the value."""
    return bool(call.arguments[0] & 0xFF)


def _ask(request: int, thread: int, address: int, data: int) -> None:
    if _ptrace(request, thread, address, data) == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def read_memory(thread: int, address: int, size: int) -> bytes:
    """Some bytes of a process' memory, fewer where it ends. Raises OSError."""
    buffer = ctypes.create_string_buffer(size)
    local = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), size)
    remote = (ctypes.c_ulong * 2)(address, size)
    count = _read(
        thread, ctypes.addressof(local), 1, ctypes.addressof(remote), 1, 0
    )  # fmt: skip
    if count < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return buffer.raw[:count]


def read_text(thread: int, address: int) -> bytes:
    """The bytes up to a NUL, at most two pages of them. Raises OSError."""
    found = b""
    for _ in range(_PIECES):
        piece = read_memory(thread, address, _PAGE - address % _PAGE)
        text, end, _ = piece.partition(b"\0")
        found += text
        if end or not piece:
            break
        address += len(piece)
    return found
