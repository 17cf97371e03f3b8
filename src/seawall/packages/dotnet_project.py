"""Projects of .NET: ``*.csproj``, ``*.fsproj``, ``*.vbproj``.

Source: NuGet documentation, "PackageReference in project files" and "Central Package Management":
``PackageReference`` with ``Include`` or ``Update`` and ``Version`` (an attribute or an element),
``VersionOverride``, ``PrivateAssets``; ``PackageVersion`` and ``GlobalPackageReference`` of
Directory.Packages.props. A project names only what it asks for itself.
"""

from seawall.packages import nuget_versions
from seawall.packages.msbuild import Project, items
from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes
from seawall.packages.xml_reading import xml_of
from seawall.text.xml import Element


def read(file: File) -> Contents:
    """The packages a project asks for."""
    notes = Notes()
    root = xml_of(file.data, "Project")
    project = Project(file, root, notes)
    central = _central(project)
    packages: dict[str, Package] = {}
    for source in project.sources:
        for element, group in items(source.root, "PackageReference", "GlobalPackageReference"):
            is_global = element.name == "GlobalPackageReference"
            development = is_global or _metadata(project, element, "PrivateAssets").lower() == "all"
            for name in _names(project, element):
                version = (
                    _metadata(project, element, "VersionOverride")
                    or _metadata(project, element, "Version")
                    or central.get(name.lower(), "")
                )
                known = packages.get(name.lower())
                conditional = bool(element.get("Condition") or group.get("Condition"))
                package = _package(
                    name, version, element, source.path, notes,
                    is_update=bool(element.get("Update")) and known is None,
                )  # fmt: skip
                if package is None or (known is not None and conditional and not known.file):
                    continue
                packages[name.lower()] = package._replace(development=development)
    return Contents(tuple(packages.values()), notes.problems, _title(project, file))


def _title(project: Project, file: File) -> str:
    name = project.value("$(AssemblyName)")
    base = file.path.rpartition("/")[2].rpartition(".")[0]
    return base if "$(" in name else name


def _central(project: Project) -> dict[str, str]:
    """The versions that Directory.Packages.props gives, by name in lower case."""
    return {
        name.lower(): version
        for source in project.sources
        for element, _ in items(source.root, "PackageVersion")
        for name in _names(project, element)
        if (version := _metadata(project, element, "Version"))
    }


def _names(project: Project, element: Element) -> list[str]:
    """``Include="A;B"`` names two."""
    text = project.value(element.get("Include") or element.get("Update"))
    return [name for part in text.split(";") if (name := part.strip())]


def _metadata(project: Project, element: Element, name: str) -> str:
    return project.value(element.get(name).strip() or element.value(name))


def _package(
    name: str, version: str, element: Element, path: str, notes: Notes, *, is_update: bool
) -> Package | None:
    line = 0 if path else element.line
    if is_update:
        return None  # changes what an SDK brings, which is not in the files
    if "$(" in name or "$(" in version:
        notes.add(f"{name} {version}", "a property in it is set in none of the files", line)
        return None
    chosen, constraint = nuget_versions.split(version)
    if not notes.fits(name, chosen or constraint, line):
        return None
    return Package(
        "nuget", name, chosen, element.line, direct=True, constraint=constraint, file=path
    )
