"""Configuration files of packages: what dpkg asks about, decided without asking (dpkg(1)).

A file that the image did not change becomes the new one; one that only the image changed, or took
away, stays. Where both changed it, somebody must look.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from seawall.packages.system import MAX_PATH
from seawall.patching.deb import Deb
from seawall.patching.dpkg_database import Database, Installed
from seawall.patching.tree import Tree
from seawall.sources.images.entry import FILE

WRITE, KEEP, CLASH = "write", "keep", "clash"


class Verdict(NamedTuple):
    """What becomes of a configuration file."""

    action: str
    sum: str
    """The MD5 sum of what the new version brings, which dpkg notes."""


def verdicts(tree: Tree, database: Database, old: Installed, new: Deb) -> Mapping[str, Verdict]:
    """What becomes of each configuration file of a new version, by its path."""
    contents = {each.entry.path: each.data for each in new.files if each.entry.kind is FILE}
    found = {}
    for path in new.conffiles:
        if path in contents and len(path) <= MAX_PATH:
            sum_ = md5(contents[path])
            found[path] = Verdict(_action(tree, database, old, path, sum_), sum_)
    return found


def _action(tree: Tree, database: Database, old: Installed, path: str, new: str) -> str:
    place = database.diverted(path, old.unit.name)
    node = tree.edited.tree.resolve(place)
    before = old.conffiles.get(path, "")
    if node is None:
        return KEEP if before or path in database.paths(old) else WRITE
    data = tree.data(place)
    current = md5(data) if data is not None else ""
    if old.file or (current and current == new):
        return KEEP
    known = before or database.sums(old).get(path, "")
    if known and current == known:
        return WRITE
    return KEEP if before and before == new else CLASH


def noted(old: Installed, new: Deb, found: Mapping[str, Verdict]) -> str:
    """The field ``Conffiles`` of the new version; empty where it has none."""
    lines = [f" /{path} {each.sum}" for path, each in found.items()]
    lines += [f" /{path} {sum_} obsolete" for path, sum_ in obsolete(old, new)]
    return "".join(f"\n{line}" for line in lines)


def obsolete(old: Installed, new: Deb) -> Iterator[tuple[str, str]]:
    """Configuration files that the new version has no more: they stay, and dpkg knows that."""
    brought = {each.entry.path for each in new.files}
    for path, sum_ in old.conffiles.items():
        if path not in brought:
            yield path, sum_


def md5(data: bytes) -> str:
    """The sum that dpkg keeps; it protects nothing here."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
