"""What the refs of a repository lead to."""

import os
from collections.abc import Iterable, Iterator, Sequence

from seawall.core.errors import InputError
from seawall.core.named_tuple import NamedTuple
from seawall.sources.git.discovery import read_small
from seawall.sources.git.hashes import OID
from seawall.sources.git.process import Git

_LINE_LIMIT = 4096


class Ref(NamedTuple):
    """What a ref names: ``commit``, ``tree``, ``blob``, or ``tag`` for an annotated tag."""

    oid: str
    kind: str


def refs(git: Git) -> list[Ref]:
    """What each ref names, as far as it is there."""
    form = "--format=%(objectname) %(objecttype)%00"
    found = []
    with git.start(["for-each-ref", form]) as process:
        for field in process.fields(_LINE_LIMIT):
            words = field.decode("ascii", "replace").strip("\n").split(" ")
            if len(words) == 2:
                found.append(Ref(*words))
        process.exit_code()  # broken refs are told by what they would lead to
    return found


def commits(git: Git, included: Iterable[str] = (), excluded: Iterable[str] = ()) -> list[str]:
    """Ancestors of some commits (of all refs where none is named) but not of others.

    Newest first by their own clocks, and never a parent before its child. Work trees that are
    linked to the repository have heads of their own, which count as refs. Raises ``InputError``
    where the way through the history is broken.
    """
    names = list(included)
    arguments = ["rev-list", "--date-order", "--ignore-missing", "--stdin"]
    if not names:
        arguments.insert(1, "--all")
        names = _heads_of_work_trees(git)
    lines = [*names, *("^" + oid for oid in excluded)]
    feed = iter(["".join(f"{line}\n" for line in lines).encode()])
    return _listed(git, arguments, feed)


def brought_by_push(git: Git, commit: str) -> list[str]:
    """The ancestors of a commit that no ref of the repository leads to yet."""
    return _listed(git, ["rev-list", "--date-order", commit, "--not", "--all", "--"])


def _listed(git: Git, arguments: Sequence[str], feed: Iterator[bytes] | None = None) -> list[str]:
    pieces = []
    with git.start(arguments, feed) as process:
        while piece := process.read():
            pieces.append(piece)
        process.check()
    found = b"".join(pieces).decode("ascii").split("\n")[:-1]
    if not all(map(OID.fullmatch, found[:1])):
        raise InputError(f"git rev-list answers {found[0][:80]!r}; run 'git fsck' to see why")
    return found


def _heads_of_work_trees(git: Git) -> list[str]:
    folder = os.path.join(git.place.common_dir, "worktrees")
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    heads = (read_small(os.path.join(folder, name, "HEAD")).strip() for name in names)
    return [head for head in heads if OID.fullmatch(head)]
