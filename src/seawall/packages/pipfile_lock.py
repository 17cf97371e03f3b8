"""Pipfile.lock of Pipenv, with the Pipfile beside it.

Source: https://pipenv.pypa.io/en/latest/pipfile.html. Beside ``default`` and ``develop`` there may
be categories of the project's own naming.
"""

from seawall.core.package_key import python_name
from seawall.packages import lock_toml, pep508
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, Table, json_of, public, text_of

_KNOWN_SPEC = 6
_GROUPS = {"default": "packages", "develop": "dev-packages"}
_SOURCES = ("git", "hg", "svn", "bzr", "file", "path", "url")


def read(file: File) -> Contents:
    """The packages of a Pipfile.lock."""
    notes = Notes()
    lock = json_of(file.data, notes)
    if "_meta" not in lock and "default" not in lock:
        raise Unreadable("it is no lock file of Pipenv")
    spec = notes.table(lock.get("_meta"), "_meta").get("pipfile-spec", _KNOWN_SPEC)
    if isinstance(spec, bool) or spec != _KNOWN_SPEC:
        notes.add(f"pipfile-spec {spec}", "this version of the format is not known")
    manifest = _manifest(file, notes)
    packages: dict[tuple[str, str, str], Package] = {}
    for group, value in lock.items():
        if group != "_meta":
            for package in _packages(group, notes.table(value, group), manifest, notes):
                identity = package.name, package.version, package.download
                known = packages.get(identity)
                if known is None or (known.development and not package.development):
                    packages[identity] = package
    return Contents(tuple(packages.values()), notes.problems)


def _manifest(file: File, notes: Notes) -> Table | None:
    data = file.beside("Pipfile")
    if data is None:
        return None
    try:
        return lock_toml.read(text_of(data)).value
    except Unreadable as error:
        notes.add("Pipfile", f"it cannot be read: {error.reason}", error.line)
        return None


def _packages(group: str, entries: Table, manifest: Table | None, notes: Notes) -> list[Package]:
    table = _GROUPS.get(group, group)
    asked = notes.table(manifest.get(table), table) if manifest is not None else {}
    wanted = {python_name(name): value for name, value in asked.items()}
    result = []
    for key, value in entries.items():
        name = python_name(key)
        entry = notes.table(value, key)
        pinned = notes.text(entry.get("version"), key)
        version = pep508.exact(pinned)
        source = next((kind for kind in _SOURCES if kind in entry), "")
        download = notes.text(entry.get(source), key) if source else ""
        if not notes.fits(name, version) or (source == "path" and download in (".", "./")):
            continue
        if not version and not download:
            notes.add(key, f"it is not pinned: {pinned}" if pinned else "it has no version")
        result.append(Package(
            "pypi", name, version,
            key_path=(group, key),
            direct=name in wanted if manifest is not None else None,
            development=group == "develop",
            constraint=_constraint(wanted.get(name)),
            download=public(download),
        ))  # fmt: skip
    return result


def _constraint(wanted: object) -> str:
    found = wanted.get("version") if isinstance(wanted, dict) else wanted
    return found if isinstance(found, str) and found != "*" else ""
