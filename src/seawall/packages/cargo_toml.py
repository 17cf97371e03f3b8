"""Cargo.toml: what a package of Rust asks for, where no Cargo.lock says it better.

Source: https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html
"""

from seawall.core.lazy import pattern
from seawall.packages import lock_toml
from seawall.packages.cargo_manifests import wishes
from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes, public, text_of

_EXACT = pattern(r"\s*=\s*(\d{1,15}\.\d{1,15}\.\d{1,15}(?:[-+][0-9A-Za-z.+-]+)?)\s*")
_MAX_ABOVE = 6


def read(file: File) -> Contents:
    """What a Cargo.toml asks for; nothing where a lock file lies beside it or above."""
    notes = Notes()
    text = text_of(file.data)
    manifest = lock_toml.read(text).value
    project = notes.text(
        notes.table(manifest.get("package"), "package").get("name"), "package.name"
    )
    if any(file.beside("../" * number + "Cargo.lock") is not None for number in range(_MAX_ABOVE)):
        return Contents((), notes.problems, project)
    workspace = notes.table(manifest.get("workspace"), "workspace")
    lines = text.split("\n")
    packages = []
    for wish in wishes(manifest, workspace, notes):
        if wish.path and not wish.constraint:
            continue  # another part of the same project
        line = _line(lines, wish.group)
        found = _EXACT.fullmatch(wish.constraint)
        version = found[1] if found else ""
        if notes.fits(wish.name, version, line):
            packages.append(Package(
                "cargo", wish.name, version, line,
                direct=True, development=wish.development, optional=wish.optional,
                constraint=wish.constraint, download=public(wish.download),
            ))  # fmt: skip
    return Contents(tuple(packages), notes.problems, project)


def _line(lines: list[str], group: tuple[str, ...]) -> int:
    """The line of a dependency: of its key below its table's header, or of a table of its own."""
    *path, name = group
    own = f"{path[-1]}.{name}]"
    is_inside = False
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if line[:1] == "[":
            if line.endswith(own):
                return number
            is_inside = line.rstrip("]").endswith(path[-1]) and (len(path) == 1 or path[1] in line)
        elif is_inside and line.startswith(name) and line[len(name) :].lstrip()[:1] in ("=", "."):
            return number
    return 0
