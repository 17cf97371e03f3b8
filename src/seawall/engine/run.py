"""What lasts as long as one command: its progress, its cache, what it recalls."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from seawall.core.named_tuple import NamedTuple
from seawall.core.portion import Portion
from seawall.core.redacted import Redacted, revealing
from seawall.core.report import Report
from seawall.core.rule import Rule
from seawall.engine.options import Options
from seawall.engine.progress import Progress
from seawall.engine.texts import Texts

if TYPE_CHECKING:
    from seawall.cache import Cache, Store
    from seawall.engine.looks import Looks
    from seawall.engine.parts import Told
    from seawall.engine.remembering import Memory


_PIECE = 1024 * 1024
PARTS_OF_A_PART = 2
"""What begins the value of a part that is remembered by itself: its outputs and their digest."""
Teller = Callable[[Report, Texts], Sequence[Portion]]
"""Tells the findings of a report, and nothing else of it, for each output."""
Plain = Any


class Recording:
    """Keeps a text, compressed, while it passes by: a report may be larger than the memory.

    A text in which one of the ``secrets`` shows is not kept.
    """

    def __init__(self, secrets: Collection[Redacted] = ()) -> None:
        from zlib import compressobj  # noqa: PLC0415 - only where outputs are kept

        self._compressor = compressobj(1)
        self._pieces: list[bytes] = []
        self._shows = telltale(secrets)
        self._overlap = max((len(secret.reveal()) for secret in secrets), default=0) * 4
        self._waiting: list[bytes] = []
        self._size = 0
        self.is_private = False
        """Whether a secret shows in it; to be asked once ``data`` was."""

    def watch(self, chunks: Iterable[str]) -> Iterator[str]:
        """The same chunks."""
        for chunk in chunks:
            data = chunk.encode("utf-8", "surrogatepass")
            self._waiting.append(data)
            self._size += len(data)
            if self._size > _PIECE + self._overlap:
                self._look()
            self._pieces.append(self._compressor.compress(data))
            yield chunk

    def _look(self) -> None:
        data = b"".join(self._waiting)
        self.is_private = self.is_private or self._shows(data)
        self._waiting = [data[len(data) - self._overlap :]] if self._overlap else []
        self._size = len(self._waiting[0]) if self._waiting else 0

    def data(self) -> bytes:
        """The compressed text, once all of it has passed."""
        self._look()
        return b"".join((*self._pieces, self._compressor.flush()))


def telltale(secrets: Collection[Redacted]) -> Callable[[bytes], bool]:
    """Tells whether some bytes hold one of some values that not any text may hold.

    A word such as ``password`` stands in every report, and is some people's password.
    """
    if not secrets:
        return lambda _: False
    from seawall.secrets.commonplace import (  # noqa: PLC0415 - where there are any
        is_commonplace,
    )

    return revealing(secrets, is_commonplace)


class Replay(NamedTuple):
    """What an equal run wrote: the compressed text of each output, and its exit code."""

    outputs: tuple[bytes, ...]
    exit_code: int


def packed(text: bytes) -> bytes:
    """A text, compressed."""
    from zlib import compress  # noqa: PLC0415 - only where outputs are kept

    return compress(text, 1)


def unpacked(text: bytes) -> Iterator[str]:
    """A text that was compressed, in pieces: it may be larger than the memory."""
    from codecs import getincrementaldecoder  # noqa: PLC0415 - loaded already
    from zlib import decompressobj  # noqa: PLC0415 - only where outputs are kept

    decoder = getincrementaldecoder("utf-8")("surrogatepass")
    decompressor = decompressobj()
    while text:
        yield decoder.decode(decompressor.decompress(text, _PIECE))
        text = decompressor.unconsumed_tail
    yield decoder.decode(decompressor.flush(), final=True)


class Closable(Protocol):
    """Something that is open as long as a run lasts."""

    def close(self) -> None:
        """Let go of it."""


Condition = tuple[str, str, bytes]
"""A file that another one led to: that one's path, its name from there, and its digest; no digest
where it could not be had."""


class Run:
    """One command. Use it in a ``with`` statement: at its end the cache is written.

    ``signature`` tells all that the outputs rest on besides the inputs and the rules; without one,
    outputs are neither recalled nor kept.
    """

    def __init__(
        self, progress: Progress | None = None, *, cached: bool = False, signature: bytes = b""
    ) -> None:
        self.progress = progress
        self.notes: list[str] = []
        self.signature = signature
        self.teller: Teller | None = None
        """Tells what the outputs say of some files."""
        self.conditions: list[Condition] = []
        """What the outputs rest on beside the inputs: files that were asked for along the way."""
        self.lasting_notes: list[str] = []
        """Notes that are as true of an equal run of the same day."""
        self.looks_again = False
        """Whether what is read will be read again, perhaps changed, within this run."""
        self.looks: Looks | None = None
        """What is remembered of files that this run looks at again and again."""
        self._cached = cached
        self._cache: Cache | None = None
        self._store: Store | None = None
        self._replay_key: bytes | None = None
        self._secrets: set[Redacted] | None = None
        """``None`` until somebody has said what they are."""
        self._private_files: set[str] = set()
        self._opened: list[Closable] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for opened in self._opened:
            opened.close()
        if isinstance(error, KeyboardInterrupt):
            self._secrets = None  # not all were judged
        if self._cache is not None:
            self._cache.withhold(self._is_private(), self._private_files)
            self._cache.close()

    def _is_private(self) -> Callable[[bytes], bool]:
        """Tells whether a value shows a secret, or may show one that nobody knows yet."""
        return (lambda _: True) if self._secrets is None else telltale(self._secrets)

    def closes(self, opened: "Closable") -> None:
        """Close something at the end of the run."""
        self._opened.append(opened)

    def all_notes(self) -> list[str]:
        """What the person should know of how the work went."""
        return [*self.notes, *(self._cache.notes if self._cache else ())]

    def note_for_good(self, note: str) -> None:
        """Note something that is as true of an equal run; nothing for an empty text."""
        if note and note not in self.notes:
            self.notes.append(note)
            self.lasting_notes.append(note)

    def forget_notes(self, ending: str) -> None:
        """Forget the notes that end so: what they say is no longer true."""
        self.notes = [note for note in self.notes if not note.endswith(ending)]

    def memory(self, options: Options, rules: Sequence[Rule]) -> "Memory | None":
        """The cache for a set of rules; ``None`` when there is to be none."""
        store = self.store()
        if store is None:
            return None
        from seawall.engine.remembering import Memory  # noqa: PLC0415 - sqlite3, hashlib

        return Memory(store, self.code, options, rules)

    def store(self) -> "Store | None":
        """Where results are kept; ``None`` when there is to be no such place."""
        if self._cached and self._store is None:
            from seawall import cache  # noqa: PLC0415 - sqlite3, hashlib

            self._store = self._cache = cache.Cache(cache.directory(os.environ))
        return self._store

    @cached_property
    def code(self) -> bytes:
        """Changes with the program: what is kept rests on what made it."""
        import seawall  # noqa: PLC0415 - loaded already
        from seawall.cache import code_stamp  # noqa: PLC0415 - as above

        return code_stamp(os.path.dirname(seawall.__file__), self.store())

    def look_repeatedly(self) -> "Looks":
        """Remember what files hold for looks at them that follow, and nothing beyond this run."""
        from seawall.engine.looks import Looks  # noqa: PLC0415 - only where there are several

        self.looks = Looks()
        return self.looks

    def remember_within(self) -> None:
        """Remember what files hold for a second look within this run."""
        from seawall import cache  # noqa: PLC0415 - only where there are two looks
        from seawall.engine.remembering import Layered  # noqa: PLC0415

        if self._cached and self._cache is None:
            self._cache = cache.Cache(cache.directory(os.environ))
        self._store = Layered(self._cache)
        self.looks_again = True

    def tells_parts_of(self, options: Options) -> bool:
        """Whether the report can be told file by file, and not only as a whole."""
        return self.teller is not None and bool(self.signature) and options.since is None

    # Outputs ----------------------------------------------------------------------------------

    def recall(
        self,
        run_key: bytes | None,
        rules: Sequence[Rule],
        holds: "Callable[[Condition], bool] | None" = None,
    ) -> "Replay | Told | None":
        """What an equal run over equal inputs wrote, if what else it rests on still ``holds``."""
        if not self.signature or run_key is None or self._store is None:
            return None
        from seawall.cache import digest  # noqa: PLC0415 - loaded already

        self._replay_key = digest(b"outputs", run_key, self.signature)
        plain = self._store.get([self._replay_key]).get(self._replay_key)
        try:
            in_parts, known, ending, conditions, notes = plain  # type: ignore[misc]
            if conditions and (holds is None or not all(map(holds, conditions))):
                return None
            found = self._told(known, ending, rules) if in_parts else Replay(known, ending)
        except (TypeError, ValueError, LookupError):
            return None
        if found is not None:
            self.notes += notes
        return found

    def _told(self, rows: "Plain", summary: "Plain", rules: Sequence[Rule]) -> "Told | None":
        """What was told in parts; those that are remembered by themselves may be others by now."""
        from seawall.engine.parts import Part, Told, summary_from_plain  # noqa: PLC0415 - marshal

        store = self._store
        found = {} if store is None else store.get([key for key, _ in rows if key])
        parts = []
        for key, own in rows:
            part = Part(*found[key][:PARTS_OF_A_PART]) if key else own
            if key and part.stamp != own:
                return None  # it was worked out anew, in a run over other inputs
            parts.append(Part(*part[:PARTS_OF_A_PART]))
        return Told(parts, {rule.id: rule for rule in rules}, summary_from_plain(summary))

    @property
    def records(self) -> bool:
        """Whether outputs are to be kept."""
        return self._replay_key is not None

    def recording(self) -> Recording:
        """Keeps an output of this run."""
        return Recording(self._secrets or ())

    def record(self, recordings: Sequence[Recording], exit_code: int) -> None:
        """Keep what this run wrote, unless a secret shows in it."""
        if self._replay_key is None or self._store is None:
            return
        outputs = tuple(recording.data() for recording in recordings)
        if not any(recording.is_private for recording in recordings):
            self._store.put(self._replay_key, (False, outputs, exit_code, *self._besides()))

    def record_parts(self, told: "Told") -> None:
        """Keep which parts the outputs had and what they come to, unless a secret shows there."""
        if self._replay_key is None or self._store is None or not told.may_be_kept:
            return
        from seawall.engine.parts import summary_to_plain  # noqa: PLC0415 - loaded already

        summary = summary_to_plain(told.summary)
        if telltale(self._secrets or ())(repr(summary).encode("utf-8", "surrogatepass")):
            return
        rows = [(key, stamp if key else (own, stamp)) for own, stamp, key in told.parts]
        self._store.put(self._replay_key, (True, rows, summary, *self._besides()))

    def _besides(self) -> tuple[tuple["Condition", ...], tuple[str, ...]]:
        return tuple(self.conditions), tuple(self.lasting_notes)

    def knows(self, secrets: Collection[Redacted], files: Iterable[str] = ()) -> None:
        """Keep nothing that shows one of these: to be told before anything is to be kept.

        What a file holds is read before it is known what is secret in another one, so values are
        looked at when they are written (``Cache.withhold``). Of the ``files`` in which they were
        found nothing is kept that tells of their contents, for there they may stand encoded, or be
        words like others.
        """
        self._secrets = {*(self._secrets or ()), *secrets}
        self._private_files.update(files)

    def forget_outputs(self) -> None:
        """Do not keep the outputs: they rest on what an equal run may not find again."""
        self._replay_key = None
