"""Issuers, leaves and authorities, right and wrong ones, made for tests."""

from pathlib import Path

from cryptography import x509

from seawall.mesh.authority.audit import Audit
from seawall.mesh.authority.authority import Authority, Caller, Lifetimes
from seawall.mesh.authority.rotation import begin
from seawall.mesh.authority.sealing import load
from seawall.mesh.authority.store import Store
from seawall.mesh.identity.certificates import (
    Issuer,
    Validity,
    make_intermediate,
    make_leaf,
    make_root,
    new_serial,
)
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.spiffe_id import SpiffeId, parse

NOW = 1_900_000_000
DOMAIN = SpiffeId("mesh.example.org")
WEB = parse("spiffe://mesh.example.org/ns/shop/sa/web")
ORDERS = parse("spiffe://mesh.example.org/ns/shop/sa/orders")
ALWAYS = Validity(NOW - 1000, NOW + 1000)


USUAL = Lifetimes()


class Clock:
    """A clock that stands until somebody moves it."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def root_of(name: SpiffeId = DOMAIN, validity: Validity = ALWAYS) -> Issuer:
    key = new_key()
    return Issuer(make_root(name, key, validity), key)


def intermediate_of(root: Issuer, name: SpiffeId = DOMAIN) -> Issuer:
    key = new_key()
    return Issuer(make_intermediate(name, key.public_key(), ALWAYS, root), key)


def leaf_of(
    issuer: Issuer, name: SpiffeId = WEB, validity: Validity = ALWAYS
) -> x509.Certificate:  # fmt: skip
    return make_leaf(name, new_key().public_key(), validity, issuer, new_serial())


def anyone(name: str = "agent") -> Caller:
    return Caller(name, lambda _: True)


_OPENED: list[Store] = []


def opened(store: Store) -> Store:
    """A store that is closed when the test is over."""
    _OPENED.append(store)
    return store


def close_all() -> None:
    """Close what tests have opened: on Python 3.13 an open database is a warning, thus an error."""
    while _OPENED:
        _OPENED.pop().close()


def authority_in(
    directory: Path, clock: Clock, lifetimes: Lifetimes = USUAL, *, begun: bool = True
) -> Authority:  # fmt: skip
    path = directory / "store.db"
    store = opened(Store.open(str(path)) if path.exists() else Store.create(str(path), DOMAIN))
    made = Authority(
        store, load(str(directory / "seal.key")), Audit(str(directory / "audit.log")), lifetimes,
        clock=clock,
    )  # fmt: skip
    if begun and not store.slots():
        begin(made)
    return made
