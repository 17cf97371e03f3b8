"""Ports as descriptions have them: ``8080: http`` or ``5432: {protocol: tcp, longLived: true}``."""

from seawall.mesh.plan.document import Node
from seawall.mesh.plan.model import Port, Protocol


def port_number(text: str, node: Node) -> int:
    """The number that a key is."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 0 < number < 2**16:
        node.fail(f"{text!r} is no port: write a number from 1 to 65535")
    return number


def port_of(number: int, value: Node, *others: str) -> Port:
    """What is said of a port; ``others`` are keys that somebody else reads."""
    protocols = tuple(Protocol)
    if value.is_text:
        return Port(number, Protocol(value.choice(*protocols)))
    value.only("protocol", "longLived", *others)
    protocol = Protocol(value.of("protocol").choice(*protocols))
    long_lived = value.of("longLived").boolean() if "longLived" in value else False
    return Port(number, protocol, long_lived)
