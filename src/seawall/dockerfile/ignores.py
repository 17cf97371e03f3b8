"""``.dockerignore``: what of a build context the builder never sees (moby/patternmatcher)."""

import posixpath
import re
from functools import lru_cache

from seawall.core import lazy
from seawall.core.named_tuple import NamedTuple
from seawall.text.dockerfile.golang import SPACES

_BOM = "\ufeff"
_NO_EXCLUSION = 'illegal exclusion pattern: "!"'
_MAX_STEPS = 1_000_000
"""Steps of the regular expression engine in the worst case, before the slow matcher takes over."""


class Pattern(NamedTuple):
    """One pattern: as it is compared, and the line and text it is from.

    ``negated`` patterns begin with ``!`` and bring files back. A pattern that Docker refuses has a
    ``problem``.
    """

    text: str
    negated: bool
    line: int
    written: str
    matcher: "Matcher | None"
    problem: str = ""


class IgnoreFile(NamedTuple):
    """The patterns of a file. ``problem`` is why Docker refuses it, empty where it does not."""

    patterns: tuple[Pattern, ...]

    @property
    def problem(self) -> str:
        """Why Docker refuses the file."""
        return next((pattern.problem for pattern in self.patterns if pattern.problem), "")

    @property
    def has_negations(self) -> bool:
        """Whether some pattern brings files back."""
        return any(pattern.negated for pattern in self.patterns)

    def excludes(self, path: str) -> bool:
        """Whether a file or directory, by its path in the context, stays outside.

        The last pattern that matches it or a directory above it decides.
        """
        path = path.strip("/")
        parts = path.split("/")
        prefixes = ["/".join(parts[:end]) for end in range(len(parts), 0, -1)]
        excluded = False
        for pattern in self.patterns:
            if pattern.negated != excluded or pattern.matcher is None:
                continue
            if any(map(pattern.matcher.matches, prefixes)):
                excluded = not pattern.negated
        return excluded


EMPTY = IgnoreFile(())


def parse_ignores(text: str) -> IgnoreFile:
    """Read a ``.dockerignore``. Never raises."""
    patterns = []
    for number, line in enumerate(text.removeprefix(_BOM).split("\n"), 1):
        written = line.removesuffix("\r")
        if written.startswith("#"):
            continue
        pattern = written.strip(SPACES)
        if not pattern:
            continue
        negated = pattern.startswith("!")
        if negated:
            pattern = pattern[1:].strip(SPACES)
            if not pattern:
                patterns.append(Pattern("", negated, number, written, None, _NO_EXCLUSION))
                continue
        pattern = _clean(pattern)
        if len(pattern) > 1 and pattern.startswith("/"):
            pattern = pattern[1:]
        # Docker's reader has cleaned the pattern; its matcher trims, cleans and looks for the mark
        # again.
        pattern = _clean(("!" * negated + pattern).strip(SPACES))
        negated = pattern.startswith("!")
        pattern = pattern[negated:]
        problem = "" if _is_valid(pattern) else "syntax error in pattern"
        if negated and not pattern:
            problem = _NO_EXCLUSION
        matcher = None if problem else compile_pattern(pattern)
        patterns.append(Pattern(pattern, negated, number, written, matcher, problem))
    return IgnoreFile(tuple(patterns))


def _clean(path: str) -> str:
    """Go's ``filepath.Clean``; unlike Python's it makes one slash of two at the start."""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


_CLASS = lazy.pattern(r"\[\^?+(?:(?:\\.|[^\\\]-])(?:-(?:\\.|[^\\\]-]))?)+\]", re.DOTALL)


class _BadPatternError(Exception):
    pass


def _is_valid(pattern: str) -> bool:
    """Whether moby takes a pattern: it tries it with Go's ``filepath.Match`` on the name ``.``.

    That looks at the pieces between stars only as far as the name matches.
    """
    name = "."
    try:
        while pattern:
            star = pattern.startswith("*")
            chunk, pattern = _chunk(pattern.lstrip("*"))
            if star and not chunk:
                return True
            rest = _match_chunk(chunk, name)
            if rest is None or (rest and not pattern):
                rest = _match_chunk(chunk, "") if star and name else None
                if rest is None:
                    return True
            name = rest
    except _BadPatternError:
        return False
    return True


def _chunk(pattern: str) -> tuple[str, str]:
    """A pattern up to its next star outside of brackets, and the rest."""
    in_range = False
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at += 1
        elif character in "[]":
            in_range = character == "["
        elif character == "*" and not in_range:
            break
        at += 1
    return pattern[:at], pattern[at:]


def _match_chunk(chunk: str, name: str) -> str | None:
    """What of a name is left behind a piece; ``None`` where it does not match."""
    failed = False
    at = 0
    while at < len(chunk):
        failed = failed or not name
        character = chunk[at]
        if character == "[":
            found = _CLASS.match(chunk, at)
            if found is None:
                raise _BadPatternError
            failed = failed or not _is_in_class(found[0], name[0])
            at = found.end()
        else:
            if character == "\\":
                at += 1
                if at == len(chunk):
                    raise _BadPatternError
            plain = chunk[at]
            wild = character == "?"
            failed = failed or (name[0] == "/" if wild else name[0] != plain)
            at += 1
        name = name if failed else name[1:]
    return None if failed else name


_CLASS_ITEM = lazy.pattern(r"(\\.|[^\\])(?:-(\\.|[^\\]))?", re.DOTALL)


def _is_in_class(text: str, character: str) -> bool:
    negated = text.startswith("[^")
    for found in _CLASS_ITEM.finditer(text, 2 if negated else 1, len(text) - 1):
        low = found[1][-1]
        if low <= character <= (found[2] or low)[-1]:
            return not negated
    return negated


class Matcher:
    """Matches one pattern as moby does, with its shortcuts and its slips.

    A pattern without wildcards is compared, ``x**`` is a prefix, ``**x`` a suffix whatever stands
    before it; the rest is a regular expression in which ``|``, ``^`` and braces are not escaped.
    Not followed is what moby makes of a bracket that does not close and of a backslash before a
    letter or at the end: such a pattern matches nothing here.
    """

    __slots__ = ("_expression", "_kind", "_pattern", "_tokens", "_wildcards")

    def __init__(self, pattern: str, kind: str, tokens: list[str]) -> None:
        self._pattern = pattern
        self._kind = kind
        self._tokens = tokens
        self._wildcards = sum(token in _REPEATED for token in tokens)
        self._expression: re.Pattern[str] | None = None
        if kind == "expression":
            text = "".join(_REPEATED.get(token, token) for token in tokens)
            try:
                self._expression = re.compile(f"^{text}\\Z", re.DOTALL)
            except (re.error, OverflowError):
                self._kind = "bad"

    @property
    def is_expression(self) -> bool:
        """Whether it is matched by a regular expression."""
        return self._expression is not None

    def matches_slowly(self, path: str) -> bool:
        """What the regular expression says, found without backtracking."""
        return _simulate(self._tokens, path)

    def matches(self, path: str) -> bool:
        """Whether a whole path matches."""
        if self._kind == "exact":
            return path == self._pattern
        if self._kind == "prefix":
            return path.startswith(self._pattern[:-2])
        if self._kind == "suffix":
            suffix = self._pattern[2:]
            return path.endswith(suffix) or (suffix.startswith("/") and path == suffix[1:])
        if self._expression is None:
            return False
        if (len(path) + 1) ** self._wildcards > _MAX_STEPS:
            return self.matches_slowly(path)
        return self._expression.search(path) is not None


_REPEATED = {"*": "[^/]*", "**/": "(.*/)?", "**": ".*"}
_NOT_ESCAPED = frozenset("|^{}]")


def compile_pattern(pattern: str) -> Matcher:
    """A pattern ready to match; wildcards are tokens of their own."""
    return _compiled_before(pattern) if len(pattern) <= _SHORT else _compiled(pattern)


@lru_cache(maxsize=256)  # the same few stand in most ignore files, and in what is proposed
def _compiled_before(pattern: str) -> Matcher:
    return _compiled(pattern)


_SHORT = 64


def _compiled(pattern: str) -> Matcher:
    tokens: list[str] = []
    kind = "exact"
    at = 1 if pattern.startswith("\ufeff") else 0
    first = True
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*" and pattern.startswith("*", at):
            at += 1
            at += pattern.startswith("/", at)
            if at < len(pattern):
                tokens.append("**/")
                kind = "expression"
            elif kind == "exact":
                kind = "prefix"
            else:
                tokens.append("**")
                kind = "expression"
            kind = "suffix" if first else kind
        elif character in "*?":
            tokens.append("*" if character == "*" else "[^/]")
            kind = "expression"
        elif character == "\\":
            following = pattern[at : at + 1]
            if not following or (following.isalnum() and following.isascii()):
                kind = "bad"  # RE2 takes it for something else, or for nothing
                break
            tokens.append(re.escape(following))
            kind = "expression"
            at += 1
        elif character == "[":
            found = _CLASS.match(pattern, at - 1)
            if found is None:
                kind = "bad"
                break
            tokens.append(_class(found[0]))
            kind = "expression"
            at = found.end()
        else:
            kind = "expression" if character == "]" else kind
            raw = character in _NOT_ESCAPED
            tokens.append(character if raw else re.escape(character))
        first = False
    return Matcher(pattern, kind, tokens)


def _simulate(tokens: list[str], path: str) -> bool:
    """Match by keeping all states at once: slow, but never slower than the product of the sizes."""
    single = [None if token in _REPEATED else re.compile(token, re.DOTALL) for token in tokens]
    states = _closure({(0, False)}, tokens)
    for character in path:
        following: set[tuple[int, bool]] = set()
        for at, _ in states:
            if at == len(tokens):
                continue
            piece = tokens[at]
            expression = single[at]
            if expression is not None:
                if expression.fullmatch(character):
                    following.add((at + 1, False))
            elif piece == "*":
                if character != "/":
                    following.add((at, True))
            else:
                following.add((at, True))
                if piece == "**/" and character == "/":
                    following.add((at + 1, False))
        states = _closure(following, tokens)
        if not states:
            return False
    return any(at == len(tokens) for at, _ in states)


def _closure(states: set[tuple[int, bool]], tokens: list[str]) -> set[tuple[int, bool]]:
    """The states that are reached without a character: stars may match nothing."""
    found = set(states)
    todo = list(states)
    while todo:
        at, inside = todo.pop()
        if at < len(tokens) and tokens[at] in _REPEATED and not (inside and tokens[at] == "**/"):
            state = (at + 1, False)
            if state not in found:
                found.add(state)
                todo.append(state)
    return found


def _class(text: str) -> str:
    inside = text[1:-1]
    negated = "^" if inside.startswith("^") else ""
    body = inside[1:] if negated else inside
    return f"[{negated}{_CLASS_ESCAPE.sub(_keep, body)}]"


_CLASS_ESCAPE = lazy.pattern(r"\\(.)|([\[&~|])", re.DOTALL)


def _keep(found: "re.Match[str]") -> str:
    return "\\" + (found[1] or found[2])
