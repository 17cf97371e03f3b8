"""Regular expressions of other tools' files, with the meaning RE2 gives them.

A pattern in a repository is hostile input, and Python's ``re`` may need exponential time for one.
So RE2 itself matches them, where the extra ``re2`` is installed. Without it only patterns are
taken that need no more than a walk over the text: those are put into the words of ``re``, where
they cannot blow up and mean the same. Syntax: https://github.com/google/re2/wiki/Syntax.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from seawall.core import lazy

LONGEST = 10_000
"""Characters of the longest pattern that is taken."""
EXTRA = "re2"

_LONGEST_PLAIN = 1_000
_MOST_WAYS = 1_000
_TOKEN = lazy.pattern(
    r"""
      (?P<escaped>\\[^A-Za-z0-9\s]) | (?P<class>\\[dDwWs])
    | (?P<set>\[\^?[A-Za-z0-9_.%+:/@,=\ ](?:[A-Za-z0-9_.%+:/@,=\ ]|-[A-Za-z0-9])*-?\])
    | (?P<open>\((?:\?:)?) | (?P<or>\|) | (?P<close>\))
    | (?P<start>\^) | (?P<end>\$) | (?P<any>\.)
    | (?P<literal>[^\\\[\](){}^$.|*+?])
    """,
    re.VERBOSE,
)
_REPEATS = tuple("*+?{")
_REPEAT = lazy.pattern(r"[*+?]\??")
_FOLDS = {"s": "\u017f", "k": "\u212a"}
"""Letters that have a third form besides their capital (Unicode simple case folding)."""


class PatternError(ValueError):
    """A text that is no regular expression, or one too large to be taken."""


class Re2MissingError(Exception):
    """A pattern that only RE2 can match in linear time, which is not installed."""


class Pattern:
    """A compiled regular expression."""

    __slots__ = ("_search", "text")

    def __init__(self, text: str, search: Callable[[str], object]) -> None:
        self.text = text
        self._search = search

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def found_in(self, text: str) -> bool:
        """Whether any part of a text matches."""
        return self._search(text) is not None


def compile_pattern(text: str) -> Pattern:
    """Compile a pattern of RE2's syntax.

    Raises PatternError for one that is wrong, Re2MissingError for one that needs the extra.
    """
    if len(text) > LONGEST:
        raise PatternError(f"the pattern has more than {LONGEST} characters")
    re2 = _re2()
    if re2 is not None:
        return Pattern(text, _with_re2(re2, text))
    plain = plain_form(text)
    if plain is None:
        raise Re2MissingError(text)
    return Pattern(text, re.compile(plain, re.ASCII).search)


@cache
def _re2() -> Any:
    try:
        import re2  # noqa: PLC0415 - an extra, 20 ms
    except ImportError:
        return None
    return re2


def _with_re2(re2: Any, text: str) -> Callable[[str], object]:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    try:
        search = re2.compile(text, options=options).search
    except re2.error as error:
        words = error.args[0] if error.args else error
        words = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
        raise PatternError(words) from None
    except UnicodeEncodeError:
        raise PatternError("the pattern is no valid Unicode text") from None

    def found(subject: str) -> object:
        try:
            return search(subject)
        except UnicodeEncodeError:  # a lone surrogate, which YAML may spell out
            return search(subject.encode(errors="replace").decode())

    return found


def plain_form(text: str) -> str | None:
    """The pattern in the syntax of ``re``, where it means the same; else ``None``.

    It is given only where a search takes linear time: what repeats without a bound does so once,
    from the beginning of the text or to the end of the pattern, where nothing can fail after it.
    """
    if len(text) > _LONGEST_PLAIN:
        return None
    folded = text.startswith("(?i)")
    body = text[4:] if folded else text
    # A search begins and ends anywhere, so ``.*`` at either end adds nothing but time.
    if body[2:3] not in _REPEATS:
        body = body.removeprefix(".*")
    if not body.endswith(r"\.*"):
        body = body.removesuffix(".*")
    return _Translation(body, folded=folded).result()


class _Translation:
    """Goes through a pattern once, token by token."""

    def __init__(self, text: str, *, folded: bool) -> None:
        self._text = text
        self._folded = folded
        self._unbounded: list[int] = []
        self._ways = 1
        self._branches = [1]

    def result(self) -> str | None:
        """The translation; ``None`` where the pattern is not plain."""
        parts = []
        position = 0
        while position < len(self._text):
            token = _TOKEN.match(self._text, position)
            part = token and self._part(str(token.lastgroup), token[0])
            if token is None or part is None:
                return None
            position = token.end()
            repeat = _REPEAT.match(self._text, position)
            if repeat is not None:
                if token.lastgroup in ("open", "or", "close", "start", "end"):
                    return None
                part += repeat[0]
                position = repeat.end()
                if repeat[0][0] == "?":
                    self._ways *= 2
                else:
                    self._unbounded.append(position)
            parts.append(part)
        whole = len(self._branches) == 1
        return "".join(parts) if whole and self._is_linear() else None

    def _is_linear(self) -> bool:
        if self._ways > _MOST_WAYS or len(self._unbounded) > 1:
            return False
        is_anchored = self._text.startswith("^") and self._branches == [1]
        return is_anchored or all(end == len(self._text) for end in self._unbounded)

    def _part(self, kind: str, written: str) -> str | None:
        if kind == "open":
            self._branches.append(1)
            return "(?:"
        if kind == "or":
            self._branches[-1] += 1
            return written
        if kind == "close":
            self._ways *= self._branches.pop()
            return written if self._branches else None
        if kind in ("set", "class") and self._folded:
            return None  # letters fold within them too
        if kind == "set":
            return None if _is_backwards(written) else written
        if kind == "literal":
            return self._letter(written)
        if kind == "class":
            return r"[\t\n\f\r ]" if written == r"\s" else written
        return {"start": r"\A", "end": r"\Z"}.get(kind, written)

    def _letter(self, letter: str) -> str | None:
        if not self._folded or not letter.isalpha():
            return re.escape(letter)
        if not letter.isascii():
            return None
        low = letter.lower()
        return f"[{low}{low.upper()}{_FOLDS.get(low, '')}]"


def _is_backwards(token: str) -> bool:
    """Whether a set has a range that ends before it begins, or one between unlike characters."""
    return any(
        first > last or not (first.isalnum() and last.isalnum())
        for first, last in re.findall(r"(.)-([A-Za-z0-9])", token)
    )
