"""A report told in parts: what it says of files that have not changed is taken from the cache.

Findings of such files are neither read nor made: a group of files has one text, which holds as
long as the files and the objects that its rules asked about stay the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING

from seawall import catalogue
from seawall.core.location import Span
from seawall.core.redacted import Redacted, revealing
from seawall.core.report import RuleFault, Summary, count_of_each
from seawall.core.rule import Rule
from seawall.core.severity import Gate
from seawall.engine import reading
from seawall.engine.analysing import context_of, workers_for
from seawall.engine.analysis import Analysis
from seawall.engine.concluding import heeded, policy_of, report_of
from seawall.engine.credentials.doubles import joined_places, without_doubles
from seawall.engine.enabling import heard
from seawall.engine.groups import Group
from seawall.engine.inputs import Inputs
from seawall.engine.judging import Judged, Judgement, Judgements, joined, judge_each
from seawall.engine.options import Options
from seawall.engine.packages import covered, together
from seawall.engine.parts import Part, Told, part_of
from seawall.engine.remembering import Memory, Plain, Section, groups_of
from seawall.engine.run import Run, telltale
from seawall.engine.units import Unit
from seawall.kubernetes import topics
from seawall.triage.baseline import Tally, WholeNeeded
from seawall.triage.verdicts import (
    Policy,
    Use,
    Verdict,
    complaints,
    known_before,
    triage_part,
    unused_note,
)

if TYPE_CHECKING:
    from seawall.core.finding import Finding
    from seawall.core.ignore import Ignore
    from seawall.engine.advised import Advised
    from seawall.engine.credentials.asked import Credentials
    from seawall.engine.packages import Found
    from seawall.engine.run import Teller


def told(
    inputs: Inputs,
    options: Options,
    rules: Sequence[Rule],
    domains: tuple[str, ...],
    memory: Memory,
    run: Run,
    advised: "Advised",
    found: "Found | None",
    credentials: "Credentials",
) -> Told | None:
    """Read what was gathered, judge what is not known and tell of all.

    ``None`` where that cannot be told in parts: objects enable rules of their own, what is said of
    the configuration is said of one of the files, or a secret may have moved to another file.
    """
    reading.read_units(inputs, memory.units(), workers_for(options), run.progress)
    outside = _outside(options)
    if found is not None and not outside.isdisjoint(found.texts):
        return None
    if not outside.isdisjoint(finding.location.path for finding in credentials.findings):
        return None
    for unit in inputs.units:
        if unit.task.file.path in outside or any(
            heard(word, options) for word in unit.words.enables
        ):
            return None
    paths = [unit.task.file.path for unit in inputs.units if not unit.task.file.context]
    if run.teller is None or paths != sorted(paths):
        return None
    telling = _Telling(
        inputs, options, rules, domains, memory, run, run.teller, advised, found, credentials
    )
    try:
        return telling.told()
    except WholeNeeded:
        return None


def _outside(options: Options) -> set[str]:
    """Where ignores stand that are in none of the files."""
    return {*(ignore.origin.path for ignore in options.ignores), *options.vex}


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
        credentials: "Credentials",
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
        self._coverage = credentials.covered(self._coverage)
        self._credentials = credentials
        self._private = credentials.private
        self._found_in: dict[str, list[Finding]] = {}
        """What was found in texts, by file."""
        for finding in credentials.findings:
            self._found_in.setdefault(finding.location.path, []).append(finding)
        self._sections = memory.sections(run.signature, domains)
        self._faults: list[RuleFault] = []
        self._all_may_be_kept = True
        self._secrets: set[Redacted] = set(credentials.secrets)
        self._shows = revealing(self._secrets)
        self._is_private = telltale(self._secrets)
        self._find = cache(lambda pattern: catalogue.look_up(pattern, options.custom))
        self._tally: Tally | None = None
        if options.baseline is not None:
            from seawall.triage.baseline_file import load  # noqa: PLC0415 - json costs 2 ms

            self._tally = load(options.baseline).tally(self._policy().today, in_parts=True)

    def told(self) -> Told:
        """All of it."""
        groups = self._groups()
        self._look_for_secrets(groups)
        self._judge([group for group in groups if group.section is None])
        faults = self._hold_builds(groups)
        self._judge([group for group in groups if group.section is None and not group.results])
        sections = [self._section(group, may_be_kept=not faults) for group in groups]
        self._faults += faults
        told = [
            (group.path, Part(section.outputs, section.stamp, group.key))
            for group, section in zip(groups, sections, strict=True)
        ]
        of_others, uses = self._of_other_files()
        of_outside = self._of_outside(sections, uses)
        if self._tally is not None:
            of_others = known_before(of_others, self._tally, self._policy())
            of_outside = known_before(of_outside, self._tally, self._policy())
            self._run.note_for_good(unused_note(self._tally, self._policy()))
        told += self._parts_of(of_outside)
        told += self._parts_of(of_others)
        told.sort(key=itemgetter(0))
        return Told(
            [part for _, part in told],
            self._by_id,
            self._summary(sections, of_others, of_outside),
            self._all_may_be_kept and not self._faults,
        )

    def _groups(self) -> list[Group]:
        """The files, with what is known to be said of them."""
        units = [unit for unit in self._inputs.units if not unit.task.file.context]
        apart = _outside(self._options)
        if self._found is not None:
            apart |= self._found.texts.keys()
        apart |= self._found_in.keys() - {unit.task.file.path for unit in units}
        groups = [
            [units[number] for number in group]
            for group in groups_of([unit.task.file.path for unit in units], apart)
        ]
        keys = [self._sections.key(group) for group in groups]
        known = [
            item
            if item is not None
            and self._shelf.digest(item.asked) == item.answers
            and item.elsewhere == self._elsewhere(group)
            else None
            for item, group in zip(self._sections.known(keys), groups, strict=True)
        ]
        return list(map(Group, groups, keys, known))

    def _summary(
        self, sections: Sequence[Section], of_others: Verdict, of_outside: Verdict
    ) -> Summary:
        others = [*of_outside.findings, *of_others.findings]
        knowledge = self._advised.knowledge
        return Summary(
            _sums(count_of_each(others), *(item.counts for item in sections)),
            len(of_outside.suppressed)
            + len(of_others.suppressed)
            + sum(item.suppressed for item in sections),
            self._coverage,
            self._options.ruleset,
            self._inputs.judged,
            len(self._rules),
            tuple(self._faults),
            self._inputs.packages,
            None if knowledge is None else knowledge.described(),
            _sums(_gated(others), *(item.gated for item in sections)),
            _always(others) + sum(item.always for item in sections),
            searched=self._credentials.searched,
        )

    # What rules say ---------------------------------------------------------------------------

    def _judge(self, groups: Sequence[Group]) -> None:
        """Have the files of some groups judged, as far as that is not remembered of each."""
        units = [unit for group in groups for unit in group.units]
        results = iter(
            self._results_of(units, self._rules, self._memory.judgements(self._shelf))
            if units
            else ()
        )
        for group in groups:
            group.results = [next(results) for _ in group.units]

    def _look_for_secrets(self, groups: Sequence[Group]) -> None:
        """Learn the secrets of the files that need not be judged: they may stand in the others."""
        rules = [rule for rule in self._rules if rule.sensitive]
        units = [unit for group in groups for unit in group.private()]
        self._results_of(units, rules, None)

    def _results_of(
        self, units: Sequence[Unit], rules: Sequence[Rule], judgements: Judgements | None
    ) -> list[Judgement]:
        results = judge_each(
            units, self._inputs.texts, rules,
            context_of(self._inputs, self._options, self._shelf), judgements,
            workers_for(self._options), self._run.progress, places=self._options.places,
        )  # fmt: skip
        self._secrets |= {secret for result in results for secret in result.secrets}
        self._shows = revealing(self._secrets)
        self._is_private = telltale(self._secrets)
        private = [
            unit.task.file.path
            for unit, result in zip(units, results, strict=True)
            if result.private or result.secrets
        ]
        self._run.knows(self._secrets, {*private, *self._credentials.files})
        return results

    # What is known of packages ----------------------------------------------------------------

    def _hold_builds(self, groups: Sequence[Group]) -> Sequence[RuleFault]:
        """Hold what Dockerfiles name against what is known; gives what rules broke on.

        What is known to be said of a group no longer counts where it rests on something else.
        """
        found = self._advised.of_builds([row for group in groups for row in group.builds])
        if found is None:
            return ()
        self._coverage = together(self._coverage, found)
        by_path: dict[str, list[Finding]] = {}
        for finding in found.findings:
            by_path.setdefault(finding.location.path, []).append(finding)
        for group in groups:
            for path in dict.fromkeys(path for path, _ in group.builds):
                group.named += by_path.get(path, ())
            if group.section is not None and group.section.packages != self._packages_of(group):
                group.section = None
        return found.faults

    def _packages_of(self, group: Group) -> bytes:
        """What tells that another thing would be known of the packages that some files name.

        The day is part of every key (``Run.signature``).
        """
        knowledge = self._advised.knowledge
        return knowledge.digest if group.named and knowledge is not None else b""

    def _of_other_files(self) -> tuple[Verdict, list[Use]]:
        """What counts of what is known of packages' files, and of secrets in texts of any kind."""
        units = {unit.task.file.path for unit in self._inputs.units if not unit.task.file.context}
        findings = [
            finding
            for path, found in self._found_in.items()
            if path not in units
            for finding in found
        ]
        ignores = list(self._credentials.ignores)
        if self._found is not None:
            self._faults += self._found.faults
            findings = without_doubles(self._found.findings, findings, self._inputs.texts)
            ignores += self._found.ignores
        if not findings and not ignores and self._found is None:
            return Verdict([], []), []
        own = heeded(ignores, self._options)
        return triage_part(findings, own, self._ignores(), self._policy())

    def _ignores(self) -> "list[Ignore]":
        """The ignores outside of all files that may be about packages."""
        knowledge = self._advised.knowledge
        return [*self._options.ignores, *(() if knowledge is None else knowledge.ignores)]

    def _of_outside(self, sections: Sequence[Section], in_others: Sequence[Use]) -> Verdict:
        """What is to be said of the ignores that stand outside of all files."""
        ignores = self._ignores()
        known = [[Use(*use) for use in section.uses] for section in sections]
        if in_others:
            known.append(list(in_others))
        uses = [[*part, *([_USELESS] * (len(ignores) - len(part)))] for part in known]
        return complaints(ignores, uses, self._policy())

    # What is said of it -----------------------------------------------------------------------

    def _section(self, group: Group, *, may_be_kept: bool) -> Section:
        """What is to be said of a group of files, remembered or worked out now."""
        section = group.section
        if section is not None:
            if self._tally is None or self._tally.grant(section.demands):
                return section
            # Files before these left of the baseline something else than when that was told.
            self._judge([group])
        said = joined(group.units, group.results, self._by_id)
        self._faults += said.faults
        section, is_private = self._told(group, said)
        if is_private or said.faults or (group.builds and not may_be_kept):
            self._all_may_be_kept = False
        else:
            self._sections.learn(group.key, section)
        return section

    def _told(self, group: Group, said: Judged) -> tuple[Section, bool]:
        """What is to be said of a group of files, and whether a secret shows in it."""
        ignores = [ignore for unit in group.units for ignore in unit.words.ignores]
        policy = self._policy(said)
        paths = dict.fromkeys(unit.task.file.path for unit in group.units)
        found = [finding for path in paths for finding in self._found_in.get(path, ())]
        verdict, uses = triage_part(
            without_doubles([*said.findings, *group.named], found, self._inputs.texts),
            heeded(ignores, self._options),
            self._ignores() if group.named else self._options.ignores,
            policy,
        )
        demands: tuple[Plain, ...] = ()
        if self._tally is not None:
            verdict = known_before(verdict, self._tally, policy)
            demands = self._tally.demands()
        private = {path: self._private[path] for path in paths if path in self._private}
        part, is_private = self._part_of(verdict, joined_places(said.private, private))
        asked = {topic for result in group.results for topic in result.asked or ()}
        if self._options.edits:
            asked |= set(map(topics.text, _edited(verdict)))
        asked_in_order = tuple(sorted(asked))
        return Section(
            part.outputs,
            part.stamp,
            asked_in_order,
            self._shelf.digest(asked_in_order),
            count_of_each(verdict.findings),
            _gated(verdict.findings),
            _always(verdict.findings),
            len(verdict.suppressed),
            tuple((use.used, use.locked, use.of_ignores) for use in uses),
            demands,
            tuple(said.builds),
            self._packages_of(group),
            tuple(number for number, result in enumerate(group.results) if result.secrets),
            self._elsewhere(group.units),
        ), is_private

    def _elsewhere(self, units: Sequence[Unit]) -> bytes:
        """What tells in which other files the secrets of some files stand."""
        paths = dict.fromkeys(unit.task.file.path for unit in units)
        told = [
            (path, number, finding.details["elsewhere"])
            for path in paths
            for number, finding in enumerate(self._found_in.get(path, ()))
            if "elsewhere" in finding.details
        ]
        return repr(told).encode("utf-8", "surrogatepass") if told else b""

    def _parts_of(self, verdict: Verdict) -> Iterator[tuple[str, Part]]:
        """What is said of each file that a verdict is about."""
        by_path: dict[str, Verdict] = {}
        for finding in verdict.findings:
            by_path.setdefault(finding.location.path, Verdict([], [])).findings.append(finding)
        for item in verdict.suppressed:
            path = item.finding.location.path
            by_path.setdefault(path, Verdict([], [])).suppressed.append(item)
        for path, own in by_path.items():
            part, is_private = self._part_of(own, self._private)
            self._all_may_be_kept = self._all_may_be_kept and not is_private
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
            coverage=self._coverage, private=private, shows=self._shows,
        )  # fmt: skip
        return part_of(self._teller(report, self._inputs.texts), self._is_private)


_USELESS = Use(used=False, locked=(), of_ignores=())


def _edited(verdict: Verdict) -> Iterator[str]:
    """The files whose text is looked at to mend what was found."""
    for finding in verdict.findings:
        for repair in finding.repairs:
            yield repair.path
            yield from (other.path for other in repair.others)


def _gated(findings: "Iterable[Finding]") -> tuple[int, ...]:
    return count_of_each(item for item in findings if item.gate == Gate.BY_SEVERITY)


def _always(findings: "Iterable[Finding]") -> int:
    return sum(item.gate == Gate.ALWAYS for item in findings)


def _sums(*counts: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*counts, strict=True)))
