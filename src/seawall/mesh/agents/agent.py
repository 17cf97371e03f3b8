"""The agent: it follows the controller's orders for the workloads of its host.

Without the controller it goes on with what it has, until certificates end; it never invents
anything. Its own certificate is renewed as those of workloads are.
"""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Mapping,
    Sequence,
)
from typing import Any

from cryptography import x509

from seawall.core.errors import SeawallError
from seawall.mesh.agents import cutting
from seawall.mesh.agents.charge import Charge
from seawall.mesh.agents.link import Joined, Link, LinkError, Pair, Refusal, Signed, expires_soon
from seawall.mesh.agents.renewal import due_at, retry_after
from seawall.mesh.agents.tokens import Tokens
from seawall.mesh.control.messages import (
    Orders,
    Plain,
    Report,
    Standing,
    orders_from_plain,
    report_to_plain,
)
from seawall.mesh.control.names import agent_id
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.edges import is_exit
from seawall.mesh.plan.model import Known, View

Say = Callable[[str], None]
Keep = Callable[[Sequence[x509.Certificate]], None]
"""Writes down the roots that are trusted from now on."""
ComesBack = Callable[[], Awaitable[Joined]]
"""Joins again, with a key that was kept; raises :class:`SeawallError`."""
_TRY_TO_COME_BACK = 5
"""Failures in a row after which that is tried although the certificate holds still."""
_PAUSES = (5.0, 0.4)
"""The longest times in seconds between attempts to reach a controller: of another host, which many
call at once, and of this one."""
_REPORT_EVERY = 5.0
_WHOLE_EVERY = 30.0
"""Seconds after which all is reported again: the controller may have passed over some of it."""
_TOGETHER = 0.05
"""Seconds that changes are gathered for before they are reported."""
_MOST_AT_ONCE = 1000
_PART = 100
"""Certificates that are asked for in one message."""
_Due = tuple[Charge, View]
_LOOK_EVERY = 1.0
"""Seconds between looks for identities that have ended."""
REVOKED = "revoked"
"""Why connections of a peer are ended."""


class Agent:
    """One host's agent. All its methods belong to one event loop."""

    def __init__(
        self,
        host: str,
        trust_domain: SpiffeId,
        address: str,
        charges: Mapping[str, Charge],
        own: Pair,
        bundle: Sequence[x509.Certificate],
        say: Say = lambda _: None,
        clock: Callable[[], float] = time.time,
        cutter: str = "",
        back: ComesBack | None = None,
        keep: Keep = lambda _: None,
    ) -> None:
        self.host = host
        self.charges = charges
        self.own = own
        self.bundle = tuple(bundle)
        self.orders: Orders | None = None
        self._trust_domain = trust_domain
        self.fault = ""
        """Why there is no connection to the controller; empty while there is one."""
        self._addresses = address.split()
        """Those of all controllers: the one that does not lead is not to be reached."""
        self._back = back
        self._keep = keep
        self._say = say
        self._clock = clock
        self._link: Link | None = None
        self._tokens = Tokens(self._ask_for_token, clock)
        self._cutter = cutter
        """The socket of who can end connections; empty where there is none."""
        self._watch = cutting.Watch()
        self._random = random.Random()  # noqa: S311 - spreads work, hides nothing
        self._wake = asyncio.Event()
        """Set when something is to be done: there are orders, or a renewal is due."""
        self._ordered = asyncio.Event()
        """Set when there are other orders."""
        self._news = asyncio.Event()
        """Set when something is to be reported."""

    async def run(self) -> None:
        """Follow the controller until cancelled, through all its absences."""
        await _first_of(self._follow_always(), self._end_connections())

    async def _follow_always(self) -> None:
        failures = 0
        while True:
            address = self._addresses[failures % len(self._addresses)]
            self._link = link = Link(address, self.bundle, self.own)
            started, broke = self._clock(), False
            try:
                await self._follow(link)
            except SeawallError as error:  # also what does not fit: what was brought stays
                broke = True
                self.fault = str(error)
                self._say(str(error))
            finally:
                self._link = None
                await link.close()
            if not broke:  # it has a new certificate of its own, and comes back with that
                failures = 0
                continue
            failures = 0 if self._clock() - started > _REPORT_EVERY else failures + 1
            has_ended = self._clock() > self.own.validity.end
            is_time = has_ended or (failures and failures % _TRY_TO_COME_BACK == 0)
            if is_time and await self._come_back(must=has_ended):
                failures = 0
            longest = _PAUSES[address.startswith("unix:")]
            await asyncio.sleep(min(0.2 * 2 ** min(failures, 6), longest))

    async def _come_back(self, *, must: bool) -> bool:
        """Join again without a token: the own certificate has ended, or is not taken any more.

        Whether that was done; where it ``must`` be, it is said why not.
        """
        if self._back is None:
            if must:
                raise LinkError(
                    "the agent's own certificate has ended while the controller was away: start it "
                    "again with a new token"
                )
            return False
        try:
            self.own, bundle = await self._back()
        except SeawallError as error:
            if must:
                self.fault = str(error)
                self._say(str(error))
            return False
        self.bundle = tuple(bundle)
        return True

    async def take(self, charges: Mapping[str, Charge]) -> None:
        """Take care of these workloads from now on."""
        self.charges = charges
        await self.bring()
        self._wake.set()
        self._news.set()

    async def sign(self, name: SpiffeId, audience: Sequence[str]) -> str:
        """A JWT-SVID for one of the workloads; raises :class:`LinkError`."""
        return await self._tokens.get(name, tuple(audience))

    async def _ask_for_token(self, name: SpiffeId, audience: Sequence[str]) -> Signed:
        if self._link is None:
            raise LinkError("the controller is away: ask again in a while")
        return await self._link.token(name, audience)

    async def _follow(self, link: Link) -> None:
        """One connection: until it breaks, or the agent's own certificate is another one."""
        pair = self.own
        await _first_of(self._take_orders(link), self._renew(link, pair))

    async def _take_orders(self, link: Link) -> None:
        async for plain in link.follow(self._reports()):
            orders = orders_from_plain(plain, self.orders)
            newest = self.orders.term if self.orders is not None else 0
            if 0 < orders.term < newest:  # it hung, and goes on without having noticed
                raise LinkError("this controller leads no more: another one does")
            bundle = tuple(certificates.from_pem(orders.bundle.encode()))
            if bundle != self.bundle:  # before anything is acknowledged: else it may not come back
                self._keep(bundle)
            self.orders, self.bundle, self.fault = orders, bundle, ""
            self._tokens.trust(orders.token_keys)
            if self._watch.came_back(orders):
                self._try_again()
            await self.prepare(self.orders)
            await self.bring()
            self._wake.set()
            self._ordered.set()

    def _try_again(self) -> None:
        """Ask anew for what was refused: somebody may have what was taken from them again."""
        for charge in self.charges.values():
            if charge.failures:
                charge.renew_at = 0.0

    async def _end_connections(self) -> None:
        """Act when the time of something is over.

        That is a revoked peer's, an identity's that has ended, and that of taking plaintext.
        """
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await self._ordered.wait()
            self._ordered.clear()
            orders = self.orders
            if orders is None:
                continue
            if any(0 < charge.strict_at <= self._clock() for charge in self.charges.values()):
                await self.bring()
            # Who reaches an exit is on its host, and is cut off there.
            names = [own.own.name for own in orders.views if not is_exit(own.own.name)]
            await self._cut(names, self._watch.revoked(orders), REVOKED)
            await self._end_of_others(orders)
            for own in self._watch.ended(orders, self._clock()):
                names = cutting.long_lived(orders.views, own)
                await self._cut(names, [own], "its identity has ended")

    async def _end_of_others(self, orders: Orders) -> None:
        """End connections with a name that is good for nothing, from wherever they come."""
        worthless = cutting.worthless(orders, self._clock())
        for view in orders.views if any(worthless) else ():
            charge = self.charges.get(view.own.name)
            if charge is None:
                continue
            names = worthless.to(view)
            peers = charge.live.of(names) if names else []
            if peers:
                outcome = await cutting.ask(self._cutter, charge.name, peers, ", ".join(names))
                if not outcome.left:
                    charge.live.forget(peers)

    async def _cut(self, names: Sequence[str], peers: Sequence[Known], why: str) -> None:
        if not peers:
            return
        about = f"{', '.join(str(own.id) for own in peers)}: {why}"
        left = await cutting.cut(self._cutter, self.charges, names, peers, about)
        for name in left:
            self._say(f"{name}: connections are ended as its listener drains ({about})")
            if name in self.charges:
                self.charges[name].edition += 1
        if left:
            await self.bring()

    async def prepare(self, orders: Orders) -> None:
        """Make ready what orders are about; nothing, where the workloads are known before."""

    def redirected(self) -> tuple[str, ...]:
        """What is reported of ``Orders.redirects``."""
        return ()

    async def bring(self) -> None:
        """Let each proxy have what the orders say of it."""
        orders = self.orders
        if orders is None:
            return
        for view in orders.views:
            charge = self.charges.get(view.own.name)
            if charge is not None:
                await charge.bring(view, orders)
        self._news.set()

    async def _bring_to(self, charges: Collection[Charge]) -> None:
        """The same for some."""
        orders = self.orders
        if orders is None:
            return
        by_name = {charge.name: charge for charge in charges}
        for view in orders.views:
            if view.own.name in by_name:
                await by_name[view.own.name].bring(view, orders)
        self._news.set()

    async def _reports(self) -> AsyncIterator[Plain]:
        """All at first and now and then; in between only how those stand that have changed."""
        last: dict[str, Standing] = {}
        redirected, views, whole_at = None, None, 0.0
        while True:
            standings = {name: self._standing(charge) for name, charge in self.charges.items()}
            now, own = self.redirected(), self.orders.views if self.orders is not None else None
            if own is not views or time.monotonic() >= whole_at:
                last, views, whole_at = {}, own, time.monotonic() + _WHOLE_EVERY
            news = {name: own for name, own in standings.items() if own != last.get(name)}
            if news or now != redirected:
                last, redirected = standings, now
                yield report_to_plain(Report(self.host, news, redirected=now, keeps_views=True))
            try:
                async with asyncio.timeout(0.2):
                    await self._news.wait()
            except TimeoutError:
                continue
            self._news.clear()
            await asyncio.sleep(_TOGETHER)

    def _standing(self, charge: Charge) -> Standing:
        """How a workload stands: no further than the agent itself, which would be shut out."""
        own, orders = charge.standing(), self.orders
        if orders is not None and self.own.slot != orders.slot:
            own = own._replace(generation=min(own.generation, orders.generation - 1))
        return own

    # Certificates ---------------------------------------------------------------------------

    async def _renew(self, link: Link, own: Pair) -> None:
        """Renew what is due, again and again, until the agent has a certificate of its own anew."""
        while self.own is own:
            due = self._due()
            if due or self._is_due():
                await self._renew_these(link, due[:_MOST_AT_ONCE])
                continue
            times = [charge.renew_at for charge in self.charges.values()]
            wait = min([*times, self._clock() + _REPORT_EVERY]) - self._clock()
            try:
                # Not wait_for, which before Python 3.12 forgets to be cancelled where the event
                # comes at the same moment: then nobody would ever hear of the controller again.
                async with asyncio.timeout(max(0.05, wait)):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    def _is_due(self) -> bool:
        """Whether the agent needs a certificate of its own anew."""
        replaced = self.orders is not None and self.orders.slot != self.own.slot
        now = self._clock()
        return replaced or expires_soon(self.own, now) or now < self.own.validity.begin

    def _due(self) -> list[_Due]:
        """What needs a certificate now: it has none, it is time, or its issuer gives way."""
        orders = self.orders
        if orders is None:
            return []
        now = self._clock()
        found = []
        for view in orders.views:
            charge = self.charges.get(view.own.name)
            if charge is None:
                continue
            pair = charge.pair
            # Where the clock was set back, what was issued before holds only later.
            replaced = pair is not None and (pair.slot != orders.slot or now < pair.validity.begin)
            if now >= charge.renew_at or (replaced and not charge.failures):
                found.append((charge, view))
        return found

    async def _renew_these(self, link: Link, due: Sequence[_Due]) -> None:
        """Ask for certificates, some at a time: while those are signed others are handed out."""
        parts = [due[at : at + _PART] for at in range(0, len(due), _PART)] or [()]
        waiting = {charge.name: charge for charge, _ in due}
        asking: deque[asyncio.Task[None]] = deque()
        try:
            for part in parts:
                # Its own comes last: then it begins anew with that.
                own = part is parts[-1] and self._is_due()
                asking.append(asyncio.ensure_future(self._renew_part(link, part, waiting, own=own)))
                await asyncio.sleep(0)  # the question goes out before others are waited for
                if len(asking) > 1:
                    await asking.popleft()
            while asking:
                await asking.popleft()
        except SeawallError as error:
            for charge in waiting.values():
                self._failed(charge, str(error))
            raise
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def _renew_part(
        self, link: Link, due: Sequence[_Due], waiting: dict[str, Charge], *, own: bool
    ) -> None:
        names = [view.own.id for _, view in due]
        if own:
            names.append(agent_id(self._trust_domain, self.host))
        made = [(name, keys.new_key()) for name in names]
        answers = await link.issue([(key, make_request(name, key)) for name, key in made])
        for charge, _ in due:
            del waiting[charge.name]
        last = answers.pop() if own else None
        if isinstance(last, Pair):
            self.own = last
        self._take_in(due, answers)
        await self._bring_to([charge for charge, _ in due])
        if isinstance(last, Refusal):  # to ask at once again would be to ask without end
            raise LinkError(f"no certificate for the agent itself: {last.reason}")

    def _take_in(self, due: Sequence[_Due], answers: Sequence[Pair | Refusal]) -> None:
        for (charge, _), answer in zip(due, answers, strict=True):
            if isinstance(answer, Refusal):
                self._failed(charge, answer.reason)
                charge.is_denied = charge.is_denied or not answer.is_for_now
            else:
                charge.pair, charge.failures, charge.refused = answer, 0, ""
                charge.is_denied = False
                charge.renew_at = due_at(answer, self._random)

    def _failed(self, charge: Charge, reason: str) -> None:
        charge.failures += 1
        charge.refused = reason
        self._say(f"{charge.name}: {reason}")
        end = charge.pair.validity.end if charge.pair else 0
        now = self._clock()
        charge.renew_at = now + retry_after(charge.failures, now, end)


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Do several things at once until one of them ends, as that one does."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
