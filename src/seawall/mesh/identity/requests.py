"""Certificate signing requests (PKCS #10, RFC 2986): a key asks for an id and proves itself."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from seawall.mesh.identity.certificates import HASH
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import PrivateKey, PublicKey, checked
from seawall.mesh.identity.spiffe_id import SpiffeId, parse

_FAULTS = (
    ValueError, TypeError, UnsupportedAlgorithm,
    x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
)  # fmt: skip
"""What the library says of a request that it does not take."""
LARGEST = 16 * 1024
"""Bytes of a request; an honest one has about 300."""


def make_request(name: SpiffeId, key: PrivateKey) -> bytes:
    """A request in DER form."""
    alternative = x509.SubjectAlternativeName((x509.UniformResourceIdentifier(str(name)),))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(()))
    request = builder.add_extension(alternative, critical=True).sign(key, HASH)
    return request.public_bytes(Encoding.DER)


def make_authority_request(trust_domain: SpiffeId, key: PrivateKey) -> bytes:
    """A request for a certificate that signs those of workloads, in PEM form."""
    name = x509.Name(
        (
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, trust_domain.trust_domain[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, "seawall mesh intermediate"),
        )
    )
    own = x509.UniformResourceIdentifier(str(trust_domain))
    usage = x509.KeyUsage(
        digital_signature=False, key_cert_sign=True, crl_sign=True, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    builder = builder.add_extension(x509.SubjectAlternativeName((own,)), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    return builder.sign(key, HASH).public_bytes(Encoding.PEM)


def from_pem(data: bytes) -> bytes:
    """The DER form of a request in PEM form; raises :class:`IdentityError`."""
    try:
        return x509.load_pem_x509_csr(data[:LARGEST]).public_bytes(Encoding.DER)
    except _FAULTS as error:
        raise IdentityError(f"no certificate request in PEM form: {error}; check it") from None


def read_request(data: bytes) -> tuple[SpiffeId, PublicKey]:
    """The id and the key that a request is about, if it is signed by that key.

    Nothing else of it counts: what a certificate may be used for is decided by who issues it.
    """
    if len(data) > LARGEST:
        raise IdentityError(f"a request of {len(data)} bytes: send one of {LARGEST} at most")
    try:
        request = x509.load_der_x509_csr(data)
        is_valid = request.is_signature_valid
        names = _names(request)
        key = request.public_key()
    except _FAULTS as error:
        raise IdentityError(f"no certificate request: {error}; send PKCS #10 in DER form") from None
    if not is_valid:
        raise IdentityError("the request is not signed by its own key: make another one")
    if len(names) != 1:
        raise IdentityError(f"a request names one URI, this one {len(names)}: make another one")
    return parse(names[0]), checked(key)


def _names(request: x509.CertificateSigningRequest) -> list[str]:
    try:
        found = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return found.value.get_values_for_type(x509.UniformResourceIdentifier)
