"""Ports as EXPOSE has them: ``[[ip:]host:]port[-port][/protocol]``."""

from seawall.core.named_tuple import NamedTuple
from seawall.text.dockerfile.golang import parse_int, quote

MAX_PORT = 65_535
_PROTOCOLS = frozenset(("tcp", "udp", "sctp"))


class PortError(Exception):
    """A text that is no port; the message is BuildKit's."""


class Ports(NamedTuple):
    """One word of EXPOSE. ``written_protocol`` is as in the text, empty without one.

    ``address`` and ``host`` are parts that EXPOSE takes and ignores.
    """

    text: str
    first: int
    last: int
    protocol: str
    written_protocol: str
    address: str
    host: str


def parse_ports(text: str) -> Ports:
    """Read a port or a range of ports.

    Raises:
        PortError: it is none.
    """
    parts = text.split(":")
    container = parts[-1]
    host = parts[-2] if len(parts) > 1 else ""
    address = ":".join(parts[:-2])
    port, _, protocol = container.partition("/")
    if not port:
        raise PortError(f"invalid port: {quote(text)}: no port specified")
    if protocol and protocol.lower() not in _PROTOCOLS:
        raise PortError(f"invalid port: {quote(text)}: invalid proto: {protocol}")
    _check_address(address)
    bounds = _range(port)
    if bounds is None:
        raise PortError(f"invalid containerPort: {port}")
    if host:
        host_bounds = _range(host)
        if host_bounds is None:
            raise PortError(f"invalid hostPort: {host}")
        wide = bounds[1] - bounds[0]
        if wide and wide != host_bounds[1] - host_bounds[0]:
            reason = f"invalid ranges specified for container and host Ports: {port} and {host}"
            raise PortError(reason)
    return Ports(text, *bounds, protocol.lower() or "tcp", protocol, address, host)


def _range(text: str) -> tuple[int, int] | None:
    start, mark, end = text.partition("-")
    first = _number(start)
    if first is None:
        return None
    if not mark or start == end:
        return first, first
    last = _number(end)
    return None if last is None or last < first else (first, last)


def _number(text: str) -> int | None:
    value = parse_int(text)
    return value if isinstance(value, int) and 0 <= value <= MAX_PORT else None


def _check_address(address: str) -> None:
    if not address:
        return
    if address.startswith("["):
        problem = _bracket_problem(address + ":")
        if problem:
            reason = f"invalid IP address {address}: address {address}:: {problem}"
            raise PortError(reason)
        address = address[1 : address.index("]")]
        if not address:
            return
    import ipaddress  # noqa: PLC0415 - hardly any file needs it

    try:
        valid = "%" not in address and bool(ipaddress.ip_address(address))
    except ValueError:
        valid = False
    if not valid:
        raise PortError(f"invalid IP address: {address}")


def _bracket_problem(text: str) -> str:
    """What ``net.SplitHostPort`` says of a text that begins with a bracket."""
    end = text.find("]")
    if end < 0:
        return "missing ']' in address"
    if end + 1 != len(text) - 1:
        return "too many colons in address" if text[end + 1] == ":" else "missing port in address"
    return "unexpected '[' in address" if "[" in text[1:] else ""
