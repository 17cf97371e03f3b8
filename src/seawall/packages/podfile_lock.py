"""``Podfile.lock`` of CocoaPods.

Source: CocoaPods' ``Lockfile`` class in cocoapods-core: ``PODS`` (``Name (version)`` or that as the
key of what it needs), ``DEPENDENCIES`` (what the Podfile asks for), ``EXTERNAL SOURCES``. Subspecs
(``Firebase/Core``) are parts of one pod.
"""

from typing import Any, NamedTuple

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package, Requirement
from seawall.packages.reading import Notes
from seawall.packages.yaml_reading import yaml_of

_POD = pattern(r"([^\s()]+)(?: \((.*)\))?")


class _Pod(NamedTuple):
    version: str
    number: int
    needs: dict[str, str]


def read(file: File) -> Contents:
    """The pods of a lock file."""
    notes = Notes()
    lock = yaml_of(file.data)
    direct = {
        _split(text)[0]: _split(text)[1]
        for text in notes.texts(lock.get("DEPENDENCIES"), "DEPENDENCIES")
    }
    sources = notes.table(lock.get("EXTERNAL SOURCES"), "EXTERNAL SOURCES")
    pods: dict[str, _Pod] = {}
    for number, item in enumerate(notes.array(lock.get("PODS"), "PODS")):
        _add(item, number, pods, notes)
    packages = [
        Package(
            "cocoapods", name, pod.version, key_path=("PODS", pod.number), key=name,
            requires=tuple(Requirement(key, pod.needs[key]) for key in pod.needs if key in pods),
            direct=name in direct if direct else None,
            constraint=_constraint(direct.get(name, "")),
            download=_download(sources.get(name), name, notes),
        )
        for name, pod in pods.items()
    ]  # fmt: skip
    return Contents(tuple(packages), notes.problems)


def _add(item: object, number: int, pods: dict[str, _Pod], notes: Notes) -> None:
    what = f"PODS[{number}]"
    needs: object = None
    if isinstance(item, dict) and len(item) == 1:
        ((item, needs),) = item.items()
    name, version = _split(notes.text(item, what))
    if not name or not version:
        notes.add(item if isinstance(item, str) else what, "Name (version) is expected")
    elif notes.fits(name, version):
        pod = pods.setdefault(name, _Pod(version, number, {}))
        for need in notes.texts(needs, what):
            wanted, constraint = _split(need)
            if wanted != name:
                pod.needs.setdefault(wanted, constraint)


def _split(text: str) -> tuple[str, str]:
    """The pod, subspecs left out, and what stands in the brackets."""
    found = _POD.fullmatch(text.strip())
    return (found[1].partition("/")[0], found[2] or "") if found else ("", "")


def _constraint(text: str) -> str:
    return "" if text.startswith("from ") else text


def _download(source: Any, name: str, notes: Notes) -> str:
    source = notes.table(source, name)
    return next((notes.text(source[key], name) for key in (":git", ":http") if key in source), "")
