"""The configuration of one proxy over time: what it was sent, what it took, what it refused.

A proxy that refuses a configuration keeps the last one that it took, and so do we: new streams of
it get that one until there is a newer.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from google.protobuf.any_pb2 import Any as Packed

from seawall.mesh.serving.snapshots import SECRETS, Snapshot


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
        """By type, the newest version that the proxy has taken."""
        self.refusals: list[Refusal] = []
        self._good: Snapshot | None = None
        """The last configuration that the proxy has taken as a whole."""
        self.nacks = 0
        """How many configurations were refused, since we began."""
        self.streams = 0
        """How many streams are open: a proxy has one."""
        self._changed = asyncio.Condition()

    async def offer(self, snapshot: Snapshot) -> None:
        """Let the proxy have a newer configuration."""
        async with self._changed:
            self.current = snapshot
            self._changed.notify_all()

    async def after(self, seen: Mapping[str, int]) -> Snapshot:
        """The current configuration, once it is another one than what was seen of all types."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_news(seen))
            assert self.current is not None  # noqa: S101 - news is something
            return self.current

    def _is_news(self, seen: Mapping[str, int]) -> bool:
        current = self.current
        return current is not None and any(seen.get(kind, -1) < current.version for kind in seen)

    async def took(self, kind: str, version: int) -> None:
        """Note that the proxy has taken a version of a type of resources."""
        async with self._changed:
            self.taken[kind] = max(version, self.taken.get(kind, 0))
            if self.current is not None and self.has(self.current.version):
                self._good = self.current
            self._changed.notify_all()

    async def refused(self, refusal: Refusal) -> None:
        """Note that the proxy keeps what it had."""
        async with self._changed:
            self.refusals = [*self.refusals[-9:], refusal._replace(reason=refusal.reason[:500])]
            self.nacks += 1
            self._changed.notify_all()

    def begun(self) -> None:
        """A stream is there, and none was before: it may be another process, that has nothing."""
        self.taken.clear()

    def resources(self, kind: str, current: Snapshot) -> tuple[Mapping[str, Packed], bool]:
        """What a proxy gets of a type, and whether that is what it is to have.

        Where it has refused that, one that is started anew gets what was taken last; secrets and
        the rest are two matters, since secrets come to their end.
        """
        about_secrets = kind == SECRETS
        is_refused = any(
            own.version == current.version and (own.type == SECRETS) == about_secrets
            for own in self.refusals
        )
        if is_refused and self._good is not None:
            return self._good.resources.get(kind, {}), False
        return current.resources.get(kind, {}), True

    def has(self, version: int) -> bool:
        """Whether the proxy has all of a configuration, or of a newer one."""
        kinds = () if self.current is None else self.current.resources
        return bool(kinds) and all(self.taken.get(kind, -1) >= version for kind in kinds)

    def has_refused(self, version: int) -> bool:
        """Whether it has refused some of it."""
        return any(refusal.version == version for refusal in self.refusals)

    async def settled(self, version: int) -> bool:
        """Wait until the proxy has taken or refused a configuration; whether it has taken it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.has(version) or self.has_refused(version))
            return self.has(version)
