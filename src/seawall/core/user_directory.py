"""Where what is the user's lives: the cache, and whatever else has a place of its own."""

import os
import sys
from collections.abc import Mapping, Sequence

ENVIRONMENT = "SEAWALL_CACHE_DIR"


def directory(environment: Mapping[str, str]) -> str:
    """Where the cache lives (XDG Base Directory Specification; ``~/Library/Caches`` on macOS).

    Empty when there is no home directory.
    """
    below = ("Library", "Caches") if sys.platform == "darwin" else (".cache",)
    return of(environment, ENVIRONMENT, "XDG_CACHE_HOME", below)


def of(environment: Mapping[str, str], own: str, base: str, below: Sequence[str]) -> str:
    """A directory of ours: what ``own`` names, or one below what ``base`` names or the home.

    ``own`` and ``base`` are variables of the environment, ``below`` the usual place in the home.
    Empty when there is no home directory.
    """
    named = environment.get(own)
    if named:
        return named
    directory = environment.get(base, "")
    if not os.path.isabs(directory):  # the specification: relative paths are to be ignored
        home = environment.get("HOME", "")
        if not os.path.isabs(home):
            return ""
        directory = os.path.join(home, *below)
    return os.path.join(directory, "seawall")
