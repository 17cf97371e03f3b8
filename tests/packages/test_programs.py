"""Executables in pieces: what they note is what the whole file notes, with little of it held."""

import struct

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
    program = Program("bin/a", len(data))
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


def with_names_behind(distance: int) -> bytes:
    """A large ELF file whose names of sections stand so far behind their table."""
    data = elf_with(".text", b"")
    place = len(data) - 64 + 24  # the offset in the last section's header
    there = struct.pack("<Q", len(data) + distance)
    return data[:place] + there + data[place + 8 :] + bytes(distance) + b"\0.shstrtab\0.text\0"


@pytest.mark.parametrize(("distance", "needs_whole"), [(10, False), (5_000, False), (40_000, True)])
def test_names_too_far_behind_their_table_need_the_whole_file(
    distance: int, needs_whole: bool
) -> None:
    assert passed(with_names_behind(distance)).needs_whole == needs_whole


@pytest.mark.parametrize(("distance", "needs_whole"), [(1_000, False), (40_000, True)])
def test_names_before_the_strings_of_symbols_are_reached(distance: int, needs_whole: bool) -> None:
    """LLVM's linker puts them there, and the table of sections behind these strings."""
    data = elf_with(".text", b"")
    table = struct.unpack_from("<Q", data, 40)[0]
    moved = struct.pack("<Q", table + distance)
    data = data[:40] + moved + data[48:table] + bytes(distance) + data[table:]
    assert passed(data).needs_whole == needs_whole


def test_what_follows_the_names_does_not_matter() -> None:
    assert not passed(elf_with(".text", b"") + b"x" * 50_000).needs_whole
    assert passed(elf_with(".dep-v0", RUST) + b"x" * 50_000).needs_whole


def test_the_mark_of_go_counts_where_the_program_writes() -> None:
    """Programs that read such notes hold one among their constants."""
    data = binaries.elf_of_segments((5, NOTE + FILLING), (6, NOTE + FILLING))
    assert len(passed(data).result.packages) == 5
    data = binaries.elf_of_segments((5, NOTE + FILLING), (6, FILLING))
    assert passed(data).result == read(file("bin/a", data)) == Contents()
    assert not passed(data).needs_whole


@pytest.mark.parametrize("size", [3, 40, 4_096])
def test_a_mark_that_is_cut_into_pieces_is_found(size: int) -> None:
    data = binaries.elf_of_segments((5, bytes(4_000 - 64 - 2 * 56)), (6, NOTE + FILLING))
    assert len(passed(data, size).result.packages) == 5


def test_a_small_program_is_read_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "HELD", 1 << 20)
    program = passed(elf_with(".dep-v0", RUST))
    assert not program.needs_whole
    assert [package.type for package in program.result.packages] == ["cargo"] * 4
