"""What an attack comes to, in one word and in more."""

from typing import Any, NamedTuple

ANSWERED = "answered"
"""The application answered: somebody came through."""
FORBIDDEN = "forbidden"
"""The proxy knows who it is, and says no (HTTP 403)."""
ALERT = "alert"
"""The handshake was refused (RFC 8446 6.2)."""
CLOSED = "closed"
"""The connection ended without a word."""
REFUSED = "refused"
"""No connection: nobody listens, or a packet said no."""
SILENT = "silent"
"""No answer at all, within the time that was waited."""
DENIED = "denied"
"""The kernel of the attacker's own host says no."""
OPEN = "open"
"""It was let in, and nothing says that it was not."""


class Outcome(NamedTuple):
    """What the attacker has seen."""

    kind: str
    said: str = ""
    """In more words."""
    port: int = 0
    """The attacker's own port, by which the proxy's log knows the connection."""
    seconds: float = 0.0
    """How long it took, from when the connection stood."""
    extra: str = ""
    """The certificate that the other side showed, in hexadecimal; whether a session came back."""
    at: int = 0
    """When, in seconds since the epoch."""


def to_plain(outcome: Outcome) -> dict[str, Any]:
    """An outcome as the attacker's process tells it."""
    return outcome._asdict()


def from_plain(plain: dict[str, Any]) -> Outcome:
    """The outcome again."""
    return Outcome(**plain)
