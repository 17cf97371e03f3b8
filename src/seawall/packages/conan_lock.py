"""``conan.lock`` of Conan 1 (``graph_lock``) and Conan 2 (lists of references).

Sources: Conan's documentation, "Lockfiles", of 1.x (version 0.4: nodes with ``ref``, ``requires``,
``build_requires``; node 0 is the consumer) and 2.x (version 0.5: ``requires``, ``build_requires``,
``python_requires``, each ``name/version#revision%time``, without a graph).
"""

from collections.abc import Iterator

from seawall.packages.closing import closed
from seawall.packages.conan_references import package_of
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, Table, json_of

_LISTS = ("requires", "build_requires", "python_requires", "config_requires")


def read(file: File) -> Contents:
    """The packages of a lock file of Conan."""
    notes = Notes()
    lock = json_of(file.data, notes)
    if "graph_lock" in lock:
        packages = _graph(notes.table(lock["graph_lock"], "graph_lock"), notes)
        return Contents(closed(list(packages)), notes.problems)
    if not any(name in lock for name in _LISTS):
        raise Unreadable("it has neither graph_lock nor requires")
    if lock.get("version") != "0.5":
        notes.add(f"version {lock.get('version')}", "this version of the format is not known")
    return Contents(tuple(_lists(lock, notes)), notes.problems)


def _lists(lock: Table, notes: Notes) -> Iterator[Package]:
    for name in _LISTS:
        for number, text in enumerate(notes.array(lock.get(name), name)):
            found = package_of(notes.text(text, f"{name}[{number}]"), notes)
            if found is not None:
                yield found._replace(key_path=(name, number), development=name != "requires")


def _graph(graph: Table, notes: Notes) -> Iterator[Package]:
    nodes = {
        key: notes.table(node, f"node {key}")
        for key, node in notes.table(graph.get("nodes"), "nodes").items()
    }
    needs = {
        key: (
            notes.texts(node.get("requires"), f"node {key} requires"),
            notes.texts(node.get("build_requires"), f"node {key} build_requires"),
        )
        for key, node in nodes.items()
    }
    consumers = [key for key, node in nodes.items() if _is_consumer(node)]
    direct = {need for key in consumers for group in needs[key] for need in group}
    running = _reachable(consumers, needs)
    for key, node in nodes.items():
        reference = notes.text(node.get("ref"), f"node {key}")
        if key in consumers or not reference:
            continue
        found = package_of(reference, notes)
        if found is not None:
            yield found._replace(
                key_path=("graph_lock", "nodes", key, "ref"),
                key=key,
                requires=tuple(Requirement(need) for group in needs[key] for need in group),
                direct=key in direct if consumers else None,
                development=node.get("context") == "build"
                or (bool(consumers) and key not in running),
            )


def _is_consumer(node: Table) -> bool:
    """Whether a node is the project itself: a conanfile that is read where it lies."""
    return "path" in node or not node.get("ref")


def _reachable(start: list[str], needs: dict[str, tuple[list[str], list[str]]]) -> set[str]:
    """What is linked or run, not only used to build."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        for need in needs.get(waiting.pop(), ([], []))[0]:
            if need not in found:
                found.add(need)
                waiting.append(need)
    return found
