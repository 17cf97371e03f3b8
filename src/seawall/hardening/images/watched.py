"""What is to be run and watched (``--observe``)."""

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from seawall.hardening.images.verification.checks import Command, Http

PATIENCE = 30.0
"""Seconds for each run."""


class Watched(NamedTuple):
    """What is to be watched."""

    commands: tuple[Command, ...] = ()
    """Run in place of the image's process, each in a root of its own; one without words is that
    process."""
    pages: tuple[Http, ...] = ()
    """Asked of the image's process while it runs."""
    patience: float = PATIENCE
    seccomp: str = ""
    """The file that gets the seccomp profile."""

    def __bool__(self) -> bool:
        return bool(self.commands or self.pages)

    @property
    def files(self) -> tuple[str, ...]:
        """What is written of what is seen: the profile, and its wiring."""
        return (self.seccomp, wiring_of(self.seccomp)) if self.seccomp else ()

    def told(self) -> list[str]:
        """Each, as a person wrote it."""
        return [*(each.text for each in self.commands), *map(str, self.pages)]


NOTHING = Watched()


def wiring_of(path: str) -> str:
    """Where the wiring of a profile goes: beside it."""
    return os.path.splitext(path)[0] + ".yaml"


def present(paths: Iterable[tuple[str, str]], is_there: Callable[[str], bool]) -> list[str]:
    """Paths of an image, of those that its process used.

    What is not in the image was made by the process; so the directory above it is meant.
    """
    found: dict[str, None] = {}
    for _, path in paths:
        name = path.strip("/")
        while name and not is_there(name):
            name = name.rpartition("/")[0]
        if name:
            found[name] = None
    return sorted(found)
