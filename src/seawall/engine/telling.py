"""A report told in parts: what it says of files that have not changed is taken from the cache.

Findings of such files are neither read nor made: a group of files has one text, which holds as
long as the files and the objects that its rules asked about stay the same.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from seawall.core.finding import Finding
from seawall.core.redacted import Redacted, reveals
from seawall.core.report import Report, RuleFault, Summary, count_of_each
from seawall.core.rule import Rule
from seawall.engine.analysis import Analysis
from seawall.engine.enabling import heard
from seawall.engine.judging import Judgement, joined, judge_each
from seawall.engine.options import Options
from seawall.engine.reading import Inputs
from seawall.engine.remembering import Memory, Section, groups_of
from seawall.engine.run import Part, Run, packed, unpacked
from seawall.engine.scanning import context_of, judged, policy_of, workers_for
from seawall.engine.units import Unit

if TYPE_CHECKING:
    from seawall.engine.run import Teller


class Told(NamedTuple):
    """What a report says of the files, in order, and what it comes to."""

    texts: tuple[bytes, ...]
    """Compressed."""
    parts: tuple[Part | None, ...]
    """The same, as far as it is remembered."""
    summary: Summary

    def chunks(self) -> Iterator[str]:
        """The texts."""
        return chain.from_iterable(map(unpacked, self.texts))


def told(
    inputs: Inputs,
    options: Options,
    rules: Sequence[Rule],
    domains: tuple[str, ...],
    memory: Memory,
    run: Run,
) -> Told | None:
    """Judge what is not known and tell of all; ``None`` where objects enable rules of their own."""
    if run.teller is None or any(
        heard(word, options) for unit in inputs.units for word in unit.words.enables
    ):
        return None
    return _Telling(inputs, options, rules, domains, memory, run, run.teller).told()


class _Telling:
    def __init__(
        self,
        inputs: Inputs,
        options: Options,
        rules: Sequence[Rule],
        domains: tuple[str, ...],
        memory: Memory,
        run: Run,
        teller: "Teller",
    ) -> None:
        self._inputs = inputs
        self._options = options
        self._rules = rules
        self._by_id = {rule.id: rule for rule in rules}
        self._domains = domains
        self._memory = memory
        self._teller = teller
        self._run = run
        self._shelf = memory.shelf(inputs)
        self._coverage = inputs.coverage()
        self._sections = memory.sections(run.signature, domains)
        self._faults: list[RuleFault] = []

    def told(self) -> Told:
        """All of it."""
        units = [unit for unit in self._inputs.units if not unit.task.file.context]
        groups = [
            [units[number] for number in group]
            for group in groups_of([unit.task.file.path for unit in units])
        ]
        keys = [self._sections.key(group) for group in groups]
        known = [
            item if item is not None and self._shelf.digest(item.asked) == item.answers else None
            for item in self._sections.known(keys)
        ]
        missing = [n for n, item in enumerate(known) if item is None]
        fresh = dict(zip(missing, self._fresh([groups[n] for n in missing]), strict=True))
        for number, item in fresh.items():
            if item.may_be_kept:
                self._sections.learn(keys[number], item.section)
        sections = [fresh[n].section if item is None else item for n, item in enumerate(known)]
        parts = (
            Part(keys[n], item.packed) if n not in fresh or fresh[n].may_be_kept else None
            for n, item in enumerate(sections)
        )
        return Told(tuple(item.packed for item in sections), tuple(parts), self._summary(sections))

    def _summary(self, sections: Sequence[Section]) -> Summary:
        counts = [item.counts for item in sections] or [count_of_each(())]
        return Summary(
            tuple(map(sum, zip(*counts, strict=True))),
            sum(item.suppressed for item in sections),
            self._coverage,
            self._options.ruleset,
            self._inputs.judged,
            len(self._rules),
            tuple(self._faults),
        )

    def _fresh(self, groups: Sequence[Sequence[Unit]]) -> "Iterator[_Fresh]":
        """What is to be said of groups of files."""
        units = [unit for group in groups for unit in group]
        judgements = self._memory.judgements(self._shelf, needs_secrets=True)
        context = context_of(self._inputs, self._options, self._shelf)
        results = judge_each(
            units, self._inputs.texts, self._rules, context, judgements,
            workers_for(self._options), self._run.progress, places=self._options.places,
        )  # fmt: skip
        by_unit = dict(zip(units, results, strict=True))
        secrets = {secret for result in results for secret in result.secrets}
        self._run.knows(secrets)
        for group in groups:
            yield self._of_group(group, [by_unit[unit] for unit in group], secrets)

    def _of_group(
        self, units: Sequence[Unit], results: Sequence[Judgement], secrets: set[Redacted]
    ) -> "_Fresh":
        said = joined(units, results, self._by_id)
        self._faults += said.faults
        ignores = [ignore for unit in units for ignore in unit.words.ignores]
        analysis = Analysis(
            said.findings, ignores, self._coverage, 0, said.faults, said.private, said.unsure
        )
        policy = policy_of(self._options, self._rules, analysis, self._domains)
        verdict = judged(analysis, self._options, policy)
        findings = sorted(verdict.findings, key=Finding.sort_key)
        report = Report(
            findings=tuple(findings),
            suppressed=tuple(verdict.suppressed),
            coverage=self._coverage,
            ruleset=self._options.ruleset,
            private=said.private,
        )
        text = self._teller(report, self._inputs.texts).encode("utf-8", "surrogatepass")
        asked = sorted({topic for result in results for topic in result.asked or ()})
        section = Section(
            packed(text),
            tuple(asked),
            self._shelf.digest(asked),
            count_of_each(findings),
            len(verdict.suppressed),
        )
        return _Fresh(section, not said.faults and not reveals(text, secrets))


class _Fresh(NamedTuple):
    section: Section
    may_be_kept: bool
    """Whether no rule broke, and no secret shows in it."""
