"""Our packages of real images beside those of syft (1.57.1), which is on PATH."""

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from seawall.engine.containers.named import find
from seawall.engine.containers.scanning import read
from seawall.engine.containers.whole import Whole
from tests.oracles.osv_scanner import OURS, THEIRS
from tests.realimages.images import made

PEER = "syft"
Package = tuple[str, str, str]
"""Type, name in its normal form, and version."""


class Difference(NamedTuple):
    """A package that one side alone has."""

    image: int
    side: str
    package: Package
    paths: tuple[str, ...]
    """The files that tell of it, without a leading ``/``."""
    others: frozenset[Package]
    """The packages of the other side."""
    owners: frozenset[Package]
    """On our side: the packages of the system that these files are a part of."""


class Comparison(NamedTuple):
    """What both have, and every difference."""

    packages: int
    differences: tuple[Difference, ...]


def peer() -> str | None:
    """Where the peer is; ``None`` when it is not on PATH."""
    return shutil.which(PEER)


def _normal(type_: str, name: str, version: str) -> Package:
    if type_ == "pypi":
        name = re.sub(r"[-_.]+", "-", name).lower()
    if type_ == "maven":
        name = name.replace("/", ":")
    if type_ == "golang":
        version = version.removeprefix("v")
    return type_, name, version


def ours(whole: Whole) -> dict[Package, set[str]]:
    """What we list, each with the files that tell of it."""
    found: dict[Package, set[str]] = {}
    for path, contents in whole.packages.files:
        for each in contents.packages:
            found.setdefault(_normal(each.type, each.name, each.version), set()).add(path)
    return found


def theirs(layout: Path) -> dict[Package, set[str]]:
    """What syft lists."""
    command = [PEER, f"oci-dir:{layout}", "-q", "-o", "syft-json"]
    environment = {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"}
    done = subprocess.run(command, capture_output=True, env=environment, check=True, timeout=600)
    found: dict[Package, set[str]] = {}
    for item in json.loads(done.stdout)["artifacts"]:
        places = {place["path"].lstrip("/") for place in item["locations"]}
        found.setdefault(_package(item), set()).update(places)
    return found


def _package(item: dict[str, Any]) -> Package:
    purl = item["purl"].partition("?")[0].partition("#")[0]
    if not purl:
        return "", item["name"], item["version"]
    type_, _, rest = unquote(purl).removeprefix("pkg:").partition("/")
    name, at, version = rest.rpartition("@")
    if not at:
        name, version = rest, ""
    if type_ == "deb":
        name = name.rpartition("/")[2]
    return _normal(type_, name, version)


@cache
def compare() -> Comparison:
    """Both sides on all images."""
    both = 0
    found: list[Difference] = []
    for number, image in enumerate(made()):
        (whole,) = [read(each, None, b"")[1] for each in find([str(image.layout)]).images]
        sides = {OURS: ours(whole), THEIRS: theirs(image.layout)}
        both += len(sides[OURS].keys() & sides[THEIRS].keys())
        covered = {item.path: item for item in whole.packages.covered}
        for side, other in ((OURS, THEIRS), (THEIRS, OURS)):
            others = frozenset(sides[other])
            for package in sorted(sides[side].keys() - others):
                paths = tuple(sorted(sides[side][package]))
                owners = {
                    _normal(owner.type, owner.name, owner.version)
                    for path in paths
                    if (owner := whole.packages.owner_of(path)) is not None
                }
                owners |= {
                    _normal(covered[path].owner.type, covered[path].owner.name,
                            covered[path].owner.version)
                    for path in paths if path in covered
                }  # fmt: skip
                found.append(Difference(number, side, package, paths, others, frozenset(owners)))
    return Comparison(both, tuple(found))
