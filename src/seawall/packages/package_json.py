"""package.json: of a project, what it asks for; in ``node_modules``, what is installed.

Sources: https://docs.npmjs.com/cli/v11/configuring-npm/package-json;
https://nodejs.org/api/modules.html#loading-from-node_modules-folders
"""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.packages import npm_names
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, Table, json_of

_LOCKS = (
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock",
)  # fmt: skip
_MAX_ABOVE = 6
_INSTALLED = pattern(r"(?:.*/)?node_modules/((?:@[^/]+/)?[^/@]+)/package\.json")


class Wish(NamedTuple):
    """What a manifest asks for."""

    name: str
    """What the project calls it, which is not its own name where it is an alias."""
    wanted: str
    """As it is written: ``^1.0.0``, ``npm:real@^1``, ``git+https://example.org/a.git``."""
    group: str

    @property
    def development(self) -> bool:
        """Whether it is only asked for to build and test."""
        return self.group == "devDependencies"

    @property
    def optional(self) -> bool:
        """Whether the project does without."""
        return self.group in ("optionalDependencies", "peerDependencies")


def read(file: File) -> Contents:
    """What a package.json tells, by where it lies."""
    if "node_modules/" in file.path:
        found = _INSTALLED.fullmatch(file.path)
        return _installed(file) if found else Contents()
    return _asked_for(file)


def _installed(file: File) -> Contents:
    """The package that a directory of ``node_modules`` holds."""
    notes = Notes()
    table = json_of(file.data, notes)
    name = notes.text(table.get("name"), "name")
    version = notes.text(table.get("version"), "version")
    if not name or not version:
        return Contents(
            (), notes.problems
        )  # no package: https://github.com/npm/cli says both or none
    if not notes.fits(name, version):
        return Contents((), notes.problems)
    resolved = notes.text(table.get("_resolved"), "_resolved")  # of npm before version 7
    package = Package(
        "npm", name, version, key_path=("version",), download=npm_names.download_of(resolved)
    )
    return Contents((package,), notes.problems)


def _asked_for(file: File) -> Contents:
    notes = Notes()
    table = json_of(file.data, notes)
    project = notes.text(table.get("name"), "name")
    if _is_locked(file):
        return Contents((), notes.problems, project)
    packages = []
    for wish in wishes(table, notes):
        real, wanted = npm_names.split_alias(wish.wanted)
        if wanted.startswith(("workspace:", "link:", "portal:")):
            continue  # another part of the same project
        is_elsewhere = npm_names.is_elsewhere(wanted)
        version = npm_names.exact(wanted)
        if notes.fits(real or wish.name, version):
            packages.append(Package(
                "npm", real or wish.name, version,
                key_path=(wish.group, wish.name), key=f"{wish.group}/{wish.name}",
                direct=True, development=wish.development, optional=wish.optional,
                constraint=wanted, download=wanted if is_elsewhere else "",
            ))  # fmt: skip
    return Contents(tuple(packages), notes.problems, project)


def wishes(table: Table, notes: Notes) -> Iterator[Wish]:
    """What a manifest, or a part of a lock file of its form, asks for."""
    for group in npm_names.MANIFEST_GROUPS:
        for name, wanted in notes.table(table.get(group), group).items():
            text = notes.text(wanted, f"{group} {name}")
            yield Wish(name, text, group)


def beside(file: File, notes: Notes, path: str = "package.json") -> Table | None:
    """The manifest beside a lock file."""
    data = file.beside(path)
    if data is None:
        return None
    try:
        return json_of(data, Notes())
    except Unreadable as error:
        notes.add(path, f"it cannot be read: {error.reason}", error.line)
        return None


def _is_locked(file: File) -> bool:
    """Whether a lock file lies beside a manifest, or is that of the workspaces it is part of."""
    if any(file.beside(name) is not None for name in _LOCKS):
        return True
    for number in range(1, _MAX_ABOVE):
        above = "../" * number
        locks = [name for name in _LOCKS if file.beside(above + name) is not None]
        if locks:
            if file.beside(above + "pnpm-workspace.yaml") is not None:
                return True
            root = file.beside(above + "package.json")
            return root is not None and b'"workspaces"' in root
    return False
