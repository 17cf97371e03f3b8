"""Patterns of a ``.gitignore``, for any list of paths that people write in that form.

The patterns come from strangers, so matching takes time in proportion to path and pattern: no
pattern of theirs becomes a regular expression that could backtrack. Syntax: gitignore(5).
"""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from seawall.core import lazy
from seawall.core.location import path_in_tree
from seawall.core.named_tuple import NamedTuple

_PATTERN_LIMIT = 10_000
"""Patterns of one file; what a later one would ignore is read."""

_Segment = Callable[[str], object]


class _Exact(str):
    """Judges a part of a path that must be just this."""

    __slots__ = ()

    def __call__(self, part: str) -> bool:
        return self == part


class _Ending(str):
    """Judges a part of a path that must end so."""

    __slots__ = ()

    def __call__(self, part: str) -> bool:
        return part.endswith(self)


class Pattern(NamedTuple):
    """One line of an ignore file.

    Each segment judges one part of a path; ``None`` stands for ``**``, any number of parts.
    """

    segments: tuple[_Segment | None, ...]
    negated: bool
    only_directories: bool

    def matches(self, parts: Sequence[str], *, is_directory: bool) -> bool:
        """Whether a path, given from the directory of the ignore file on, is meant.

        Each ``**`` takes as few parts as it can: what follows can only gain from that, so one
        step back, to the last ``**``, is all that ever has to be tried.
        """
        if self.only_directories and not is_directory:
            return False
        at = part = 0
        retry: tuple[int, int] | None = None
        while part < len(parts):
            segment = self.segments[at] if at < len(self.segments) else _no_name
            if segment is None:
                at += 1
                retry = at, part
            elif segment(parts[part]):
                at += 1
                part += 1
            elif retry is None:
                return False
            else:
                at, part = retry = retry[0], retry[1] + 1
        while at < len(self.segments) and self.segments[at] is None:
            at += 1  # "**" at the end may be no part at all
        return at == len(self.segments)


def _no_name(_name: str) -> bool:
    return False


def _any_name(_name: str) -> bool:
    return True


def parse(lines: Sequence[str]) -> tuple[Pattern, ...]:
    """The patterns of an ignore file, the last one first, for the last one decides."""
    patterns = (_pattern(line.removesuffix("\r")) for line in lines)
    return tuple(reversed([item for item in patterns if item is not None][:_PATTERN_LIMIT]))


def _pattern(line: str) -> Pattern | None:
    if line.startswith("#"):
        return None
    text = _without_trailing_spaces(line)
    negated = text.startswith("!")
    text = text.removeprefix("!")
    only_directories = text.endswith("/")
    text = text.removesuffix("/")
    if not text:
        return None
    names = text.removeprefix("/").split("/") if "/" in text else ["**", _single_star(text)]
    segments = [None if len(name) > 1 and not name.strip("*") else _segment(name) for name in names]
    if segments[-1] is None:  # "below/**" is all that lies below, but not the directory itself
        segments.append(_any_name)
    return Pattern(tuple(segments), negated, only_directories)


class Names:
    """Tells by the last part of a path alone whether one of some patterns may mean it.

    Most names mean nothing to any pattern, and this is much quicker than to ask each of them.
    """

    __slots__ = ("_endings", "_names", "_others")

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        names: list[str] = []
        endings: list[str] = []
        others: list[_Segment] = []
        for pattern in patterns:
            last = pattern.segments[-1] or _any_name
            if isinstance(last, _Exact):
                names.append(str(last))
            elif isinstance(last, _Ending):
                endings.append(str(last))
            else:
                others.append(last)
        self._names = frozenset(names)
        self._endings = tuple(endings)
        self._others = tuple(others)

    def may_mean(self, name: str) -> bool:
        """Whether the last segment of a pattern judges well of a name."""
        return (
            name in self._names
            or name.endswith(self._endings)
            or any(segment(name) for segment in self._others)
        )


def _single_star(name: str) -> str:
    """A pattern without a slash is a name's; ``**`` says no more there than ``*``."""
    return name if name.strip("*") else "*"


def _without_trailing_spaces(line: str) -> str:
    """Spaces at the end do not count, unless the first of them is escaped."""
    text = line.rstrip(" ")
    backslashes = len(text) - len(text.rstrip("\\"))
    return line[: len(text) + backslashes % 2]


def pattern_of(names: Sequence[str]) -> Pattern:
    """A pattern from its parts, as another kind of glob cuts them; ``**`` is any number."""
    segments = tuple(None if name == "**" else _segment(name) for name in names)
    return Pattern(segments, negated=False, only_directories=False)


_SPECIAL = lazy.pattern(r"[*?\[\\]")


def _segment(name: str) -> _Segment:
    """What judges one part of a path by a pattern without slashes."""
    if not _SPECIAL.search(name):
        return _Exact(name)
    if name[0] == "*" and not _SPECIAL.search(name, 1):
        return _Ending(name[1:])
    pieces = _pieces(name)
    if pieces is None:
        return _no_name
    # Each star but the last takes as little as it can and never reconsiders, as above.
    first, *middle = pieces
    if not middle:
        return re.compile(first, re.DOTALL).fullmatch
    *middle, last = middle
    eager = "".join(f"(?>.*?{piece})" for piece in middle if piece)
    return re.compile(f"{first}{eager}.*{last}", re.DOTALL).fullmatch


def _pieces(name: str) -> list[str] | None:
    """Regular expressions for what stands between the stars; ``None`` when nothing can match."""
    pieces = [""]
    at = 0
    while at < len(name):
        character = name[at]
        at += 1
        if character == "*":
            pieces.append("")
        elif character == "?":
            pieces[-1] += "."
        elif character == "[":
            found = _bracket(name, at)
            if found is None:
                return None
            piece, at = found
            pieces[-1] += piece
        else:
            if character == "\\":
                if at == len(name):
                    return None
                character = name[at]
                at += 1
            pieces[-1] += re.escape(character)
    return pieces


_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": " \\t", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~",
    "punct": r"!-/:-@\[-`{-~", "space": r" \t-\r", "upper": "A-Z", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_CLASS = lazy.pattern(r"\[:([^\]]*):\]")


def _bracket(name: str, at: int) -> tuple[str, int] | None:
    """The set behind a ``[`` as a regular expression, and where it ends; ``None`` if broken."""
    negated = name[at : at + 1] in ("!", "^")
    at += negated
    members = ""
    previous = ""  # what a range may begin with
    first = True
    while first or name[at : at + 1] != "]":
        first = False
        if at >= len(name):
            return None
        class_ = _CLASS.match(name, at)
        if class_ is not None:
            if class_[1] not in _CLASSES:
                return None
            members += _CLASSES[class_[1]]
            at = class_.end()
            previous = ""
            continue
        is_range = name[at] == "-" and previous != "" and name[at + 1 : at + 2] not in ("", "]")
        at += is_range
        at += name[at] == "\\"
        if at >= len(name):
            return None
        low, high = previous if is_range else name[at], name[at]
        if low <= high:
            members += f"{re.escape(low)}-{re.escape(high)}"
        previous = "" if is_range else name[at]
        at += 1
    if not members:
        return ("." if negated else "(?!)"), at + 1
    return f"[{'^' if negated else ''}{members}]", at + 1


class Paths:
    """The files that some patterns name, given by paths from the patterns' own directory on."""

    __slots__ = ("_patterns", "lines")

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        self._patterns = parse(lines)

    def __repr__(self) -> str:
        """Tells all of it, so that results can be kept under what they rest on."""
        return f"Paths({self.lines!r})"

    def __bool__(self) -> bool:
        """Whether there is any pattern."""
        return bool(self._patterns)

    def matches(self, path: str) -> bool:
        """Whether a file is named, itself or by a directory above it."""
        parts = path.split("/")
        return any(
            self.match(parts[:depth], is_directory=depth < len(parts))
            for depth in range(1, len(parts) + 1)
        )

    def match(self, parts: Sequence[str], *, is_directory: bool) -> bool:
        """Whether the last pattern that speaks of just this path names it."""
        for pattern in self._patterns:
            if pattern.matches(parts, is_directory=is_directory):
                return not pattern.negated
        return False


class Base(NamedTuple):
    """Where patterns start from, in terms of the paths of a report.

    ``steps`` are (beginning of a path, what stands for it from the patterns' directory on, or
    ``None`` for what lies outside), the longest beginning first. One that is empty or ends in a
    slash is a directory; another is a file.
    """

    steps: tuple[tuple[str, str | None], ...] = (("", ""),)

    def relative(self, path: str) -> str | None:
        """A path from the patterns' directory on; ``None`` when it lies outside."""
        for beginning, replacement in self.steps:
            if path == beginning:
                return replacement
            if path.startswith(beginning) and (not beginning or beginning.endswith("/")):
                return None if replacement is None else replacement + path[len(beginning) :]
        return None


class Patterns(Protocol):
    """Patterns of some kind for paths."""

    def matches(self, path: str) -> bool:
        """Whether a file is named, itself or by a directory above it."""

    def match(self, parts: Sequence[str], *, is_directory: bool) -> bool:
        """Whether just this path is named."""


class RootedPaths(NamedTuple):
    """Patterns and the directory they start from."""

    paths: Patterns
    base: Base = Base()

    def matches(self, path: str) -> bool:
        """Whether a file, by its path in reports, is named."""
        relative = self.base.relative(path_in_tree(path))
        return relative is not None and self.paths.matches(relative)

    def matches_directory(self, path: str) -> bool:
        """Whether a directory, by its path in reports, is named itself."""
        relative = self.base.relative(path)
        return relative is not None and self.paths.match(relative.split("/"), is_directory=True)
