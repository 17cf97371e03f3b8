"""Our packages of source trees beside those of syft (1.57.1).

``SEAWALL_SOURCE_TREES`` names a directory with a source tree in each of its directories; ``syft``
is on PATH. Both sides also tell what is for development only.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from seawall import engine
from seawall.engine.bills import gathered
from seawall.packages.cyclonedx_writer import write
from tests.oracles.osv_scanner import OURS, THEIRS, Comparison, Difference, Package

ENVIRONMENT = "SEAWALL_SOURCE_TREES"
PEER = "syft"
_NO_PACKAGES = ("file", "operating-system")


def trees() -> dict[str, Path]:
    """The source trees by their names."""
    folder = Path(os.environ[ENVIRONMENT]).resolve()
    return {path.name: path for path in sorted(folder.iterdir()) if path.is_dir()}


def peer() -> str | None:
    """Where the peer is; ``None`` when it is not on PATH."""
    return shutil.which(PEER)


def _packages(components: Iterable[dict[str, Any]]) -> frozenset[Package]:
    return frozenset(_package(item) for item in components if item["type"] not in _NO_PACKAGES)


def _package(component: dict[str, Any]) -> Package:
    """Type, name and version of a component's package URL, or its own name where it has none."""
    purl = component.get("purl", "").partition("?")[0].partition("#")[0]
    if not purl:
        return "", component["name"], component.get("version", "")
    type_, _, rest = unquote(purl).removeprefix("pkg:").partition("/")
    name, at, version = rest.rpartition("@")
    if not at or "/" in version:
        name, version = rest, ""
    if type_ in ("github", "githubactions"):
        return "githubactions", name.lower(), version.removeprefix("v")
    return type_, name, version


def ours(tree: Path) -> frozenset[Package]:
    """What ``seawall sbom`` lists."""
    found = gathered(engine.Options((str(tree),)))
    return _packages(json.loads(write(found.files, found.project, "")).get("components", ()))


def theirs(tree: Path) -> frozenset[Package]:
    """What syft lists."""
    environment = {
        **os.environ,
        "SYFT_CHECK_FOR_APP_UPDATE": "false",
        "SYFT_JAVASCRIPT_INCLUDE_DEV_DEPENDENCIES": "true",
        "SYFT_GOLANG_USE_PACKAGES_LIB": "false",
    }
    command = [PEER, f"dir:{tree}", "-q", "-o", "cyclonedx-json"]
    done = subprocess.run(command, capture_output=True, env=environment, check=True, timeout=600)
    return _packages(json.loads(done.stdout).get("components", ()))


@cache
def compare() -> Comparison:
    """Both sides on all trees."""
    found: list[Difference] = []
    both = 0
    for name, tree in trees().items():
        sides = {OURS: ours(tree), THEIRS: theirs(tree)}
        both += len(sides[OURS] & sides[THEIRS])
        for side, other in ((OURS, THEIRS), (THEIRS, OURS)):
            found += (
                Difference(name, tree, side, package, sides[other])
                for package in sorted(sides[side] - sides[other])
            )
    return Comparison(tuple(trees()), (), both, 0, 0, tuple(found))
