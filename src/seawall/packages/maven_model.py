"""Projects of Maven with what they inherit, as far as files of the same tree tell.

Sources: Maven's POM reference, "Introduction to the POM" (inheritance, interpolation),
"Introduction to the Dependency Mechanism" (dependency management, importing). Parents are looked up
at ``relativePath``, ``../pom.xml`` where nothing else is said; what is imported, among the modules
of the topmost parent. Models are merged as written and properties put in afterwards, as Maven does,
so a child's property changes what its parent's dependencies mean.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from posixpath import dirname, join, normpath
from re import Match
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.packages.package import Unreadable
from seawall.packages.xml_reading import xml_of
from seawall.text.xml import Element

_MAX_PARENTS = 20
_MAX_FILES = 300
_MAX_BYTES = 20_000_000
"""Files beside a project that are looked into for it, and their bytes."""
_MAX_IMPORTS = 200
_MAX_LENGTH = 1000
_EXPRESSION = pattern(r"\$\{([^${}]*)\}")

Key = tuple[str, str, str, str]
"""Group, artifact, type and classifier: what a managed version is for."""


class Coordinates(NamedTuple):
    """What a project is known by."""

    group: str
    artifact: str
    version: str

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


class Dependency(NamedTuple):
    """A dependency as it is written, and the file it is written in."""

    group: str
    artifact: str
    version: str
    kind: str
    classifier: str
    scope: str
    optional: str
    line: int
    path: str


class Pom:
    """One file: what it says itself."""

    def __init__(self, path: str, root: Element) -> None:
        self.path = path
        """Relative to the project that is read; empty for that itself."""
        self.root = root
        parent = root.child("parent")
        self.parent: Coordinates | None = None
        self.parent_path = ""
        self.parent_line = 0
        if parent is not None:
            self.parent = coordinates(parent)
            self.parent_line = parent.line
            where = parent.child("relativePath")
            self.parent_path = "../pom.xml" if where is None else where.text.strip()
        own = coordinates(root)
        inherited = self.parent or Coordinates("", "", "")
        self.coordinates = Coordinates(
            own.group or inherited.group, own.artifact, own.version or inherited.version
        )
        self.properties = {
            element.name: element.text.strip()[:_MAX_LENGTH]
            for properties in root.named("properties")
            for element in properties.children
        }

    def dependencies(self) -> Iterator[Dependency]:
        """What it asks for."""
        return self._written(self.root.under("dependencies", "dependency"))

    def managed(self) -> Iterator[Dependency]:
        """The versions it gives, and what it imports."""
        found = self.root.under("dependencyManagement", "dependencies", "dependency")
        return self._written(found)

    def _written(self, elements: Iterator[Element]) -> Iterator[Dependency]:
        for element in elements:
            yield Dependency(
                element.value("groupId"), element.value("artifactId"), element.value("version"),
                element.value("type") or "jar", element.value("classifier"),
                element.value("scope"), element.value("optional"), element.line, self.path,
            )  # fmt: skip


def coordinates(element: Element) -> Coordinates:
    """The coordinates that stand right below an element."""
    names = ("groupId", "artifactId", "version")
    return Coordinates(*(element.value(name) for name in names))


class Poms:
    """The files that can be had, each read once."""

    def __init__(self, root: Pom, beside: Callable[[str], bytes | None]) -> None:
        self._beside = beside
        self._known: dict[str, Pom | None] = {"pom.xml": root}
        self._root = root
        self._modules: list[str] | None = None
        self._asked = 0
        self._data: dict[str, bytes] = {}
        self._bytes = 0
        self.imported: dict[str, Model] = {}
        """Models of what was imported, by path; a cycle finds what is known so far."""
        self.unreadable: list[tuple[str, Unreadable]] = []

    def at(self, path: str) -> Pom | None:
        """The file at a path, which may be a directory with a ``pom.xml``."""
        path = _file_of(path)
        if path not in self._known:
            self._known[path] = None
            data = self._data_of(path)
            if data:
                try:
                    self._known[path] = Pom(path, _root_of(data))
                except Unreadable as error:
                    self.unreadable.append((path, error))
        return self._known[path]

    def _data_of(self, path: str) -> bytes:
        if path not in self._data:
            is_over = len(self._data) >= _MAX_FILES or self._bytes > _MAX_BYTES
            data = self._data[path] = (not is_over and self._beside(path)) or b""
            self._bytes += len(data)
        return self._data[path]

    def parent(self, pom: Pom) -> Pom | None:
        """The parent, where the file at its path is the one that is meant."""
        if pom.parent is None or not pom.parent_path:
            return None
        found = self.at(join(dirname(pom.path), pom.parent_path))
        if found is None or found.coordinates[:2] != pom.parent[:2]:
            return None
        return found

    def chain(self, pom: Pom) -> list[Pom]:
        """The project and its parents, the nearest first."""
        result = [pom]
        while len(result) < _MAX_PARENTS:
            parent = self.parent(result[-1])
            if parent is None or parent in result:
                break
            result.append(parent)
        return result

    def module(self, group: str, artifact: str) -> Pom | None:
        """A project among the modules of the topmost parent.

        Only what holds its name, or modules of its own, is read as XML: a tree has many projects.
        """
        if self._modules is None:
            self._modules = self._find_modules()
        self._asked += 1
        if self._asked > _MAX_IMPORTS:
            return None
        name = artifact.encode("utf-8", "replace")
        for path in self._modules:
            if name in self._data_of(path):
                found = self.at(path)
                if found is not None and found.coordinates[:2] == (group, artifact):
                    return found
        return None

    def _find_modules(self) -> list[str]:
        """The files of all modules, below the topmost parent."""
        waiting, paths = [self.chain(self._root)[-1]], dict[str, None]()
        for pom in waiting:  # grows on the way
            modules = pom.root.under("modules", "module")
            for element in (*modules, *pom.root.under("subprojects", "subproject")):
                path = _file_of(join(dirname(pom.path), element.text.strip()))
                if path in paths or len(paths) >= _MAX_FILES:
                    continue
                paths[path] = None
                data = self._data_of(path)
                if b"<module" in data or b"<subproject" in data:
                    found = self.at(path)
                    if found is not None:
                        waiting.append(found)
        return list(paths)


def _file_of(path: str) -> str:
    path = normpath(path)
    return path if path.endswith((".xml", ".pom")) else join(path, "pom.xml")


@lru_cache(maxsize=32)
def _root_of(data: bytes) -> Element:
    """The root of a file; the modules of a tree ask for the same parents, one after another."""
    return xml_of(data, "project")


def _may_be_of_the_tree(group: str, chain: list[Pom]) -> bool:
    """Whether an imported project may be one of the tree: it is of the same organisation."""
    return any(group.split(".")[:2] == pom.coordinates.group.split(".")[:2] for pom in chain)


class Model:
    """A project with its parents: properties and managed versions."""

    def __init__(self, poms: Poms, chain: list[Pom], depth: int = 0) -> None:
        self._poms = poms
        self._depth = depth
        self.chain = chain
        self.missing_parent = chain[-1].parent
        """The parent that is not among the files."""
        self.missing_imports: list[str] = []
        self._properties = {
            name: value for pom in reversed(chain) for name, value in pom.properties.items()
        }
        self._properties.update(self._builtin())
        self._managed: dict[Key, Dependency] | None = None

    def _builtin(self) -> dict[str, str]:
        own, parent = self.chain[0].coordinates, self.chain[0].parent
        result: dict[str, str] = {}
        for prefix in ("project.", "pom.", ""):
            result |= {
                f"{prefix}groupId": own.group,
                f"{prefix}artifactId": own.artifact,
                f"{prefix}version": own.version,
            }
            if parent is not None:
                result |= {
                    f"{prefix}parent.groupId": parent.group,
                    f"{prefix}parent.artifactId": parent.artifact,
                    f"{prefix}parent.version": parent.version,
                }
        return {
            name: value
            for name, value in result.items()
            if name not in self._properties or name.startswith("project.")
        }

    def text(self, written: str) -> str:
        """A text with properties put in; those that nothing sets stay as they are."""
        for _ in range(10):  # properties of properties
            if "${" not in written or len(written) > _MAX_LENGTH:
                break
            written = _EXPRESSION.sub(self._property, written)
        return written.strip()

    def _property(self, found: Match[str]) -> str:
        return self._properties.get(found[1].strip(), found[0])

    def key(self, dependency: Dependency) -> Key:
        """What its managed version is looked up by."""
        return (
            self.text(dependency.group), self.text(dependency.artifact),
            self.text(dependency.kind), self.text(dependency.classifier),
        )  # fmt: skip

    @property
    def managed(self) -> dict[Key, Dependency]:
        """Managed dependencies with their properties put in; the nearest counts."""
        if self._managed is None:
            self._managed = {}
            imports = []
            for pom in self.chain:
                for dependency in pom.managed():
                    if dependency.scope == "import" and dependency.kind == "pom":
                        imports.append(dependency)
                        continue
                    full = dependency._replace(
                        version=self.text(dependency.version), scope=self.text(dependency.scope)
                    )
                    self._managed.setdefault(self.key(dependency), full)
            for dependency in imports[:_MAX_IMPORTS]:
                for key, managed in self._import(dependency).items():
                    self._managed.setdefault(key, managed)
        return self._managed

    def _import(self, dependency: Dependency) -> dict[Key, Dependency]:
        group, artifact, *_ = self.key(dependency)
        pom = None
        if self._depth < _MAX_PARENTS and _may_be_of_the_tree(group, self.chain):
            pom = self._poms.module(group, artifact)
        if pom is None or pom in self.chain:
            self.missing_imports.append(f"{group}:{artifact}:{self.text(dependency.version)}")
            return {}
        model = self._poms.imported.get(pom.path)
        if model is None:
            model = Model(self._poms, self._poms.chain(pom), self._depth + 1)
            self._poms.imported[pom.path] = model
        managed = model.managed
        self.missing_imports += model.missing_imports
        return managed
