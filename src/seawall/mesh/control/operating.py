"""What operators ask of a running controller, over a socket that only root can open."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

import grpc

from seawall.core.errors import InputError, SeawallError
from seawall.mesh.authority import external, rotation, tokens
from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.errors import RefusedError
from seawall.mesh.authority.slots import State
from seawall.mesh.authority.upstream import Signed
from seawall.mesh.control import declared, declaring, joining, probing
from seawall.mesh.control.messages import MessageError, Plain, decoded, encoded
from seawall.mesh.control.service import Controller
from seawall.mesh.identity import certificates
from seawall.mesh.identity.spiffe_id import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERVICE = "seawall.mesh.v1.Operator"
_TIMEOUT = 10.0
"""Seconds that people wait for an answer: whoever needs longer hangs."""
_LOOK = 3.0
"""Seconds that somebody waits who looks again and again."""
_ATTEMPT, _INSISTING = 4.0, 10.0
"""Seconds of one attempt, and of all: a second controller leads by then."""
_AGAIN = 0.2
_OWN_CONNECTION = (("grpc.use_local_subchannel_pool", 1),)
"""Else an attempt shares the one before it, to a controller that hangs."""
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_LOOKS = ("Status", "Token", "Probe", "Edges")
"""Requests that change nothing which agents are to be told."""
_READS = ("Status",)
"""What a controller answers that does not lead."""


class OperatorError(InputError):
    """The controller does not do what was asked."""

    def __init__(self, message: str, *, is_away: bool = False) -> None:
        super().__init__(message)
        self.is_away = is_away
        """Whether nobody has answered: it has ended, or hangs."""


class Operator:
    """The operator's side of a controller."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.methods: Mapping[str, Callable[[Plain], Plain]] = {
            "Status": lambda _: self.status(), "Token": self._token, "Rotate": self._rotate,
            "Forget": self._forget, "Request": self._request, "Install": self._install,
            "Taint": self._taint, "Revoke": self._revoke, "Advance": self._advance,
            "Probe": lambda message: probing.probe(controller.authority, message),
            "Edges": lambda _: probing.edges(controller.registry),
            "Declare": lambda message: declaring.declare(controller, message),
        }  # fmt: skip

    async def call(self, method: str, message: Plain) -> Plain:
        """Carry out one request; agents hear of what has changed."""
        if not self._controller.leads and method not in _READS:
            raise RefusedError(
                "this controller does not lead: another one with the same store does; ask that"
            )
        answer = self.methods[method](message)
        if method not in _LOOKS:
            await self._controller.changed()
        return answer

    def status(self) -> Plain:
        """How the mesh stands."""
        authority, registry = self._controller.authority, self._controller.registry
        generation = rotation.generation_of(authority.store)
        workloads = {
            name: {
                "id": str(entry.id), "host": entry.host, "ports": entry.ports,
                "plaintext_until": entry.plaintext_until,
                "standing": registry.standings[name]._asdict()
                if name in registry.standings else None,
            }
            for name, entry in registry.entries.items()
        }  # fmt: skip
        return {
            "leads": self._controller.leads, "serves": self._controller.serves,
            "trust_domain": authority.store.trust_domain().trust_domain,
            "now": authority.clock(), "generation": generation, "workloads": workloads,
            "issuers": _issuers(authority), "waits_for": registry.laggards(generation),
            "off": declared.off(authority.store),
            "revoked": sorted(map(str, registry.revoked)), "lifetime": self._controller.lifetime,
            "push": registry.push.told() if registry.push else None,
            "warnings": self._warnings(), "followers": self._controller.followers,
            "issued": {own: authority.audit.counts[own] for own in ("issued", "token")},
        }  # fmt: skip

    def _warnings(self) -> list[str]:
        controller = self._controller
        found = external.warnings(controller.authority, controller.issuer)
        push = controller.registry.push
        if push is not None and push.fault:
            found.append(
                f"what is declared now is held back: {push.fault}; the other proxies keep what was "
                "declared before: correct the file and declare that"
            )
        return found + [
            f"the agent says that {name} is at {', '.join(addresses)}, not where the description "
            "has it: bring all hosts up with the same file"
            for name, addresses in sorted(controller.registry.misplaced.items())
        ]

    def _token(self, message: Plain) -> Plain:
        host = str(message.get("host", ""))
        if not host:
            raise MessageError("a token is for a host: name it")
        authority = self._controller.authority
        bundle = certificates.as_pem(authority.bundle()).decode()
        return {"token": joining.new_token(authority, host), "bundle": bundle}

    def _forget(self, message: Plain) -> Plain:
        host, authority = str(message.get("host", "")), self._controller.authority
        with authority.store.changes():
            if not authority.store.forget_host(host):
                raise RefusedError(f"no host {host!r} has a key here: see the names in the mesh")
            authority.store.record(authority.clock(), "host forgotten", host=host)
        return {}

    def _rotate(self, message: Plain) -> Plain:
        authority = self._controller.authority
        if message.get("tokens"):
            tokens.rotate(authority)
        elif self._controller.issuer:
            external.request_of(authority)  # the issuer is asked at the next turn
        elif message.get("root"):
            rotation.rotate_root(authority)
        else:
            rotation.rotate_intermediate(authority)
        return self._progress(force=False)

    def _request(self, _: Plain) -> Plain:
        if not self._controller.issuer:
            raise RefusedError(
                "the mesh has a root of its own: name an issuer in its description first"
            )
        return {"request": external.request_of(self._controller.authority).decode()}

    def _install(self, message: Plain) -> Plain:
        chain, bundle = (
            tuple(certificates.from_pem(str(message.get(name, "")).encode()))
            for name in ("chain", "bundle")
        )
        external.install(self._controller.authority, Signed(chain, bundle))
        return self._progress(force=False)

    def _taint(self, message: Plain) -> Plain:
        if message.get("tokens"):
            tokens.rotate(self._controller.authority, tainted=True)
        else:
            rotation.taint(self._controller.authority, int(message.get("number", 0)))
        return self._progress(force=False)

    def _advance(self, message: Plain) -> Plain:
        return self._progress(force=bool(message.get("force")))

    def _progress(self, *, force: bool) -> Plain:
        authority, laggards = self._controller.authority, self._controller.registry.laggards
        progress = rotation.advance(authority, laggards, force=force)
        missing = tokens.advance(authority, laggards, force=force)
        if missing and progress.step == "idle":
            progress = progress._replace(step="trust", waits_for=tuple(missing))
        generation = rotation.generation_of(authority.store)
        return progress._replace(generation=generation)._asdict()

    def _revoke(self, message: Plain) -> Plain:
        name = parse(str(message.get("id", "")))
        self._controller.revoke(name, back=bool(message.get("back")))
        return {"revoked": sorted(map(str, self._controller.registry.revoked))}


def _issuers(authority: Authority) -> list[Plain]:
    """What signs, or is still trusted; the keys for tokens have no end of their own."""
    found: list[Plain] = [
        {
            "number": slot.number, "kind": str(slot.kind), "state": str(slot.state),
            "tainted": slot.tainted, "ends": certificates.validity_of(slot.certificate).end,
        }
        for slot in authority.store.slots()
        if slot.state is not State.GONE
    ]  # fmt: skip
    found += [
        {
            "number": key.number, "kind": "token key", "state": str(key.state),
            "tainted": key.tainted, "ends": 0,
        }
        for key in authority.store.token_keys()
        if key.state is not State.GONE
    ]  # fmt: skip
    return found


def handler_of(operator: Operator) -> grpc.GenericRpcHandler:
    """The service, for a socket whose directory belongs to root."""

    def method(name: str) -> "grpc.RpcMethodHandler[bytes, bytes]":
        async def answer(data: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
            try:
                return encoded(await operator.call(name, decoded(data)))
            except SeawallError as error:
                await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
                raise

        return grpc.unary_unary_rpc_method_handler(answer)

    return grpc.method_handlers_generic_handler(
        SERVICE, {name: method(name) for name in operator.methods}
    )


def ask(path: str, method: str, **message: object) -> Plain:
    """Ask the controller behind a socket; raises :class:`OperatorError`."""
    return asyncio.run(asking(path, method, message, _TIMEOUT))


def look(path: str) -> Plain:
    """The status, for who looks again and again and does not wait for one that hangs."""
    return asyncio.run(asking(path, "Status", {}, _LOOK))


def insist(path: str, method: str, **message: object) -> Plain:
    """Ask for what may be done twice, until somebody answers: another one may lead in a moment."""
    deadline = time.monotonic() + _INSISTING
    while True:
        try:
            return asyncio.run(asking(path, method, message, _ATTEMPT))
        except OperatorError as error:
            if not error.is_away or time.monotonic() > deadline:
                raise
        time.sleep(_AGAIN)


async def asking(path: str, method: str, message: Plain, within: float = _TIMEOUT) -> Plain:
    """The same as :func:`ask`, within an event loop."""
    async with grpc.aio.insecure_channel(f"unix:{path}", options=_OWN_CONNECTION) as channel:
        call: Any = channel.unary_unary(f"/{SERVICE}/{method}")
        try:
            answer: bytes = await call(encoded(message), timeout=within)
        except grpc.aio.AioRpcError as error:
            is_away = error.code() in _AWAY
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise OperatorError(
                    f"the controller does not answer within {within:g} s: where it hangs, kill it, "
                    "and it is started again",
                    is_away=is_away,
                ) from None
            raise OperatorError(
                f"the controller: {error.details() or error.code().name}; see that the mesh is up",
                is_away=is_away,
            ) from None
    return decoded(answer)
