"""The whole history of a repository: every object that it stores."""

from collections.abc import Iterator

from seawall.core.errors import InputError
from seawall.core.named_tuple import NamedTuple
from seawall.engine.git_history import concluding
from seawall.engine.git_history.clean import Clean, mark_of
from seawall.engine.git_history.linked import Linked, linked
from seawall.engine.git_history.looking import Looked, Wanted, look, nothing
from seawall.engine.git_history.names import NAMELESS, Names
from seawall.engine.git_history.origins import Origins
from seawall.engine.git_history.seen import Gaps, Means, Seen, counted
from seawall.sources.git import DAMAGED, Listed, Missing, Repository

SMALLEST = 8
"""Bytes: no secret is shorter."""
_MESSAGES = ("commit", "tag")
_BLOB = "blob"
_TOLD = 20
"""Things of one kind that are told one by one."""


class History(NamedTuple):
    """The commits of a repository and the objects that it stores."""

    commits: list[str]
    """The newest first; those that no ref leads to stand behind the others."""
    reachable: int
    """How many of them refs lead to."""
    objects: dict[str, list[Listed]]
    """By kind, in the order in which they are read fastest."""
    whole: bool
    """Whether what no ref leads to is looked at, too."""


def look_at_all(repository: Repository, means: Means, name: str, *, reachable_only: bool) -> Seen:
    """Every blob once, and the messages of commits and tags; ``name`` is the repository's.

    Replace refs and grafts are not heeded (``sources.git.sterile``): they are a way to show another
    history than the one that is stored and pushed, and a secret does not go away by it.
    """
    gaps = Gaps(name)
    history = _history(repository, gaps, reachable_only=reachable_only)
    names = Names(means.search.bearing)
    origins = Origins(history.commits)
    origins.read(repository, means.workers, names.add)
    refs = linked(repository, names, gaps)
    _tell_of(repository, origins, gaps)
    if means.clean is not None:
        means.clean.read(origins.width)
    work = _Work(repository, means, names)
    work.blobs(history)
    for kind in _MESSAGES:
        work.messages(history, refs, kind)
    return concluding.seen(
        repository, means, work.looked, gaps,
        concluding.Known(
            history.commits, history.reachable, origins.of, refs.paths, refs.staged, work.kinds,
            work.objects,
        ),
    )  # fmt: skip


def _history(repository: Repository, gaps: Gaps, *, reachable_only: bool) -> History:
    whole = not reachable_only
    if whole and repository.shares_objects:
        whole = False
        gaps.left_out(
            "objects that no ref leads to",
            "the repository reads objects of another one (alternates or links)",
            "scan the repository that they belong to",
        )
    if repository.is_shallow:
        gaps.left_out(
            "older commits",
            "this is a shallow clone",
            "fetch them with 'git fetch --unshallow' (GitHub: fetch-depth: 0)",
        )
    objects: dict[str, list[Listed]] = {}
    for listed in repository.everything():
        objects.setdefault(listed.kind, []).append(listed)
    gaps.damaged([listed.oid for listed in objects.get(DAMAGED, ())])
    stored = [listed.oid for listed in objects.get("commit", ())]
    try:
        commits = repository.reachable()
    except InputError as error:
        gaps.broken(f"{error}; what refs lead to cannot be told from the rest")
        return History(stored, len(stored), objects, whole=True)
    others = set(stored).difference(commits) if whole else set()
    return History(commits + _by_date(repository, others), len(commits), objects, whole)


def _by_date(repository: Repository, commits: set[str]) -> list[str]:
    """Commits that no ref leads to, the newest first."""
    try:
        found = repository.reachable(sorted(commits)) if commits else []
    except InputError:  # a parent is gone, as it may be
        found = []
    ordered = [commit for commit in found if commit in commits]
    return [*ordered, *sorted(commits.difference(ordered))]


def _tell_of(repository: Repository, origins: Origins, gaps: Gaps) -> None:
    if origins.submodules:
        gaps.left_out(
            counted(len(origins.submodules), "submodule"),
            "a repository of its own",
            "scan each of them by itself, as in 'seawall scan --history PATH'",
        )
    for commit, missing in origins.broken[:_TOLD]:
        gaps.of_commit(commit, missing, is_shallow=repository.is_shallow)
    if len(origins.broken) > _TOLD:
        gaps.broken(
            f"{len(origins.broken) - _TOLD} more commits whose trees cannot be read: what they "
            "brought has no name; 'git fsck' tells why"
        )


class _Work:
    """Looks at objects, but for those that are known to hold nothing."""

    def __init__(self, repository: Repository, means: Means, names: Names) -> None:
        self._repository = repository
        self._means = means
        self._names = names
        self._sets: dict[int, tuple[tuple[str, ...], bytes]] = {}
        """By the number of a set of names, the names and their mark."""
        self.looked: list[Looked] = []
        self.kinds: dict[str, str] = {}
        self.objects = 0

    def blobs(self, history: History) -> None:
        """Every blob that belongs to the history."""
        looked = nothing()
        wanted = list(self._wanted_blobs(history, looked))
        # Versions of a file one after the other: what they have in common is looked at once, and
        # git, which stores them as differences, reads them no slower than as they lie in its packs.
        kinship = self._names.kinship
        wanted.sort(key=lambda item: kinship(bytes.fromhex(item[0].oid)))
        there = {bytes.fromhex(listed.oid) for listed in history.objects.get(_BLOB, ())}
        there.update(bytes.fromhex(listed.oid) for listed in history.objects.get(DAMAGED, ()))
        absent = Missing("absent", "not in this clone")
        for oid in self._names.of_blob.keys() - there:
            looked.missing[oid.hex()] = absent
        self.looked.append(looked)
        self._look(wanted, _BLOB)

    def _wanted_blobs(self, history: History, looked: Looked) -> Iterator[tuple[Wanted, bytes]]:
        means, of_blob = self._means, self._names.of_blob
        too_large = Missing("too large", "is larger than --max-file-size")
        for oid, _, size in history.objects.get(_BLOB, ()):
            raw = bytes.fromhex(oid)
            number = of_blob.get(raw)
            if number is None:
                if not history.whole:
                    continue
                number = NAMELESS
            self.objects += 1
            if size > means.size_limit:
                looked.missing[oid] = too_large
            elif size >= SMALLEST:
                called, mark = self._set(number)
                if means.clean is None or not means.clean.has(raw, mark):
                    yield Wanted(oid, size, called), mark

    def messages(self, history: History, refs: Linked, kind: str) -> None:
        """The messages of commits or tags."""
        ours = set(refs.paths) if kind == "tag" else set(history.commits)
        clean = self._means.clean
        wanted = []
        for oid, _, size in history.objects.get(kind, ()):
            if not history.whole and oid not in ours:
                continue
            self.objects += 1
            self.kinds[oid] = kind
            called, mark = self._set(NAMELESS)
            if clean is None or not clean.has(bytes.fromhex(oid), mark):
                wanted.append((Wanted(oid, size, called), mark))
        self._look(wanted, kind)

    def _set(self, number: int) -> tuple[tuple[str, ...], bytes]:
        found = self._sets.get(number)
        if found is None:
            mark = mark_of(self._names.bearings(number))
            found = self._sets[number] = self._names.names(number), mark
        return found

    def _look(self, wanted: list[tuple[Wanted, bytes]], kind: str) -> None:
        means = self._means
        looked = look(
            self._repository, means.search, [item for item, _ in wanted], kind,
            limit=means.size_limit, workers=means.workers, digest=means.digest,
        )  # fmt: skip
        self.looked.append(looked)
        if means.clean is not None:
            _remember(means.clean, wanted, looked)


def _remember(clean: Clean, wanted: list[tuple[Wanted, bytes]], looked: Looked) -> None:
    told = {hit.oid for hit in looked.hits} | looked.missing.keys() | looked.cut | looked.pointers
    clean.add((bytes.fromhex(item.oid), mark) for item, mark in wanted if item.oid not in told)
