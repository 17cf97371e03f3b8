"""From what a source says of a package to intervals of keys that do not overlap.

An interval's bounds come from the union of all ranges and listed versions, so that the version
where one ends is outside of all of them: what is called fixed is not affected by another range.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from seawall.advisories.advisory import Affected, Events
from seawall.advisories.schema import FIXED_IN, JUST, LAST_AFFECTED, LIMIT
from seawall.advisories.versions import interval
from seawall.advisories.versions.interval import FIRST, LAST, Interval, after
from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

Key = Callable[[str], bytes | None]
_BETWEEN, _WITHIN = "\n", "\t"
_BLANKS = pattern(r"[\t\n\r]")
_VERSION = pattern(r"[0-9A-Za-z][^\s,|<>=~^!()\[\]]*")
"""A version in a native range, so far as it takes to give a bound its text back."""


class Span(NamedTuple):
    """The versions with ``lo <= key < hi``, and the words for its ends."""

    lo: bytes
    hi: bytes
    first: str
    """The version it begins with; empty when it begins before all."""
    last: str
    """What ends it: one of the signs of ``schema`` and a version; empty when nothing does."""


class Reading(NamedTuple):
    """What could be made of one package of one record."""

    spans: tuple[Span, ...]
    exact: tuple[str, ...]
    """Listed versions that have no order: they match as texts."""
    reasons: tuple[str, ...]
    """Why some of it could not be read; what is left still counts."""


def read(affected: Affected, key: Key) -> Reading:
    """The intervals of a package of a record, in their order."""
    reasons: dict[str, None] = {}
    spans = list(_ranges(affected.ranges, key, reasons))
    united = union(_native(affected, spans, key, reasons))
    points, exact = _listed(affected.versions, key, united)
    if points:
        united = union([*united, *points])
    return Reading(united, exact, tuple(reasons))


def _ranges(ranges: Sequence[Events], key: Key, reasons: dict[str, None]) -> Iterator[Span]:
    for events in ranges:
        lo = FIRST if events.introduced in ("0", "") else key(events.introduced)
        if lo is None:
            reasons[f"the version {_short(events.introduced)} cannot be read"] = None
            continue
        sign, version = _end(events)
        if not version:
            yield Span(lo, LAST, _bound(events.introduced), "")
            continue
        if sign == FIXED_IN and version == "0":  # Debian, Alpine: never affected
            continue
        bound = key(version)
        if bound is None:
            reasons[f"the version {_short(version)} cannot be read"] = None
            continue
        hi = after(bound) if sign == LAST_AFFECTED else bound
        if lo < hi:
            yield Span(lo, hi, _bound(events.introduced), sign + version)
        elif lo > hi:
            ends = f"{_short(events.introduced)} ends before it, at {_short(version)}"
            reasons[f"the range from {ends}"] = None


def _end(events: Events) -> tuple[str, str]:
    if events.fixed:
        return FIXED_IN, events.fixed
    if events.last_affected:
        return LAST_AFFECTED, events.last_affected
    return LIMIT, "" if events.limit == "*" else events.limit


def _bound(version: str) -> str:
    return "" if version == "0" else version


def _short(version: str) -> str:
    return repr(version if len(version) <= 40 else version[:37] + "...")


def _native(
    affected: Affected, spans: Sequence[Span], key: Key, reasons: dict[str, None]
) -> Iterator[Span]:
    """Native ranges; where it is told what is not affected, all spans without those versions."""
    if not affected.native and not affected.unaffected:
        yield from spans
        return
    inside = list(_parsed(affected.ecosystem, affected.native, reasons))
    outside = list(_parsed(affected.ecosystem, affected.unaffected, reasons))
    texts = [*affected.native, *affected.unaffected]
    if not affected.unaffected:
        yield from spans
        yield from _named(inside, texts, key)
        return
    if reasons:  # half of what is mended would make the other half look affected
        return
    texts += (version for span in spans for version in (span.first, span.last[1:]) if version)
    inside += (Interval(span.lo, span.hi) for span in spans)
    whole = interval.union(inside) or (interval.EVERYTHING,)
    mended = interval.complement(interval.union(outside))
    yield from _named(interval.intersection(whole, mended), texts, key)


def _parsed(ecosystem: str, texts: Iterable[str], reasons: dict[str, None]) -> Iterator[Interval]:
    from seawall.advisories.versions import ranges  # noqa: PLC0415 - few sources have them

    for text in texts:
        try:
            yield from ranges.parse(ecosystem, text)
        except ranges.RangeError as error:
            reasons[f"the range {_short(text)} cannot be read: {error}"] = None


def _named(intervals: Iterable[Interval], texts: Iterable[str], key: Key) -> Iterator[Span]:
    """Intervals with the versions of the texts they come from as their ends."""
    starts: dict[bytes, str] = {}
    ends: dict[bytes, str] = {}
    versions = dict.fromkeys(version for text in texts for version in _VERSION.findall(text))
    for version in (*(each for own in versions for each in _next(own)), *versions):
        found = key(version)
        if found is not None:
            starts[found] = starts[after(found)] = version
            ends[found], ends[after(found)] = FIXED_IN + version, LAST_AFFECTED + version
    for lo, hi in intervals:
        if lo < hi:
            yield Span(lo, hi, _start(lo, starts), _finish(hi, starts, ends))


def _start(lo: bytes, starts: Mapping[bytes, str]) -> str:
    """The words for where an interval begins; where there are none, for what is closest below."""
    if lo == FIRST or lo in starts:
        return starts.get(lo, "")
    below = max((key for key in starts if key < lo), default=b"")
    return starts[below] if below else ""


def _finish(hi: bytes, starts: Mapping[bytes, str], ends: Mapping[bytes, str]) -> str:
    """The words for where it ends; where none are, what is closest above: not mended."""
    if hi == LAST or hi in ends:
        return ends.get(hi, "")
    above = min((key for key in starts if key > hi), default=b"")
    return LIMIT + starts[above] if above else ""


def _next(version: str) -> Iterator[str]:
    """Where a version's own branches end: ``~> 2.3.5`` before 2.4, ``^2.3.5`` before 3.

    Ecosystems write the first of all pre-releases in their own way, and ranges end before it.
    """
    numbers = version.split(".")
    for place in range(len(numbers) - 1):
        if numbers[place].isdigit() and len(numbers[place]) < 9:
            following = ".".join([*numbers[:place], str(int(numbers[place]) + 1)])
            padding = ".0" * (2 - place)
            yield from (f"{following}.a", f"{following}.dev0", f"{following}{padding}-0", following)


def _listed(
    versions: Sequence[str], key: Key, spans: Sequence[Span]
) -> tuple[list[Span], tuple[str, ...]]:
    """Listed versions that no range holds: as points, or as texts where they have no order."""
    points, exact = [], []
    for version in versions:
        found = key(version)
        if found is None:
            exact.append(version)
        elif not any(span.lo <= found < span.hi for span in spans):
            points.append(Span(found, after(found), version, JUST))
    return points, tuple(sorted(set(exact)))


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same versions in intervals that neither overlap nor touch."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.lo <= result[-1].hi:
            before = result[-1]
            if span.hi > before.hi:
                result[-1] = Span(before.lo, span.hi, before.first, _joined(span))
        else:
            result.append(span)
    return tuple(result)


def _joined(span: Span) -> str:
    """The end of what a span was added to: a single version is the last of more now."""
    return LAST_AFFECTED + span.first if span.last == JUST else span.last


# As text --------------------------------------------------------------------------------------


def packed(spans: Iterable[Span]) -> str:
    """Spans as ``statement.ranges`` keeps them: one a line, its ends apart by a tabulator."""
    return _BETWEEN.join(f"{_clean(span.first)}{_WITHIN}{_clean(span.last)}" for span in spans)


def _clean(version: str) -> str:
    return version if version.isprintable() else _BLANKS.sub(" ", version)


class Part(NamedTuple):
    """One interval, as its text has it."""

    first: str
    sign: str
    last: str

    def __str__(self) -> str:
        """``>= 1.0, < 1.4.2``."""
        if self.sign == JUST:
            return f"= {self.first}"
        begin = f">= {self.first}" if self.first else ""
        sign = "<=" if self.sign == LAST_AFFECTED else "<"
        end = f"{sign} {self.last}" if self.sign else ""
        return ", ".join(part for part in (begin, end) if part) or "all versions"


def parts(text: str) -> tuple[Part, ...]:
    """The intervals that ``packed`` wrote."""
    if not text:
        return ()
    return tuple(_part(line) for line in text.split(_BETWEEN))


def _part(line: str) -> Part:
    first, _, last = line.partition(_WITHIN)
    return Part(first, last[:1], last[1:])


def fixes(all_parts: Sequence[Part], matched: int) -> tuple[str, ...]:
    """The versions that mend it: the least above an interval, of later branches, of earlier."""
    from_here = (*all_parts[matched:], *all_parts[:matched])
    return tuple(dict.fromkeys(part.last for part in from_here if part.sign == FIXED_IN))
