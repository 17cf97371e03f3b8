"""The history of the targets' repositories, where a scan is asked to search it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seawall.core.rule import Rule
from seawall.engine.analysis import Analysis
from seawall.engine.options import Options
from seawall.engine.run import Run

if TYPE_CHECKING:
    from seawall.engine.git_history.asked import PastSearch


class Past:
    """What is searched of it; mostly nothing, and nothing is loaded."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._search: PastSearch | None = None
        self.others = options.targets
        """The targets that have files of their own."""
        self.objects = 0
        """How many objects were searched."""
        if options.past is not None:
            from seawall.engine.git_history import asked  # noqa: PLC0415 - if it is asked for

            self._search = asked.PastSearch(options, options.past)
            self.others = self._search.others

    def __bool__(self) -> bool:
        """Whether there is anything to search."""
        return self._search is not None

    def added(self, analysis: Analysis, rules: Sequence[Rule], run: Run) -> Analysis:
        """An analysis with what was found."""
        if self._search is None:
            return analysis
        past = self._options.past
        is_alone = past is not None and past.is_alone  # a cache costs more than it would save
        memory = None if is_alone else run.memory(self._options, rules)
        analysis, self.objects = self._search.added(analysis, rules, memory)
        return analysis
