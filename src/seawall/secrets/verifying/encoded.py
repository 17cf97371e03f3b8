"""Values that are base64 of JSON."""

from binascii import Error, a2b_base64, b2a_base64
from typing import Any

_ALPHABET = {45: "+", 95: "/"}


def unpacked(text: str) -> bytes | None:
    """Base64 of either alphabet, padded or not; ``None`` when it is none."""
    body = text.rstrip("=").translate(_ALPHABET)
    try:
        return a2b_base64(body + "=" * (-len(body) % 4), strict_mode=True)
    except (Error, ValueError):
        return None


def json_of(text: str) -> Any:
    """The JSON within base64; ``None`` when it is none."""
    data = unpacked(text)
    if data is None or not data.lstrip().startswith((b"{", b"[")):
        return None
    import json  # noqa: PLC0415 - only where there is some

    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def packed(value: Any, *, url: bool = True) -> str:
    """JSON in base64 without padding."""
    import json  # noqa: PLC0415 - for examples only

    text = b2a_base64(json.dumps(value, separators=(",", ":")).encode(), newline=False).decode()
    text = text.rstrip("=")
    return text.translate({43: "-", 47: "_"}) if url else text
