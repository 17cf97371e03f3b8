"""What draws examples: ``random.Random``, which a search need not load."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Chance(Protocol):
    """The part of ``random.Random`` that examples are drawn with."""

    def randrange(self, start: int, stop: int | None = None, /) -> int:
        """A number below ``start``, or from ``start`` to below ``stop``."""

    def randint(self, a: int, b: int, /) -> int:
        """A number from one to another, both included."""

    def randbytes(self, n: int, /) -> bytes:
        """So many bytes."""

    def choice(self, _things: Sequence[T], /) -> T:
        """One of some things."""

    def choices(self, _things: Sequence[T], /, *, k: int) -> list[T]:
        """Some of some things, each as often as it comes."""
