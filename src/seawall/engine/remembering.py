"""What a scan takes from the cache and puts into it.

Three layers: a whole run (nothing has changed), what rules say of a file that rests on this file
alone, and what a file holds. Each key is a digest of everything its value rests on.

No secret is ever stored. A finding about one is, without the value; who needs the values (a
baseline) has such files judged anew. What a file with a Secret or a credential holds is not kept.
"""

import marshal
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import seawall
from seawall import cache, catalogue
from seawall.cache import Cache, digest, texts
from seawall.core.compact import (
    finding_from_plain,
    finding_to_plain,
    ignore_from_plain,
    ignore_to_plain,
)
from seawall.core.location import Span
from seawall.core.redacted import LEFT_OUT, Redacted, reveals
from seawall.core.report import Coverage, Failed, NotCovered, Skipped
from seawall.core.rule import Rule
from seawall.engine import dockerfiles
from seawall.engine.analysis import Analysis
from seawall.engine.judging import Judgement, own_from_plain, own_to_plain
from seawall.engine.options import Options
from seawall.engine.reading import Inputs, Task, Unit
from seawall.sources.files import STDIN

if TYPE_CHECKING:
    from seawall.engine.rendered import Rendered

Plain = Any
_BROKEN = (KeyError, TypeError, ValueError, IndexError, AttributeError)
"""What a value of another shape leads to: it is worked out anew."""


class Store(Protocol):
    """Keeps plain values by digests."""

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Plain]:
        """The values that are there."""

    def put(self, key: bytes, value: Plain) -> None:
        """Keep a value."""


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

    def put(self, key: bytes, value: Plain) -> None:
        """Keep a value."""
        self._values[key] = value
        if self._behind is not None:
            self._behind.put(key, value)


class Memory:
    """The cache of one run."""

    def __init__(self, store: Store, options: Options, rules: Sequence[Rule]) -> None:
        self._store = store
        self._needs_secrets = options.needs_secrets
        # Objects may enable rules that do not run otherwise.
        self._rules = {rule.id: rule for rule in (*catalogue.all_rules(), *rules)}
        code = cache.code_stamp(os.path.dirname(seawall.__file__))
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

    # A whole run ------------------------------------------------------------------------------

    def run_key(self, inputs: Inputs) -> bytes | None:
        """The key of a run over these inputs; ``None`` when it must not be kept."""
        if any(task.file.real == STDIN for task in inputs.tasks):
            return None
        rows = [
            (
                t.file.path,
                t.file.named,
                t.file.context,
                t.is_template,
                t.complete,
                t.listed,
                None if t.around is None else dockerfiles.state(t.around, t.data),
                t.digest,
            )
            for t in inputs.tasks
        ]
        before = inputs.coverage()
        return digest(self._judging, *texts("run", rows, inputs.opaque, before))

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
            findings, ignores, coverage, objects, private, unsure, rendered = plain
            read, skipped, not_covered, failed = coverage
            known = [finding_from_plain(item, self._rules) for item in findings]
            if self._needs_secrets and any(item.secret is LEFT_OUT for item in known):
                return None
            return Analysis(
                known,
                [ignore_from_plain(item) for item in ignores],
                Coverage(
                    tuple(read),
                    tuple(Skipped(*item) for item in skipped),
                    tuple(NotCovered(*item) for item in not_covered),
                    tuple(Failed(*item) for item in failed),
                ),
                objects,
                [],
                {path: tuple(Span(*span) for span in spans) for path, spans in private.items()},
                unsure,
                _rendered_from_plain(rendered) if rendered else {},
            )
        except _BROKEN:
            return None

    def keep_run(self, key: bytes | None, analysis: Analysis) -> None:
        """Remember the result of a run."""
        if key is None or analysis.faults:
            return
        coverage = analysis.coverage
        plain = (
            [finding_to_plain(finding, private=False) for finding in analysis.findings],
            [ignore_to_plain(ignore) for ignore in analysis.ignores],
            (
                coverage.read,
                _rows(coverage.skipped),
                _rows(coverage.not_covered),
                _rows(coverage.failed),
            ),
            analysis.objects,
            {path: [tuple(span) for span in spans] for path, spans in analysis.private.items()},
            dict(analysis.unsure),
            _rendered_to_plain(analysis.rendered) if analysis.rendered else (),
        )
        _put(self._store, key, plain, analysis.secrets)

    # Files ------------------------------------------------------------------------------------

    def units(self) -> "_Units":
        """What files hold."""
        return _Units(self._store, self._code)

    def judgements(self) -> "_Judgements":
        """What rules say of files."""
        return _Judgements(
            self._store, self._judging, self._rules, needs_secrets=self._needs_secrets
        )


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


def _rows(rows: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [tuple(row) for row in rows]


def _put(store: Store, key: bytes, plain: Plain, secrets: set[Redacted]) -> None:
    """Keep a value, unless a secret shows in it: a message could quote what another rule found."""
    if not (secrets and reveals(marshal.dumps(plain), secrets)):
        store.put(key, plain)


def _given(task: Task) -> object:
    return None if task.around is None else dockerfiles.given(task.around)


def _may_store(task: Task) -> bool:
    """Standard input is often a cluster's, Secrets included: it leaves no trace on disk."""
    return task.file.real != STDIN


class _Units:
    def __init__(self, store: Store, code: bytes) -> None:
        self._store = store
        self._code = code

    def _key(self, task: Task) -> bytes:
        file = task.file
        return digest(
            self._code,
            *texts("unit", file.path, file.named, task.is_template, task.listed, _given(task)),
            task.digest,
        )

    def known(self, tasks: Sequence[Task]) -> list[Plain | None]:
        """What is known of each."""
        keys = [self._key(task) for task in tasks]
        found = self._store.get(keys)
        return [found.get(key) for key in keys]

    def learn(self, task: Task, plain: Plain) -> None:
        """Remember what a file holds."""
        if _may_store(task):
            self._store.put(self._key(task), plain)


class _Judgements:
    def __init__(
        self, store: Store, judging: bytes, rules: dict[str, Rule], *, needs_secrets: bool
    ) -> None:
        self._store = store
        self._judging = judging
        self._rules = rules
        self._needs_secrets = needs_secrets

    def _key(self, unit: Unit) -> bytes:
        task = unit.task
        complete = [object_.complete for object_ in unit.contents.objects]
        return digest(
            self._judging,
            *texts("judgement", task.file.path, task.file.named, task.is_template, complete),
            *texts(task.listed, _given(task)),
            task.digest,
        )

    def known(self, units: Sequence[Unit]) -> list[Judgement | None]:
        """What is known of each file."""
        keys = [self._key(unit) for unit in units]
        found = self._store.get(keys)
        return [self._read(found.get(key), unit) for key, unit in zip(keys, units, strict=True)]

    def _read(self, plain: Plain, unit: Unit) -> Judgement | None:
        if plain is None:
            return None
        try:
            judgement = own_from_plain(plain, self._rules)
        except _BROKEN:
            return None
        if len(judgement.related) != (len(unit.contents.objects) or 1):
            return None
        if self._needs_secrets and any(item.secret is LEFT_OUT for item in judgement.own):
            return None
        return judgement

    def learn(self, unit: Unit, judgement: Judgement) -> None:
        """Remember what the rules said."""
        if _may_store(unit.task) and not judgement.faults:
            _put(self._store, self._key(unit), own_to_plain(judgement), judgement.secrets)
