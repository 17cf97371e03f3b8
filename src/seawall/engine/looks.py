"""What a run that looks at its files several times remembers from look to look.

Nothing of it leaves the process. So it is kept as it is, values and findings and all, under the
bytes of the files themselves; a cache on disk (``engine.remembering``) needs digests, and plain
values that may be copied.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from seawall.core.location import KeyPath
from seawall.core.recent import Recent
from seawall.core.rule import Rule
from seawall.engine import dockerfiles
from seawall.engine.inputs import Inputs
from seawall.engine.judging import NOTHING_OF_OBJECTS, Judgement, OfObject
from seawall.engine.options import Options
from seawall.engine.parsing import Plain, documents_of
from seawall.engine.shelf import Shelf
from seawall.engine.task import Task
from seawall.engine.units import Unit
from seawall.kubernetes.objects import KubernetesObject
from seawall.text.known_documents import KnownDocuments

if TYPE_CHECKING:
    from seawall.core.finding import Finding

_Place = tuple[int, KeyPath]
"""Where an object stands in a file: its document and the path there."""
_NONE: tuple[None, None] = (None, None)


class Looks:
    """What was read and judged in the look before, and what was read since."""

    def __init__(self) -> None:
        self.documents = KnownDocuments()
        """The documents of manifests. Who proves an edit reads some before the next look does."""
        self._plains: Recent[Hashable, Plain] = Recent()
        self._judgements: Recent[Hashable, tuple[bytes, Judgement]] = Recent()
        self._objects: dict[str, _Objects] = {}
        """By file, what was said last."""
        self._asked: tuple[Any, ...] = ()

    def begin(self, options: Options, rules: Sequence[Rule]) -> None:
        """Begin a look. What was said by other rules, or for other options, counts no more."""
        self.documents.turn()
        self._plains.turn()
        self._judgements.turn()
        asked = (options, tuple(rules))
        if asked != self._asked:
            self._judgements, self._objects = Recent(), {}
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
        return _Judgements(self._judgements, self._objects, shelf)


class _Judgements:
    def __init__(
        self,
        kept: Recent[Hashable, tuple[bytes, Judgement]],
        objects: "dict[str, _Objects]",
        shelf: Shelf,
    ) -> None:
        self._kept = kept
        self._objects = objects
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

    def of_objects(self, unit: Unit) -> Sequence[OfObject | None]:
        """What is known of each object of a file that has changed, where the object has not."""
        before = self._objects.get(unit.task.file.path)
        if before is None or unit.words.ignores or before.surroundings != _surroundings(unit):
            return NOTHING_OF_OBJECTS
        found = [before.find(object_) for object_ in unit.objects]
        return found if any(found) else NOTHING_OF_OBJECTS

    def learn(self, unit: Unit, judgement: Judgement) -> None:
        """Remember what the rules said."""
        if not judgement.faults:
            if unit.task.around is None:
                self._objects[unit.task.file.path] = _Objects(unit, judgement)
            answers = self._shelf.digest(judgement.asked or ())
            self._kept.put(_key_of_judgement(unit), (answers, judgement))


class _Objects:
    """What was said of the objects of a file when it was judged last."""

    def __init__(self, unit: Unit, judgement: Judgement) -> None:
        self.surroundings = _surroundings(unit)
        self._unit = unit
        self._judgement = judgement
        self._found: dict[_Place, tuple[KubernetesObject, OfObject]] | None = None

    def find(self, object_: KubernetesObject) -> OfObject | None:
        """What was said of an object that stands at the same place and is the same one still.

        Known documents are not read again, so that what has not changed has the same value.
        """
        if self._found is None:
            self._found = dict(self._by_place())
        before, said = self._found.get((object_.document, object_.path), _NONE)
        if before is None or before.value is not object_.value or object_.duplicates:
            return None
        return said

    def _by_place(self) -> Iterator[tuple[_Place, tuple[KubernetesObject, OfObject]]]:
        own: dict[_Place, list[Finding]] = {}
        objects = self._unit.objects
        depths: dict[int, set[int]] = {}
        for object_ in objects:
            own[object_.document, object_.path] = []
            depths.setdefault(object_.document, set()).add(len(object_.path))
        placed: set[_Place] = set()
        for finding in self._judgement.own:
            location = finding.location
            beginnings = (location.key_path[:depth] for depth in depths[location.document])
            place = next(
                (location.document, path) for path in beginnings if (location.document, path) in own
            )
            own[place].append(finding)
            if location.span is not None:
                placed.add(place)  # lines may have moved
        for object_, related in zip(objects, self._judgement.related, strict=True):
            place = (object_.document, object_.path)
            if place not in placed and not object_.duplicates:
                yield place, (object_, OfObject(own[place], related))


def _surroundings(unit: Unit) -> Hashable:
    """What a verdict on an object rests on besides: all that is known of its file but the bytes."""
    task = unit.task
    return task.file, task.is_template, task.listed, unit.complete


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
