"""Finds the secrets of texts: batches, events, windows, readers, judgement."""

import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from seawall.core.named_tuple import NamedTuple
from seawall.secrets import decoding, scoring
from seawall.secrets.batches import Batch, batches
from seawall.secrets.bearing import Bearing, bearing
from seawall.secrets.candidate import NOWHERE, Candidate, Part, Proof, Secret
from seawall.secrets.decoding import MAX_DEPTH, Budget, Unpacked, percent, unpacked, wide
from seawall.secrets.finding import native, stored
from seawall.secrets.finding.finder import PLACES, SHIFT, Finder
from seawall.secrets.finding.plain import PlainFinder
from seawall.secrets.finding.windows import lines, matches, windows
from seawall.secrets.overlaps import collapsed
from seawall.secrets.pairs import free_secrets, paired
from seawall.secrets.reading import (
    addresses,
    assignments,
    calls,
    commands,
    headers,
    private_keys,
)
from seawall.secrets.reading.form import Form
from seawall.secrets.reading.named_files import reader_of
from seawall.secrets.reading.tokens import MOST, tokens
from seawall.secrets.rules import quick
from seawall.secrets.rules.rule import Rule
from seawall.secrets.rules.shapes import Shape, shape, shape_of
from seawall.secrets.surroundings import Crowd
from seawall.secrets.text import Kind, Text
from seawall.secrets.unwrapping import (
    holds_kubernetes_secrets,
    may_be_wrapped,
    names_a_key,
    unwrapped,
)
from seawall.secrets.verifying import PROVING, SUMS
from seawall.text.placeholders import is_reference

if TYPE_CHECKING:
    from seawall.secrets.custom.rule import RuleSet
    from seawall.secrets.custom.searching import Custom

FORMS: tuple[Form, ...] = (
    *private_keys.FORMS, *addresses.FORMS, *headers.FORMS, *assignments.FORMS, *calls.FORMS,
    *commands.FORMS,
)  # fmt: skip


Places = dict[int, list[int]]
"""Places by the index of their pattern."""
MOST_PLACES = 1_000_000
"""Places of one text after which the rest of it is not looked at, and that is told."""
_LookedAt = tuple[Batch, dict[int, Places], bool]
"""A batch, the places in it by text and pattern, and whether these are all."""
_ENCODINGS = (unpacked, percent, wide)


class Found(NamedTuple):
    """What was found in a text."""

    text: Text
    secrets: tuple[Secret, ...]
    """In the order of their places."""
    complete: bool = True
    """Whether all of it was looked at: a text with too many matches is not."""
    seen: tuple[Part, ...] = ()
    """Where there is whatever was weighed, also what did not count: an excerpt shows none of it."""
    notes: tuple[str, ...] = ()
    """What was left out of what users' rules match, and why."""


class Search:
    """Looks for secrets with a set of rules; made once, and used for any number of texts."""

    def __init__(
        self, rules: Sequence[Rule], shapes: Sequence[Shape], finder: Finder, key: str = "",
        custom: "Custom | None" = None, *, identifiers: bool = True,
    ) -> None:  # fmt: skip
        """``identifiers``: whether to look for what only names something."""
        self._identifiers = identifiers
        self.key = key if identifiers else f"{key}-without-identifiers"
        """Changes with the rules and what is made of them, for results that are kept."""
        self._custom = custom
        self._rules = tuple(rules)
        self._shapes = tuple(shapes)
        self._finder = finder
        self._encodings = len(rules) + len(FORMS)
        of_rules = (
            tuple(_is_wanted(rule, kind) and (identifiers or not rule.identifier) for kind in Kind)
            for rule in rules
        )
        in_kinds = (tuple(kind in form.kinds for kind in Kind) for form in FORMS)
        in_bytes = tuple(kind is Kind.BINARY for kind in Kind)
        in_texts = tuple(kind is not Kind.BINARY for kind in Kind)
        encodings = (in_bytes if each is wide else in_texts for each in _ENCODINGS)
        self._wanted = (*of_rules, *in_kinds, *encodings)
        """By the index of a pattern, then by kind: whether it means something there."""
        self._breaks = {
            len(rules) + number: form.breaks
            for number, form in enumerate(FORMS)
            if form.breaks is not None and finder.ends
        }
        self._by_id = {rule.id: rule for rule in rules}
        self._summed = frozenset(rule.id for rule in rules if rule.verify in SUMS)

    def twin(self) -> "Search":
        """The same search for another thread: two must not use one at a time."""
        return self.made_anew(Search)

    def made_anew(self, kind: "type[_Search]") -> "_Search":
        """A search of some kind with the same rules, which shares nothing that changes."""
        own = None if self._custom is None else self._custom.twin()
        again = kind(
            self._rules, self._shapes, self._finder.twin(), "", own, identifiers=self._identifiers
        )
        again.key = self.key
        return again

    def run(self, texts: Iterable[Text]) -> Iterator[Found]:
        """What is found in each text, in their order; texts without anything are left out."""
        open_places: Places = {}
        whole = True
        count = 0
        for batch in batches(texts):
            if count > MOST_PLACES and batch.skipped:  # the rest of a text that floods the memory
                looked_at: Iterable[_LookedAt] = [(batch, {}, False)]
            else:
                count = 0 if not batch.skipped else count
                looked_at = self._looked_at(batch)
            for part, places, complete in looked_at:
                if part.skipped or not part.last:  # a part of a large text
                    for index, found in places.get(0, {}).items():
                        open_places.setdefault(index, []).extend(found)
                        count += len(found)
                    whole = whole and complete
                    if part.last:
                        yield from self._told(part, {0: open_places}, complete=whole)
                        open_places, whole = {}, True
                else:
                    yield from self._told(part, places, complete=complete)

    def _looked_at(self, batch: Batch) -> Iterator["_LookedAt"]:
        """A batch with its places; text by text where one of them floods the finder."""
        places, complete = self._places(batch)
        if complete or len(batch.texts) == 1:
            yield batch, places, complete
            return
        for text in batch.texts:  # what floods it must not hide what stands beside it
            alone = Batch(text.data, (text,), (0,))
            yield alone, *self._places(alone)

    def _told(self, batch: Batch, places: dict[int, Places], *, complete: bool) -> Iterator[Found]:
        for number, text in enumerate(batch.texts):
            if reader_of(text.name) is not None or not complete or self._custom is not None:
                places.setdefault(number, {})
        for number, events in sorted(places.items()):
            found = self._read(batch.texts[number], events, complete=complete)
            if found.secrets or found.notes or not found.complete:
                yield found

    def bearing(self, name: str) -> Bearing:
        """What of a text's name tells on what is found in it: all that is read in names here."""
        return bearing(name)

    def candidates(self, text: Text) -> list[Candidate]:
        """What may be a secret in a text, before anything is judged: for fitting weights."""
        places, _ = self._places(Batch(text.data, (text,), (0,)))
        found: list[Candidate] = []
        for events in places.values():
            found += self._candidates(text, events, Budget(len(text.data)), 0)[0]
        return _unwrapped(text, found)

    def _places(self, batch: Batch) -> tuple[dict[int, dict[int, list[int]]], bool]:
        """Places by text and pattern."""
        events, complete = self._finder.find(batch.data)
        places: dict[int, dict[int, list[int]]] = {}
        texts, starts, skipped, wanted = batch.texts, batch.starts, batch.skipped, self._wanted
        for event in sorted(events):
            index, offset = event >> SHIFT, event & PLACES
            number = bisect_right(starts, offset - 1 if offset else 0) - 1
            if wanted[index][texts[number].kind]:
                found = places.setdefault(number, {}).setdefault(index, [])
                found.append(offset - starts[number] + skipped)
        return places, complete

    def _read(self, text: Text, places: Places, *, complete: bool) -> Found:
        budget = Budget(len(text.data))
        candidates, whole = self._candidates(text, places, budget, 0)
        in_secret = _stand_in_a_secret(text, candidates)
        if in_secret:
            candidates += self._in_kubernetes_secrets(text, candidates, budget)
        more: list[Candidate] = []
        named = reader_of(text.name)
        if named is not None:
            more += named(text)
        notes: tuple[str, ...] = ()
        if self._custom is not None:
            own, notes = self._custom.find(text)
            more += self._custom.paired(own, [*candidates, *more])
        in_secret = in_secret or _stand_in_a_secret(text, more)
        candidates += more
        seen = tuple({Part(item.start, item.end) for item in candidates})
        secrets = _judged(text, candidates, in_secret=in_secret)
        if self._custom is not None:
            secrets = self._custom.heeded(text, secrets)
        return Found(text, secrets, complete and whole, seen, notes)

    def of_path(self, path: str) -> tuple[Secret, ...]:
        """What users' rules say of a file by its path alone: for files that are no texts."""
        if self._custom is None:
            return ()
        return judged(Text(path, b"", Kind.PROSE), self._custom.of_path(path))

    @property
    def names_commits(self) -> bool:
        """Whether a user's file lets anything pass because of its commit."""
        return self._custom is not None and self._custom.names_commits

    def in_commits(self, text: Text, secret: Secret, origins: Sequence[tuple[str, str]]) -> str:
        """What lets a secret pass in each commit that brought it to a path; empty for nothing."""
        return "" if self._custom is None else self._custom.in_commits(text, secret, origins)

    def _in_kubernetes_secrets(
        self, text: Text, candidates: Sequence[Candidate], budget: Budget
    ) -> list[Candidate]:
        """What is known by its form in values that are base64 because a Secret has them so."""
        found: list[Candidate] = []
        for candidate in candidates:
            plain = unwrapped(candidate, in_secret=True)
            value = plain.value.reveal().encode("utf-8", "replace")
            if plain is not candidate and budget.take(len(value)):
                place = Part(candidate.start, candidate.end)
                inner = Unpacked(place, value, plain.decoded)
                found += self._inside(text, inner, budget, MAX_DEPTH - 1)
        return found

    def _candidates(
        self, text: Text, places: Places, budget: Budget, depth: int
    ) -> tuple[list[Candidate], bool]:
        """What may be secrets in a text and in what is packed in it; whether that is all."""
        candidates: list[Candidate] = []
        complete = True
        for index, found in places.items():
            if index >= self._encodings:
                if depth < MAX_DEPTH:
                    starts = (match.start() for match in self._matches(index, found, text))
                    for inner in _ENCODINGS[index - self._encodings](text.data, starts, budget):
                        candidates += self._inside(text, inner, budget, depth)
                continue
            for number, candidate in enumerate(self._read_one(index, found, text)):
                if number >= MOST:
                    complete = False
                    break
                candidates.append(candidate)
        candidates += free_secrets(text.data, candidates)
        return paired(self._without_samples(candidates), self._by_id), complete

    def _without_samples(self, candidates: list[Candidate]) -> list[Candidate]:
        """The candidates without those that only say again what a checksum refutes."""
        samples = [
            candidate
            for candidate in candidates
            if candidate.proof is Proof.REFUTED and candidate.rule in self._summed
        ]
        if not samples:
            return candidates
        return [
            candidate
            for candidate in candidates
            if candidate.proof is Proof.PROVEN
            or not any(one.start < candidate.end and candidate.start < one.end for one in samples)
        ]

    def _read_one(self, index: int, found: list[int], text: Text) -> Iterator[Candidate]:
        found_here = self._matches(index, found, text)
        if index < len(self._rules):
            candidates = tokens(self._rules[index], found_here, text.data)
        else:
            form = FORMS[index - len(self._rules)]
            candidates = (each for match in found_here for each in form.read(text, match))
        if text.kind is Kind.BINARY:
            yield from filter(_tells_in_bytes, candidates)
        else:
            yield from (each for each in candidates if not names_a_key(each, text.data))

    def _matches(self, index: int, found: list[int], text: Text) -> Iterator[re.Match[bytes]]:
        shape = self._shapes[index]
        after = 0 if self._finder.ends else shape.width
        breaks = self._breaks.get(index)
        if breaks is None:
            stretches = windows(found, shape.width, after, len(text.data))
        else:
            stretches = lines(text.data, found, shape.width, breaks)
        overlap = 0 if index < len(self._rules) else 1
        return matches(shape, text.data, stretches, overlap)

    def _inside(
        self, text: Text, inner: Unpacked, budget: Budget, depth: int
    ) -> Iterator[Candidate]:
        """What may be secrets in an unpacked text, at the place of what it was unpacked from."""
        kind = Kind.BINARY if text.kind is Kind.BINARY else Kind.CONFIGURATION
        within = Text(text.name, inner.data, kind)
        found: list[Candidate] = []
        for places in self._places(Batch(inner.data, (within,), (0,)))[0].values():
            found += _unwrapped(within, self._candidates(within, places, budget, depth + 1)[0])
        if self._custom is not None:
            found += self._custom.find(within)[0]
        for candidate in found:
            follows = inner.data[candidate.end : candidate.end + 1] == b"("
            if not follows or candidate.form == scoring.CUSTOM:
                yield candidate._replace(
                    start=inner.place.start, end=inner.place.end,
                    decoded=(*inner.how, *candidate.decoded), beside=NOWHERE,
                    inner=candidate.inner if candidate.inner.end
                    else Part(candidate.start, candidate.end),
                )  # fmt: skip


_Search = TypeVar("_Search", bound=Search)


def _stand_in_a_secret(text: Text, candidates: Iterable[Candidate]) -> bool:
    """Whether some candidates may be base64 because a Kubernetes Secret has its values so."""
    return any(map(may_be_wrapped, candidates)) and holds_kubernetes_secrets(text.data)


def _unwrapped(text: Text, candidates: list[Candidate]) -> list[Candidate]:
    in_secret = _stand_in_a_secret(text, candidates)
    return [unwrapped(candidate, in_secret=in_secret) for candidate in candidates]


def judged(text: Text, candidates: list[Candidate]) -> tuple[Secret, ...]:
    """Those of the candidates of a text that are secrets, each value once."""
    return _judged(text, candidates, in_secret=_stand_in_a_secret(text, candidates))


def _judged(text: Text, candidates: list[Candidate], *, in_secret: bool) -> tuple[Secret, ...]:
    worth = worth_judging(unwrapped(candidate, in_secret=in_secret) for candidate in candidates)
    alone = [(candidate, scoring.by_itself(candidate, text)) for candidate in worth]
    likely = [(candidate, total) for candidate, total in alone if total is not None]
    if not likely:  # most texts: nobody has to ask how many have the same value
        return ()
    found = []
    crowd = Crowd(worth)
    for candidate, base in likely:
        total = scoring.among_others(candidate, text, base, crowd)
        sure = scoring.certainty(candidate, total)
        if sure is not None:
            found.append(Secret(candidate, sure, total, ()))
    return collapsed(found)


def _is_wanted(rule: Rule, kind: Kind) -> bool:
    return kind is not Kind.BINARY or rule.verify in PROVING


def _tells_in_bytes(candidate: Candidate) -> bool:
    """Whether chance makes nothing like it among bytes of any sort."""
    return candidate.proof is Proof.PROVEN or candidate.rule == addresses.ID


def worth_judging(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates without those that cannot be secrets."""
    return [
        candidate
        for candidate in candidates
        if candidate.proof is not Proof.REFUTED
        and (candidate.form in scoring.SURE_FORMS or not is_reference(candidate.value.reveal()))
    ]


WORTH_BUILDING = 1 << 20
"""Bytes of text from which Hyperscan is worth the two seconds that its database takes to build."""
WORTH_LOADING = 32 << 10
"""Bytes of text from which it is worth the 20 ms that it takes to load."""


def search(
    directory: str = "",
    *,
    size: int = WORTH_BUILDING,
    use_native: bool = True,
    keep: bool = True,
    custom: "Sequence[RuleSet]" = (),
    identifiers: bool = True,
) -> Search:
    """A search with the rules that come with the package, and the user's own.

    ``directory`` is where compiled patterns are kept; empty: nowhere. ``size`` is about how many
    bytes there are to look at: for few, nothing is built that is not there yet. Where nothing is to
    be written (not ``keep``), what is kept is used all the same. ``identifiers`` are looked for, or
    not.
    """
    native_here = use_native and size >= WORTH_LOADING and native.available()
    key = stored.key_of(_sources(), with_database=native_here)
    kept = stored.load(directory, key) if directory else None
    if kept is None:
        kept = stored.Stored(*_made(), b"")
        if directory and keep and not (native_here and size >= WORTH_BUILDING):
            stored.save(directory, key, kept)
    if native_here and not kept.database and size >= WORTH_BUILDING:
        kept = stored.Stored(kept.rules, kept.shapes, native.build(kept.shapes))
        if directory and keep:
            stored.save(directory, key, kept)
    finder: Finder | None = None
    if native_here and kept.database:
        finder = native.opened(kept.database)
    finder = finder or PlainFinder(kept.shapes)
    room = directory if native_here else ""
    own = _custom(custom, room, build=native_here and size >= WORTH_BUILDING, keep=keep)
    if own is not None:
        from seawall.core.digests import blake2b  # noqa: PLC0415 - as above

        named = repr(custom).encode("utf-8", "surrogatepass")
        key = f"{key}-{blake2b(named, digest_size=16).hexdigest()}"
    return Search(kept.rules, kept.shapes, finder, key, own, identifiers=identifiers)


def _custom(
    sets: "Sequence[RuleSet]", directory: str, *, build: bool, keep: bool
) -> "Custom | None":
    if not sets:
        return None
    from seawall.secrets.custom.searching import Custom  # noqa: PLC0415 - where there are any

    return Custom(sets, directory, build=build, keep=keep)


def _made() -> tuple[tuple[Rule, ...], tuple[Shape, ...]]:
    rules = quick.shipped()
    forms = [shape(form.pattern) for form in FORMS]
    return rules, (*map(shape_of, rules), *forms, *decoding.shapes())


def _sources() -> list[bytes]:
    """What compiled patterns are made of: the rules, the forms and how patterns are rewritten."""
    room = os.path.dirname(__file__)
    data = os.path.join(room, "rules", "data")
    paths = [os.path.join(data, name) for name in sorted(os.listdir(data))]
    paths.append(os.path.join(room, "rules", "shapes.py"))
    parts = [form.pattern.encode() for form in FORMS]
    parts += [shape.source.encode() for shape in decoding.shapes()]
    for path in paths:
        with open(path, "rb") as stream:
            parts.append(stream.read())
    return parts
