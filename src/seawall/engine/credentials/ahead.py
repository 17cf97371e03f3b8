"""Has other processes search the files of a walk while it still goes on.

Most files of a tree are read by nobody else, which their names tell: nothing has to be known of the
others before these are searched.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.engine.portions import Portions
from seawall.engine.progress import Step
from seawall.engine.workers import processors
from seawall.sources.files import SourceFile

if TYPE_CHECKING:
    from seawall.core.rule import Rule
    from seawall.engine.credentials.known import KnownTexts
    from seawall.engine.credentials.sweep import Entry, Sweep, Swept
    from seawall.engine.options import Options
    from seawall.engine.run import Run

ENOUGH = 256
"""Files from which another process is worth its start."""
_PORTION = 24
"""Files that a process takes at once: so few that all processes end at about the same time."""
_LARGE = 1 << 30
"""Bytes for which everything is worth its start: nobody knows yet how many there are."""


class Ahead:
    """A search that begins before all files are known.

    It is told of the files that nobody else reads while they are met, then, once, of all others.
    """

    def __init__(self, options: "Options", run: "Run") -> None:
        self._options = options
        self._run = run
        self._rules: Mapping[str, Rule] = {}
        self._waiting: list[SourceFile] = []
        self._enough = ENOUGH if _may_begin(options, run) else 0
        self._portions: Portions[Entry, Swept] | None = None
        self._sweep: Sweep | None = None
        self._step = Step(None, "", 0)
        self.paths: dict[str, None] = {}
        """Of the files that were handed over while they were met, in their order."""
        self.known: KnownTexts | None = None
        """What the cache knows of texts."""
        self.searches = True
        """Whether texts are searched, or only hashed, since most may be known."""

    @property
    def has_begun(self) -> bool:
        """Whether there were enough files."""
        return self._portions is not None

    def met(self, file: SourceFile) -> None:
        """A file that nobody else reads."""
        self._waiting.append(file)
        if len(self._waiting) >= self._enough > 0:
            self._hand_over()

    def _hand_over(self) -> None:
        from seawall.engine.credentials.sweep import UNKNOWN, Entry  # noqa: PLC0415 - many files

        if self._portions is None:
            self._begin()
        files, self._waiting = self._waiting, []
        if self._portions is None:
            return
        self.paths.update(dict.fromkeys([file.path for file in files]))
        for start in range(0, len(files), _PORTION):
            portion = files[start : start + _PORTION]
            self._portions.add([Entry(file, None, UNKNOWN) for file in portion])

    def _begin(self) -> None:
        from seawall.engine.credentials import searching  # noqa: PLC0415 - many files
        from seawall.engine.credentials.sweep import to_plain  # noqa: PLC0415 - as above

        self._options, self._rules = searching.chosen(self._options)
        self._enough = _PORTION if self._rules else 0
        if not self._rules:
            return
        self._ask_cache()
        if self.searches:
            searching.searcher(self._options, _LARGE)  # once, for all processes

        def work(portions: "Iterator[Sequence[Entry]]") -> "list[list[Swept]]":
            return self._own_sweep.look_at(portions, self._step)

        def receive(plain: Any) -> "Swept":
            return self._own_sweep.received(plain)

        workers = self._options.workers or processors()
        self._portions = Portions((), workers, work, to_plain, receive, (_pack, _unpack))
        self._run.closes(self._portions)

    def _ask_cache(self) -> None:
        """Whether most texts may be known."""
        store = self._run.store()
        if store is None:
            return
        from seawall.engine.credentials.known import KnownTexts  # noqa: PLC0415 - sqlite3
        from seawall.engine.credentials.searching import state, targets  # noqa: PLC0415

        self.known = KnownTexts(store, self._run.code, state(self._options))
        self.searches = not self.known.has_seen(targets(self._options))

    @property
    def _own_sweep(self) -> "Sweep":
        """What looks at files; each process makes its own of what was loaded before."""
        if self._sweep is None:
            from seawall.engine.credentials.searching import sweep  # noqa: PLC0415 - as above
            from seawall.engine.source import FileSystem  # noqa: PLC0415 - loaded already

            self._sweep = sweep(
                FileSystem(self._options), self._options, self._rules, _LARGE,
                searches=self.searches, hashes=self.known is not None,
            )  # fmt: skip
        return self._sweep

    def others(self, entries: Sequence["Entry"]) -> "Callable[[], list[Swept]]":
        """Look at all files that were not met, too; what is given waits for what became of each.

        Whatever has been read is looked at as it was read.
        """
        from seawall.engine.credentials.sweep import STEP, portions_of  # noqa: PLC0415 - as above

        portions = self._portions
        if portions is None:
            raise ValueError("nothing has begun; ask has_begun first")
        self._step = Step(self._run.progress, STEP, len(entries))
        rest = [one for one in entries if one.data is not None or one.file.path not in self.paths]
        for portion in portions_of(rest):
            portions.add(portion)
        paths = [*self.paths, *(entry.file.path for entry in rest)]

        def results() -> "list[Swept]":
            found = dict(zip(paths, portions.results(), strict=True))
            return [found[entry.file.path] for entry in entries]

        return results


def _may_begin(options: "Options", run: "Run") -> bool:
    workers = options.workers or processors()
    return options.secrets and run.looks is None and workers > 1 and hasattr(os, "fork")


def _pack(entry: "Entry") -> Any:
    file = entry.file
    return file.path, file.real, entry.data, entry.size


def _unpack(plain: Any) -> "Entry":
    from seawall.engine.credentials.sweep import Entry  # noqa: PLC0415 - many files

    path, real, data, size = plain
    return Entry(SourceFile(path, real, "", named=False, context=False), data, size)
