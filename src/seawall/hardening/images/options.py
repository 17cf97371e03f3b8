"""What a user asks for, and what is said of what was done."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from seawall.core.errors import UsageError
from seawall.hardening.images.watched import NOTHING, Watched
from seawall.patching.sources import Wanted
from seawall.sources.images.packing import GZIP

LAYER, SQUASH, ABOVE_BASE = "layer", "squash", "squash-above-base"
MINIMAL = "minimal"
_LARGEST_ID = 2**32 - 2


class User(NamedTuple):
    """Who the process is to run as."""

    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}"


NONROOT = User(65532, 65532)
"""What distroless images call nonroot."""


class Options(NamedTuple):
    """How an image is hardened."""

    mode: str = LAYER
    base_layers: int | None = None
    """How many layers are the base's; ``None``: as the history says."""
    keep: frozenset[str] = frozenset()
    """Paths (without leading ``/``) that are left as they are, with all below them."""
    keep_setuid: frozenset[str] = frozenset()
    """Paths that keep the setuid or setgid bit."""
    user: User | None = None
    """Who it is to run as; ``None``: as it does, or ``NONROOT`` where that is root."""
    compression: str = GZIP
    sbom: bool = True
    """Whether a bill of materials and a statement of provenance are attached."""
    epoch: int | None = None
    """SOURCE_DATE_EPOCH: the newest time, in seconds since 1970."""
    includes: tuple[str, ...] = ()
    """Paths and globs that stay in a minimal image, whatever else does."""
    commands: tuple[tuple[str, ...], ...] = ()
    """Further commands that are to run in a minimal image, each as its words."""
    watched: Watched = NOTHING
    """What is run and watched, for what it uses and calls."""
    insecure_registries: tuple[str, ...] = ()
    registry_mirrors: tuple[str, ...] = ()
    """As a scan has them (``engine.Options``)."""
    patch: Wanted | None = None
    """Which packages of the system are patched first, and with what; ``None`` for none."""

    def keeps(self, path: str) -> bool:
        """Whether a path is to be left alone."""
        if not self.keep:
            return False
        parts = path.split("/")
        return any("/".join(parts[:count]) in self.keep for count in range(1, len(parts) + 1))


def user_of(text: str) -> User:
    """``UID[:GID]``; raises UsageError for root and for what is no number."""
    uid, colon, gid = text.partition(":")
    numbers = [int(part) for part in (uid, gid if colon else uid) if _is_id(part)]
    if len(numbers) != 2 or not numbers[0]:
        raise UsageError(
            f"--user: {text!r} is not UID or UID:GID with a UID above 0; write 65532, or 1000:1000"
        )
    return User(*numbers)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _LARGEST_ID


class Told:
    """What was done and what was not, a line each."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.left: list[str] = []
        """What was not done, and why."""
        self.notes: list[str] = []
        """What somebody must know."""
        self.run: list[str] = []
        """How the result is to be run."""
        self.writable: list[str] = []
        """Directories that are to be writable when it runs, of those that ``run`` names."""


_MOST_NAMED = 8


def named(paths: Iterable[str]) -> str:
    """Some paths in one line, sorted."""
    return named_texts([f"/{path}" for path in sorted(paths)])


def named_texts(texts: Sequence[str]) -> str:
    """Some texts in one line."""
    shown = ", ".join(texts[:_MOST_NAMED])
    more = len(texts) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def counted(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
