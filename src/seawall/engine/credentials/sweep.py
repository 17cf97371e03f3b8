"""Goes through the texts of a run: reads, hashes and searches them, on several processors.

Texts pass by; what is kept of each is what was found in it, and that is little.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from seawall.core.compact import (
    finding_from_plain,
    finding_to_plain,
    ignore_from_plain,
    ignore_to_plain,
)
from seawall.core.digests import blake2b
from seawall.core.finding import Finding
from seawall.core.ignore import Ignore
from seawall.core.location import Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import Redacted
from seawall.core.report import Failed
from seawall.core.rule import Rule
from seawall.engine.portions import Portions
from seawall.engine.progress import Progress, Step

if TYPE_CHECKING:
    from seawall.engine.credentials.packed import Open
    from seawall.secrets.search import Found, Search
    from seawall.secrets.text import Text
    from seawall.sources.files import SourceFile

Plain = Any
Read = Callable[["SourceFile"], bytes | Failed]
CLEAN, HOLDS, BINARY, EMPTY, TOO_LARGE, UNREAD, PARTLY = range(7)
"""What is known of a file: nothing was found, something was, it is no text and nothing was found,
nothing is in it, it is a text beyond the limit, it could not be read, members of it could not."""
WORTH_SPREADING = 2 << 20
"""Bytes of text from which a second process is worth its work."""
_HEAD = 8192
_PIECE = 1 << 18
_MOST_PORTIONS = 4096
STEP = "files searched for secrets"
_A_FILE = 4096
"""What it costs to open a file, in bytes that are searched in that time."""


class Entry(NamedTuple):
    """A file to be looked at."""

    file: "SourceFile"
    data: bytes | None
    """Its bytes, where they have been read already."""
    size: int
    """``UNKNOWN`` where nobody has asked for it yet."""


UNKNOWN = -1


class Swept(NamedTuple):
    """What became of a file."""

    state: int
    digest: bytes = b""
    """What its bytes are known by."""
    findings: tuple[Finding, ...] = ()
    private: tuple[Span, ...] = ()
    """Where secret values stand in it."""
    ignores: tuple[Ignore, ...] = ()
    """Its ignore comments that are about one of the findings."""
    marks: tuple[Ignore, ...] = ()
    """Other tools' marks and allow lists that let some of it pass."""
    secrets: tuple[Redacted, ...] = ()
    notes: tuple[str, ...] = ()
    """What was left out of what users' rules match."""
    complete: bool = True
    """Whether all that was found in it is told."""
    failed: Failed | None = None
    unsearched: tuple[tuple[str, str], ...] = ()
    """What of an archive was not searched, and why."""


class Sweep:
    """Looks at files; ``search`` is ``None`` where they are only to be hashed."""

    def __init__(
        self,
        read: Read,
        search: "Search | None",
        rules: Mapping[str, Rule],
        limit: int,
        open_: "Open | None" = None,
        *,
        hashes: bool = True,
    ) -> None:
        """``hashes``: whether somebody wants the digests of files in which nothing is found."""
        self._hashes = hashes
        self._read = read
        self._open = open_
        """Opens a file that passes by in pieces: archives and programs may be larger."""
        self._search = search
        self._rules = rules
        self._limit = limit
        """Bytes of the largest file that is read."""

    def begin(
        self, entries: Sequence[Entry], workers: int, progress: Progress | None
    ) -> Portions[Entry, Swept]:
        """Begin to look at files; what became of each comes in their order."""
        processes = workers if sum(map(_weight, entries)) >= WORTH_SPREADING else 1
        step = Step(progress, STEP, len(entries))

        def work(portions: Iterator[Sequence[Entry]]) -> list[list[Swept]]:
            return self.look_at(portions, step)

        return Portions(portions_of(entries), processes, work, to_plain, self.received)

    def received(self, plain: Plain) -> Swept:
        """What another process found out."""
        return _from_plain(plain, self._rules)

    def look_at(self, portions: Iterator[Sequence[Entry]], step: Step) -> list[list[Swept]]:
        """What became of the files of some portions, which are taken as they are needed."""
        taken: list[Sequence[Entry]] = []
        results: dict[str, Swept] = {}

        def entries() -> Iterator[Entry]:
            for portion in portions:
                taken.append(portion)
                yield from portion

        texts = self._texts(entries(), results, step)
        if self._search is None:
            for _ in texts:
                pass
        else:
            for found in self._search.run(texts):
                path = found.text.name
                digest = results[path].digest or _digest(found.text.data)
                results[path] = self._found(found, digest)
        return [[results[entry.file.path] for entry in portion] for portion in taken]

    def _texts(
        self,
        entries: Iterable[Entry],
        results: dict[str, Swept],
        step: Step,
    ) -> "Iterator[Text]":
        """The texts among some files; what becomes of each is noted."""
        from seawall.engine.credentials.packed import is_archive  # noqa: PLC0415 - where there are
        from seawall.secrets.text import encoding_of, text_in  # noqa: PLC0415 - as above

        for entry in entries:
            step.advance()
            path = entry.file.path
            data, size = self._bytes_of(entry)
            if isinstance(data, Failed):
                results[path] = Swept(UNREAD, failed=data)
                continue
            encoding, skipped = encoding_of(data)
            if encoding is None or is_archive(path, data):
                results[path] = self._looked_into(entry.file, size, data)
                if results[path].state == BINARY and self._search is not None:
                    self._by_path(path, results, self._search)
                continue
            is_as_read = not (encoding or skipped)  # else nobody has its bytes later
            digest = b"" if is_as_read and not self._hashes else _digest(data)
            state = CLEAN
            if len(data) < size:
                state, digest = TOO_LARGE, _digest(b"%d %s" % (size, digest))
            if self._search is None:
                state = BINARY  # all it takes is a digest
            elif not data or data.isspace():
                state = EMPTY
            results[path] = Swept(state, digest)
            if state == CLEAN:
                yield text_in(path, data, encoding, skipped)

    def _by_path(self, path: str, results: dict[str, Swept], search: "Search") -> None:
        """What users' rules say of a file that is no text."""
        secrets = search.of_path(path)
        if secrets:
            from seawall.secrets.search import Found  # noqa: PLC0415 - loaded already
            from seawall.secrets.text import Kind, Text  # noqa: PLC0415 - as above

            found = Found(Text(path, b"", Kind.PROSE), secrets)
            results[path] = self._found(found, results[path].digest)

    def _bytes_of(self, entry: Entry) -> tuple[bytes | Failed, int]:
        """The bytes of a file and how many it has; of one beyond the limit only the beginning."""
        data: bytes | Failed | None = entry.data
        size = entry.size
        if data is None and size <= self._limit:
            data = self._read(entry.file)  # whether an unknown size is beyond the limit tells this
            if isinstance(data, Failed) and size < 0:
                size = size_of(entry.file)
        if data is None or (isinstance(data, Failed) and size > self._limit):
            return _head(entry.file), size
        return data, size if isinstance(data, Failed) else len(data)

    def _looked_into(self, file: "SourceFile", size: int, data: bytes) -> Swept:
        """What became of such a file; where more belongs to it than these bytes, it is opened."""
        from io import BytesIO  # noqa: PLC0415 - if there are any

        from seawall.engine.credentials.packed import look_into  # noqa: PLC0415 - as above

        path = file.path
        if len(data) >= size:
            stream: IO[bytes] | Failed = BytesIO(data)
        elif self._open is None:
            return Swept(TOO_LARGE, _digest(b"%d" % size))
        else:
            stream = self._open(file)
        if isinstance(stream, Failed):
            return Swept(UNREAD, failed=stream)
        with stream:
            try:
                found = look_into(path, stream, size, self._search, self._rules)
            except OSError as error:
                from seawall.sources.files import reason_of  # noqa: PLC0415 - loaded already

                return Swept(UNREAD, failed=Failed(path, 0, 0, reason_of(error)))
        state = CLEAN if found.is_archive else BINARY
        if found.unsearched:
            state = PARTLY
        elif found.findings or found.secrets:
            state = HOLDS
        return Swept(
            state, found.digest, found.findings, secrets=found.secrets,
            unsearched=found.unsearched,
        )  # fmt: skip

    def _found(self, found: "Found", digest: bytes) -> Swept:
        from seawall.engine.credentials.findings import (  # noqa: PLC0415 - if there are any
            findings,
            in_file,
            places_of,
            private,
            values,
        )
        from seawall.engine.credentials.marks import ignores_of  # noqa: PLC0415 - as above

        path, places = found.text.name, places_of(found)
        said = findings(found, self._rules, in_file(path, places))
        return Swept(
            HOLDS, digest, tuple(said), private(found, places),
            _ignores(path, found.text.data, said), ignores_of(found, places, path, said),
            tuple(values(found)), found.notes, found.complete,
        )  # fmt: skip


def _digest(data: bytes) -> bytes:
    """What the bytes of a file are known by."""
    return blake2b(data, digest_size=16).digest()


def _weight(entry: Entry) -> int:
    return entry.size + _A_FILE


def portions_of(entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    """A row of files in pieces: small ones, so that all processes end at about the same time."""
    size = max(_PIECE, sum(map(_weight, entries)) // _MOST_PORTIONS)
    portions: list[Sequence[Entry]] = []
    start = weight = 0
    for index, entry in enumerate(entries, 1):
        weight += _weight(entry)
        if weight >= size or index == len(entries):
            portions.append(entries[start:index])
            start, weight = index, 0
    return portions


def size_of(file: "SourceFile") -> int:
    """The bytes of a file; 0 where they are not to be had: reading it will say so."""
    try:
        return os.stat(file.real).st_size
    except OSError:
        return 0


def _head(file: "SourceFile") -> bytes | Failed:
    """The beginning of a file that is too large to be read: it tells whether it is a text."""
    from seawall.sources.files import reason_of  # noqa: PLC0415 - loaded already

    try:
        with open(file.real, "rb") as stream:
            return stream.read(_HEAD)
    except OSError as error:
        return Failed(file.path, 0, 0, reason_of(error))


def _ignores(path: str, data: bytes, findings: Sequence[Finding]) -> tuple[Ignore, ...]:
    """The ignore comments of a file that are about one of its findings.

    What else looks like one may be prose: a manual of seawall's, say.
    """
    from seawall.packages.comments import ignores_of  # noqa: PLC0415 - if there are any

    return tuple(
        ignore
        for ignore in ignores_of(path, data)
        if any(ignore.scope.covers(finding) for finding in findings)
    )


# Between processes ------------------------------------------------------------------------------


_PLAIN = ("state", "digest")
"""What alone is told of most files."""
_NOTHING_ELSE = Swept(CLEAN)[len(_PLAIN) :]


def to_plain(swept: Swept) -> Plain:
    """As plain values."""
    if swept[len(_PLAIN) :] == _NOTHING_ELSE:  # most
        return tuple(swept[: len(_PLAIN)])
    return (
        swept.state,
        swept.digest,
        [finding_to_plain(finding) for finding in swept.findings],
        [tuple(span) for span in swept.private],
        [ignore_to_plain(ignore) for ignore in swept.ignores],
        [ignore_to_plain(ignore) for ignore in swept.marks],
        [secret.reveal() for secret in swept.secrets],
        list(swept.notes),
        swept.complete,
        None if swept.failed is None else tuple(swept.failed),
        swept.unsearched,
    )


def _from_plain(plain: Plain, rules: Mapping[str, Rule]) -> Swept:
    if len(plain) == len(_PLAIN):
        return Swept(*plain)
    (
        state, digest, findings, private, ignores, marks, secrets, notes, complete, failed,
        unsearched,
    ) = plain  # fmt: skip
    return Swept(
        state,
        digest,
        tuple(finding_from_plain(finding, rules) for finding in findings),
        tuple(Span(*span) for span in private),
        tuple(ignore_from_plain(ignore) for ignore in ignores),
        tuple(ignore_from_plain(ignore) for ignore in marks),
        tuple(map(Redacted, secrets)),
        tuple(notes),
        complete,
        None if failed is None else Failed(*failed),
        tuple(map(tuple, unsearched)),
    )
