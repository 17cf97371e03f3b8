"""Objects of one kind as the API server has them: listed once, then followed by a watch.

As clients are told to do (API concepts, "Efficient detection of changes"): a watch goes on from the
last version that was seen, whenever it ends; when that version is gone (410), all is listed anew.
Whatever happens, what is known stays until there is something newer.
"""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from seawall.mesh.cluster.api import Api, Event
from seawall.mesh.cluster.errors import ClusterError, GoneError
from seawall.text.values import Map, mapping, text

SHORTEST, LONGEST = 240, 300
"""Seconds of one watch, spread so that many do not end at once."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds before another try after a failure."""
_BETWEEN = 0.2
"""Seconds between two watches at least: one that ends at once is not asked for all the time."""
MOST = 500_000

T = TypeVar("T")


class Mirror(Generic[T]):
    """All objects of a kind that are of interest."""

    def __init__(
        self,
        api: Api,
        path: str,
        read: Callable[[Map], T | None],
        changed: Callable[[], None],
        say: Callable[[str], None],
        **query: str,
    ) -> None:
        """``read`` makes of an object what is kept of it, or ``None``; ``changed`` is told."""
        self.items: dict[tuple[str, str], T] = {}
        """By namespace and name."""
        self.is_known = False
        """Whether all have been listed once."""
        self.failures = 0
        self._api = api
        self._path = path
        self._read = read
        self._changed = changed
        self._say = say
        self._query = query
        self._version = ""

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            started = time.monotonic()
            try:
                if not self._version:
                    await self._list()
                await self._watch()
            except GoneError:
                self._version = ""
                await asyncio.sleep(random.uniform(0, FIRST_WAIT))  # noqa: S311 - spreads work
            except ClusterError as error:
                self._say(f"{self._path}: {error}")
                self.failures += 1
                wait = min(FIRST_WAIT * 2 ** min(self.failures - 1, 10), LONGEST_WAIT)
                await asyncio.sleep(wait * random.uniform(0.5, 1))  # noqa: S311
            await asyncio.sleep(max(0.0, _BETWEEN - (time.monotonic() - started)))

    async def _list(self) -> None:
        found: dict[tuple[str, str], T] = {}
        version = ""
        async for page in self._api.pages(self._path, **self._query):
            version = page.version
            for own in page.objects:
                kept = self._read(own)
                if kept is not None:
                    found[_key(own)] = kept
            if len(found) > MOST:
                raise ClusterError(f"more than {MOST} objects: one controller is too few for that")
        is_news = found != self.items or not self.is_known
        self.items, self._version, self.is_known = found, version, True
        self.failures = 0
        if is_news:
            self._changed()

    async def _watch(self) -> None:
        seconds = random.randint(SHORTEST, LONGEST)  # noqa: S311
        async for event in self._api.watch(self._path, self._version, seconds, **self._query):
            self.failures = 0
            version = text(mapping(event.object, "metadata"), "resourceVersion")
            if version:
                self._version = version
            self._take(event)

    def _take(self, event: Event) -> None:
        if event.type not in ("ADDED", "MODIFIED", "DELETED"):
            return  # a bookmark has a version only, and what we do not know we pass over
        key = _key(event.object)
        kept = None if event.type == "DELETED" else self._read(event.object)
        before = self.items.get(key)
        if kept is None:
            self.items.pop(key, None)
        else:
            self.items[key] = kept
        if kept != before:
            self._changed()


def _key(own: Map) -> tuple[str, str]:
    metadata = mapping(own, "metadata")
    return text(metadata, "namespace"), text(metadata, "name")
