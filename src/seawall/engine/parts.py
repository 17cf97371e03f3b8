"""Reports that are told in parts: what is kept of each part, and what all of them come to."""

import marshal
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from seawall.core.named_tuple import NamedTuple
from seawall.core.portion import Piece, Portion
from seawall.core.report import (
    Advisories,
    Coverage,
    Failed,
    Feed,
    NotCovered,
    RuleFault,
    Skipped,
    Summary,
)
from seawall.core.rule import Rule
from seawall.engine.run import packed, unpacked

Plain = Any


class Part(NamedTuple):
    """What each output says of some files, as plain values."""

    outputs: tuple[Plain, ...]
    stamp: bytes
    """A digest of the outputs."""
    key: bytes = b""
    """Its key, where it is remembered by itself."""


class Told(NamedTuple):
    """What the outputs say of all files, in order, and what it comes to."""

    parts: Sequence[Part]
    rules: Mapping[str, Rule]
    summary: Summary
    may_be_kept: bool = False
    """Whether each part is remembered, for no rule broke and no secret shows; not once recalled."""

    def portions(self, number: int) -> list[Portion]:
        """What one of the outputs says."""
        return [_revived(part.outputs[number], self.rules) for part in self.parts]


def part_of(portions: Sequence[Portion], is_private: Callable[[bytes], bool]) -> tuple[Part, bool]:
    """What the outputs say of some files, as it is kept, and whether any of it is private."""
    from seawall.cache import digest  # noqa: PLC0415 - loaded already

    outputs = []
    stamps: list[bytes] = []
    shows = False
    for portion in portions:
        texts = []
        for pieces in map(tuple, portion.texts):
            text = "".join(piece.text for piece in pieces).encode("utf-8", "surrogatepass")
            holes = tuple(chain.from_iterable(piece.holes for piece in pieces))
            shows = shows or is_private(text)
            texts.append((packed(text), holes))
        more = (tuple(rule.id for rule in portion.rules), portion.facts)
        shows = shows or is_private(marshal.dumps((*(holes for _, holes in texts), more)))
        stamps += (text for text, _ in texts)
        stamps.append(repr((*(holes for _, holes in texts), more)).encode())
        outputs.append((tuple(texts), *more))
    return Part(tuple(outputs), digest(*stamps)), shows


def _revived(plain: Plain, rules: Mapping[str, Rule]) -> Portion:
    texts, ids, facts = plain
    return Portion(
        tuple(_pieces(text, holes) for text, holes in texts),
        tuple(rules[id_] for id_ in ids),
        facts,
    )


def _pieces(text: bytes, holes: tuple[Plain, ...]) -> Iterator[Piece]:
    """A text as one piece; it is unpacked when its turn comes."""
    whole = "".join(unpacked(text))
    if whole:
        yield Piece(whole, holes)


# Summaries ------------------------------------------------------------------------------------


def coverage_to_plain(coverage: Coverage) -> Plain:
    """What became of each input, as plain values."""
    read, *others, searched = coverage
    return (read, *(tuple(map(tuple, rows)) for rows in others), searched)


def coverage_from_plain(plain: Plain) -> Coverage:
    """What became of each input. Raises TypeError or ValueError for other values."""
    read, skipped, not_covered, failed, searched = plain
    return Coverage(
        tuple(read),
        tuple(Skipped(*item) for item in skipped),
        tuple(NotCovered(*item) for item in not_covered),
        tuple(Failed(*item) for item in failed),
        tuple(searched),
    )


def summary_to_plain(summary: Summary) -> Plain:
    """What a report comes to, as plain values."""
    known = summary.advisories
    return tuple(
        summary._replace(
            coverage=coverage_to_plain(summary.coverage),
            faults=tuple(tuple(fault) for fault in summary.faults),  # type: ignore[misc]
            advisories=known and (*known[:2], tuple(map(tuple, known.feeds))),  # type: ignore[arg-type]
        )
    )


def summary_from_plain(plain: Plain) -> Summary:
    """What a report comes to. Raises TypeError or ValueError for other values."""
    summary = Summary(*plain)
    known: Plain = summary.advisories
    if known is not None:
        built, vulnerabilities, feeds = known
        known = Advisories(built, vulnerabilities, tuple(Feed(*feed) for feed in feeds))
    return summary._replace(
        coverage=coverage_from_plain(summary.coverage),
        faults=tuple(RuleFault(*fault) for fault in summary.faults),
        advisories=known,
    )
