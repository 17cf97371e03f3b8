"""Regular expressions of strangers, run by RE2: time grows as the text does, whatever they say.

RE2's syntax is that of Go, which gitleaks and Trivy are written in. Bounds: repeats up to 1,000
(RE2's and Go's own), and the size of what an expression is compiled to.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

MAX_LENGTH = 20_000
"""Characters of an expression."""
MAX_PROGRAM = 100_000
"""Instructions of a compiled expression: gitleaks' largest has 5,169."""
MAX_PROGRAMS = 1_000_000
"""Instructions of all expressions of a file: gitleaks' own have 172,888 together."""
_MEMORY = 8 << 20
Spans = tuple[tuple[int, int], ...]
"""Of the whole match and each group; ``(-1, -1)`` for a group that took no part."""


@lru_cache(maxsize=4096)
def compiled(source: str) -> Any:
    """The expression as RE2 has it; ValueError with the reason when it has none."""
    import re2  # noqa: PLC0415 - only where somebody has rules of their own

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        found = re2.compile(source.encode(), options)
    except re2.error as error:
        reason = error.args[0]
        raise ValueError(reason.decode("utf-8", "replace")) from None
    except UnicodeEncodeError:
        raise ValueError("it holds half a surrogate pair") from None
    return found


_TOO_LARGE = "pattern too large"
_TOO_MUCH = "compiled it takes too much memory: make its repeats shorter"


def fault_of(source: str) -> str:
    """Why an expression is not taken, with what to do; empty when it is."""
    if len(source) > MAX_LENGTH:
        return f"it is longer than {MAX_LENGTH:,} characters: write a shorter one"
    try:
        found = compiled(source)
    except ValueError as error:
        if _TOO_LARGE in str(error):
            return _TOO_MUCH
        return f"{error}: write it in RE2's syntax, which is Go's"
    if _matches_bytes(source):
        return "\\C, a byte, is not known to Go: write . or a class"
    if found.programsize > MAX_PROGRAM:
        return _TOO_MUCH
    return ""


def _matches_bytes(source: str) -> bool:
    at = source.find("\\")
    while 0 <= at < len(source) - 1:
        if source[at + 1] == "C":
            return True
        at = source.find("\\", at + 2)
    return False


def size_of(source: str) -> int:
    """Instructions of an expression that is taken."""
    return int(compiled(source).programsize)


def groups_of(source: str) -> tuple[int, dict[str, int]]:
    """How many groups an expression has, and the numbers of those with names."""
    found = compiled(source)
    names = {name.decode(): number for name, number in found.groupindex.items()}
    return found.groups, names


def holds(source: str, data: bytes) -> bool:
    """Whether an expression matches anywhere in some bytes."""
    return compiled(source).search(data) is not None


def any_holds(sources: tuple[str, ...], data: bytes) -> bool:
    """Whether one of some expressions matches anywhere."""
    return any(holds(source, data) for source in _joined(sources))


@lru_cache(maxsize=1024)
def _joined(sources: tuple[str, ...]) -> tuple[str, ...]:
    """Expressions as one, which takes no longer than one of them; as they are where that fails."""
    joined = "|".join(f"(?:{source})" for source in sources)
    try:
        compiled(joined)
    except ValueError:
        return sources
    return (joined,)


_STRETCH, _OVERLAP = 1 << 20, 1 << 16


def spans(source: str, data: bytes) -> Iterator[Spans | None]:
    """All matches that are not empty, one behind the other; ``None`` now and then.

    The ``None`` lets whoever asks look at the clock: of a text of many megabytes one stretch after
    the other is looked at. A match may be as long as it likes, where it begins within a stretch and
    what makes it one is at most 64 KiB away.
    """
    expression = compiled(source)
    find, groups = expression.search, range(expression.groups + 1)
    at, size = 0, len(data)
    while at < size:
        end = min(at + _STRETCH, size)
        match = find(data, at, end)
        if match is not None and match.end() == end < size:  # the end of the stretch may cut it
            match = find(data, match.start(), size)
        if match is None:
            if end == size:
                return
            at = end - _OVERLAP
            yield None
            continue
        first, last = match.span()
        if first == last:
            at = last + 1
            if not at % 1024:
                yield None
            continue
        yield tuple(map(match.span, groups))
        at = last
