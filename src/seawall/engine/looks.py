"""What a run that looks at its files several times remembers from look to look.

Nothing of it leaves the process. So it is kept as it is, values and findings and all, under the
bytes of the files themselves; a cache on disk (``engine.remembering``) needs digests, and plain
values that may be copied.
"""

from collections.abc import Hashable, Sequence
from typing import Any

from seawall.core.recent import Recent
from seawall.core.rule import Rule
from seawall.engine import dockerfiles
from seawall.engine.judging import Judgement
from seawall.engine.options import Options
from seawall.engine.reading import Inputs, Plain, documents_of
from seawall.engine.shelf import Shelf
from seawall.engine.units import Task, Unit
from seawall.text.known_documents import KnownDocuments


class Looks:
    """What was read and judged in the look before, and what was read since."""

    def __init__(self) -> None:
        self.documents = KnownDocuments()
        """The documents of manifests. Who proves an edit reads some before the next look does."""
        self._plains: Recent[Hashable, Plain] = Recent()
        self._judgements: Recent[Hashable, tuple[bytes, Judgement]] = Recent()
        self._asked: tuple[Any, ...] = ()

    def begin(self, options: Options, rules: Sequence[Rule]) -> None:
        """Begin a look. What was said by other rules, or for other options, counts no more."""
        self.documents.turn()
        self._plains.turn()
        self._judgements.turn()
        asked = (options, tuple(rules))
        if asked != self._asked:
            self._judgements = Recent()
            self._asked = asked

    # Files ------------------------------------------------------------------------------------

    is_lasting = False

    def outlines(self, tasks: Sequence[Task]) -> list[Plain | None]:
        """What is known of each file: all of it, as it is at hand."""
        return self.known(tasks)

    def known(self, tasks: Sequence[Task]) -> list[Plain | None]:
        """What is known of each file."""
        return [self._plains.get(_key(task)) for task in tasks]

    def learn(self, task: Task, plain: Plain) -> None:
        """Remember what a file holds, and what its documents were read as."""
        self._plains.put(_key(task), plain)
        for text, value, offsets in documents_of(task, plain):
            self.documents.keep(text, value, offsets)

    def learn_outlines(
        self, tasks: Sequence[Task], before: Sequence[Plain | None], now: Sequence[Plain | None]
    ) -> None:
        """Nothing: who knows a file knows its outline."""

    # What rules say ---------------------------------------------------------------------------

    @staticmethod
    def shelf(inputs: Inputs) -> Shelf:
        """The objects of the files that were read, and digests of what may be asked of them."""
        return Shelf(inputs.units, inputs.opaque)

    def judgements(self, shelf: Shelf) -> "_Judgements":
        """What rules say of files, given the objects that there are now."""
        return _Judgements(self._judgements, shelf)


class _Judgements:
    def __init__(
        self, kept: Recent[Hashable, tuple[bytes, Judgement]], shelf: Shelf
    ) -> None:
        self._kept = kept
        self._shelf = shelf

    def known(self, units: Sequence[Unit]) -> list[Judgement | None]:
        """What is known of each file; without what rests on others, if these have changed."""
        return [self._known(unit) for unit in units]

    def _known(self, unit: Unit) -> Judgement | None:
        found = self._kept.get(_key_of_judgement(unit))
        if found is None:
            return None
        answers, judgement = found
        if judgement.asked is not None and self._shelf.digest(judgement.asked) == answers:
            return judgement
        return judgement._replace(relations=[], faults=[], asked=None)

    def learn(self, unit: Unit, judgement: Judgement) -> None:
        """Remember what the rules said."""
        if not judgement.faults:
            answers = self._shelf.digest(judgement.asked or ())
            self._kept.put(_key_of_judgement(unit), (answers, judgement))


def _key(task: Task) -> Hashable:
    """All that what a file holds rests on."""
    file = task.file
    given = None if task.around is None else dockerfiles.given(task.around)
    return (
        task.data, file.path, file.named, file.context, task.is_template, task.complete,
        task.listed, given,
    )  # fmt: skip


def _key_of_judgement(unit: Unit) -> Hashable:
    return _key(unit.task), unit.complete
