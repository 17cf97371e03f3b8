"""What users' rules find in a text."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from time import monotonic

from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import NOTHING, Redacted
from seawall.secrets.candidate import NOWHERE, Candidate, Part, Secret
from seawall.secrets.custom.allowing import Seen, passes, passes_file
from seawall.secrets.custom.database import Database, database
from seawall.secrets.custom.entropy import entropy
from seawall.secrets.custom.gate import Gate
from seawall.secrets.custom.ours import (
    Origins,
    allowed_by,
    allowed_in_commits,
    heeds,
    names_commits,
)
from seawall.secrets.custom.regex import compiled, groups_of, spans
from seawall.secrets.custom.rule import GITLEAKS, TRIVY, CustomRule, Needed, RuleSet
from seawall.secrets.custom.skipping import is_about, skipped
from seawall.secrets.custom.valid import Valid, valid
from seawall.secrets.pairs import paired
from seawall.secrets.reading.tokens import name_before
from seawall.secrets.scoring import CUSTOM
from seawall.secrets.text import Text
from seawall.secrets.verifying import checker

MOST = 10_000
"""Matches of one rule in one text; of more, those behind are cut, and that is told."""
SECONDS = 10.0
"""How long one rule may look at one text."""


class Match(NamedTuple):
    """A match of a rule that nothing let pass; places are of the text as RE2 read it."""

    rule: CustomRule
    start: int
    end: int
    secret: Part
    line: int
    """As gitleaks counts lines, from 0: a match that begins with a line end begins behind it."""
    column: int


class Custom:
    """Looks for secrets with the rules of some files."""

    def __init__(
        self,
        sets: Sequence[RuleSet],
        directory: str = "",
        *,
        build: bool = False,
        keep: bool = True,
    ) -> None:
        self.sets = tuple(sets)
        self.rules = tuple(rule for one in sets for rule in one.rules)
        self._by_name = {rule.name: rule for rule in self.rules}
        self._finders = [_Finder(one, directory, build=build, keep=keep) for one in sets]
        self._kept = (directory, build, keep)

    def twin(self) -> "Custom":
        """The same for another thread: two must not use one at a time."""
        directory, build, keep = self._kept
        return Custom(self.sets, directory, build=build, keep=keep)

    def find(self, text: Text, commit: str = "") -> tuple[list[Candidate], tuple[str, ...]]:
        """What may be secrets in a text, and what is to be told of rules that were cut."""
        found: list[Candidate] = []
        notes: list[str] = []
        readable: Valid | None = None
        for finder in self._finders:
            if not finder.looks_at(text.name, commit):
                continue
            readable = readable or valid(text.data)
            candidates, told = finder.find(text, readable, commit)
            found += candidates
            notes += told
        return found, tuple(notes)

    def paired(self, own: Sequence[Candidate], others: Sequence[Candidate]) -> list[Candidate]:
        """Candidates of users' rules, told where the public half of each stands."""
        if not any(rule.pairs for rule in self.rules):
            return list(own)
        return paired([*others, *own], self._by_name)[len(others) :]

    def heeded(self, text: Text, secrets: Sequence[Secret]) -> tuple[Secret, ...]:
        """The secrets, those of our own rules told what lets them pass."""
        lists = [one for one in self.sets if one.on_ours and heeds(one)]
        if not lists:
            return tuple(secrets)
        return tuple(
            secret._replace(allowed=allowed_by(lists, text, secret.candidate))
            if secret.candidate.rule not in self._by_name else secret
            for secret in secrets
        )  # fmt: skip

    @property
    def names_commits(self) -> bool:
        """Whether anything is let pass because of its commit."""
        return any(map(names_commits, self.sets))

    def in_commits(self, text: Text, secret: Secret, origins: Origins) -> str:
        """What lets a secret pass in each commit that brought it; empty for nothing."""
        return allowed_in_commits(self.sets, text, secret.candidate, origins)

    def of_path(self, path: str, commit: str = "") -> list[Candidate]:
        """What the path of a file alone says, whatever is in it."""
        return [
            candidate
            for finder in self._finders
            if finder.has_paths and finder.looks_at(path, commit)
            for candidate in finder.of_path(path, commit)
        ]


class _Finder:
    """Looks with the rules of one file."""

    def __init__(self, rules: RuleSet, directory: str, *, build: bool, keep: bool) -> None:
        self._set = rules
        self._by_id = {rule.id: rule for rule in rules.rules}
        self._wanted = tuple(rule for rule in rules.rules if rule.reports)
        kept: Database | None = database(self._wanted, directory, build=build, keep=keep)
        self._gate = Gate(self._wanted, kept)
        self._paths = [rule for rule in self._wanted if not rule.regex and not rule.keywords]
        self.has_paths = bool(self._paths)

    def looks_at(self, path: str, commit: str) -> bool:
        """Whether the file as a whole is not let pass, and is not the one with the rules."""
        return path != self._set.path and not skipped(self._set, path, commit)

    def find(
        self, text: Text, readable: Valid, commit: str
    ) -> tuple[list[Candidate], tuple[str, ...]]:
        look = _Look(self._set, text.name, readable.data, commit)
        matches: list[Match] = []
        for index in self._gate.open_for(readable.data):
            rule = self._wanted[index]
            found = look.matches(rule)
            if found and rule.needs and rule.regex:
                found = self._with_needed(rule, found, look)
            matches += found
        matches = [
            match
            for match in _without_generic(matches, readable.data)
            if match.secret.start < match.secret.end or not match.rule.regex
        ]
        return [_candidate(match, readable) for match in matches], tuple(look.notes)

    def of_path(self, path: str, commit: str) -> Iterable[Candidate]:
        for rule in self._paths:
            if not passes_file(rule.allows, path, commit) and is_about(rule, path):
                yield Candidate(rule.name, 0, 0, NOTHING, form=CUSTOM)

    def _with_needed(self, rule: CustomRule, found: list[Match], look: "_Look") -> list[Match]:
        """The matches with a match of each needed rule near enough."""
        for needed in rule.needs:
            other = self._by_id.get(needed.rule)
            others = [] if other is None else look.matches(other)
            near = _Near(others, needed)
            found = [match for match in found if near.has(match)]
        return found


class _Look:
    """One look at one text."""

    def __init__(self, rules: RuleSet, path: str, data: bytes, commit: str) -> None:
        self._set = rules
        self._path = path
        self._data = data
        self._commit = commit
        self._blocks: dict[tuple[str, ...], list[Part]] = {}
        self._known: dict[str, list[Match]] = {}
        self.notes: list[str] = []

    def matches(self, rule: CustomRule) -> list[Match]:
        """The matches of a rule that its conditions and no allow list lets pass."""
        known = self._known.get(rule.id)
        if known is None:
            known = self._known[rule.id] = self._matches(rule)
        return known

    def _matches(self, rule: CustomRule) -> list[Match]:
        if passes_file(rule.allows, self._path, self._commit) or not is_about(rule, self._path):
            return []
        if not rule.regex:  # for gitleaks it matches on a line before the first
            return [Match(rule, 0, 0, NOWHERE, -1, 0)]
        found: list[Match] = []
        reader = _Reader(rule, self._data)
        until = monotonic() + SECONDS
        for number, span in enumerate(spans(rule.regex, self._data)):
            if number >= MOST and span is not None:
                self._cut(rule, f"matches more than {MOST:,} times")
                break
            if monotonic() > until:
                self._cut(rule, f"takes longer than {SECONDS:.0f} seconds")
                break
            match = None if span is None else reader.match(span)
            if match is not None and self._counts(match):
                found.append(match)
        return found

    def _cut(self, rule: CustomRule, what: str) -> None:
        self.notes.append(f"{rule.origin}: the rule {rule.id!r} {what}: the rest was left out")

    def _counts(self, match: Match) -> bool:
        rule, data = match.rule, self._data
        secret = data[match.secret.start : match.secret.end]
        if rule.min_entropy:
            bits = entropy(secret)
            if bits < rule.min_entropy or (rule.over and bits == rule.min_entropy):
                return False
        excluded = (*self._set.excluded, *rule.excluded)
        if excluded and self._in_block(excluded, match):
            return False
        seen = Seen(
            secret, data[match.start : match.end], _line(data, match), self._path, self._commit
        )
        return passes((*self._set.allows, *rule.allows), seen) is None

    def _in_block(self, excluded: tuple[str, ...], match: Match) -> bool:
        blocks = self._blocks.get(excluded)
        if blocks is None:
            blocks = self._blocks[excluded] = [
                Part(*span[0]) for regex in excluded for span in spans(regex, self._data) if span
            ]
        return any(
            block.start <= match.secret.start and match.secret.end <= block.end for block in blocks
        )


class _Reader:
    """Makes matches of a rule out of what its expression matched; asked in order."""

    def __init__(self, rule: CustomRule, data: bytes) -> None:
        self._rule = rule
        self._data = data
        self._at = self._line = 0
        self._begins = 0
        """Where the line begins: for gitleaks, at the line end before it."""
        _, names = groups_of(rule.regex)
        named = names.get(rule.group)
        self._group = named if named is not None else int(rule.group or 0)

    def match(self, span: Sequence[tuple[int, int]]) -> Match | None:
        """The match with its secret; ``None`` where the wanted group took no part."""
        first, last = span[0]
        self._walk(first)
        if self._rule.format == TRIVY:
            secret = span[self._group]
            start, end = first, last
        else:
            trimmed = self._data[first:last]
            start = first + len(trimmed) - len(trimmed.lstrip(b"\n"))
            end = start + len(trimmed.strip(b"\n"))
            secret = self._secret(span, start, end)
        if secret[0] < 0 or secret[0] >= secret[1]:
            if self._rule.format != GITLEAKS:
                return None
            secret = (start, start)  # for gitleaks that counts, if only for rules that need it
        return Match(self._rule, start, end, Part(*secret), self._line, first - self._begins + 1)

    def _secret(self, span: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
        if self._rule.format == GITLEAKS and len(span) > 1:
            # gitleaks matches a second time, against the match alone and without line ends.
            again = compiled(self._rule.regex).search(self._data[start:end])
            if again is None:
                return start, end
            span = [
                (place + start, stop + start) if place >= 0 else (place, stop)
                for place, stop in (again.span(number) for number in range(len(span)))
            ]
        if self._group:
            return span[self._group]
        return next((group for group in span[1:] if group[0] < group[1]), (start, end))

    def _walk(self, place: int) -> None:
        """Count lines up to and with a place."""
        lines = self._data.count(b"\n", self._at, place + 1)
        if lines:
            self._line += lines
            self._begins = self._data.rfind(b"\n", self._at, place + 1)
        self._at = place + 1


class _Near:
    """Tells whether a match of a needed rule is near another match."""

    def __init__(self, others: list[Match], needed: Needed) -> None:
        self._others = sorted(others, key=lambda match: match.line)
        self._lines = [match.line for match in self._others]
        self._needed = needed

    def has(self, match: Match) -> bool:
        """Whether one is near enough; without bounds, anywhere."""
        lines, columns = self._needed.lines, self._needed.columns
        first, last = 0, len(self._others)
        if lines is not None:
            first = bisect_left(self._lines, match.line - lines)
            last = bisect_left(self._lines, match.line + lines + 1)
        if columns is None:
            return first < last
        return any(
            abs(other.column - match.column) <= columns for other in self._others[first:last]
        )


def _line(data: bytes, match: Match) -> bytes:
    """The lines of a match, as gitleaks has them: with the line end before the first."""
    start = max(data.rfind(b"\n", 0, match.start), 0)
    end = data.find(b"\n", match.end)
    return data[start : end if end >= 0 else len(data)]


def _without_generic(matches: list[Match], data: bytes) -> list[Match]:
    """The matches without those of generic rules that a better one on the same line holds."""
    generic = [match for match in matches if _is_generic(match)]
    if not generic:
        return matches
    better: dict[int, list[bytes]] = {}
    for match in matches:
        if match.rule.format == GITLEAKS and not _is_generic(match):
            secret = data[match.secret.start : match.secret.end]
            better.setdefault(match.line, []).append(secret)
    return [
        match
        for match in matches
        if not _is_generic(match)
        or not any(
            data[match.secret.start : match.secret.end] in secret
            for secret in better.get(match.line, ())
        )
    ]


def _is_generic(match: Match) -> bool:
    return match.rule.format == GITLEAKS and "generic" in match.rule.id.lower()


def _candidate(match: Match, readable: Valid) -> Candidate:
    rule = match.rule
    if not rule.regex:
        return Candidate(rule.name, 0, 0, NOTHING, form=CUSTOM)
    value = readable.data[match.secret.start : match.secret.end].decode("utf-8", "replace")
    verdict = checker(rule.verify)(value)
    start, end = (readable.place(place) for place in match.secret)
    places = (match.secret.start, match.start)
    name = next(filter(None, (name_before(readable.data, place) for place in places)), "")
    return Candidate(
        rule.name, start, end, Redacted(value), name, CUSTOM, verdict.proof, verdict.about
    )
