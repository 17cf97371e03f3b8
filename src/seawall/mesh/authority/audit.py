"""The audit log: a line of JSON for each certificate, written before it is given out."""

import json
import os
from collections import Counter
from collections.abc import Sequence

from seawall.mesh.authority.errors import StoreError
from seawall.mesh.authority.store import Issued, JournalLine
from seawall.mesh.identity.spiffe_id import SpiffeId


class Audit:
    """A file that lines are added to; what is in it is never changed."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        """How many lines of each event this process has added."""

    def issued(self, issued: Sequence[Issued]) -> None:
        """Note certificates: id, serial, caller, key, when it was issued and when it ends."""
        lines: list[dict[str, object]] = [
            {
                "event": "issued", "id": str(own.id), "serial": f"{own.serial:x}",
                "caller": own.caller, "key": own.key, "issuer": own.slot,
                "issued": own.issued, "ends": own.ends,
            }
            for own in issued
        ]  # fmt: skip
        self._add(*lines)

    def journal(self, lines: Sequence[JournalLine]) -> None:
        """Note what the authority did, as it stood in the store's journal."""
        if lines:
            self._add(*({**said, "event": event, "at": at} for at, event, said in lines))

    def token(
        self, name: SpiffeId, audience: Sequence[str], number: str, caller: str, ends: int
    ) -> None:
        """Note a JWT-SVID: id, audience, number, caller, and when it ends."""
        self._add(
            {
                "event": "token", "id": str(name), "audience": list(audience), "jti": number,
                "caller": caller, "ends": ends,
            }
        )  # fmt: skip

    def _add(self, *lines: dict[str, object]) -> None:
        data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        try:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, 0o600)
            try:
                if _is_cut(descriptor):
                    data = b"\n" + data
                written = os.write(descriptor, data)  # one call: lines of two processes do not mix
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoreError(
                f"{self.path}: {error.strerror}; nothing is signed unless it can be written down: "
                "make room, or see who may write there"
            ) from None
        if written != len(data):
            raise StoreError(f"{self.path}: no room for a line: make some: nothing is signed")
        self.counts.update(str(line["event"]) for line in lines)


def _is_cut(descriptor: int) -> bool:
    """Whether the last line has no end: there was no room for it, so it stays as it is."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
