"""Why a registry gave no image: an exception with its kind, and with what to do."""

from typing import Literal

from seawall.core.errors import InputError

Kind = Literal[
    "not-allowed",  # 401: no login, or a wrong one
    "denied",  # 403: the login may not have it
    "not-found",  # 404
    "too-many-requests",  # 429
    "unreachable",  # no answer at all
    "untrusted",  # a certificate that nobody vouches for
    "unavailable",  # 5xx, broken connections
    "not-supported",  # a format or a way to log in that is not known
    "no-platform",  # an image, but not for this platform
    "wrong-content",  # another digest or size than was said, or no JSON
    "too-large",
    "refused",  # by configuration, or because it would not be safe
]


class RegistryError(InputError):
    """No image could be had from a registry."""

    def __init__(self, problem: str, *, kind: Kind) -> None:
        super().__init__(problem)
        self.kind: Kind = kind
