"""``renv.lock`` of R.

Source: renv's article "The lockfile": ``R`` and ``Packages``, each with ``Package``, ``Version``,
``Source`` (Repository, Bioconductor, GitHub, ...), ``Requirements``; since renv 1.1 the fields of
DESCRIPTION (``Depends``, ``Imports``, ``LinkingTo``) instead of the last one.
"""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.packages.closing import closed
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, Table, json_of

_NEEDS = ("Requirements", "Depends", "Imports", "LinkingTo")
_NEED = pattern(r"\s*([A-Za-z][A-Za-z0-9.]*)\s*(?:\(([^()]*)\))?\s*")


def read(file: File) -> Contents:
    """The packages of a lock file of renv."""
    notes = Notes()
    lock = json_of(file.data, notes)
    if "Packages" not in lock:
        raise Unreadable("it has no Packages: it is no lock file of renv")
    entries = {
        key: notes.table(item, key)
        for key, item in notes.table(lock["Packages"], "Packages").items()
    }
    packages = []
    for key, entry in entries.items():
        name = notes.text(entry.get("Package"), f"{key}.Package") or key
        version = notes.text(entry.get("Version"), f"{key}.Version")
        if not version:
            notes.add(key, "it has no version")
        elif notes.fits(name, version):
            packages.append(
                Package(
                    _type(entry), name, version, key_path=("Packages", key), key=key,
                    requires=tuple(_requires(entry, key, entries, notes)),
                    download=_download(entry),
                )
            )  # fmt: skip
    return Contents(closed(packages), notes.problems)


def _type(entry: Table) -> str:
    return "bioconductor" if entry.get("Source") == "Bioconductor" else "cran"


def _download(entry: Table) -> str:
    """Where it comes from when that is no repository of packages."""
    host, user, repository = (
        entry.get(key) for key in ("RemoteHost", "RemoteUsername", "RemoteRepo")
    )
    if isinstance(entry.get("RemoteUrl"), str):
        return str(entry["RemoteUrl"])
    if isinstance(user, str) and isinstance(repository, str) and entry.get("Source") == "GitHub":
        host = host if isinstance(host, str) and host != "api.github.com" else "github.com"
        return f"https://{host}/{user}/{repository}"
    return ""


def _requires(entry: Table, key: str, known: Table, notes: Notes) -> Iterator[Requirement]:
    seen = set()
    for field in _NEEDS:
        value = entry.get(field)
        if isinstance(value, str):  # as DESCRIPTION has it
            value = value.split(",")
        for need in notes.texts(value, f"{key}.{field}"):
            found = _NEED.fullmatch(need)
            if found and found[1] in known and found[1] not in seen:
                seen.add(found[1])
                yield Requirement(found[1], (found[2] or "").strip())
