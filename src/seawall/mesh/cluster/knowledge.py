"""What a controller of a cluster follows: the API server's objects and the mesh's document."""

import asyncio
import time
from collections.abc import Callable, Collection

from seawall.mesh.authority.store import Store
from seawall.mesh.cluster.api import Api
from seawall.mesh.cluster.document import Followed, checked
from seawall.mesh.cluster.objects import Account, Pod, pod_of, service_of, slice_of
from seawall.mesh.cluster.registry import ClusterRegistry
from seawall.mesh.cluster.running import first_of
from seawall.mesh.cluster.topology import topology_of
from seawall.mesh.cluster.watching import Mirror
from seawall.mesh.control import standings
from seawall.mesh.control.declared import hold, released
from seawall.mesh.control.service import Controller
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.reading import Plan
from seawall.text.values import Map, mapping, text

_FACT = "document"
_TOGETHER, _LONGEST = 0.1, 5.0
"""Seconds that changes are gathered for before agents hear of them."""
_SHARE = 3
"""How many times as long as the last time took."""
_LOOK_EVERY = 1.0
_LABEL = "seawall/mesh=enabled"


class Knowledge:
    """Pods, services, endpoints and the document, and the registry that is made of them."""

    def __init__(
        self,
        api: Api,
        trust_domain: SpiffeId,
        agents: Collection[Account],
        document: str,
        say: Callable[[str], None],
    ) -> None:
        self.document = Followed(document, trust_domain)
        self._trust_domain = trust_domain
        self._agents = frozenset(agents)
        self._say = say
        self._news = asyncio.Event()
        self._told: tuple[str, ...] = ()
        news = self._news.set
        self.pods = Mirror(api, "/api/v1/pods", self._kept, news, say)
        self.services = Mirror(api, "/api/v1/services", service_of, news, say)
        self.slices = Mirror(
            api, "/apis/discovery.k8s.io/v1/endpointslices", slice_of, news, say
        )  # fmt: skip
        self.namespaces = Mirror(
            api, "/api/v1/namespaces", _name_of, lambda: None, say, labelSelector=_LABEL
        )

    @property
    def is_known(self) -> bool:
        """Whether everything that views are made of has been listed."""
        return all(own.is_known for own in (self.pods, self.services, self.slices))

    @property
    def failures(self) -> int:
        """How often in a row the API server did not answer."""
        return max(own.failures for own in (self.pods, self.services, self.slices))

    @property
    def labelled(self) -> frozenset[str]:
        """The namespaces of the mesh, where they are followed."""
        return frozenset(self.namespaces.items.values())

    async def follow_api(self, *, with_namespaces: bool) -> None:
        """Follow the API server until cancelled."""
        works = [self.pods.run(), self.services.run(), self.slices.run()]
        await first_of(*works, *([self.namespaces.run()] if with_namespaces else []))

    def first_plan(self, store: Store) -> Plan | None:
        """The document in force at the start: the file's, else the last one that was taken."""
        found = self.document.changed()
        if found is not None:
            self._remember(store, found[1])
            return found[0]
        if self.document.fault:
            self._say(f"the document is not taken: {self.document.fault}")
        kept = store.fact(_FACT)
        if not kept:
            return None
        try:
            return checked(self.document.path, kept.encode(), self._trust_domain)
        except PlanError as error:
            self._say(f"nor is the last one that was taken: {error}")
            return None

    def released_plan(self, store: Store) -> Plan | None:
        """The document that proxies live by, while another one is tried or was not taken."""
        kept = released(store, _FACT)
        try:
            return checked(self.document.path, kept.encode(), self._trust_domain) if kept else None
        except PlanError as error:
            self._say(f"the document before the last does not fit any more: {error}")
            return None

    async def first(self) -> None:
        """Wait until all has been listed once."""
        while not self.is_known:
            await self._news.wait()
            self._news.clear()

    async def follow_document(self, controller: Controller, registry: ClusterRegistry) -> None:
        """Take the document whenever it has changed; what is wrong with it is said once."""
        said = self.document.fault
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            found = self.document.changed()
            if found is not None:
                self._remember(controller.authority.store, found[1])
                registry.declare(found[0])
                controller.lifetime = found[0].lifetime
                self._say("another document is in force")
                await controller.changed()
            elif self.document.fault and self.document.fault != said:
                self._say(f"the last document stays in force: {self.document.fault}")
            said = self.document.fault

    async def follow_objects(self, controller: Controller, registry: ClusterRegistry) -> None:
        """Let the registry know of what has changed in the cluster, and agents of that."""
        took = 0.0
        while True:
            await self._news.wait()
            # The more there is, the longer news are gathered for: this is not all we do.
            await asyncio.sleep(min(max(_TOGETHER, _SHARE * took), _LONGEST))
            self._news.clear()
            started = time.monotonic()
            gone = self.teach(registry)
            if gone:
                store = controller.authority.store
                with store.changes():
                    standings.forget(store, gone)
            registry.views("")
            took = time.monotonic() - started
            await controller.changed()

    def teach(self, registry: ClusterRegistry) -> frozenset[str]:
        """Let the registry know of all objects; gives the names of pods that are gone."""
        pods = self.pods.items.values()
        topology = topology_of(
            self._trust_domain, pods, self.services.items.values(), self.slices.items.values()
        )
        for fault in topology.faults:
            if fault not in self._told:
                self._say(fault)
        self._told = topology.faults
        return registry.learn(topology, tuple(pods))

    def _kept(self, own: Map) -> Pod | None:
        pod = pod_of(own)
        return pod if pod is not None and (pod.has_proxy or pod.account in self._agents) else None

    @staticmethod
    def _remember(store: Store, data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        with store.changes():
            if store.fact(_FACT) not in ("", text):
                hold(store, _FACT)
            store.set_fact(_FACT, text)


def _name_of(own: Map) -> str | None:
    """A namespace that is not on its way out."""
    metadata = mapping(own, "metadata")
    return None if text(metadata, "deletionTimestamp") else text(metadata, "name") or None
