"""Certificates for registries, where docker and containers look for them.

Of ``~/.config/containers/certs.d``, ``/etc/containers/certs.d`` and ``/etc/docker/certs.d``, the
first that has a directory ``HOST`` or ``HOST:PORT`` counts (containers-certs.d(5)): each ``*.crt``
in it is an authority beside those of the system, each ``*.cert`` with its ``*.key`` says who we
are. The system's authorities are those of OpenSSL, or of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``.
"""

import os
import ssl
from collections.abc import Iterable, Mapping

from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.hosts import is_host

SYSTEM = ("/etc/containers/certs.d", "/etc/docker/certs.d")


def directories(environment: Mapping[str, str], system: Iterable[str] = SYSTEM) -> tuple[str, ...]:
    """Where certificates may lie, the first that has a host counts."""
    home = environment.get("HOME", "")
    settings = environment.get("XDG_CONFIG_HOME") or (os.path.join(home, ".config") if home else "")
    own = (os.path.join(settings, "containers", "certs.d"),) if settings else ()
    return (*own, *system)


class Certificates:
    """The TLS of each host. Threads may share one."""

    def __init__(self, places: Iterable[str], insecure: Iterable[str] = ()) -> None:
        self._places = tuple(places)
        self._insecure = frozenset(insecure)
        self._made: dict[str, ssl.SSLContext | None] = {}

    def of(self, host: str) -> ssl.SSLContext | None:
        """The context of a host, with its port where it has one; ``None`` for the usual one.

        Raises ``RegistryError`` where a certificate cannot be used.
        """
        if host not in self._made:
            self._made[host] = self._context(host)
        return self._made[host]

    def _context(self, host: str) -> ssl.SSLContext | None:
        files = self._files(host)
        if not files and host not in self._insecure:
            return None
        context = ssl.create_default_context()
        if host in self._insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        for path in files:
            root, ending = os.path.splitext(path)
            try:
                if ending == ".crt":
                    context.load_verify_locations(path)
                elif ending == ".cert":
                    context.load_cert_chain(path, f"{root}.key", _no_password)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                raise RegistryError(
                    f"{host}: cannot use {path}: {reason}; correct or remove it", kind="untrusted"
                ) from error
        return context

    def _files(self, host: str) -> list[str]:
        if not is_host(host):
            return []
        for place in self._places:
            directory = os.path.join(place, host)
            try:
                names = sorted(os.listdir(directory))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise RegistryError(
                    f"{host}: cannot read {directory}: {error.strerror}; make it readable",
                    kind="untrusted",
                ) from error
            return [os.path.join(directory, name) for name in names]
        return []


def _no_password() -> str:
    """OpenSSL asks the terminal for a key's password unless it is told one."""
    return ""
