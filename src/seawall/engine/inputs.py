"""What became of each input, while a scan reads them."""

import os
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from seawall.core.report import Coverage, Failed, NotCovered, Skipped
from seawall.engine.projects import NO_PROJECTS, Projects
from seawall.engine.texts import Texts
from seawall.sources.files import SourceFile

if TYPE_CHECKING:
    from seawall.engine.packages import PackageFile
    from seawall.engine.task import Task
    from seawall.engine.units import Unit
    from seawall.kubernetes.objects import KubernetesObject


class Inputs:
    """What became of each input, while it is read."""

    def __init__(self) -> None:
        self.texts = Texts()
        self.files: list[SourceFile] = []
        """Every file of the targets that was not passed over by its place."""
        self.tasks: list[Task] = []
        self.units: list[Unit] = []
        self.opaque: list[str] = []
        self.read: list[str] = []
        self.skipped: list[Skipped] = []
        self.not_covered: list[NotCovered] = []
        self.unable: tuple[NotCovered, ...] = ()
        """What the configuration asks for and cannot be done, which says nothing of the files."""
        self.failed: list[Failed] = []
        self.charts: dict[str, SourceFile] = {}
        """The ``Chart.yaml`` of each Helm chart, by the chart's directory."""
        self.namespace = ""
        """Where objects live that name no namespace; empty for ``default``."""
        self.whole: set[str] = set()
        """Files of which every object is known, if perhaps not all that it will be."""
        self.projects: Projects = NO_PROJECTS
        self.package_files: list[PackageFile] = []
        self.packages = 0
        """How many packages were found in them."""
        self.asks_for_advisories = False
        """Whether a Dockerfile may name packages that something is known of."""
        self._charts_of: dict[str, str | None] = {}

    def chart_of(self, path: str) -> str | None:
        """The directory of the chart that a file lies in."""
        directory = os.path.dirname(path)
        if directory not in self._charts_of:
            self._charts_of[directory] = _chart_around(directory, self.charts)
        return self._charts_of[directory]

    def skip(self, file: SourceFile, reason: str) -> None:
        """Note that a file is passed over, unless Dockerfiles in it are read."""
        if file.path not in self.projects.holders:
            self.skipped.append(Skipped(file.path, reason))

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains whose rules may have something to say."""
        kinds = {task.around is not None for task in self.tasks}
        asked = self.package_files or self.asks_for_advisories
        found = (("dockerfile",) if True in kinds else ()) + (("vulnerabilities",) if asked else ())
        return found if found and False not in kinds else ("kubernetes", *found)

    @property
    def judged(self) -> int:
        """How many things the rules are to judge: objects and Dockerfiles."""
        units = (unit for unit in self.units if not unit.task.file.context)
        return sum(unit.count if unit.task.around is None else 1 for unit in units)

    @property
    def objects(self) -> "Iterator[KubernetesObject]":
        """All objects, in the order of the files."""
        return (object_ for unit in self.units for object_ in unit.objects)

    def coverage(self) -> Coverage:
        """What became of each input."""
        return Coverage(
            tuple(sorted(set(self.read))),
            tuple(sorted(self.skipped)),
            tuple(sorted({*self.not_covered, *self.unable})),
            tuple(sorted(self.failed)),
        )


def _chart_around(directory: str, charts: Collection[str]) -> str | None:
    while charts:
        if directory in charts:
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return None
