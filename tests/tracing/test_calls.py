"""The numbers of system calls, held against those who know them."""

import ctypes
import ctypes.util
import os
import re
from pathlib import Path

import pytest

from seawall.tracing import calls, named_paths

AUDIT = {
    calls.X86_64: 0xC000003E, calls.I386: 0x40000003, calls.AARCH64: 0xC00000B7,
    calls.X32: 0x4000003E,
}  # fmt: skip
HEADERS = Path("/usr/include/x86_64-linux-gnu/asm")
X32_BIT = 0x40000000


@pytest.mark.parametrize("architecture", AUDIT)
def test_libseccomp_has_the_same_numbers(architecture: str) -> None:
    path = ctypes.util.find_library("seccomp")
    if path is None:
        pytest.skip("libseccomp is not installed")
    resolve = ctypes.CDLL(path).seccomp_syscall_resolve_name_arch
    resolve.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    ours = calls.numbers(architecture)
    if architecture == calls.X32:
        ours = {name: number | X32_BIT for name, number in ours.items()}
    theirs = {name: resolve(AUDIT[architecture], name.encode()) for name in ours}
    # Below zero are those that it does not know yet, and calls of i386 that it maps to others.
    known = {name: number for name, number in theirs.items() if number >= 0}
    assert len(known) > 300
    assert known == {name: ours[name] for name in known}


@pytest.mark.skipif(not HEADERS.is_dir(), reason="the kernel's headers for x86-64 are not there")
@pytest.mark.parametrize(
    ("architecture", "name", "value"),
    [
        (calls.X86_64, "unistd_64.h", r"(\d+)"),
        (calls.I386, "unistd_32.h", r"(\d+)"),
        (calls.X32, "unistd_x32.h", r"\(__X32_SYSCALL_BIT \+ (\d+)\)"),
    ],
)
def test_the_headers_have_the_same_numbers(architecture: str, name: str, value: str) -> None:
    text = (HEADERS / name).read_text()
    theirs = {
        found[1]: int(found[2]) for found in re.finditer(rf"#define __NR_(\w+) {value}", text)
    }
    ours = calls.numbers(architecture)
    assert len(theirs) > 300
    assert {each: ours.get(each) for each in theirs} == theirs


def test_every_name_has_one_number_and_every_number_one_name() -> None:
    for architecture in AUDIT:
        numbers = calls.numbers(architecture)
        assert len(set(numbers.values())) == len(numbers)
        for name, number in numbers.items():
            assert calls.name_of(architecture, number) == name


def test_calls_of_other_architectures_are_recognised() -> None:
    assert calls.recognised(AUDIT[calls.X86_64], 59) == (calls.X86_64, 59)
    assert calls.recognised(AUDIT[calls.X86_64], 59 | X32_BIT) == (calls.X32, 59)
    assert calls.recognised(AUDIT[calls.I386], 11) == (calls.I386, 11)
    assert calls.recognised(0xC0000016, 11) == ("0xc0000016", 11)
    assert calls.name_of("0xc0000016", 11) is None
    assert calls.numbers("0xc0000016") == {}


def test_calls_that_name_paths_are_calls() -> None:
    for architecture in AUDIT:
        assert set(named_paths.of_architecture(architecture)) <= set(
            calls.numbers(architecture).values()
        )
    known = set().union(*(calls.numbers(each) for each in AUDIT))
    assert set(named_paths._BY_NAME) <= known


def test_this_machine_is_known_by_its_own_numbers() -> None:
    machine = os.uname().machine
    if machine not in calls.NATIVE:
        pytest.skip(f"{machine} is not one that is watched")
    libc = ctypes.CDLL(None)
    assert libc.syscall(calls.numbers(machine)["getpid"]) == os.getpid()
