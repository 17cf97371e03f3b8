"""Requirements and PyPI's advisories on real lock files, judged by ``packaging`` as pip-audit does.

pip-audit asks ``packaging`` for both: what a line of requirements says, and whether a version is
within an advisory's range. Nothing of ours is used but the files' packages.
"""

import os
import re
from collections import defaultdict
from pathlib import Path

import pytest
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from seawall.advisories.update.local import make_beside
from tests.oracles import osv_scanner
from tests.oracles.osv_scanner import Package, Record
from tests.shared import SHARED

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        osv_scanner.ENVIRONMENT not in os.environ or not (SHARED / "feeds").is_dir(),
        reason=f"{osv_scanner.ENVIRONMENT} names no directory, or the shared feeds are not there",
    ),
]
PYTHON = ("requirements.txt", "poetry.lock", "pdm.lock", "uv.lock", "Pipfile.lock")


def python_files() -> dict[str, Path]:
    """The lock files of Python."""
    return {name: path for name, path in osv_scanner.inputs().items() if path.name in PYTHON}


def pins(path: Path) -> set[tuple[str, str]]:
    """Names and versions of the lines that ``packaging`` takes for pins."""
    found: set[tuple[str, str]] = set()
    joined = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in joined.splitlines():
        text = re.sub(r"(^|\s)#.*", "", re.sub(r"\s--hash=\S+", "", line)).strip()
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        exact = [s for s in requirement.specifier if s.operator in ("==", "===")]
        if len(exact) == 1 and not exact[0].version.endswith(".*"):
            found.add((str(canonicalize_name(requirement.name)), exact[0].version))
    return found


def test_pins_are_those_that_packaging_reads() -> None:
    files = {n: path for n, path in python_files().items() if path.name == "requirements.txt"}
    lists = osv_scanner.our_lists(files)
    read = 0
    for name, path in files.items():
        ours = {package[1:] for package in lists[name] if package[2]}
        assert ours == pins(path), name
        read += len(ours)
    assert read > 500


def is_affected(version: Version, record: Record, name: str) -> bool:
    """OSV's evaluation of a record, with the order of ``packaging``."""
    return any(
        _lists(version, item) or any(_has(version, each) for each in item.get("ranges", ()))
        for item in record["affected"]
        if item.get("package", {}).get("ecosystem") == "PyPI"
        and canonicalize_name(item["package"]["name"]) == name
    )


def _lists(version: Version, item: Record) -> bool:
    versions = item.get("versions", ())
    for text in versions if isinstance(versions, list) else ():  # the sample has their number
        try:
            if Version(text) == version:
                return True
        except InvalidVersion:
            continue
    return False


def _has(version: Version, item: Record) -> bool:
    if item["type"] != "ECOSYSTEM":
        return False
    events = [next(iter(event.items())) for event in item["events"]]
    inside = False
    for kind, text in sorted(events, key=lambda event: Version(event[1])):
        bound = Version(text)
        if kind == "introduced":
            inside = inside or text == "0" or version >= bound
        elif kind == "fixed":
            inside = inside and version < bound
        elif kind == "last_affected":
            inside = inside and version <= bound
    return inside


def test_vulnerabilities_are_those_that_packaging_finds(tmp_path: Path) -> None:
    records = osv_scanner.real()["PyPI"]
    live = {id_: record for id_, record in records.items() if not record.get("withdrawn")}
    osv_scanner.write_feeds(tmp_path / "feeds", [{"PyPI": records}])
    database = tmp_path / "database"
    make_beside(str(tmp_path / "feeds"), str(database), told=lambda _line: None)
    by_name: dict[str, list[Record]] = defaultdict(list)
    for record in live.values():
        for name in {canonicalize_name(i["package"]["name"]) for i in record["affected"]}:
            by_name[name].append(record)
    files = python_files()
    lists = osv_scanner.our_lists(files)
    ours = osv_scanner.our_vulnerable(files, database)
    judged = 0
    for file in files:
        for package in sorted(lists[file]):
            expected = _expected(package, by_name)
            known = set().union(*ours[file][package]) & live.keys()
            assert known >= expected, (file, package)
            assert all(ids & expected for ids in ours[file][package]), (file, package)
            judged += len(expected)
    assert judged > 300


def _expected(package: Package, by_name: dict[str, list[Record]]) -> set[str]:
    _, name, text = package
    try:
        version = Version(text)
    except InvalidVersion:
        return set()
    return {record["id"] for record in by_name[name] if is_affected(version, record, name)}
