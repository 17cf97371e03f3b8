"""What an agent keeps on its host: the key to come back with, and the roots that it trusts.

Keys of certificates are in memory only. This one proves which host it is and nothing else; it is
encrypted with a key of its own, which may be a credential of systemd (``authority.sealing``).
"""

import os
import secrets
from collections.abc import Sequence

from cryptography import x509

from seawall.mesh.agents.link import Joined, Link, LinkError
from seawall.mesh.authority.errors import StoreError
from seawall.mesh.authority.sealing import load
from seawall.mesh.control.names import agent_id
from seawall.mesh.control.rejoining import proof_of, public_of
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.spiffe_id import SpiffeId

_KEY, _ROOTS, _SEAL = "rejoin.key", "roots.pem", "seal.key"
_ABOUT = "the key to come back with"


class Home:
    """A directory that is the agent's alone."""

    def __init__(self, directory: str, host: str, trust_domain: SpiffeId) -> None:
        self._directory = directory
        self._host = host
        self._trust_domain = trust_domain

    @property
    def can_come_back(self) -> bool:
        """Whether the agent has joined before."""
        return os.path.exists(self._path(_KEY)) and os.path.exists(self._path(_ROOTS))

    async def join(self, address: str, token: str, bundle: Sequence[x509.Certificate]) -> Joined:
        """Join with a token, and keep the key to come back with."""
        back = keys.new_key()
        key, request = self._request()
        link = Link(address, bundle, None)
        try:
            joined = await link.join(token, key, request, public_of(back.public_key()))
        finally:
            await link.close()
        sealed = load(self._path(_SEAL)).seal(keys.as_der(back), self._about)
        self._write(_KEY, sealed)
        self.keep_roots(joined[1])
        return joined

    async def come_back(self, address: str) -> Joined:
        """Join with the key that was kept; raises :class:`LinkError` or :class:`StoreError`."""
        back = keys.from_der(load(self._path(_SEAL)).open(self._read(_KEY), self._about))
        key, request = self._request()
        link = Link(address, certificates.from_pem(self._read(_ROOTS)), None)
        try:
            joined = await link.rejoin(
                self._host, key, request,
                lambda challenge: proof_of(back, self._trust_domain, challenge, request),
            )  # fmt: skip
        except LinkError as error:
            raise LinkError(
                f"{self._host} cannot come back: {error}; where it was away for longer than a root "
                "holds, give it a new token",
                is_away=error.is_away,
            ) from None
        finally:
            await link.close()
        self.keep_roots(joined[1])
        return joined

    def keep_roots(self, bundle: Sequence[x509.Certificate]) -> None:
        """Remember whom to trust after the next start."""
        self._write(_ROOTS, certificates.as_pem(bundle))

    @property
    def _about(self) -> str:
        return f"{_ABOUT} of {self._host}"

    def _request(self) -> tuple[keys.PrivateKey, bytes]:
        key = keys.new_key()
        return key, make_request(agent_id(self._trust_domain, self._host), key)

    def _path(self, name: str) -> str:
        return os.path.join(self._directory, name)

    def _read(self, name: str) -> bytes:
        try:
            with open(self._path(name), "rb") as stream:
                return stream.read()
        except OSError as error:
            raise StoreError(
                f"{self._path(name)}: {error.strerror}; give the host a new token"
            ) from None

    def _write(self, name: str, data: bytes) -> None:
        """Whole or not at all."""
        temporary = self._path(f"{name}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, self._path(name))
        except OSError as error:
            raise StoreError(f"{self._path(name)}: {error.strerror}; make room there") from None
