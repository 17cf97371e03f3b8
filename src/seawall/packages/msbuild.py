"""What projects of MSBuild say before their packages: properties and files they take in.

Sources: MSBuild documentation, "MSBuild properties", "Customize your build by folder or solution"
(``Directory.Build.props`` is the nearest one upwards), and NuGet's "Central Package Management"
(``Directory.Packages.props``, likewise). Conditions are not judged: of several values of a property
the last without a condition counts, else the last.
"""

from collections.abc import Iterator
from posixpath import dirname, join, normpath
from re import Match
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.packages.package import File, Unreadable
from seawall.packages.reading import Notes
from seawall.packages.xml_reading import xml_of
from seawall.text.xml import Element

_PROPERTY = pattern(r"\$\(([A-Za-z_][\w.-]*)\)")
_MAX_UP = 10
"""Directories above a project that are looked into."""
_MAX_FILES = 30
_MAX_LENGTH = 1000
_ABOVE = "GetPathOfFileAbove"


class Source(NamedTuple):
    """A file that takes part: its path relative to the project, and what it says."""

    path: str
    root: Element


class Project:
    """A project with the files above it and the files it imports."""

    def __init__(self, file: File, root: Element, notes: Notes) -> None:
        self._beside = file.beside
        self._notes = notes
        self._properties: dict[str, str] = {}
        self._unconditional: set[str] = set()
        self._seen: set[str] = set()
        self.sources: list[Source] = []
        self._take_above("Directory.Build.props")
        self._take("", root)
        self._take_above("Directory.Build.targets")
        self._take_above("Directory.Packages.props")

    def value(self, text: str) -> str:
        """A text with properties put in; those nobody sets stay as they are."""
        for _ in range(5):  # properties of properties
            filled = _PROPERTY.sub(self._property, text)
            if filled == text or len(filled) > _MAX_LENGTH:
                break
            text = filled
        return text

    def _property(self, found: Match[str]) -> str:
        return self._properties.get(found[1].lower(), found[0])

    def _take_above(self, name: str) -> None:
        """The nearest file of a name in the directory of the project or above it."""
        path = name
        for _ in range(_MAX_UP):
            if self._load(path):
                return
            path = f"../{path}"

    def _load(self, path: str) -> bool:
        path = normpath(path)
        if path in self._seen:
            return True
        data = self._beside(path) if len(self._seen) < _MAX_FILES else None
        if data is None:
            return False
        self._seen.add(path)
        try:
            self._take(path, xml_of(data, "Project"))
        except Unreadable as error:
            self._notes.add(path, f"it cannot be read: {error.reason}", error.line)
        return True

    def _take(self, path: str, root: Element) -> None:
        for element in root.children:
            if element.name == "PropertyGroup":
                self._set(element)
            elif element.name == "Import":
                self._import(path, element)
        self.sources.append(Source(path, root))

    def _set(self, group: Element) -> None:
        for element in group.children:
            name = element.name.lower()
            conditional = bool(group.get("Condition") or element.get("Condition"))
            if conditional and name in self._unconditional:
                continue
            if not conditional:
                self._unconditional.add(name)
            self._properties[name] = element.text.strip()[:_MAX_LENGTH]

    def _import(self, path: str, element: Element) -> None:
        """A file named relative to the one that imports it; what only MSBuild knows is left."""
        target = element.get("Project").replace("\\", "/")
        if _ABOVE in target:  # [MSBuild]::GetPathOfFileAbove('Directory.Build.props', ...)
            name = target.partition("'")[2].partition("'")[0]
            found = dirname(path)
            for _ in range(_MAX_UP):
                found = join(found, "..")
                if name and self._load(join(found, name)):
                    return
            return
        target = self.value(target.replace("$(MSBuildThisFileDirectory)", ""))
        if target and "$(" not in target and not target.startswith("/"):
            self._load(join(dirname(path), target))


def items(root: Element, *names: str) -> Iterator[tuple[Element, Element]]:
    """The items of these names and their groups; those of targets are made while building."""
    waiting = [root]
    for element in waiting:  # grows on the way
        for child in element.children:
            if child.name in ("ItemGroup", "When", "Otherwise", "Choose"):
                waiting.append(child)
            elif child.name in names:
                yield child, element
