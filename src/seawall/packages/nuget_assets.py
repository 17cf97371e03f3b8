"""``obj/project.assets.json``, what ``dotnet restore`` chose.

Source: NuGet.Client's ``LockFileFormat`` (version 3): ``targets`` by framework, each
``name/version`` with ``type`` and ``dependencies`` (ranges); ``project.frameworks.*.dependencies``
is what the project asks for, ``suppressParent: All`` where it is not passed on
(``PrivateAssets="all"``).
"""

from seawall.packages.nuget_graph import Graph, key_of
from seawall.packages.package import Contents, File, Unreadable
from seawall.packages.reading import Notes, Table, json_of

_KNOWN_VERSIONS = (2, 3, 4)


def read(file: File) -> Contents:
    """The packages that were chosen for a project."""
    notes = Notes()
    assets = json_of(file.data, notes)
    if "targets" not in assets:
        raise Unreadable("it has no targets: it is no project.assets.json of NuGet")
    version = assets.get("version")
    if isinstance(version, bool) or version not in _KNOWN_VERSIONS:
        notes.add(f"version {version}", "this version of the format is not known")
    project = notes.table(assets.get("project"), "project")
    asked = _asked(project, notes)
    graph = Graph()
    for framework, value in notes.table(assets["targets"], "targets").items():
        _add(graph, framework, notes.table(value, framework), asked, notes)
    restore = notes.table(project.get("restore"), "project.restore")
    name = notes.text(restore.get("projectName"), "project.restore.projectName")
    return Contents(graph.packages(), notes.problems, name)


def _asked(project: Table, notes: Notes) -> dict[str, Table]:
    """What the project itself asks for, by name in lower case."""
    result = {}
    for framework, value in notes.table(project.get("frameworks"), "frameworks").items():
        entry = notes.table(value, framework)
        wanted = notes.table(entry.get("dependencies"), f"{framework}.dependencies")
        for name, item in wanted.items():
            result[name.lower()] = notes.table(item, name)
    return result


def _add(
    graph: Graph, framework: str, target: Table, asked: dict[str, Table], notes: Notes
) -> None:
    versions = {name.partition("/")[0].lower(): name.partition("/")[2] for name in target}
    for full_name, item in target.items():
        entry = notes.table(item, full_name)
        name, _, version = full_name.partition("/")
        if entry.get("type") == "project":
            continue
        if not version:
            notes.add(full_name, "name/version is expected")
        elif notes.fits(name, version):
            wanted = notes.table(entry.get("dependencies"), full_name)
            wish = asked.get(name.lower())
            graph.add(
                name, version, ("targets", framework, full_name),
                {
                    key_of(need, versions[need.lower()]): notes.text(constraint, full_name)
                    for need, constraint in wanted.items()
                    if need.lower() in versions
                },
                direct=wish is not None,
                development=wish is not None and wish.get("suppressParent") == "All",
                constraint="" if wish is None else notes.text(wish.get("version"), name),
            )  # fmt: skip
