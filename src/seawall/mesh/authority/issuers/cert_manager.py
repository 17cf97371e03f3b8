"""cert-manager as an issuer: a CertificateRequest (cert-manager.io/v1) for an authority.

It is named after the request, so asking again finds what was asked before.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from seawall.mesh.authority.issuers.asking import Answer, Place, exchange, reason_in
from seawall.mesh.authority.upstream import PendingError, Signed, UpstreamError
from seawall.mesh.identity import certificates
from seawall.mesh.identity.errors import IdentityError

_GROUP = "cert-manager.io"
_IN_POD = "/var/run/secrets/kubernetes.io/serviceaccount"


class CertManager:
    """An Issuer or ClusterIssuer of a cluster."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._place = Place(
            str(settings.get("url") or "https://kubernetes.default.svc"),
            str(settings.get("ca_file") or f"{_IN_POD}/ca.crt"),
            str(settings.get("token_file") or f"{_IN_POD}/token"),
        )
        self._namespace = str(settings["namespace"])
        self._reference = {
            "name": str(settings["name"]), "kind": str(settings.get("kind") or "Issuer"),
            "group": str(settings.get("group") or _GROUP),
        }  # fmt: skip

    def sign(self, request: bytes, lifetime: int) -> Signed:
        """The chain of the request, once it is ready."""
        name = f"seawall-mesh-{sha256(request).hexdigest()[:16]}"
        path = f"/apis/{_GROUP}/v1/namespaces/{self._namespace}/certificaterequests"
        answer = exchange(self._place, "GET", f"{path}/{name}", None)
        if answer.status == 404:
            answer = exchange(self._place, "POST", path, self._object(name, request, lifetime))
        if answer.status == 409:
            raise PendingError(f"CertificateRequest {name} has just been made: wait")
        if answer.status not in (200, 201):
            raise UpstreamError(
                f"{self._place.url} answers {answer.status} ({reason_in(answer)}): see what the "
                "controller's service account may do with certificaterequests"
            )
        return self._signed(name, answer)

    def _object(self, name: str, request: bytes, lifetime: int) -> Mapping[str, Any]:
        return {
            "apiVersion": f"{_GROUP}/v1", "kind": "CertificateRequest",
            "metadata": {"name": name, "namespace": self._namespace},
            "spec": {
                "request": b64encode(request).decode(), "isCA": True,
                "duration": f"{lifetime}s", "usages": ["cert sign", "crl sign"],
                "issuerRef": self._reference,
            },
        }  # fmt: skip

    def _signed(self, name: str, answer: Answer) -> Signed:
        status = answer.body.get("status") or {}
        found = status.get("conditions") or []
        conditions = {str(own.get("type")): own for own in found if isinstance(own, dict)}
        for kind in ("Denied", "InvalidRequest"):
            if conditions.get(kind, {}).get("status") == "True":
                raise _refused(name, conditions[kind])
        ready = conditions.get("Ready", {})
        if ready.get("reason") in ("Failed", "Denied"):
            raise _refused(name, ready)
        if ready.get("status") != "True" or not status.get("certificate"):
            why = ready.get("reason") or "nobody has looked at it"
            raise PendingError(
                f"CertificateRequest {name} is not ready ({why}): approve it, and see the issuer"
            )
        try:
            chain = certificates.from_pem(b64decode(status["certificate"]))
            roots = certificates.from_pem(b64decode(status.get("ca") or ""))
        except (ValueError, TypeError, IdentityError) as error:
            raise UpstreamError(
                f"CertificateRequest {name} is ready without certificate and ca ({error}): use an "
                "issuer that tells its root"
            ) from None
        return Signed(tuple(chain), tuple(roots))


def _refused(name: str, condition: Mapping[str, Any]) -> UpstreamError:
    said = str(condition.get("message") or condition.get("reason"))[:300]
    return UpstreamError(f"CertificateRequest {name} was refused ({said}): see the issuer")
