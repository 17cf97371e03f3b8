"""Versions that are numbers and nothing else: Hackage (PVP), CRAN, Bioconductor.

They are compared one by one, and what has more of them comes later: ``1.0`` is before ``1.0.0``.
Sources: the Haskell package versioning policy; R's ``package_version``, where ``-`` is as ``.``.
"""

from seawall.advisories.versions.number import is_odd, num, pack
from seawall.core.lazy import pattern

_NUMBERS = pattern(r"[0-9]+(?:[.-][0-9]+)*")
_NEXT = "\x02"
_END = "\x01"


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one."""
    text = text.strip()
    if is_odd(text) or not _NUMBERS.fullmatch(text):
        return None
    numbers = text.replace("-", ".").split(".")
    return pack("".join([_NEXT + num(number) for number in numbers]) + _END)
