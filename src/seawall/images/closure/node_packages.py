"""Where Node.js finds modules: ``node_modules`` upwards, and what ``package.json`` says.

Source: Node.js, "Modules: CommonJS modules" (the algorithm of ``require.resolve``) and "Modules:
Packages" (``exports``, ``imports``, conditions).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from seawall.images.closure.keeper import Keeper
from seawall.sources.images.entry import DIRECTORY

ENDS = ("", ".js", ".json", ".node", ".mjs", ".cjs", ".ts", ".mts", ".cts")
_CONDITIONS = frozenset(
    "default import module module-sync node node-addons production require".split()
)
_MAX_MANIFEST = 4 << 20
_MAX_DEPTH = 20


class Package(NamedTuple):
    """A directory with a ``package.json``."""

    path: str
    manifest: Mapping[str, object]

    @property
    def dependencies(self) -> list[str]:
        """The packages that it says it needs at run time."""
        found: list[str] = []
        for key in ("dependencies", "optionalDependencies", "peerDependencies"):
            table = self.manifest.get(key)
            found += [str(name) for name in table] if isinstance(table, dict) else []
        return found


class Packages:
    """Looks up packages and modules."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._known: dict[str, Package | None] = {}
        self._global = tuple(
            keeper.place(place)
            for place in keeper.root.configuration.variable("NODE_PATH").split(":")
            if place
        )

    def at(self, directory: str) -> Package | None:
        """The package of a directory."""
        if directory not in self._known:
            self._known[directory] = self._read(directory)
        return self._known[directory]

    def _read(self, directory: str) -> Package | None:
        import json  # noqa: PLC0415 - not at start-up

        path = f"{directory}/package.json" if directory else "package.json"
        if not self._keeper.has_file(path):
            return None
        try:
            table = json.loads(self._keeper.text(path, _MAX_MANIFEST))
        except (ValueError, RecursionError):
            table = {}
        return Package(directory, table if isinstance(table, dict) else {})

    def around(self, path: str) -> Package | None:
        """The package that a file is of: the nearest ``package.json`` above it."""
        while path:
            path = path.rpartition("/")[0]
            if path.rpartition("/")[2] == "node_modules":
                return None
            found = self.at(path)
            if found is not None:
                return found
        return None

    def installed(self, name: str, path: str) -> str | None:
        """The directory of a package as a file at a path finds it, links followed."""
        above = path
        while above:
            above = above.rpartition("/")[0]
            if above.rpartition("/")[2] != "node_modules":
                place = f"{above}/node_modules/{name}".lstrip("/")
                found = self._directory(place)
                if found is not None:
                    return found
        for start in self._global:
            found = self._directory(f"{start}/{name}")
            if found is not None:
                return found
        return None

    def _directory(self, place: str) -> str | None:
        above, _, last = place.rpartition("/")
        if last not in self._keeper.names(above):
            return None
        found = self._keeper.find(place)
        return place if found is not None and found.kind is DIRECTORY else None

    # Files.

    def file(self, path: str) -> str | None:
        """The file that a path means: as it is, with an end, or as a directory."""
        for end in ENDS:
            if self._keeper.has_file(f"{path}{end}"):
                return f"{path}{end}"
        for end in (".js", ".mjs", ".cjs"):
            written = path.removesuffix(end)
            if written != path and self._keeper.has_file(f"{written}.ts"):
                return f"{written}.ts"
        found = self._keeper.find(path)
        if found is None or found.kind is not DIRECTORY:
            return None
        return self.main(found.path)

    def main(self, directory: str) -> str | None:
        """The file that a directory stands for."""
        package = self.at(directory)
        named = package.manifest.get("main") if package is not None else None
        if isinstance(named, str) and named:
            place = self._keeper.place(named, directory)
            for path in (*(f"{place}{end}" for end in ENDS), f"{place}/index.js"):
                if self._keeper.has_file(path):
                    return path
        for name in ("index.js", "index.json", "index.node", "index.mjs", "index.cjs"):
            if self._keeper.has_file(f"{directory}/{name}"):
                return f"{directory}/{name}"
        return None

    def exported(self, package: Package, below: str) -> Iterator[str]:
        """The files that a package gives for ``NAME/below``, under any condition of Node.js."""
        exports = package.manifest.get("exports")
        key = f"./{below}" if below else "."
        if exports is None:
            found = self.file(f"{package.path}/{below}") if below else self.main(package.path)
            module = package.manifest.get("module")
            if found is not None:
                yield found
            elif not below and isinstance(module, str):
                yield from self._targets(package, module)
            return
        if not isinstance(exports, dict) or not any(str(name)[:1] == "." for name in exports):
            exports = {".": exports}
        yield from self._matching(package, exports, key)

    def imported(self, package: Package, name: str) -> Iterator[str]:
        """The files, or names of packages, that ``#name`` means in a package."""
        imports = package.manifest.get("imports")
        if isinstance(imports, dict):
            yield from self._matching(package, imports, name)

    def _matching(self, package: Package, table: Mapping[str, object], key: str) -> Iterator[str]:
        if key in table:
            yield from self._targets(package, table[key])
            return
        for wanted, target in table.items():
            before, star, after = wanted.partition("*")
            if not star and wanted.endswith("/"):
                star, before = "*", wanted
            if (
                star
                and key.startswith(before)
                and key.endswith(after)
                and len(key) >= len(before) + len(after)
            ):
                middle = key[len(before) : len(key) - len(after)]
                yield from self._targets(package, target, middle)

    def _targets(
        self, package: Package, target: object, middle: str = "", depth: int = 0
    ) -> Iterator[str]:
        """The files of a target: text, conditions, or alternatives."""
        if depth > _MAX_DEPTH:
            return
        if isinstance(target, str):
            folder = "*" if target.endswith("/") and middle else ""
            whole = f"{target}{folder}".replace("*", middle)
            if not whole.startswith("."):
                yield whole  # another package
            elif (found := self.file(self._keeper.place(whole, package.path))) is not None:
                yield found
            return
        inner: list[object] = []
        if isinstance(target, dict):
            inner = [value for name, value in target.items() if name in _CONDITIONS]
        elif isinstance(target, list):
            inner = target
        for each in inner:
            yield from self._targets(package, each, middle, depth + 1)
