"""Searches blobs and messages for secrets, each once for each bearing of its names.

What is found crosses from process to process as a keyed hash of the value, never as the value: that
is enough to tell which blobs hold the same one. Whoever tells people of it reads the blob again.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from seawall.core.digests import blake2b
from seawall.core.errors import InputError
from seawall.core.named_tuple import NamedTuple
from seawall.engine.git_history.crew import work_off
from seawall.secrets.text import Text, kind_of, text_of
from seawall.sources.git import Missing, Repository, lfs_pointer
from seawall.sources.git.rows import LFS_POINTER_LIMIT

if TYPE_CHECKING:
    from seawall.core.redacted import Redacted
    from seawall.secrets.search import Search

Plain = Any
Digest = Callable[["Redacted"], bytes]

_PORTION = 4 * 1024 * 1024
"""Bytes that are looked at together."""
_MOST = 2_000
"""Objects that are looked at together."""
WORTH_SPREADING = 8 * 1024 * 1024
"""Bytes from which a second process is worth its work."""
_DIGEST = 16


class Wanted(NamedTuple):
    """An object to be looked at: its oid, its size, and a name for each bearing it has."""

    oid: str
    size: int
    names: tuple[str, ...]


class Hit(NamedTuple):
    """A value in an object, by its digest; ``name`` is the one under which it was found."""

    oid: str
    name: str
    rule: str
    digest: bytes
    certainty: int


class Looked(NamedTuple):
    """What became of the objects that were asked for."""

    hits: list[Hit]
    missing: dict[str, Missing]
    """What could not be read."""
    cut: set[str]
    """Objects with so many matches that not all were looked at."""
    pointers: set[str]
    """Pointers of Git LFS: what they stand for is not in the repository."""
    binary: int
    """How many are no text."""


def nothing() -> Looked:
    """To be filled."""
    return Looked([], {}, set(), set(), 0)


def digest_with(key: bytes) -> Digest:
    """Hashes values under a key of this run, so that a hash tells nobody else anything."""

    def digest(value: "Redacted") -> bytes:
        data = value.reveal().encode("utf-8", "surrogatepass")
        return blake2b(data, digest_size=_DIGEST, key=key).digest()

    return digest


def look(
    repository: Repository,
    search: "Search",
    wanted: Sequence[Wanted],
    kind: str,
    *,
    limit: int,
    workers: int,
    digest: Digest,
) -> Looked:
    """Search objects of one kind (``blob``, ``commit``, ``tag``), in the order they come in."""
    bounds = list(_portions(wanted))
    if sum(item.size for item in wanted) < WORTH_SPREADING:
        workers = 1
    else:
        import hashlib  # noqa: F401, PLC0415 - who checks objects takes the fastest that is loaded

    def work(numbers: Iterator[int]) -> Iterator[tuple[int, Plain]]:
        from seawall.secrets.recurring import Recurring  # noqa: PLC0415 - loads what finds secrets

        looker = _Looker(repository, search.made_anew(Recurring), wanted, bounds, digest)
        return looker.work(numbers, kind, limit)

    looked = nothing()
    if not wanted:
        return looked
    for number, (hits, missing, cut, pointers, binary) in work_off(len(bounds), workers, work):
        start = bounds[number][0]
        for index, name, rule, value, certainty in hits:
            item = wanted[start + index]
            looked.hits.append(Hit(item.oid, item.names[name], rule, value, certainty))
        for index, *words in missing:
            looked.missing[wanted[start + index].oid] = Missing(*words)
        looked.cut.update(wanted[start + index].oid for index in cut)
        looked.pointers.update(wanted[start + index].oid for index in pointers)
        looked = looked._replace(binary=looked.binary + binary)
    return looked


def _portions(wanted: Sequence[Wanted]) -> Iterator[tuple[int, int]]:
    start = size = 0
    for index, item in enumerate(wanted):
        size += item.size
        if size >= _PORTION or index - start + 1 >= _MOST:
            yield start, index + 1
            start, size = index + 1, 0
    if start < len(wanted):
        yield start, len(wanted)


class _Portion:
    """What was found in a portion so far."""

    __slots__ = ("binary", "cut", "hits", "missing", "pointers")

    def __init__(self) -> None:
        self.hits: list[tuple[int, int, str, bytes, int]] = []
        self.missing: list[tuple[int, str, str]] = []
        self.cut: list[int] = []
        self.pointers: list[int] = []
        self.binary = 0

    def plain(self) -> Plain:
        return self.hits, self.missing, self.cut, self.pointers, self.binary


class _Looker:
    """Looks at portions in one process."""

    def __init__(
        self,
        repository: Repository,
        search: "Search",
        wanted: Sequence[Wanted],
        bounds: Sequence[tuple[int, int]],
        digest: Digest,
    ) -> None:
        self._repository = repository
        self._search = search
        self._wanted = wanted
        self._bounds = bounds
        self._digest = digest
        self._asked: deque[tuple[int, int]] = deque()
        """Portion and index of what has been asked for and not answered."""
        self._open: dict[int, _Portion] = {}
        """By number, in the order in which they were taken."""
        self._place: dict[int, tuple[int, int, int]] = {}
        """By the identity of a text: portion, index in it, index of the name."""

    def work(self, numbers: Iterator[int], kind: str, limit: int) -> Iterator[tuple[int, Plain]]:
        """Look at portions as they are taken; the results come in the same order."""
        oids = self._oids(numbers)
        read = self._repository.contents(oids, kind, limit)
        for found in self._search.run(self._texts(self._placed(oids, read), kind)):
            number, index, name = self._place[id(found.text)]
            for done in list(self._open):  # texts come in order
                if done == number:
                    break
                yield done, self._open.pop(done).plain()
            portion = self._open[number]
            if not found.complete:
                portion.cut.append(index)
            for secret in found.secrets:
                value = self._digest(secret.candidate.value)
                row = (index, name, secret.candidate.rule, value, int(secret.certainty))
                portion.hits.append(row)
        for number, portion in self._open.items():
            yield number, portion.plain()
        self._open = {}

    def _oids(self, numbers: Iterator[int]) -> Iterator[str]:
        for number in numbers:
            self._open[number] = _Portion()
            start, end = self._bounds[number]
            for index in range(end - start):
                self._asked.append((number, index))
                yield self._wanted[start + index].oid

    def _texts(
        self, placed: Iterator[tuple[int, int, bytes | Missing]], kind: str
    ) -> Iterator[Text]:
        for number, index, content in placed:
            portion = self._open[number]
            if isinstance(content, Missing):
                portion.missing.append((index, *content))
                continue
            if (
                kind == "blob"
                and len(content) < LFS_POINTER_LIMIT
                and lfs_pointer(content) is not None
            ):
                portion.pointers.append(index)
            names = self._wanted[self._bounds[number][0] + index].names
            texts = texts_of(names, content if kind == "blob" else message_of(content))
            portion.binary += not texts
            for name, text in enumerate(texts):
                self._place[id(text)] = number, index, name
                yield text

    def _placed(
        self, oids: Iterator[str], read: Iterator[tuple[str, bytes | Missing]]
    ) -> Iterator[tuple[int, int, bytes | Missing]]:
        """Contents with the portion and the index in it of what they are of."""
        failure = ""
        try:
            for _, content in read:
                yield *self._asked.popleft(), content
        except InputError as error:
            failure = str(error)
        while failure and (self._asked or next(oids, "")):
            yield *self._asked.popleft(), Missing("damaged", failure)


def message_of(content: bytes) -> bytes:
    """The message of a commit or tag: what stands above is git's own."""
    return content.partition(b"\n\n")[2]


def texts_of(names: Sequence[str], content: bytes) -> list[Text]:
    """A text for each name; none for a binary file."""
    text = text_of(names[0], content)
    if text is None:
        return []
    return [text, *(Text(name, text.data, kind_of(name)) for name in names[1:])]
