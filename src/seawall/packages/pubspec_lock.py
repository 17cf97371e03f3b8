"""``pubspec.lock`` of Dart and Flutter.

Source: https://dart.dev/tools/pub/glossary and the package ``pub`` itself (``lock_file.dart``):
each package has ``dependency`` (direct main, direct dev, direct overridden, transitive), ``source``
(hosted, git, path, sdk), ``description`` and ``version``.
"""

from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes, Table
from seawall.packages.registries import is_default
from seawall.packages.yaml_reading import yaml_of


def read(file: File) -> Contents:
    """The packages of a lock file of Dart; those of an SDK or of the project's own are none."""
    notes = Notes()
    packages = []
    for name, item in notes.table(yaml_of(file.data).get("packages"), "packages").items():
        entry = notes.table(item, name)
        source = notes.text(entry.get("source"), f"{name}.source")
        if source in ("path", "sdk"):
            continue
        version = notes.text(entry.get("version"), f"{name}.version")
        dependency = notes.text(entry.get("dependency"), f"{name}.dependency")
        if not version:
            notes.add(name, "it has no version")
        elif notes.fits(name, version):
            packages.append(
                Package(
                    "pub", name, version, key_path=("packages", name),
                    direct=dependency.startswith("direct") if dependency else None,
                    development=dependency == "direct dev",
                    download=_download(entry, name, source, notes),
                )
            )  # fmt: skip
    return Contents(tuple(packages), notes.problems)


def _download(entry: Table, name: str, source: str, notes: Notes) -> str:
    description = entry.get("description")
    if isinstance(description, str):  # lock files of Dart 1
        return description if source == "git" else ""
    description = notes.table(description, f"{name}.description")
    url = notes.text(description.get("url"), f"{name}.description.url")
    return "" if source == "hosted" and is_default("pub", url) else url
