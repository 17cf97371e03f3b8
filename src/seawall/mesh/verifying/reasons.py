"""Why a proxy refused a connection, by its own access log."""

import json
import os
import time
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from seawall.core.lazy import pattern
from seawall.mesh.proxies import logs
from seawall.mesh.verifying.targets import Target

_WRITTEN_WITHIN, _AGAIN = 6.0, 0.2
"""Seconds within which a proxy has written what it had to, and between looks at it."""
_LARGEST = 8 << 20
_NOISE = pattern(
    r"TLS_error:|\|\d+:|SSL_routines:|OPENSSL_internal:|CERTIFICATE_VERIFY_FAILED:|:TLS_error_end"
    r"|verify_cert_failed:_?|X509_verify_cert:_certificate_verification_error_at_depth_\d+:_"
)
NO_CERTIFICATE, EXPIRED, FUTURE = "no certificate shown", "certificate has expired", "not yet valid"
STRANGE, ISSUER = "trust domain is not trusted", "issuer is not trusted"
NO_LEAF, NAME, TWO = "no workload's leaf", "name may not", "two names"
OLD, NO_TLS, SILENT = "TLS is too old", "no TLS", "no handshake in time"
TOO_LONG, UNDECLARED = "connection is too old", "not declared for it"
_FLAGS = {"DT": TOO_LONG, "UH": UNDECLARED}
"""Flags of connections that were ended for their age, and of those that lead nowhere (Envoy:
RESPONSE_FLAGS): a proxy hands on to nobody what goes where its workload may not go."""
_WORDS = (
    ("peer did not return a certificate", NO_CERTIFICATE),
    ("certificate has expired", EXPIRED),
    ("certificate is not yet valid", FUTURE),
    ("no trust bundle store", STRANGE),
    ("unable to get local issuer certificate", ISSUER),
    ("cert precheck", NO_LEAF),
    ("san match", NAME),
    ("unsupported protocol", OLD),
    ("http request", NO_TLS),
    ("wrong version number", NO_TLS),
    ("matched policy[two names]", TWO),
    (logs.SILENT, SILENT),
)
"""What Envoy and BoringSSL say (Envoy: SPIFFEValidator, DefaultCertValidator), in plain words."""
Place = tuple[str, str]
"""A workload, and the caller's address with its port."""
Reasons = dict[Place, str]


def reasons_of(
    targets: Iterable[Target], wanted: Collection[Place] = (), since: float = 0.0
) -> Reasons:
    """What all proxies have written about connections that they refused and that began ``since``.

    Those that are ``wanted`` are waited for a while. What is older may be of an earlier connection
    from the same port (seconds since the epoch; 0: of all that is there).
    """
    first = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%S") if since else ""
    known, deadline = tuple(targets), time.monotonic() + _WRITTEN_WITHIN
    while True:
        found: Reasons = {}
        for target in known:
            for line in _tail(target.log):
                _note(found, target.name, line, first)
        if found.keys() >= set(wanted) or time.monotonic() > deadline:
            return found
        time.sleep(_AGAIN)


def _tail(path: str) -> list[bytes]:
    try:
        with open(path, "rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _LARGEST))
            return stream.read().splitlines()
    except OSError:
        return []


def _note(found: Reasons, workload: str, line: bytes, first: str) -> None:
    if not line.startswith(b"{"):
        return
    try:
        written = json.loads(line)
    except ValueError:
        return
    if not isinstance(written, dict) or str(written.get("time", "")) < first:
        return
    because = written.get("refused_because") or written.get("ended_because")
    because = because or _FLAGS.get(str(written.get("flags")))
    caller = written.get("from")
    if isinstance(because, str) and isinstance(caller, str):
        found[workload, caller] = told(because)


def told(because: str) -> str:
    """Why a connection was refused, in plain words where we know them."""
    plain = _NOISE.sub("", because).strip(":_ ").replace("_", " ").lower()
    return next((words for part, words in _WORDS if part in plain), plain)


def place_of(address: str, port: int) -> str:
    """An address with a port, as Envoy writes it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
