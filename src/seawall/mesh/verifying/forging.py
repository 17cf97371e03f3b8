"""Certificates for attacks: probes of the mesh's own issuer, and those of an issuer of our own.

Keys are made here and go nowhere but to the attacker's process.
"""

import secrets
import time
from base64 import b64encode

from seawall.mesh.authority.probing import LONGEST, PATH, Variant
from seawall.mesh.control.operating import ask
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import SKEW, Issuer, Validity
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.spiffe_id import SpiffeId, parse
from seawall.mesh.verifying.tls_client import Credentials


class Forge:
    """Makes certificates, right and wrong ones."""

    def __init__(self, operator: str, trust_domain: SpiffeId) -> None:
        self._operator = operator
        self._name = trust_domain.child(*PATH, secrets.token_hex(6))
        self.bundle = ""
        """The roots of the mesh, in PEM form, as the last probe brought them."""
        self._foreign = _issuer(trust_domain)

    def probe(self, variant: Variant, seconds: int = LONGEST) -> Credentials:
        """A probe of the mesh's own issuer; raises ``OperatorError`` where there is none."""
        key = keys.new_key()
        request = b64encode(make_request(self._name, key)).decode()
        given = ask(self._operator, "Probe", request=request, variant=str(variant), seconds=seconds)
        self.bundle = given["bundle"]
        return Credentials(given["chain"], keys.as_pem(key).decode())

    def foreign(self, name: str) -> Credentials:
        """A certificate for any id at all, of an issuer that nobody knows."""
        key = keys.new_key()
        leaf = certificates.make_leaf(
            parse(name), key.public_key(), _now(), self._foreign, certificates.new_serial()
        )
        chain = certificates.as_pem((leaf, self._foreign.certificate)).decode()
        return Credentials(chain, keys.as_pem(key).decode())


def _issuer(trust_domain: SpiffeId) -> Issuer:
    """An intermediate with the very name of the mesh's trust domain, below a root of our own."""
    root_key, key = keys.new_key(), keys.new_key()
    root = Issuer(certificates.make_root(trust_domain, root_key, _now()), root_key)
    made = certificates.make_intermediate(trust_domain, key.public_key(), _now(), root)
    return Issuer(made, key)


def _now() -> Validity:
    now = int(time.time())
    return Validity(now - SKEW, now + LONGEST)
