"""The texts among the inputs of a scan that are searched for secrets, and what was found there.

Whatever is a text is searched, also where nothing else reads it. With a cache, texts are hashed
first: what a report told of the same texts is told again, and of those that nothing was found in no
second search is made.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from seawall.core.finding import Finding
from seawall.core.ignore import Ignore
from seawall.core.location import Span
from seawall.core.redacted import Redacted
from seawall.core.report import Coverage, Failed, NotCovered, Skipped
from seawall.core.rule import Rule
from seawall.engine.advised import VULNERABILITIES
from seawall.engine.analysis import Analysis
from seawall.engine.candidates import MANIFESTS, NO_FORMAT
from seawall.engine.credentials.ahead import Ahead
from seawall.engine.inputs import Inputs
from seawall.engine.options import Options
from seawall.engine.run import Run
from seawall.engine.source import Source
from seawall.engine.workers import processors
from seawall.sources.files import STDIN, SourceFile
from seawall.text.decoding import BINARY as NO_TEXT

if TYPE_CHECKING:
    from seawall.engine.credentials.known import KnownTexts
    from seawall.engine.credentials.sweep import Entry, Swept
    from seawall.engine.remembering import Memory

DOMAIN = "secrets"
WORTH_REMEMBERING = 2_000_000
"""Bytes of text from which one later look saves more than to open the cache costs."""
_MOST_PATHS = 20
"""Other files with the same secret that a finding names."""
_WHAT = "searching for secrets"


class Credentials:
    """What is searched of some inputs; ``run`` is ``None`` where they are of an earlier commit."""

    def __init__(
        self,
        inputs: Inputs,
        options: Options,
        rules: Sequence[Rule],
        source: Source,
        run: Run | None = None,
        ahead: Ahead | None = None,
    ) -> None:
        """``ahead`` has been told of files that were met."""
        self._inputs = inputs
        self._options = options
        if options.secret_rules:
            from seawall.engine.credentials.searching import running  # noqa: PLC0415 - seldom

            self._options = running(options, rules)
        self._source = source
        self._run = run
        self._rules = {rule.id: rule for rule in rules if rule.domain == DOMAIN and options.secrets}
        self._reads_packages = any(rule.domain == VULNERABILITIES for rule in rules)
        self._ahead = ahead if ahead is not None and ahead.has_begun else None
        self._entries: Sequence[Entry] = _entries(inputs, self._ahead) if self._rules else ()
        self._under_way: Callable[[], list[Swept]] | None = None
        self._as_found: list[Swept] = []
        self._is_finished = False
        self._known: KnownTexts | None = None
        self._is_searched = False

    def __bool__(self) -> bool:
        """Whether there is anything to search, and a rule that wants it."""
        return bool(self._entries)

    @property
    def worth_remembering(self) -> bool:
        """Whether there is so much that a cache is of use."""
        return (
            self._ahead is not None
            or sum(entry.size for entry in self._entries) >= WORTH_REMEMBERING
        )

    # The work ---------------------------------------------------------------------------------

    def look(self, memory: "Memory | None") -> None:
        """Begin to search all texts; where most are known from earlier runs, only to hash them."""
        if not self:
            return
        if self._ahead is not None:
            self._known, self._is_searched = self._ahead.known, self._ahead.searches
            self._under_way = self._ahead.others(self._entries)
            return
        if memory is not None:
            from seawall.engine.credentials.known import KnownTexts  # noqa: PLC0415 - sqlite3
            from seawall.engine.credentials.searching import state  # noqa: PLC0415 - as above

            self._known = KnownTexts(*memory.layers(), state(self._options))
        self._is_searched = self._known is None or not self._known.has_seen(self._targets)
        self._under_way = self._begin(self._entries, search=self._is_searched)

    @property
    def _looked_at(self) -> "list[Swept]":
        """What became of each file so far; waits for it."""
        if self._under_way is not None:
            self._as_found = self._under_way()
            self._under_way = None
        return self._as_found

    @property
    def _swept(self) -> "list[Swept]":
        """What became of each file in the end: to be asked for where no equal run is known."""
        if not self._is_finished and self:
            self._finish()
            self._is_finished = True
        return self._as_found

    def _finish(self) -> None:
        """Search what has not been, and put together what was found in several files."""
        swept = self._looked_at
        before: list[int | None] = [None] * len(self._entries)
        if not self._is_searched and self._known is not None:
            before = self._known.states(self._entries, swept)
            self._search_rest(before)
        if self._known is not None:
            self._known.learn(self._entries, swept, before)
            self._known.note(self._targets)
        self._as_found = with_other_files(self._entries, swept)
        for entry, item in zip(self._entries, self._as_found, strict=True):
            if item.private and self._inputs.texts.data(entry.file.path) is None:
                self._inputs.texts.add(entry.file.path, self._again(entry, item))

    def _search_rest(self, known: "Sequence[int | None]") -> None:
        """Search what was changed since, and what is known to hold something."""
        from seawall.engine.credentials.sweep import (  # noqa: PLC0415 - where there are texts
            HOLDS,
            PARTLY,
        )

        open_ = [number for number, state in enumerate(known) if state in (None, HOLDS, PARTLY)]
        again = self._begin([_sized(self._entries[number]) for number in open_], search=True)()
        found = self._as_found
        for number, state in enumerate(known):
            if state is not None:
                found[number] = found[number]._replace(state=state)
        for number, swept in zip(open_, again, strict=True):
            if swept.digest != found[number].digest and self._run is not None:
                self._run.forget_outputs()  # it was changed meanwhile
            found[number] = swept
        self._is_searched = True

    def _begin(self, entries: "Sequence[Entry]", *, search: bool) -> "Callable[[], list[Swept]]":
        from seawall.engine.credentials import searching  # noqa: PLC0415 - as above

        sweep = searching.sweep(
            self._source, self._options, self._rules, _unpacked_size(entries),
            searches=search and bool(entries), hashes=self._known is not None,
        )  # fmt: skip
        progress = None if self._run is None else self._run.progress
        return sweep.begin(entries, self._options.workers or processors(), progress).results

    def _again(self, entry: "Entry", swept: "Swept") -> "bytes | _Again":
        return _Again(self._source, entry.file, swept.digest) if entry.data is None else entry.data

    @property
    def _targets(self) -> Sequence[str]:
        from seawall.engine.credentials.searching import targets  # noqa: PLC0415 - as above

        return targets(self._options)

    # What came of it ---------------------------------------------------------------------------

    def key(self, key: bytes | None) -> bytes | None:
        """The key of what a run writes: it rests on all texts that were looked at."""
        if key is None or not self:
            return key
        from seawall.cache import digest  # noqa: PLC0415 - loaded already
        from seawall.engine.credentials.searching import state  # noqa: PLC0415 - as above

        rows: list[bytes] = []
        for entry, swept in zip(self._entries, self._looked_at, strict=True):
            if swept.failed is not None or entry.file.real == STDIN:
                return None
            rows += (entry.file.path.encode("utf-8", "surrogatepass"), swept.digest)
        return digest(key, state(self._options), *rows)

    @cached_property
    def findings(self) -> list[Finding]:
        """What was found, in the order of the files."""
        return [finding for swept in self._swept for finding in swept.findings]

    @property
    def ignores(self) -> list[Ignore]:
        """The comments that are about some of it, in files whose comments nothing else reads.

        To be asked once all else is read.
        """
        others = {unit.task.file.path for unit in self._inputs.units}
        if self._reads_packages:
            others |= {item.file.path for item in self._inputs.package_files}
        return [
            ignore
            for entry, swept in zip(self._entries, self._swept, strict=True)
            if swept.ignores or swept.marks
            for ignore in (
                *(
                    swept.ignores
                    if entry.file.path not in others or self._is_rendered(entry.file)
                    else ()
                ),
                *swept.marks,
            )
        ]

    def _is_rendered(self, file: SourceFile) -> bool:
        """Whether comments of a file are read in what is rendered of it only."""
        return self._options.charts is not None and self._inputs.chart_of(file.path) is not None

    @property
    def secrets(self) -> set[Redacted]:
        """The values."""
        return {secret for swept in self._swept for secret in swept.secrets}

    @property
    def files(self) -> set[str]:
        """The files in which they were found."""
        return {
            entry.file.path
            for entry, swept in zip(self._entries, self._swept, strict=True)
            if swept.secrets or swept.private
        }

    @property
    def private(self) -> dict[str, tuple[Span, ...]]:
        """By file, where they stand."""
        return {
            entry.file.path: swept.private
            for entry, swept in zip(self._entries, self._swept, strict=True)
            if swept.private
        }

    @cached_property
    def searched(self) -> int:
        """How many files were searched."""
        from seawall.engine.credentials.sweep import (  # noqa: PLC0415 - as above
            CLEAN,
            HOLDS,
            PARTLY,
        )

        return sum(swept.state in (CLEAN, HOLDS, PARTLY) for swept in self._swept)

    def present(self) -> dict[str, bytes]:
        """The bytes of the files in which something was found, as they are now."""
        found = {}
        for entry, swept in zip(self._entries, self._swept, strict=True):
            if swept.findings:
                read = self._source.read if swept.private else self._source.read_large
                data = read(entry.file) if entry.data is None else entry.data
                if isinstance(data, bytes):
                    found[entry.file.path] = data
        return found

    def covered(self, old: Coverage) -> Coverage:
        """What became of each input, texts with them."""
        return _covered(old, self._entries, self._swept, self._options.max_file_size)

    def added(self, analysis: Analysis) -> Analysis:
        """An analysis with what was found, each secret once."""
        if not self:
            return analysis
        from seawall.engine.credentials.doubles import (  # noqa: PLC0415 - where there are texts
            joined_places,
            without_doubles,
        )

        return analysis._replace(
            findings=without_doubles(analysis.findings, self.findings, self._inputs.texts),
            ignores=[*analysis.ignores, *self.ignores],
            coverage=self.covered(analysis.coverage),
            private=joined_places(analysis.private, self.private),
        )


def with_other_files(entries: "Sequence[Entry]", swept: "Sequence[Swept]") -> "list[Swept]":
    """What became of each file, its findings told in which other files the same secret stands."""
    paths: dict[Redacted, dict[str, None]] = {}
    for entry, item in zip(entries, swept, strict=True):
        for finding in filter(lambda one: one.secret, item.findings):
            paths.setdefault(finding.secret, {})[entry.file.path] = None
    if not any(len(own) > 1 for own in paths.values()):
        return list(swept)
    return [
        item._replace(findings=tuple(_elsewhere(finding, paths) for finding in item.findings))
        if item.findings
        else item
        for item in swept
    ]


def _elsewhere(finding: Finding, paths: Mapping[Redacted, Mapping[str, None]]) -> Finding:
    others = sorted(paths.get(finding.secret, {}).keys() - {finding.location.path})
    if not others:
        return finding
    where = others[0] if len(others) == 1 else f"{len(others)} other files"
    return finding._replace(
        message=f"{finding.message}; it also stands in {where}",
        details={**finding.details, "elsewhere": others[:_MOST_PATHS]},
    )


def _sized(entry: "Entry") -> "Entry":
    from seawall.engine.credentials.sweep import size_of  # noqa: PLC0415 - loaded already

    return entry if entry.size >= 0 else entry._replace(size=size_of(entry.file))


def _entries(inputs: Inputs, ahead: Ahead | None) -> "list[Entry]":
    from seawall.engine.credentials.sweep import (  # noqa: PLC0415 - where there are texts
        UNKNOWN,
        Entry,
        size_of,
    )

    data = {task.file.path: task.data for task in inputs.tasks if task.is_whole_file}
    packages = {item.file.path: item.data for item in inputs.package_files if item.data}
    unread = {item.path for item in inputs.failed if not item.line}  # a FIFO is read only once
    met = () if ahead is None else ahead.paths
    entries = []
    for file in inputs.files:
        path = file.path
        if path in unread:
            continue
        known = data.get(path, packages.get(path))
        if known is None:
            entries.append(Entry(file, None, UNKNOWN if path in met else size_of(file)))
        else:
            entries.append(Entry(file, known, len(known)))
    return entries


def _covered(
    old: Coverage, entries: "Sequence[Entry]", swept: "Sequence[Swept]", limit: int
) -> Coverage:
    from seawall.engine.credentials.sweep import (  # noqa: PLC0415 - where there are texts
        BINARY,
        CLEAN,
        EMPTY,
        HOLDS,
        PARTLY,
        TOO_LARGE,
    )

    unknown = {item.path for item in old.skipped if item.reason == NO_FORMAT}
    searched: list[str] = []
    skipped: list[Skipped] = []
    not_covered = list(old.not_covered)
    failed = {item.path: item for item in old.failed}
    packed: set[Failed] = set()
    reasons = {BINARY: "binary, searched for secrets that prove themselves", EMPTY: "empty"}
    for entry, item in zip(entries, swept, strict=True):
        path = entry.file.path
        if item.state == CLEAN and path not in failed:  # most: there is nothing else to tell of it
            if path in unknown:
                searched.append(path)
            continue
        if item.failed is not None:
            failed.setdefault(path, item.failed)
        elif item.state == TOO_LARGE:
            not_covered.append(_too_large(path, limit))
        not_covered += _parts_not_covered(path, item)
        told = failed.get(path)
        if told is not None and item.failed is None and _was_tried(told):
            packed.add(told)
            unknown.add(path)
        if path in unknown:
            if item.state in reasons:
                skipped.append(Skipped(path, reasons[item.state]))
            elif item.state in (CLEAN, HOLDS, PARTLY):
                searched.append(path)
    looked_at = {entry.file.path for entry in entries}
    told_here = unknown & looked_at
    skipped += (item for item in old.skipped if item.path not in told_here)
    return Coverage(
        old.read, tuple(sorted(skipped)), tuple(sorted(set(not_covered))),
        tuple(sorted({*failed.values(), *old.failed} - packed)), tuple(sorted(searched)),
    )  # fmt: skip


def _parts_not_covered(path: str, swept: "Swept") -> Iterator[NotCovered]:
    if not swept.complete:
        yield _cut(path)
    yield from (_left_out(path, note) for note in swept.notes)
    yield from (_unsearched(name, reason) for name, reason in swept.unsearched)


def _was_tried(failed: Failed) -> bool:
    """Whether a file was read as a manifest only because it was named, and is no text."""
    return failed.reason == NO_TEXT and not failed.path.lower().endswith(MANIFESTS)


def _too_large(path: str, limit: int) -> NotCovered:
    return NotCovered(
        path, _WHAT, f"is larger than {limit / 1048576:g} MiB",
        "raise the limit with --max-file-size, or exclude the file",
    )  # fmt: skip


def _unpacked_size(entries: "Sequence[Entry]") -> int:
    """About how many bytes there will be to search; archives are told by their names as yet."""
    from seawall.sources.archives.kinds import USUAL_ENDS  # noqa: PLC0415 - where there are texts

    packed = [entry.size for entry in entries if entry.file.path.lower().endswith(USUAL_ENDS)]
    return sum([entry.size for entry in entries]) + sum(packed) * (_EXPANSION - 1)


_EXPANSION = 16


def _unsearched(name: str, reason: str) -> NotCovered:
    return NotCovered(name, _WHAT, reason, "look at it yourself, or unpack it and scan that")


def _cut(path: str) -> NotCovered:
    return NotCovered(
        path, _WHAT, "has so many matches that some were not looked at",
        "look at this file yourself, or exclude it",
    )  # fmt: skip


def _left_out(path: str, note: str) -> NotCovered:
    return NotCovered(path, _WHAT, note, "make the rule narrower, or exclude the file")


class _Again:
    """Reads a file again for an excerpt.

    Nothing, if it is not what was searched: then nobody knows where its secrets stand.
    """

    def __init__(self, source: Source, file: SourceFile, digest: bytes) -> None:
        self._source = source
        self._file = file
        self._digest = digest

    def __call__(self) -> bytes | None:
        from seawall.core.digests import blake2b  # noqa: PLC0415 - loaded already

        data = self._source.read(self._file)
        if isinstance(data, Failed) or blake2b(data, digest_size=16).digest() != self._digest:
            return None
        return data
