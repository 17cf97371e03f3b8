"""Other places for addresses: a mirror has below its own address what is below another one."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from seawall.core.errors import UsageError


class Mirrors(NamedTuple):
    """Pairs of a prefix and what takes its place."""

    pairs: tuple[tuple[str, str], ...] = ()

    def of(self, address: str) -> str:
        """Where to ask for an address: the longest prefix that is whole in it counts."""
        fitting = [pair for pair in self.pairs if _is_below(address, pair[0])]
        if not fitting:
            return address
        prefix, target = max(fitting, key=lambda pair: len(pair[0]))
        return target + address[len(prefix) :]


def _is_below(address: str, prefix: str) -> bool:
    rest = address[len(prefix) :]
    return address.startswith(prefix) and (not rest or prefix.endswith("/") or rest[0] in "/?")


def parse(texts: Iterable[str], where: str = "--mirror") -> Mirrors:
    """Mirrors from ``PREFIX=URL``; of two of a prefix, the first. Raises ``UsageError``."""
    found: dict[str, str] = {}
    for text in texts:
        prefix, equals, target = text.partition("=")
        if not equals or not all(map(_is_address, (prefix, target))):
            raise UsageError(
                f"{where}: {text!r} is no mirror; give PREFIX=URL, for example "
                "https://storage.googleapis.com/osv-vulnerabilities=https://mirror.example.org/osv"
            )
        # Both end in a slash or neither does: what follows is put behind as it is.
        if prefix.endswith("/") != target.endswith("/"):
            prefix, target = prefix.rstrip("/"), target.rstrip("/")
        found.setdefault(prefix, target)
    return Mirrors(tuple(found.items()))


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.hostname)
