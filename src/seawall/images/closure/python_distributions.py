"""Which installed distribution brought a module, and which others it needs.

Sources: "Recording installed projects" and "Core metadata" of packaging.python.org; setuptools'
``top_level.txt``. A module that is compiled imports others where no source tells of it: what its
distribution requires stands for that.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.core.package_key import python_name
from seawall.images.closure.keeper import Keeper

_ENDS = (".dist-info", ".egg-info")
_REQUIRED = pattern(r"^Requires-Dist:[ \t]*([A-Za-z0-9][\w.-]*)([^\n]*)", 8)  # re.MULTILINE
_NAME = pattern(r"^Name:[ \t]*(\S+)", 8)
_READ = pattern(
    rb"""\b(load_entry_point|get_distribution|distribution|version|metadata|requires?)\(\s*"""
    rb"""["']([A-Za-z0-9][\w.-]{0,200})"""
)
"""Of ``importlib.metadata`` and ``pkg_resources``; another function may have the same name."""
_MARKS = (b"metadata", b"pkg_resources", b"load_entry_point")
_MOST = 4 << 20
_DEPTH = 3


class Distribution(NamedTuple):
    """An installed project."""

    name: str
    path: str
    """Its metadata: a directory, or a file of the older form."""
    modules: frozenset[str]
    """The modules that it brought, as deep as namespaces go: ``google.cloud.storage``."""
    requires: tuple[str, ...]
    """Names of others, without those of extras."""


class Distributions:
    """The distributions of directories of installed packages."""

    def __init__(self, keeper: Keeper, sites: tuple[str, ...]) -> None:
        self._by_module: dict[tuple[str, str], list[Distribution]] = {}
        self._by_name: dict[str, Distribution] = {}
        for site in sites:
            for name in sorted(keeper.names(site)):
                if name.endswith(_ENDS):
                    self._add(_distribution(keeper, f"{site}/{name}"), site)

    def _add(self, item: Distribution, site: str) -> None:
        self._by_name.setdefault(item.name, item)
        for module in item.modules:
            self._by_module.setdefault((site, module), []).append(item)

    def of_module(self, site: str, name: str) -> list[Distribution]:
        """Those that brought a module: several may share a namespace."""
        return self._by_module.get((site, name), [])

    def named(self, name: str) -> Distribution | None:
        """The distribution of a name."""
        return self._by_name.get(python_name(name))


def distributions_in(source: bytes) -> Iterator[tuple[str, str]]:
    """The functions that a source gives names of distributions to, and those names."""
    if any(mark in source for mark in _MARKS):
        for found in _READ.finditer(source):
            yield found[1].decode(), found[2].decode()


def _names(file: str) -> Iterator[str]:
    """The modules that a file may be a part of: ``a/b/c.py`` is of ``a``, ``a.b`` and ``a.b.c``."""
    *directories, last = file.split("/")
    stem, dot, end = last.partition(".")
    if dot and end.endswith(("py", "so")):
        parts = directories if stem == "__init__" else [*directories, stem]
        for depth in range(1, min(len(parts), _DEPTH) + 1):
            yield ".".join(parts[:depth])


def _distribution(keeper: Keeper, path: str) -> Distribution:
    base = path.rpartition("/")[2]
    stem = base.rpartition(".")[0]
    is_file = keeper.has_file(path)
    header = path if is_file else f"{path}/{'METADATA' if base.endswith(_ENDS[0]) else 'PKG-INFO'}"
    metadata = keeper.text(header, _MOST).partition("\n\n")[0]
    named = _NAME.search(metadata)
    name = python_name(named[1] if named else stem.partition("-")[0])
    modules = {
        line.strip().partition("/")[0]
        for line in keeper.text(f"{path}/top_level.txt").splitlines()
        if line.strip()
    }
    for row in keeper.text(f"{path}/RECORD", _MOST).splitlines():
        file = row.partition(",")[0].strip('"')
        modules.update(_names(file) if not file.startswith((base, "..", "__pycache__")) else ())
    if not modules:
        modules = {name.replace("-", "_"), stem.partition("-")[0]}
    required = [
        python_name(found[1])
        for found in _REQUIRED.finditer(metadata)
        if "extra" not in found[2].rpartition(";")[2]
    ]
    return Distribution(name, path, frozenset(modules), tuple(dict.fromkeys(required)))
