"""Globs as kube-linter and Trivy read them: github.com/bmatcuk/doublestar, version 4.

``*`` is any part of a name, ``**`` alone between slashes any number of directories, ``?`` one
character, ``[a-z]`` and ``[^a-z]`` sets, ``{a,b}`` alternatives. The patterns come from strangers:
matching takes time in proportion to path and pattern.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from seawall.text.gitignore import Pattern, pattern_of

ALTERNATIVES = 1_000
"""Plain patterns that the braces of one pattern may stand for."""


def plain(text: str) -> tuple[str, ...]:
    """A pattern without braces, as several; raises ValueError when it is none."""
    for item in (items := tuple(_expanded(text))):
        _names(item)
    return items


class Globs:
    """The files that some patterns name."""

    __slots__ = ("_patterns", "lines")

    def __init__(self, lines: Sequence[str]) -> None:
        """Raises ValueError for a pattern that is none."""
        self.lines = tuple(lines)
        self._patterns = tuple(pattern for line in lines for pattern in parse(line))

    def __repr__(self) -> str:
        """Tells all of it, so that results can be kept under what they rest on."""
        return f"Globs({self.lines!r})"

    def matches(self, path: str) -> bool:
        """Whether a file is named."""
        parts = path.split("/")
        return any(pattern.matches(parts, is_directory=False) for pattern in self._patterns)

    def match(self, parts: Sequence[str], *, is_directory: bool) -> bool:
        """Whether just this path is named; a directory never is, only what lies below."""
        return not is_directory and self.matches("/".join(parts))


def parse(text: str) -> tuple[Pattern, ...]:
    """The plain patterns that a pattern stands for; raises ValueError when it is none."""
    expanded = list(_expanded(text))
    return tuple(_pattern(item) for item in expanded)


def _pattern(text: str) -> Pattern:
    # A run of stars is special only where it is all that stands between two slashes.
    return pattern_of([name if name == "**" else _single(name) for name in _names(text)])


def _single(name: str) -> str:
    while "**" in name:
        name = name.replace("**", "*")
    return name


def _names(text: str) -> list[str]:
    """What stands between the slashes; raises ValueError for what cannot be a pattern."""
    names = [""]
    at = 0
    while at < len(text):
        character = text[at]
        end = at + 1
        if character == "\\":
            end += 1
            if end > len(text):
                raise ValueError("ends in a backslash")
        elif character == "[":
            end = _set_end(text, at) + 1
        if character == "/":
            names.append("")
        elif character == "[":  # there are no named classes such as [:alpha:]
            names[-1] += "[" + text[at + 1 : end].replace("[:", "[\\:")
        else:
            names[-1] += text[at:end]
        at = end
    return names


def _set_end(text: str, at: int) -> int:
    """Where the set that begins at a place ends; raises ValueError when it does not."""
    at += 1
    if text[at : at + 1] in ("!", "^"):
        at += 1
    start = at
    while at < len(text) and text[at] != "]":
        at += 2 if text[at] == "\\" else 1
    if at >= len(text) or at == start:
        raise ValueError("has a [ that is not closed")
    return at


def _expanded(text: str) -> Iterator[str]:
    """The patterns without braces; raises ValueError for braces that do not close, or too many."""
    todo = [text]
    done = 0
    while todo:
        item = todo.pop()
        braces = _first_braces(item)
        if braces is None:
            yield item
        else:
            start, end, commas = braces
            edges = [start, *commas, end]
            choices = [
                item[:start] + item[left + 1 : right] + item[end + 1 :]
                for left, right in pairwise(edges)
            ]
            todo.extend(reversed(choices))
            done += len(choices)
            if done > ALTERNATIVES:
                raise ValueError(f"stands for more than {ALTERNATIVES} patterns")


def _first_braces(text: str) -> tuple[int, int, list[int]] | None:
    """The outermost braces that open first, and the commas between their alternatives."""
    opened: list[int] = []
    commas: list[int] = []
    for at, character in _plain(text):
        if character == "{":
            opened.append(at)
        elif character == "}":
            if not opened:
                raise ValueError("has a } that closes nothing")
            start = opened.pop()
            if not opened:
                return start, at, commas
        elif character == "," and len(opened) == 1:
            commas.append(at)
    if opened:
        raise ValueError("has a { that is not closed")
    return None


def _plain(text: str) -> Iterator[tuple[int, str]]:
    """The characters that are neither escaped nor in a set, with their places."""
    at = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 1
        elif character == "[":
            at = _set_end(text, at)
        else:
            yield at, character
        at += 1
