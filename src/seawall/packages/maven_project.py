"""One ``pom.xml`` as it is written, without what it inherits.

Source: Maven's POM reference. Files are kept for a while by their bytes: the projects of a tree ask
for the same parents, one after another.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from seawall.packages.xml_reading import xml_of
from seawall.text.xml import Element

_MAX_KEPT = 500_000
"""Bytes of a file that is kept."""
_OF_PROFILES = (
    ("dependencies", "dependency"),
    ("dependencyManagement", "dependencies", "dependency"),
)
MAX_LENGTH = 1000
"""Characters of a property; more of it is cut."""


class Coordinates(NamedTuple):
    """What a project is known by."""

    group: str
    artifact: str
    version: str


class Dependency(NamedTuple):
    """A dependency as it is written."""

    group: str
    artifact: str
    version: str
    kind: str
    classifier: str
    scope: str
    optional: str
    line: int


class Profile(NamedTuple):
    """A part that applies on conditions, and has dependencies."""

    name: str
    line: int


class Project:
    """What a file says.

    Attributes:
        coordinates: its own, those of the parent where it has none; properties are not put in.
        parent: the coordinates of its parent.
        parent_path: where the parent is looked for, relative to the file; empty for nowhere.
        dependencies: what it asks for.
        managed: the versions it gives, and what it imports.
        modules: the paths of its modules.
        profiles: those with dependencies.
        properties: its own.
    """

    __slots__ = (
        "coordinates", "dependencies", "managed", "modules", "parent", "parent_path", "profiles",
        "properties",
    )  # fmt: skip

    def __init__(self, root: Element) -> None:
        parent = root.child("parent")
        self.parent: Coordinates | None = None
        self.parent_path = ""
        if parent is not None:
            self.parent = _coordinates(parent)
            where = parent.child("relativePath")
            self.parent_path = "../pom.xml" if where is None else where.text.strip()
        own = _coordinates(root)
        inherited = self.parent or Coordinates("", "", "")
        self.coordinates = Coordinates(
            own.group or inherited.group, own.artifact, own.version or inherited.version
        )
        self.properties = {
            element.name: element.text.strip()[:MAX_LENGTH]
            for properties in root.named("properties")
            for element in properties.children
        }
        managed = root.under("dependencyManagement", "dependencies", "dependency")
        self.dependencies = _dependencies(root.under("dependencies", "dependency"))
        self.managed = _dependencies(managed)
        modules = (*root.under("modules", "module"), *root.under("subprojects", "subproject"))
        self.modules = tuple(element.text.strip() for element in modules)
        self.profiles = tuple(
            Profile(element.value("id"), element.line)
            for element in root.under("profiles", "profile")
            if any(next(element.under(*path), None) is not None for path in _OF_PROFILES)
        )


def _coordinates(element: Element) -> Coordinates:
    """The coordinates that stand right below an element."""
    names = ("groupId", "artifactId", "version")
    return Coordinates(*(element.value(name) for name in names))


def _dependencies(elements: Iterable[Element]) -> tuple[Dependency, ...]:
    found = []
    for element in elements:
        field = {child.name: child.text.strip() for child in element.children}.get
        found.append(
            Dependency(
                field("groupId", ""), field("artifactId", ""), field("version", ""),
                field("type") or "jar", field("classifier", ""), field("scope", ""),
                field("optional", ""), element.line,
            )
        )  # fmt: skip
    return tuple(found)


def project_of(data: bytes) -> Project:
    """The project a file describes; raises Unreadable."""
    return _kept(data) if len(data) <= _MAX_KEPT else Project(xml_of(data, "project"))


@lru_cache(maxsize=64)
def _kept(data: bytes) -> Project:
    return Project(xml_of(data, "project"))
