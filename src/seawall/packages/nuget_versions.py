"""Versions as projects of .NET ask for them.

Source: NuGet documentation, "Package versioning": ``1.0`` takes that or the next higher that
exists, so in practice ``1.0``; ``[1.0]`` that alone; ``[1.0,2.0)`` and ``1.*`` say which would do.
"""

from seawall.core.lazy import pattern

_EXACT = pattern(r"\[\s*([^\[\](),*\s]+)\s*\]")
_PLAIN = pattern(r"[^\[\](),*$\s]+")


def split(text: str) -> tuple[str, str]:
    """The version that is chosen, empty where several would do, and the constraint as it stands."""
    text = text.strip()
    exact = _EXACT.fullmatch(text)
    if exact is not None:
        return exact[1], text
    return (text if _PLAIN.fullmatch(text) else ""), text
