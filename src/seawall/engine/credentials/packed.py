"""Files of a scan that are no texts: archives, whose members are searched, and binary files.

Archives are told by their first bytes, and nothing of them is written anywhere. In binary files
only what proves itself is looked for. Both pass by in pieces, however large they are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import IO, TYPE_CHECKING

from seawall.core.digests import blake2b
from seawall.core.finding import Finding
from seawall.core.location import Location, Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import Redacted
from seawall.core.rule import Rule
from seawall.engine.credentials.findings import NOBODY, finding_of, shown
from seawall.secrets.candidate import Part
from seawall.sources.archives import kinds

if TYPE_CHECKING:
    from seawall.core.report import Failed
    from seawall.secrets.search import Search
    from seawall.secrets.sieve import Held
    from seawall.sources.archives.walking import Note
    from seawall.sources.files import SourceFile

Open = Callable[["SourceFile"], "IO[bytes] | Failed"]
_PIECE = 1 << 18
CROWDED = "it has so many matches that some were not looked at"


class Inside(NamedTuple):
    """What is in a file that is no text."""

    digest: bytes
    """What its bytes are known by."""
    is_archive: bool = False
    findings: tuple[Finding, ...] = ()
    """Those about members of an archive have these in their paths: ``app.jar!/a.properties``."""
    secrets: tuple[Redacted, ...] = ()
    unsearched: tuple[tuple[str, str], ...] = ()
    """The file or a member of it, and why that was not searched, or not to its end."""


def is_archive(name: str, head: bytes) -> bool:
    """Whether a file is an archive or compressed, by its first bytes.

    One that nobody reads here is one, too, so that this is told.
    """
    known = kinds.kind_of(head) or kinds.unreadable_of(head)
    return bool(known) or name.lower().endswith(kinds.ZIP_ENDS)


def look_into(
    path: str, stream: IO[bytes], size: int, search: "Search | None", rules: Mapping[str, Rule]
) -> Inside:
    """What is found in a file; only its digest where there is no ``search``."""
    digest = blake2b(digest_size=16)
    for piece in iter(partial(stream.read, _PIECE), b""):
        digest.update(piece)
    if search is None:
        return Inside(digest.digest())
    from seawall.secrets.sieve import Here, Sieve  # noqa: PLC0415 - if there are any

    sieve = Sieve(Here(search))
    stream.seek(0)
    packed = is_archive(path, stream.read(kinds.ENOUGH))
    stream.seek(0)
    notes: Sequence[Note] = ()
    if packed:
        from seawall.sources.archives.walking import Walk  # noqa: PLC0415 - if there are any

        walk = Walk(lambda name, _size: sieve.stream(name))
        walk.file(path, stream, size)
        notes = walk.notes
    else:
        taken = sieve.stream(path)
        for piece in iter(partial(stream.read, _PIECE), b""):
            taken.feed(piece)
        taken.end()
    sieve.end()
    unsearched = {*notes, *((name, CROWDED) for name in sieve.incomplete)}
    return Inside(
        digest.digest(), packed,
        tuple(
            finding
            for name, held in sieve.found.items()
            for finding in _findings(name, held, rules)
        ),
        tuple(one.secret.candidate.value for held in sieve.found.values() for one in held),
        tuple(sorted((name, reason) for name, reason in unsearched)),
    )  # fmt: skip


def _findings(name: str, held: "Sequence[Held]", rules: Mapping[str, Rule]) -> Iterator[Finding]:
    shows = shown(one.secret.candidate.value for one in held)
    for one in held:
        place = partial(_place, name, one.span)
        for finding in finding_of(one.secret, rules, place, shows, NOBODY):
            yield finding._replace(related=())  # where else it stands nobody can look up


def _place(name: str, span: Span | None, _part: Part) -> Location:
    return Location(name, span=span)
