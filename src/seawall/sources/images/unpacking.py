"""A layer's bytes on their way to the walker: unpacked, counted, and held against their digests."""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from seawall.sources.decompression import (
    PIECE,
    MissingLibraryError,
    decompressed,
    kind_of,
)
from seawall.sources.images.limits import DEFAULT, Limits
from seawall.sources.images.problems import AGAIN, DISTRUST, NO_IMAGE, ArchiveError, Problems

if TYPE_CHECKING:
    from hashlib import _Hash

_FED = 1 << 18
_LARGE = 16 << 20
"""Bytes of a tar from which a thread of its own hashes it."""
_WAITING = 16
_ALGORITHMS = {"sha256": 64, "sha384": 96, "sha512": 128}
"""The digits of each (OCI image-spec, descriptor.md, "Registered Algorithms")."""


def processors() -> int:
    """How many processors this process may use; as ``engine.workers`` has it."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


class Stream(Protocol):
    """Bytes that are read once, from front to end."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes, none at the end. Raises ``OSError`` or ``ArchiveError``."""

    def close(self) -> None:
        """Let go of what is open."""


def is_digest(text: str) -> bool:
    """Whether something is a digest that can be computed here."""
    algorithm, _, digits = text.partition(":")
    return _ALGORITHMS.get(algorithm) == len(digits) and not digits.strip("0123456789abcdef")


class _Verifier:
    """Computes a digest, and holds it against what was said."""

    def __init__(self, said: str) -> None:
        import hashlib  # noqa: PLC0415 - off the scan path

        self.said = said
        self._algorithm = said.partition(":")[0] if is_digest(said) else "sha256"
        self._hash: _Hash = hashlib.new(self._algorithm)
        self.update: Callable[[bytes], None] = self._hash.update

    @property
    def found(self) -> str:
        return f"{self._algorithm}:{self._hash.hexdigest()}"


class _Aside:
    """Feeds digests in a thread of its own: the last layer, or the only one, uses two processors.

    Hashing and unpacking let go of the interpreter's lock. A few pieces wait at most, so that
    little is held.
    """

    def __init__(self) -> None:
        from queue import Queue  # noqa: PLC0415 - only for large layers
        from threading import Thread  # noqa: PLC0415 - as above

        self._waiting: Queue[tuple[Callable[[bytes], None], bytes] | None] = Queue(_WAITING)
        self._fault: BaseException | None = None
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            update, data = item
            if self._fault is None:
                try:
                    update(data)
                except BaseException as fault:  # noqa: BLE001 - raised where it is waited for
                    self._fault = fault  # and all that comes is taken, or ``add`` would wait

    def add(self, update: Callable[[bytes], None], data: bytes) -> None:
        """Feed a piece to a digest, in the order of the calls."""
        self._waiting.put((update, data))

    def end(self) -> None:
        """Wait until all of it is done. Raises what a digest raised."""
        self._waiting.put(None)
        self._thread.join()
        if self._fault is not None:
            raise self._fault


class Unpacked:
    """The tar in a layer, piece by piece (call it until nothing comes), and what it came to.

    ``digest`` is that of the layer as it is stored, ``diff_id`` that of the tar; an empty one is
    unknown: it is not verified but computed. Give ``trusted`` where it is known that this
    ``digest`` unpacks to this ``diff_id``; then the latter is not computed again. ``has_spare``
    says whether a processor has nothing else to do than to compute digests.
    Calls raise ``ArchiveError`` when the data is broken, cut off, a bomb, or cannot be unpacked.
    """

    def __init__(
        self,
        name: str,
        stream: Stream,
        *,
        digest: str = "",
        diff_id: str = "",
        trusted: bool = False,
        limits: Limits = DEFAULT,
        has_spare: Callable[[], bool] = lambda: processors() > 1,
    ) -> None:
        self.name = name
        self.problems = Problems()
        self.packed_size = 0
        self.size = 0
        self.kind = ""
        """``gzip``, ``zstd`` and so on; empty for a plain tar."""
        self._stream = stream
        self._limits = limits
        self._digest = digest
        self._diff_id = diff_id
        self._trusted = trusted and bool(digest) and bool(diff_id)
        self._of_packed = _Verifier(digest)
        self._of_tar = _Verifier(diff_id)
        self._two = False  # whether there are two digests to compute
        self._has_spare = has_spare
        self._aside: _Aside | None = None
        self._pieces = self._begin()

    def __call__(self) -> bytes:
        """The next piece of the tar, of a MiB or about that; empty at its end."""
        try:
            piece = next(self._pieces, b"")
        except (ArchiveError, OSError):
            raise
        except MissingLibraryError as error:
            raise ArchiveError(self.name, -1, "is packed with zstd", str(error)) from None
        except EOFError:
            raise self._broken("is cut off") from None
        except Exception as error:  # noqa: BLE001 - each library has errors of its own
            raise self._broken(f"is broken: {error}") from None
        if self._two and not self._trusted:
            self._feed(self._of_tar, piece)
        self.size += len(piece)
        if self._aside is None and self.size > _LARGE and self._has_spare():
            self._aside = _Aside()
        limits = self._limits
        if self.size > limits.total:
            raise ArchiveError(
                self.name, limits.total, f"more than {limits.total} bytes come out of it",
                NO_IMAGE,
            )  # fmt: skip
        if self.size > limits.free and self.size > self.packed_size * limits.ratio:
            raise ArchiveError(
                self.name, self.size,
                f"is more than {limits.ratio} times as large as its packed form",
                NO_IMAGE,
            )  # fmt: skip
        return piece

    def _broken(self, what: str) -> ArchiveError:
        return ArchiveError(self.name, self.size, f"its {self.kind} data {what}", AGAIN)

    def _begin(self) -> Iterator[bytes]:
        head = b""
        while len(head) < 10 and (more := self._read()):
            head += more
        self.kind = kind_of(head)
        self._two = bool(self.kind) or not self._of_packed.found.startswith("sha256:")
        chunks = self._chunks(head)
        return decompressed(self.kind, chunks, self._garbage) if self.kind else chunks

    def _read(self) -> bytes:
        data = self._stream.read(_FED if self.kind else PIECE)
        self.packed_size += len(data)
        self._feed(self._of_packed, data)
        return data

    def _feed(self, verifier: _Verifier, data: bytes) -> None:
        if self._aside is None:
            verifier.update(data)
        else:
            self._aside.add(verifier.update, data)

    def close(self) -> None:
        """Let go of what works on it; also where it was not read to its end."""
        aside, self._aside = self._aside, None
        if aside is not None:
            aside.end()

    def _chunks(self, head: bytes) -> Iterator[bytes]:
        while head:
            yield head
            head = self._read()

    def _garbage(self) -> None:
        self.problems.add(
            "", self.size, f"what follows the {self.kind} data is passed over, as gzip does"
        )

    def finish(self) -> tuple[str, str]:
        """Read what is left, verify, and give the digest and the DiffID.

        What is left of a trusted layer is not unpacked: its digest tells what it is.

        Raises ``ArchiveError`` where one is not what was said.
        """
        while not self._trusted and self():
            pass
        while self._read():
            pass
        self.close()
        digest = self._of_packed.found
        diff_id = self._of_tar.found if self._two else digest
        if self._trusted:
            diff_id = self._diff_id
        self._compare(self._digest, digest, "digest")
        self._compare(self._diff_id, diff_id, "DiffID")
        return digest, diff_id

    def _compare(self, said: str, found: str, what: str) -> None:
        if not said or said == found:
            return
        if not is_digest(said):
            self.problems.add("", 0, f"its {what} cannot be verified: {said[:80]}")
            return
        raise ArchiveError(
            self.name, -1, f"its {what} is {found}, not {said}",
            DISTRUST,
        )  # fmt: skip
