"""Packets as they pass, and whether words are in them that nobody on the way should read."""

import contextlib
import socket
import struct
from collections.abc import Iterable, Mapping
from threading import Event, Thread
from types import TracebackType
from typing import NamedTuple, Self

from seawall.mesh.verifying.namespaces import socket_in

_EVERYTHING = 0x0003
"""ETH_P_ALL (packet(7))."""
_LARGEST = 1 << 17
_HANDSHAKE = b"\x16\x03"
"""A record of TLS that is part of a handshake (RFC 8446 5.1)."""
_ROOM = 8 << 20
_PATIENCE = 0.05


class Seen(NamedTuple):
    """What passed."""

    packets: int
    bytes: int
    handshakes: int
    """Packets that begin with a handshake of TLS."""
    words: Mapping[str, int]
    """How many packets each of the words was in."""


class Capture:
    """Looks at all packets of a network namespace as long as the ``with`` block lasts."""

    def __init__(self, namespace: str, words: Iterable[str]) -> None:
        self._words = {word: word.encode() for word in words}
        self._found = dict.fromkeys(self._words, 0)
        self._packets = self._bytes = self._handshakes = 0
        self._stop = Event()
        self._socket = socket_in(
            namespace, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING)
        )
        # Without room packets are lost while Python looks at others.
        force = getattr(socket, "SO_RCVBUFFORCE", 33)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, force, _ROOM)
        self._socket.settimeout(_PATIENCE)
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._stop.set()
        self._thread.join()
        self._socket.close()

    @property
    def seen(self) -> Seen:
        """What has passed until now."""
        return Seen(self._packets, self._bytes, self._handshakes, dict(self._found))

    @property
    def lost(self) -> int:
        """Packets that passed unseen since this was asked last (PACKET_STATISTICS)."""
        _, dropped = struct.unpack("II", self._socket.getsockopt(263, 6, 8))
        return int(dropped)

    def _look(self) -> None:
        while True:
            try:
                packet = self._socket.recv(_LARGEST)
            except TimeoutError:
                if self._stop.is_set():
                    return
                continue
            self._packets += 1
            self._bytes += len(packet)
            self._handshakes += _begins_handshake(packet)
            for word, sought in self._words.items():
                self._found[word] += sought in packet


def _begins_handshake(packet: bytes) -> bool:
    """Whether the payload of TCP begins with a record of a handshake."""
    if len(packet) < 54:
        return False
    kind = packet[12:14]
    if kind == b"\x08\x00":
        behind = 14 + (packet[14] & 0x0F) * 4
    elif kind == b"\x86\xdd":
        behind = 54
    else:
        return False
    if len(packet) < behind + 20:
        return False
    payload = behind + (packet[behind + 12] >> 4) * 4
    return packet[payload : payload + 2] == _HANDSHAKE
