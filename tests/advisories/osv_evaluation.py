"""Who is affected, straight from the OSV specification: lists of events walked one by one.

It shares nothing with the database but the order of versions: it reads the documents itself, keeps
the events as they are written, and sorts and walks them for each question.
"""

import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from seawall.advisories import names
from seawall.advisories.versions.schemes import scheme_of

Package = tuple[str, str]
"""Ecosystem and name."""
MISSPELT = {"kubernetes": "Kubernetes"}


def documents(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a feed: lines of JSON, compressed or not, or a zip of documents."""
    if path.suffix == ".jsonl":
        for line in path.read_text("utf-8").splitlines():
            yield json.loads(line)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield json.loads(archive.read(name))
    else:
        with path.open("rb") as stream:
            reader = zstandard.ZstdDecompressor().stream_reader(stream)
            for line in io.TextIOWrapper(reader, "utf-8"):
                yield json.loads(line)


class Range(NamedTuple):
    """One range: its events, each a kind and the key of its version."""

    events: tuple[tuple[str, bytes], ...]

    def has(self, version: bytes) -> bool:
        """The specification's ``IncludedInRanges``, for one range."""
        limits = [key for kind, key in self.events if kind == "limit"]
        if limits and not any(version < limit for limit in limits):
            return False
        vulnerable = False
        for kind, key in sorted(self.events, key=lambda event: event[1]):
            if kind == "introduced" and version >= key:
                vulnerable = True
            elif (kind == "fixed" and version >= key) or (
                kind == "last_affected" and version > key
            ):
                vulnerable = False
        return vulnerable


class Entry(NamedTuple):
    """What one record says of one package."""

    record: str
    ranges: tuple[Range, ...]
    listed: frozenset[bytes | str]
    """Keys of listed versions; the texts of those that have none."""
    points: tuple[str, ...]
    """The versions that are worth asking for: ends of ranges and some that are listed."""

    def has(self, version: str, key: bytes | None) -> bool:
        """Whether a version is affected: in the list or in a range.

        One that has no order is in a range that has all versions.
        """
        if (key if key is not None else version) in self.listed:
            return True
        if key is None:
            return any(each.events == (("introduced", b""),) for each in self.ranges)
        return any(each.has(key) for each in self.ranges)


def entries(path: Path) -> dict[Package, list[Entry]]:
    """All packages of a feed and what its live records say of them."""
    found: dict[Package, list[Entry]] = defaultdict(list)
    for document in documents(path):
        if document.get("withdrawn"):
            continue
        for affected in document.get("affected", ()):
            package = affected.get("package", {})
            if not package.get("ecosystem") or not package.get("name"):
                continue
            own = package["ecosystem"]
            ecosystem = names.ecosystem(MISSPELT.get(own, own))
            entry = _entry(document["id"], ecosystem, affected)
            if entry is not None:
                name = names.normal(ecosystem, package["name"])
                found[ecosystem, name].append(entry)
    return found


def _entry(record: str, ecosystem: str, affected: dict[str, Any]) -> Entry | None:
    scheme = scheme_of(ecosystem)
    if scheme is None:
        return None
    ranges: list[Range] = []
    points: list[str] = []
    for each in affected.get("ranges", ()):
        if each.get("type") not in ("SEMVER", "ECOSYSTEM"):
            continue
        events: list[tuple[str, bytes]] = []
        for event in each.get("events", ()):
            for kind, version in event.items():
                key = b"" if version == "0" and kind == "introduced" else scheme.key(version)
                if key is None:
                    return None  # told as a record that cannot be judged
                events.append((kind, key))
                points.append(version)
        ranges.append(Range(tuple(events)))
    versions = affected.get("versions")
    versions = versions if isinstance(versions, list) else []  # one record of GitHub has a number
    listed = [(version, scheme.key(version)) for version in versions]
    points += versions[:3] + versions[-3:]
    return Entry(
        record,
        tuple(ranges),
        frozenset(version if key is None else key for version, key in listed),
        tuple(points),
    )


def questions(ecosystem: str, found: list[Entry]) -> Iterator[tuple[str, bytes | None]]:
    """The versions to ask for: each end of a range, one beside it, one above it; some listed."""
    scheme = scheme_of(ecosystem)
    assert scheme is not None
    seen = set()
    for entry in found:
        for point in entry.points:
            for version in (point, *beside(ecosystem, point)):
                key = scheme.key(version)
                if version not in seen and (key is not None or version in entry.listed):
                    seen.add(version)
                    yield version, key


def beside(ecosystem: str, version: str) -> Iterator[str]:
    """Versions close to one: those that lie inside of ranges that end or begin there."""
    base = ecosystem.partition(":")[0]
    if base in ("Alpine", "Alpaquita", "BellSoft Hardened Containers"):
        main, dash, revision = version.rpartition("-r")
        if dash and revision.isdigit():
            yield f"{main}-r{int(revision) + 1}"
            if int(revision):
                yield f"{main}-r{int(revision) - 1}"
        return
    if base in ("Debian", "Ubuntu", "AlmaLinux"):
        yield f"{version}.1"
        yield f"{version}~1"
        return
    numbers = version.split(".")
    if numbers[-1].isdigit() and len(numbers[-1]) < 9:
        yield ".".join([*numbers[:-1], str(int(numbers[-1]) + 1)])
        if int(numbers[-1]):
            yield ".".join([*numbers[:-1], str(int(numbers[-1]) - 1)])
    yield f"{version}.1"
