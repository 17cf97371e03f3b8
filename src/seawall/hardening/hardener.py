"""Mends findings, pass by pass, until nothing is left to mend or nothing more can be proven."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from seawall import catalogue, engine
from seawall.core.edit import Fix, Repair, Safety
from seawall.core.finding import Finding
from seawall.core.redacted import Redacted
from seawall.core.report import Failed, Report
from seawall.engine.placing import with_places
from seawall.engine.source import FileSystem
from seawall.hardening.applying import Applied, apply
from seawall.hardening.blame import TOO_LARGE, Blame
from seawall.hardening.groups import Group, Key, Mark, Part, groups_of, mark
from seawall.sources.files import Found, SourceFile
from seawall.text.decoding import decode

SECRETS = "secrets"
"""The domain of what is known by a search alone."""
MAX_PASSES = 40
"""Rounds of mending; each may make way for fixes that had to wait."""
MAX_ATTEMPTS = 12
"""Scans of one pass, each without the fixes that the one before has shown to be wrong."""


class Mended(NamedTuple):
    """A finding that is gone, and what was done."""

    finding: Finding
    title: str
    safety: Safety
    effect: str
    note: str
    brings: tuple[str, ...] = ()
    """Rules that report what is left to do."""


class Advice(NamedTuple):
    """A finding that stays, and why nothing was done."""

    finding: Finding
    reason: str


class FileChange(NamedTuple):
    """A file that is to be changed. ``path`` is its name in reports, ``real`` where it is.

    One that is to be made has no ``before``. ``along`` is what fixes of other files do to it.
    """

    path: str
    real: str
    before: bytes | None
    after: bytes
    mended: tuple[Mended, ...]
    along: tuple[Mended, ...] = ()


class Hardened(NamedTuple):
    """What came of it: changed files, what is left for people, the reports before and after.

    Only the report after has lines and columns, and that where ``Options.places`` wants them.
    """

    changes: tuple[FileChange, ...]
    advice: tuple[Advice, ...]
    before: Report
    after: Report


class _Overlay:
    """The files as they would be."""

    def __init__(self, options: engine.Options) -> None:
        self._files = FileSystem(options)
        self._found: list[Found] | None = None
        self.read_first: dict[str, bytes | None] = {}
        """What stood in each file when it was read first: nothing else is replaced later. ``None``
        where there was no such file."""
        self.real: dict[str, str] = {}
        self.changed: dict[str, bytes] = {}

    def discover(self) -> Iterator[Found]:
        """Every file of the targets, and what is left out."""
        if self._found is None:  # files that come while we work are none of ours
            self._found = list(self._files.discover())
        return iter(self._found)

    def read(self, file: SourceFile) -> bytes | Failed:
        """The bytes of a file as they would be."""
        if file.path in self.changed:
            return self.changed[file.path]
        known = self.read_first.get(file.path)
        if known is not None:
            return known
        data = self._files.read(file)
        if isinstance(data, bytes):
            self.read_first[file.path] = data
            self.real[file.path] = file.real
        return data

    def read_large(self, file: SourceFile) -> bytes | Failed:
        """The bytes of an archive as it is."""
        return self._files.read_large(file)

    def is_executable(self, file: SourceFile) -> bool:
        """Whether a file is a program."""
        return self._files.is_executable(file)

    def sibling(self, file: SourceFile, name: str) -> bytes | None:
        """The bytes of another file as it is."""
        return self._files.sibling(file, name)

    def of_what_was_read(self) -> "_Overlay":
        """The same without the files that nothing has read."""
        again = _Overlay(self._files.options)
        again._found = [item for item in self.discover() if item.path in self.read_first]
        again.read_first, again.real = self.read_first, self.real
        return again

    def data(self, path: str) -> bytes | None:
        """The bytes of a file that was read."""
        return self.changed.get(path, self.read_first.get(path))

    @property
    def beside(self) -> Mapping[str, bytes]:
        """What is changed, by where it is."""
        return {self.real[path]: data for path, data in self.changed.items()}

    def look_at(self, path: str, neighbour: str) -> str:
        """Make a file known that no scan reads, beside one that it does; gives why it cannot be.

        It stands in the directory of the neighbour, or in one that a project names as the
        context, with the same way to it on disk: no link is followed.
        """
        if path in self.read_first:
            return ""
        directory, name = os.path.split(path)
        if neighbour not in self.real or not name:
            return "the file stands elsewhere"
        way = os.path.relpath(directory or ".", os.path.dirname(neighbour) or ".")
        start = os.path.dirname(self.real[neighbour]) or "."
        there = os.path.normpath(os.path.join(start, way))
        straight = os.path.normpath(os.path.join(os.path.realpath(start), way))
        if os.path.realpath(there) != straight:
            return f"a link leads to {path}"
        real = os.path.join(there, name)
        data = None
        if os.path.lexists(real):
            if os.path.islink(real) or not os.path.isfile(real):
                return f"{path} is no plain file"
            try:
                with open(real, "rb") as stream:
                    data = stream.read()
            except OSError as error:
                return f"cannot read {path}: {(error.strerror or str(error)).lower()}"
        self.real[path] = real
        self.read_first[path] = data
        return ""


def harden(
    options: engine.Options, tiers: frozenset[Safety], progress: engine.Progress | None = None
) -> Hardened:
    """Mend what can be mended in these tiers; nothing is written."""
    wants_places = options.places  # they are looked up once, at the end
    asked = options
    # No edit of a file of ours changes its packages. Nor does a search for secrets know a fix, and
    # what edits do to credentials the rules tell that have one: they are judged in each scan. What
    # only a search knows they are told, so that they mend it like their own.
    options = options._replace(fixes=True, places=False, packages=False, secrets=False)
    overlay = _Overlay(options)
    with engine.Run(progress) as run:
        run.look_repeatedly()
        work = _Work(options, tiers, overlay, run)
        first = report = work.scan()
        known = _known_secrets(asked, overlay) if Safety.UNSAFE in tiers else ()
        if known:
            work = _Work(options._replace(known_secrets=known), tiers, overlay, run)
            first = report = work.scan()
        run.progress = None
        for _ in range(MAX_PASSES):
            following = work.pass_over(report)
            if following is not None:
                report = following
            elif not work.look_again():
                break
    if wants_places:
        report = work.with_places(report)
    return Hardened(work.changes(), work.advice(report), first, report)


def _known_secrets(options: engine.Options, overlay: _Overlay) -> tuple[Redacted, ...]:
    """The secrets that a scan of the same files tells; no other file is searched."""
    if not (options.secrets and overlay.read_first):
        return ()
    rules = catalogue.select(
        profile=options.profile, select=options.select, enable=options.enable,
        ignore=options.ignore, ruleset=options.ruleset, custom=options.custom,
        domains=(SECRETS,),
    )  # fmt: skip
    names = tuple(rule.id for rule in rules if rule.domain == SECRETS)
    if not names:
        return ()
    options = options._replace(select=names, enable=(), packages=False, images=False)
    report = engine.scan(options, source=overlay.of_what_was_read()).report
    values = {finding.secret for finding in report.findings if finding.secret}
    return tuple(sorted(values, key=Redacted.reveal))


def _but_reworded(
    brought: list[Finding], before: Report, after: Report, made: list[Group]
) -> list[Finding]:
    """Without the findings in text that were there before with other words around them.

    They are known by the text that they mark. Where a rule says no more of a part of a file than
    it did, those apart that were mended, an edit has touched that text and brought nothing.
    """
    if not any(_stage(finding) for finding in brought):
        return brought
    expected = Counter(_stage(finding) for finding in before.findings)
    expected.subtract(_stage(group.finding) for group in made)
    present = Counter(_stage(finding) for finding in after.findings)
    return [
        finding
        for finding in brought
        if not _stage(finding) or present[_stage(finding)] > expected[_stage(finding)]
    ]


def _stage(finding: Finding) -> tuple[str, ...]:
    """The part of a file without keys that a finding is in, with its rule; empty elsewhere."""
    if finding.location.key_path or finding.subject.name:
        return ()
    return finding.rule.id, finding.location.path, *finding.subject


_STILL_THERE = "the finding would still be there"


class _Work:
    def __init__(
        self,
        options: engine.Options,
        tiers: frozenset[Safety],
        overlay: _Overlay,
        run: engine.Run,
    ) -> None:
        self._options = options
        self._tiers = tiers
        self._overlay = overlay
        self._run = run
        self._documents = None if run.looks is None else run.looks.documents
        self._refused: dict[Key, str] = {}
        """Fixes that are not made any more, and why."""
        self._suspected: set[Key] = set()
        """Fixes that were made together with one that was wrong: each is tried by itself."""
        self._has_changed = False
        """Whether anything was mended since fixes were refused for the first time."""
        self._applied: dict[str, tuple[list[Key], Applied]] = {}
        """What became of each file in this pass; most attempts differ in a few files."""
        self._mended: dict[str, list[Mended]] = {}
        self._along: dict[str, list[Mended]] = {}

    def scan(self) -> Report:
        """What there is to say of the files as they would be."""
        result = engine.scan_or_replay(self._options, self._run, self._overlay)
        if not isinstance(result, engine.Result):
            raise TypeError("a run without a signature replays nothing")
        return result.report

    def with_places(self, report: Report) -> Report:
        """A report on the files as they would be, with lines and columns."""
        findings = with_places(report.findings, self._text)
        return report._replace(findings=tuple(sorted(findings, key=Finding.sort_key)))

    def _text(self, path: str) -> str | None:
        data = self._overlay.data(path)
        text = None if data is None else decode(data)
        return text if isinstance(text, str) else None

    def look_again(self) -> bool:
        """Whether fixes that were refused may fit by now, because others were made since."""
        final = {key: why for key, why in self._refused.items() if why.endswith(TOO_LARGE)}
        worthwhile = self._has_changed and len(final) < len(self._refused)
        self._has_changed = False
        if worthwhile:
            self._refused = final
        return worthwhile

    def pass_over(self, report: Report) -> Report | None:
        """Make what can be made at once; gives the report on it, ``None`` when there is nothing."""
        before = dict(self._overlay.changed)
        waiting: set[Key] = set()
        candidates = groups_of(report.findings, self._tiers)
        known = Counter(mark(finding) for finding in report.findings)
        self._applied.clear()
        for _ in range(MAX_ATTEMPTS):
            self._overlay.changed = dict(before)
            made = self._make(candidates, waiting)
            if not made:
                break
            after = self.scan()
            guilty = self._guilty(report, known, after, made)
            if not guilty:
                for group in made:
                    self._note(group)
                self._has_changed = True
                return after
            for group, reason in guilty:
                waiting.add(group.key)
                certain = reason == _STILL_THERE or reason.endswith(TOO_LARGE)
                if group.key in self._suspected or len(guilty) == 1 or certain:
                    self._refused[group.key] = reason
                self._suspected.add(group.key)
        self._overlay.changed = before
        if waiting - self._refused.keys():
            return report  # each of them is tried by itself next
        return None

    def _make(self, candidates: list[Group], waiting: set[Key]) -> list[Group]:
        """Make the fixes whose turn it is, each in all of its files or in none."""
        left_out: set[Key] = set()
        while True:
            made, halves = self._attempt(candidates, waiting | left_out)
            if not halves:
                return made
            left_out |= halves

    def _attempt(self, candidates: list[Group], left_out: set[Key]) -> tuple[list[Group], set[Key]]:
        """Change the files; gives what was made, and what was made in some of its files only."""
        by_path: dict[str, list[Part]] = {}
        tried: set[str] = set()
        for group in candidates:
            if group.key in self._refused or group.key in left_out:
                continue
            if group.key in self._suspected:
                if group.path in tried:
                    continue
                tried.add(group.path)
            for part in group.parts if self._knows(group) else ():
                by_path.setdefault(part.path, []).append(part)
        parts: list[Part] = []
        changes: dict[str, bytes] = {}
        for path, asked in by_path.items():
            data = self._overlay.data(path)
            keys = [part.group.key for part in asked]
            known = self._applied.get(path)
            applied = (
                known[1] if known and known[0] == keys else apply(data, asked, self._documents)
            )
            self._applied[path] = keys, applied
            for part, reason in applied.refused:
                self._refused[part.group.key] = reason
            if applied.made and applied.data != data:
                changes[path] = applied.data
                parts.extend(applied.made)
        counts = Counter(id(part.group) for part in parts)
        made = {id(part.group): part.group for part in parts}
        halves = {group.key for one, group in made.items() if counts[one] != len(group.parts)}
        if not halves:
            self._overlay.changed.update(changes)
        return list(made.values()), halves

    def _knows(self, group: Group) -> bool:
        """Whether all files of a fix are known; those beside the finding's own are looked at."""
        for path in group.paths:
            if self._overlay.data(path) is None:
                reason = self._overlay.look_at(path, group.finding.location.path)
                if reason:
                    self._refused[group.key] = reason
                    return False
        return True

    def _guilty(
        self, before: Report, known: Counter[Mark], after: Report, made: list[Group]
    ) -> list[tuple[Group, str]]:
        """The fixes that do not do what they promise, with the reason."""
        marks = [mark(finding) for finding in after.findings]
        present = Counter(marks)
        guilty: dict[Key, tuple[Group, str]] = {}
        for group in made:
            own = mark(group.finding)
            if present[own] >= known[own]:
                guilty[group.key] = group, _STILL_THERE
        broken = {item.path for item in after.coverage.failed}
        broken -= {item.path for item in before.coverage.failed}
        for group in made:
            if broken.intersection(group.paths):
                guilty.setdefault(group.key, (group, "the edited file could not be read"))
        brought = [
            finding
            for finding, own in zip(after.findings, marks, strict=True)
            if present[own] > known[own] and not self._is_mended_next(finding)
        ]
        brought = _but_reworded(brought, before, after, made)
        blame = Blame(made) if brought else None
        for finding in brought:
            for group in blame.suspects(finding) if blame else ():
                guilty.setdefault(group.key, (group, f"it would bring {finding.rule.id}"))
        return list(guilty.values())

    def _is_mended_next(self, finding: Finding) -> bool:
        """Whether the next pass has a fix for a new finding."""
        return any(
            group.key not in self._refused and group.key not in self._suspected
            for group in groups_of((finding,), self._tiers)
        )

    def _note(self, group: Group) -> None:
        done = Mended(
            group.finding, group.title, group.safety, group.effect, group.note, group.brings
        )
        self._mended.setdefault(group.path, []).append(done)
        for path in group.paths[1:]:
            self._along.setdefault(path, []).append(done)

    def changes(self) -> tuple[FileChange, ...]:
        """The files that differ from what was read."""
        overlay = self._overlay
        return tuple(
            FileChange(
                path,
                overlay.real[path],
                overlay.read_first[path],
                data,
                tuple(self._mended.get(path, ())),
                tuple(self._along.get(path, ())),
            )
            for path, data in sorted(overlay.changed.items())
            if data != overlay.read_first[path]
        )

    def advice(self, report: Report) -> tuple[Advice, ...]:
        """What is left, each finding with the reason."""
        return tuple(Advice(finding, self._reason(finding)) for finding in report.findings)

    def _reason(self, finding: Finding) -> str:
        offered: list[Repair | Fix] = [*finding.repairs, *finding.fixes]
        if not offered:
            from seawall.kubernetes.fixes.unmended import REASONS  # noqa: PLC0415 - for what stays

            return REASONS.get(finding.rule.id, "no fix is known")
        own = mark(finding)
        for fix in offered:
            reason = self._refused.get((*own, fix.title))
            if reason:
                return f"not made ({fix.title}): {reason}"
        tiers = sorted({fix.safety.value for fix in offered if fix.safety not in self._tiers})
        return f"its fix needs --{' or --'.join(tiers)}" if tiers else "no fix could be made"
