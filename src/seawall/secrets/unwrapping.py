"""Values that are base64 by the rules of their file: the secret is what is in it.

``data`` of a Kubernetes Secret, ``auth`` of Docker's configuration, ``_auth`` of npm's.
"""

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate, Part
from seawall.secrets.verifying.encoded import unpacked

_SECRET = pattern(rb"kind[\"']?[ \t]*:[ \t]*[\"']?Secret\b")
_SHORTEST = 4
_LOGINS = ("auth", "_auth")
_FORMS = frozenset(("bare", "field", "assigned"))


_OF_STORES = b"ExternalSecret"


def names_a_key(candidate: Candidate, data: bytes) -> bool:
    """Whether a value only says under which key a secret is kept: of an ExternalSecret."""
    return candidate.name == KEY_NAME and names_stores(data)


KEY_NAME = "secretKey"


def names_stores(data: bytes) -> bool:
    """Whether a text may have an ExternalSecret in it."""
    return _OF_STORES in data


def holds_kubernetes_secrets(data: bytes) -> bool:
    """Whether a text has a Kubernetes Secret in it."""
    return b"Secret" in data and _SECRET.search(data) is not None  # the first is much quicker


def may_be_wrapped(candidate: Candidate) -> bool:
    """Whether it depends on the text around a candidate what its value is."""
    if candidate.form not in _FORMS or candidate.decoded:
        return False
    length = len(candidate.value.reveal())
    return length >= _SHORTEST and length % 4 == 0


def unwrapped(candidate: Candidate, *, in_secret: bool) -> Candidate:
    """The candidate with what its value holds, where it is base64 of a text."""
    if candidate.form not in _FORMS or candidate.decoded:
        return candidate
    login = candidate.name.lower().rpartition(":")[2] in _LOGINS
    value = candidate.value.reveal()
    if not (login or in_secret) or len(value) < _SHORTEST or len(value) % 4:
        return candidate
    data = unpacked(value)
    if not data or not data.isascii() or not data.decode("ascii").strip().isprintable():
        return candidate
    text = data.decode("ascii").strip()
    if login:
        user, colon, password = text.partition(":")
        if not colon or not password:
            return candidate
        return candidate._replace(
            value=Redacted(password), form="basic", decoded=("base64",),
            inner=Part(len(user) + 1, len(text)),
        )  # fmt: skip
    return candidate._replace(value=Redacted(text), decoded=("base64",), inner=Part(0, len(text)))
