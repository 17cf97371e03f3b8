"""The bytes of a blob as they come: whole, or an error.

A connection that breaks is made again for the rest (RFC 9110, 14). The digest is looked at before
the last bytes are given out, so whoever has read to the end has read what the manifest names.
"""

import io
from collections.abc import Generator, Iterator
from typing import NoReturn

from seawall.sources.http.client import CHUNK, PARTIAL, UNSATISFIABLE, Answer
from seawall.sources.http.statuses import Passing, first_byte
from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.registry.authorization import Scope
from seawall.sources.images.registry.errors import Kind, RegistryError
from seawall.sources.images.registry.refusals import refused
from seawall.sources.images.registry.registry import Registry, Wanted

MAX_RESUMED = 100
"""How often a blob may break; every 4th time at the latest it must have come further."""


def open_blob(
    registry: Registry, repository: str, blob: Descriptor, offset: int = 0
) -> io.BufferedReader:
    """A stream of a blob, from ``offset`` on.

    Reading raises ``RegistryError`` where it does not come, or is not what its descriptor says. The
    digest of a part cannot be known: from an offset on, only the size is looked at.
    """
    return io.BufferedReader(_Blob(registry, repository, blob, offset), CHUNK)


class _Blob(io.RawIOBase):
    def __init__(self, registry: Registry, repository: str, blob: Descriptor, offset: int) -> None:
        import hashlib  # noqa: PLC0415 - only where something is fetched

        self._registry = registry
        self._blob = blob
        self._path = f"/v2/{repository}/blobs/{blob.digest}"
        self._wanted = Wanted(
            f"{registry.name}/{repository}", Scope(repository), f"it has no {blob.digest}"
        )
        self._place = offset
        self._digest = None if offset else hashlib.new(blob.digest.partition(":")[0])
        self._chunks = self._fetched()
        self._rest = memoryview(b"")
        self._problem: RegistryError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        """As of every raw stream."""
        if self._problem is not None:
            raise self._problem  # not the end, however often somebody asks
        if not self._rest:
            try:
                self._rest = memoryview(next(self._chunks, b""))
            except RegistryError as problem:
                self._problem = problem
                raise
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def close(self) -> None:
        """Let go of the connection."""
        if not self.closed:
            self._chunks.close()
        super().close()

    def _fetched(self) -> Generator[bytes, None, None]:
        """The bytes that are still to come, over as many connections as it takes."""
        if self._place > self._blob.size:
            self._wrong(f"has no byte {self._place}", "wrong-content")
        tries = resumed = 0
        while True:
            before = self._place
            try:
                yield from self._connected()
            except Passing as problem:
                tries = tries + 1 if self._place == before else 1
                resumed += 1
                if resumed > MAX_RESUMED:
                    self._wrong(f"broke {resumed} times, the last time as {problem}", "unavailable")
                self._registry.give_up_or_wait(self._path, problem, tries)
            else:
                return

    def _connected(self) -> Iterator[bytes]:
        """What one connection gives. Raises ``Passing`` where it breaks."""
        size = self._blob.size
        headers = {"Range": f"bytes={self._place}-"} if self._place and self._place < size else {}
        with self._registry.opened(self._path, self._wanted, headers) as answer:
            skipped = self._begun(answer)
            for chunk in answer.chunks:
                if skipped:  # the server knows no ranges: what is there comes once more
                    old, chunk = min(skipped, len(chunk)), chunk[skipped:]  # noqa: PLW2901
                    skipped -= old
                if chunk:
                    self._looked_at(chunk)
                    yield chunk
            if self._place < size:
                raise Passing(f"it ended after {self._place} of {size} bytes")
            if not size:
                self._looked_at(b"")

    def _begun(self, answer: Answer) -> int:
        """Look at the beginning of an answer: how many bytes of it are there already."""
        status, headers = answer.status, answer.headers
        told = headers.get("content-length", "")
        length = int(told[:18]) if told.isdecimal() else -1
        if status == UNSATISFIABLE:
            self._wrong("is shorter than its manifest says", "wrong-content")
        if status == PARTIAL:
            if first_byte(headers.get("content-range", "")) != self._place:
                raise Passing("the server sent another part than was asked for", 0.0, status)
            start = self._place
        elif status == 200:
            start = 0
        else:
            raise refused(answer, self._wanted.name, self._registry.name, self._wanted.missing)
        if start + length > self._blob.size:
            self._wrong(
                f"has {start + length} bytes, its manifest says {self._blob.size}", "wrong-content"
            )
        return self._place - start

    def _looked_at(self, chunk: bytes) -> None:
        self._place += len(chunk)
        size = self._blob.size
        if self._place > size:
            self._wrong(f"has more than the {size} bytes that its manifest says", "wrong-content")
        if self._digest is None:
            return
        self._digest.update(chunk)
        if self._place == size:
            found = f"{self._digest.name}:{self._digest.hexdigest()}"
            if found != self._blob.digest:
                self._wrong(f"does not hold what its name says, but {found}", "wrong-content")

    def _wrong(self, reason: str, kind: Kind) -> NoReturn:
        raise RegistryError(
            f"{self._wanted.name}: {self._blob.digest} {reason}; push the image anew, or report "
            "it to who runs the registry",
            kind=kind,
        )
