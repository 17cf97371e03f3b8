"""Logins for registries, from where docker, podman and their like keep them.

Without ``$REGISTRY_AUTH_FILE``, which stands for all others, these are looked at, and the first
that knows a registry counts:

1. ``$DOCKER_CONFIG/config.json``, or ``~/.docker/config.json``
2. ``$XDG_RUNTIME_DIR/containers/auth.json``
3. ``$XDG_CONFIG_HOME/containers/auth.json``, or ``~/.config/containers/auth.json``

In each, ``credHelpers`` names a program for a registry, ``credsStore`` one for all of them, and
``auths`` has logins. Keys are hosts (``registry.example.org:5000``), with podman also beginnings of
repositories (``registry.example.org/team``); the longest counts (containers-auth.json(5)). Docker
Hub is known as ``docker.io`` and, from docker, as ``https://index.docker.io/v1/``.
"""

import binascii
import json
import os
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from seawall.core.image_reference import DEFAULT_REGISTRY
from seawall.core.redacted import Redacted
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.helpers import HelperFault, Kept, ask

_HUB_KEY = "https://index.docker.io/v1/"
"""What docker calls Docker Hub in its configuration."""
_HUB_NAMES = {"docker.io", "index.docker.io", "registry-1.docker.io"}
_IDENTITY = "<token>"
"""The user that docker's helpers give with a token of identity."""
MAX_SIZE = 1 << 20
"""Bytes of a file."""


class Login(NamedTuple):
    """Who we are to a registry. The secret is never shown."""

    user: str
    secret: Redacted
    kind: Literal["password", "identity", "bearer"] = "password"
    """A password; a token that gets others from the token service; or one for the registry."""


Asked = Callable[[str, str, Mapping[str, str]], Kept | None]


class Credentials:
    """The logins that are known; a registry without one is asked without. Threads may share one."""

    def __init__(self, environment: Mapping[str, str], ask: Asked = ask) -> None:
        self._environment = environment
        self._ask = ask
        self._files: dict[str, Mapping[str, Any]] = {}
        self._helped: dict[tuple[str, str], Login | None] = {}
        self.faults: list[str] = []
        """What went wrong with helpers: it is told where a registry then wants a login."""

    def of(self, registry: str, repository: str = "") -> Login | None:
        """The login for a repository. Raises ``RegistryError`` where a file cannot be read."""
        keys = list(_keys(registry, repository))
        for path in self._paths():
            found = self._of_file(self._read(path), registry, keys)
            if found is not None:
                return found
        return None

    def _paths(self) -> Iterator[str]:
        known = self._environment
        home = known.get("HOME", "")
        chosen = known.get("REGISTRY_AUTH_FILE")
        if chosen:
            yield chosen
            return
        if known.get("DOCKER_CONFIG") or home:
            directory = known.get("DOCKER_CONFIG") or os.path.join(home, ".docker")
            yield os.path.join(directory, "config.json")
        if known.get("XDG_RUNTIME_DIR"):
            yield os.path.join(known["XDG_RUNTIME_DIR"], "containers", "auth.json")
        if known.get("XDG_CONFIG_HOME") or home:
            directory = known.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
            yield os.path.join(directory, "containers", "auth.json")

    def _read(self, path: str) -> Mapping[str, Any]:
        if path not in self._files:
            try:
                with open(path, "rb") as stream:
                    data = stream.read(MAX_SIZE + 1)
                if len(data) > MAX_SIZE:
                    raise RegistryError(
                        f"cannot read {path}: larger than {MAX_SIZE} bytes; correct or remove it",
                        kind="refused",
                    )
                value = json.loads(data)
            except (FileNotFoundError, NotADirectoryError):
                value = {}
            except (OSError, ValueError, RecursionError) as error:
                # Not the error's own text: Python's may show a part of what could not be read.
                reason = error.strerror if isinstance(error, OSError) else "it is no JSON"
                raise RegistryError(
                    f"cannot read {path}: {reason}; correct or remove it", kind="refused"
                ) from None
            self._files[path] = value if isinstance(value, dict) else {}
        return self._files[path]

    def _of_file(self, config: Mapping[str, Any], registry: str, keys: list[str]) -> Login | None:
        helpers = _normal(config.get("credHelpers"))
        key = next((key for key in keys if key in helpers), "")
        helper = helpers.get(key) or config.get("credsStore")
        if isinstance(helper, str) and helper:
            server = key if "/" in key else registry
            found = self._kept(helper, _HUB_KEY if server == DEFAULT_REGISTRY else server)
            if found is not None:
                return found
        logins = _normal(config.get("auths"))
        for key in keys:
            found = _decoded(logins.get(key))
            if found is not None:
                return found
        return None

    def _kept(self, helper: str, server: str) -> Login | None:
        if (helper, server) not in self._helped:
            try:
                kept = self._ask(helper, server, self._environment)
            except HelperFault as fault:
                self.faults.append(str(fault))
                kept = None
            login = None
            if kept is not None:
                identity = kept.user == _IDENTITY
                login = Login(kept.user, kept.secret, "identity" if identity else "password")
            self._helped[helper, server] = login
        return self._helped[helper, server]


def _keys(registry: str, repository: str) -> Iterator[str]:
    """The keys that a login may have, the longest first."""
    parts = repository.split("/") if repository else []
    for length in range(len(parts), 0, -1):
        yield "/".join((registry, *parts[:length]))
    yield registry


def _normal(table: object) -> Mapping[str, Any]:
    """A table with its keys as ``_keys`` gives them; of two of a key, the plain one."""
    found: dict[str, Any] = {}
    if not isinstance(table, dict):
        return found
    for written, value in table.items():
        key = str(written)
        for scheme in ("https://", "http://"):
            if key.startswith(scheme):
                key = key.removeprefix(scheme)
                # What docker wrote in its first years is an address with a path of the interface.
                key = key.partition("/")[0] if key.rstrip("/").endswith(("/v1", "/v2")) else key
        host, slash, rest = key.rstrip("/").partition("/")
        key = (DEFAULT_REGISTRY if host in _HUB_NAMES else host) + slash + rest
        if key == written or key not in found:
            found[key] = value
    return found


def _decoded(entry: object) -> Login | None:
    """A login of ``auths``."""
    if not isinstance(entry, dict):
        return None
    for name, kind in (("identitytoken", "identity"), ("registrytoken", "bearer")):
        token = entry.get(name)
        if isinstance(token, str) and token:
            return Login(_IDENTITY, Redacted(token), kind)  # type: ignore[arg-type] # a literal
    user, password = entry.get("username"), entry.get("password")
    if isinstance(user, str) and isinstance(password, str) and user and password:
        return Login(user, Redacted(password))
    try:
        text = b64decode(str(entry.get("auth", "")), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    user, colon, password = text.partition(":")
    return Login(user, Redacted(password.rstrip("\0"))) if colon and user else None
