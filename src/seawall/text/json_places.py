"""Where values stand in a JSON text: without a tree, for lock files have megabytes of them.

What no wanted path leads through is passed over by the standard library's decoder, in C.
"""

import json
from collections.abc import Collection, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]

from seawall.core.lazy import pattern
from seawall.core.location import KeyPath, Span
from seawall.text.lines import positions

_BLANK = pattern(r"[ \t\n\r]*")

_Wanted = dict[str | int, "_Wanted"]


def locate(text: str, paths: Collection[KeyPath]) -> dict[KeyPath, Span]:
    """The spans of those of some paths that are there; raises ValueError for what is no JSON.

    A scalar is marked itself, a collection by its key; a collection in a list, which has none, by
    its bracket.
    """
    wanted: _Wanted = {}
    for path in paths:
        at = wanted
        for step in path:
            at = at.setdefault(step, {})
    found: dict[KeyPath, tuple[int, int]] = {}
    start = _after_blank(text, 1 if text.startswith("\ufeff") else 0)
    try:
        _Walk(text, found).value(start, wanted, ())
    except (IndexError, RecursionError) as error:
        raise ValueError(f"no JSON that can be walked: {error}") from None
    places = {path: found[path] for path in paths if path in found}
    known = positions(text, [offset for place in places.values() for offset in place])
    return {path: Span(*known[start], *known[end]) for path, (start, end) in places.items()}


def _after_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()


class _Walk:
    def __init__(self, text: str, found: dict[KeyPath, tuple[int, int]]) -> None:
        self._text = text
        self._found = found
        self._decode = json.JSONDecoder().raw_decode

    def value(self, at: int, wanted: Mapping[str | int, _Wanted], path: KeyPath) -> int:
        """Walk over a value that stands at an offset; gives the offset behind it."""
        opening = self._text[at]
        if wanted and opening == "{":
            return self._object(at, wanted, path)
        if wanted and opening == "[":
            return self._array(at, wanted, path)
        return self._decode(self._text, at)[1]

    def _object(self, at: int, wanted: Mapping[str | int, _Wanted], path: KeyPath) -> int:
        text = self._text
        at = _after_blank(text, at + 1)
        while text[at] != "}":
            key, behind = scanstring(text, at + 1, False)  # noqa: FBT003 - the decoder's own form
            start = _after_blank(text, _after_blank(text, behind) + 1)
            if key in wanted:
                end = self.value(start, wanted[key], (*path, key))
                is_collection = text[start] in "{["
                self._found[*path, key] = (at, behind) if is_collection else (start, end)
            else:
                end = self._decode(text, start)[1]
            at = self._next(end)
        return at + 1

    def _array(self, at: int, wanted: Mapping[str | int, _Wanted], path: KeyPath) -> int:
        text = self._text
        at = _after_blank(text, at + 1)
        number = 0
        while text[at] != "]":
            if number in wanted:
                end = self.value(at, wanted[number], (*path, number))
                is_collection = text[at] in "{["
                self._found[*path, number] = (at, at + 1) if is_collection else (at, end)
            else:
                end = self._decode(text, at)[1]
            at = self._next(end)
            number += 1
        return at + 1

    def _next(self, at: int) -> int:
        """The offset of the next member, or of the end, behind a value."""
        at = _after_blank(self._text, at)
        return _after_blank(self._text, at + 1) if self._text[at] == "," else at
