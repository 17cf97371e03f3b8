"""How strict a workload is: mutual TLS and nothing else, unless it says so and until when.

::

    workloads:
      legacy:
        mode: {permissive: {until: 2027-01-31}}
      printer:
        mode: {off: {reason: "its driver opens raw sockets"}}

A permissive workload also takes who comes without TLS and has no identity, until a time that must
be said. A day counts from its first second in UTC: from then on plaintext is refused. One that is
``off`` is no part of the mesh: it has a network, but neither proxy nor rules.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from seawall.mesh.plan.document import Node

LONGEST_REASON = 200
_OFF = "false"
"""What YAML 1.1 makes of ``off``, unless it is quoted."""


class Mode(NamedTuple):
    """What is said of a workload."""

    plaintext_until: int = 0
    """Seconds since the epoch; 0 for strict. One that has passed is as strict."""
    off_reason: str = ""
    """Why the workload is no part of the mesh; empty where it is one."""


STRICT = Mode()


def mode_in(node: Node) -> Mode:
    """The mode that a workload's description has."""
    if "mode" not in node:
        return STRICT
    own = node.of("mode")
    if own.is_text:
        word = own.choice("strict", "permissive", "off")
        if word == "permissive":
            own.fail("plaintext is taken for a while only: write {permissive: {until: 2027-01-31}}")
        if word == "off":
            own.fail('say why it is no part of the mesh: write {off: {reason: "..."}}')
        return STRICT
    if not own.is_mapping:
        own.fail(
            'write strict, {permissive: {until: 2027-01-31}}, or {off: {reason: "..."}} for none'
        )
    off = "off" if "off" in own else _OFF
    own.only("permissive", off)
    if ("permissive" in own) == (off in own):
        own.fail("a mode is one of permissive and off: remove the other, or write strict")
    if off in own:
        reason = own.of(off).only("reason").of("reason")
        return Mode(off_reason=reason.text(longest=LONGEST_REASON))
    return Mode(seconds_at(own.of("permissive").only("until").of("until")))


def seconds_at(node: Node) -> int:
    """A day or a time with its zone, in seconds since the epoch."""
    text = node.text(longest=40)
    try:
        found = datetime.fromisoformat(text if "T" in text else f"{text}T00:00:00Z")
        seconds = 0 if found.tzinfo is None else int(found.timestamp())
    except (ValueError, OverflowError):
        seconds = 0
    if seconds <= 0:
        node.fail(f"{text!r} is no day or time: write one like 2027-01-31 or 2027-01-31T18:00:00Z")
    return seconds


def written(seconds: int) -> str:
    """A time as people write it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
