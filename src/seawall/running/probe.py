"""A program to try a runner with: it needs no library and no file, only to be run.

An image may have no program that can be run alone, and one of this machine needs its libraries. So
it is made here, by hand: an ELF file of one segment (elf(5)) whose code writes a word and ends.
"""

import os
import struct

WORD = b"seawall\n"
STATUS = 42
_BASE = 0x400000
_HEADERS = 64 + 56
_AMD64 = (
    b"\xb8\x01\x00\x00\x00"  # mov eax, 1 (write)
    b"\xbf\x01\x00\x00\x00"  # mov edi, 1
    b"\x48\x8d\x35\x13\x00\x00\x00"  # lea rsi, [rip + 0x13]
    b"\xba\x08\x00\x00\x00"  # mov edx, 8
    b"\x0f\x05"  # syscall
    b"\xb8\xe7\x00\x00\x00"  # mov eax, 231 (exit_group)
    b"\xbf\x2a\x00\x00\x00"  # mov edi, 42
    b"\x0f\x05"  # syscall
)
_ARM64 = (
    b"\x20\x00\x80\xd2"  # mov x0, #1
    b"\xe1\x00\x00\x10"  # adr x1, #28
    b"\x02\x01\x80\xd2"  # mov x2, #8
    b"\x08\x08\x80\xd2"  # mov x8, #64 (write)
    b"\x01\x00\x00\xd4"  # svc #0
    b"\x40\x05\x80\xd2"  # mov x0, #42
    b"\xc8\x0b\x80\xd2"  # mov x8, #94 (exit_group)
    b"\x01\x00\x00\xd4"  # svc #0
)
_MACHINES = {"x86_64": (62, _AMD64), "aarch64": (183, _ARM64)}
"""EM_X86_64 and EM_AARCH64, by the names of uname(2)."""


def program(machine: str | None = None) -> bytes | None:
    """A program for a machine as uname(2) calls it; ``None`` where none was written for it."""
    known = _MACHINES.get(os.uname().machine if machine is None else machine)
    if known is None:
        return None
    number, code = known
    data = code + WORD
    size = _HEADERS + len(data)
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 2, number, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )  # fmt: skip
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + data
