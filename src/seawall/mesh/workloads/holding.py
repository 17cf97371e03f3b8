"""What a workload holds now, and whoever waits to hear of what is newer."""

import asyncio
from typing import NamedTuple

from cryptography import x509

from seawall.mesh.identity.keys import PrivateKey
from seawall.mesh.identity.spiffe_id import SpiffeId


class Holding(NamedTuple):
    """A workload's identity, whole."""

    id: SpiffeId
    chain: tuple[x509.Certificate, ...]
    """Leaf first."""
    key: PrivateKey
    ends: int
    roots: tuple[x509.Certificate, ...]
    token_keys: str
    """The keys that vouch for tokens, as a JWK Set."""


class Holder:
    """One workload's identity over time. All methods belong to one event loop."""

    def __init__(self) -> None:
        self.current: Holding | None = None
        self.refused = ""
        """Why the workload is to have none; empty where it only has none yet."""
        self.number = 0
        """Counts what was offered."""
        self._changed = asyncio.Condition()

    async def offer(self, holding: Holding | None, refused: str = "") -> None:
        """Let the workload have something newer; nothing, where it is refused."""
        if (holding, refused) == (self.current, self.refused):
            return
        async with self._changed:
            self.current, self.refused = holding, refused
            self.number += 1
            self._changed.notify_all()

    async def after(self, seen: int) -> int:
        """The number of what is current, once it is another one than what was seen."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.number != seen)
            return self.number
