"""Another Envoy in the place of one that runs, without a request that fails.

The new one is started beside the old one, on the same ports and sockets: the kernel spreads new
connections over both. When it is ready the old one listens no more, and what has come to it and was
not taken yet goes to the new one (net.ipv4.tcp_migrate_req). It ends its connections over HTTP with
their next answers, and itself when nothing of it is under way, or when the time is over.
"""

import contextlib
import os
import time
from collections.abc import Callable
from typing import NamedTuple

from seawall.mesh.hosting import administration
from seawall.mesh.hosting.children import Child, stop_all
from seawall.mesh.hosting.errors import HostError

READY_WITHIN = 30.0
_POLL = 0.05
_IDLE_WITHIN = 10.0
"""Seconds that kept connections have to end of themselves, when requests come over them."""


class Replaced(NamedTuple):
    """What came of it."""

    name: str
    seconds: float
    left: int
    """Requests and connections that were cut, since the time was over."""


def replace(
    old: Child, new: Child, admin: str, within: float, adopt: Callable[[], None]
) -> Replaced:
    """Start a new proxy and end the old one; raises where the new one fails.

    ``adopt`` is called as soon as the new one stands in the old one's place. Before that nothing
    has changed: the old one goes on, as if nobody had asked.
    """
    begun = time.monotonic()
    aside = f"{admin}.old"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(aside)
    os.rename(admin, aside)  # who is connected to it by this name from now on is the new one
    try:
        new.start()
        wait_until_ready(new, admin, time.monotonic() + READY_WITHIN)
    except BaseException:
        stop_all([new])
        with contextlib.suppress(FileNotFoundError):
            os.unlink(admin)
        os.rename(aside, admin)
        raise
    adopt()
    administration.drain(aside)
    administration.stop_listening(aside)
    # A connection over HTTP without a request is one that may have one on its way.
    administration.wait_until_idle(
        [aside], min(_IDLE_WITHIN, within), lambda: not old.pid,
        connected=True,
    )  # fmt: skip
    left = administration.wait_until_idle(
        [aside], max(0.0, within - _IDLE_WITHIN), lambda: not old.pid
    )
    stop_all([old])
    with contextlib.suppress(FileNotFoundError):
        os.unlink(aside)
    return Replaced(new.recipe.name, time.monotonic() - begun, left)


def wait_until_ready(new: Child, admin: str, deadline: float) -> None:
    """Wait until a proxy has its configuration; raises where it ends, or is not ready in time."""
    while not administration.is_ready(admin):
        if not new.pid:
            raise HostError(
                f"the new {new.recipe.name} ends as soon as it is started: see {new.recipe.log}; "
                "the old one goes on"
            )
        if time.monotonic() > deadline:
            raise HostError(
                f"the new {new.recipe.name} was not ready within {READY_WITHIN:g} s: see "
                f"{new.recipe.log}; the old one goes on"
            )
        time.sleep(_POLL)
