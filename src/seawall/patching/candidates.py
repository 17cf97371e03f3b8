"""Packages that may take the place of older ones, wherever they come from."""

from collections.abc import Callable
from typing import NamedTuple

from seawall.patching.paragraphs import Paragraph
from seawall.patching.relations import Unit, unit_of

_SOURCE_GAP = " ("


class Candidate(NamedTuple):
    """A package in a version, not fetched yet."""

    unit: Unit
    source: tuple[str, str]
    """Name and version of the source package it was built from."""
    origin: str
    """Where it is from, for people."""
    fetch: Callable[[], bytes]
    """The file, verified. Raises ``InputError``."""

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.unit.name} {self.unit.version}"


def candidate_of(paragraph: Paragraph, origin: str, fetch: Callable[[], bytes]) -> Candidate:
    """A Debian package as a paragraph tells of it."""
    unit = unit_of(paragraph)
    return Candidate(unit, source_of(paragraph), origin, fetch)


def source_of(paragraph: Paragraph) -> tuple[str, str]:
    """The source package of a Debian package (Debian Policy, section 5.6.1)."""
    name, _, version = paragraph.get("Source").partition(_SOURCE_GAP)
    own = paragraph.get("Version")
    return name.strip() or paragraph.get("Package"), version.rstrip(") ") or own
