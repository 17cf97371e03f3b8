"""The roots that agents trust at first, as a ConfigMap in each namespace that has agents.

That is our own, and those of pods with their agents in their sidecars. Agents learn of newer roots
from the controller itself: the ConfigMap is for those that start.
"""

import asyncio
from collections.abc import Callable, Collection

from seawall.mesh.cluster.api import Api
from seawall.mesh.cluster.errors import ApiError, ClusterError
from seawall.mesh.injection.parts import ROOTS, ROOTS_KEY
from seawall.text.values import Map, mapping, text

_EVERY = 2.0
_AGAIN = 300.0
"""Seconds after which it is looked whether somebody has changed one."""


class Announcer:
    """Keeps the ConfigMaps as they should be."""

    def __init__(
        self,
        api: Api,
        roots: Callable[[], str],
        namespaces: Callable[[], Collection[str]],
        say: Callable[[str], None],
    ) -> None:
        self._api = api
        self._roots = roots
        self._namespaces = namespaces
        self._say = say
        self._told: dict[str, str] = {}
        self._faults: dict[str, str] = {}

    async def run(self) -> None:
        """Announce until cancelled."""
        loop = asyncio.get_running_loop()
        forget_at = loop.time() + _AGAIN
        while True:
            if loop.time() > forget_at:
                self._told.clear()
                forget_at = loop.time() + _AGAIN
            await self.once()
            await asyncio.sleep(_EVERY)

    async def once(self) -> None:
        """Tell whoever has not been told yet."""
        roots = self._roots()
        wanted = sorted(self._namespaces())
        self._told = {name: told for name, told in self._told.items() if name in wanted}
        for namespace in wanted:
            if self._told.get(namespace) == roots:
                continue
            try:
                await self._tell(namespace, roots)
            except ClusterError as error:
                if self._faults.get(namespace) != str(error):
                    self._say(f"the roots are not announced in {namespace}: {error}")
                self._faults[namespace] = str(error)
                continue
            self._faults.pop(namespace, None)
            self._told[namespace] = roots

    async def _tell(self, namespace: str, roots: str) -> None:
        path = f"/api/v1/namespaces/{namespace}/configmaps"
        own: Map = {
            "apiVersion": "v1", "kind": "ConfigMap", "data": {ROOTS_KEY: roots},
            "metadata": {
                "name": ROOTS, "namespace": namespace,
                "labels": {"app.kubernetes.io/part-of": "seawall-mesh"},
            },
        }  # fmt: skip
        try:
            there = await self._api.call("GET", f"{path}/{ROOTS}")
        except ApiError as error:
            if error.status != 404:
                raise
            await self._api.call("POST", path, own)
            return
        if text(there, "data", ROOTS_KEY) != roots:
            # With the version that was read: who was quicker wins, and we look again.
            metadata = {**mapping(own, "metadata")}
            metadata["resourceVersion"] = text(there, "metadata", "resourceVersion")
            await self._api.call("PUT", f"{path}/{ROOTS}", {**own, "metadata": metadata})
