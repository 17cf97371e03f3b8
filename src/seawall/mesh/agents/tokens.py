"""JWT-SVIDs that an agent keeps: for half of their life the same one does for the same audience."""

from collections.abc import Awaitable, Callable, Sequence

from seawall.core.errors import SeawallError
from seawall.mesh.agents.link import Signed
from seawall.mesh.identity.spiffe_id import SpiffeId

_MOST = 10_000
_LEAST_LEFT = 30
"""Seconds that a token must hold still, to be handed out while the controller is away."""
Asks = Callable[[SpiffeId, Sequence[str]], Awaitable[Signed]]


class Tokens:
    """The tokens of all workloads of a host."""

    def __init__(self, ask: Asks, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._kept: dict[tuple[SpiffeId, tuple[str, ...]], Signed] = {}
        self._keys = ""

    def trust(self, keys: str) -> None:
        """Note which keys vouch for tokens: what was kept may be of one that does so no more."""
        if keys != self._keys:
            self._keys = keys
            self._kept.clear()

    async def get(self, name: SpiffeId, audience: tuple[str, ...]) -> str:
        """A token; the one that is kept where the controller cannot be asked and it holds still."""
        kept, now = self._kept.get((name, audience)), self._clock()
        if kept is not None and now < (kept.issued + kept.ends) / 2:
            return kept.text
        try:
            signed = await self._ask(name, audience)
        except SeawallError:
            if kept is not None and now + _LEAST_LEFT < kept.ends:
                return kept.text
            raise
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[name, audience] = signed
        return signed.text
