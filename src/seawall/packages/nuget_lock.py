"""``packages.lock.json`` of NuGet, versions 1 and 2.

Source: NuGet documentation, "Locking dependencies", and NuGet.Client's ``PackagesLockFileFormat``:
``dependencies`` by target framework, each with ``type`` (Direct, Transitive, CentralTransitive,
Project), ``requested``, ``resolved`` and ``dependencies``.
"""

from seawall.packages.nuget_graph import Graph, key_of
from seawall.packages.package import Contents, File, Unreadable
from seawall.packages.reading import Notes, Table, json_of


def read(file: File) -> Contents:
    """The packages of a lock file of NuGet."""
    notes = Notes()
    lock = json_of(file.data, notes)
    if "dependencies" not in lock:
        raise Unreadable("it has no dependencies: it is no lock file of NuGet")
    version = lock.get("version")
    if isinstance(version, bool) or version not in (1, 2):
        notes.add(f"version {version}", "this version of the format is not known")
    graph = Graph()
    for framework, value in notes.table(lock["dependencies"], "dependencies").items():
        _add(graph, framework, notes.table(value, framework), notes)
    return Contents(graph.packages(), notes.problems)


def _add(graph: Graph, framework: str, items: Table, notes: Notes) -> None:
    entries = {name: notes.table(item, name) for name, item in items.items()}
    resolved = {
        name.lower(): entry["resolved"]
        for name, entry in entries.items()
        if isinstance(entry.get("resolved"), str)
    }
    for name, entry in entries.items():
        kind = notes.text(entry.get("type"), f"{name}.type")
        if kind.lower() == "project":
            continue
        version = notes.text(entry.get("resolved"), f"{name}.resolved")
        if not version:
            notes.add(name, "it has no resolved version")
        elif notes.fits(name, version):
            wanted = notes.table(entry.get("dependencies"), f"{name}.dependencies")
            graph.add(
                name, version, ("dependencies", framework, name),
                {
                    key_of(need, resolved[need.lower()]): notes.text(asked, f"{name}.{need}")
                    for need, asked in wanted.items()
                    if need.lower() in resolved
                },
                direct=kind.lower() == "direct",
                constraint=notes.text(entry.get("requested"), f"{name}.requested"),
            )  # fmt: skip
