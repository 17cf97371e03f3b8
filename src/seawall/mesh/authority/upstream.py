"""Issuers that are not ours: who signs the mesh's intermediate instead of a root of its own.

The interface is one call, ``sign(request, lifetime)``, with a certificate request and seconds; it
gives a chain and the roots to trust. Keys stay here. An issuer that needs time says so, and is
asked again with the same request. Nothing is made up where it fails: the certificate that there is
goes on to its end, and the status says why.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from cryptography import x509

from seawall.core.errors import InputError

Plain = Mapping[str, Any]


class UpstreamError(InputError):
    """The issuer cannot be asked, or does not sign."""


class PendingError(UpstreamError):
    """The issuer has the request and has not answered yet."""


class Signed(NamedTuple):
    """What an issuer gives."""

    chain: tuple[x509.Certificate, ...]
    """The one that was asked for first, then those above it, without the root."""
    bundle: tuple[x509.Certificate, ...]
    """The roots."""


class Upstream(Protocol):
    """An issuer."""

    def sign(self, request: bytes, lifetime: int) -> Signed:
        """Certificates for a request (PKCS #10, PEM), for about ``lifetime`` seconds.

        Raises :class:`UpstreamError`, and :class:`PendingError` where it is to be asked again.
        """


def upstream_of(settings: Plain) -> Upstream | None:
    """The issuer that a description names; ``None`` where people carry the request themselves."""
    kind = settings["type"]
    if kind == "files":
        from seawall.mesh.authority.issuers.files import Files  # noqa: PLC0415 - one of several

        return Files(str(settings["directory"]))
    if kind == "http":
        from seawall.mesh.authority.issuers.http import Http  # noqa: PLC0415

        return Http(settings)
    if kind == "cert-manager":
        from seawall.mesh.authority.issuers.cert_manager import CertManager  # noqa: PLC0415

        return CertManager(settings)
    return None
