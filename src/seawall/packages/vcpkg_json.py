"""``vcpkg.json``, the manifest of vcpkg.

Source: vcpkg's documentation, reference of vcpkg.json. A dependency is a name or an object with
``name``, ``version>=``, ``host``; ``overrides`` says exact versions; all others follow from the
registry's state at ``builtin-baseline``, which is not in the file.
"""

from collections.abc import Iterator

from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes, Table, json_of

_VERSIONS = ("version", "version-semver", "version-date", "version-string")
KeyPath = tuple[str | int, ...]


def read(file: File) -> Contents:
    """The packages a manifest asks for."""
    notes = Notes()
    manifest = json_of(file.data, notes)
    overrides = dict(_overrides(manifest, notes))
    packages = list(_packages(manifest.get("dependencies"), (), overrides, notes))
    for name, item in notes.table(manifest.get("features"), "features").items():
        feature = notes.table(item, name)
        found = _packages(feature.get("dependencies"), ("features", name), overrides, notes)
        packages += (package._replace(optional=True) for package in found)
    return Contents(tuple(packages), notes.problems, notes.text(manifest.get("name"), "name"))


def _overrides(manifest: Table, notes: Notes) -> Iterator[tuple[str, str]]:
    for number, item in enumerate(notes.array(manifest.get("overrides"), "overrides")):
        what = f"overrides[{number}]"
        entry = notes.table(item, what)
        for key in _VERSIONS:
            if key in entry:
                version = notes.text(entry[key], f"{what}.{key}").partition("#")[0]
                yield notes.text(entry.get("name"), what), version


def _packages(
    value: object, path: KeyPath, overrides: dict[str, str], notes: Notes
) -> Iterator[Package]:
    for number, item in enumerate(notes.array(value, "dependencies")):
        what = f"dependencies[{number}]"
        entry = {"name": item} if isinstance(item, str) else notes.table(item, what)
        name = notes.text(entry.get("name"), what)
        # The part behind # counts the changes of the recipe, not of the software.
        least = notes.text(entry.get("version>="), what).partition("#")[0]
        version = overrides.get(name, "")
        if not name:
            notes.add(what, "it has no name")
        elif not version and not least:
            notes.add(name, "its version follows from the baseline of the registry")
        elif notes.fits(name, version or least):
            yield Package(
                "vcpkg", name, version, key_path=(*path, "dependencies", number),
                direct=True, development=entry.get("host") is True,
                constraint=f">={least}" if least else "",
            )  # fmt: skip
