"""Chains: one that is right, and each way in which it may be wrong."""

import subprocess
from pathlib import Path
from shutil import which

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from seawall.mesh.identity import certificates
from seawall.mesh.identity.certificates import HASH, SKEW, Issuer, Validity, id_of, make_leaf
from seawall.mesh.identity.checking import identity_of, leaf_id
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.spiffe_id import SpiffeId
from tests.mesh.made import ALWAYS, DOMAIN, NOW, WEB, intermediate_of, leaf_of, root_of


def test_a_right_chain_says_who_it_is() -> None:
    root = root_of()
    middle = intermediate_of(root)
    chain = [leaf_of(middle), middle.certificate]
    assert identity_of(chain, [root_of().certificate, root.certificate], NOW) == WEB


def test_others_roots_vouch_for_nobody() -> None:
    middle = intermediate_of(root_of())
    with pytest.raises(IdentityError, match="no root of the trust bundle"):
        identity_of([leaf_of(middle), middle.certificate], [root_of().certificate], NOW)


def test_an_empty_bundle_trusts_nobody() -> None:
    middle = intermediate_of(root_of())
    with pytest.raises(IdentityError, match="no root"):
        identity_of([leaf_of(middle), middle.certificate], [], NOW)


@pytest.mark.parametrize(("now", "says"), [(NOW - 2000, "holds only in"), (NOW + 2000, "ended")])
def test_before_and_after_its_time(now: int, says: str) -> None:
    root = root_of(validity=Validity(NOW - 9000, NOW + 9000))
    with pytest.raises(IdentityError, match=says):
        identity_of([leaf_of(root)], [root.certificate], now)


def test_a_root_below_which_nothing_may_sign_another() -> None:
    root = root_of()
    middle = intermediate_of(root)
    below = intermediate_of(middle)
    with pytest.raises(IdentityError, match="longer than one of its issuers allows"):
        identity_of(
            [leaf_of(below), below.certificate, middle.certificate], [root.certificate], NOW
        )


def test_a_leaf_signs_nobody() -> None:
    root = root_of()
    key = new_key()
    leaf = Issuer(make_leaf(WEB, key.public_key(), ALWAYS, root, 5), key)
    forged = leaf_of(leaf)
    with pytest.raises(IdentityError, match="may not sign others"):
        identity_of([forged, leaf.certificate], [root.certificate], NOW)


def test_an_issuer_is_no_workload() -> None:
    root = root_of()
    with pytest.raises(IdentityError, match="has no path"):
        identity_of([intermediate_of(root).certificate], [root.certificate], NOW)


def test_an_issuer_of_another_trust_domain() -> None:
    root = root_of()
    middle = intermediate_of(root, SpiffeId("other.example.org"))
    with pytest.raises(IdentityError, match="signs no ids of"):
        identity_of([leaf_of(middle), middle.certificate], [root.certificate], NOW)


def test_two_ids_are_none() -> None:
    root = root_of()
    names = [
        x509.UniformResourceIdentifier(str(WEB)),
        x509.UniformResourceIdentifier("spiffe://a/b"),
    ]
    forged = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([])).issuer_name(root.certificate.subject)
        .public_key(new_key().public_key()).serial_number(7)
        .not_valid_before(root.certificate.not_valid_before_utc)
        .not_valid_after(root.certificate.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .sign(root.key, HASH)
    )  # fmt: skip
    with pytest.raises(IdentityError, match="this one has 2"):
        identity_of([forged], [root.certificate], NOW)


def test_a_chain_in_the_wrong_order() -> None:
    root = root_of()
    one, other = intermediate_of(root), intermediate_of(root)
    with pytest.raises(IdentityError, match="not signed by the next"):
        identity_of([leaf_of(one), other.certificate], [root.certificate], NOW)


def test_no_certificate_outlives_its_issuer() -> None:
    root = root_of(validity=Validity(NOW - 1000, NOW + 100))
    leaf = leaf_of(root, validity=Validity(NOW - SKEW, NOW + 10_000))
    assert certificates.validity_of(leaf) == (NOW - SKEW, NOW + 100)
    with pytest.raises(IdentityError, match="rotate it"):
        leaf_of(root, validity=Validity(NOW + 100, NOW + 200))


def test_trust_domains_get_no_leaf() -> None:
    with pytest.raises(IdentityError, match="is a trust domain"):
        leaf_of(root_of(), DOMAIN)


@pytest.mark.skipif(which("openssl") is None, reason="openssl is not there")
def test_openssl_takes_the_chain_too(tmp_path: Path) -> None:
    root = root_of()
    middle = intermediate_of(root)
    for name, found in (("root", root.certificate), ("middle", middle.certificate),
                        ("leaf", leaf_of(middle))):  # fmt: skip
        (tmp_path / name).write_bytes(certificates.as_pem([found]))
    said = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-attime", str(NOW), "-purpose", "sslserver",
         "-CAfile", "root", "-untrusted", "middle", "leaf"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_profile_of_a_leaf() -> None:
    leaf = leaf_of(root_of())
    assert leaf.subject == x509.Name([])
    assert id_of(leaf) == WEB
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.critical
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    assert leaf.serial_number.bit_length() >= 126


NULL = b"\x05\x00"


def forged_leaf(root: Issuer, *others: tuple[x509.ExtensionType, bool]) -> x509.Certificate:
    """A leaf that is as it should be but for some extensions."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([])).issuer_name(root.certificate.subject)
        .public_key(new_key().public_key()).serial_number(7)
        .not_valid_before(root.certificate.not_valid_before_utc)
        .not_valid_after(root.certificate.not_valid_after_utc)
    )  # fmt: skip
    usual = leaf_of(root).extensions
    given = {type(own): (own, critical) for own, critical in others}
    named = {own.value.oid: (own.value, own.critical) for own in usual}
    named |= {own.oid: (own, critical) for own, critical in given.values()}
    for value, critical in named.values():
        builder = builder.add_extension(value, critical)
    return builder.sign(root.key, HASH)


@pytest.mark.parametrize(
    ("other", "critical", "says"),
    [
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False, "not for clients and"),
        (x509.NameConstraints([x509.DNSName("a")], None), True, r"2\.5\.29\.30 is not known"),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), NULL), True, "1.2.3.4"),
        (x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, NULL), True, "be read"),
        (x509.UnrecognizedExtension(ExtensionOID.KEY_USAGE, b"\xff\xff"), True, "cannot be read"),
    ],
)  # fmt: skip
def test_extensions_that_change_what_a_leaf_means(
    other: x509.ExtensionType, critical: bool, says: str
) -> None:
    root = root_of()
    assert identity_of([forged_leaf(root)], [root.certificate], NOW) == WEB
    odd = forged_leaf(root, (other, critical))
    with pytest.raises(IdentityError, match=says):
        identity_of([odd], [root.certificate], NOW)
    with pytest.raises(IdentityError, match=says):
        leaf_id(odd, NOW)


def test_an_unknown_extension_that_is_not_critical_says_nothing() -> None:
    root = root_of()
    other = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert identity_of([forged_leaf(root, (other, False))], [root.certificate], NOW) == WEB
