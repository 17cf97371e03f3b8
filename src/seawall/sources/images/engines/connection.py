"""HTTP with an engine, through its socket: one connection for each question."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from seawall.sources.images.engines.errors import EngineError
from seawall.sources.images.engines.places import Engine

CHUNK = 1 << 18
PATIENCE = 30.0
"""Seconds for an answer."""


@contextmanager
def asked(engine: Engine, path: str, patience: float = PATIENCE) -> Iterator[HTTPResponse]:
    """An answer, to be read inside of ``with``. Raises ``EngineError``, also while it is read."""
    connection = _connection(engine, patience)
    try:
        connection.request("GET", path, headers={"Host": "localhost", "User-Agent": "seawall"})
        yield connection.getresponse()
    except EngineError:
        raise
    except (OSError, HTTPException, ValueError) as error:
        raise _problem(engine, error, patience) from None
    finally:
        connection.close()


def _connection(engine: Engine, patience: float) -> HTTPConnection:
    if engine.path:
        return _Local(engine.path, patience)
    parts = urlsplit(engine.address)
    host, port = parts.hostname or "", parts.port or 2375
    if not engine.certificates:
        return HTTPConnection(host, port, timeout=patience)
    return HTTPSConnection(host, port, timeout=patience, context=_context(engine))


def _context(engine: Engine) -> ssl.SSLContext:
    directory = engine.certificates
    try:
        authority = os.path.join(directory, "ca.pem")
        context = ssl.create_default_context(
            cafile=authority if os.path.exists(authority) else None
        )
        own = os.path.join(directory, "cert.pem")
        if os.path.exists(own):
            context.load_cert_chain(own, os.path.join(directory, "key.pem"), lambda: "")
    except OSError as error:
        raise EngineError(
            f"{engine.source}: cannot use the certificates in {directory}: {_reason(error)}; "
            "correct DOCKER_CERT_PATH",
            kind="denied",
        ) from error
    return context


class _Local(HTTPConnection):
    def __init__(self, path: str, patience: float) -> None:
        super().__init__("localhost", timeout=patience)
        self._path = path

    def connect(self) -> None:
        """To a socket in the file system."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _problem(engine: Engine, error: Exception, patience: float) -> EngineError:
    place = engine.path or engine.address
    if isinstance(error, PermissionError):
        group = (
            "add yourself to the docker group (usermod -aG docker, then log in anew; it is as good "
            "as root)" if engine.kind == "docker" else "run as the user whose podman it is"
        )  # fmt: skip
        return EngineError(
            f"{engine.kind}: {place} is there, but this user may not use it; {group}, or save "
            "the image to a file "
            f"({engine.kind} save -o FILE NAME)",
            kind="denied",
        )
    if isinstance(error, TimeoutError):
        return EngineError(
            f"{engine.kind}: no byte came from {place} for {patience:g} seconds; see whether it "
            f"runs, or save the image to a file",
            kind="broken",
        )
    if isinstance(error, (FileNotFoundError, ConnectionRefusedError, socket.gaierror)):
        return EngineError(
            f"{engine.kind}: nobody listens at {place} ({engine.source}); start it, or save the "
            "image to a file",
            kind="unreachable",
        )
    return EngineError(
        f"{engine.kind}: {place}: {_reason(error)}; see whether it runs, or save the image to a "
        "file",
        kind="broken",
    )


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
