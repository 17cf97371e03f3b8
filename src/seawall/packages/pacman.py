"""Arch Linux's package database: ``var/lib/pacman/local/NAME-VERSION/desc`` and ``files``.

Source: pacman's ``lib/libalpm/be_local.c``: blocks of ``%KEY%`` and the lines behind it, up to an
empty one.
"""

from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes
from seawall.packages.system import MAX_PATH, MAX_PATHS, Facts, Holding

_DEPENDS = 1


def read(file: File) -> Facts:
    """The package of a ``desc``."""
    notes = Notes()
    blocks = _blocks(file.data)
    name, version = _first(blocks, "NAME"), _first(blocks, "VERSION")
    if not name:
        raise Unreadable("it tells no name")
    if not notes.fits(name, version):
        return Facts(Contents((), notes.problems), shelf="alpm")
    if not version:
        notes.add(name, "it has no version")
    architecture, base = _first(blocks, "ARCH"), _first(blocks, "BASE")
    reason = _first(blocks, "REASON")
    package = Package(
        "alpm", name, version, key=f"{name}-{version}",
        direct=reason != str(_DEPENDS),
        qualifiers=(("arch", architecture),) if architecture else (),
        source=(base, version) if base and base != name else ("", ""),
        supplier=_first(blocks, "PACKAGER"),
    )  # fmt: skip
    return Facts(Contents((package,), notes.problems), shelf="alpm")


def read_files(file: File) -> Facts:
    """The paths of a ``files``; those of directories end in a slash, which is left out."""
    parts = file.path.split("/")
    paths = (path.rstrip("/") for path in _blocks(file.data).get("FILES", ()))
    kept = tuple(path for path in paths if path and len(path) <= MAX_PATH)
    return Facts(holdings=(Holding(parts[-2] if len(parts) > 1 else "", kept),), shelf="alpm")


def _blocks(data: bytes) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    block: list[str] | None = None
    for row in data.decode("utf-8", "surrogateescape").split("\n", MAX_PATHS)[:MAX_PATHS]:
        if len(row) > 2 and row[0] == row[-1] == "%":
            block = result.setdefault(row[1:-1], [])
        elif not row:
            block = None
        elif block is not None:
            block.append(row)
    return result


def _first(blocks: dict[str, list[str]], key: str) -> str:
    return next(iter(blocks.get(key, ())), "").strip()[:2000]
