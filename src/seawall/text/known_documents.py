"""Documents that were read before: the same text is read once, however often it is met.

For those who look at files again that have hardly changed. What a document holds rests on its text
alone, but for what the documents before it have left of the budget of their file, which is looked
at and spent here as a parser would.
"""

from seawall.core.recent import Recent
from seawall.text.scalars import Value
from seawall.text.yaml import COST_OF_DOCUMENT, Broken, Budget, Chunk, Document

_BYTES_OF_A_VALUE = 8
"""Two numbers of ``Document.offsets`` for each key, scalar and collection."""


class KnownDocuments:
    """Plain documents by their text. Nobody may change the values that they hold."""

    def __init__(self) -> None:
        self._kept: Recent[str, tuple[Value, bytes]] = Recent()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, chunk: Chunk, number: int, budget: Budget) -> Document | None:
        """What is known of the text of a chunk, if its file may hold as much."""
        found = self._kept.get(chunk.text)
        if found is None:
            return None
        value, offsets = found
        values = len(offsets) // _BYTES_OF_A_VALUE
        if values > budget.values:
            return None  # a parser says where that comes to an end
        budget.values -= values + COST_OF_DOCUMENT
        return Document(number, chunk, value, may_repeat_keys=False, offsets=offsets)

    def note(self, document: Document | Broken) -> None:
        """Keep a document that was read, where its offsets tell how many values it has."""
        if isinstance(document, Document) and document.offsets:
            self.keep(document.chunk.text, document.value, document.offsets)

    def keep(self, text: str, value: Value, offsets: bytes) -> None:
        """Keep what the text of a document was read as."""
        self._kept.put(text, (value, offsets))

    def turn(self) -> None:
        """Begin another look: what was of no use in the one before is let go of."""
        self._kept.turn()
