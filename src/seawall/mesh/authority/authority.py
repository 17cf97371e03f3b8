"""Signs certificates of workloads. What may be signed is decided here, not by who asks."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cryptography import x509

from seawall.core.errors import SeawallError
from seawall.mesh.authority.audit import Audit
from seawall.mesh.authority.errors import BusyError, RefusedError, StoreError
from seawall.mesh.authority.limits import Limits, Rate
from seawall.mesh.authority.sealing import Seal
from seawall.mesh.authority.slots import TRUSTED, Kind, Slot, State
from seawall.mesh.authority.store import ABOVE, Issued, Store
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import SKEW, Issuer, Validity
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import PublicKey
from seawall.mesh.identity.requests import read_request
from seawall.mesh.identity.spiffe_id import SpiffeId

DAY = 24 * 3600
_JOURNAL_KEPT = 2000
"""Lines of the journal that stay in the store."""
Clock = Callable[[], int]
"""Seconds since the epoch."""


class Lifetimes(NamedTuple):
    """How long certificates hold, in seconds."""

    leaf: int = 3600
    least: int = 300
    most: int = DAY
    intermediate: int = 7 * DAY
    root: int = 365 * DAY


USUAL = Lifetimes()
STEADY = Rate()


class Caller(NamedTuple):
    """Who asks, as somebody has attested it, and for which ids it may ask."""

    name: str
    may: Callable[[SpiffeId], bool]


class Grant(NamedTuple):
    """What a workload gets, besides the key that it has."""

    id: SpiffeId
    chain: tuple[x509.Certificate, ...]
    """Leaf first, then what signed it."""
    validity: Validity
    slot: int
    """The issuer's."""


Refusal = RefusedError | IdentityError
"""Why one of several requests is not granted."""


class _Draft(NamedTuple):
    """A certificate before it is signed."""

    issued: Issued
    key: PublicKey
    validity: Validity

    def signed(self, issuer: Issuer, hosts: Sequence[str]) -> x509.Certificate:
        own = self.issued
        return certificates.make_leaf(own.id, self.key, self.validity, issuer, own.serial, hosts)


class Authority:
    """The signing side of a mesh, over a store that several processes may share."""

    def __init__(
        self,
        store: Store,
        seal: Seal,
        audit: Audit,
        lifetimes: Lifetimes = USUAL,
        rate: Rate = STEADY,
        clock: Clock = lambda: int(time.time()),
    ) -> None:
        self.store = store
        self.lifetimes = lifetimes
        self.clock = clock
        self._seal = seal
        self.audit = audit
        self._limits = Limits(rate)
        self._key: tuple[int, keys.PrivateKey] | None = None
        """That of the slot that signed last."""

    # What is trusted ------------------------------------------------------------------------

    def bundle(self) -> tuple[x509.Certificate, ...]:
        """The roots that everybody in the mesh trusts now, oldest first; never empty."""
        now = self.clock()
        roots = [
            slot.certificate
            for slot in self.store.slots()
            if slot.kind is Kind.ROOT and slot.state in TRUSTED
            and certificates.validity_of(slot.certificate).end >= now
        ]  # fmt: skip
        if not roots:
            raise StoreError(
                f"{self.store.path}: every root has ended: make a new one with seawall mesh ca "
                "rotate --root --force"
            )
        return tuple(roots)

    def issuer(self) -> Slot:
        """The intermediate that signs now."""
        found = [
            slot
            for slot in self.store.slots()
            if slot.kind is Kind.INTERMEDIATE and slot.state is State.ACTIVE
        ]
        if not found:
            raise StoreError(
                f"{self.store.path} has no intermediate that signs: make one with seawall mesh ca "
                "rotate, or bring one that the offline root has signed: seawall mesh ca install"
            )
        return found[-1]

    def above(self, slot: Slot) -> tuple[x509.Certificate, ...]:
        """What stands between an intermediate and its root, where another issuer signed it."""
        text = self.store.fact(f"{ABOVE}{slot.number}")
        return tuple(certificates.from_pem(text.encode())) if text else ()

    def key_of(self, slot: Slot) -> keys.PrivateKey:
        """The key of an issuer; raises :class:`StoreError` where it is not here."""
        if self._key is None or self._key[0] != slot.number:
            if not slot.key:
                raise StoreError(f"the key of {slot.about} is not here: sign where it is")
            self._key = slot.number, self.opened(slot.key, slot.about)
        return self._key[1]

    def sealed(self, key: keys.PrivateKey, about: str) -> bytes:
        """A key as a slot keeps it."""
        return self._seal.seal(keys.as_der(key), about)

    def opened(self, sealed: bytes, about: str) -> keys.PrivateKey:
        """Such a key again; raises :class:`StoreError`."""
        return keys.from_der(self._seal.open(sealed, about))

    # Issuing --------------------------------------------------------------------------------

    def issue(
        self, request: bytes, caller: Caller, lifetime: int = 0, hosts: Sequence[str] = ()
    ) -> Grant:
        """A certificate for a request (PKCS #10, DER), for at most ``lifetime`` seconds.

        ``hosts`` are names of servers in it; only the mesh's own controller has any.

        It is written down before it is signed, so that none exists that nobody remembers. Raises
        :class:`RefusedError`, :class:`StoreError` or ``IdentityError``.
        """
        (found,) = self.issue_all([request], caller, lambda _: lifetime, hosts)
        if isinstance(found, Grant):
            return found
        raise found

    def issue_all(
        self,
        requests: Sequence[bytes],
        caller: Caller,
        lifetime: Callable[[SpiffeId], int],
        hosts: Sequence[str] = (),
    ) -> list[Grant | Refusal]:
        """The same for many; one that is refused does not take others with it.

        The disk is waited for once, and nothing is signed before. ``lifetime`` is that of an id.
        """
        slot = self.issuer()
        issuer, above = Issuer(slot.certificate, self.key_of(slot)), self.above(slot)
        asked = [self._admitted(request, caller) for request in requests]
        drafts = [
            own if isinstance(own, SeawallError) else self._draft(own, caller, lifetime, slot)
            for own in asked
        ]
        self.remember([own.issued for own in drafts if isinstance(own, _Draft)])
        found: list[Grant | Refusal] = [
            own if isinstance(own, SeawallError) else Grant(
                own.issued.id, (own.signed(issuer, hosts), slot.certificate, *above),
                own.validity, slot.number,
            )
            for own in drafts
        ]  # fmt: skip
        self.store.confirm_term()  # who hung in between gives nothing out
        return found

    def _admitted(self, request: bytes, caller: Caller) -> tuple[SpiffeId, PublicKey] | Refusal:
        """Whom a certificate is for, and its key, where the caller may have one."""
        try:
            self.admit(caller)
            name, key = read_request(request)
            self.check(name, caller)
        except (RefusedError, IdentityError) as error:
            return error
        return name, key

    def _draft(
        self, asked: tuple[SpiffeId, PublicKey], caller: Caller,
        lifetime: Callable[[SpiffeId], int], slot: Slot,
    ) -> "_Draft":  # fmt: skip
        (name, key), now = asked, self.clock()
        validity = self._validity(now, lifetime(name), slot)
        serial, mark = certificates.new_serial(), keys.fingerprint(key)
        issued = Issued(serial, name, caller.name, mark, slot.number, now, validity.end)
        return _Draft(issued, key, validity)

    def remember(self, issued: Sequence[Issued]) -> None:
        """Write certificates down, in the store and the audit log, before they are signed."""
        if not issued:
            return
        with self.store.changes():
            for own in issued:
                self.store.remember(own)
            self.audit.issued(issued)

    def tidy(self) -> None:
        """Forget what ended a day ago; old lines of the journal go to the audit log."""
        store, before = self.store, self.clock() - DAY
        with store.changes():
            store.forget_before(before)
            store.forget_tokens_before(before)
            self.audit.journal(store.old_journal(_JOURNAL_KEPT))
            store.forget_old_journal(_JOURNAL_KEPT)

    def admit(self, caller: Caller) -> None:
        """Count a request; raises :class:`BusyError` where there are too many."""
        if not self._limits.take(caller.name, time.monotonic()):
            raise BusyError(f"{caller.name} asks for too many certificates: wait a second")

    def check(self, name: SpiffeId, caller: Caller) -> None:
        """Refuse an id that the caller may not have, or that is not of this mesh."""
        own = self.store.trust_domain()
        if name.trust_domain != own.trust_domain or not name.is_workload:
            raise RefusedError(f"{name} is no workload of {own}: ask for an id of this mesh")
        if not caller.may(name):
            raise RefusedError(
                f"{caller.name} may not be {name}: ask for the id that its entry gives it"
            )

    def _validity(self, now: int, lifetime: int, slot: Slot) -> Validity:
        """At most what is asked for, what the rules allow, and what the issuer has left."""
        rules = self.lifetimes
        wanted = min(max(lifetime or rules.leaf, rules.least), rules.most)
        own = certificates.validity_of(slot.certificate)
        if now < own.begin:
            raise StoreError(
                f"{slot.about} holds only in {own.begin - now} s, so the clock was set back: set it"
            )
        left = own.end - now
        if left <= 0:
            raise StoreError(
                f"{slot.about} ended {-left} s ago: rotate it with seawall mesh ca rotate"
            )
        return Validity(now - SKEW, now + min(wanted, left))
