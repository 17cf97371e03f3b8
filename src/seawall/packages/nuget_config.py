"""``packages.config`` of NuGet, the list of older projects of .NET.

Source: NuGet documentation, "packages.config reference". It holds everything that is installed,
what others brought in as well.
"""

from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes
from seawall.packages.xml_reading import xml_of


def read(file: File) -> Contents:
    """The packages of a packages.config."""
    notes = Notes()
    packages: dict[tuple[str, str], Package] = {}
    for element in xml_of(file.data, "packages").named("package"):
        name, version = element.get("id").strip(), element.get("version").strip()
        if not name or not version:
            notes.add(name or "package", "it has no id and version", element.line)
        elif notes.fits(name, version, element.line):
            package = Package(
                "nuget", name, version, element.line,
                development=element.get("developmentDependency").lower() == "true",
                constraint=element.get("allowedVersions").strip(),
            )  # fmt: skip
            packages.setdefault((name.lower(), version), package)
    return Contents(tuple(packages.values()), notes.problems)
