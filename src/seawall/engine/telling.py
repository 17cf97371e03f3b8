"""A report told in parts: what it says of files that have not changed is taken from the cache.

Findings of such files are neither read nor made: a group of files has one text, which holds as
long as the files and the objects that its rules asked about stay the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING

from seawall import catalogue
from seawall.core.location import Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import RuleFault, Summary, count_of_each
from seawall.core.rule import Rule
from seawall.core.severity import Gate
from seawall.engine.analysis import Analysis
from seawall.engine.enabling import heard
from seawall.engine.judging import Judged, Judgement, joined, judge_each
from seawall.engine.options import Options
from seawall.engine.packages import covered, together
from seawall.engine.parts import Part, Told, part_of
from seawall.engine.reading import Inputs
from seawall.engine.remembering import Memory, Plain, Section, groups_of
from seawall.engine.run import Run
from seawall.engine.scanning import context_of, heeded, policy_of, report_of, workers_for
from seawall.engine.units import Unit
from seawall.kubernetes import topics
from seawall.triage.verdicts import (
    Policy,
    Use,
    Verdict,
    complaints,
    known_before,
    triage_part,
)

if TYPE_CHECKING:
    from seawall.core.redacted import Redacted
    from seawall.engine.advised import Advised
    from seawall.engine.knowledge import Knowledge
    from seawall.engine.packages import Found
    from seawall.engine.run import Teller
    from seawall.triage.baseline import Tally  # json costs 2 ms


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
    outside = _outside(options, advised.knowledge)
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


def _outside(options: Options, knowledge: "Knowledge | None") -> set[str]:
    """Where ignores stand that are in none of the files."""
    documents = () if knowledge is None else knowledge.ignores
    return {ignore.origin.path for ignore in (*options.ignores, *documents)}


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
        self._secrets: set[Redacted] = set()
        self._find = cache(lambda pattern: catalogue.look_up(pattern, options.custom))
        self._tally: Tally | None = None
        if options.baseline is not None:
            from seawall.triage.baseline import load  # noqa: PLC0415 - json costs 2 ms

            self._tally = load(options.baseline).tally(self._policy().today)

    def told(self) -> Told | None:
        """All of it; ``None`` where something is known of what Dockerfiles name."""
        units = [unit for unit in self._inputs.units if not unit.task.file.context]
        apart = _outside(self._options, self._advised.knowledge)
        if self._found is not None:
            apart |= self._found.texts.keys()
        groups = [
            [units[number] for number in group]
            for group in groups_of([unit.task.file.path for unit in units], apart)
        ]
        sections, parts = self._sections_of(groups)
        in_builds = self._advised.of_builds([row for item in sections for row in item.builds])
        if in_builds is not None:
            if in_builds.findings or in_builds.faults:
                return None
            self._coverage = together(self._coverage, in_builds)
        told = [(group[0].task.file.path, part) for group, part in zip(groups, parts, strict=True)]
        of_packages, uses = self._of_packages()
        of_outside = self._of_outside(sections, uses)
        if self._tally is not None:
            of_packages = known_before(of_packages, self._tally, self._policy())
            of_outside = known_before(of_outside, self._tally, self._policy())
        told += self._parts_of(of_outside)
        told += self._parts_of(of_packages)
        told.sort(key=itemgetter(0))
        return Told(
            [part for _, part in told],
            self._by_id,
            self._summary(sections, of_packages, of_outside),
            self._all_may_be_kept,
        )

    def _summary(
        self, sections: Sequence[Section], of_packages: Verdict, of_outside: Verdict
    ) -> Summary:
        counts = [count_of_each(of_outside.findings), *(item.counts for item in sections)]
        others = of_packages.findings
        gated = (item for item in others if item.gate == Gate.BY_SEVERITY)
        knowledge = self._advised.knowledge
        return Summary(
            _sums(*counts, count_of_each(others)),
            len(of_outside.suppressed)
            + len(of_packages.suppressed)
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

    def _sections_of(self, groups: Sequence[Sequence[Unit]]) -> tuple[list[Section], list[Part]]:
        """What is to be said of groups of files, remembered or worked out now."""
        keys = [self._sections.key(group) for group in groups]
        sections = [
            item if item is not None and self._shelf.digest(item.asked) == item.answers else None
            for item in self._sections.known(keys)
        ]
        missing = [group for group, item in zip(groups, sections, strict=True) if item is None]
        fresh = self._fresh(missing)
        result = []
        for key, group, item in zip(keys, groups, sections, strict=True):
            if item is not None and self._is_granted(item):
                result.append(item)
                continue
            made = next(fresh) if item is None else next(self._fresh([group]))
            result.append(made.section)
            if made.may_be_kept:
                self._sections.learn(key, made.section)
            else:
                self._all_may_be_kept = False
        parts = [
            Part(section.outputs, section.stamp, key)
            for section, key in zip(result, keys, strict=True)
        ]
        return result, parts

    def _is_granted(self, section: Section) -> bool:
        """Whether files before these left of the baseline what they left when that was told."""
        return self._tally is None or self._tally.grant(section.demands)

    def _of_packages(self) -> tuple[Verdict, list[Use]]:
        """What counts of what is known of packages."""
        found, knowledge = self._found, self._advised.knowledge
        if found is None or knowledge is None:
            return Verdict([], []), []
        self._faults += found.faults
        self._all_may_be_kept = self._all_may_be_kept and not found.faults
        own = [*heeded(found.ignores, self._options), *knowledge.ignores]
        return triage_part(found.findings, own, self._options.ignores, self._policy())

    def _of_outside(self, sections: Sequence[Section], in_packages: Sequence[Use]) -> Verdict:
        """What is to be said of the ignores that stand outside of all files."""
        uses: list[Sequence[Use]] = [[Use(*use) for use in section.uses] for section in sections]
        if in_packages:
            uses.append(in_packages)
        return complaints(self._options.ignores, uses, self._policy())

    def _parts_of(self, verdict: Verdict) -> Iterator[tuple[str, Part]]:
        """What is said of each file that a verdict is about."""
        by_path: dict[str, Verdict] = {}
        for finding in verdict.findings:
            by_path.setdefault(finding.location.path, Verdict([], [])).findings.append(finding)
        for item in verdict.suppressed:
            path = item.finding.location.path
            by_path.setdefault(path, Verdict([], [])).suppressed.append(item)
        for path, own in by_path.items():
            part, shows = self._part_of(own, {})
            self._all_may_be_kept = self._all_may_be_kept and not shows
            yield path, part

    def _policy(self, said: Judged | None = None) -> Policy:
        unsure = {} if said is None else said.unsure
        analysis = Analysis([], [], self._coverage, 0, [], {}, unsure)
        policy = policy_of(self._options, self._rules, analysis, self._domains)
        return policy._replace(find=self._find)

    def _part_of(
        self, verdict: Verdict, private: Mapping[str, tuple[Span, ...]]
    ) -> tuple[Part, bool]:
        report = report_of(
            verdict, self._options, self._inputs.texts,
            coverage=self._coverage, private=private,
        )  # fmt: skip
        return part_of(self._teller(report, self._inputs.texts), self._secrets)

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
        self._secrets |= {secret for result in results for secret in result.secrets}
        self._run.knows(self._secrets)
        for group in groups:
            yield self._of_group(group, [by_unit[unit] for unit in group])

    def _of_group(self, units: Sequence[Unit], results: Sequence[Judgement]) -> "_Fresh":
        said = joined(units, results, self._by_id)
        self._faults += said.faults
        ignores = [ignore for unit in units for ignore in unit.words.ignores]
        policy = self._policy(said)
        verdict, uses = triage_part(
            said.findings, heeded(ignores, self._options), self._options.ignores, policy
        )
        demands: tuple[Plain, ...] = ()
        if self._tally is not None:
            verdict = known_before(verdict, self._tally, policy)
            demands = self._tally.demands()
        part, shows = self._part_of(verdict, said.private)
        asked = {topic for result in results for topic in result.asked or ()}
        if self._options.edits:
            asked |= set(map(topics.text, _edited(verdict)))
        asked_in_order = tuple(sorted(asked))
        section = Section(
            part.outputs,
            part.stamp,
            asked_in_order,
            self._shelf.digest(asked_in_order),
            count_of_each(verdict.findings),
            len(verdict.suppressed),
            tuple((use.used, use.locked, use.of_ignores) for use in uses),
            demands,
            tuple(said.builds),
        )
        return _Fresh(section, not said.faults and not shows)


def _edited(verdict: Verdict) -> Iterator[str]:
    """The files whose text is looked at to mend what was found."""
    for finding in verdict.findings:
        for repair in finding.repairs:
            yield repair.path
            yield from (other.path for other in repair.others)


def _sums(*counts: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*counts, strict=True)))


class _Fresh(NamedTuple):
    section: Section
    may_be_kept: bool
    """Whether no rule broke, and no secret shows in it."""
