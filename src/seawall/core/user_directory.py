"""Where the user's cache lives."""

import os
import sys
from collections.abc import Mapping

ENVIRONMENT = "SEAWALL_CACHE_DIR"


def directory(environment: Mapping[str, str]) -> str:
    """Where the cache lives (XDG Base Directory Specification; ``~/Library/Caches`` on macOS).

    Empty when there is no home directory.
    """
    own = environment.get(ENVIRONMENT)
    if own:
        return own
    base = environment.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # the specification: relative paths are to be ignored
        home = environment.get("HOME", "")
        if not os.path.isabs(home):
            return ""
        below = ("Library", "Caches") if sys.platform == "darwin" else (".cache",)
        base = os.path.join(home, *below)
    return os.path.join(base, "seawall")
