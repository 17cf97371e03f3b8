"""Which rules are worth a try on a text: those whose keywords are there, where Hyperscan agrees.

Hyperscan looks for all expressions at once. It is asked about bytes, so a character that is not
ASCII is shown to it as one byte which no ASCII class holds; what names such characters itself, or
what Hyperscan does not know, is left to the keywords. It decides nothing: RE2 does.
"""

from collections.abc import Sequence
from typing import Any

from seawall.core.lazy import pattern
from seawall.secrets.custom.allowing import lowered
from seawall.secrets.custom.rule import CustomRule

_WIDE = pattern(rb"[\xc2-\xf4][\x80-\xbf]{1,3}")
_FOLDED = ((b"\xc5\xbf", b"s"), (b"\xe2\x84\xaa", b"k"))
"""Long s and the Kelvin sign: what ``(?i)s`` and ``(?i)k`` match besides ASCII."""
_OTHERS = pattern(r"\\[pP0-9QCW]|\\x[^0-7]|\[:?\^|[^\x00-\x7f]")
"""What Hyperscan might read in another way than RE2: characters by number, classes of Unicode, and
what is not in a class, where it leaves out letters that fold to one that is (U+017F to ``s``)."""
_EDGES = pattern(r"\\[bB]")
"""Where words end: for RE2 beside those letters, as they are not ASCII, for Hyperscan not beside
the ``s`` that stands for one."""


def can_be_gated(regex: str) -> bool:
    """Whether Hyperscan reads an expression as RE2 does, or finds more."""
    return bool(regex) and _OTHERS.search(regex) is None


class Gate:
    """Tells the rules that may match, by their indices."""

    def __init__(self, rules: Sequence[CustomRule], database: Any = None) -> None:
        self._rules = tuple(rules)
        self._keywords = [tuple(map(str.encode, rule.keywords)) for rule in rules]
        self._database = database
        self._gated = frozenset(database.indices) if database is not None else frozenset()
        self._always = [index for index in range(len(rules)) if index not in self._gated]
        self._edged = [index for index in self._gated if _EDGES.search(rules[index].regex)]

    def open_for(self, data: bytes) -> list[int]:
        """The rules to try on a text, which is UTF-8."""
        wanted = self._always
        if self._database is not None:
            narrow, unsure = (data, ()) if data.isascii() else self._narrowed(data)
            wanted = sorted({*wanted, *unsure, *self._database.fired(narrow)})
        if not wanted:
            return []
        lower = lowered(data)
        return [
            index
            for index in wanted
            if not self._keywords[index] or any(word in lower for word in self._keywords[index])
        ]

    def _narrowed(self, data: bytes) -> tuple[bytes, Sequence[int]]:
        """What Hyperscan is asked about, and the rules that this tells nothing of."""
        unsure: Sequence[int] = ()
        for wide, narrow in _FOLDED:
            if wide in data:
                data, unsure = data.replace(wide, narrow), self._edged
        return _WIDE.sub(b"\xff", data), unsure
