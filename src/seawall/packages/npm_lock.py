"""package-lock.json and npm-shrinkwrap.json of npm, lock file versions 1, 2 and 3.

Sources: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json; for version 1
https://docs.npmjs.com/cli/v6/configuring-npm/package-lock-json. Version 2 holds the same twice,
for npm 6; only ``packages`` is read there, as npm 7 and later do.
"""

from collections.abc import Iterator

from seawall.core.named_tuple import NamedTuple
from seawall.packages.npm_names import (
    MANIFEST_GROUPS,
    download_of,
    is_elsewhere,
    split_alias,
)
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, Table, json_of, public

_KNOWN_VERSIONS = (1, 2, 3)
_MAX_PARTS = 400
"""Directories of a path of ``packages``; each may be looked into for each dependency."""
_MAX_PATH = 8000
_MAX_NESTED = 100
_MODULES = "node_modules/"


def read(file: File) -> Contents:
    """The packages of a lock file of npm; npm passes over one that a shrinkwrap lies beside."""
    is_shrinkwrap = file.path.endswith("npm-shrinkwrap.json")
    if not is_shrinkwrap and file.beside("npm-shrinkwrap.json") is not None:
        return Contents()
    notes = Notes()
    lock = json_of(file.data, notes)
    version = lock.get("lockfileVersion", 1)
    if isinstance(version, bool) or version not in _KNOWN_VERSIONS:
        notes.add(f"lockfileVersion {version}", "this version of the format is not known")
    project = notes.text(lock.get("name"), "name")
    if "packages" in lock:
        packages = _Tree(notes.table(lock["packages"], "packages"), notes).packages()
    elif "dependencies" in lock:
        manifest = _manifest(file, notes)
        packages = _Nested(
            notes.table(lock["dependencies"], "dependencies"), manifest, notes
        ).packages()
    elif "lockfileVersion" in lock:
        return Contents((), notes.problems, project)
    else:
        raise Unreadable("it has neither packages nor dependencies")
    return Contents(tuple(packages), notes.problems, project)


def _manifest(file: File, notes: Notes) -> Table | None:
    """The package.json beside a lock file of version 1, which does not say what is direct."""
    data = file.beside("package.json")
    if data is None:
        return None
    try:
        return json_of(data, Notes())
    except Unreadable as error:
        notes.add("package.json", f"it cannot be read: {error.reason}", error.line)
        return None


class _Wish(NamedTuple):
    """What a package or the project asks for."""

    name: str
    constraint: str
    development: bool = False


def _wishes(entry: Table, what: str, notes: Notes, groups: tuple[str, ...]) -> Iterator[_Wish]:
    for group in groups:
        if group in entry:
            wanted = notes.table(entry[group], f"{what} {group}")
            for name, constraint in wanted.items():
                text = notes.text(constraint, f"{what} {group} {name}")
                yield _Wish(name, split_alias(text)[1], group == "devDependencies")


# Versions 2 and 3: paths of directories ---------------------------------------------------------


class _Tree:
    """``packages``: one entry for each directory, which node's way of looking leads to."""

    def __init__(self, entries: Table, notes: Notes) -> None:
        self._notes = notes
        self._entries: dict[str, Table] = {}
        for path, entry in entries.items():
            if not isinstance(entry, dict):
                notes.table(entry, path)
            elif path.count("/") > _MAX_PARTS or len(path) > _MAX_PATH:
                notes.add(path, "it is nested too deeply")
            else:
                self._entries[path] = entry

    def packages(self) -> list[Package]:
        direct = self._direct()
        result = []
        for path, entry in self._entries.items():
            if _MODULES not in f"{path}/" or entry.get("link") is True:
                continue  # the project itself, its workspaces and what lies beside them
            package = self._package(path, entry, direct.get(path))
            if package:
                result.append(package)
        return result

    def _direct(self) -> dict[str, _Wish]:
        """What the project and its workspaces ask for, by path."""
        result: dict[str, _Wish] = {}
        for path, entry in self._entries.items():
            if _MODULES in f"{path}/" or entry.get("extraneous") is True:
                continue
            for wish in _wishes(entry, path, self._notes, MANIFEST_GROUPS):
                found = self._resolve(path, wish.name)
                if found is not None and (found not in result or result[found].development):
                    result[found] = wish
        return result

    def _package(self, path: str, entry: Table, wish: _Wish | None) -> Package | None:
        notes = self._notes
        name = notes.text(entry.get("name"), path) or path.rpartition(_MODULES)[2]
        version = notes.text(entry.get("version"), path)
        resolved = (
            notes.text(entry.get("resolved"), path) if entry.get("resolved") is not False else ""
        )
        if not notes.fits(name, version):
            return None
        if not version and not resolved:
            notes.add(path, "it has no version")
            return None
        is_optional = entry.get("optional") is True or entry.get("devOptional") is True
        return Package(
            "npm", name, version,
            key_path=("packages", path), key=path,
            requires=self._requires(path, entry),
            direct=wish is not None,
            development=entry.get("dev") is True,
            optional=is_optional,
            constraint=wish.constraint if wish else "",
            download=download_of(resolved),
        )  # fmt: skip

    def _requires(self, path: str, entry: Table) -> tuple[Requirement, ...]:
        result: dict[str, Requirement] = {}
        for wish in _wishes(entry, path, self._notes, MANIFEST_GROUPS[:3]):
            found = self._resolve(path, wish.name)
            if found is not None and _MODULES in f"{found}/":
                result.setdefault(found, Requirement(found, wish.constraint))
        return tuple(result.values())

    def _resolve(self, path: str, name: str) -> str | None:
        """Where node finds a name asked for in a directory: https://nodejs.org/api/modules.html."""
        while True:
            found = f"{path}/{_MODULES}{name}" if path else _MODULES + name
            entry = self._entries.get(found)
            if entry is not None:
                target = entry.get("resolved")
                is_link = entry.get("link") is True and isinstance(target, str)
                return str(target) if is_link else found
            if not path:
                return None
            path = _above(path)


def _above(path: str) -> str:
    """The next directory whose ``node_modules`` is looked into."""
    before, modules, _ = f"/{path}".rpartition(f"/{_MODULES}")
    if modules:
        return before[1:]
    return path.rpartition("/")[0]


# Version 1: a tree of names -------------------------------------------------------------------


class _Node(NamedTuple):
    """One entry of the tree and where it stands."""

    key_path: tuple[str, ...]
    entry: Table
    scopes: "tuple[dict[str, _Node], ...]"
    """What can be seen from it, the nearest last."""


_Scope = dict[str, _Node]
_Pending = tuple[Table, tuple[str, ...], _Scope, tuple[_Scope, ...]]


class _Nested:
    """``dependencies``: each name with those that lie in its own ``node_modules``."""

    def __init__(self, root: Table, manifest: Table | None, notes: Notes) -> None:
        self._notes = notes
        self._manifest = manifest
        self._nodes: list[_Node] = []
        self._root = self._walk(root)

    def _walk(self, root: Table) -> _Scope:
        top: _Scope = {}
        todo: list[_Pending] = [(root, ("dependencies",), top, (top,))]
        while todo:
            table, above, scope, scopes = todo.pop()
            for name, entry in table.items():
                key_path = (*above, name)
                if not isinstance(entry, dict):
                    self._notes.table(entry, name)
                    continue
                inner: _Scope = {}
                nested = self._notes.table(entry.get("dependencies"), f"{name} dependencies")
                seen = (*scopes, inner) if nested else scopes
                node = scope[name] = _Node(key_path, entry, seen)
                self._nodes.append(node)
                if len(seen) > _MAX_NESTED:
                    self._notes.add(name, "it is nested too deeply")
                elif nested:
                    todo.append((nested, (*key_path, "dependencies"), inner, seen))
        return top

    def packages(self) -> list[Package]:
        wishes = self._wishes()
        result = []
        for node in self._nodes:
            name = node.key_path[-1]
            is_top = len(node.key_path) == 2
            wish = wishes.get(name) if is_top and wishes is not None else None
            package = self._package(node, wish)
            if package:
                direct = wish is not None if wishes is not None else None
                result.append(package._replace(direct=direct))
        return result

    def _wishes(self) -> dict[str, _Wish] | None:
        if self._manifest is None:
            return None
        return {
            wish.name: wish
            for wish in _wishes(self._manifest, "package.json", Notes(), MANIFEST_GROUPS[::-1])
        }

    def _package(self, node: _Node, wish: _Wish | None) -> Package | None:
        notes, entry, name = self._notes, node.entry, node.key_path[-1]
        real, version = split_alias(notes.text(entry.get("version"), name))
        download = download_of(
            notes.text(entry.get("resolved"), name) if entry.get("resolved") else ""
        )
        if is_elsewhere(version):  # file:../x, git+ssh://host/x.git#commit, https://host/x.tgz
            version, download = "", public(version)
        if not notes.fits(real or name, version):
            return None
        if not version and not download:
            notes.add(name, "it has no version")
            return None
        return Package(
            "npm", real or name, version,
            key_path=node.key_path, key=_path(node.key_path),
            requires=self._requires(node),
            development=entry.get("dev") is True,
            optional=entry.get("optional") is True,
            constraint=wish.constraint if wish else "",
            download=download,
        )  # fmt: skip

    def _requires(self, node: _Node) -> tuple[Requirement, ...]:
        wanted = node.entry.get("requires")
        if wanted is None or isinstance(wanted, bool):
            return ()
        result = []
        name = node.key_path[-1]
        for other, constraint in self._notes.table(wanted, f"{name} requires").items():
            text = self._notes.text(constraint, f"{name} requires {other}")
            for scope in reversed(node.scopes):
                if other in scope:
                    key = _path(scope[other].key_path)
                    result.append(Requirement(key, split_alias(text)[1]))
                    break
        return tuple(result)


def _path(key_path: tuple[str, ...]) -> str:
    """The directory of an entry, as version 3 writes it."""
    return "/".join(_MODULES + name for name in key_path[1::2])
