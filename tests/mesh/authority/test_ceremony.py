"""The ceremony: a root made elsewhere, a request carried there, the answer installed."""

import os
from pathlib import Path

import pytest

from seawall.mesh.authority import ceremony, external
from seawall.mesh.authority.upstream import Signed
from seawall.mesh.identity.certificates import from_pem, validity_of
from seawall.mesh.identity.checking import identity_of
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.requests import make_authority_request, make_request
from seawall.mesh.identity.spiffe_id import trust_domain
from tests.mesh.made import DOMAIN, NOW, WEB, Clock, anyone, authority_in

PASSPHRASE = os.urandom(16).hex().encode()


def test_a_root_stays_where_it_is_and_signs_what_is_carried_to_it(tmp_path: Path) -> None:
    made = ceremony.make(DOMAIN, PASSPHRASE, 1825, NOW)
    authority = authority_in(tmp_path, Clock(), begun=False)
    root = ceremony.opened(made.key, PASSPHRASE)
    chain = ceremony.sign(root, external.request_of(authority), 90, NOW)
    (intermediate,) = from_pem(chain)
    assert validity_of(intermediate).end == NOW + 90 * 24 * 3600
    external.install(authority, Signed((intermediate,), tuple(from_pem(made.certificate))))
    grant = authority.issue(make_request(WEB, new_key()), anyone())
    assert identity_of(grant.chain, authority.bundle(), NOW) == WEB
    # Long before the end people are told, and a new ceremony does it.
    clock = Clock(NOW + 50 * 24 * 3600)
    authority.store.close()
    later = authority_in(tmp_path, clock)
    assert external.is_due(later)
    (warning,) = external.warnings(later, {"type": "offline"})
    assert f"ends in {40 * 24 * 3600} s" in warning
    again = ceremony.sign(root, external.request_of(later), 90, clock.now)
    external.install(later, Signed(tuple(from_pem(again)), (root.certificate,)))
    assert not external.warnings(later, {"type": "offline"})
    assert later.issue(make_request(WEB, new_key()), anyone()).slot == 3


def test_what_is_wrong_at_the_ceremony_is_said() -> None:
    made = ceremony.make(DOMAIN, PASSPHRASE, 10, NOW)
    with pytest.raises(IdentityError, match="take 12 at least"):
        ceremony.make(DOMAIN, b"short", 10, NOW)
    for key, passphrase in ((made.key, b"another passphrase"), (b"no key", PASSPHRASE)):
        with pytest.raises(IdentityError, match="cannot be opened"):
            ceremony.opened(key, passphrase)
    root = ceremony.opened(made.key, PASSPHRASE)
    elsewhere = make_authority_request(trust_domain("else.example.org"), new_key())
    with pytest.raises(IdentityError, match="sign its own only"):
        ceremony.sign(root, elsewhere, 10, NOW)
    with pytest.raises(IdentityError, match="no certificate request"):
        ceremony.sign(root, b"x", 10, NOW)
    request = make_authority_request(DOMAIN, new_key())
    with pytest.raises(IdentityError, match="rotate it"):
        ceremony.sign(root, request, 10, NOW + 11 * 24 * 3600)
