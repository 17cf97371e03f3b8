"""Projects of Maven with what they inherit, as far as files of the same tree tell.

Sources: Maven's "Introduction to the POM" (inheritance, interpolation), "Introduction to the
Dependency Mechanism" (dependency management, importing). Parents are looked up at ``relativePath``,
``../pom.xml`` where nothing else is said; what is imported, among the modules of the topmost
parent. Models are merged as written and properties put in afterwards, as Maven does, so a child's
property changes what its parent's dependencies mean.
"""

from collections.abc import Callable, Iterable, Iterator
from posixpath import basename, dirname, join, normpath
from re import Match
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.packages.maven_project import MAX_LENGTH, Dependency, Project, project_of
from seawall.packages.package import Unreadable

_MAX_PARENTS = 20
_MAX_FILES = 300
_MAX_BYTES = 20_000_000
"""Files beside a project that are looked into for it, and their bytes."""
_MAX_IMPORTS = 200
_EXPRESSION = pattern(r"\$\{([^${}]*)\}")

Key = tuple[str, str, str, str]
"""Group, artifact, type and classifier: what a managed version is for."""


class Pom(NamedTuple):
    """A file and what it says."""

    path: str
    """Relative to the directory of the project that is read; empty for that itself."""
    project: Project


class Poms:
    """The files that can be had, each read once."""

    def __init__(self, root: Pom, beside: Callable[[str], bytes | None]) -> None:
        self._beside = beside
        self._root = root
        self._known: dict[str, Pom | None] = {"pom.xml": root}
        self._data: dict[str, bytes] = {}
        self._bytes = 0
        self._modules: list[str] | None = None
        self._asked = 0
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
                    self._known[path] = Pom(path, project_of(data))
                except Unreadable as error:
                    self.unreadable.append((path, error))
        return self._known[path]

    def _data_of(self, path: str) -> bytes:
        if path not in self._data:
            is_over = len(self._data) >= _MAX_FILES or self._bytes > _MAX_BYTES
            data = self._data[path] = (not is_over and self._beside(path)) or b""
            self._bytes += len(data)
        return self._data[path]

    def chain(self, pom: Pom) -> list[Pom]:
        """The project and its parents, the nearest first."""
        result = [pom]
        while len(result) < _MAX_PARENTS:
            parent = self._parent(result[-1])
            if parent is None or parent in result:
                break
            result.append(parent)
        return result

    def _parent(self, pom: Pom) -> Pom | None:
        """The parent, where the file at its path is the one that is meant."""
        wanted = pom.project.parent
        if wanted is None or not pom.project.parent_path:
            return None
        found = self.at(join(dirname(pom.path), pom.project.parent_path))
        if found is None or found.project.coordinates[:2] != wanted[:2]:
            return None
        return found

    def module(self, group: str, artifact: str) -> Pom | None:
        """A project among the modules of the topmost parent.

        Those of its name are looked into first; of the others only what holds the name is read as
        XML: a tree has many projects.
        """
        self._asked += 1
        if self._asked > _MAX_IMPORTS:
            return None
        top = self.chain(self._root)[-1]
        near = (path for path in _modules_of(top) if basename(dirname(path)) == artifact)
        return self._among(near, group, artifact) or self._among(
            self._all_modules(top), group, artifact
        )

    def _among(self, paths: Iterable[str], group: str, artifact: str) -> Pom | None:
        name = artifact.encode("utf-8", "replace")
        for path in paths:
            if name in self._data_of(path):
                found = self.at(path)
                if found is not None and found.project.coordinates[:2] == (group, artifact):
                    return found
        return None

    def _all_modules(self, top: Pom) -> list[str]:
        """The files of all modules, below the topmost parent."""
        if self._modules is not None:
            return self._modules
        waiting, paths = [top], dict[str, None]()
        for pom in waiting:  # grows on the way
            for path in _modules_of(pom):
                if path in paths or len(paths) >= _MAX_FILES:
                    continue
                paths[path] = None
                data = self._data_of(path)
                if b"<module" in data or b"<subproject" in data:
                    found = self.at(path)
                    if found is not None:
                        waiting.append(found)
        self._modules = list(paths)
        return self._modules


def _file_of(path: str) -> str:
    path = normpath(path)
    return path if path.endswith((".xml", ".pom")) else join(path, "pom.xml")


def _modules_of(pom: Pom) -> Iterator[str]:
    return (_file_of(join(dirname(pom.path), module)) for module in pom.project.modules)


class Model:
    """A project with its parents: properties and managed versions."""

    def __init__(self, poms: Poms, chain: list[Pom], depth: int = 0) -> None:
        self._poms = poms
        self._depth = depth
        self.chain = chain
        self.missing_parent = chain[-1].project.parent
        """The parent that is not among the files."""
        self.missing_imports: list[str] = []
        self._properties = {
            name: value for pom in reversed(chain) for name, value in pom.project.properties.items()
        }
        self._add_own_properties()
        self._managed: dict[Key, Dependency] | None = None

    def _add_own_properties(self) -> None:
        """What stands for the project itself; ``pom.`` and none are older ways to write it."""
        project = self.chain[0].project
        own = dict(zip(("groupId", "artifactId", "version"), project.coordinates, strict=True))
        if project.parent is not None:
            names = ("parent.groupId", "parent.artifactId", "parent.version")
            own |= zip(names, project.parent, strict=True)
        for name, value in own.items():
            self._properties[f"project.{name}"] = value
            self._properties.setdefault(f"pom.{name}", value)
            self._properties.setdefault(name, value)

    def text(self, written: str) -> str:
        """A text with properties put in; those that nothing sets stay as they are."""
        if "${" not in written:
            return written
        for _ in range(10):  # properties of properties
            if "${" not in written or len(written) > MAX_LENGTH:
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
                for dependency in pom.project.managed:
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
        if self._depth < _MAX_PARENTS and self._may_be_of_the_tree(group):
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

    def _may_be_of_the_tree(self, group: str) -> bool:
        """Whether an imported project may be one of the tree: it is of the same organisation."""
        return any(akin(group, pom.project.coordinates.group) for pom in self.chain)


def akin(group: str, other: str) -> bool:
    """Whether two groups begin alike: ``org.example.app`` and ``org.example``."""
    return group.split(".")[:2] == other.split(".")[:2]
