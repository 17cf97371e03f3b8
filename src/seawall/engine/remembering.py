"""What a scan takes from the cache and puts into it.

Three layers: a whole run (nothing has changed), what rules say of a file that rests on this file
alone, and what a file holds. Each key is a digest of everything its value rests on.

No secret is ever stored, nor a finding about one, nor what a file with a Secret or a credential
holds. So these files are judged anew in each run in which something has changed, and it is known
what must not be written (``Run.knows``): what is secret in one file may stand in any other. What
a run wrote holds no secret by the way it is made, so it is kept, and an equal run is told again.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from seawall import catalogue
from seawall.cache import Cache, Store, digest, texts
from seawall.core.compact import (
    finding_from_plain,
    finding_to_plain,
    ignore_from_plain,
    ignore_to_plain,
)
from seawall.core.location import Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import Rule
from seawall.engine.analysis import Analysis
from seawall.engine.inputs import Inputs
from seawall.engine.judging import NOTHING_OF_OBJECTS, Judgement, OfObject, kept, to_keep
from seawall.engine.options import Options
from seawall.engine.parsing import OFFSETS
from seawall.engine.parts import coverage_from_plain, coverage_to_plain
from seawall.engine.shelf import Shelf
from seawall.engine.task import Task
from seawall.engine.units import Unit
from seawall.kubernetes.topics import Topic
from seawall.sources.files import STDIN

if TYPE_CHECKING:
    from seawall.engine.rendered import Rendered

Plain = Any
_BROKEN = (KeyError, TypeError, ValueError, IndexError, AttributeError)
"""What a value of another shape leads to: it is worked out anew."""


class Layered:
    """Keeps values for the length of this run, and in a cache behind it where there is one."""

    def __init__(self, behind: Cache | None) -> None:
        self._behind = behind
        self._values: dict[bytes, Plain] = {}

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Plain]:
        """The values that are there."""
        found = {key: self._values[key] for key in keys if key in self._values}
        if self._behind is not None:
            found |= self._behind.get([key for key in keys if key not in found])
        return found

    def put(self, key: bytes, value: Plain, *, is_ours: bool = False, of: str = "") -> None:
        """Keep a value; ``is_ours`` and ``of`` as ``Cache`` has them."""
        self._values[key] = value
        if self._behind is not None:
            self._behind.put(key, value, is_ours=is_ours, of=of)


class Memory:
    """The cache of one run."""

    def __init__(self, store: Store, code: bytes, options: Options, rules: Sequence[Rule]) -> None:
        """``code`` changes with the program."""
        self._store = store
        self._chosen = rules
        self._code = code
        self._judging = digest(
            code,
            *texts(
                sorted((rule.id, rule.definition) for rule in rules),
                options.kubernetes_version,
                options.pss_version,
                options.fixes,
                options.places,
                sorted(options.pins.items()),
                sorted((rule, sorted(own.items())) for rule, own in options.parameters.items()),
                # What decides which rules objects may enable.
                options.honour_comments,
                options.select,
                options.ignore,
                options.foreign,
                options.unheeded,
            ),
        )

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        """All rules: objects may enable some that do not run otherwise. They take long to load."""
        return {rule.id: rule for rule in (*catalogue.all_rules(), *self._chosen)}

    def layers(self) -> tuple[Store, bytes]:
        """Where layers of images are kept, and what changes with the code that looks at them."""
        return self._store, self._code

    # A whole run ------------------------------------------------------------------------------

    def run_key(self, inputs: Inputs) -> bytes | None:
        """The key of a run over these inputs; ``None`` when it must not be kept."""
        if any(task.file.real == STDIN for task in inputs.tasks):
            return None
        rows = [part for task in inputs.tasks for part in (task.row, task.surroundings)]
        return digest(
            self._judging, *texts("run", inputs.opaque, coverage_to_plain(inputs.coverage())), *rows
        )

    def key_of_rendering(self, key: bytes, left_out: Sequence[str]) -> bytes:
        """The key of what the rules say of a rendering, by what that rests on."""
        return digest(self._judging, *texts("rendering", left_out), key)

    def run(self, key: bytes | None) -> Analysis | None:
        """The result of an equal run."""
        if key is None:
            return None
        plain = self._store.get([key]).get(key)
        if plain is None:
            return None
        try:
            findings, ignores, coverage, objects, private, unsure, rendered, builds = plain
            return Analysis(
                [finding_from_plain(item, self._rules) for item in findings],
                [ignore_from_plain(item) for item in ignores],
                coverage_from_plain(coverage),
                objects,
                [],
                {path: tuple(Span(*span) for span in spans) for path, spans in private.items()},
                unsure,
                _rendered_from_plain(rendered) if rendered else {},
                builds,
            )
        except _BROKEN:
            return None

    def keep_run(self, key: bytes | None, analysis: Analysis) -> None:
        """Remember the result of a run, unless some of it is about a secret."""
        if key is None or analysis.faults or analysis.secrets:
            return
        plain = (
            [finding_to_plain(finding) for finding in analysis.findings],
            [ignore_to_plain(ignore) for ignore in analysis.ignores],
            coverage_to_plain(analysis.coverage),
            analysis.objects,
            {path: [tuple(span) for span in spans] for path, spans in analysis.private.items()},
            dict(analysis.unsure),
            _rendered_to_plain(analysis.rendered) if analysis.rendered else (),
            tuple(analysis.builds),
        )
        self._store.put(key, plain)

    # Files ------------------------------------------------------------------------------------

    def units(self) -> "_Units":
        """What files hold."""
        return _Units(self._store, self._code)

    @staticmethod
    def shelf(inputs: Inputs) -> Shelf:
        """The objects of the files that were read, and digests of what may be asked of them."""
        return Shelf(inputs.units, inputs.opaque)

    def judgements(self, shelf: Shelf) -> "_Judgements":
        """What rules say of files."""
        return _Judgements(self._store, self._judging, self._rules, shelf)

    def sections(self, signature: bytes, domains: Sequence[str]) -> "_Sections":
        """What outputs with a signature say of files."""
        return _Sections(self._store, digest(self._judging, signature, *texts(domains)))


def _rendered_to_plain(rendered: "Mapping[str, Rendered]") -> Plain:
    return [
        (
            path,
            own.chart,
            own.value_sets,
            [(tuple(old), tuple(new)) for old, new in own.spans.items()],
            own.several,
        )
        for path, own in rendered.items()
    ]


def _rendered_from_plain(plain: Plain) -> "Mapping[str, Rendered]":
    from seawall.engine.rendered import Rendered  # noqa: PLC0415 - only where charts are rendered

    return {
        path: Rendered(chart, value_sets, {Span(*old): Span(*new) for old, new in spans}, several)
        for path, chart, value_sets, spans, several in plain
    }


def _may_store(task: Task) -> bool:
    """Standard input is often a cluster's, Secrets included: it leaves no trace on disk."""
    return task.file.real != STDIN


GROUP = 32
"""How many files are remembered as one, on average: each takes a look-up, and each that changes
has all of its group looked at."""
_MOST_OF_A_GROUP = 4 * GROUP


def groups_of(paths: Sequence[str], apart: Collection[str] = ()) -> list[list[int]]:
    """The numbers of files that are remembered as one, in the order of their paths.

    Where a group ends is told by the paths themselves, so that a file which comes or goes changes
    the group that it is in, and seldom another. One path is never in two of them, and none of the
    paths that are to be ``apart`` lies between two of a group.
    """
    from bisect import bisect_left, bisect_right  # noqa: PLC0415 - only where results are kept
    from zlib import crc32  # noqa: PLC0415 - as above

    others = sorted(apart)
    groups: list[list[int]] = []
    before = ""
    for number in sorted(range(len(paths)), key=paths.__getitem__):
        path = paths[number]
        if not groups or (
            path != before
            and (
                crc32(path.encode("utf-8", "surrogatepass")) % GROUP == 0
                or len(groups[-1]) >= _MOST_OF_A_GROUP
                or bisect_right(others, before) < bisect_left(others, path)
            )
        ):
            groups.append([])
        groups[-1].append(number)
        before = path
    return groups


class _Units:
    is_lasting = True
    documents = None

    def __init__(self, store: Store, code: bytes) -> None:
        self._store = store
        self._code = code

    def _key(self, task: Task) -> bytes:
        return digest(self._code, b"unit", task.row)

    def known(self, tasks: Sequence[Task]) -> list[Plain | None]:
        """What is known of each."""
        keys = [self._key(task) for task in tasks]
        found = self._store.get(keys)
        return [found.get(key) for key in keys]

    def learn(self, task: Task, plain: Plain) -> None:
        """Remember what a file holds."""
        if _may_store(task):
            self._store.put(self._key(task), plain[:OFFSETS], of=task.file.path)

    def _groups(self, tasks: Sequence[Task]) -> list[tuple[bytes, list[int]]]:
        return [
            (digest(self._code, b"outlines", *(tasks[number].row for number in group)), group)
            for group in groups_of([task.file.path for task in tasks])
        ]

    def outlines(self, tasks: Sequence[Task]) -> list[Plain | None]:
        """What is known of each, with the number of its objects in place of these."""
        groups = self._groups(tasks)
        found = self._store.get([key for key, _ in groups])
        result: list[Plain | None] = [None] * len(tasks)
        for key, group in groups:
            plains = found.get(key, ())
            if len(plains) == len(group):
                for number, plain in zip(group, plains, strict=True):
                    result[number] = plain
        return result

    def learn_outlines(
        self, tasks: Sequence[Task], before: Sequence[Plain | None], now: Sequence[Plain | None]
    ) -> None:
        """Remember outlines, where they are others than they were before."""
        for key, group in self._groups(tasks):
            plains = [now[n] if _may_store(tasks[n]) else None for n in group]
            if plains != [before[n] for n in group]:
                self._store.put(key, plains)


class _Judgements:
    def __init__(self, store: Store, judging: bytes, rules: dict[str, Rule], shelf: Shelf) -> None:
        self._store = store
        self._judging = judging
        self._rules = rules
        self._shelf = shelf

    def _key(self, unit: Unit) -> bytes:
        return digest(self._judging, b"judgement", unit.task.row, b"%d" % unit.complete)

    def known(self, units: Sequence[Unit]) -> list[Judgement | None]:
        """What is known of each file."""
        keys = [self._key(unit) for unit in units]
        found = self._store.get(keys)
        return [self._read(found.get(key), unit) for key, unit in zip(keys, units, strict=True)]

    def _read(self, plain: Plain, unit: Unit) -> Judgement | None:
        if plain is None:
            return None
        try:
            answers, content = plain
            asked = content[-1]
            is_current = asked is not None and self._shelf.digest(asked) == answers
            judgement = kept(content, self._rules, is_current=is_current)
        except _BROKEN:
            return None
        return judgement if len(judgement.related) == (unit.count or 1) else None

    def of_objects(self, unit: Unit) -> Sequence[OfObject | None]:  # noqa: ARG002 - by files only
        """Nothing: what is said of a file is known by all of its bytes."""
        return NOTHING_OF_OBJECTS

    def learn(self, unit: Unit, judgement: Judgement) -> None:
        """Remember what the rules said, unless it is about a secret."""
        if _may_store(unit.task) and not judgement.faults and not judgement.secrets:
            plain = (self._shelf.digest(judgement.asked or ()), to_keep(judgement))
            self._store.put(self._key(unit), plain, of=unit.task.file.path)


class Section(NamedTuple):
    """What the outputs say of some files, and what that comes to."""

    outputs: tuple[Plain, ...]
    stamp: bytes
    """What they say, and a digest of it; stand at the beginning (``PARTS_OF_A_PART``)."""
    asked: tuple[Topic, ...]
    """What it rests on besides the files themselves."""
    answers: bytes
    counts: tuple[int, ...]
    """The findings of each severity, the least first."""
    gated: tuple[int, ...]
    """Those of them that fail a run from their severity on."""
    always: int
    """How many fail a run whatever their severity."""
    suppressed: int
    uses: tuple[tuple[bool, tuple[str, ...], tuple[str, ...]], ...]
    """What each ignore outside of all files did (``triage.verdicts.Use``); those of VEX documents
    are left out where nothing is told of packages."""
    demands: tuple[tuple[str, str, int, int, int], ...]
    """What it took from the baseline (``triage.baseline.Demand``)."""
    builds: tuple[tuple[str, Plain], ...]
    """By file, what Dockerfiles name."""
    packages: bytes
    """What it tells of that rests on this, too (``Knowledge.digest``); empty where nothing does."""
    private: tuple[int, ...]
    """Which of the files have findings about secrets."""
    elsewhere: bytes
    """What it tells of other files that hold the same secrets rests on this."""


class _Sections:
    def __init__(self, store: Store, reporting: bytes) -> None:
        self._store = store
        self._reporting = reporting

    def key(self, units: Sequence[Unit]) -> bytes:
        """By what some files are known."""
        parts = [
            part
            for unit in units
            for part in (
                unit.task.row, unit.task.surroundings, b"%d%d" % (unit.complete, unit.whole)
            )
        ]  # fmt: skip
        return digest(self._reporting, b"section", *parts)

    def known(self, keys: Sequence[bytes]) -> list[Section | None]:
        """What is known of groups of files."""
        found = self._store.get(keys)
        result: list[Section | None] = []
        for key in keys:
            try:
                result.append(Section(*found[key]))
            except _BROKEN:
                result.append(None)
        return result

    def learn(self, key: bytes, section: Section) -> None:
        """Remember what the outputs say of some files; not asked where a secret shows there."""
        self._store.put(key, tuple(section))
