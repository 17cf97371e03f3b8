"""Patterns that are compiled late: each can be, and none takes longer than the first use."""

import pkgutil
import re
from importlib import import_module

import pytest

import seawall
from seawall.core import lazy


def _lazy_ones() -> list[tuple[str, object]]:
    found = []
    for module in pkgutil.walk_packages(seawall.__path__, "seawall."):
        if module.name == "seawall.__main__":
            continue
        names = vars(import_module(module.name))
        found += [(f"{module.name}.{name}", one) for name, one in names.items() if _is_lazy(one)]
    return found


def _is_lazy(value: object) -> bool:
    return isinstance(value, lazy._Lazy)


def test_every_pattern_can_be_compiled() -> None:
    """An error in one would else show at its first use, perhaps in a rule that runs seldom."""
    ones = _lazy_ones()
    assert len(ones) > 100
    for name, one in ones:
        assert isinstance(one, lazy._Lazy), name
        re.compile(*one._made_of)


def test_it_does_what_a_pattern_does() -> None:
    one, real = lazy.pattern("(a+)b", re.IGNORECASE), re.compile("(a+)b", re.IGNORECASE)
    text = "xAAB aab ab"
    assert one.findall(text) == real.findall(text)
    assert one.sub("-", text) == real.sub("-", text)
    assert (one.pattern, one.flags, one.groups) == (real.pattern, real.flags, real.groups)
    assert one.fullmatch("b") is None
    assert lazy.pattern(b"a").match(b"ab") is not None


def test_what_no_pattern_has_is_missed() -> None:
    with pytest.raises(AttributeError, match="no attribute 'matches'"):
        _ = lazy.pattern("a").matches  # type: ignore[attr-defined]


def test_an_error_shows_at_the_first_use() -> None:
    broken = lazy.pattern("(")
    with pytest.raises(re.error):
        broken.match("a")


def test_what_others_compile_meanwhile_is_late() -> None:
    with lazy.patterns_of_others():
        late = re.compile("a", re.IGNORECASE)
    assert _is_lazy(late)
    assert late.match("A") is not None
    assert isinstance(re.compile("a"), re.Pattern)


def test_an_import_that_fails_leaves_nothing_behind() -> None:
    with pytest.raises(ImportError), lazy.patterns_of_others():
        import_module("seawall.there_is_none")
    assert isinstance(re.compile("a"), re.Pattern)
