"""An issuer that is asked over HTTP.

``POST url`` with ``{"csr": PEM, "ttl": seconds}``; the answer is ``{"chain": PEM, "bundle": PEM}``
with status 200, or status 202 where it needs time and is to be asked again.
"""

from collections.abc import Mapping
from typing import Any

from seawall.mesh.authority.issuers.asking import Place, exchange, reason_in
from seawall.mesh.authority.upstream import PendingError, Signed, UpstreamError
from seawall.mesh.identity import certificates
from seawall.mesh.identity.errors import IdentityError


class Http:
    """The issuer at a URL."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._place = Place(
            str(settings["url"]), str(settings.get("ca_file", "")),
            str(settings.get("token_file", "")),
        )  # fmt: skip

    def sign(self, request: bytes, lifetime: int) -> Signed:
        """The chain that the issuer answers with."""
        body = {"csr": request.decode(), "ttl": lifetime}
        answer = exchange(self._place, "POST", "", body)
        if answer.status == 202:
            raise PendingError(f"{self._place.url} has the request and has not signed it yet: wait")
        if answer.status != 200:
            raise UpstreamError(
                f"{self._place.url} answers {answer.status} ({reason_in(answer)}): see its log"
            )
        try:
            chain, bundle = (
                tuple(certificates.from_pem(str(answer.body[name]).encode()))
                for name in ("chain", "bundle")
            )
        except (KeyError, IdentityError) as error:
            raise UpstreamError(
                f"{self._place.url} answers without chain and bundle in PEM form ({error}): see "
                "docs/mesh.md"
            ) from None
        return Signed(chain, bundle)
