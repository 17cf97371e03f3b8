"""The controller's service: agents join, ask for certificates, report, and get orders.

There are two doors. Through one comes who has a token and no certificate yet; the other asks for a
certificate of an agent, and what it lets do hangs on the id in that.
"""

import asyncio
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

import grpc
from cryptography import x509

from seawall.core.errors import SeawallError
from seawall.mesh.authority import tokens
from seawall.mesh.authority.authority import Authority, Caller, Grant, Refusal
from seawall.mesh.authority.errors import BusyError, RefusedError, StoreError
from seawall.mesh.authority.rotation import generation_of
from seawall.mesh.control import declared, joining, rejoining, standings
from seawall.mesh.control.hearsay import HearsayError
from seawall.mesh.control.messages import (
    SERVICE,
    MessageError,
    Orders,
    Plain,
    Report,
    decoded,
    encoded,
    orders_to_plain,
    report_from_plain,
)
from seawall.mesh.control.names import agent_id, host_of
from seawall.mesh.control.registry import Registry
from seawall.mesh.identity import certificates
from seawall.mesh.identity.checking import leaf_id
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.spiffe_id import SpiffeId, parse

AGENT_LIFETIME = 3600
"""Seconds that an agent's own certificate holds, however short those of workloads are."""
_TOGETHER = 0.05
"""Seconds between two orders for one host."""
MOST_REQUESTS = 2000
"""Certificates that are asked for at once."""
Attest = Callable[[str], Awaitable[str]]
"""The host whose agent somebody with a token is; raises :class:`RefusedError` for nobody's."""
_OWN_ROOT: Mapping[str, Any] = {}
if TYPE_CHECKING:
    _Context = grpc.aio.ServicerContext[bytes, bytes]


class Controller:
    """All that agents may ask of the controller. Its methods belong to one event loop."""

    def __init__(
        self,
        authority: Authority,
        registry: Registry,
        lifetime: int,
        attest: Attest | None = None,
        issuer: Mapping[str, Any] = _OWN_ROOT,
    ) -> None:
        """``attest`` tells whose agent comes with a token; without it that is a join token."""
        self.authority = authority
        self.registry = registry
        self.lifetime = lifetime
        self.issuer = issuer
        """Who signs the intermediate; empty: the mesh's own root."""
        self.leads = True
        """Whether this is the controller that agents follow; of several with one store one does."""
        self.serves = False
        """Whether its doors are open."""
        self._challenges = rejoining.Challenges()
        self._attest = attest or self._redeemed
        self._streams: Counter[str] = Counter()
        """By host, how many streams its agent has: a new one may come before the old one ends."""
        self._news = asyncio.Condition()
        self._edition = 0
        """Counts changes of what agents are to be told."""

    @property
    def followers(self) -> int:
        """How many agents are here."""
        return len(self._streams)

    async def changed(self) -> None:
        """Let all agents have their orders anew."""
        async with self._news:
            self._edition += 1
            self._news.notify_all()

    def revoke(self, name: SpiffeId, *, back: bool) -> None:
        """Let an id in nowhere any more, or take that back; to be followed by ``changed``."""
        about = self._with_workloads(name)
        names = self.registry.revoked - about if back else self.registry.revoked | about
        store = self.authority.store
        with store.changes():
            declared.set_revoked(store, names)
            event = "revocation taken back" if back else "revoked"
            store.record(self.authority.clock(), event, id=str(name))
        self.registry.revoked = names

    def _with_workloads(self, name: SpiffeId) -> frozenset[SpiffeId]:
        """An id; with that of an agent all that it has the keys of."""
        host = host_of(name, self.authority.store.trust_domain())
        workloads = [entry.id for entry in self.registry.entries.values() if entry.host == host]
        return frozenset((name, *workloads)) if host else frozenset((name,))

    def refuse_revoked(self, host: str) -> None:
        """Raise :class:`RefusedError` for the agent of a host that was revoked."""
        name = agent_id(self.authority.store.trust_domain(), host)
        if name in self.registry.revoked:
            raise RefusedError(f"{name} is revoked: an operator may take that back")

    # Through the first door -----------------------------------------------------------------

    async def _redeemed(self, token: str) -> str:
        return joining.redeem(self.authority, token)

    async def join(self, message: Plain) -> Plain:
        """A certificate for the agent of the host that a token is for."""
        host = await self._attest(_text(message, "token"))
        self.refuse_revoked(host)
        name = agent_id(self.authority.store.trust_domain(), host)
        caller = Caller(f"token for {host}", lambda wanted: wanted == name)
        grant = self.authority.issue(_bytes(message, "request"), caller, AGENT_LIFETIME)
        back = rejoining.checked_public(_unpacked(str(message.get("key_to_come_back") or "")))
        with self.authority.store.changes():
            self.authority.store.put_host(host, back, self.authority.clock())
        return {"grant": _grant_to_plain(grant), "bundle": self._bundle()}

    def challenge(self, message: Plain) -> Plain:
        """What the agent of a host is to sign to come back."""
        host = _text(message, "host")
        return {"challenge": self._challenges.new(host, self.authority.clock())}

    def rejoin(self, message: Plain) -> Plain:
        """A certificate for an agent that comes back without a token."""
        host, challenge = _text(message, "host"), _text(message, "challenge")
        request = _bytes(message, "request")
        self._challenges.take(challenge, host, self.authority.clock())
        self.refuse_revoked(host)
        rejoining.check_proof(self.authority, host, challenge, request, _bytes(message, "proof"))
        name = agent_id(self.authority.store.trust_domain(), host)
        caller = Caller(f"key of {host}", lambda wanted: wanted == name)
        grant = self.authority.issue(request, caller, AGENT_LIFETIME)
        with self.authority.store.changes():
            self.authority.store.record(self.authority.clock(), "came back", host=host)
        return {"grant": _grant_to_plain(grant), "bundle": self._bundle()}

    # Through the second one -----------------------------------------------------------------

    def issue(self, host: str, message: Plain) -> Plain:
        """Certificates for the workloads of a host, and for its agent."""
        requests = message.get("requests")
        if not isinstance(requests, list) or len(requests) > MOST_REQUESTS:
            raise MessageError(f"ask for a list of {MOST_REQUESTS} certificates at most")
        own = agent_id(self.authority.store.trust_domain(), host)
        registry = self.registry
        caller = Caller(
            f"agent of {host}",
            lambda name: registry.may_stay(host) if name == own else registry.may(host, name),
        )
        data = [_unpacked(str(request)) for request in requests]
        grants = self.authority.issue_all(data, caller, self._lifetime)
        return {"answers": list(map(_answer, grants)), "bundle": self._bundle()}

    def _lifetime(self, name: SpiffeId) -> int:
        """How long the certificate of an id is to hold."""
        is_agent = bool(host_of(name, self.authority.store.trust_domain()))
        return AGENT_LIFETIME if is_agent else self.lifetime

    def token(self, host: str, message: Plain) -> Plain:
        """A JWT-SVID for a workload of a host."""
        audience = message.get("audience")
        if not isinstance(audience, list):
            raise MessageError("a message without 'audience': update seawall on both sides")
        caller = Caller(f"agent of {host}", lambda name: self.registry.may(host, name))
        name = parse(_text(message, "id"))
        return tokens.issue(self.authority, name, [str(own) for own in audience], caller)._asdict()

    async def follow(
        self, host: str, reports: AsyncIterator[Plain], send: Callable[[Plain], Awaitable[None]]
    ) -> None:
        """Take in reports of a host and send it orders, as long as it stays."""
        self._streams[host] += 1
        keeping = asyncio.Event()
        listening = asyncio.ensure_future(self._listen(host, reports, keeping))
        try:
            edition = -1
            told: Orders | None = None
            while not listening.done():
                if edition != self._edition:
                    edition = self._edition
                    self.refuse_revoked(host)
                    orders = self.orders(host)
                    if orders != told:  # most news are about others
                        has_them = (
                            keeping.is_set() and told is not None and (told.views == orders.views)
                        )
                        told = orders
                        await send(orders_to_plain(orders, with_views=not has_them))
                waiting = asyncio.ensure_future(self._next(edition))
                await asyncio.wait({waiting, listening}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                await asyncio.sleep(_TOGETHER)  # whoever changes much is heard of once
            await listening
        finally:
            listening.cancel()
            self._streams[host] -= 1
            if not self._streams[host]:
                del self._streams[host]
                self.registry.gone(host)

    async def _listen(
        self, host: str, reports: AsyncIterator[Plain], keeping: asyncio.Event
    ) -> None:
        """Take in reports; ``keeping`` is set when the agent says that it keeps views."""
        async for plain in reports:
            report = report_from_plain(plain)
            if report.keeps_views:
                keeping.set()
            if report.host != host:
                raise RefusedError(f"the agent of {host} reports for {report.host}: join as that")
            has_news = self.registry.report(report)
            self._remember(report)
            if has_news:
                await self.changed()

    def _remember(self, report: Report) -> None:
        """Write down how far a host has come; where there is no room, what is told goes on."""
        known = self.registry.standings
        own = {name: known[name] for name in report.workloads if name in known}
        with suppress(StoreError):
            standings.write(self.authority.store, own)

    async def _next(self, edition: int) -> None:
        async with self._news:
            await self._news.wait_for(lambda: self._edition != edition)

    def orders(self, host: str) -> Orders:
        """What a host is to bring about now."""
        registry, store = self.registry, self.authority.store
        store.confirm_term()
        ends = store.ends_of(registry.long_callers(host))
        return Orders(
            generation_of(store), self._bundle(), self.authority.issuer().number, self.lifetime,
            registry.views(host), tokens.bundle(self.authority), registry.revoked_peers(),
            registry.callers(host, ends), registry.redirects(host), *registry.pushed(host),
            programs=registry.programs(host), term=store.term(),
        )  # fmt: skip

    def _bundle(self) -> str:
        return certificates.as_pem(self.authority.bundle()).decode()


def handlers_of(controller: Controller) -> tuple[grpc.GenericRpcHandler, grpc.GenericRpcHandler]:
    """The service behind the first door, and that behind the second."""

    def open_to_all(answer: Callable[[Plain], Plain | Awaitable[Plain]]) -> Any:
        async def method(data: bytes, context: "_Context") -> bytes:
            return await _answered(context, lambda: answer(decoded(data)))

        return grpc.unary_unary_rpc_method_handler(method)

    async def issue(data: bytes, context: "_Context") -> bytes:
        host = await _host(controller, context)
        answer = await _answered(context, lambda: controller.issue(host, decoded(data)))
        if controller.registry.long_callers():
            await controller.changed()  # their peers wait for the ends of new certificates
        return answer

    async def token(data: bytes, context: "_Context") -> bytes:
        host = await _host(controller, context)
        return await _answered(context, lambda: controller.token(host, decoded(data)))

    async def follow(requests: AsyncIterator[bytes], context: "_Context") -> None:
        host = await _host(controller, context)
        reports = (decoded(data) async for data in requests)

        async def send(message: Plain) -> None:
            await context.write(encoded(message))

        try:
            await controller.follow(host, reports, send)
        except SeawallError as error:
            await context.abort(_code(error), str(error))

    first: dict[str, Any] = {
        "Join": open_to_all(controller.join),
        "Challenge": open_to_all(controller.challenge),
        "Rejoin": open_to_all(controller.rejoin),
    }
    second: dict[str, Any] = {
        "Issue": grpc.unary_unary_rpc_method_handler(issue),
        "Token": grpc.unary_unary_rpc_method_handler(token),
        "Follow": grpc.stream_stream_rpc_method_handler(follow),
    }
    return (
        grpc.method_handlers_generic_handler(SERVICE, first),
        grpc.method_handlers_generic_handler(SERVICE, second),
    )


async def _answered(
    context: "_Context", answer: Callable[[], Plain | Awaitable[Plain]]
) -> bytes:  # fmt: skip
    try:
        said = answer()
        return encoded(await said if isawaitable(said) else said)
    except SeawallError as error:
        await context.abort(_code(error), str(error))
        raise  # abort raises; this is for type checkers


def _code(error: SeawallError) -> grpc.StatusCode:
    if isinstance(error, BusyError):
        return grpc.StatusCode.RESOURCE_EXHAUSTED
    if isinstance(error, RefusedError):
        return grpc.StatusCode.PERMISSION_DENIED
    if isinstance(error, HearsayError | IdentityError):
        return grpc.StatusCode.INVALID_ARGUMENT
    return grpc.StatusCode.UNAVAILABLE


async def _host(controller: Controller, context: "_Context") -> str:
    """The host whose agent has authenticated itself."""
    trust_domain = controller.authority.store.trust_domain()
    shown = list(context.auth_context().get("x509_pem_cert") or [b""])
    host, fault = "", "this certificate is not an agent's: join first"
    try:
        leaf = x509.load_pem_x509_certificate(shown[0])
        host = host_of(leaf_id(leaf, controller.authority.clock()), trust_domain)
        if host:
            controller.refuse_revoked(host)
    except (ValueError, IdentityError) as error:
        fault = f"no agent's certificate: {error}"
    except RefusedError as error:
        host, fault = "", str(error)
    if not host:
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, fault)
    return host


def _answer(found: Grant | Refusal) -> Plain:
    """A grant, or why there is none."""
    if isinstance(found, Grant):
        return _grant_to_plain(found)
    return {"refused": str(found), "is_for_now": isinstance(found, BusyError)}


def _grant_to_plain(grant: Grant) -> Plain:
    leaf, *above = grant.chain
    return {
        "chain": certificates.as_pem((leaf,)).decode() + _text_of(tuple(above)),
        "begin": grant.validity.begin, "end": grant.validity.end, "slot": grant.slot,
    }  # fmt: skip


@lru_cache(maxsize=8)
def _text_of(above: tuple[x509.Certificate, ...]) -> str:
    """What stands above leaves is the same for many."""
    return certificates.as_pem(above).decode()


def packed(data: bytes) -> str:
    """Bytes within JSON."""
    return b64encode(data).decode()


def _unpacked(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise MessageError("a request is no base64: update seawall on both sides") from None


def _text(message: Plain, name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str):
        raise MessageError(f"a message without {name!r}: update seawall on both sides")
    return value


def _bytes(message: Plain, name: str) -> bytes:
    return _unpacked(_text(message, name))
