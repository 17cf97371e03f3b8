"""Buffers of about a megabyte: small texts together, large ones in overlapping parts.

A call of the finder costs as much as reading ten kilobytes, so a file a call would halve the speed.
"""

from collections.abc import Iterable, Iterator

from seawall.core.named_tuple import NamedTuple
from seawall.secrets.rules.shapes import MAX_WIDTH
from seawall.secrets.text import Text

SIZE = 1 << 20
GAP = b"\n\0\n"
"""No pattern matches over it."""


class Batch(NamedTuple):
    """A buffer and what it is made of."""

    data: bytes
    texts: tuple[Text, ...]
    starts: tuple[int, ...]
    """Where each text begins in the buffer."""
    skipped: int = 0
    """Bytes of the only text that stand before the buffer."""
    last: bool = True
    """Whether the texts end here."""


def batches(texts: Iterable[Text], size: int = SIZE) -> Iterator[Batch]:
    """The batches of some texts, in order."""
    held: list[Text] = []
    length = 0
    for text in texts:
        if len(text.data) > size:
            if held:
                yield _joined(held)
                held, length = [], 0
            yield from _parts(text, size)
            continue
        held.append(text)
        length += len(text.data)
        if length > size:
            yield _joined(held)
            held, length = [], 0
    if held:
        yield _joined(held)


def _joined(texts: list[Text]) -> Batch:
    starts = []
    at = 0
    for text in texts:
        starts.append(at)
        at += len(text.data) + len(GAP)
    return Batch(GAP.join([text.data for text in texts]), tuple(texts), tuple(starts))


def _parts(text: Text, size: int) -> Iterator[Batch]:
    start = 0
    while True:
        end = start + size + MAX_WIDTH
        last = end >= len(text.data)
        yield Batch(text.data[start:end], (text,), (0,), start, last)
        if last:
            return
        start += size
