"""From the text of an instruction to its flags and words, as BuildKit's line parsers do it."""

import re

from seawall.core import lazy
from seawall.core.named_tuple import NamedTuple
from seawall.text.dockerfile.golang import SPACE, SPACES, quote, valid
from seawall.text.dockerfile.tree import Flag, Line, Pair, Word

_WORD = lazy.pattern(f"[^{SPACE}]++")
_FIELD = lazy.pattern("[^\t\v\f\r ]++")
_BLANKS = lazy.pattern("[\t\v\f\r ]++")
_BYTE_SPACES = "\t\n\v\f\r \x85\xa0"


class NotAListError(Exception):
    """A JSON array that holds something else than strings."""


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch of text without the space around it, as offsets."""
    while start < end and text[start] in SPACES:
        start += 1
    while start < end and text[end - 1] in SPACES:
        end -= 1
    return start, end


# Flags ----------------------------------------------------------------------------------------


def split_flags(line: Line, start: int, end: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    """The flags at the start of a stretch, and where the rest begins.

    BuildKit goes through bytes here: 0x85 and 0xA0 are space to it even inside a character, and
    other characters come out as their bytes.
    """
    if line.widths is not None:
        return _split_flags_in_bytes(line, start, line.text[start:end], escape)
    flags, at = _flags(line.text, start, end, escape)
    return tuple([_placed(line, 0, found) for found in flags]), at


class _Found(NamedTuple):
    text: str
    start: int
    end: int


def _placed(line: Line, start: int, found: _Found) -> Flag:
    name, mark, value = found.text[2:].partition("=")
    word = line.word(start + found.start, start + found.end)
    return Flag(name, value if mark else None, word.start, word.end)


def _split_flags_in_bytes(
    line: Line, start: int, text: str, escape: str
) -> tuple[tuple[Flag, ...], int]:
    data = text.encode("utf-8", "surrogateescape")
    flags, at = _flags(data.decode("latin-1"), 0, len(data), escape)

    def characters(offset: int) -> int:
        return len(data[:offset].decode("utf-8", "surrogateescape"))

    placed = tuple(
        _placed(line, start, _Found(found.text, characters(found.start), characters(found.end)))
        for found in flags
    )
    return placed, start + characters(at)


def _flags(text: str, at: int, end: int, escape: str) -> tuple[list[_Found], int]:
    flags: list[_Found] = []
    while True:
        while at < end and text[at] in _BYTE_SPACES:
            at += 1
        if not text.startswith("--", at, end):
            return flags, at
        word, quoted, stop = _flag_word(text, at, end, escape)
        if stop < end and word == "--":
            return flags, stop
        if (word or quoted) and word != "--":
            flags.append(_Found(word, at, stop))
        at = stop
        if at >= end:
            return flags, at


_PLAIN_FLAG = {mark: re.compile(rf"[^{_BYTE_SPACES}'\"{re.escape(mark)}]++") for mark in "\\`"}


def _flag_word(text: str, at: int, size: int, escape: str) -> tuple[str, bool, int]:
    """One word: its text without quotes and escapes, whether it had quotes, and its end."""
    plain = _PLAIN_FLAG[escape].match(text, at, size)
    if plain and (plain.end() == size or text[plain.end()] in _BYTE_SPACES):
        return plain[0], False, plain.end()
    parts: list[str] = []
    quoted = False
    mark = ""
    while at < size:
        character = text[at]
        if mark and character == mark:
            mark = ""
        elif not mark and character in _BYTE_SPACES:
            break
        elif not mark and character in "'\"":
            mark, quoted = character, True
        elif character == escape:
            at += 1
            if at < size:
                parts.append(text[at])
        else:
            parts.append(character)
        at += 1
    return "".join(parts), quoted, min(at, size)


# Words ----------------------------------------------------------------------------------------


def fields(line: Line, start: int, end: int) -> tuple[Word, ...]:
    """Words between blanks; quotes mean nothing (FROM, COPY, ADD, EXPOSE, VOLUME)."""
    text = line.text
    if line.widths is None and len(line.starts) == 1:
        place = line.places[0]
        return tuple(
            [
                Word(found[0], place + found.start(), place + found.end())
                for found in _FIELD.finditer(text, start, end)
            ]
        )
    return tuple(line.word(*found.span()) for found in _FIELD.finditer(text, start, end))


def words(line: Line, start: int, end: int, escape: str) -> list[tuple[str, int, int]]:
    """Words between spaces where quotes and escapes hold words together (ENV, LABEL, ARG).

    Quotes and escapes stay in the text; an escape at the very end is left out.
    """
    text = line.text
    part = text[start:end]
    if "'" not in part and '"' not in part and escape not in part:
        return [(found[0], *found.span()) for found in _WORD.finditer(text, start, end)]
    pattern = _QUOTED_WORD[escape]
    result: list[tuple[str, int, int]] = []
    for found in pattern.finditer(text, start, end):
        word = found[0]
        if found.end() == end and word.endswith(escape) and _is_lone_escape(word, escape):
            word = word[:-1]
            if not word:
                continue
        result.append((word, *found.span()))
    return result


def _quoted_word(escape: str) -> "re.Pattern[str]":
    mark = re.escape(escape)
    return re.compile(
        rf"(?:[^{SPACE}'\"{mark}]++|{mark}[\s\S]|{mark}\Z|'[^']*+(?:'|\Z)"
        rf"|\"(?:[^\"{mark}]|{mark}[\s\S]|{mark}\Z)*+(?:\"|\Z))++"
    )


_QUOTED_WORD = {"\\": _quoted_word("\\"), "`": _quoted_word("`")}


def _is_lone_escape(word: str, escape: str) -> bool:
    """Whether the last character of a word escapes nothing, for it is the last of the text."""
    at = 0
    mark = ""
    while at < len(word):
        character = word[at]
        if character == escape and mark != "'":
            if at + 1 == len(word):
                return True
            at += 1
        elif mark:
            mark = "" if character == mark else mark
        elif character in "'\"":
            mark = character
        at += 1
    return False


def pairs(
    line: Line, start: int, end: int, escape: str, name: str
) -> tuple[tuple[Word, ...], tuple[Pair, ...], str]:
    """The words and pairs of ENV and LABEL, and why BuildKit refuses them."""
    found = words(line, start, end, escape)
    if not found:
        return (), (), ""
    if "=" not in found[0][0]:
        rest = line.word(start, end)
        blanks = _BLANKS.search(line.text, start, end)
        if blanks is None:
            return (rest,), (), f"{name} must have two arguments"
        key = line.word(start, blanks.start())
        return (rest,), (Pair(key, line.word(blanks.end(), end), legacy=True),), ""
    result: list[Pair] = []
    arguments = _words(line, found)
    for text, a, b in found:
        if "=" not in text:
            problem = f"Syntax error - can't find = in {quote(valid(text))}. "
            return arguments, tuple(result), problem + "Must be of the form: name=value"
        result.append(_pair(line, text, a, b))
    return arguments, tuple(result), ""


def optional_pairs(
    line: Line, start: int, end: int, escape: str
) -> tuple[tuple[Word, ...], tuple[Pair, ...]]:
    """The words and pairs of ARG, where a value may be missing."""
    found = words(line, start, end, escape)
    arguments = _words(line, found)
    result = [
        _pair(line, text, a, b) if "=" in text else Pair(word, None)
        for word, (text, a, b) in zip(arguments, found, strict=True)
    ]
    return arguments, tuple(result)


def _words(line: Line, found: list[tuple[str, int, int]]) -> tuple[Word, ...]:
    return tuple([Word(text, line.start(a), line.end(b)) for text, a, b in found])


def _pair(line: Line, text: str, start: int, end: int) -> Pair:
    key, _, value = text.partition("=")
    middle = start + len(key)
    return Pair(
        Word(key, line.start(start), line.end(middle)),
        Word(value, line.start(middle + 1) if middle + 1 < end else line.end(end), line.end(end)),
    )


# JSON -----------------------------------------------------------------------------------------

_ITEM = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
_LIST = lazy.pattern(rf"\[[ \t\r\n]*+(?:{_ITEM}[ \t\r\n]*+(?:,[ \t\r\n]*+{_ITEM}[ \t\r\n]*+)*+)?\]")
_STRING = lazy.pattern(_ITEM)
_TOKEN = (
    rf"[ \t\r\n]*+(?:({_ITEM})|(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)"
    r"|(true|false|null)|([\[\]{}:,]))"
)
_ESCAPE = lazy.pattern(r'\\(?:(["\\/bfnrt])|u([0-9a-fA-F]{4}))')
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_MAX_DEPTH = 10_000


def json_list(line: Line, start: int, end: int) -> tuple[Word, ...] | None:
    """The strings of a JSON array; ``None`` where the text is none.

    Raises:
        NotAListError: it is an array, but not of strings.
    """
    text = line.text
    if not text.startswith("[", start):
        return None
    if _LIST.fullmatch(text, start, end):
        items = [line.word(*found.span()) for found in _STRING.finditer(text, start, end)]
        return tuple([item._replace(text=unescape(item.text[1:-1])) for item in items])
    if is_json(text[start:end]):
        raise NotAListError
    return None


def unescape(text: str) -> str:
    """The value of a JSON string; half a surrogate pair becomes U+FFFD."""
    if "\\" not in text:
        return text
    pieces: list[str] = []
    at = 0
    for found in _ESCAPE.finditer(text):
        pieces.append(text[at : found.start()])
        simple, code = found.groups()
        if simple:
            pieces.append(_SIMPLE.get(simple, simple))
        else:
            unit = int(code, 16)
            high = pieces[-2] if len(pieces) > 1 and not pieces[-1] else ""
            if 0xDC00 <= unit < 0xE000 and len(high) == 1 and 0xD800 <= ord(high) < 0xDC00:
                pieces[-2] = chr(0x10000 + (ord(high) - 0xD800 << 10) + unit - 0xDC00)
            else:
                pieces.append(chr(unit) if not 0xDC00 <= unit < 0xE000 else "\ufffd")
        at = found.end()
    return re.sub("[\ud800-\udbff]", "\ufffd", "".join(pieces)) + text[at:]


def is_json(text: str) -> bool:
    """Whether Go's ``encoding/json`` reads a text; no recursion, linear time."""
    stack: list[str] = []
    expect = "value"
    token = re.compile(_TOKEN)  # seldom of use
    at = 0
    while at < len(text):
        found = token.match(text, at)
        if found is None:
            return not stack and expect == "end" and not text[at:].strip(" \t\r\n")
        string, number, word, mark = found.groups()
        at = found.end()
        if expect == "end":
            return False
        if number and _overflows(number):
            return False
        state = _next(stack, expect, "string" if string else "value" if number or word else mark)
        if state is None or len(stack) > _MAX_DEPTH:
            return False
        expect = state
    return not stack and expect == "end"


def _overflows(number: str) -> bool:
    return float(number) in {float("inf"), float("-inf")}


def _next(stack: list[str], expect: str, piece: str) -> str | None:
    """What may follow a piece, ``None`` where the piece may not stand; changes the stack."""
    if piece in {"[", "{"}:
        if expect not in {"value", "value or ]"}:
            return None
        stack.append(piece)
        return "value or ]" if piece == "[" else "key or }"
    if piece in {"]", "}"}:
        allowed = {"value or ]", ", or ]"} if piece == "]" else {"key or }", ", or }"}
        if expect not in allowed:
            return None
        stack.pop()
    elif piece == ",":
        return {", or ]": "value", ", or }": "key"}.get(expect)
    elif piece == ":":
        return "value" if expect == ":" else None
    elif expect in {"key", "key or }"}:
        return ":" if piece == "string" else None
    elif expect not in {"value", "value or ]"}:
        return None
    if not stack:
        return "end"
    return ", or ]" if stack[-1] == "[" else ", or }"
