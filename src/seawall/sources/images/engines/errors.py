"""Why an engine gave no image: an exception with its kind, and with what to do."""

from typing import Literal

from seawall.core.errors import InputError

Kind = Literal[
    "denied",  # the socket may not be used
    "unreachable",  # nobody listens
    "not-found",  # it holds no such image
    "broken",  # an answer that is none, or that ended too early
    "too-large",
    "not-supported",  # a way to reach it, or an answer, that is not known
]


class EngineError(InputError):
    """No image could be had from an engine."""

    def __init__(self, problem: str, *, kind: Kind) -> None:
        super().__init__(problem)
        self.kind: Kind = kind
