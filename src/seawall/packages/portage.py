"""Gentoo's package database: ``var/db/pkg/CATEGORY/NAME-VERSION``.

Sources: the Package Manager Specification, chapter 3 (names and versions) and Portage's
``dbapi/vartree.py`` (the files of an entry; ``CONTENTS`` has ``dir``, ``obj`` and ``sym``).
"""

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes
from seawall.packages.system import MAX_PATH, MAX_PATHS, Facts, Holding

_NAME_VERSION = pattern(
    r"(?P<name>[A-Za-z0-9_][A-Za-z0-9+_-]*?)-"
    r"(?P<version>\d+(?:\.\d+)*[a-z]?(?:_(?:pre|p|beta|alpha|rc)\d*)*(?:-r\d+)?)"
)
_MAX_VALUE = 300


def read(file: File) -> Facts:
    """The package of an entry, told by its file ``PF``; slot and repository lie beside it."""
    notes = Notes()
    parts = file.path.split("/")
    full = file.data[:_MAX_VALUE].decode("utf-8", "replace").strip()
    found = _NAME_VERSION.fullmatch(full)
    if found is None or len(parts) < 3:
        raise Unreadable("it tells no name and version")
    category = _beside(file, "CATEGORY") or parts[-3]
    name = f"{category}/{found['name']}"
    if not notes.fits(name, found["version"]):
        return Facts(Contents((), notes.problems), shelf="ebuild")
    slot, repository = _beside(file, "SLOT").partition("/")[0], _beside(file, "repository")
    qualifiers = (("repository", repository), ("slot", slot))
    package = Package(
        "ebuild", name, found["version"], key=f"{parts[-3]}/{parts[-2]}",
        qualifiers=tuple(item for item in qualifiers if item[1] and item != ("slot", "0")),
    )  # fmt: skip
    return Facts(Contents((package,), notes.problems), shelf="ebuild")


def read_files(file: File) -> Facts:
    """The paths of a ``CONTENTS``: ``obj PATH SUM TIME``, ``sym PATH -> TARGET TIME``, ``dir``."""
    parts = file.path.split("/")
    paths = []
    for row in file.data.decode("utf-8", "surrogateescape").split("\n", MAX_PATHS)[:MAX_PATHS]:
        kind, _, rest = row.partition(" ")
        if kind == "obj":
            rest = rest.rsplit(" ", 2)[0]
        elif kind == "sym":
            rest = rest.partition(" -> ")[0]
        elif kind != "dir":
            continue
        rest = rest.lstrip("/")
        if rest and len(rest) <= MAX_PATH:
            paths.append(rest)
    package = "/".join(parts[-3:-1])
    return Facts(holdings=(Holding(package, tuple(paths)),), shelf="ebuild")


def _beside(file: File, name: str) -> str:
    data = file.beside(name)
    return "" if data is None else data[:_MAX_VALUE].decode("utf-8", "replace").strip()
