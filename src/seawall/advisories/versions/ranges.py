"""Ranges of versions in the notation of their ecosystem, as intervals of keys."""

from functools import cache
from importlib import import_module
from typing import Protocol

from seawall.advisories.versions.interval import Interval, contains, union
from seawall.advisories.versions.pre_releases import is_pre_release, numbers_of_pre_release
from seawall.advisories.versions.schemes import Scheme, scheme_of
from seawall.advisories.versions.syntaxes.clause import Clause, Key, RangeError
from seawall.core.named_tuple import NamedTuple

__all__ = ["RangeError", "parse", "satisfies"]


class _Clauses(Protocol):
    def __call__(self, text: str, key: Key) -> tuple[Clause, ...]: ...


# How a pre-release that lies in a clause gets in: always; where some version that stands there is
# one; where one of the same numbers does.
_ALWAYS = "always"
_NAMED = "named"
_SAME = "same"


class _Syntax(NamedTuple):
    module: str
    pre_releases: str = _ALWAYS


_SYNTAXES = {
    "Bitnami": _Syntax("npm"),
    "ConanCenter": _Syntax("conan", _NAMED),
    "Go": _Syntax("golang"),
    "GHC": _Syntax("cabal"),
    "Hackage": _Syntax("cabal"),
    "Hex": _Syntax("hex", _NAMED),
    "Julia": _Syntax("julia"),
    "Maven": _Syntax("maven"),
    "Node.js": _Syntax("npm", _SAME),
    "NuGet": _Syntax("nuget", _NAMED),
    "Packagist": _Syntax("composer", _NAMED),
    "Pub": _Syntax("pub", _NAMED),
    "PyPI": _Syntax("pep440", _NAMED),
    "Retire.js": _Syntax("npm", _SAME),
    "Ruby": _Syntax("gem", _NAMED),
    "RubyGems": _Syntax("gem", _NAMED),
    "VSCode": _Syntax("npm", _SAME),
    "crates.io": _Syntax("cargo", _SAME),
    "npm": _Syntax("npm", _SAME),
}
_COMPARATORS = _Syntax("comparators")


def parse(ecosystem: str, text: str) -> tuple[Interval, ...]:
    """The versions in a range, in order and without overlaps; pre-releases are as others.

    GitHub's way to write ranges (``>= 2.0, < 2.4.1``) is understood in every ecosystem.

    Raises:
        RangeError: the text is no range of the ecosystem, or the ecosystem has no order.
    """
    return union(interval for clause in _clauses(ecosystem, text) for interval in clause.intervals)


def satisfies(ecosystem: str, constraint: str, version: str) -> bool | None:
    """Whether a package manager would take a version for a constraint; ``None``: not known.

    Unlike ``parse``, it leaves out pre-releases nobody asked for: npm and Cargo take one if one of
    the same numbers stands in the constraint; most others if any does.
    """
    scheme = scheme_of(ecosystem)
    key = scheme.key(version) if scheme is not None else None
    if scheme is None or key is None:
        return None
    try:
        clauses = _clauses(ecosystem, constraint)
    except RangeError:
        return None
    how = _syntax_of(ecosystem).pre_releases
    return any(
        contains(clause.intervals, key) and _lets_in(scheme, how, clause.named, version)
        for clause in clauses
    )


def _lets_in(scheme: Scheme, how: str, named: tuple[str, ...], version: str) -> bool:
    """Whether a version that lies in a clause is taken: only pre-releases may not be."""
    if how == _ALWAYS or not is_pre_release(scheme.name, version):
        return True
    if how == _SAME:
        own = numbers_of_pre_release(version)
        return any(numbers_of_pre_release(each) == own for each in named)
    return any(is_pre_release(scheme.name, each) for each in named)


def _clauses(ecosystem: str, text: str) -> tuple[Clause, ...]:
    scheme = scheme_of(ecosystem)
    if scheme is None:
        raise RangeError(text, f"versions of {ecosystem!r} have no known order")
    return _reader(_syntax_of(ecosystem).module)(text, scheme.key)


def _syntax_of(ecosystem: str) -> _Syntax:
    return _SYNTAXES.get(ecosystem.partition(":")[0], _COMPARATORS)


@cache
def _reader(module: str) -> _Clauses:
    clauses: _Clauses = import_module(f"seawall.advisories.versions.syntaxes.{module}").clauses
    return clauses
