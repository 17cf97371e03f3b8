"""Where a description says that metrics and health are told: ``metrics:``."""

from typing import NamedTuple

from seawall.mesh.plan.document import Node


class Metrics(NamedTuple):
    """``HOST:PORT`` where metrics and health are told over HTTP; empty for nowhere."""

    controller: str = ""
    agent: str = ""


NOWHERE = Metrics()


def metrics_in(root: Node) -> Metrics:
    """What a description says; raises :class:`PlanError`."""
    if "metrics" not in root:
        return NOWHERE
    node = root.of("metrics")
    node.only("controller", "agent")
    found = {name: _place(own) for name, own in node.items()}
    if len(set(found.values())) < len(found):
        node.fail("controller and agent cannot both be at one address: give them two ports")
    return Metrics(**found)


def _place(node: Node) -> str:
    text = node.text()
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and len(port) < 6):
        node.fail(f"{text!r} is no address: write one like 127.0.0.1:9464")
    if not 0 < int(port) < 2**16:
        node.fail(f"{port} is no port: write a number from 1 to 65535")
    return text
