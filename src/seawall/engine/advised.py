"""What a run holds its packages against, from the files that name them to what is known of them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from seawall.core.rule import Rule
from seawall.engine.analysis import Analysis
from seawall.engine.day import today
from seawall.engine.gathering import look_into
from seawall.engine.inputs import Inputs
from seawall.engine.options import Options
from seawall.engine.run import Condition, Run
from seawall.engine.source import Source

if TYPE_CHECKING:
    from seawall.engine.knowledge import Knowledge
    from seawall.engine.packages import Beside, Found

VULNERABILITIES = "vulnerabilities"
_DATABASE = ("", "advisories")
"""Stands for a file's path and name in what outputs rest on."""


class Library:
    """The database of advisories, opened when it is first asked for."""

    def __init__(self, options: Options, run: Run) -> None:
        self._options = options
        self._run = run
        self.opened: Knowledge | None = None
        """``None`` until somebody has asked."""

    def open(self) -> "Knowledge":
        """The database; raises UsageError."""
        if self.opened is None:
            from seawall.engine import knowledge  # noqa: PLC0415 - sqlite3, if there are any

            self.opened = knowledge.load(self._options)
            self._run.notes += self.opened.notes
            self._run.closes(self.opened)
        return self.opened


class Advised:
    """The packages of some inputs, and what is known of them.

    ``run`` is ``None`` where the inputs are those of an earlier commit.
    """

    def __init__(
        self,
        inputs: Inputs,
        options: Options,
        rules: Sequence[Rule],
        source: Source,
        library: Library,
        run: Run | None = None,
    ) -> None:
        self._inputs = inputs
        self._options = options
        self._rules = rules
        self.library = library
        self._run = run
        self._is_asked = any(rule.domain == VULNERABILITIES for rule in rules)
        if self._is_asked and inputs.package_files:
            look_into(inputs, source)
        self._beside = _beside(inputs, source)
        self.has_files = bool(inputs.package_files) and self._is_asked
        """Whether there are files that packages are read from, and rules that ask for them."""
        self._in_builds: Found | None = None

    @property
    def knowledge(self) -> "Knowledge | None":
        """What was asked for; ``None`` where nobody did."""
        return self.library.opened

    def key(self, key: bytes | None) -> bytes | None:
        """The key of what a run writes: it rests on the packages and on what is known of them too.

        Whether Dockerfiles name any is known once they are read: see ``holds``.
        """
        files = self._inputs.package_files
        if key is None or not files:
            return key
        from seawall.engine.packages import key_with  # noqa: PLC0415 - if there are any

        return key_with(key, files, self.library.open().digest if self.has_files else b"")

    def holds(self) -> Callable[[Condition], bool]:
        """Whether what an equal run rested on is as it was then."""
        files = self._inputs.package_files
        beside = None if self._beside is None else self._beside.holds(files)

        def still(condition: Condition) -> bool:
            if condition[:2] == _DATABASE:
                return self.library.open().digest == condition[2]
            return beside is not None and beside(condition)

        return still

    def of_files(self) -> "Found | None":
        """What is known of packages' files; ``None`` where there are none, or no rule that asks."""
        if self._beside is None or not self.has_files:
            return None
        from seawall.engine import packages  # noqa: PLC0415 - if there are any

        options = self._options
        found = packages.judge(
            self._inputs.package_files, self._rules, options.parameters, self.library.open(),
            self._beside, options.today or today(),
        )  # fmt: skip
        if self._run is not None:
            self._run.conditions += self._beside.asked
        self._note(found)
        return found

    def of_builds(self, builds: Sequence[tuple[str, Any]]) -> "Found | None":
        """What is known of what Dockerfiles name (``Analysis.builds``), looked up once."""
        if not builds or not self._is_asked or self._in_builds is not None:
            return self._in_builds
        from seawall.engine import builds as dockerfiles  # noqa: PLC0415 - if there are any

        options = self._options
        found = dockerfiles.judge(
            builds, self._rules, options.parameters, self.library.open, self._inputs.texts,
            options.today or today(),
        )  # fmt: skip
        self._note(found)
        if self._run is not None and self.knowledge is not None:
            self._run.conditions.append((*_DATABASE, self.knowledge.digest))
        self._in_builds = found
        return found

    def _note(self, found: "Found") -> None:
        for path, data in found.texts.items():
            self._inputs.texts.add(path, data)
        self._inputs.packages += found.packages
        if self._run is not None and self.knowledge is not None:
            notes = self.knowledge.aged(found.ecosystems, self._options.today)
            fresh = [note for note in notes if note not in self._run.notes]
            self._run.notes += fresh
            self._run.lasting_notes += fresh

    def added(self, analysis: Analysis, found: "Found | None") -> Analysis:
        """An analysis with what is known of packages' files and of what Dockerfiles name."""
        in_builds = self.of_builds(analysis.builds)
        files = self._inputs.package_files
        if not files and in_builds is None:
            return analysis
        from seawall.engine.packages import added, covered, together  # noqa: PLC0415 - as above

        if files:
            analysis = analysis._replace(coverage=covered(analysis.coverage, files, found))
        if in_builds is not None:
            analysis = analysis._replace(coverage=together(analysis.coverage, in_builds))
            analysis = added(analysis, in_builds)
        return added(analysis, found)


def _beside(inputs: Inputs, source: Source) -> "Beside | None":
    """The files that packages' files may lead to, where there are any of these."""
    if not inputs.package_files:
        return None
    from seawall.engine.packages import Beside  # noqa: PLC0415 - if there are any

    return Beside(source.sibling)
