"""Another declaration comes to a few proxies first, and to the others when those have taken it.

Whoever has it first is one of each kind of proxy that it changes something for: a workload's, an
exit's, a gateway's. They have to take all of it and to stay for a moment. One that refuses it, or
goes away with it, stops the push: it gets back what it had, and the others never hear of it.

That is about what is declared: policy, workloads, the world outside. Certificates, roots and
revocations go out at once, and so do addresses. So does all to a proxy that is new, which has
nothing to go back to.
"""

from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import NamedTuple

from seawall.mesh.control.messages import UNTOLD, Plain, Standing
from seawall.mesh.plan.edges import GATEWAY, is_exit

STAYS = 1.0
"""Seconds that a proxy has to stay connected after it has taken all."""
PATIENCE = 15.0
"""Seconds in which it has to have done so."""
_MOST_LOST = 2
"""Proxies that may go away one after the other: each host may be restarted at the wrong time."""


def number_of(*declared: object) -> str:
    """What a declaration is called: the same one has the same name, also after a restart."""
    return sha256(repr(declared).encode()).hexdigest()[:16]


class _Try(NamedTuple):
    """Who has it first."""

    names: frozenset[str]
    since: float
    taken_at: float | None = None
    """Since when all of them have it."""


_NOBODY = _Try(frozenset(), 0.0)


class Push:
    """The way of one declaration to all."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.fault = ""
        """Why it does not go on; empty where it does."""
        self._try = _NOBODY
        self._lost: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The workloads whose proxies have it before others."""
        return self._try.names

    def look(
        self, standings: Mapping[str, Standing], concerns: Collection[str], now: float
    ) -> bool:
        """Go on if it is time; whether all may have it now.

        ``concerns`` are the workloads for which it changes something; ``now`` is of a steady clock.
        """
        if self.fault:
            return False
        if not concerns:
            return True
        if not self.names:
            return self._begin(standings, concerns, now)
        if not self.names.issubset(standings):  # taken out of the mesh
            self._try = _NOBODY
            return False
        return self._tried({name: standings[name] for name in self.names}, now)

    def _begin(
        self, standings: Mapping[str, Standing], concerns: Collection[str], now: float
    ) -> bool:
        here = [name for name in sorted(concerns) if standings[name].is_connected]
        telling = [name for name in here if standings[name].declared != UNTOLD]
        if here and not telling:
            return True  # agents of the release before do not say what proxies have taken
        chosen: dict[str, str] = {}
        for name in telling:
            if name not in self._lost:
                chosen.setdefault(_kind(name), name)
        self._try = _Try(frozenset(chosen.values()), now)
        return False

    def _tried(self, tries: Mapping[str, Standing], now: float) -> bool:
        for name, own in sorted(tries.items()):
            if own.refuses == self.number:
                self._stop(f"{name} does not take it: {own.fault}")
                return False
        missing = [
            name for name, own in sorted(tries.items())
            if not own.is_connected or own.declared != self.number
        ]  # fmt: skip
        if not missing:
            since = now if self._try.taken_at is None else self._try.taken_at
            self._try = self._try._replace(taken_at=since)
            return now - since >= STAYS
        self._try = self._try._replace(taken_at=None)
        if now - self._try.since >= PATIENCE:
            self._lost |= frozenset(missing)
            if len(self._lost) >= _MOST_LOST:
                names = " and ".join(sorted(self._lost))
                self._stop(f"{names} went away with it, or never took it")
            else:
                self._try = _NOBODY
        return False

    def _stop(self, why: str) -> None:
        self.fault, self._try = why, _NOBODY

    def told(self) -> Plain:
        """How it stands, for people."""
        return {"number": self.number, "tries": sorted(self.names), "fault": self.fault}


def _kind(name: str) -> str:
    if is_exit(name):
        return "exit"
    return GATEWAY if name == GATEWAY else "workload"
