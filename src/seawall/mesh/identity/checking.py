"""Whether a chain of certificates says who somebody is (X509-SVID.md 5): for all but the data path.

Envoy checks the peers of workloads. This checks those of the controller and of agents, and it is
the referee of tests.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from seawall.mesh.identity.certificates import id_of, names_of, validity_of
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.spiffe_id import SpiffeId

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_UNREADABLE = (
    ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType, x509.InvalidVersion,
)  # fmt: skip
_LOOKED_AT = frozenset(
    (ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE,
     ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
)  # fmt: skip
_BOTH_WAYS = frozenset((ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH))
LONGEST_CHAIN = 4
"""Certificates of a chain, the root not counted: leaf, our intermediate, two of another issuer."""


def identity_of(
    chain: Sequence[x509.Certificate], bundle: Sequence[x509.Certificate], now: int
) -> SpiffeId:
    """Who a chain, leaf first, is for, where one of the ``bundle`` vouches for it.

    Raises :class:`IdentityError` with the first thing that is wrong.
    """
    if not chain or len(chain) > LONGEST_CHAIN:
        raise IdentityError(f"a chain of {len(chain)} certificates: send one to {LONGEST_CHAIN}")
    for certificate in chain:
        _check_readable(certificate)
    leaf, *others = chain
    name = id_of(leaf)
    _check_leaf(leaf, name)
    _check_time(leaf, now)
    last = leaf
    for depth, issuer in enumerate(others):
        _check_issuer(issuer, name, depth, now)
        _check_signature(last, issuer)
        last = issuer
    _check_anchor(last, bundle, name, len(others), now)
    return name


def leaf_id(leaf: x509.Certificate, now: int) -> SpiffeId:
    """Who a certificate is for whose chain has been verified already, by a TLS library."""
    _check_readable(leaf)
    name = id_of(leaf)
    _check_leaf(leaf, name)
    _check_time(leaf, now)
    return name


def check_authority(
    chain: Sequence[x509.Certificate],
    bundle: Sequence[x509.Certificate],
    trust_domain: SpiffeId,
    now: int,
) -> None:
    """Refuse a chain whose first certificate could not issue those of workloads.

    The ``bundle`` must vouch for it. Raises :class:`IdentityError` with the first thing that is
    wrong.
    """
    if not chain or len(chain) >= LONGEST_CHAIN:
        raise IdentityError(f"a chain of {len(chain)} certificates: send 1 to {LONGEST_CHAIN - 1}")
    for certificate in (*chain, *bundle):
        _check_readable(certificate)
    name = trust_domain.child("workload")
    _check_issuer(chain[0], name, 0, now)
    if names_of(chain[0]) != [str(trust_domain)]:
        raise IdentityError(f"the certificate is not for {trust_domain}: keep the request's names")
    for depth, (signed, issuer) in enumerate(pairwise(chain)):
        _check_issuer(issuer, name, depth + 1, now)
        _check_signature(signed, issuer)
    _check_anchor(chain[-1], bundle, name, len(chain), now)


def _check_readable(certificate: x509.Certificate) -> None:
    """Refuse what the library cannot read, and what is critical and not looked at here.

    Who does not know a critical extension must refuse it (RFC 5280 4.2), such as name constraints.
    """
    try:
        critical = {own.oid for own in certificate.extensions if own.critical}
    except _UNREADABLE as error:
        raise IdentityError(f"a certificate cannot be read ({error}): issue another one") from None
    unknown = critical - _LOOKED_AT
    if unknown:
        number = min(own.dotted_string for own in unknown)
        raise IdentityError(f"the critical extension {number} is not known here: issue one without")


def _check_leaf(leaf: x509.Certificate, name: SpiffeId) -> None:
    if not name.is_workload:
        raise IdentityError(f"{name} has no path: only workloads authenticate, issue it another id")
    constraints = _of(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise IdentityError("the first certificate is one that signs others: send a leaf")
    purposes = _of(leaf, x509.ExtendedKeyUsage)
    if purposes is not None and not _BOTH_WAYS.issubset(purposes):
        raise IdentityError("the leaf is not for clients and servers alike: issue another one")
    usage = _of(leaf, x509.KeyUsage)
    if usage is None or not usage.digital_signature or usage.key_cert_sign or usage.crl_sign:
        raise IdentityError("the leaf's key usage is not that of an X.509-SVID: issue another one")


def _check_issuer(issuer: x509.Certificate, name: SpiffeId, below: int, now: int) -> None:
    constraints = _of(issuer, x509.BasicConstraints)
    usage = _of(issuer, x509.KeyUsage)
    if constraints is None or not constraints.ca or usage is None or not usage.key_cert_sign:
        raise IdentityError("a certificate of the chain may not sign others: send the right chain")
    if constraints.path_length is not None and below > constraints.path_length:
        raise IdentityError("the chain is longer than one of its issuers allows: shorten it")
    own = SpiffeId(name.trust_domain)
    # Issuers should carry it (X509-SVID.md 3.2); those of others, whom the bundle names, may not.
    if any(domain != str(own) for domain in names_of(issuer)):
        raise IdentityError(
            f"an issuer of {names_of(issuer)[0]} signs no ids of {own}: use its own"
        )
    _check_time(issuer, now)


def _check_time(certificate: x509.Certificate, now: int) -> None:
    validity = validity_of(certificate)
    if now < validity.begin:
        raise IdentityError(f"a certificate holds only in {validity.begin - now} s: set the clock")
    if now > validity.end:
        raise IdentityError(f"a certificate ended {now - validity.end} s ago: renew it")


def _check_signature(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        raise IdentityError(
            "a certificate of the chain is not signed by the next: send the right chain"
        ) from None


def _check_anchor(
    last: x509.Certificate, bundle: Sequence[x509.Certificate], name: SpiffeId, below: int, now: int
) -> None:
    """One of the bundle must have signed the last certificate."""
    for root in bundle:
        _check_readable(root)
        try:
            last.verify_directly_issued_by(root)
        except (InvalidSignature, ValueError, TypeError):
            continue
        _check_issuer(root, name, below, now)
        return
    raise IdentityError("no root of the trust bundle signed this chain: use one of this mesh")


def _of(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
