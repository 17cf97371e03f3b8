"""Our packages and vulnerabilities beside those of osv-scanner (v1.9.2), on real lock files.

``SEAWALL_LOCK_FILES`` names a directory with a directory for each input, and in each one lock file
under its own name; ``osv-scanner`` is on PATH. Both sides get the same advisories: OSV's zips of
the shared feeds, arranged by ecosystem, and probes beside them: for each package that either side
lists, advisories whose ranges end at the very versions that the lock files have. So every version
of every lock file is compared by both, and no package is out of sight for want of an advisory.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from seawall.advisories import names
from seawall.advisories.update.local import make_beside
from seawall.packages.ecosystems import ecosystem_of
from seawall.packages.formats import format_of
from seawall.packages.package import File, Unreadable
from tests.shared import SHARED

ENVIRONMENT = "SEAWALL_LOCK_FILES"
PEER = "osv-scanner"
OURS, THEIRS = "ours", "theirs"
PROBED_VERSIONS = 2
"""Of one package, at most: some have twenty in one lock file."""
_FEEDS = ("Go", "PyPI", "crates.io", "Packagist", "CRAN", "Hackage", "GHSA-sample")
_ECOSYSTEMS = (
    "CRAN", "ConanCenter", "Go", "Hex", "Maven", "NuGet", "Packagist", "Pub", "PyPI", "RubyGems",
    "crates.io", "npm",
)  # fmt: skip
_DIRECTORIES = {"ConanCenter": "GHSA-sample"}
"""Where our database takes the records of ecosystems from that OSV has no bucket for."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_DAY = "2020-01-01T00:00:00Z"

Package = tuple[str, str, str]
"""Ecosystem, name in its normal form, and version."""
Lists = dict[str, set[Package]]
"""The packages of each input."""
Vulnerable = dict[str, dict[Package, set[frozenset[str]]]]
"""The vulnerabilities of each package of each input, each by all its ids."""
Record = dict[str, Any]


class Difference(NamedTuple):
    """What one side alone has: a package (``id`` is empty), or a vulnerability of a package that
    both have."""

    input: str
    path: Path
    side: str
    package: Package
    others: frozenset[Package]
    """The packages of the other side."""
    id: str = ""

    @property
    def has_other_version(self) -> bool:
        """Whether the other side has the package with another version."""
        return any(other[:2] == self.package[:2] for other in self.others)


class Comparison(NamedTuple):
    """What both have, and every difference."""

    inputs: tuple[str, ...]
    refused: tuple[str, ...]
    """Inputs that the peer cannot read: nothing of them is compared."""
    packages: int
    """Packages that both list."""
    vulnerable: int
    """Vulnerabilities of packages, out of real advisories, that both report."""
    probed: int
    """The same of probes."""
    differences: tuple[Difference, ...]


def inputs() -> dict[str, Path]:
    """The lock files by the names of their directories."""
    return {path.parent.name: path for path in sorted(_folder().glob("*/*")) if path.is_file()}


def _folder() -> Path:
    return Path(os.environ[ENVIRONMENT]).resolve()


def peer() -> str | None:
    """Where the peer is; ``None`` when it is not on PATH."""
    return shutil.which(PEER)


# Advisories -----------------------------------------------------------------------------------


def real() -> dict[str, dict[str, Record]]:
    """The records of the shared feeds by ecosystem and id."""
    found: dict[str, dict[str, Record]] = {name: {} for name in _ECOSYSTEMS}
    for feed in _FEEDS:
        with zipfile.ZipFile(SHARED / "feeds" / "osv" / feed / "all.zip") as archive:
            for member in archive.namelist():
                record = json.loads(archive.read(member))
                for item in record.get("affected", ()):
                    ecosystem = item.get("package", {}).get("ecosystem", "").partition(":")[0]
                    if ecosystem in found:
                        found[ecosystem][record["id"]] = record
    return found


def probes(lists: Iterable[Lists]) -> dict[str, dict[str, Record]]:
    """Advisories about each package, whose ranges end at versions that there are."""
    versions: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in lists:
        for packages in each.values():
            for ecosystem, name, version in packages:
                if version:
                    versions[ecosystem, name].add(version)
    found: dict[str, dict[str, Record]] = defaultdict(dict)
    for number, ((ecosystem, name), texts) in enumerate(sorted(versions.items())):
        for step, version in enumerate(sorted(texts)[:PROBED_VERSIONS]):
            for kind, events in (
                ("below", ({"introduced": "0"}, {"fixed": version})),
                ("at", ({"introduced": version}, {"last_affected": version})),
            ):
                id_ = f"PROBE-{number}-{step}-{kind}"
                found[ecosystem][id_] = _probe(id_, ecosystem, name, events)
    return found


def _probe(id_: str, ecosystem: str, name: str, events: Iterable[Mapping[str, str]]) -> Record:
    kind = "SEMVER" if ecosystem in ("Go", "crates.io", "npm") else "ECOSYSTEM"
    return {
        "schema_version": "1.6.0", "id": id_, "modified": _DAY, "published": _DAY,
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": kind, "events": list(events)}],
        }],
    }  # fmt: skip


def write_feeds(folder: Path, records: Iterable[Mapping[str, Mapping[str, Record]]]) -> None:
    """Write records as OSV's zips: ``osv/`` for our database and ``osv-scanner/`` for the peer."""
    together: dict[str, dict[str, Record]] = {name: {} for name in _ECOSYSTEMS}
    for each in records:
        for ecosystem, found in each.items():
            together[ecosystem].update(found)
    for ecosystem, found in together.items():
        path = folder / "osv" / _DIRECTORIES.get(ecosystem, ecosystem) / "all.zip"
        path.parent.mkdir(parents=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for id_, record in sorted(found.items()):
                archive.writestr(zipfile.ZipInfo(f"{id_}.json", _EPOCH), json.dumps(record))
    (folder / PEER).mkdir()
    for ecosystem in together:
        own = Path("..", "osv", _DIRECTORIES.get(ecosystem, ecosystem))
        (folder / PEER / ecosystem).symlink_to(own)


# The two sides --------------------------------------------------------------------------------


def _normal(ecosystem: str, name: str, version: str) -> Package:
    ecosystem = ecosystem.partition(":")[0]
    version = version.removeprefix("v") if ecosystem in ("Go", "Packagist") else version
    return ecosystem, names.normal(ecosystem, name), version


def our_lists(files: Mapping[str, Path]) -> Lists:
    """The packages that our readers find."""
    found: Lists = {}
    for name, path in files.items():
        form = format_of(path.name)
        assert form is not None, path
        try:
            packages = form.read(File(path.name, path.read_bytes())).packages
        except Unreadable:
            packages = ()
        found[name] = {_normal(ecosystem_of(p.type), p.name, p.version) for p in packages}
    return found


def our_vulnerable(files: Mapping[str, Path], database: Path) -> Vulnerable:
    """What ``seawall scan`` reports."""
    command = [
        str(Path(sys.executable).parent / "seawall"), "scan", "--select", "*-package",
        "--database", str(database), "--format", "json", "--no-config", "--no-cache",
        "--exit-zero", "--quiet", "--min-confidence", "low", "--no-gitignore", str(_folder()),
    ]  # fmt: skip
    report = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    found: Vulnerable = {name: defaultdict(set) for name in files}
    for finding in report["findings"]:
        details = finding["details"]
        package = details["package"]
        key = _normal(package["ecosystem"], package["name"], package["version"])
        name = Path(finding["location"]["path"]).parent.name
        ids = frozenset((details["id"], *details.get("aliases", ()), details["advisory"]))
        if name in found:
            found[name][key].add(ids)
    return found


def ask_peer(files: Mapping[str, Path], folder: Path) -> tuple[Lists, Vulnerable]:
    """What osv-scanner lists and reports, offline; inputs that it refuses are left out.

    It is asked file by file: one that it cannot read ends its run.
    """
    lists: Lists = {}
    vulnerable: Vulnerable = {}
    with ThreadPoolExecutor(2) as pool:
        for name, report in zip(files, pool.map(_Peer(folder), files.values()), strict=True):
            if report is None:
                continue
            lists[name], vulnerable[name] = set(), defaultdict(set)
            for row in (row for result in report["results"] for row in result["packages"]):
                package = row["package"]
                key = _normal(package["ecosystem"], package["name"], package["version"])
                lists[name].add(key)
                vulnerable[name][key] |= {
                    frozenset((item["id"],)) for item in row.get("vulnerabilities", ())
                }
    return lists, vulnerable


class _Peer:
    """Runs osv-scanner on one lock file."""

    def __init__(self, folder: Path) -> None:
        self._environment = {**os.environ, "OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY": str(folder)}

    def __call__(self, path: Path) -> Record | None:
        command = [
            PEER, "scan", "--experimental-offline", "--experimental-all-packages", "--format",
            "json", "--skip-git", "--no-ignore", "--no-call-analysis=all", "-L", str(path),
        ]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, env=self._environment, check=False, timeout=300
        )
        if (
            b"could not extract from" in done.stderr
            or b"could not determine extractor" in done.stderr
        ):
            return None
        assert done.returncode in (0, 1), done.stderr.decode()
        report: Record = json.loads(done.stdout)
        return report


# Comparison -----------------------------------------------------------------------------------


@cache
def compare() -> Comparison:
    """Both sides on all lock files."""
    files = inputs()
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_feeds(folder / "none", [])
        lists, _ = ask_peer(files, folder / "none")
        ours = our_lists(files)
        write_feeds(folder / "all", [real(), probes([ours, lists])])
        database = folder / "database"
        make_beside(str(folder / "all"), str(database), told=lambda _line: None)
        _, theirs_vulnerable = ask_peer(files, folder / "all")
        ours_vulnerable = our_vulnerable(files, database)
    found: list[Difference] = []
    counts: Counter[str] = Counter()
    for name in lists:
        sides = {OURS: frozenset(ours[name]), THEIRS: frozenset(lists[name])}
        counts["packages"] += len(sides[OURS] & sides[THEIRS])
        found += _of_packages(name, files[name], sides)
        for package in sorted(sides[OURS] & sides[THEIRS]):
            known = {OURS: ours_vulnerable[name][package], THEIRS: theirs_vulnerable[name][package]}
            for ids in known[THEIRS]:
                if any(ids & other for other in known[OURS]):
                    counts["probed" if _is_probe(ids) else "vulnerable"] += 1
            for side, other in ((OURS, THEIRS), (THEIRS, OURS)):
                found += (
                    Difference(name, files[name], side, package, sides[other], min(ids))
                    for ids in known[side]
                    if not any(ids & each for each in known[other])
                )
    return Comparison(
        tuple(files), tuple(files.keys() - lists.keys()), counts["packages"],
        counts["vulnerable"], counts["probed"], tuple(found),
    )  # fmt: skip


def _is_probe(ids: Iterable[str]) -> bool:
    return any(id_.startswith("PROBE-") for id_ in ids)


def _of_packages(
    name: str, path: Path, sides: Mapping[str, frozenset[Package]]
) -> Iterator[Difference]:
    for side, other in ((OURS, THEIRS), (THEIRS, OURS)):
        for package in sorted(sides[side] - sides[other]):
            yield Difference(name, path, side, package, sides[other])
