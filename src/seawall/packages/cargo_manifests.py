"""Cargo.toml: what a package of Rust asks for, and how.

Source: https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html
"""

from typing import NamedTuple

from seawall.packages import lock_toml
from seawall.packages.package import File, Unreadable
from seawall.packages.reading import Notes, Table, text_of

GROUPS = {"dependencies": False, "dev-dependencies": True, "build-dependencies": True}
"""The tables of dependencies, and whether what they name is only needed to build or test."""
_MAX_MANIFESTS = 2000


class Wish(NamedTuple):
    """What one package asks for."""

    name: str = ""
    constraint: str = ""
    optional: bool = False
    development: bool = False
    path: str = ""
    """The directory it lies in, where it is no package of a registry."""
    download: str = ""
    """The repository it lies in."""
    group: tuple[str, ...] = ()
    """The table it stands in, and the key there."""


def wishes(manifest: Table, workspace: Table, notes: Notes) -> list[Wish]:
    """All dependencies of a manifest; those of ``workspace = true`` as the workspace has them."""
    shared = notes.table(workspace.get("dependencies"), "workspace.dependencies")
    result = []
    for group, is_development in GROUPS.items():
        places: list[tuple[tuple[str, ...], Table]] = [((group,), manifest)]
        if "-" in group:  # cargo still takes the old spelling
            places.append(((group.replace("-", "_"),), manifest))
        target = notes.table(manifest.get("target"), "target")
        places += [
            (("target", name, group), notes.table(value, name)) for name, value in target.items()
        ]
        for path, table in places:
            for name, value in notes.table(table.get(path[-1]), path).items():
                wish = _wish(name, value, shared, notes)
                result.append(wish._replace(development=is_development, group=(*path, name)))
    return result


def _wish(key: str, value: object, shared: Table, notes: Notes) -> Wish:
    if isinstance(value, str):
        return Wish(key, value)
    table = notes.table(value, key)
    is_optional = table.get("optional") is True
    if table.get("workspace") is True:
        inherited = shared.get(key, "")
        table = (
            {"version": inherited} if isinstance(inherited, str) else notes.table(inherited, key)
        )
    return Wish(
        notes.text(table.get("package"), key) or key,
        notes.text(table.get("version"), key),
        is_optional,
        path=notes.text(table.get("path"), key),
        download=notes.text(table.get("git"), key),
    )


class Manifests:
    """The manifests of the packages that a lock file has no source for, as far as they are found.

    A workspace names its members by globs; a directory that bears its package's name is found, as
    is one that a path dependency leads to.
    """

    def __init__(self, file: File, names: list[str], notes: Notes) -> None:
        self._file = file
        self._notes = notes
        self._wishes: dict[str, list[Wish]] = {}
        self.project = ""
        """Name of the package that the lock file lies beside; empty for a mere workspace."""
        root = self._load("")
        if root is None:
            return
        self._workspace = notes.table(root.get("workspace"), "workspace")
        self.project = notes.text(
            notes.table(root.get("package"), "package").get("name"), "package.name"
        )
        self._find(root, names)

    def _find(self, root: Table, names: list[str]) -> None:
        missing = set(names)
        todo = [("", root)]
        seen = {""}
        globs = self._notes.texts(self._workspace.get("members"), "workspace.members")
        places = [glob.replace("*", name) for glob in globs for name in names if "*" in glob]
        places += [glob for glob in globs if "*" not in glob]
        while missing and len(seen) < _MAX_MANIFESTS:
            if todo:
                directory, manifest = todo.pop()
            elif places:
                directory = places.pop().strip("/")
                found = self._load(directory) if directory not in seen else None
                seen.add(directory)
                if found is None:
                    continue
                manifest = found
            else:
                break
            name = self._notes.table(manifest.get("package"), "package").get("name")
            asked = wishes(manifest, self._workspace, self._notes)
            if isinstance(name, str) and name not in self._wishes:
                self._wishes[name] = asked
                missing.discard(name)
            places += [_join(directory, wish.path) for wish in asked if wish.path]

    def _load(self, directory: str) -> Table | None:
        path = f"{directory}/Cargo.toml" if directory else "Cargo.toml"
        data = self._file.beside(path)
        if data is None:
            return None
        try:
            return lock_toml.read(text_of(data)).value
        except Unreadable as error:
            self._notes.add(path, f"it cannot be read: {error.reason}", error.line)
            return None

    def wish(self, asking: str, name: str, version: str) -> Wish:
        """How a package of the project asks for another: at best as it is needed in production."""
        found = [wish for wish in self._wishes.get(asking, ()) if wish.name == name]
        if len({wish.constraint for wish in found}) > 1:  # two of one name, of different versions
            found = [wish for wish in found if _may_mean(wish.constraint, version)] or found
        return min(found, key=lambda wish: (wish.development, wish.optional), default=Wish(name))


def _may_mean(constraint: str, version: str) -> bool:
    wanted = constraint.lstrip("^~=v ").split(".")[:2]
    major = wanted[:1] if wanted[0] != "0" else wanted
    return major == version.split(".")[: len(major)]


def _join(directory: str, path: str) -> str:
    parts = [part for part in directory.split("/") if part]
    for part in path.split("/"):
        if part == "..":
            if parts and parts[-1] != "..":
                parts.pop()
            else:
                parts.append("..")
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
