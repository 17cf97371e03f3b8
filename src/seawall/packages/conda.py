"""Packages that conda has installed: ``conda-meta/NAME-VERSION-BUILD.json``.

Sources: conda's documentation, "Package metadata in the environment"; the package URL
specification, type ``conda``. What pip has installed in an environment tells of itself.
"""

from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes, json_of, public


def read(file: File) -> Contents:
    """The package of one file of ``conda-meta``."""
    notes = Notes()
    table = json_of(file.data, notes)
    name = notes.text(table.get("name"), "name")
    version = notes.text(table.get("version"), "version")
    if not notes.fits(name, version):
        return Contents((), notes.problems)
    if not version:
        notes.add(name, "it has no version")
    given = (
        ("build", notes.text(table.get("build"), "build")),
        ("channel", _channel(notes.text(table.get("channel"), "channel"))),
        ("subdir", notes.text(table.get("subdir"), "subdir")),
    )
    wish = table.get("requested_spec")
    return Contents(
        (
            Package(
                "conda", name.lower(), version, key_path=("version",),
                direct=bool(wish) if isinstance(wish, str) else None,
                qualifiers=tuple((key, value) for key, value in given if value),
                download=public(notes.text(table.get("url"), "url")),
            ),
        ),
        notes.problems,
    )  # fmt: skip


def _channel(address: str) -> str:
    """``conda-forge`` of ``https://conda.anaconda.org/conda-forge/linux-64``."""
    parts = [part for part in public(address).rstrip("/").split("/") if part]
    if "://" not in address:
        return parts[0] if parts else ""
    return parts[2] if len(parts) > 2 else ""
