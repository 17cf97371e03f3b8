"""What a host needs to join the controller of another one: a token, and the roots to trust.

It is a small text that is carried to the host, in a file or over standard input. The token is good
once, and for ten minutes.
"""

import json
import sys
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.mesh.control.messages import MessageError, decoded
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.identity import certificates
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import checked, fingerprint

_LARGEST = 256 * 1024


class Invitation(NamedTuple):
    """A token for one host, and the roots (PEM)."""

    host: str
    token: str
    bundle: str

    @property
    def fingerprint(self) -> str:
        """``sha256:`` and the digest of the newest root's key, to be compared by people."""
        *_, newest = certificates.from_pem(self.bundle.encode())
        return f"sha256:{fingerprint(checked(newest.public_key()))}"


def written(invitation: Invitation) -> str:
    """The text that is carried."""
    return json.dumps(invitation._asdict()) + "\n"


def read(path: str) -> bytes:
    """The bytes of such a text; ``-`` is standard input."""
    try:
        if path == "-":
            return sys.stdin.buffer.read(_LARGEST)
        with open(path, "rb") as stream:
            return stream.read(_LARGEST)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name the file with the token") from None


def invitation_in(data: bytes, host: str, expected: str = "") -> Invitation:
    """The invitation for a host; raises :class:`HostError`.

    ``expected`` is the fingerprint that somebody has read at the controller, or nothing.
    """
    remedy = "make it with seawall mesh token"
    try:
        plain = decoded(data)
        found = Invitation(*(str(plain[name]) for name in Invitation._fields))
        actual = found.fingerprint
    except (MessageError, KeyError, IdentityError):
        raise HostError(f"this is no invitation to a mesh: {remedy}") from None
    if found.host != host:
        raise HostError(f"the token is for {found.host}, not for {host}: {remedy} for {host}")
    if expected and expected.removeprefix("sha256:").lower() != actual.removeprefix("sha256:"):
        raise HostError(
            f"the roots have the fingerprint {actual}, not {expected}: somebody may have changed "
            "them on their way; carry them again"
        )
    return found
