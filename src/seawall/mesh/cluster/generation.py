"""Whether somebody has changed the rules of a network namespace, asked of the kernel itself.

To list rules takes two processes and some milliseconds for each pod. The kernel counts changes of
all rules of a namespace (nf_tables.h: NFT_MSG_GETGEN), and tells the number over a netlink socket,
which belongs to the namespace that it was made in. So rules are listed only when the number is
another.
"""

import contextlib
import ctypes
import os
import socket
import struct
import threading

_NEWNET = 0x40000000  # CLONE_NEWNET (sched.h)
_NETLINK_NETFILTER = 12
_NFTABLES, _NEWGEN, _GETGEN = 10, 15, 16
"""The subsystem and its messages (nfnetlink.h, nf_tables.h)."""
_REQUEST = 1  # NLM_F_REQUEST
_GENERATION_ID = 1  # NFTA_GEN_ID
_HEADER = struct.Struct("=IHHII")
_FAMILY = struct.Struct("=BBH")
_ATTRIBUTE = struct.Struct("=HH")
_TIMEOUT = 2.0
_LARGEST = 4096


class Generation:
    """The count of one namespace."""

    def __init__(self, namespace: int) -> None:
        """``namespace`` is a descriptor; raises ``OSError`` where it cannot be entered."""
        made: list[socket.socket] = []
        faults: list[OSError] = []
        # To enter a namespace is a matter of one thread, which ends with it.
        thread = threading.Thread(target=_open, args=(namespace, made, faults))
        thread.start()
        thread.join()
        if faults:
            raise faults[0]
        self._socket = made[0]
        self._socket.settimeout(_TIMEOUT)
        self._sequence = 0

    def now(self) -> int | None:
        """The number; ``None`` where the kernel does not tell it."""
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF
        kind = _NFTABLES << 8 | _GETGEN
        size = _HEADER.size + _FAMILY.size
        asked = _HEADER.pack(size, kind, _REQUEST, self._sequence, 0) + _FAMILY.pack(0, 0, 0)
        try:
            self._socket.send(asked)
            return _number(self._socket.recv(_LARGEST), self._sequence)
        except OSError:
            return None

    def close(self) -> None:
        """Let go of the namespace."""
        self._socket.close()


def _open(namespace: int, made: list[socket.socket], faults: list[OSError]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _NEWNET):
        number = ctypes.get_errno()
        faults.append(OSError(number, os.strerror(number)))
        return
    try:
        made.append(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER))
    except OSError as error:
        faults.append(error)


def _number(data: bytes, sequence: int) -> int | None:
    """The number in an answer; ``None`` in any other."""
    with contextlib.suppress(struct.error):
        length, kind, _, answered, _ = _HEADER.unpack_from(data)
        if kind != _NFTABLES << 8 | _NEWGEN or answered != sequence:
            return None
        at = _HEADER.size + _FAMILY.size
        while at + _ATTRIBUTE.size <= min(length, len(data)):
            size, attribute = _ATTRIBUTE.unpack_from(data, at)
            if attribute == _GENERATION_ID and size == _ATTRIBUTE.size + 4:
                return int.from_bytes(data[at + _ATTRIBUTE.size : at + size], "big")
            at += max(size + 3 & ~3, _ATTRIBUTE.size)
    return None
