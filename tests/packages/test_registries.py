"""The registries that ecosystems use when nothing else is said."""

import pytest

from seawall.packages.registries import default, is_default


@pytest.mark.parametrize("type_", ["cargo", "gem", "pub", "pypi"])
def test_an_ecosystems_own(type_: str) -> None:
    assert is_default(type_, default(type_))
    assert is_default(type_, f"{default(type_).rstrip('/')}/")
    assert not is_default(type_, default(type_).replace("//", "//mirror."))
    assert not is_default(type_, "https://registry.example.org/simple")


def test_cargo_has_two() -> None:
    assert is_default("cargo", f"sparse+{default('cargo')}")
    assert is_default("cargo", "registry+https://github.com/rust-lang/crates.io-index")
    assert not is_default("cargo", "registry+https://github.com/somebody/index")


@pytest.mark.parametrize("odd", ["", "x", "https://[", "\0", "//", "https:///simple"])
def test_what_is_no_address(odd: str) -> None:
    assert not is_default("pypi", odd)
