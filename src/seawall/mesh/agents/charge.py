"""A workload that an agent takes care of: its key and certificate, its proxy's configuration."""

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography import x509
from google.protobuf.any_pb2 import Any as Packed

from seawall.mesh.agents.live import Live
from seawall.mesh.control.messages import Orders, Standing
from seawall.mesh.identity import certificates, keys
from seawall.mesh.plan.edges import Sockets
from seawall.mesh.plan.model import View
from seawall.mesh.proxies.callers import bundles_of
from seawall.mesh.proxies.names import CERTIFICATE
from seawall.mesh.proxies.secrets import bundle_of
from seawall.mesh.serving.feed import Feed, Refusal
from seawall.mesh.serving.snapshots import by_name, certificate_of, snapshot_of
from seawall.mesh.watching.counts import NACKS
from seawall.mesh.workloads.holding import Holder, Holding

if TYPE_CHECKING:
    from seawall.mesh.agents.link import Pair

_NO_COUNTS: Mapping[str, int] = {}
_State = tuple[int, int, "Pair | None", Mapping[str, int], Mapping[str, int]]


class Charge:
    """One workload. The key is in memory only, and goes to the workload's own proxy."""

    def __init__(self, name: str, addresses: tuple[str, ...], paths: Sockets | None = None) -> None:
        self.name = name
        self.addresses = addresses
        self.feed = Feed()
        self.holder = Holder()
        """What the program itself may have, over the Workload API."""
        self.pair: Pair | None = None
        self.renew_at = 0.0
        self.failures = 0
        self.refused = ""
        """Why it gets no certificate; empty where it does."""
        self.is_denied = False
        """Whether the controller has said that it is to have none."""
        self.counts = _NO_COUNTS
        self.live = Live()
        """Connections from peers that have lasted for a while."""
        self.edition = 0
        """Raised to have all connections from peers ended by the proxy itself."""
        self.strict_at = 0
        """When it takes plaintext no more, in seconds since the epoch; 0 where it takes none."""
        self._paths = paths
        self.dropped = _NO_COUNTS
        """What the rules of its namespace have dropped, by reason."""
        self._told: tuple[View, str, Pair] | None = None
        self._bundles: tuple[View, str, Mapping[str, Packed]] | None = None
        """The secrets with roots, and what they were made of."""
        self._stood: tuple[_State, Standing] | None = None
        """What was reported last, and what that was made of."""
        self._declared = ""
        """The declaration that the newest configuration is made of."""
        self._version = 0
        self._generations: dict[int, int] = {}
        """By version of the configuration, the generation that it belongs to."""

    def have(self, paths: Sockets) -> None:
        """Know where the exit and the gateway of the host listen, from the next orders on."""
        self._paths = paths

    def count(self, counts: Mapping[str, int]) -> None:
        """Take in what the proxy counts."""
        self.counts = counts

    async def bring(self, view: View, orders: Orders) -> None:
        """Let the proxy have what the orders say, if that is something new."""
        pair = self.pair
        is_revoked = view.own.id in {own.id for own in orders.revoked}
        refused = "it was revoked: ask who runs the mesh" if is_revoked else self.refused
        if is_revoked or self.is_denied:
            await self.holder.offer(None, refused)
        if pair is None:
            return
        roots = _roots_in(orders.bundle)
        view = view._replace(edition=self.edition, sockets=self._paths)
        if view.plaintext_until <= time.time():
            view = view._replace(plaintext_until=0)
        self.strict_at = view.plaintext_until
        self._declared, self._stood = orders.declared_to(self.name), None
        told = (view, orders.bundle, pair)
        if told != self._told:
            self._told = told
            self._version += 1
            secrets = self._secrets(view, orders.bundle, pair)
            await self.feed.offer(snapshot_of(view, secrets, self._version))
        if not (is_revoked or self.is_denied):
            end, known = pair.validity.end, orders.token_keys
            await self.holder.offer(Holding(view.own.id, pair.chain, pair.key, end, roots, known))
        # Only with a certificate of the right issuer has it followed.
        if pair.slot == orders.slot:
            self._generations[self._version] = orders.generation

    def _secrets(self, view: View, bundle: str, pair: "Pair") -> Mapping[str, Packed]:
        """What a certificate does not change is packed once."""
        if self._bundles is None or self._bundles[:2] != (view, bundle):
            roots = _roots_in(bundle)
            packed = by_name([bundle_of(roots), *bundles_of(view, roots)])
            self._bundles = view, bundle, packed
        own = certificate_of(certificates.as_pem(pair.chain), keys.as_pem(pair.key))
        return {CERTIFICATE: own, **self._bundles[2]}

    def standing(self) -> Standing:
        """What is reported of it."""
        feed = self.feed
        now = (feed.turn, feed.streams, self.pair, self.counts, self.dropped)
        if self._stood is None or self._stood[0] != now:
            self._stood = now, self._standing()
        return self._stood[1]

    def _standing(self) -> Standing:
        pair = self.pair
        taken = [number for number in self._generations if self.feed.has_secrets(number)]
        newest = max(taken, default=-1)
        for number in [number for number in self._generations if number < newest]:
            del self._generations[number]
        standing = self.feed.standing_refusals
        return Standing(
            self.addresses,
            pair.slot if pair else 0,
            pair.validity.end if pair else 0,
            self._generations.get(newest, -1),
            self.feed.streams > 0,
            tuple(map(_told, self.feed.refusals)),
            {**self.counts, **self.dropped, NACKS: self.feed.nacks},
            self._declared if self._version and self.feed.has(self._version) else "",
            self._declared if standing else "",
            _told(standing[0]) if standing else "",
        )


def _told(refusal: Refusal) -> str:
    return f"{refusal.type}: {refusal.reason}"


@lru_cache(maxsize=4)
def _roots_in(bundle: str) -> tuple[x509.Certificate, ...]:
    """All workloads of a host trust the same."""
    return tuple(certificates.from_pem(bundle.encode()))
