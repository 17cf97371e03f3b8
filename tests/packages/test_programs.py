"""Executables in pieces: what they note is what the whole file notes, with little of it held."""

import pytest

from seawall.packages import programs
from seawall.packages.executables import read
from seawall.packages.package import Contents
from seawall.packages.programs import Program
from tests.packages import binaries
from tests.packages.files import file
from tests.packages.test_executables import AUDIT, INFO, NOTE

FILLING = b"\x90" * 50_000
RUST = binaries.audit_note(AUDIT)
POINTED = binaries.pointed_note("go1.16", INFO, binaries.ADDRESS)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits at which the programs in here are large."""
    monkeypatch.setattr(programs, "HELD", 10_000)
    monkeypatch.setattr(programs, "_NAMES", 2_000)
    monkeypatch.setattr(programs, "_STRETCH", 5_000)
    monkeypatch.setattr(programs, "_MOST_OF_THE_END", 20_000)


def passed(data: bytes, size: int = 4_096) -> Program:
    program = Program("bin/a")
    for start in range(0, len(data), size):
        program.feed(data[start : start + size])
    program.end()
    return program


def elf_with(name: str, data: bytes) -> bytes:
    """A large ELF file, whose section headers are at its end as linkers put them."""
    return binaries.elf(name, data + FILLING)


@pytest.mark.parametrize("size", [1_000, 4_096, 9_999, 70_000])
def test_a_large_program_of_go_tells_its_modules_on_the_way(size: int) -> None:
    for data in (elf_with(".go.buildinfo", NOTE), binaries.elf("", FILLING + NOTE + FILLING)):
        program = passed(data, size)
        assert not program.needs_whole
        assert program.result.packages == read(file("bin/a", data)).packages
        assert len(program.result.packages) == 5


@pytest.mark.parametrize(
    ("data", "needs_whole"),
    [
        (elf_with(".dep-v0", RUST), True),
        (binaries.macho(".dep-v0", RUST + FILLING), True),
        (elf_with(".text", b".dep-v0"), False),  # a program that reads such notes
        (elf_with(".text", b""), False),
        (elf_with(".go.buildinfo", POINTED), True),
        (binaries.elf(".text", b"UPX!" + FILLING), True),
        (elf_with(".text", FILLING + b"UPX!"), False),  # UPX's mark is behind the headers
        (binaries.elf("", FILLING), False),
        (binaries.elf("", FILLING + b".dep-v0"), True),
        (elf_with(".dep-v0", RUST)[:-100], True),  # cut off: nobody knows
        (elf_with(".text", b"\0" * 25_000), False),
    ],
)
def test_what_needs_the_whole_file(data: bytes, needs_whole: bool) -> None:
    for size in (1_000, 4_096, 70_000):
        program = passed(data, size)
        assert program.needs_whole == needs_whole
        assert program.result == Contents()


def test_an_end_that_is_too_long_to_be_held_needs_the_whole_file() -> None:
    data = elf_with(".text", b"") + b"x" * 30_000
    assert passed(data).needs_whole


def test_a_small_program_is_read_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "HELD", 1 << 20)
    program = passed(elf_with(".dep-v0", RUST))
    assert not program.needs_whole
    assert [package.type for package in program.result.packages] == ["cargo"] * 4
