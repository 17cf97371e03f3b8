"""JWT-SVIDs: who may have one, and the keys that sign them, which give way to others in time.

The order is that of issuers (``authority.rotation``): a new key is *prepared* (everybody has it in
the bundle), then *active*, and the one before is *retiring* until its last token has ended; then it
is *gone*. Where a key is tainted its tokens are not waited for.
"""

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from seawall.mesh.authority.authority import Authority, Caller
from seawall.mesh.authority.errors import RefusedError, StoreError
from seawall.mesh.authority.rotation import Laggards, generation_of, new_generation
from seawall.mesh.authority.slots import TRUSTED, State, TokenKey
from seawall.mesh.identity import keys
from seawall.mesh.identity.certificates import SKEW
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.identity.tokens import (
    Statement,
    check_audience,
    key_set,
    make_token,
)

LIFETIME = 300
"""Seconds that a token holds: SPIRE's default, too."""
_NUMBER_BYTES = 16


class Token(NamedTuple):
    """A JWT-SVID and when it was made and ends."""

    text: str
    issued: int
    ends: int


def bundle(authority: Authority) -> str:
    """The keys that vouch for tokens now, as a JWK Set; without any key before there is one."""
    return key_set(_public(own) for own in authority.store.token_keys() if own.state in TRUSTED)


def issue(
    authority: Authority, name: SpiffeId, audience: Sequence[str], caller: Caller
) -> Token:  # fmt: skip
    """A token for an id and an audience. It is written down before it is given out.

    Raises :class:`RefusedError`, :class:`StoreError` or ``IdentityError``.
    """
    authority.admit(caller)
    authority.check(name, caller)
    check_audience(audience)
    own = _active(authority)
    now = authority.clock()
    number = secrets.token_hex(_NUMBER_BYTES)
    statement = Statement(name, tuple(audience), now, now + LIFETIME, number)
    key = authority.opened(own.key, own.about)
    authority.store.confirm_term()
    authority.audit.token(name, audience, number, caller.name, statement.ends)
    token = Token(make_token(statement, key), now, statement.ends)
    authority.store.confirm_term()
    return token


def begin(authority: Authority) -> None:
    """Make the first key, of a store that has none; nothing where there is one."""
    store = authority.store
    with store.changes():
        if not store.token_keys():
            _add(authority, State.ACTIVE)
            new_generation(authority, "token key begun")


def rotate(authority: Authority, *, tainted: bool = False) -> None:
    """Make a new key known, which takes over once everybody has it (:func:`advance`).

    ``tainted``: somebody else may have the key that signs now, so what it signed is not waited for.
    """
    store = authority.store
    with store.changes():
        found = store.token_keys()
        if tainted:
            for own in found:
                if own.state in (State.ACTIVE, State.RETIRING):
                    store.put_token_key(own._replace(tainted=True))
        if any(own.state is State.PREPARED for own in found):
            if tainted:
                return  # one is on its way already
            raise RefusedError("a rotation is under way: let it end, see seawall mesh ca show")
        _add(authority, State.PREPARED)
        new_generation(authority, "token key prepared", tainted=tainted)


def advance(authority: Authority, laggards: Laggards, *, force: bool = False) -> Sequence[str]:
    """Do the next step, if everybody has followed the last one; who has not, by name."""
    store = authority.store
    found = store.token_keys()
    prepared = [own for own in found if own.state is State.PREPARED]
    over = [own for own in found if own.state is State.RETIRING and _is_over(own, authority)]
    if not (prepared or over):
        return ()
    generation = generation_of(store)
    missing = tuple(laggards(generation))
    if missing and not force:
        return missing
    with store.changes():
        if generation_of(store) == generation:  # else another controller was quicker
            now = authority.clock()
            for own in over:
                store.put_token_key(own._replace(state=State.GONE, since=now))
            if prepared:
                _activate(authority, found, prepared[-1])
            new_generation(authority, "token key active" if prepared else "token key gone")
    return ()


def is_due(authority: Authority) -> bool:
    """Whether the key that signs is so old that it should give way: half of an issuer's life."""
    found = authority.store.token_keys()
    if any(own.state is State.PREPARED for own in found):
        return False
    age = authority.lifetimes.intermediate / 2
    return any(
        own.state is State.ACTIVE and authority.clock() >= own.made + age for own in found
    )  # fmt: skip


def _is_over(own: TokenKey, authority: Authority) -> bool:
    """Whether the last token that a retiring key signed has ended, or does not count."""
    return own.tainted or authority.clock() > own.since + LIFETIME + SKEW


def _activate(authority: Authority, found: Sequence[TokenKey], key: TokenKey) -> None:
    store, now = authority.store, authority.clock()
    for own in found:
        if own.state is State.ACTIVE:
            store.put_token_key(own._replace(state=State.RETIRING, since=now))
    store.put_token_key(key._replace(state=State.ACTIVE, since=now))


def _active(authority: Authority) -> TokenKey:
    found = [own for own in authority.store.token_keys() if own.state is State.ACTIVE]
    if not found:
        raise StoreError(
            f"{authority.store.path} has no key that signs tokens: see that the controller runs"
        )
    return found[-1]


def _public(own: TokenKey) -> keys.PublicKey:
    return keys.checked(load_der_public_key(own.public))


def _add(authority: Authority, state: State) -> None:
    store, now = authority.store, authority.clock()
    key = keys.new_key()
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    number = max((own.number for own in store.token_keys()), default=0) + 1
    made = TokenKey(number, state, public, b"", now, now)
    store.put_token_key(made._replace(key=authority.sealed(key, made.about)))
