"""Manifests without a lock, workspaces of Go, and Python's installed packages."""

import pytest

from seawall.packages.package import Unreadable
from tests.packages.files import read, versions

CARGO = """\
[package]
name = "shop"

[dependencies]
serde = "1.0"
exact = { version = "=1.2.3", optional = true }
git = { git = "https://user:word@example.org/git" }
local = { path = "../local" }
renamed = { package = "real", version = "2" }

[target.'cfg(unix)'.dependencies]
nix = "0.26"

[dev-dependencies.tool]
version = "3"

[build-dependencies]
cc = "1"
"""


def test_cargo() -> None:
    contents = read("Cargo.toml", CARGO)
    assert not contents.problems
    assert contents.project == "shop"
    told = [(p.name, p.version, p.constraint, p.line) for p in contents.packages]
    assert told == [
        ("serde", "", "1.0", 5), ("exact", "1.2.3", "=1.2.3", 6), ("git", "", "", 7),
        ("real", "", "2", 9), ("nix", "", "0.26", 12), ("tool", "", "3", 14), ("cc", "", "1", 18),
    ]  # fmt: skip
    assert [package.development for package in contents.packages] == [False] * 5 + [True] * 2
    assert contents.packages[1].optional
    assert contents.packages[2].download == "https://example.org/git"
    assert not read("crates/a/Cargo.toml", CARGO, {"../../Cargo.lock": ""}).packages


SETUP = """\
[metadata]
name = The_Shop
version = 1.0

[options]
install_requires =
    requests>=2 ; python_version > "3"
    # a comment
    pinned==1.0  # why
setup_requires = setuptools; wheel
packages = find:

[options.extras_require]
more =
    extra
test = pytest
"""


def test_setup_cfg() -> None:
    contents = read("setup.cfg", SETUP)
    assert not contents.problems
    assert contents.project == "the-shop"
    told = [(p.name, p.version, p.line, p.development, p.optional) for p in contents.packages]
    assert told == [
        ("requests", "", 7, False, False), ("pinned", "1.0", 9, False, False),
        ("setuptools", "", 10, True, False), ("wheel", "", 10, True, False),
        ("extra", "", 15, False, True), ("pytest", "", 16, True, False),
    ]  # fmt: skip
    assert not read("setup.cfg", SETUP, {"uv.lock": ""}).packages


def test_go_workspaces() -> None:
    text = "go 1.22.1\ntoolchain go1.23.0\nuse (\n\t./a\n\t./b\n)\n"
    text += "replace a => b v1.2.3\nreplace c => ./c\nodd\n"
    contents = read("go.work", text)
    assert versions(contents) == [("b", "v1.2.3"), ("stdlib", "v1.23.0")]
    assert [problem.line for problem in contents.problems] == [9]


METADATA = (
    "Metadata-Version: 2.1\nName: Flask_Login\nVersion: 1.2\nSummary: x\n\nName: no\nVersion: 9\n"
)


@pytest.mark.parametrize(
    "path",
    [
        "usr/lib/python3/site-packages/Flask_Login-1.2.dist-info/METADATA",
        "usr/lib/python3/dist-packages/Flask_Login-1.2.egg-info/PKG-INFO",
        "usr/lib/python3/dist-packages/Flask_Login-1.2.egg-info",
        "eggs/Flask_Login-1.2-py3.11.egg/EGG-INFO/PKG-INFO",
    ],
)
def test_installed_python_packages(path: str) -> None:
    contents = read(path, METADATA)
    [package] = contents.packages
    assert (package.name, package.version, package.line) == ("flask-login", "1.2", 3)
    assert package.direct is None
    [package] = read(path, METADATA, {"REQUESTED": ""}).packages
    assert package.direct is (True if path.endswith("METADATA") else None)


def test_vendored_copies_and_the_project_itself_are_not_installed() -> None:
    assert not read(
        "site-packages/setuptools/_vendor/wheel-1.dist-info/METADATA", METADATA
    ).packages
    assert read("src/shop.egg-info/PKG-INFO", METADATA).project == "flask-login"
    assert not read("src/shop.egg-info/PKG-INFO", METADATA).packages


def test_direct_addresses() -> None:
    path = "site-packages/a-1.dist-info/METADATA"
    editable = '{"url": "file:///src", "dir_info": {"editable": true}}'
    assert not read(path, METADATA, {"direct_url.json": editable}).packages
    git = '{"url": "https://user:word@example.org/a.git", "vcs_info": {"commit_id": "0123"}}'
    [package] = read(path, METADATA, {"direct_url.json": git}).packages
    assert package.download == "https://example.org/a.git#0123"
    assert len(read(path, METADATA, {"direct_url.json": "["}).problems) == 1


def test_metadata_without_a_name() -> None:
    with pytest.raises(Unreadable):
        read("site-packages/a-1.dist-info/METADATA", "Version: 1\n")
