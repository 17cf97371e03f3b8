"""A client of TLS that tells exactly what it saw.

A client of TLS 1.3 believes that the handshake has succeeded before the server has judged its
certificate (RFC 8446 4.4.2.4); a refusal comes with the first read. So this one always reads, and
before it sends: what is sent to somebody who has hung up drops the alert that is on its way.
"""

import os
import socket
import ssl
import time
from typing import NamedTuple

from seawall.mesh.verifying.outcomes import ALERT, ANSWERED, CLOSED, FORBIDDEN, SILENT, Outcome

CONNECT_TIMEOUT = 3.0
_JUDGED_WITHIN = 0.3
"""Seconds after which a server would have refused a certificate."""
_ANSWER_TIMEOUT = 3.0
_REQUEST = (
    b"GET /seawall-mesh-verify HTTP/1.1\r\nhost: seawall\r\nuser-agent: seawall-mesh-verify\r\n\r\n"
)
_LARGEST = 1 << 16


class Credentials(NamedTuple):
    """Who the client says that it is."""

    chain: str = ""
    """In PEM form; empty for nobody."""
    key: str = ""


class Wish(NamedTuple):
    """What the client wants."""

    is_old: bool = False
    """Offer TLS 1.2 only."""
    hold: float = 0.0
    """Seconds that the connection is kept, with a request a second, to see when it is cut."""
    speaks: bool = True
    """Send a request, as over HTTP; else only listen."""
    roots: str = ""
    """Whom to trust, in PEM form; empty for anybody."""


class Connection:
    """One connection, over an own socket and buffers, so that nothing is read or sent unseen."""

    def __init__(
        self, own: socket.socket, context: ssl.SSLContext, session: ssl.SSLSession | None = None
    ) -> None:
        self._socket = own
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, session=session)
        self.port: int = own.getsockname()[1]
        self._shown = b""
        self.began = time.monotonic()

    def converse(self, wish: Wish) -> Outcome:
        """Shake hands, wait for a refusal, ask, and wait for an answer."""
        try:
            self._shake()
            refused = self._read(_JUDGED_WITHIN)
            if refused.kind != SILENT:
                return refused
            if wish.hold:
                return self._held(wish.hold, speaks=wish.speaks)
            if wish.speaks:
                self._write(_REQUEST)
            return self._read(_ANSWER_TIMEOUT)
        except ssl.SSLError as error:
            return self._outcome(ALERT, _alert(error))
        except OSError as error:
            return self._outcome(CLOSED, error.strerror or str(error))

    def _held(self, seconds: float, *, speaks: bool) -> Outcome:
        """Keep the connection busy until it is cut; at most for some seconds."""
        deadline = time.monotonic() + seconds
        last = self._outcome(SILENT, "")
        while (left := deadline - time.monotonic()) > 0:
            if speaks:
                self._write(_REQUEST)
            last = self._read(min(1.0, left))
            if last.kind in (CLOSED, ALERT):
                return last
            if last.kind in (FORBIDDEN, ANSWERED):
                time.sleep(min(0.5, left))
        return last._replace(seconds=time.monotonic() - self.began)

    def _shake(self) -> None:
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self._send()
                self._receive(_ANSWER_TIMEOUT)
                continue
            self._send()
            self._shown = self.tls.getpeercert(binary_form=True) or b""
            return

    def _read(self, seconds: float) -> Outcome:
        """What comes within some seconds."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                data = self.tls.read(_LARGEST)
            except ssl.SSLWantReadError:
                self._send()
                left = deadline - time.monotonic()
                if left <= 0 or not self._waited(left):
                    return self._outcome(SILENT, "no answer")
                continue
            except ssl.SSLZeroReturnError:
                data = b""
            if not data:
                return self._outcome(CLOSED, "closed")
            return self._told(data)

    def _told(self, data: bytes) -> Outcome:
        line = data.split(b"\r\n", 1)[0][:60].decode("latin-1")
        is_forbidden = data.startswith(b"HTTP/1.1 403") and b"server: envoy" in data
        return self._outcome(FORBIDDEN if is_forbidden else ANSWERED, line)

    def _waited(self, seconds: float) -> bool:
        try:
            self._receive(seconds)
        except TimeoutError:
            return False
        return True

    def _receive(self, seconds: float) -> None:
        self._socket.settimeout(seconds)
        data = self._socket.recv(_LARGEST)
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()

    def _write(self, data: bytes) -> None:
        self.tls.write(data)
        self._send()

    def _send(self) -> None:
        data = self._out.read()
        if data:
            self._socket.settimeout(_ANSWER_TIMEOUT)
            self._socket.sendall(data)

    def _outcome(self, kind: str, said: str) -> Outcome:
        taken = time.monotonic() - self.began
        return Outcome(kind, said, self.port, taken, self._shown.hex(), int(time.time()))


def context_for(credentials: Credentials, wish: Wish) -> ssl.SSLContext:
    """A client that trusts anybody, as a rule: it is the other side's judgement that counts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if wish.roots:
        context.load_verify_locations(cadata=wish.roots)
    else:
        context.verify_mode = ssl.CERT_NONE
    if wish.is_old:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    if credentials.chain:
        _load(context, credentials)
    return context


def _load(context: ssl.SSLContext, credentials: Credentials) -> None:
    """The library takes files only; this one is memory, and gone at once."""
    descriptor = os.memfd_create("probe")
    try:
        os.write(descriptor, f"{credentials.chain}\n{credentials.key}".encode())
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _alert(error: ssl.SSLError) -> str:
    """The alert in its own words: ``certificate unknown``."""
    reason = (error.reason or str(error)).lower().replace("_", " ")
    for noise in ("tlsv13 alert ", "tlsv1 alert ", "sslv3 alert "):
        reason = reason.removeprefix(noise)
    return reason
