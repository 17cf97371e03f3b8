"""What helm writes: documents with the template each is from, and complaints."""

import re
from typing import TYPE_CHECKING, NamedTuple

from seawall.charts.content import Files
from seawall.core.lazy import pattern
from seawall.text.decoding import decode
from seawall.text.scalars import Value
from seawall.text.values import mappings, text
from seawall.text.yaml import Broken, Document, load

if TYPE_CHECKING:
    from seawall.core.location import KeyPath

_DOCUMENT = pattern(r"^---\n# Source: (.*)\n", re.MULTILINE)
_PLACE = pattern(r"([^\s():]+/[^\s():]+):(\d+)(?::(\d+))?")
_NAMED = pattern(r"YAML parse error on ([^\s:]+):")
_LONGEST = 400
_HALF = 200
_EXECUTION = ("execution error at ", ": executing ", "values don't meet the specifications")
_LOOPS = ("nested reference name", "exceeded maximum template depth")
_MISSING = pattern(r"missing in charts/ directory: (.*)")
_MAX_CHARTS = 1000


class Rendered(NamedTuple):
    """A document of helm's output; ``source`` is its template in helm's words."""

    source: str
    text: str


def documents(output: str) -> list[Rendered]:
    """The documents in the order of the output.

    Within a document no line begins with ``---``: helm cuts templates there (releaseutil,
    SplitManifests), so what the text says of its source cannot be forged.
    """
    found = list(_DOCUMENT.finditer(output))
    ends = [*(item.start() for item in found[1:]), len(output)]
    return [
        Rendered(item[1].strip(), output[item.start() : end])
        for item, end in zip(found, ends, strict=False)
    ]


class Sources:
    """Where in a chart's directory the templates lie that helm names.

    helm speaks of charts by their names (or their parents' alias for them), not by directories.
    What comes out of a packed dependency lies nowhere.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._directories: dict[str, str] = {}
        pending = [("", _chart(files, ""))]
        prefixes = {"": [text(pending[0][1], "name")]}
        self._directories[prefixes[""][0]] = ""
        while pending and len(self._directories) < _MAX_CHARTS:
            directory, chart = pending.pop()
            for below in self._charts_in(directory):
                inner = _chart(files, below)
                names = _names(text(inner, "name"), chart)
                prefixes[below] = [
                    f"{above}/charts/{name}" for above in prefixes[directory] for name in names
                ]
                self._directories.update(dict.fromkeys(prefixes[below], below))
                pending.append((below, inner))

    @property
    def directories(self) -> frozenset[str]:
        """The directories of the chart and those it holds, each empty or with a slash behind."""
        return frozenset(self._directories.values())

    @property
    def templates(self) -> list[str]:
        """The templates of all of them that may give documents."""
        return sorted(
            path
            for path in self._files
            for directory in self.directories
            if path.startswith(f"{directory}templates/")
            and not path.rpartition("/")[2].startswith("_")
            and path.rpartition("/")[2] != "NOTES.txt"
        )

    def path(self, source: str) -> str | None:
        """The path of a template from the chart's directory on, ``None`` where it has none."""
        chart, slash, name = source.rpartition("/templates/")
        directory = self._directories.get(chart)
        path = f"{directory}templates/{name}"
        return path if slash and directory is not None and path in self._files else None

    def _charts_in(self, directory: str) -> list[str]:
        start = f"{directory}charts/"
        found = (path[len(start) :] for path in self._files if path.startswith(start))
        parts = (path.split("/") for path in found)
        return sorted(f"{start}{p[0]}/" for p in parts if len(p) == 2 and p[1] == "Chart.yaml")


def is_library(files: Files) -> bool:
    """Whether a chart only lends its templates to others (Chart.yaml, ``type: library``)."""
    return text(_chart(files, ""), "type") == "library"


def dependency_lines(files: Files) -> dict[str, int]:
    """The line of ``Chart.yaml`` on which each dependency's entry is, by its name and alias."""
    from seawall.text.places import locate  # noqa: PLC0415 - only where something is packed

    document = _document(files, "")
    if document is None:
        return {}
    keys: dict[str, KeyPath] = {
        name: ("dependencies", index)
        for index, item in mappings(document.value, "dependencies")
        for name in (text(item, "name"), text(item, "alias"))
        if name
    }
    places = locate(document.chunk, keys.values())
    return {name: places[key].span.line for name, key in keys.items() if key in places}


def _document(files: Files, directory: str) -> Document | None:
    data = decode(files.get(f"{directory}Chart.yaml", b""))
    document = next(iter(load(data)), None) if isinstance(data, str) else None
    return None if isinstance(document, Broken) else document


def _chart(files: Files, directory: str) -> Value:
    document = _document(files, directory)
    return {} if document is None else document.value


def _names(name: str, parent: Value) -> list[str]:
    entries = [item for _, item in mappings(parent, "dependencies") if text(item, "name") == name]
    return list(dict.fromkeys(text(item, "alias") or name for item in entries)) or [name]


# Complaints -----------------------------------------------------------------------------------


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


class Complaint(NamedTuple):
    """What helm complains of. Line and column count from 1, 0 when unknown."""

    text: str
    source: str = ""
    """The template, in helm's words."""
    line: int = 0
    column: int = 0
    missing: str = ""
    """Dependencies that are not there."""
    of_values: bool = False
    """Whether other values may well mend it."""


def complaint(errors: str, directory: str, chart: str) -> Complaint:
    """The complaint in what helm wrote; paths below its directory become the chart's."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if line.startswith("Error: ")), -1)
    said = lines[first].removeprefix("Error: ") if lines else "helm failed without a word"
    if said.startswith("values don't meet"):  # the next ones say which
        said = " ".join((said, *lines[first + 1 : first + 3]))
    said = said.replace(f"{directory}/chart", chart or ".").replace(directory, "")
    missing = _MISSING.search(said)
    found = _PLACE.search(said)
    named = _NAMED.search(said)
    line, column = (int(found[2][:9]), int((found[3] or "-1")[:9]) + 1) if found else (0, 0)
    source = found[1] if found else named[1] if named else ""
    said = _printable(said)
    return Complaint(
        said if len(said) <= _LONGEST else f"{said[:_HALF]} ... {said[-_HALF:]}",
        source,
        line,
        column,
        _printable(missing[1])[:_LONGEST] if missing else "",
        any(mark in said for mark in _EXECUTION) and not any(mark in said for mark in _LOOPS),
    )
