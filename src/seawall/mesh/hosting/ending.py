"""Programs of workloads that have ended: written down by who starts them, for the status to tell.

A mesh is up when its proxies are; what its programs do is their own affair, but nobody should have
to look for it.
"""

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from seawall.mesh.hosting.children import Child

_LARGEST = 1 << 20
Ended = Mapping[str, Mapping[str, Any]]
"""By workload: ``runs`` (whether it does), ``starts``, ``code`` (below 0: by a signal), ``log``."""


def ended(children: Iterable[Child]) -> Ended:
    """Those that have ended at least once since they were first started."""
    return {
        child.recipe.name: {
            "runs": bool(child.pid), "starts": child.starts, "code": child.ended,
            "log": child.recipe.log,
        }
        for child in children
        if not child.recipe.is_ours and child.ended is not None
    }  # fmt: skip


def write(path: str, found: Ended) -> None:
    """Replace the file as a whole."""
    aside = f"{path}.new"
    with open(aside, "w", encoding="utf-8") as stream:
        json.dump(found, stream)
    os.replace(aside, path)


def read(path: str) -> Ended:
    """What the file says; nothing where there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            found = json.loads(stream.read(_LARGEST))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
