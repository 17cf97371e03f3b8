"""Content of blobs, commits and tags: those in files of their own, then by ``git cat-file``."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from seawall.core.errors import InputError
from seawall.sources.git import loose
from seawall.sources.git.hashes import OID
from seawall.sources.git.process import REPORT, Git, Process
from seawall.sources.git.rows import Missing

if TYPE_CHECKING:
    import hashlib

_ARGUMENTS = ("cat-file", "--batch", "--buffer")
_NO_OID = "0" * 40  # no object has it
_ASKED_AT_ONCE = 256
_FAILURES = 200
_SKIPPED = 16 * 1024 * 1024
"""Bytes beyond the limit that are read and thrown away; for more, git is started anew."""
_HEADER_LIMIT = 4096

ABSENT = Missing("absent", "the object is not in this clone; 'git fetch' may bring it")


def contents(
    git: Git, oids: Iterable[str], limit: int, kind: bytes = b"blob"
) -> Iterator[tuple[str, bytes | Missing]]:
    """Each object of a kind in the order asked for; see ``Repository.contents``.

    Those of a commit that is being made lie in files of their own, and no git is started for them;
    from the first on that does not, git is asked.
    """
    source = iter(oids)
    for oid in source:
        git.check_open()
        content = loose.content(git.place, oid, kind, limit)
        if content is None:
            yield from _told(git, chain((oid,), source), limit, kind)
            return
        yield oid, content


def _told(
    git: Git, oids: Iterable[str], limit: int, kind: bytes
) -> Iterator[tuple[str, bytes | Missing]]:
    """What git tells of each object.

    git gives up at the first damaged object; it is started anew for those behind it.
    """
    asking = _Asking(oids)
    failures = 0
    done = False
    while not done:
        with git.start(_ARGUMENTS, asking.lines()) as process:
            answers = _Answers(process, limit, kind)
            goes_on = True
            while goes_on and (header := answers.line()) is not None:
                oid = asking.answered(header)
                content, goes_on = answers.content(header)
                yield oid, _judged(git, oid, content, kind)
            if goes_on:
                code = process.exit_code()
                done = code == 0 and not asking.pending
                if not done and not asking.pending:
                    process.check()
            if not done and answers.is_over:
                failures += 1
                if failures > _FAILURES:
                    raise InputError(
                        f"more than {_FAILURES} objects of the repository are damaged "
                        f"({process.complaint()}); 'git fsck' lists them"
                    )
                if goes_on:  # it gave up before it said a word about the object
                    yield asking.pending.popleft(), Missing("damaged", process.complaint())


def _judged(git: Git, oid: str, content: bytes | Missing, kind: bytes) -> bytes | Missing:
    """Results kept by a hash must not be poisoned by content that does not have it."""
    if isinstance(content, bytes):
        hashed = new_hash(len(oid), len(content), kind)
        hashed.update(content)
        if hashed.hexdigest() != oid:
            return Missing("damaged", "the object's content does not have its hash")
    elif content is ABSENT and _is_loose(git, oid):
        return Missing("damaged", "the object's file is no object")
    return content


class _Asking:
    """The objects that are asked for, and those of them not answered yet, in order."""

    def __init__(self, oids: Iterable[str]) -> None:
        self._source = iter(oids)
        self.pending: deque[str] = deque()

    def lines(self) -> Iterator[bytes]:
        """Lines for a new process: first what the last one left unanswered."""
        if self.pending:
            yield _lines(self.pending)
        while True:
            oids = [oid for _, oid in zip(range(_ASKED_AT_ONCE), self._source, strict=False)]
            if not oids:
                return
            self.pending.extend(oids)
            yield _lines(oids)

    def answered(self, header: bytes) -> str:
        """The object that an answer is for."""
        oid = self.pending.popleft() if self.pending else ""
        if header.partition(b" ")[0] != _asked(oid).encode():
            raise InputError(
                f"git cat-file answers {header[:80]!r} when asked for {oid!r}; {REPORT}"
            )
        return oid


def _lines(oids: Iterable[str]) -> bytes:
    return "".join(_asked(oid) + "\n" for oid in oids).encode()


def _asked(oid: str) -> str:
    """What git is asked for: never an expression, and never a name."""
    return oid if OID.fullmatch(oid) else _NO_OID


class _Answers:
    """Headers and contents in what a process writes."""

    def __init__(self, process: Process, limit: int, kind: bytes) -> None:
        self._process = process
        self._limit = limit
        self._kind = kind
        self._data = b""
        self._at = 0
        self.is_over = False

    def line(self) -> bytes | None:
        """The next line without its end, ``None`` at the end of the output."""
        while (end := self._data.find(b"\n", self._at)) < 0:
            if len(self._data) - self._at > _HEADER_LIMIT or not self._more():
                return None
        line = self._data[self._at : end]
        self._at = end + 1
        return line

    def content(self, header: bytes) -> tuple[bytes | Missing, bool]:
        """What follows a header, and whether this process can be asked on."""
        _, _, answer = header.partition(b" ")
        kind, _, digits = answer.partition(b" ")
        if not digits.isdigit():
            return (ABSENT, True) if answer == b"missing" else (_other(answer, self._kind), True)
        size = int(digits)
        if kind == self._kind and size <= self._limit:
            data = self._exactly(size + 1)
            if data is None:
                return Missing("damaged", self._process.complaint()), False
            return data[:-1], True
        missing = _other(kind, self._kind)
        if kind == self._kind:
            missing = Missing("too large", f"is larger than {self._limit / 1048576:g} MiB")
        if size - self._limit > _SKIPPED:
            return missing, False
        return missing, self._skip(size + 1)

    def _exactly(self, size: int) -> bytes | None:
        end = self._at + size
        if end <= len(self._data):
            data = self._data[self._at : end]
            self._at = end
            return data
        pieces = [self._data[self._at :]]
        self._data, self._at = b"", 0
        left = size - len(pieces[0])
        while left > 0:
            piece = self._read()
            if not piece:
                return None
            pieces.append(piece[:left])
            if len(piece) > left:
                self._data = piece[left:]
            left -= len(piece)
        return b"".join(pieces)

    def _skip(self, size: int) -> bool:
        while len(self._data) - self._at < size:
            size -= len(self._data) - self._at
            self._data, self._at = b"", 0
            if not self._more():
                return False
        self._at += size
        return True

    def _read(self) -> bytes:
        piece = self._process.read()
        self.is_over = not piece
        return piece

    def _more(self) -> bool:
        piece = self._read()
        self._data = self._data[self._at :] + piece
        self._at = 0
        return bool(piece)


def _other(kind: bytes, wanted: bytes) -> Missing:
    return Missing(
        "not a blob", f"is a {kind.decode('ascii', 'replace')[:40]}, not a {wanted.decode()}"
    )


def _is_loose(git: Git, oid: str) -> bool:
    """Whether there is a file for an object, which git calls missing where it is damaged."""
    path = os.path.join(git.place.objects, oid[:2], oid[2:])
    return OID.fullmatch(oid) is not None and os.path.lexists(path)


def new_hash(length: int, size: int, kind: bytes = b"blob") -> "hashlib._Hash":
    """An object's hash, to be fed its ``size`` bytes; an oid has ``length`` hex digits."""
    import hashlib  # noqa: PLC0415 - 4 ms, where git is asked

    header = b"%s %d\0" % (kind, size)
    return hashlib.new("sha256" if length == 64 else "sha1", header, usedforsecurity=False)


def blob_oid(content: bytes, length: int) -> str:
    """The oid of a blob with this content."""
    hashed = new_hash(length, len(content))
    hashed.update(content)
    return hashed.hexdigest()
