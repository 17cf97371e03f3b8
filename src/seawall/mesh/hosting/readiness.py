"""What is waited for while a mesh comes up, or becomes another one."""

import os
import time
from collections.abc import Callable, Sequence

from seawall.mesh.agents import telling
from seawall.mesh.control.operating import OperatorError, look
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.fleet import Fleet
from seawall.mesh.hosting.layout import Layout

READY_WITHIN = 30.0
_ENDS = 3
"""How often a part of the mesh may end while something is waited for."""
_POLL = 0.03


class Readiness:
    """What processes say of themselves."""

    def __init__(self, layout: Layout, fleet: Fleet, *, leads: bool) -> None:
        self._layout = layout
        self._fleet = fleet
        self._leads = leads
        """Whether the controller is on this host."""

    def wait(self, what: str, is_there: Callable[[], bool]) -> None:
        """Wait until something is so; raises :class:`HostError` where it does not become so."""
        deadline = time.monotonic() + READY_WITHIN
        ours = [child for child in self._fleet.children if child.recipe.is_ours]
        before = [child.starts for child in ours]
        while not is_there():
            self._fleet.look_after()
            for child, starts in zip(ours, before, strict=True):
                if child.starts >= starts + _ENDS:
                    raise HostError(
                        f"{child.recipe.name} ends as soon as it is started: "
                        f"{_last_line(child.recipe.log)}"
                    )
            if time.monotonic() > deadline:
                raise HostError(
                    f"{what} did not come up within {READY_WITHIN:g} s: see {self._layout.logs}"
                )
            time.sleep(_POLL)

    def serves(self) -> bool:
        """Whether the controller serves agents."""
        if not os.path.exists(self._layout.operator):
            return False
        try:
            return bool(look(self._layout.operator)["serves"])
        except OperatorError:
            return False

    def are_ready(self, names: Sequence[str]) -> bool:
        """Whether the proxies of some workloads of this host have their configuration.

        Raises :class:`HostError` where one does not take it: nothing else comes of waiting.
        """
        try:
            status = (
                look(self._layout.operator)
                if self._leads
                else telling.read(self._layout.agent_status) or {}
            )
        except OperatorError:
            return False
        found = status.get("workloads", {})
        standings = {name: found.get(name, {}).get("standing") for name in names}
        for name, own in standings.items():
            # An agent of the release before, and what it has left in its file, does not say why.
            if own is not None and (why := own.get("why")):
                raise HostError(f"{name} does not take it: {why}; correct the file")
        return all(own is not None and own["generation"] >= 0 for own in standings.values())

    def is_pushed(self) -> bool:
        """Whether all proxies are to have what was declared; raises where one does not take it.

        Of another host's controller nothing is known here.
        """
        if not self._leads:
            return True
        try:
            push = look(self._layout.operator)["push"]
        except OperatorError:
            return False
        if push and push["fault"]:
            raise HostError(f"{push['fault']}; all others keep what they had: correct the file")
        return not push


def _last_line(path: str) -> str:
    """The last thing that a log says."""
    with open(path, encoding="utf-8", errors="replace") as stream:
        lines = stream.read().strip().splitlines()
    return lines[-1][-500:] if lines else f"without a word, see {path}"
