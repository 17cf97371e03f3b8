"""``NAME.deps.json``, what a program of .NET was built with and ships.

Source: the .NET runtime's design document "runtime-configuration-file": ``targets`` by framework
and platform, each with ``name/version`` and ``dependencies``; ``libraries`` with the ``type`` of
each: package, project, reference, runtimepack (the runtime of a self-contained program, which is a
package of the name behind ``runtimepack.``).
"""

from seawall.packages.nuget_graph import Graph, key_of
from seawall.packages.package import Contents, File, Unreadable
from seawall.packages.reading import Notes, Table, json_of

_RUNTIME_PACK = "runtimepack."


def read(file: File) -> Contents:
    """The packages that a program of .NET ships."""
    notes = Notes()
    deps = json_of(file.data, notes)
    if "libraries" not in deps and "targets" not in deps:
        raise Unreadable("it has neither libraries nor targets: it is no deps.json of .NET")
    libraries = notes.table(deps.get("libraries"), "libraries")
    kinds = {
        name: notes.text(notes.table(library, name).get("type"), f"{name}.type").lower()
        for name, library in libraries.items()
    }
    needs = _needs(notes.table(deps.get("targets"), "targets"), notes)
    roots = [name for name, kind in kinds.items() if kind == "project"]
    direct = {need for root in roots for need in needs.get(root, ())}
    graph = Graph()
    for name, kind in kinds.items():
        if kind in ("package", "runtimepack"):
            package, _, version = name.removeprefix(_RUNTIME_PACK).partition("/")
            if not version:
                notes.add(name, "name/version is expected")
            elif notes.fits(package, version):
                graph.add(
                    package, version, ("libraries", name), needs.get(name, {}),
                    direct=key_of(package, version) in direct if roots else None,
                )  # fmt: skip
    project = roots[0].partition("/")[0] if roots else ""
    return Contents(graph.packages(), notes.problems, project)


def _needs(targets: Table, notes: Notes) -> dict[str, dict[str, str]]:
    """What each ``name/version`` needs, by key."""
    result: dict[str, dict[str, str]] = {}
    for framework, value in targets.items():
        for name, item in notes.table(value, framework).items():
            wanted = notes.table(notes.table(item, name).get("dependencies"), name)
            result.setdefault(name, {}).update(
                (key_of(need.removeprefix(_RUNTIME_PACK), notes.text(version, name)), "")
                for need, version in wanted.items()
            )
    return result
