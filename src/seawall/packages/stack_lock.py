"""``stack.yaml.lock`` of Haskell.

Source: Stack's documentation, "Lock files". ``packages`` holds what stack.yaml adds to a snapshot
(``hackage: aeson-2.0.3.0@sha256:...,1234``); what comes from the snapshot itself stands elsewhere.
"""

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes
from seawall.packages.yaml_reading import yaml_of

_PINNED = pattern(r"([A-Za-z0-9][A-Za-z0-9-]*?)-([0-9]+(?:\.[0-9]+)*)(?:@.*)?")


def read(file: File) -> Contents:
    """The packages that are named in a lock file of Stack."""
    notes = Notes()
    lock = yaml_of(file.data)
    packages = []
    for number, item in enumerate(notes.array(lock.get("packages"), "packages")):
        what = f"packages[{number}]"
        completed = notes.table(notes.table(item, what).get("completed"), what)
        pinned = notes.text(completed.get("hackage"), what)
        found = _PINNED.fullmatch(pinned)
        name = found[1] if found else notes.text(completed.get("name"), what)
        version = found[2] if found else notes.text(completed.get("version"), what)
        if not name or not version:
            notes.add(pinned or what, "it has no name and version")
        elif notes.fits(name, version):
            keys = ("git", "hg", "url", "archive")
            places = (notes.text(completed.get(key), what) for key in keys)
            packages.append(
                Package(
                    "hackage", name, version, key_path=("packages", number),
                    direct=True, download=next(filter(None, places), ""),
                )
            )  # fmt: skip
    for number, item in enumerate(notes.array(lock.get("snapshots"), "snapshots")):
        what = f"snapshots[{number}]"
        entry = notes.table(item, what)
        original = entry.get("original")
        if isinstance(original, dict):
            original = original.get("url") or original.get("name")
        name = original if isinstance(original, str) else what
        notes.add(name, "which packages of the snapshot are used is not in the file")
    return Contents(tuple(packages), notes.problems)
