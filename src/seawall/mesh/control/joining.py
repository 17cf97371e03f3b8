"""Join tokens: a secret that lets one host in, once."""

import secrets
from hashlib import sha256

from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.errors import RefusedError

LIFETIME = 600
"""Seconds that a token can be used."""
_BYTES = 32


def new_token(authority: Authority, host: str, lifetime: int = LIFETIME) -> str:
    """A token for a host; only its hash is remembered."""
    token = secrets.token_urlsafe(_BYTES)
    with authority.store.changes():
        now = authority.clock()
        authority.store.add_token(_mark(token), host, now + lifetime)
        authority.store.record(now, "token made", host=host, ends=now + lifetime)
    return token


def redeem(authority: Authority, token: str) -> str:
    """The host that a token is for; raises :class:`RefusedError` where it lets nobody in."""
    with authority.store.changes():
        host = authority.store.use_token(_mark(token), authority.clock())
        if host:
            authority.store.record(authority.clock(), "joined", host=host)
    if not host:
        raise RefusedError(
            "the join token is unknown, used or too old: make another with seawall mesh token"
        )
    return host


def _mark(token: str) -> str:
    # A token has 256 random bits: there is nothing to guess, so a plain hash will do.
    return sha256(token.encode("utf-8", "replace")).hexdigest()
