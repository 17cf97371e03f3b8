"""What a controller does by itself: issuers give way in time, and rotations go on."""

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any

from seawall.core.errors import SeawallError
from seawall.mesh.authority import external, rotation, tokens
from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.errors import LostError
from seawall.mesh.authority.upstream import UpstreamError, upstream_of
from seawall.mesh.control import declaring
from seawall.mesh.control.service import Controller
from seawall.mesh.identity.errors import IdentityError

_TICK = 0.2
_LONGEST_TICK = 30.0
"""Seconds between tries while the store cannot be written."""
_TIDY_EVERY = 600
"""Seconds between looks for what is to be forgotten: certificates that ended a day ago."""
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 150.0
"""Seconds before an issuer outside of the mesh is asked again; twice as long each time."""
BY_HAND = "carry the request there: seawall mesh ca request, ca sign, ca install"


class Turning:
    """The turns of one controller."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._seen = rotation.generation_of(controller.authority.store)
        self._tidy_at = 0

    async def run(self) -> None:
        """Turn until cancelled."""
        asking = asyncio.ensure_future(self._ask_issuer())
        try:
            wait = _TICK
            while not asking.done():
                await asyncio.sleep(wait)
                try:
                    await self._turn()
                    wait = _TICK
                except LostError:
                    raise
                except SeawallError as error:
                    # Nothing is signed, but what can be read is told still.
                    wait = min(wait * 2, _LONGEST_TICK)
                    sys.stderr.write(f"seawall: {error}\n")
                    sys.stderr.flush()
            asking.result()
        finally:
            asking.cancel()

    async def _turn(self) -> None:
        authority = self._controller.authority
        laggards = self._controller.registry.laggards
        if not self._controller.issuer:
            rotation.renew(authority)
        rotation.advance(authority, laggards)
        if tokens.is_due(authority):
            tokens.rotate(authority)
        tokens.advance(authority, laggards)
        await self._tell()
        await self._push()
        now = authority.clock()
        if now >= self._tidy_at or self._tidy_at > now + _TIDY_EVERY:
            self._tidy_at = now + _TIDY_EVERY
            authority.tidy()

    async def _tell(self) -> None:
        """Let agents know of a step that anybody with this store has made."""
        generation = rotation.generation_of(self._controller.authority.store)
        if generation != self._seen:
            self._seen = generation
            await self._controller.changed()

    async def _push(self) -> None:
        """Let another declaration go on its way to all, if it is time."""
        if declaring.go_on(self._controller):
            await self._controller.changed()

    async def _ask_issuer(self) -> None:
        """Have the intermediate renewed by an issuer outside of the mesh, again and again."""
        settings, authority = self._controller.issuer, self._controller.authority
        if not settings:
            await asyncio.Event().wait()
        wait = _FIRST_WAIT
        while True:
            if not external.is_due(authority) or await ask_once(authority, settings):
                wait = _FIRST_WAIT
                await asyncio.sleep(wait)
                continue
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)


async def ask_once(authority: Authority, settings: Mapping[str, Any]) -> bool:
    """Ask the issuer for what is due; whether it has signed. Why it has not is noted."""
    upstream = upstream_of(settings)
    request = external.request_of(authority)
    if upstream is None:
        external.note_fault(authority, BY_HAND)
        return False
    lifetime = authority.lifetimes.intermediate
    try:
        signed = await asyncio.to_thread(upstream.sign, request, lifetime)
        external.install(authority, signed)
    except (UpstreamError, IdentityError) as error:
        external.note_fault(authority, str(error))
        return False
    return True


async def ask_until_signed(controller: Controller) -> None:
    """Wait for the issuer where there is no intermediate now: without one nothing can be served."""
    authority, wait = controller.authority, _FIRST_WAIT
    while not external.is_served(authority):
        await ask_once(authority, controller.issuer)
        await asyncio.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)


def ask_first(authority: Authority, settings: Mapping[str, Any], patience: float) -> str:
    """Ask for the very first intermediate; why there is none yet, or nothing."""
    deadline = time.monotonic() + patience
    while not asyncio.run(ask_once(authority, settings)):
        if time.monotonic() > deadline or settings["type"] == "offline":
            return external.fault(authority)
        time.sleep(_FIRST_WAIT / 2)
    return ""
