"""go.mod and go.sum."""

import pytest

from seawall.packages.package import Unreadable
from tests.packages.files import by_name, read, versions

MODULE = """\
module example.org/shop // the shop

go 1.21

toolchain go1.22.3

require github.com/pkg/errors v0.9.1

require (
	golang.org/x/net v0.10.0 // indirect; for tests
	"example.org/old" v1.0.0
	example.org/local v0.0.0-00010101000000-000000000000
	example.org/bad v1.5.0 // not indirect
)

replace example.org/old => example.org/new/v2 v2.1.0

replace (
	example.org/local v0.0.0-00010101000000-000000000000 => ../local
	golang.org/x/net v0.1.0 => golang.org/x/net v0.2.0
)

exclude example.org/bad v1.5.0

retract [v1.0.0, v1.1.0] // broken
tool example.org/tool/cmd
godebug default=go1.21
"""


def test_a_module() -> None:
    contents = read("go.mod", MODULE)
    packages = by_name(contents)
    assert contents.project == "example.org/shop"
    assert versions(contents) == [
        ("github.com/pkg/errors", "v0.9.1"),
        ("golang.org/x/net", "v0.10.0"),
        ("example.org/new/v2", "v2.1.0"),
        ("example.org/local", ""),
        ("example.org/bad", ""),
        ("stdlib", "v1.22.3"),
    ]
    assert [package.line for package in contents.packages] == [7, 10, 11, 12, 13, 5]
    assert [package.direct for package in contents.packages] == [
        True,
        False,
        True,
        True,
        True,
        True,
    ]
    assert packages["example.org/local"].download == "../local"
    assert [problem.line for problem in contents.problems] == [13]


@pytest.mark.parametrize(
    ("lines", "version", "constraint"),
    [
        ("go 1.19", "", ">=1.19"),
        ("go 1.22.1", "v1.22.1", ""),
        ("go 1.21rc2", "v1.21.0-rc.2", ""),
        ("go 1.22\ntoolchain default", "", ">=1.22"),
        ("go 1.22\ntoolchain go1.22.4-custom", "v1.22.4", ""),
    ],
)
def test_the_standard_library(lines: str, version: str, constraint: str) -> None:
    [package] = read("go.mod", f"module example.org/a\n{lines}\n").packages
    assert (package.name, package.version, package.constraint) == ("stdlib", version, constraint)


SUMS = """\
example.org/a v1.0.0 h1:aaaa=
example.org/a v1.0.0/go.mod h1:aaaa=
example.org/a v1.10.0 h1:aaaa=
example.org/a v1.9.0 h1:aaaa=
example.org/b v0.1.0-rc.1 h1:aaaa=
example.org/b v0.1.0 h1:aaaa=
example.org/c v0.1.0/go.mod h1:aaaa=
"""


@pytest.mark.parametrize("go", ["go 1.16", ""])
def test_before_1_17_the_sums_tell_what_is_indirect(go: str) -> None:
    contents = read("go.mod", f"module m\n{go}\nrequire example.org/a v1.9.0\n", {"go.sum": SUMS})
    a, b, *_ = contents.packages
    assert (a.name, a.version, a.file, a.direct) == ("example.org/a", "v1.9.0", "", True)
    assert (b.name, b.version, b.file, b.direct, b.line) == (
        "example.org/b",
        "v0.1.0",
        "go.sum",
        False,
        6,
    )


def test_since_1_17_the_sums_are_not_looked_at() -> None:
    contents = read("go.mod", "module m\ngo 1.17\nrequire example.org/a v1.9.0\n", {"go.sum": SUMS})
    assert versions(contents) == [("example.org/a", "v1.9.0"), ("stdlib", "")]


def test_sums_alone() -> None:
    contents = read("go.sum", SUMS + "what is this\n")
    assert versions(contents) == [("example.org/a", "v1.10.0"), ("example.org/b", "v0.1.0")]
    assert [(problem.what, problem.line) for problem in contents.problems] == [("what is this", 8)]
    assert not read("go.sum", SUMS, {"go.mod": "module m"}).packages


def test_what_is_odd_is_told() -> None:
    contents = read(
        "go.mod",
        "module m\ngo x\nfrobnicate y\nrequire a\nreplace a b\n"
        'require "a\nrequire b v1 v2\ngo 1.22.1\n',
    )
    assert [problem.line for problem in contents.problems] == [3, 4, 5, 6, 7]
    with pytest.raises(Unreadable) as raised:
        read("go.mod", "module m\nrequire (\n a v1.0.0\n")
    assert raised.value.line == 2
