"""What is to be tried on original and result, as a person writes it, and what came of it."""

from collections.abc import Sequence
from typing import NamedTuple

from seawall.core.errors import UsageError
from seawall.core.lazy import pattern

_PATH = pattern(r"/[!-~]*")
"""Visible ASCII, as RFC 9110 has it (4.2.3, 2.2 of RFC 3986 for what must be escaped)."""
_LARGEST_PORT = 65535
_LONGEST_WAIT = 3600
PATIENCE = 30.0
"""Seconds for each run of each check."""

VERIFIED, DIFFERS, UNVERIFIED = "verified", "differs", "unverified"


class Command(NamedTuple):
    """A command that is run in place of the image's own process."""

    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return self.text


class Http(NamedTuple):
    """A page that the image's own process is asked for."""

    port: int
    path: str

    def __str__(self) -> str:
        return f"{self.port}{self.path}"


Check = Command | Http


class Checks(NamedTuple):
    """What is asked for."""

    wanted: tuple[Check, ...] = ()
    required: bool = False
    """Whether a result that could not be tried is refused."""
    patience: float = PATIENCE
    writable: tuple[str, ...] = ()
    """Directories (without a leading ``/``) that whoever runs it will make writable."""

    def refuse(self, verdicts: Sequence["Verdict"]) -> bool:
        """Whether a result is not to be written."""
        states = {each.state for each in verdicts}
        return DIFFERS in states or (self.required and UNVERIFIED in states)


NO_CHECKS = Checks()


class Verdict(NamedTuple):
    """What came of one check on one platform."""

    platform: str
    check: Check
    state: str
    """``verified``, ``differs`` or ``unverified``."""
    reason: str
    """How it was tried, or why it was not, in one line."""
    details: tuple[str, ...] = ()
    """What differs, and what else should be known."""


def command_of(text: str) -> Command:
    """A command, split into words as a shell does it; raises UsageError."""
    import shlex  # noqa: PLC0415 - only where something is verified

    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--verify: {text!r}: {error}; write it as for a shell") from None
    if not words or not words[0] or "\0" in text:
        raise UsageError('--verify: there is no command; write --verify "app --version"')
    return Command(tuple(words), text)


def http_of(text: str, option: str = "--verify-http") -> Http:
    """``PORT/PATH``; raises UsageError."""
    port, slash, path = text.partition("/")
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
    if not 0 < number <= _LARGEST_PORT or not _PATH.fullmatch(slash + path or "/"):
        raise UsageError(
            f"{option}: {text!r} is not PORT/PATH; write 8080/healthz, with %XX for what is "
            "not ASCII"
        )
    return Http(number, slash + path or "/")


def patience_of(text: str, option: str = "--verify-timeout") -> float:
    """Seconds; raises UsageError."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= _LONGEST_WAIT):
        raise UsageError(
            f"{option}: {text!r} is no number of seconds from 1 to {_LONGEST_WAIT}; "
            f"write {PATIENCE:.0f}"
        )
    return float(text)
