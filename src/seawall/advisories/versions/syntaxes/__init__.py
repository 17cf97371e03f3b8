"""How ecosystems write ranges of versions: one module for each notation.

Each has ``clauses(text: str, key: Key) -> tuple[Clause, ...]``, of which any is enough, and raises
``RangeError``. Pre-releases are versions like others to it.
"""
