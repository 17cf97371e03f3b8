"""Trees of commits, as ``git ls-tree -r -z`` tells them."""

import os
from collections.abc import Iterator

from seawall.core.errors import InputError
from seawall.sources.files import shown
from seawall.sources.git.process import REPORT, Git
from seawall.sources.git.rows import TreeEntry, kind_of

_FIELD_LIMIT = 1024 * 1024


def entries(git: Git, commit: str, prefix: str) -> Iterator[tuple[int, str, bytes]]:
    """Mode, oid and path of each file, link and submodule below a prefix ("" for all)."""
    arguments = ["ls-tree", "-r", "-z", "--full-tree", commit]
    if prefix:
        arguments += ["--", prefix]
    for field in git.fields(arguments, _FIELD_LIMIT):
        facts, tab, path = field.partition(b"\t")
        words = facts.split(b" ")
        if not tab or len(words) != 3:
            raise InputError(
                f"git ls-tree answers {field[:80]!r}, which is not understood; {REPORT}"
            )
        yield int(words[0], 8), words[2].decode("ascii"), path


def tree(git: Git, commit: str, prefix: str) -> Iterator[TreeEntry]:
    """See ``Repository.tree``."""
    for mode, oid, path in entries(git, commit, prefix):
        yield TreeEntry(shown(os.fsdecode(path)), mode, oid, kind_of(mode))
