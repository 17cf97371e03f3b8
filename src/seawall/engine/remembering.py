"""What a scan takes from the cache and puts into it.

Three layers: a whole run (nothing has changed), what rules say of a file that rests on this file
alone, and what a file holds. Each key is a digest of everything its value rests on. What holds a
secret is never stored.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import seawall
from seawall import cache, catalogue
from seawall.cache import Cache, digest, texts
from seawall.core.compact import (
    finding_from_plain,
    finding_to_plain,
    holds_secrets,
    ignore_from_plain,
    ignore_to_plain,
)
from seawall.core.report import Coverage, Failed, NotCovered, Skipped
from seawall.core.rule import Rule
from seawall.engine.analysis import Analysis
from seawall.engine.judging import Judgement, own_from_plain, own_to_plain
from seawall.engine.options import Options
from seawall.engine.reading import Inputs, Task, Unit
from seawall.sources.files import STDIN

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
                t.digest,
            )
            for t in inputs.tasks
        ]
        before = inputs.coverage()
        return digest(self._judging, *texts("run", rows, inputs.opaque, before))

    def run(self, key: bytes | None) -> Analysis | None:
        """The result of an equal run."""
        if key is None:
            return None
        plain = self._store.get([key]).get(key)
        if plain is None:
            return None
        try:
            findings, ignores, (read, skipped, not_covered, failed), objects = plain
            return Analysis(
                [finding_from_plain(item, self._rules) for item in findings],
                [ignore_from_plain(item) for item in ignores],
                Coverage(
                    tuple(read),
                    tuple(Skipped(*item) for item in skipped),
                    tuple(NotCovered(*item) for item in not_covered),
                    tuple(Failed(*item) for item in failed),
                ),
                objects,
                [],
            )
        except _BROKEN:
            return None

    def keep_run(self, key: bytes | None, analysis: Analysis) -> None:
        """Remember the result of a run."""
        if key is None or analysis.faults or holds_secrets(analysis.findings):
            return
        coverage = analysis.coverage
        self._store.put(
            key,
            (
                [finding_to_plain(finding) for finding in analysis.findings],
                [ignore_to_plain(ignore) for ignore in analysis.ignores],
                (
                    coverage.read,
                    _rows(coverage.skipped),
                    _rows(coverage.not_covered),
                    _rows(coverage.failed),
                ),
                analysis.objects,
            ),
        )

    # Files ------------------------------------------------------------------------------------

    def units(self) -> "_Units":
        """What files hold."""
        return _Units(self._store, self._code)

    def judgements(self) -> "_Judgements":
        """What rules say of files."""
        return _Judgements(self._store, self._judging, self._rules)


def _rows(rows: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [tuple(row) for row in rows]


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
            *texts("unit", file.path, file.named, task.is_template, task.listed),
            task.digest,
        )

    def known(self, tasks: Sequence[Task]) -> list[Plain | None]:
        """What is known of each."""
        keys = [self._key(task) for task in tasks]
        found = self._store.get(keys)
        return [found.get(key) for key in keys]

    def learn(self, task: Task, plain: Plain) -> None:
        """Remember what a file holds, unless that may be a secret."""
        if _may_store(task) and not _mentions_secrets(task.data):
            self._store.put(self._key(task), plain)


def _mentions_secrets(data: bytes) -> bool:
    """Whether a file may hold a Secret: its values must not be copied to another place."""
    return b"Secret" in data and (b"stringData" in data or b"data" in data)


class _Judgements:
    def __init__(self, store: Store, judging: bytes, rules: dict[str, Rule]) -> None:
        self._store = store
        self._judging = judging
        self._rules = rules

    def _key(self, unit: Unit) -> bytes:
        task = unit.task
        complete = [object_.complete for object_ in unit.contents.objects]
        return digest(
            self._judging,
            *texts("judgement", task.file.path, task.file.named, task.is_template, complete),
            *texts(task.listed),
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
        if len(judgement.related) != len(unit.contents.objects):
            return None
        return judgement

    def learn(self, unit: Unit, judgement: Judgement) -> None:
        """Remember what the rules said."""
        found = [*judgement.own, *judgement.relations]
        if _may_store(unit.task) and not judgement.faults and not holds_secrets(found):
            self._store.put(self._key(unit), own_to_plain(judgement))
