"""Whether an allow list lets a match pass, as gitleaks has it.

A list has conditions of several kinds: commits, paths, expressions and words. One that holds is
enough, or all kinds that it has must (``Allow.every``). Where a path or a commit alone decides, the
file is passed over; the rest is asked of each match.
"""

import os
from collections.abc import Iterable
from functools import lru_cache

from seawall.core.named_tuple import NamedTuple
from seawall.secrets.custom.regex import any_holds, holds
from seawall.secrets.custom.rule import LINE, MATCH, Allow
from seawall.text.gitignore import Paths


class Seen(NamedTuple):
    """What an allow list may ask about a match."""

    secret: bytes
    match: bytes
    line: bytes
    path: str
    commit: str = ""


def passes_file(allows: Iterable[Allow], path: str, commit: str = "") -> Allow | None:
    """The first list that lets a whole file pass."""
    for allow in allows:
        commit_holds = bool(commit) and commit.lower() in allow.commits
        if allow.every:
            if allow.regexes or allow.stopwords:
                continue
            holding = (not allow.commits or commit_holds) and (
                not allow.paths or path_holds(allow, path)
            )
        else:
            holding = commit_holds or path_holds(allow, path)
        if holding:
            return allow
    return None


def passes(allows: Iterable[Allow], seen: Seen) -> Allow | None:
    """The first list that lets a match pass."""
    return next((allow for allow in allows if _passes(allow, seen)), None)


def _passes(allow: Allow, seen: Seen) -> bool:
    if not allow.every:
        return _text_holds(allow, seen) or _word_holds(allow, seen)
    return (
        (not allow.commits or (bool(seen.commit) and seen.commit.lower() in allow.commits))
        and (not allow.paths or path_holds(allow, seen.path))
        and (not allow.regexes or _text_holds(allow, seen))
        and (not allow.stopwords or _word_holds(allow, seen))
    )


def _text_holds(allow: Allow, seen: Seen) -> bool:
    if not allow.regexes:
        return False
    text = {MATCH: seen.match, LINE: seen.line}.get(allow.target, seen.secret)
    return bool(text) and any_holds(allow.regexes, text)


def _word_holds(allow: Allow, seen: Seen) -> bool:
    if not allow.stopwords:
        return False
    secret = lowered(seen.secret)
    return any(word.encode() in secret for word in allow.stopwords)


def path_holds(allow: Allow, path: str) -> bool:
    """Whether a path is one that a list names."""
    if not path or not allow.paths:
        return False
    if allow.globs:
        return _globs(allow.paths).matches(path)
    return _any_matches(allow.paths, path)


@lru_cache(maxsize=256)
def _globs(globs: tuple[str, ...]) -> Paths:
    return Paths(globs)


@lru_cache(maxsize=4096)  # directories are asked for again with each file in them
def _any_matches(regexes: tuple[str, ...], path: str) -> bool:
    return any_holds(regexes, _as_text(path))


def matches_path(regex: str, path: str) -> bool:
    """Whether an expression matches a path."""
    return holds(regex, _as_text(path))


def _as_text(path: str) -> bytes:
    """A path as UTF-8; a name that is none (PEP 383) is read as Go would."""
    return os.fsencode(path).decode("utf-8", "replace").encode()


def lowered(data: bytes) -> bytes:
    """UTF-8 in lower case."""
    return data.lower() if data.isascii() else data.decode().lower().encode("utf-8", "replace")
