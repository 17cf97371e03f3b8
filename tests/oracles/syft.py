"""Our packages of source trees beside those of syft (1.57.1).

``SEAWALL_SOURCE_TREES`` names a directory with a source tree in each of its directories; ``syft``
is on PATH. Both sides also tell what is for development only.
"""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from seawall import engine
from seawall.engine.bills import gathered
from tests.oracles.listing import listed, packages_of
from tests.oracles.osv_scanner import OURS, THEIRS, Comparison, Difference, Package

ENVIRONMENT = "SEAWALL_SOURCE_TREES"
PEER = "syft"


def trees() -> dict[str, Path]:
    """The source trees by their names."""
    folder = Path(os.environ[ENVIRONMENT]).resolve()
    return {path.name: path for path in sorted(folder.iterdir()) if path.is_dir()}


def peer() -> str | None:
    """Where the peer is; ``None`` when it is not on PATH."""
    return shutil.which(PEER)


def ours(tree: Path) -> frozenset[Package]:
    """What ``seawall sbom`` lists."""
    return listed(gathered(engine.Options((str(tree),))).files)


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
    return packages_of(json.loads(done.stdout).get("components", ()))


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
