"""``Package.resolved`` of the Swift Package Manager, versions 1, 2 and 3.

Source: swift-package-manager, ``PinsStore.swift``/``ResolvedPackagesStore.swift``. A package is
known by where it is fetched from, as the purl type ``swift`` has it:
``github.com/apple/swift-nio``.
"""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, Table, json_of

_ADDRESS = pattern(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^@/]*@)?([^/:]+)(?::\d+)?[:/](.+)", 2)


def read(file: File) -> Contents:
    """The packages that were resolved."""
    notes = Notes()
    resolved = json_of(file.data, notes)
    version = resolved.get("version")
    path: KeyPath = ("pins",)
    if version == 1:
        resolved = notes.table(resolved.get("object"), "object")
        path = ("object", "pins")
    if "pins" not in resolved:
        raise Unreadable("it has no pins")
    if version not in (1, 2, 3):
        notes.add(f"version {version}", "this version of the format is not known")
    packages: list[Package] = []
    for number, item in enumerate(notes.array(resolved["pins"], "pins")):
        what = f"pins[{number}]"
        packages += _packages(notes.table(item, what), what, (*path, number), notes)
    return Contents(tuple(packages), notes.problems)


def _packages(pin: Table, what: str, key_path: KeyPath, notes: Notes) -> Iterator[Package]:
    identity = notes.text(pin.get("identity", pin.get("package")), what)
    state = notes.table(pin.get("state"), what)
    version = notes.text(state.get("version"), what)
    kind = pin.get("kind")
    if kind in ("localSourceControl", "fileSystem"):
        return
    address = notes.text(pin.get("location", pin.get("repositoryURL")), what)
    name = repository_name(address)
    if kind == "registry":  # ``scope.name``; its repository is not told
        notes.add(identity or what, "it comes from a registry: its repository is not known")
    elif not name:
        notes.add(identity or what, "it has no address of a repository")
    elif not version:
        at = notes.text(state.get("branch"), what) or notes.text(state.get("revision"), what)
        notes.add(name, f"it is at {at[:40] or 'a revision'}: it has no version")
    elif notes.fits(name, version):
        yield Package("swift", name, version, key_path=key_path, key=identity)


def repository_name(address: str) -> str:
    """Host and path of the address of a repository: ``github.com/apple/swift-nio``."""
    found = _ADDRESS.fullmatch(address.strip())
    if found is None:
        return ""
    host, path = found[1].lower(), found[2].strip("/").removesuffix(".git")
    return f"{host}/{path}" if path else ""
