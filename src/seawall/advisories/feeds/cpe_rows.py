"""Rows of CPEs: which versions of which products are affected, on which platforms.

Source: NVD's schema of configurations (API 2.0), which CVE records share (``cpeApplicability``).
"""

from collections.abc import Iterator
from typing import Any

from seawall.advisories.feeds.values import items, table, tables
from seawall.core.lazy import pattern

MAX_ROWS = 2_000
"""Rows of one CVE; the Linux kernel's longest have about 900."""
MAX_PLATFORMS = 50
"""Platforms of one row; with more of them it counts on every platform."""
_MAX_CPE = 400
_CPE = pattern(r"cpe:2\.3:[aoh*\-](?::(?:[^:\\\s]|\\[^\s])++){4,10}")
_VERSION = pattern(r"[^\s|\[\](),]{1,100}")
"""A version without anything that makes it a sentence."""
_BOUND = pattern(r"[^|\x00-\x1f\x7f]{1,100}")
_BOUNDS = (
    ("versionStartIncluding", "[", ""), ("versionStartExcluding", "(", ""),
    ("versionEndExcluding", "", ")"), ("versionEndIncluding", "", "]"),
)  # fmt: skip
_ANY = {"0", "*", "-", "n/a", "unspecified"}
"""Where a range starts that starts before all versions."""


def criteria(value: object) -> str:
    """A CPE 2.3 as rows have it; empty when it is none."""
    if not isinstance(value, str) or len(value) > _MAX_CPE or not _CPE.fullmatch(value):
        return ""
    while value.endswith(":*"):
        value = value[:-2]
    return value.replace("|", "%7C")


def version_of(cpe: str) -> str:
    """The version in a row's CPE; empty for any."""
    parts = cpe.replace("\\:", "\0").split(":")
    return parts[5] if len(parts) > 5 and parts[5] != "*" else ""


def configurations(value: object) -> tuple[str, ...]:
    """The rows of NVD's ``configurations``.

    In one that is an ``AND``, what is not vulnerable itself is a platform. Negated nodes say what
    must not be there, which no row can: they are left out.
    """
    rows: dict[str, None] = {}
    for each in tables(value):
        nodes = list(_nodes(each))
        both = each.get("operator") == "AND" or any(node.get("operator") == "AND" for node in nodes)
        platforms = "|" + " ".join(_platforms(nodes)) if both else ""
        for node in nodes:
            for match in tables(node.get("cpeMatch")):
                row = _row(match) if match.get("vulnerable") is True else ""
                if row:
                    rows[row if platforms == "|" else row + platforms] = None
    return tuple(rows)[:MAX_ROWS]


def _nodes(configuration: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if configuration.get("negate") is not True:
        for node in tables(configuration.get("nodes")):
            if node.get("negate") is not True:
                yield node


def _platforms(nodes: list[dict[str, Any]]) -> list[str]:
    found: dict[str, None] = {}
    for node in nodes:
        for match in tables(node.get("cpeMatch")):
            if match.get("vulnerable") is False and (cpe := criteria(match.get("criteria"))):
                found[cpe] = None
    return list(found) if len(found) <= MAX_PLATFORMS else []


def _row(match: dict[str, Any]) -> str:
    cpe = criteria(match.get("criteria"))
    if not cpe:
        return ""
    start = end = ""
    for key, before, after in _BOUNDS:
        if key in match:
            version = match[key]
            if not isinstance(version, str) or not _BOUND.fullmatch(version):
                return ""
            start, end = (start, version + after) if after else (before + version, end)
    return f"{cpe}|{start}|{end}"


def _version(value: object) -> str:
    return value if isinstance(value, str) and _VERSION.fullmatch(value) else ""


def affected(value: object) -> Iterator[str]:
    """The rows of a CVE record's ``affected`` list, of entries that have CPEs."""
    for entry in tables(value):
        ranges: list[tuple[str, str]] | None = None
        for item in items(entry.get("cpes")):
            cpe = criteria(item)
            if not cpe:
                continue
            if version_of(cpe):
                yield f"{cpe}||"
                continue
            if ranges is None:
                ranges = list(_ranges(entry))
            yield from (f"{cpe}|{start}|{end}" for start, end in ranges)


def _ranges(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    versions = items(entry.get("versions"))
    if not versions and entry.get("defaultStatus") == "affected":
        yield "", ""
    for each in versions:
        version = table(each)
        if version.get("status") != "affected" or version.get("versionType") == "git":
            continue
        first = version.get("version")
        before, last = version.get("lessThan"), version.get("lessThanOrEqual")
        if before is None and last is None:
            if exact := _version(first):
                yield ("", "") if exact == "*" else (f"[{exact}", f"{exact}]")
            continue
        start, end = _version(first), before if last is None else last
        if end != "*" and not _version(end):
            continue
        bracket = ")" if last is None else "]"
        yield (
            "" if not start or start in _ANY else f"[{start}",
            "" if end == "*" else f"{end}{bracket}",
        )
