"""What executables say they are made of."""

from collections.abc import Callable

import pytest

from seawall.packages.executables import is_executable, read
from seawall.packages.package import Contents
from tests.packages import binaries
from tests.packages.files import brings, file, versions

INFO = """\
path\texample.org/shop/cmd
mod\texample.org/shop\t(devel)\t
dep\tgithub.com/pkg/errors\tv0.9.1\th1:x=
dep\texample.org/old\tv1.0.0
=>\texample.org/new/v2\tv2.1.0\th1:x=
dep\texample.org/local\tv1.0.0
=>\t./local\t(devel)\t
build\t-buildmode=exe
build\t-ldflags="-s -w -X main.commit=0123 -X 'example.org/shop/version.Version=1.4.2'"
build\tvcs.modified=false
"""
PACKAGES = [
    ("example.org/shop", "v1.4.2"),
    ("github.com/pkg/errors", "v0.9.1"),
    ("example.org/new/v2", "v2.1.0"),
    ("example.org/local", ""),
    ("stdlib", "v1.22.3"),
]
OLD_AND_BIG = binaries.pointed_note("go1.22.3", INFO, binaries.ADDRESS, ">", 4)
NOTE = binaries.inline_note("go1.22.3 X:loopvar", INFO)


def packages_of(data: bytes) -> Contents:
    return read(file("bin/shop", data))


@pytest.mark.parametrize(
    "data",
    [
        binaries.elf(".go.buildinfo", NOTE),
        binaries.elf(".go.buildinfo", NOTE, order=">", wide=False),
        binaries.elf("", b"x" * 32 + NOTE),
        binaries.macho("__go_buildinfo", NOTE),
        binaries.fat(binaries.macho("__text", b"x"), binaries.macho("__go_buildinfo", NOTE)),
        binaries.pe(".data", b"x" * 64 + NOTE),
        binaries.elf("", binaries.pointed_note("go1.22.3", INFO, binaries.ADDRESS)),
        binaries.elf("", OLD_AND_BIG, order=">", wide=False),
    ],
    ids=["elf", "big", "no-sections", "macho", "fat", "pe", "pointers", "pointers-big"],
)  # fmt: skip
def test_go(data: bytes) -> None:
    assert is_executable(data[:8])
    contents = packages_of(data)
    assert versions(contents) == PACKAGES
    assert contents.project == "example.org/shop"
    assert contents.packages[3].download == "./local"
    assert not contents.problems


@pytest.mark.parametrize(
    ("version", "settings", "expected"),
    [
        ("v1.2.3", "", "v1.2.3"),
        ("(devel)", "", ""),
        ("(devel)", "build\t-ldflags=-X=main.version=v2.0.0-rc.1\n", "v2.0.0-rc.1"),
        ("(devel)", "build\t-ldflags=-X main.version=dev\n", ""),
        ("(devel)", "build\t-ldflags=\"-X 'unfinished\n", ""),
        ("(devel)", 'build\t"-ldflags=-X main.Version=3.0"\n', "v3.0"),
    ],
)
def test_the_version_of_a_program(version: str, settings: str, expected: str) -> None:
    text = f"path\ta\nmod\texample.org/a\t{version}\t\n{settings}"
    found = packages_of(binaries.elf(".go.buildinfo", binaries.inline_note("go1.22", text)))
    assert versions(found) == [("example.org/a", expected), ("stdlib", "v1.22.0")]


def test_a_go_that_was_never_released() -> None:
    data = binaries.elf(".go.buildinfo", binaries.inline_note("devel go1.23-0123", INFO))
    contents = packages_of(data)
    assert versions(contents)[-1] == ("stdlib", "")
    assert [problem.what for problem in contents.problems] == ["devel go1.23-0123"]


AUDIT = {
    "packages": [
        {"name": "shop", "version": "0.1.0", "root": True, "dependencies": [1, 2, 3]},
        {"name": "a", "version": "1.0.0", "source": "crates.io", "dependencies": [4]},
        {"name": "build", "version": "2.0.0", "source": "crates.io", "kind": "build"},
        {"name": "g", "version": "3.0.0", "source": "git"},
        {"name": "b", "version": "4.0.0", "source": "crates.io"},
    ]
}  # fmt: skip


@pytest.mark.parametrize("make", [binaries.elf, binaries.macho, binaries.pe])
def test_rust(make: Callable[[str, bytes], bytes]) -> None:
    contents = packages_of(make(".dep-v0", binaries.audit_note(AUDIT)))
    a, build, git, b = contents.packages
    assert not contents.problems
    assert contents.project == "shop"
    assert (a.type, a.name, a.version, a.direct, a.download) == ("cargo", "a", "1.0.0", True, "")
    assert brings(a) == [b.identity]
    assert (build.development, git.download, b.direct) == (True, "git", False)


@pytest.mark.parametrize(
    ("note", "told"),
    [
        (b"no zlib", "cannot be read"),
        (binaries.audit_note([]), "cannot be read"),
        (binaries.audit_note({"packages": [" " * 9_000_000]}), "larger than"),
        (
            binaries.audit_note({"packages": [{"name": "a", "dependencies": [7]}]}),
            "no such package",
        ),
    ],
)
def test_a_broken_note_is_told(note: bytes, told: str) -> None:
    contents = packages_of(binaries.elf(".dep-v0", note))
    assert any(told in problem.reason for problem in contents.problems)


def test_what_says_nothing() -> None:
    mark = b"\xff Go buildinf:"
    for data in (
        b"",
        b"MZ",
        mark,
        binaries.elf(".text", mark),
        b"\xca\xfe\xba\xbe\0\0\0\x37" + mark,
    ):
        assert packages_of(data) == Contents()
    assert not is_executable(b"\xca\xfe\xba\xbe\0\0\0\x37")
    contents = packages_of(binaries.elf(".text", b"UPX!"))
    assert [problem.what for problem in contents.problems] == ["UPX!"]


def test_no_executable_raises() -> None:
    for data in (
        binaries.elf(".go.buildinfo", NOTE),
        binaries.fat(binaries.macho("__go_buildinfo", NOTE)),
        binaries.pe(".data", NOTE),
        binaries.elf("", binaries.pointed_note("go1.16", INFO, binaries.ADDRESS)),
    ):
        for length in range(0, len(data), 7):
            packages_of(data[:length] + NOTE[:16])
        for place in range(min(len(data), 400)):
            changed = bytearray(data)
            changed[place] ^= 0xFF
            packages_of(bytes(changed))


def test_marks_count_where_notes_may_stand() -> None:
    """A program that reads such notes holds their marks, and notes nothing by that."""
    for name in (b".dep-v0", b"\xff Go buildinf:" + NOTE[14:]):
        assert packages_of(binaries.elf(".text", b"x" * 5_000 + name)) == Contents()
    data = binaries.elf(".text", b"x" * 5_000 + b"UPX!")
    assert packages_of(data) == Contents()
