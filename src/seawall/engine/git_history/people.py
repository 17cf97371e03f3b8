"""Who made a commit and when, as the commit says."""

import re
from collections.abc import Iterable
from time import gmtime, strftime

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.sources.git import Missing, Repository

_AUTHOR = pattern(rb"^(?:author|tagger) (.*?) ?<[^\n]*> (-?\d{1,18}) [+-]\d{4,}$", re.MULTILINE)
_ENCODING = pattern(rb"^encoding ([\w.:-]{1,40})$", re.MULTILINE)
_LATEST = 253_402_300_799
"""The end of the year 9999."""
_LIMIT = 1024 * 1024


class Made(NamedTuple):
    """The author's name as git has it, and the time in UTC as ``2027-01-31T12:00:00Z``.

    Both are what the author claims, and empty where that cannot be read.
    """

    author: str
    time: str


NOBODY = Made("", "")


def made(content: bytes) -> Made:
    """What a commit or tag object says of its maker (gitformat-commit, git-mktag(1))."""
    head = content.partition(b"\n\n")[0]
    found = _AUTHOR.search(head)
    if found is None:
        return NOBODY
    encoding = _ENCODING.search(head)
    seconds = min(max(int(found[2]), 0), _LATEST)
    return Made(
        _decoded(found[1], encoding[1].decode() if encoding else "utf-8"),
        strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds)),
    )


def makers(repository: Repository, commits: Iterable[str]) -> dict[str, Made]:
    """Who made each of some commits."""
    wanted = dict.fromkeys(commits)
    return {
        oid: NOBODY if isinstance(content, Missing) else made(content)
        for oid, content in repository.contents(wanted, "commit", _LIMIT)
    }


def _decoded(name: bytes, encoding: str) -> str:
    try:
        return name.decode(encoding)
    except (UnicodeError, LookupError):
        return name.decode("utf-8", "backslashreplace")
