"""A report told in parts: what it says of files that have not changed is taken from the cache.

Findings of such files are neither read nor made: a group of files has one text, which holds as
long as the files and the objects that its rules asked about stay the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

from seawall import catalogue
from seawall.core.finding import Finding
from seawall.core.location import Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import Redacted, reveals
from seawall.core.report import Report, RuleFault, Summary, count_of_each
from seawall.core.rule import Rule
from seawall.core.severity import Gate
from seawall.engine.analysis import Analysis
from seawall.engine.enabling import heard
from seawall.engine.judging import Judgement, joined, judge_each
from seawall.engine.options import Options
from seawall.engine.packages import covered, together
from seawall.engine.reading import Inputs
from seawall.engine.remembering import Memory, Section, groups_of
from seawall.engine.run import Part, Run, packed, unpacked
from seawall.engine.scanning import context_of, heeded, policy_of, workers_for
from seawall.engine.units import Unit
from seawall.triage.verdicts import Policy, Use, Verdict, complaints, triage_part

if TYPE_CHECKING:
    from seawall.engine.advised import Advised
    from seawall.engine.packages import Found
    from seawall.engine.run import Teller


class Told(NamedTuple):
    """What a report says of the files, in order, and what it comes to."""

    parts: tuple[Part, ...]
    may_be_kept: bool
    """Whether each part is remembered: no rule broke, and no secret shows."""
    summary: Summary

    def chunks(self) -> Iterator[str]:
        """The texts."""
        return chain.from_iterable(unpacked(part.packed) for part in self.parts)


def told(
    inputs: Inputs,
    options: Options,
    rules: Sequence[Rule],
    domains: tuple[str, ...],
    memory: Memory,
    run: Run,
    advised: "Advised",
    found: "Found | None",
) -> Told | None:
    """Judge what is not known and tell of all.

    ``None`` where that cannot be told in parts: objects enable rules of their own, what is said of
    the configuration is said of one of the files, or something is known of what Dockerfiles name,
    whose text would be that of two domains.
    """
    outside = {ignore.origin.path for ignore in options.ignores}
    if found is not None and not outside.isdisjoint(found.texts):
        return None
    for unit in inputs.units:
        if unit.task.file.path in outside or any(
            heard(word, options) for word in unit.words.enables
        ):
            return None
    paths = [unit.task.file.path for unit in inputs.units if not unit.task.file.context]
    if run.teller is None or paths != sorted(paths):
        return None
    telling = _Telling(inputs, options, rules, domains, memory, run, run.teller, advised, found)
    return telling.told()


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
        advised: "Advised",
        found: "Found | None",
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
        self._advised = advised
        self._found = found
        """What is known of packages' files; its findings are told anew each time: they are few."""
        self._coverage = inputs.coverage()
        if inputs.package_files:
            self._coverage = covered(self._coverage, inputs.package_files, found)
        self._sections = memory.sections(run.signature, domains)
        self._faults: list[RuleFault] = []
        self._all_may_be_kept = True
        self._find = cache(lambda pattern: catalogue.look_up(pattern, options.custom))

    def told(self) -> Told | None:
        """All of it; ``None`` where something is known of what Dockerfiles name."""
        units = [unit for unit in self._inputs.units if not unit.task.file.context]
        outside = {ignore.origin.path for ignore in self._options.ignores}
        if self._found is not None:
            outside |= self._found.texts.keys()
        groups = [
            [units[number] for number in group]
            for group in groups_of([unit.task.file.path for unit in units], outside)
        ]
        sections, parts = self._sections_of(groups)
        in_builds = self._advised.of_builds([row for item in sections for row in item.builds])
        if in_builds is not None:
            if in_builds.findings or in_builds.faults:
                return None
            self._coverage = together(self._coverage, in_builds)
        told = [(group[0].task.file.path, part) for group, part in zip(groups, parts, strict=True)]
        in_packages, uses = self._of_packages()
        verdict = self._of_outside(sections, uses)
        told += self._parts_of(verdict.findings)
        told += self._parts_of(in_packages.findings)
        told.sort(key=itemgetter(0))
        counts = [count_of_each(verdict.findings), *(item.counts for item in sections)]
        others = in_packages.findings
        gated = (item for item in others if item.gate == Gate.BY_SEVERITY)
        knowledge = self._advised.knowledge
        summary = Summary(
            _sums(*counts, count_of_each(others)),
            len(verdict.suppressed)
            + len(in_packages.suppressed)
            + sum(item.suppressed for item in sections),
            self._coverage,
            self._options.ruleset,
            self._inputs.judged,
            len(self._rules),
            tuple(self._faults),
            self._inputs.packages,
            None if knowledge is None else knowledge.described(),
            _sums(*counts, count_of_each(gated)),
            sum(item.gate == Gate.ALWAYS for item in others),
        )
        return Told(tuple(part for _, part in told), self._all_may_be_kept, summary)

    def _sections_of(self, groups: Sequence[Sequence[Unit]]) -> tuple[list[Section], list[Part]]:
        """What is to be said of groups of files, remembered or worked out now."""
        keys = [self._sections.key(group) for group in groups]
        sections = [
            item if item is not None and self._shelf.digest(item.asked) == item.answers else None
            for item in self._sections.known(keys)
        ]
        missing = [n for n, item in enumerate(sections) if item is None]
        fresh = self._fresh([groups[n] for n in missing])
        for number, (section, may_be_kept) in zip(missing, fresh, strict=True):
            sections[number] = section
            if may_be_kept:
                self._sections.learn(keys[number], section)
            else:
                self._all_may_be_kept = False
        known = [item for item in sections if item is not None]
        parts = [Part(item.packed, key) for item, key in zip(known, keys, strict=True)]
        return known, parts

    def _of_packages(self) -> tuple[Verdict, list[Use]]:
        """What counts of what is known of packages."""
        found, knowledge = self._found, self._advised.knowledge
        if found is None or knowledge is None:
            return Verdict([], []), []
        self._faults += found.faults
        self._all_may_be_kept = self._all_may_be_kept and not found.faults
        policy = self._policy(Analysis([], [], self._coverage, 0, [], {}, {}))
        own = [*heeded(found.ignores, self._options), *knowledge.ignores]
        return triage_part(found.findings, own, self._options.ignores, policy)

    def _of_outside(self, sections: Sequence[Section], in_packages: Sequence[Use]) -> Verdict:
        """What is to be said of the ignores that stand outside of all files."""
        uses: list[Sequence[Use]] = [[Use(*use) for use in section.uses] for section in sections]
        if in_packages:
            uses.append(in_packages)
        policy = self._policy(Analysis([], [], self._coverage, 0, [], {}, {}))
        return complaints(self._options.ignores, uses, policy)

    def _parts_of(self, findings: Sequence[Finding]) -> Iterator[tuple[str, Part]]:
        """What is said of each file that they are in."""
        by_path: dict[str, list[Finding]] = {}
        for finding in findings:
            by_path.setdefault(finding.location.path, []).append(finding)
        for path, own in by_path.items():
            yield path, Part(packed(self._text(Verdict(own, []), {})))

    def _policy(self, analysis: Analysis) -> Policy:
        policy = policy_of(self._options, self._rules, analysis, self._domains)
        return policy._replace(find=self._find)

    def _text(self, verdict: Verdict, private: Mapping[str, tuple[Span, ...]]) -> bytes:
        report = Report(
            findings=tuple(sorted(verdict.findings, key=Finding.sort_key)),
            suppressed=tuple(verdict.suppressed),
            coverage=self._coverage,
            ruleset=self._options.ruleset,
            private=private,
        )
        return self._teller(report, self._inputs.texts).encode("utf-8", "surrogatepass")

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
        verdict, uses = triage_part(
            said.findings,
            heeded(ignores, self._options),
            self._options.ignores,
            self._policy(analysis),
        )
        text = self._text(verdict, said.private)
        asked = sorted({topic for result in results for topic in result.asked or ()})
        section = Section(
            packed(text),
            tuple(asked),
            self._shelf.digest(asked),
            count_of_each(verdict.findings),
            len(verdict.suppressed),
            tuple((use.used, use.locked, use.of_ignores) for use in uses),
            tuple(said.builds),
        )
        return _Fresh(section, not said.faults and not reveals(text, secrets))


def _sums(*counts: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*counts, strict=True)))


class _Fresh(NamedTuple):
    section: Section
    may_be_kept: bool
    """Whether no rule broke, and no secret shows in it."""
