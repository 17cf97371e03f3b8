"""Issuers as the store keeps them: one slot for each certificate that signs others."""

from enum import StrEnum
from typing import NamedTuple

from cryptography import x509


class Kind(StrEnum):
    """What a certificate signs."""

    ROOT = "root"
    """Intermediates; everybody in the mesh trusts it."""
    INTERMEDIATE = "intermediate"
    """Certificates of workloads; they carry it with them."""


class State(StrEnum):
    """How far a slot has come; it never goes back."""

    PREPARED = "prepared"
    """A root that is trusted already and signs nothing yet."""
    ACTIVE = "active"
    """What signs."""
    RETIRING = "retiring"
    """It signs no more; what it signed is still trusted."""
    GONE = "gone"
    """Nobody trusts it."""


TRUSTED = (State.PREPARED, State.ACTIVE, State.RETIRING)


class Slot(NamedTuple):
    """An issuer: its certificate, its sealed key and its state."""

    number: int
    kind: Kind
    state: State
    parent: int
    """The slot of the root of an intermediate; 0 for a root."""
    certificate: x509.Certificate
    key: bytes
    """Sealed; empty where it is not here, such as that of an offline root."""
    tainted: bool = False
    """Somebody else may have the key: what it signed is to be replaced at once."""

    @property
    def about(self) -> str:
        """What its key is sealed with, and what people read."""
        return f"{self.kind} {self.number}"


class TokenKey(NamedTuple):
    """A key that signs JWT-SVIDs. It has no certificate: it is trusted by itself."""

    number: int
    state: State
    public: bytes
    """SubjectPublicKeyInfo, DER."""
    key: bytes
    """Sealed; empty once nobody trusts it."""
    made: int
    since: int
    """When it came to its state."""
    tainted: bool = False

    @property
    def about(self) -> str:
        """What its key is sealed with, and what people read."""
        return f"token key {self.number}"
