"""Variables, quotes and escapes in the words of instructions, as BuildKit's own lexer has them.

It is not a shell: ``$X``, ``${X}`` and ``${X`` with ``:-`` ``-`` ``:+`` ``+`` ``:?`` ``?`` ``#``
``##`` ``%`` ``%%`` ``/`` ``//`` ``}`` are expanded; no commands, no arithmetic, no globs.
"""

import re
from typing import Protocol

from seawall.core import lazy
from seawall.core.named_tuple import NamedTuple
from seawall.text.dockerfile.golang import SPACE, SPACES, quote
from seawall.text.dockerfile.patterns import PatternError, replace, trim_prefix, trim_suffix

MAX_DEPTH = 50
"""Substitutions inside substitutions. BuildKit has no limit; nobody nests five."""
MAX_LENGTH = 1_000_000
"""Characters of variables' values in one text: ``ENV A=$A$A`` doubles each time."""

# Listed, not negated: a class that leaves out all that is not ASCII takes 4 ms to compile.
_QUOTES = "'\""
_VISIBLE = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in f"$<{_QUOTES}"]
_PLAIN = {
    mark: re.compile(f"[{''.join(re.escape(one) for one in _VISIBLE if one != mark)}]++")
    for mark in "\\`"
}
"""Words in which nothing can mean anything: most of them."""
_RUNS = {mark: re.compile(rf"[^{SPACE}$<'\"}}/{re.escape(mark)}]++") for mark in "\\`"}
_QUOTED_RUNS = {mark: lazy.pattern(rf'[^"${re.escape(mark)}]++') for mark in "\\`"}
_ANY_SPACE = lazy.pattern(f"[{SPACE}]")
_SPECIAL = frozenset("@*#?-$!0")
_END = "\ufffd"  # how Go prints the rune -1 that stands for the end of the text


class ExpansionError(Exception):
    """A word that BuildKit cannot expand; the message is its own."""


class Reference(NamedTuple):
    """A variable in a word: where it stands, from the ``$`` on, in characters of the word.

    ``modifier`` is what follows the name in braces, ``:-`` or ``/`` and so on, else empty.
    """

    name: str
    modifier: str
    start: int
    end: int


class Expansion(NamedTuple):
    """An expanded word.

    ``words`` is the result split at spaces outside of quotes, each with where it begins and ends in
    the source. ``matched`` and ``unmatched`` are the variables that had a value and had none, in
    the order of the text.
    """

    text: str
    words: tuple[tuple[str, int, int], ...]
    matched: tuple[str, ...]
    unmatched: tuple[str, ...]
    references: tuple[Reference, ...]


class Style(NamedTuple):
    """How to treat what is no variable.

    ``raw_quotes`` and ``raw_escapes`` keep them in the result, ``ignore_quotes`` gives quotes no
    meaning, and ``keep_unset`` leaves a variable without a value as it is written.
    """

    raw_quotes: bool = False
    raw_escapes: bool = False
    ignore_quotes: bool = False
    keep_unset: bool = False


DEFAULT = Style()
RAW = Style(raw_quotes=True, raw_escapes=True, keep_unset=True)
"""For words whose heredocs are looked for."""
DOCUMENT = Style(ignore_quotes=True)
"""For the body of a heredoc that COPY or ADD expands."""


class Values(Protocol):
    """Where the values of variables are; a mapping will do."""

    def get(self, name: str, /) -> str | None:
        """A value, ``None`` without one."""


def expand(text: str, values: Values, escape: str = "\\", style: Style = DEFAULT) -> Expansion:
    """Expand the variables of a word or a whole line.

    Raises:
        ExpansionError: quotes or braces do not close, a modifier is unknown, or ``:?`` fires.
    """
    if style is DEFAULT and _PLAIN[escape].fullmatch(text):
        return Expansion(text, ((text, 0, len(text)),), (), (), ())
    lexer = _Lexer(text, values, escape, style)
    try:
        result, found = lexer.until("", style.raw_escapes, pattern=False)
    except _Refused as error:
        raise ExpansionError(f"failed to process {quote(text)}: {error}") from None
    return Expansion(
        result, tuple(found), tuple(lexer.matched), tuple(lexer.unmatched), tuple(lexer.references)
    )


class _Refused(Exception):  # noqa: N818 - never leaves this module
    pass


class _Words:
    """Words as they come together. All levels of one lexer share the buffer, as in BuildKit."""

    def __init__(self, buffer: list[str]) -> None:
        self._buffer = buffer
        self._inside = False
        self._start = 0
        self.found: list[tuple[str, int, int]] = []

    def add(self, text: str, start: int) -> None:
        """Text in which spaces part words."""
        if text and not _ANY_SPACE.search(text):
            self.add_raw(text, start)
            return
        for character in text:
            if character not in SPACES:
                self.add_raw(character, start)
            elif self._inside and self._buffer:
                self._close(start)

    def add_raw(self, text: str, start: int) -> None:
        """Text in which spaces mean nothing."""
        if not self._inside:
            self._start = start
        if text:
            self._buffer.append(text)
        self._inside = True

    def _close(self, end: int) -> None:
        self.found.append(("".join(self._buffer), self._start, end))
        self._buffer.clear()
        self._inside = False

    def finish(self, end: int) -> list[tuple[str, int, int]]:
        if self._buffer:
            self._close(end)
        return self.found


class _Lexer:
    def __init__(self, text: str, values: Values, escape: str, style: Style) -> None:
        self._text = text
        self._at = 1 if text.startswith("\ufeff") else 0
        self._values = values
        self._escape = escape
        self._style = style
        self._raw_escapes = style.raw_escapes
        self._buffer: list[str] = []
        self._depth = self._length = 0
        self._run = _RUNS[escape]
        self._quoted_run = _QUOTED_RUNS[escape]
        self.matched: dict[str, None] = {}
        self.unmatched: dict[str, None] = {}
        self.references: list[Reference] = []

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _next(self) -> str:
        character = self._peek()
        if character:
            self._at += 1
        return character

    def until(
        self, stop: str, raw_escapes: bool, *, pattern: bool
    ) -> tuple[str, list[tuple[str, int, int]]]:
        """Go on to a character or, without one, to the end of the text."""
        before, self._raw_escapes = self._raw_escapes, raw_escapes
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Refused(f"more than {MAX_DEPTH} substitutions inside each other")
        try:
            return self._until(stop, pattern)
        finally:
            self._raw_escapes = before
            self._depth -= 1

    def _until(  # noqa: C901 - one branch for each kind of character
        self, stop: str, pattern: bool
    ) -> tuple[str, list[tuple[str, int, int]]]:
        result: list[str] = []
        self._buffer.clear()
        words = _Words(self._buffer)
        while character := self._peek():
            start = self._at
            if character == stop:
                self._at += 1
                return "".join(result), words.finish(start)
            if character == "$":
                value = self._dollar()
                result.append(value)
                words.add(value, start)
            elif character == "<":
                result.append(value := self._angle())
                words.add_raw(value, start)
            elif character in "'\"" and not self._style.ignore_quotes:
                value = self._single(pattern) if character == "'" else self._double(pattern)
                result.append(value)
                words.add_raw(value, start)
            elif character == self._escape:
                self._at += 1
                if self._raw_escapes:
                    words.add_raw(character, start)
                    result.append(character)
                following = self._next()
                if not following:
                    break
                words.add_raw(following, start)
                result.append(following)
            elif (run := self._run.match(self._text, start)) is not None:
                self._at = run.end()
                words.add_raw(run[0], start)
                result.append(run[0])
            else:
                self._at += 1
                words.add(character, start)
                result.append(character)
        if stop:
            raise _Refused(f"unexpected end of statement while looking for matching {stop}")
        return "".join(result), words.finish(len(self._text))

    def _single(self, pattern: bool) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            self._at = len(self._text)
            raise _Refused("unexpected end of statement while looking for matching single-quote")
        inside = self._text[self._at + 1 : end]
        self._at = end + 1
        if pattern:
            inside = inside.replace(self._escape, self._escape * 2)
        return f"'{inside}'" if self._style.raw_quotes else inside

    def _double(self, pattern: bool) -> str:  # noqa: C901 - what a quote, a dollar and an escape do
        result: list[str] = []
        if self._style.raw_quotes:
            result.append('"')
        self._at += 1
        while character := self._peek():
            run = self._quoted_run.match(self._text, self._at)
            if run is not None:
                self._at = run.end()
                result.append(run[0])
                continue
            if character == '"':
                self._at += 1
                if self._style.raw_quotes:
                    result.append('"')
                return "".join(result)
            if character == "$":
                result.append(self._dollar())
                continue
            self._at += 1
            if character == self._escape:
                following = self._peek()
                if not following:
                    continue
                if following in {'"', "$", self._escape}:
                    if self._raw_escapes:
                        result.append(character)
                    character = self._next()
                elif self._raw_escapes and (not self._style.raw_quotes or pattern):
                    result.append(character)
            result.append(character)
        raise _Refused("unexpected end of statement while looking for matching double-quote")

    def _angle(self) -> str:
        """``<``, or ``<<`` with the blanks behind it: a heredoc's name belongs to its word."""
        self._at += 1
        if self._peek() != "<":
            return "<"
        start = self._at = self._at + 1
        while self._peek() in {"\t", "\r", " "}:
            self._at += 1
        return "<<" + self._text[start : self._at]

    def _dollar(self) -> str:
        start = self._at
        self._at += 1
        if self._peek() != "{":
            name = self._name()
            if not name:
                return "$"
            self.references.append(Reference(name, "", start, self._at))
            value = self._get(name)
            if value is None:
                return f"${name}" if self._style.keep_unset else ""
            return value
        self._at += 1
        if not self._peek():
            raise _Refused("syntax error: missing '}'")
        if self._peek() in "{}:":
            raise _Refused("syntax error: bad substitution")
        name = self._name()
        number = len(self.references)
        modifier = self._next() or _END
        if modifier == ":":
            modifier += self._next() or _END
        self.references.append(Reference(name, "" if modifier == "}" else modifier, start, 0))
        value = self._braces(name, modifier)
        self.references[number] = self.references[number]._replace(end=self._at)
        return value

    def _braces(self, name: str, modifier: str) -> str:
        if modifier == "}":
            value = self._get(name)
            if value is None:
                return f"${{{name}}}" if self._style.keep_unset else ""
            return value
        if modifier == "/":
            return self._replacement(name)
        kind = modifier[-1]
        if modifier[0] != ":" and kind not in "+-?#%":
            raise _Refused(f"unsupported modifier ({modifier}) in substitution")
        is_pattern = kind in "#%"
        if modifier[0] == ":" and is_pattern:
            raise _Refused(f"unsupported modifier ({modifier}) in substitution")
        word = self._operand("}", raw_escapes=is_pattern, pattern=is_pattern)
        value = self._get(name)
        if value is None and self._style.keep_unset:
            return f"${{{name}{modifier}{word}}}"
        return self._modified(name, modifier, word, value)

    def _operand(self, stop: str, *, raw_escapes: bool, pattern: bool) -> str:
        try:
            return self.until(stop, raw_escapes, pattern=pattern)[0]
        except _Refused:
            if not self._peek():
                where = " in ${}" if stop == "/" else ""
                raise _Refused(f"syntax error: missing '{stop}'{where}") from None
            raise

    def _modified(self, name: str, modifier: str, word: str, value: str | None) -> str:
        kind = modifier[-1]
        missing = value is None or (modifier[0] == ":" and value == "")
        present = value or ""
        if kind == "-":
            return word if missing else present
        if kind == "+":
            return "" if missing else word
        if kind == "?":
            if missing:
                state = "unset" if value is None else "empty"
                raise _Refused(f"{name}: {word or f'is not allowed to be {state}'}")
            return present
        if kind not in "#%":
            raise _Refused(f"unsupported modifier ({modifier}) in substitution")
        greedy = word.startswith(kind)
        try:
            trim = trim_suffix if kind == "%" else trim_prefix
            return trim(word[greedy:], present, greedy=greedy)
        except PatternError as error:
            raise _Refused(str(error)) from None

    def _replacement(self, name: str) -> str:
        every = self._peek() == "/"
        self._at += every
        pattern = self._operand("/", raw_escapes=True, pattern=True)
        replacement = self._operand("}", raw_escapes=True, pattern=False)
        value = self._get(name)
        if value is None and self._style.keep_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        try:
            return replace(pattern, replacement, value or "", every=every)
        except PatternError as error:
            raise _Refused(str(error)) from None

    def _name(self) -> str:
        start = self._at
        first = self._peek()
        if first.isdecimal():
            while self._peek().isdecimal():
                self._at += 1
        elif first in _SPECIAL:
            self._at += 1
        else:
            while (character := self._peek()) and (
                character == "_" or character.isalpha() or character.isdecimal()
            ):
                self._at += 1
        return self._text[start : self._at]

    def _get(self, name: str) -> str | None:
        value = self._values.get(name)
        if value is not None:
            self._length += len(value)
            if self._length > MAX_LENGTH:
                raise _Refused(f"more than {MAX_LENGTH:,} characters of variables")
        (self.unmatched if value is None else self.matched)[name] = None
        return value
