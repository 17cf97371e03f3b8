"""Where the engines of this machine listen.

In this order: ``$DOCKER_HOST``, or else docker's context (``$DOCKER_CONTEXT``, ``currentContext``),
or else its socket and the one of a docker without root; then ``$CONTAINER_HOST``, or else podman's
sockets, the user's before the system's. What was named must be there; the others are looked at only
if they are.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from seawall.sources.images.engines.errors import EngineError

MAX_SIZE = 1 << 20
"""Bytes of a file of docker's configuration."""
USUAL = "its usual place"
"""Of what nobody has named."""
_NETWORK = ("tcp", "http", "https")


class Engine(NamedTuple):
    """An engine that may hold images."""

    kind: str
    """``docker`` or ``podman``: podman answers as docker does."""
    address: str
    """``unix:///run/podman/podman.sock`` or ``tcp://127.0.0.1:2375``."""
    source: str
    """What names it: a variable, a context, or the usual place."""
    certificates: str = ""
    """The directory of ``ca.pem``, ``cert.pem`` and ``key.pem``, where it wants TLS."""

    @property
    def path(self) -> str:
        """The socket; empty for one that listens on a network."""
        return self.address.removeprefix("unix://") if self.address.startswith("unix://") else ""


def engines(environment: Mapping[str, str], root: str = "/") -> list[Engine]:
    """The engines that are named, or whose socket is there. Raises ``EngineError``."""
    found: dict[tuple[str, str], Engine] = {}
    for engine in (*_docker(environment, root), *_podman(environment, root)):
        # DOCKER_HOST often names podman's socket, which is then both: either prefix must find it.
        found.setdefault((engine.kind, engine.address), engine)
    return list(found.values())


def _docker(environment: Mapping[str, str], root: str) -> Iterator[Engine]:
    named = environment.get("DOCKER_HOST", "")
    if named:
        tls = environment.get("DOCKER_TLS_VERIFY") or environment.get("DOCKER_TLS")
        home = environment.get("HOME", "")
        directory = environment.get("DOCKER_CERT_PATH") or os.path.join(home, ".docker")
        yield _named("docker", named, "$DOCKER_HOST", directory if tls else "")
        return
    context = _context(environment)
    if context is not None:
        yield context
        return
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    paths = [os.path.join(root, "var/run/docker.sock")]
    paths += [os.path.join(runtime, "docker.sock")] if runtime else []
    yield from (Engine("docker", f"unix://{path}", USUAL) for path in paths if _is_there(path))


def _podman(environment: Mapping[str, str], root: str) -> Iterator[Engine]:
    named = environment.get("CONTAINER_HOST", "")
    if named:
        yield _named("podman", named, "$CONTAINER_HOST", "")
        return
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    paths = [os.path.join(runtime, "podman", "podman.sock")] if runtime else []
    paths.append(os.path.join(root, "run/podman/podman.sock"))
    yield from (Engine("podman", f"unix://{path}", USUAL) for path in paths if _is_there(path))


def _named(kind: str, text: str, source: str, certificates: str) -> Engine:
    try:
        parts = urlsplit(text)
        if parts.scheme == "unix":
            usable = not parts.netloc and parts.path.startswith("/")
        else:
            usable = parts.scheme in _NETWORK and bool(parts.hostname) and bool(parts.port)
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable:
        raise EngineError(
            f"{source}: {text[:100]!r} is no engine that can be asked from here; give it as "
            "unix:///path or tcp://host:port, or save the image to a file",
            kind="not-supported",
        )
    if parts.scheme == "unix":
        return Engine(kind, f"unix://{parts.path}", source)
    return Engine(kind, f"tcp://{parts.netloc.rpartition('@')[2]}", source, certificates)


def _context(environment: Mapping[str, str]) -> Engine | None:
    """The engine of docker's context: ``contexts/meta/SHA-256 OF ITS NAME/meta.json``."""
    home = environment.get("HOME", "")
    if not environment.get("DOCKER_CONFIG") and not home:
        return None
    directory = environment.get("DOCKER_CONFIG") or os.path.join(home, ".docker")
    name = environment.get("DOCKER_CONTEXT") or _read(directory, "config.json").get(
        "currentContext"
    )
    if not isinstance(name, str) or name in ("", "default"):
        return None
    from hashlib import sha256  # noqa: PLC0415 - hardly anybody has a context

    identity = sha256(name.encode("utf-8", "replace")).hexdigest()
    endpoints = _read(directory, "contexts", "meta", identity, "meta.json").get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = endpoint.get("Host") if isinstance(endpoint, dict) else None
    if not isinstance(host, str) or not host:
        return None
    tls = os.path.join(directory, "contexts", "tls", identity, "docker")
    source = f"docker's context {name[:60]!r}"
    return _named("docker", host, source, tls if os.path.isdir(tls) else "")


def _read(*path: str) -> Mapping[str, object]:
    """An object of docker's configuration; an empty one where it cannot be read."""
    try:
        with open(os.path.join(*path), "rb") as stream:
            value = json.loads(stream.read(MAX_SIZE))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_there(path: str) -> bool:
    """Whether a socket is there, or may be behind a directory that we may not enter."""
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except PermissionError:
        return True
    except OSError:
        return False
