"""A search of texts that are much alike, such as the versions of a file: what recurs is read once.

The finder looks at every byte of every text. Of what it finds, each stretch that stands for itself
(``regions``) is kept with the candidates in it, for as long as it keeps coming up; in a text in
which none of them could be a secret, whatever else there is, nothing is judged. What depends on a
text as a whole (how often a value is there, whether it is a Kubernetes Secret) is looked at in each
text anew, so the findings are those of any other search, and tests hold them to it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from seawall.secrets import scoring
from seawall.secrets.batches import GAP, SIZE
from seawall.secrets.candidate import Candidate, Part, Secret
from seawall.secrets.decoding import Budget
from seawall.secrets.features import path_features
from seawall.secrets.finding.finder import PLACES, SHIFT
from seawall.secrets.pairs import AWS_ID, LONGEST, REACH
from seawall.secrets.reading.addresses import BADGE, PATH
from seawall.secrets.reading.named_files import reader_of
from seawall.secrets.regions import BITS, MOST_PATTERNS, Stretch, stretches
from seawall.secrets.search import FORMS, Found, Places, Search, judged, worth_judging
from seawall.secrets.text import Text
from seawall.secrets.unwrapping import (
    KEY_NAME,
    holds_kubernetes_secrets,
    may_be_wrapped,
    names_stores,
    unwrapped,
)

_MOST_EVENTS = 2000
"""Events of one text from which on it is read as a whole: that has limits of its own."""
_LONGEST = 65_536
"""Bytes of a stretch that is kept."""
_KEPT = 4 << 20
"""Bytes of stretches after which those that have not come up again since are forgotten."""
_KEY_NAME = KEY_NAME.encode()
_ENTRY = 400
"""Bytes that a stretch takes besides its own, about."""


class _Known:
    """What is in a stretch."""

    __slots__ = ("candidates", "may_be_wrapped", "may_count", "names_key", "start", "taken")

    def __init__(
        self, start: int, candidates: list[Candidate], taken: int, *, may_count: bool,
        names_key: bool, may_be_wrapped: bool,
    ) -> None:  # fmt: skip
        self.start = start
        """Where it began in the text in which it was read."""
        self.candidates = candidates
        self.taken = taken
        """Bytes that were unpacked."""
        self.may_count = may_count
        """Whether one of them could be a secret beside others."""
        self.names_key = names_key
        """Whether a name stands there that says something else in an ExternalSecret."""
        self.may_be_wrapped = may_be_wrapped
        """Whether a value stands there that says something else in a Kubernetes Secret."""

    def at(self, start: int) -> list[Candidate]:
        """The candidates where the stretch begins elsewhere."""
        by = start - self.start
        return [_moved(candidate, by) for candidate in self.candidates] if by else self.candidates


def _moved(candidate: Candidate, by: int) -> Candidate:
    beside = candidate.beside
    if beside.end:
        beside = Part(beside.start + by, beside.end + by)
    return candidate._replace(start=candidate.start + by, end=candidate.end + by, beside=beside)


class _Metered(Budget):
    """Remembers whether it ever refused."""

    __slots__ = ("refused", "whole")

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.whole = self.left
        self.refused = False

    def take(self, size: int) -> bool:
        """See ``Budget``."""
        taken = super().take(size)
        self.refused = self.refused or not taken
        return taken


class Recurring(Search):
    """See the module; made of another search with ``Search.made_anew``."""

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        paired = {rule.pairs for rule in self._rules if rule.pairs} | {AWS_ID}
        paired.update(rule.id for rule in self._rules if rule.pairs)
        self._paired = frozenset(paired)
        """The rules whose tokens belong to others."""
        self._reaches = self._all_reaches()
        self._young: dict[Any, Any] = {}
        """What is known of a stretch, or of several together, by all that it depends on."""
        self._old: dict[Any, Any] = {}
        self._size = 0

    def _all_reaches(self) -> list[tuple[int, int]]:
        """For each pattern how far it may go, and what reads it beyond its lines."""
        found = []
        for index, shape in enumerate(self._shapes):
            reach = shape.width
            if index < len(self._rules):
                if self._rules[index].id in self._paired:
                    reach += reach + REACH + LONGEST
            elif index < self._encodings:
                reach += FORMS[index - len(self._rules)].reach
            found.append((reach, reach))
        return found

    def run(self, texts: Iterable[Text]) -> Iterator[Found]:
        """See ``Search``."""
        if self._custom is not None or not self._finder.ends:
            yield from super().run(texts)
            return
        held: list[Text] = []
        size = 0
        for text in texts:
            if len(text.data) > SIZE:
                yield from self._found_in(held)
                held, size = [], 0
                yield from super().run([text])
                continue
            if not held or text.data is not held[-1].data:
                size += len(text.data)
            held.append(text)
            if size > SIZE:
                yield from self._found_in(held)
                held, size = [], 0
        yield from self._found_in(held)

    def _found_in(self, texts: Sequence[Text]) -> Iterator[Found]:
        """What is found in some texts, of which one after the other may have the same bytes."""
        contents: list[bytes] = []
        for text in texts:
            if not contents or text.data is not contents[-1]:
                contents.append(text.data)
        events, complete = self._finder.find(GAP.join(contents))
        if not complete:  # one of them floods it
            for text in texts:
                yield from super().run([text])
            return
        rest = iter(_distributed(contents, events))
        own: Sequence[int] = ()
        data: bytes | None = None
        for text in texts:
            if text.data is not data:
                data, own = text.data, next(rest)
            if own or reader_of(text.name) is not None:
                found = self._read_again(text, own)
                if found.secrets or not found.complete:
                    yield found

    def _read_again(self, text: Text, events: Sequence[int]) -> Found:
        """What is found in a text, stretch by stretch where that can be."""
        kind, wanted = text.kind, self._wanted
        own = [event for event in events if wanted[event & (MOST_PATTERNS - 1)][kind]]
        if len(own) <= _MOST_EVENTS and reader_of(text.name) is None:
            found = self._in_parts(text, own)
            if found is not None:
                return found
        return self._read(text, _places(own), complete=True)

    def _in_parts(self, text: Text, events: Sequence[int]) -> Found | None:
        bearing = (text.kind, path_features(text.name))
        starts: list[int] = []
        known: list[_Known] = []
        for stretch in stretches(text.data, events, self._reaches):
            found = self._of(text, stretch, bearing)
            if found is None:
                return None
            starts.append(stretch.start)
            known.append(found)
        return self._put_together(text, starts, tuple(known))

    def _of(self, text: Text, stretch: Stretch, bearing: Any) -> _Known | None:
        """What is in a stretch; ``None`` where that cannot be told from it alone."""
        start, end, events = stretch
        if start and BADGE in text.data[max(start - PATH, 0) : start + len(BADGE)]:
            return None  # an address that begins before it
        shift = start << BITS
        key = (text.data[start:end], tuple([event - shift for event in events]), bearing)
        known: _Known | None = self._young.get(key)
        if known is not None:
            return known
        known = self._old.get(key) or self._read_stretch(text, stretch)
        if known is not None and end - start <= _LONGEST:
            self._keep(key, known, end - start)
        return known

    def _keep(self, key: Any, known: Any, size: int) -> None:
        self._size += size + _ENTRY
        if self._size > _KEPT:
            self._old, self._young, self._size = self._young, {}, size + _ENTRY
        self._young[key] = known

    def _read_stretch(self, text: Text, stretch: Stretch) -> _Known | None:
        names_key = _KEY_NAME in text.data[stretch.start : stretch.end]
        if names_key and names_stores(text.data):
            return None
        budget = _Metered(len(text.data))
        candidates, whole = self._candidates(text, _places(stretch.events), budget, 0)
        if not whole or budget.refused or not budget.left:
            return None
        if any(one.decoded and one.rule in self._paired for one in candidates):
            return None  # what belongs to it may stand further off than anybody expects
        worth = worth_judging(unwrapped(candidate, in_secret=False) for candidate in candidates)
        return _Known(
            stretch.start,
            candidates,
            budget.whole - budget.left,
            may_count=any(scoring.may_count(candidate, text) for candidate in worth),
            names_key=names_key,
            may_be_wrapped=any(map(may_be_wrapped, candidates)),
        )

    def _put_together(
        self, text: Text, starts: list[int], known: tuple[_Known, ...]
    ) -> Found | None:
        """What a text holds by what its stretches do; ``None`` where it has to be read whole."""
        taken = 0
        names_key = wrapped = may_count = False
        for one in known:  # one loop: a text has some twenty of them
            taken += one.taken
            names_key = names_key or one.names_key
            wrapped = wrapped or one.may_be_wrapped
            may_count = may_count or one.may_count
        if taken and taken >= Budget(len(text.data)).left:
            return None
        if names_key and names_stores(text.data):
            return None
        wrapped = wrapped and holds_kubernetes_secrets(text.data)
        if not wrapped and not may_count:
            return Found(text, ())
        key = (known, wrapped, text.kind, path_features(text.name))
        sum_up: _SumUp | None = self._young.get(key)
        if sum_up is None:
            sum_up = self._old.get(key) or self._summed_up(text, starts, known, wrapped=wrapped)
            if sum_up is None:
                return None
            self._keep(key, sum_up, _ENTRY * len(known))
        if sum_up.taken and sum_up.taken >= Budget(len(text.data)).left:
            return None
        return sum_up.of(text, starts)

    def _summed_up(
        self, text: Text, starts: list[int], known: tuple[_Known, ...], *, wrapped: bool
    ) -> "_SumUp | None":
        candidates = [
            candidate
            for start, one in zip(starts, known, strict=True)
            for candidate in one.at(start)
        ]
        budget = _Metered(len(text.data))
        budget.take(sum([one.taken for one in known]))
        if wrapped:
            candidates += self._in_kubernetes_secrets(text, candidates, budget)
        if budget.refused or not budget.left:
            return None
        return _SumUp(starts, candidates, judged(text, candidates), budget.whole - budget.left)


def _distributed(contents: Sequence[bytes], events: Iterable[int]) -> Iterator[list[int]]:
    """The events of each of some contents that were joined, in order, as ``regions`` has them."""
    ordered = sorted([(event & PLACES) << BITS | event >> SHIFT for event in events])
    at = behind = 0
    for content in contents:
        first = bisect_left(ordered, (at + 1) << BITS, behind)
        behind = bisect_left(ordered, (at + len(content) + 1) << BITS, first)
        shift = at << BITS
        yield [event - shift for event in ordered[first:behind]]
        at += len(content) + len(GAP)


def _places(events: Iterable[int]) -> Places:
    found: Places = {}
    for event in events:
        found.setdefault(event & (MOST_PATTERNS - 1), []).append(event >> BITS)
    return dict(sorted(found.items()))


class _SumUp:
    """What is in a text, to be said of others with the same stretches at other places."""

    __slots__ = ("_found", "_seen", "_starts", "taken")

    def __init__(
        self, starts: list[int], candidates: list[Candidate], found: tuple[Secret, ...], taken: int
    ) -> None:
        self._starts = starts
        self._found = found
        self._seen = {Part(item.start, item.end) for item in candidates}
        self.taken = taken
        """Bytes that were unpacked."""

    def of(self, text: Text, starts: list[int]) -> Found:
        """What is in a text whose stretches begin at some places."""
        if starts == self._starts:
            return Found(text, self._found, seen=tuple(self._seen))
        by = [new - old for new, old in zip(starts, self._starts, strict=True)]

        def moved(part: Part) -> Part:
            shift = by[bisect_right(self._starts, part.start) - 1]
            return Part(part.start + shift, part.end + shift)

        found = [
            secret._replace(
                candidate=_moved(
                    secret.candidate,
                    by[bisect_right(self._starts, secret.candidate.start) - 1],
                ),
                occurrences=tuple(map(moved, secret.occurrences)),
            )
            for secret in self._found
        ]
        return Found(text, tuple(found), seen=tuple(map(moved, self._seen)))
