"""A workload's certificate with its key, and the roots that it trusts, as Envoy takes them."""

from base64 import b64encode
from collections.abc import Sequence

from cryptography import x509

from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.proxies.names import BUNDLE, CERTIFICATE, TYPES, Json, any_of, filter_of

_VALIDATOR = (
    "envoy.tls.cert_validator.spiffe",
    "envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig",
)


def certificate_of(chain: Sequence[x509.Certificate], key: keys.PrivateKey) -> Json:
    """The secret ``default``."""
    if not chain:
        raise IdentityError("no certificate to serve: ask for one first")
    own = {
        "certificate_chain": _inline(certificates.as_pem(chain)),
        "private_key": _inline(keys.as_pem(key)),
    }
    return any_of(TYPES["secret"], name=CERTIFICATE, tls_certificate=own)


def bundle_of(
    roots: Sequence[x509.Certificate], name: str = BUNDLE, callers: Sequence[Json] = ()
) -> Json:
    """The secret ``ROOTCA``. There is no empty one: without roots Envoy might trust anybody.

    With ``callers`` it is for one port, and says as well whose certificates are taken there.

    Envoy's validator for SPIFFE is asked for: the usual one takes a leaf that may sign others
    (X509-SVID.md 5.2). It wants the name of the trust domain, which each root carries.
    """
    if not roots:
        raise IdentityError("no root to trust: an empty bundle is never handed out; restore it")
    domains: dict[str, list[x509.Certificate]] = {}
    for root in roots:
        domains.setdefault(certificates.id_of(root).trust_domain, []).append(root)
    trusted = [
        {"name": name, "trust_bundle": _inline(certificates.as_pem(own))}
        for name, own in domains.items()
    ]
    validator = filter_of(*_VALIDATOR, trust_domains=trusted)
    context: Json = {"custom_validator_config": validator}
    if callers:
        context["match_typed_subject_alt_names"] = [
            {"san_type": "URI", "matcher": matcher} for matcher in callers
        ]
    return any_of(TYPES["secret"], name=name, validation_context=context)


def _inline(data: bytes) -> Json:
    return {"inline_bytes": b64encode(data).decode()}
