"""The controller in a cluster: ``seawall mesh controller``.

Its doors open when all is known: an agent that hears of no pods would take all away.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.errors import SeawallError, UsageError
from seawall.mesh.authority import rotation
from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.store import Store
from seawall.mesh.cluster.announcing import Announcer
from seawall.mesh.cluster.api import Api
from seawall.mesh.cluster.attesting import Attestor
from seawall.mesh.cluster.knowledge import Knowledge
from seawall.mesh.cluster.objects import Account
from seawall.mesh.cluster.registry import ClusterRegistry
from seawall.mesh.cluster.running import first_of, listening, say
from seawall.mesh.control import declared, standings
from seawall.mesh.control.operating import Operator
from seawall.mesh.control.process import STORE, authority_in, revive, serve_controller
from seawall.mesh.control.service import Controller
from seawall.mesh.control.serving import Addresses
from seawall.mesh.identity import certificates
from seawall.mesh.identity.spiffe_id import SpiffeId, trust_domain
from seawall.mesh.injection.edge_pods import EGRESS
from seawall.mesh.injection.http_server import Request, Response, Server
from seawall.mesh.watching.answering import controller_fault
from seawall.mesh.watching.metrics import families_of
from seawall.mesh.watching.prometheus import CONTENT_TYPE, Family, Sample, text_of

LIFETIME = 3600
"""Seconds that certificates hold where no document says so."""


class Options(NamedTuple):
    """What the controller is started with."""

    trust_domain: str
    state: str
    """The directory of the store."""
    run: str
    """That of the socket for operators."""
    document: str
    doors: Addresses
    agents: tuple[Account, ...]
    """Whose pods may be agents of nodes."""
    metrics: tuple[str, int]
    namespace: str
    """Our own."""
    announces_everywhere: bool = False
    """Whether the roots go to all namespaces of the mesh: agents in sidecars need them there."""


class Health:
    """What the kubelet and Prometheus get."""

    def __init__(self, knowledge: Knowledge, attestor: Attestor, controller: Controller) -> None:
        self.is_open = False
        """Whether all is known, so that agents may come."""
        self._knowledge = knowledge
        self._attestor = attestor
        self._controller = controller

    def answer(self, request: Request) -> Response:
        """Health is asked for without TLS and says nothing about anybody."""
        if request.path == "/live":
            return Response(200, b"ok\n")
        if request.path == "/ready":
            fault = self.fault()
            return Response(503, f"{fault}\n".encode()) if fault else Response(200, b"ok\n")
        if request.path != "/metrics":
            return Response(404, b"ask for /live, /ready or /metrics\n")
        try:
            told = [*families_of(Operator(self._controller).status()), *self._of_cluster()]
        except SeawallError as error:
            return Response(503, f"{error}\n".encode())
        return Response(200, text_of(told).encode(), CONTENT_TYPE)

    def fault(self) -> str:
        """Why agents are not served; empty where they are."""
        if not self.is_open:
            return "not all of the cluster is known yet"
        if not self._controller.serves:
            return "the doors are not open yet: another controller may lead"
        return controller_fault(self._controller.authority)

    def _of_cluster(self) -> Iterator[Family]:
        known, attestor = self._knowledge, self._attestor
        for name, told, value in (
            ("pods", "Pods that are known: of the mesh, and of agents.", len(known.pods.items)),
            ("services", "Services that are known.", len(known.services.items)),
            ("api_failures", "Failures of the API server in a row.", known.failures),
            ("document_refused", "Whether the document that stands there is not in force.",
             int(bool(known.document.fault))),
            ("attested_total", "Tokens that were taken.", attestor.attested),
            ("attestations_refused_total", "Tokens that were refused.", attestor.refused),
        ):  # fmt: skip
            yield Family(name, told, (Sample({}, value),))


def prepared(state: str, domain: SpiffeId) -> Authority:
    """The authority in a directory, begun if there is none; raises :class:`UsageError`."""
    path = os.path.join(state, STORE)
    if not os.path.exists(path):
        Store.create(path, domain).close()
    authority = authority_in(state, LIFETIME)
    if authority.store.trust_domain() != domain:
        raise UsageError(
            f"{state} is of {authority.store.trust_domain()}, not of {domain}: give this mesh "
            "another volume"
        )
    if not authority.store.slots():
        rotation.begin(authority)
    revive(authority)
    return authority


async def serve(options: Options, api: Api) -> None:
    """Serve until told to stop."""
    domain = trust_domain(options.trust_domain)
    authority = prepared(options.state, domain)
    egress = Account(options.namespace, EGRESS).id_in(domain)
    registry = ClusterRegistry(LIFETIME, options.agents, egress)
    registry.revoked = declared.revoked(authority.store)
    attestor = Attestor(api, options.agents)
    knowledge = Knowledge(api, domain, options.agents, options.document, say)
    controller = Controller(authority, registry, LIFETIME, attestor.host)
    plan = knowledge.first_plan(authority.store)
    if plan is not None:
        registry.declare(knowledge.released_plan(authority.store) or plan, at_once=True)
        registry.declare(plan)
        controller.lifetime = plan.lifetime
    health = Health(knowledge, attestor, controller)
    server = Server(health.answer, 0)
    await listening(server, options.metrics)
    announcer = Announcer(
        api, lambda: certificates.as_pem(authority.bundle()).decode(),
        lambda: {options.namespace, *knowledge.labelled}, say,
    )  # fmt: skip
    try:
        await first_of(
            knowledge.follow_api(with_namespaces=options.announces_everywhere),
            announcer.run(),
            knowledge.follow_document(controller, registry),
            _serving(options, controller, registry, knowledge, health),
        )
    finally:
        await server.stop(0)
        authority.store.close()


async def _serving(
    options: Options,
    controller: Controller,
    registry: ClusterRegistry,
    knowledge: Knowledge,
    health: Health,
) -> None:
    await knowledge.first()
    knowledge.teach(registry)
    store = controller.authority.store
    with store.changes():  # pods that went while no controller was here
        standings.forget(store, standings.read(store).keys() - registry.entries.keys())
    health.is_open = True
    try:
        await first_of(
            knowledge.follow_objects(controller, registry),
            serve_controller(controller, options.run, (options.doors,)),
        )
    finally:
        health.is_open = False
