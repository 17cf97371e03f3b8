"""Packages in CVE records: entries with a package URL, and those of CPython by its makers.

Source: CVE record format 5.2.0, ``affected[].packageURL``. Names of products, and versions
without the ecosystem they belong to, are nobody's package and are left alone. The Python Software
Foundation, which numbers the CVEs of CPython, names its product and the kind of its versions.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from seawall.advisories.advisory import Affected, Events
from seawall.advisories.feeds.values import tables, word
from seawall.advisories.names import CPYTHON
from seawall.packages.ecosystems import ecosystem_of

_CPYTHON = ("Python Software Foundation", "CPython")


def packages(value: object) -> Iterator[Affected]:
    """The packages of an ``affected`` list."""
    for entry in tables(value):
        address = entry.get("packageURL")
        if isinstance(address, str):
            ecosystem, name = package(address)
        elif _is_cpython(entry):
            ecosystem, name = CPYTHON, "cpython"
        else:
            continue
        ranges = tuple(_ranges(entry))
        if name and ranges:
            yield Affected(ecosystem, name, ranges)


def _is_cpython(entry: dict[str, Any]) -> bool:
    is_theirs = (entry.get("vendor"), entry.get("product")) == _CPYTHON
    return is_theirs and all(
        each.get("versionType") == "python" for each in tables(entry.get("versions"))
    )


def package(address: str) -> tuple[str, str]:
    """The OSV ecosystem and the name of a package URL; empty ones where there is none."""
    if not address.startswith("pkg:"):
        return "", ""
    path = address[4:].partition("?")[0].partition("#")[0].strip("/")
    type_, _, rest = path.partition("/")
    ecosystem = ecosystem_of(type_.lower())
    names = [word(unquote(part)) for part in rest.split("/")]
    if not ecosystem or not all(names):
        return "", ""
    names[-1] = names[-1].partition("@")[0] or names[-1]
    return ecosystem, (":" if ecosystem == "Maven" else "/").join(names)


def _ranges(entry: dict[str, Any]) -> Iterator[Events]:
    versions = list(tables(entry.get("versions")))
    if not versions and entry.get("defaultStatus") == "affected":
        yield Events()
    for each in versions:
        first = word(each.get("version"))
        if each.get("status") != "affected" or not first or each.get("versionType") == "git":
            continue
        start = "0" if first in {"*", "unspecified"} else first
        fixed, last = word(each.get("lessThan")), word(each.get("lessThanOrEqual"))
        if "*" in {fixed, last}:
            yield Events(start)
        elif fixed:
            yield Events(start, fixed=fixed)
        else:
            yield Events(start, last_affected=last or first)
