"""The attacks themselves, each one act of a stranger or of an application.

They run in a process of their own (``attacker``), which has entered a namespace and become a user.
"""

import ipaddress
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from seawall.mesh.verifying import tls_client
from seawall.mesh.verifying.outcomes import (
    ANSWERED,
    CLOSED,
    DENIED,
    OPEN,
    REFUSED,
    SILENT,
    Outcome,
)
from seawall.mesh.verifying.tls_client import Connection, Credentials, Wish

Act = Mapping[str, Any]
"""``act``: its name; ``address``, ``port`` and what else it takes."""
_DROPPED_WITHIN = 1.0
"""Seconds after which a packet counts as dropped."""
_ANSWER_TIMEOUT = 3.0
_RESUMED_AFTER = 1.5
"""Seconds after the end of a certificate: clocks are read in whole seconds."""


def do(act: Act) -> Outcome:
    """Carry one out; it never raises for what the other side does."""
    try:
        return _ACTS[act["act"]](act)
    except PermissionError as error:
        return Outcome(DENIED, error.strerror or "not permitted")
    except ConnectionRefusedError:
        return Outcome(REFUSED, "connection refused")
    except TimeoutError:
        return Outcome(SILENT, "no answer")
    except ConnectionResetError:
        return Outcome(CLOSED, "reset")
    except OSError as error:
        return Outcome(REFUSED, error.strerror or str(error))


def _connected(act: Act, seconds: float = tls_client.CONNECT_TIMEOUT) -> socket.socket:
    return socket.create_connection((act["address"], act["port"]), seconds)


def _tls(act: Act) -> Outcome:
    """Come with a certificate, or without one."""
    wish = Wish(
        act.get("old", False), act.get("hold", 0.0), act.get("speaks", True), act.get("roots", "")
    )
    credentials = Credentials(act.get("chain", ""), act.get("key", ""))
    with _connected(act) as own:
        return Connection(own, tls_client.context_for(credentials, wish)).converse(wish)


def _resumed(act: Act) -> Outcome:
    """Come with a certificate, keep the session, and come back with it when that has ended.

    ``wait``: seconds from now until it has. In ``extra``: whether there was a session to keep.
    """
    began = time.monotonic()
    # A session belongs to the context that made it.
    context = tls_client.context_for(Credentials(act["chain"], act["key"]), Wish())
    with _connected(act) as own:
        first = Connection(own, context)
        outcome = first.converse(Wish())
        try:
            session = first.tls.session
        except ValueError:
            session = None  # nothing was agreed on
    if session is None or not session.has_ticket:
        return outcome._replace(extra="no ticket")
    time.sleep(max(0.0, act["wait"] + _RESUMED_AFTER - (time.monotonic() - began)))
    with _connected(act) as own:
        return Connection(own, context, session).converse(Wish())._replace(extra="ticket")


def _plain(act: Act) -> Outcome:
    """Speak HTTP without TLS."""
    with _connected(act) as own:
        own.settimeout(_ANSWER_TIMEOUT)
        port = own.getsockname()[1]
        try:
            own.sendall(
                f"GET {act.get('path', '/')} HTTP/1.1\r\nhost: {act.get('host', 'seawall')}\r\n"
                "user-agent: seawall-mesh-verify\r\nconnection: close\r\n\r\n".encode()
            )
            data = own.recv(1 << 16)
        except ConnectionResetError:
            return Outcome(CLOSED, "reset", port)
    if not data:
        return Outcome(CLOSED, "closed", port)
    return Outcome(ANSWERED, data.split(b"\r\n", 1)[0][:60].decode("latin-1"), port)


def _connect(act: Act) -> Outcome:
    """Open a connection, and see whether packets come through at all."""
    with _connected(act, _DROPPED_WITHIN):
        return Outcome(OPEN, "connected")


def _wait(act: Act) -> Outcome:
    """Open a connection and say nothing, to see whether one is waited for."""
    began = time.monotonic()
    with _connected(act) as own:
        own.settimeout(act["hold"])
        port = own.getsockname()[1]
        data = own.recv(1)
    taken = time.monotonic() - began
    kind = OPEN if data else CLOSED
    return Outcome(kind, "closed" if kind == CLOSED else "bytes came", port, taken)


def _udp(act: Act) -> Outcome:
    with socket.socket(_family(act["address"]), socket.SOCK_DGRAM) as own:
        own.settimeout(_DROPPED_WITHIN)
        own.connect((act["address"], act["port"]))
        own.send(b"seawall")
        data = own.recv(100)
    return Outcome(ANSWERED, data.decode("latin-1"))


def _raw(act: Act) -> Outcome:
    """Make packets oneself, of no connection that a rule knows."""
    protocol = socket.IPPROTO_ICMP if act["family"] == 4 else socket.IPPROTO_ICMPV6
    family = socket.AF_INET if act["family"] == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_RAW, protocol):
        return Outcome(OPEN, "a raw socket was made")


def _become(act: Act) -> Outcome:
    """Become the proxy's user, whose packets no rule redirects."""
    os.setgroups([])
    os.setuid(act["user"])
    return Outcome(OPEN, f"became user {act['user']}")


def _unix(act: Act) -> Outcome:
    with socket.socket(socket.AF_UNIX) as own:
        own.connect(act["path"])
        own.settimeout(_ANSWER_TIMEOUT)
        own.sendall(b"GET /config_dump HTTP/1.1\r\nhost: x\r\n\r\n")
        data = own.recv(100)
    return Outcome(ANSWERED, data.split(b"\r\n", 1)[0].decode("latin-1"))


def _family(address: str) -> socket.AddressFamily:
    is_old = ipaddress.ip_address(address).version == 4
    return socket.AF_INET if is_old else socket.AF_INET6


_ACTS: Mapping[str, Callable[[Act], Outcome]] = {
    "tls": _tls, "resumed": _resumed, "plain": _plain, "connect": _connect, "wait": _wait,
    "udp": _udp, "raw": _raw, "become": _become, "unix": _unix,
}  # fmt: skip
