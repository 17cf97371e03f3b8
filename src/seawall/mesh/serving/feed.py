"""The configuration of one proxy over time: what it was sent, what it took, what it refused.

A proxy that refuses a configuration keeps the last one that it took, and so do we: new streams of
it get that one until there is a newer. Of a newer configuration only those types are sent of which
something has changed: a new certificate changes no listener.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from google.protobuf.any_pb2 import Any as Packed

from seawall.mesh.serving.snapshots import ORDER, SECRETS, Snapshot


class Refusal(NamedTuple):
    """What a proxy said of a configuration that it did not take."""

    version: int
    type: str
    reason: str


class Feed:
    """One proxy's configuration. All methods belong to one event loop."""

    def __init__(self) -> None:
        self.current: Snapshot | None = None
        """What the proxy is to have."""
        self.taken: dict[str, int] = {}
        """By type, the newest version of which the proxy has all."""
        self.since: dict[str, int] = {}
        """By type, the version that brought what is current."""
        self.refusals: list[Refusal] = []
        self._good: Snapshot | None = None
        """The last configuration that the proxy has taken as a whole."""
        self.nacks = 0
        """How many configurations were refused, since we began."""
        self.streams = 0
        """How many streams are open: a proxy has one."""
        self.turn = 0
        """Another number after each change of what is known of the proxy."""
        self._listeners: set[asyncio.Event] = set()
        self._changed = asyncio.Condition()

    async def offer(self, snapshot: Snapshot) -> None:
        """Let the proxy have a newer configuration."""
        before, self.current = self.current, snapshot
        is_other = before is None
        for kind in ORDER:
            was = before.resources.get(kind) if before is not None else None
            # What changes takes along what it may name anew.
            is_other = is_other or was != snapshot.resources.get(kind)
            if is_other:
                self.since[kind] = snapshot.version
            elif before is not None and self.taken.get(kind, -1) >= before.version:
                self.taken[kind] = snapshot.version
        self._note()
        for listener in self._listeners:
            listener.set()
        async with self._changed:
            self._changed.notify_all()

    def _note(self) -> None:
        self.turn += 1
        if self.current is not None and self.has(self.current.version):
            self._good = self.current

    @contextmanager
    def watched(self, event: asyncio.Event) -> Iterator[None]:
        """Have an event set whenever there is a newer configuration."""
        self._listeners.add(event)
        try:
            yield
        finally:
            self._listeners.discard(event)

    async def took(self, kind: str, version: int) -> None:
        """Note that the proxy has taken a version of a type of resources."""
        if self.current is not None and version >= self.since.get(kind, version + 1):
            version = self.current.version  # nothing of it has changed since
        self.taken[kind] = max(version, self.taken.get(kind, 0))
        self._note()
        async with self._changed:
            self._changed.notify_all()

    async def refused(self, refusal: Refusal) -> None:
        """Note that the proxy keeps what it had."""
        self.refusals = [*self.refusals[-9:], refusal._replace(reason=refusal.reason[:500])]
        self.nacks += 1
        self._note()
        async with self._changed:
            self._changed.notify_all()

    def begun(self) -> None:
        """A stream is there, and none was before: it may be another process, that has nothing."""
        self.taken.clear()
        self.turn += 1

    def resources(self, kind: str, current: Snapshot) -> tuple[Mapping[str, Packed], bool]:
        """What a proxy gets of a type, and whether that is what it is to have.

        Where it has refused that, one that is started anew gets what was taken last; secrets and
        the rest are two matters, since secrets come to their end.
        """
        about_secrets = kind == SECRETS
        is_refused = any(
            (own.type == SECRETS) == about_secrets and self._stands(own) for own in self.refusals
        )
        if is_refused and self._good is not None:
            return self._good.resources.get(kind, {}), False
        return current.resources.get(kind, {}), True

    def _stands(self, refusal: Refusal) -> bool:
        """Whether what was refused is what the proxy is to have still."""
        return refusal.version >= self.since.get(refusal.type, refusal.version + 1)

    @property
    def standing_refusals(self) -> list[Refusal]:
        """What it has refused of what it is to have."""
        return [own for own in self.refusals if self._stands(own)]

    def has(self, version: int) -> bool:
        """Whether the proxy has all of a configuration, or of a newer one."""
        kinds = () if self.current is None else self.current.resources
        return bool(kinds) and all(self.taken.get(kind, -1) >= version for kind in kinds)

    def has_secrets(self, version: int) -> bool:
        """Whether it has those of a configuration; where there are none, all of it."""
        if self.current is None or SECRETS not in self.current.resources:
            return self.has(version)
        return self.taken.get(SECRETS, -1) >= version

    def has_refused(self, version: int) -> bool:
        """Whether it has refused some of it."""
        return any(
            own.version == version or (own.version < version and self._stands(own))
            for own in self.refusals
        )

    async def settled(self, version: int) -> bool:
        """Wait until the proxy has taken or refused a configuration; whether it has taken it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.has(version) or self.has_refused(version))
            return self.has(version)
