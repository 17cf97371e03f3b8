"""What the cache knows of texts: in which of them nothing was found.

It rests on the bytes of a text, its path (a test or a manual is judged otherwise) and the rules. Of
a text that holds something only that is kept, never what.
"""

from collections.abc import Sequence

from seawall.cache import Store, digest
from seawall.engine.credentials.sweep import Entry, Swept
from seawall.engine.remembering import groups_of
from seawall.sources.files import STDIN


class KnownTexts:
    """What earlier runs with the same rules found out."""

    def __init__(self, store: Store, code: bytes, rules: bytes) -> None:
        """``code`` changes with the program, ``rules`` with what a run searches with."""
        self._store = store
        self._rules = digest(b"texts", code, rules)

    def has_seen(self, targets: Sequence[str]) -> bool:
        """Whether these targets were searched before, so that most texts may be known."""
        key = self._key_of(targets)
        return key in self._store.get([key])

    def note(self, targets: Sequence[str]) -> None:
        """Remember that they were."""
        if not self.has_seen(targets):
            self._store.put(self._key_of(targets), 1)

    def _key_of(self, targets: Sequence[str]) -> bytes:
        names = (item.encode("utf-8", "surrogatepass") for item in targets)
        return digest(self._rules, b"seen", *names)

    def states(self, entries: Sequence[Entry], swept: Sequence[Swept]) -> list[int | None]:
        """What is known of each text, by the digests that were made of them."""
        groups = self._groups(entries, swept)
        found = self._store.get([key for key, _ in groups])
        result: list[int | None] = [None] * len(entries)
        for key, group in groups:
            states = found.get(key, b"")
            if isinstance(states, bytes) and len(states) == len(group):
                for number, state in zip(group, states, strict=True):
                    result[number] = state
        return result

    def learn(
        self, entries: Sequence[Entry], swept: Sequence[Swept], known: Sequence[int | None]
    ) -> None:
        """Remember what was found out; ``known`` is what was known before."""
        for key, group in self._groups(entries, swept):
            if any(swept[n].failed or entries[n].file.real == STDIN for n in group):
                continue
            states = bytes(swept[number].state for number in group)
            if list(states) != [known[number] for number in group]:
                self._store.put(key, states)

    def _groups(
        self, entries: Sequence[Entry], swept: Sequence[Swept]
    ) -> list[tuple[bytes, list[int]]]:
        """Texts that are remembered as one, with the key of each group."""
        paths = [entry.file.path for entry in entries]
        rows = [
            b"%s\0%s" % (path.encode("utf-8", "surrogatepass"), item.digest)
            for path, item in zip(paths, swept, strict=True)
        ]
        return [
            (digest(self._rules, *(rows[number] for number in group)), group)
            for group in groups_of(paths)
        ]
