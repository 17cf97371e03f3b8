"""System calls by number: x86-64 and aarch64, and what 64-bit x86 processes may use besides.

Source: Linux 7.0, ``arch/x86/entry/syscalls/syscall_{32,64}.tbl`` and ``scripts/syscall.tbl``; the
numbers of architectures are those of ``include/uapi/linux/audit.h``.
"""

import os
from collections.abc import Mapping
from functools import cache

X86_64, I386, X32, AARCH64, ARM = "x86_64", "i386", "x32", "aarch64", "arm"
SECCOMP_NAMES: Mapping[str, str] = {
    X86_64: "SCMP_ARCH_X86_64",
    I386: "SCMP_ARCH_X86",
    X32: "SCMP_ARCH_X32",
    AARCH64: "SCMP_ARCH_AARCH64",
    ARM: "SCMP_ARCH_ARM",
}
"""What the runtime specification calls each (OCI runtime-spec, ``linux.seccomp.architectures``)."""
NATIVE = frozenset({X86_64, AARCH64})
"""Those whose processes can be watched."""
_AUDIT = {
    0xC000003E: X86_64,
    0x40000003: I386,
    0xC00000B7: AARCH64,
    0x40000028: ARM,
}
_X32_BIT = 0x40000000
_FIRST_OF_X32, _LAST_OF_X32 = 512, 547


def recognised(audit: int, number: int) -> tuple[str, int]:
    """The architecture and the number of a call, as ``PTRACE_GET_SYSCALL_INFO`` tells of it.

    A 64-bit process on x86 reaches the calls of i386 by ``int 0x80``, and those of x32 by a bit in
    the number. What is not known has its audit number as a name: ``0xc0000016``.
    """
    architecture = _AUDIT.get(audit, f"{audit:#x}")
    if architecture == X86_64 and number & _X32_BIT:
        return X32, number & ~_X32_BIT
    return architecture, number


def name_of(architecture: str, number: int) -> str | None:
    """A call's name; ``None`` for one that is not in the tables."""
    return _names(architecture).get(number)


def numbers(architecture: str) -> Mapping[str, int]:
    """The numbers of all calls of an architecture; none of one that is not in the tables."""
    return {name: number for number, name in _names(architecture).items()}


@cache
def _names(architecture: str) -> Mapping[int, str]:
    column = {X86_64: 1, I386: 2, AARCH64: 3, X32: 4}.get(architecture)
    if column is None:
        return {}
    found = {}
    if architecture == X32:
        shared = _names(X86_64).items()
        found = {
            number: name for number, name in shared
            if not _FIRST_OF_X32 <= number <= _LAST_OF_X32
        }  # fmt: skip
    for row in _rows():
        if row[column] != "-":
            found[int(row[column])] = row[0]
    return found


@cache
def _rows() -> tuple[list[str], ...]:
    path = os.path.join(os.path.dirname(__file__), "calls.txt")
    with open(path, encoding="ascii") as stream:
        return tuple(line.split() for line in stream if not line.startswith("#"))
