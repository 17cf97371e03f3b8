"""What it takes to ask registries: logins, certificates, mirrors, patience; once for a run."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from seawall.core.image_reference import ImageReference
from seawall.sources.http.client import Client, Contexts, Limits
from seawall.sources.images.registry import configuration, tls
from seawall.sources.images.registry.configuration import Place, Rules
from seawall.sources.images.registry.credentials import Credentials
from seawall.sources.images.registry.hosts import address_of, is_loopback
from seawall.sources.images.registry.registry import Registry
from seawall.sources.images.registry.tls import Certificates

LIMITS = Limits(patience=30.0, grace=30.0, rate=4096, tries=4, first_wait=0.5, most_wait=60.0)
Connect = Callable[[Contexts], Client]
"""Makes a client that has the TLS of some hosts."""


class Options(NamedTuple):
    """What a user says about registries."""

    insecure: tuple[str, ...] = ()
    """Hosts (``registry.example.org:5000``) whose certificates do not count, or that have none."""
    mirrors: tuple[str, ...] = ()
    """``PREFIX=MIRROR``, before what is configured."""


def client(contexts: Contexts) -> Client:
    """A client with the patience that registries need."""
    return Client(limits=LIMITS, contexts=contexts)


class Access:
    """The registries of a run. Threads may share one."""

    def __init__(
        self,
        credentials: Credentials,
        rules: Rules = Rules(),  # noqa: B008 - it is not changed
        certificates: Iterable[str] = (),
        connect: Connect = client,
    ) -> None:
        self._credentials = credentials
        self._rules = rules
        self._certificates = tuple(certificates)
        self._connect = connect
        self._registries: dict[tuple[str, bool], Registry] = {}

    def places(self, image: ImageReference) -> list[Place]:
        """Where to look for an image. Raises ``RegistryError`` where that is forbidden."""
        return self._rules.places(image)

    def registry(self, place: Place) -> Registry:
        """The registry of a place."""
        key = place.registry, place.insecure
        if key not in self._registries:
            hosts = {address_of(place.registry)} if _unproven(place) else set()
            own = Certificates(self._certificates, hosts)
            made = Registry(
                place.registry, self._connect(own.of), self._credentials, insecure=place.insecure
            )
            self._registries.setdefault(key, made)
        return self._registries[key]


def _unproven(place: Place) -> bool:
    return place.insecure or is_loopback(place.registry)


_NONE = Options()


def from_environment(
    environment: Mapping[str, str],
    options: Options = _NONE,
    connect: Connect = client,
) -> Access:
    """What this user may reach, as the usual files and the command line say.

    Raises ``UsageError`` for options, ``RegistryError`` for files that cannot be used.
    """
    insecure = configuration.hosts_of(options.insecure)
    rules = [*configuration.read(environment), *configuration.mirrors_of(options.mirrors)]
    return Access(
        Credentials(environment), Rules(rules, insecure), tls.directories(environment), connect
    )
