"""What answers mean: whether another try may help, and which part has come (RFC 9110)."""

import time
from collections.abc import Mapping

_WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504}
_FORBIDDEN = 403
"""NVD's and GitHub's word for too many requests; a plain one is final (RFC 9110, 15.5.4)."""


class Passing(Exception):  # noqa: N818 - it is no error yet: another try may do
    """Something that may be over at the next try."""

    def __init__(self, problem: str, after: float = 0.0, status: int = 0) -> None:
        super().__init__(problem)
        self.after = after
        """Seconds that the server asks to wait; 0 when it does not say."""
        self.status = status


def check_status(status: int, headers: Mapping[str, str]) -> None:
    """Raises ``Passing`` for an answer that another try may better."""
    after = _seconds(headers.get("retry-after", ""))
    limited = status == _FORBIDDEN and (after or _used_up(headers))
    if status in _WORTH_ANOTHER_TRY or limited:
        raise Passing(f"the server answered {status}", after, status)


def _used_up(headers: Mapping[str, str]) -> bool:
    """Whether a host says that it was asked too often; NVD says so in ``message``."""
    return headers.get("x-ratelimit-remaining") == "0" or "limit" in headers.get("message", "")


def _seconds(told: str) -> float:
    """``Retry-After``: seconds or a day (RFC 9110, 10.2.3); 0 when it is neither."""
    if told.strip().isdecimal():
        return float(told.strip()[:9])
    if not told:
        return 0.0
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rarely needed

    try:
        return max(parsedate_to_datetime(told).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def first_byte(content_range: str) -> int:
    """The place of a part's first byte (RFC 9110, 14.4); -1 when it is not told."""
    unit, _, rest = content_range.partition(" ")
    first = rest.partition("-")[0]
    return int(first[:18]) if unit == "bytes" and first.isdecimal() else -1
