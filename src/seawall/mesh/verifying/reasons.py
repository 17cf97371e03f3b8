"""Why a proxy refused a connection, by its own access log."""

import json
import os
import time
from collections.abc import Iterable

from seawall.core.lazy import pattern
from seawall.mesh.verifying.targets import Target

WRITTEN_WITHIN = 1.3
"""Seconds after which a proxy has written what it had to (``--file-flush-interval-msec``)."""
_LARGEST = 8 << 20
_NOISE = pattern(
    r"TLS_error:|\|\d+:|SSL_routines:|OPENSSL_internal:|CERTIFICATE_VERIFY_FAILED:|:TLS_error_end"
    r"|verify_cert_failed:_?|X509_verify_cert:_certificate_verification_error_at_depth_\d+:_"
)
Reasons = dict[tuple[str, str], str]
"""By workload and the caller's address with its port."""


def reasons_of(targets: Iterable[Target]) -> Reasons:
    """What all proxies have written lately about connections that they refused."""
    time.sleep(WRITTEN_WITHIN)
    found: Reasons = {}
    for target in targets:
        for line in _tail(target.log):
            _note(found, target.name, line)
    return found


def _tail(path: str) -> list[bytes]:
    try:
        with open(path, "rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _LARGEST))
            return stream.read().splitlines()
    except OSError:
        return []


def _note(found: Reasons, workload: str, line: bytes) -> None:
    if not line.startswith(b"{"):
        return
    try:
        written = json.loads(line)
    except ValueError:
        return
    if not isinstance(written, dict):
        return
    because, caller = written.get("refused_because"), written.get("from")
    if isinstance(because, str) and isinstance(caller, str):
        found[workload, caller] = _NOISE.sub("", because).strip(":_ ").replace("_", " ").lower()


def place_of(address: str, port: int) -> str:
    """An address with a port, as Envoy writes it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
