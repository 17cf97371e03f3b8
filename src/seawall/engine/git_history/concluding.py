"""Makes leaks of hits, with who brought them, and words of what could not be seen."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from seawall.core.errors import SeawallError
from seawall.core.named_tuple import NamedTuple
from seawall.engine.git_history.grouping import (
    SHORT,
    Surroundings,
    commits_of,
    leaks,
    path_of,
    paths_by_oid,
)
from seawall.engine.git_history.looking import Hit, Looked
from seawall.engine.git_history.origins import Brought
from seawall.engine.git_history.people import makers
from seawall.engine.git_history.seen import Gaps, Means, Seen
from seawall.sources.git import Repository


class Known(NamedTuple):
    """What was learned of a repository on the way."""

    commits: Sequence[str]
    reachable: int
    origins: Callable[[Collection[bytes]], Mapping[bytes, Sequence[Brought]]]
    linked: Mapping[str, list[str]]
    staged: Mapping[str, list[str]]
    kinds: Mapping[str, str]
    objects: int
    """How many objects belong to what was asked for."""
    head: str | None = None
    """The commit that counts as the one that is checked out; ``None`` for HEAD."""
    before: Callable[[], Collection[bytes]] = frozenset
    """The digests of values that were there before and are not told."""


def seen(
    repository: Repository, means: Means, looked: Sequence[Looked], gaps: Gaps, known: Known
) -> Seen:
    """What was seen, with leaks in the order of their places."""
    found = [hit for part in looked for hit in part.hits]
    hits = _told(found, means.least, known.before() if found else ())
    oids = {hit.oid for hit in hits}
    unread = {oid for part in looked for oid in (*part.missing, *part.cut)}
    brought = known.origins({bytes.fromhex(oid) for oid in oids | unread})
    around = Surroundings(
        known.commits, known.reachable, brought,
        _paths_of_head(repository, oids, known.head) if oids else {},
        {oid: sorted(paths) for oid, paths in known.staged.items() if oid in oids},
        known.kinds, known.linked, means.prefix, means.checked_out, means.search.bearing,
        means.search.names_commits,
    )  # fmt: skip

    def called(oid: str) -> str:
        found = brought.get(bytes.fromhex(oid))
        if not found:
            return oid[:SHORT]
        return f"{known.commits[found[-1].position][:SHORT]}:{path_of(found[-1].path)}"

    for part in looked:
        gaps.of(part, called)
    commits = sorted(commits_of(hits, around))
    return Seen(
        leaks(hits, around, makers(repository, commits) if commits else {}),
        known.objects,
        tuple(gaps.skipped),
        tuple(gaps.not_covered),
        tuple(gaps.failed),
    )


def _told(hits: Iterable[Hit], least: int, before: Collection[bytes]) -> list[Hit]:
    """The hits of values that are sure enough somewhere, and new."""
    kept = [hit for hit in hits if hit.digest not in before]
    sure = {hit.digest for hit in kept if hit.certainty >= least}
    return [hit for hit in kept if hit.digest in sure]


def _paths_of_head(
    repository: Repository, oids: Collection[str], head: str | None
) -> dict[str, list[str]]:
    try:
        commit = repository.resolve("HEAD") if head is None else head
        entries = repository.tree(commit) if commit else ()
        return paths_by_oid(((entry.oid, entry.path) for entry in entries), oids)
    except SeawallError:  # no commit yet, or its tree is damaged, which is told elsewhere
        return {}
