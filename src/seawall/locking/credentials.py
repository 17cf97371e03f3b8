"""Docker's credentials: ``config.json`` and the helpers it names."""

import binascii
import json
import os
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

from seawall.core.errors import InputError
from seawall.core.image_reference import DEFAULT_REGISTRY
from seawall.core.lazy import pattern

_HUB_KEY = "https://index.docker.io/v1/"
"""What docker calls Docker Hub in its configuration."""
_HELPER = pattern(r"[A-Za-z0-9._-]+")
_TIMEOUT = 30


class Login(NamedTuple):
    """A user and the password. It is never shown."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user!r}, ...)"


def authorization(login: Login) -> str:
    """The header of HTTP Basic (RFC 7617)."""
    return "Basic " + b64encode(f"{login.user}:{login.password}".encode()).decode("ascii")


class Credentials:
    """The logins that docker knows; a registry without one is asked without."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        home = environment.get("HOME", "")
        directory = environment.get("DOCKER_CONFIG") or os.path.join(home, ".docker")
        self._path = os.path.join(directory, "config.json")
        self._config: Mapping[str, Any] | None = None

    def of(self, registry: str) -> Login | None:
        """The login of a registry; raises InputError where docker's file cannot be read."""
        config = self._read()
        key = _HUB_KEY if registry == DEFAULT_REGISTRY else registry
        helpers = config.get("credHelpers")
        helper = helpers.get(key) if isinstance(helpers, dict) else None
        helper = helper or config.get("credsStore")
        if isinstance(helper, str) and _HELPER.fullmatch(helper):
            found = _asked(helper, key)
            if found is not None:
                return found
        logins = config.get("auths")
        entry = (
            logins.get(key) or logins.get(f"https://{key}") if isinstance(logins, dict) else None
        )
        return _decoded(entry) if isinstance(entry, dict) else None

    def _read(self) -> Mapping[str, Any]:
        if self._config is None:
            try:
                with open(self._path, encoding="utf-8") as stream:
                    value = json.load(stream)
            except FileNotFoundError:
                value = {}
            except (OSError, ValueError, RecursionError) as error:
                raise InputError(
                    f"cannot read {self._path}: {error}; correct or remove it"
                ) from error
            self._config = value if isinstance(value, dict) else {}
        return self._config


def _decoded(entry: Mapping[str, Any]) -> Login | None:
    token = entry.get("identitytoken")
    try:
        text = b64decode(str(entry.get("auth", "")), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, colon, password = text.partition(":")
    if isinstance(token, str) and token:
        return Login("<token>", token)
    return Login(user, password) if colon and user else None


def _asked(helper: str, key: str) -> Login | None:
    """The login that a helper keeps (docker-credential-helpers protocol)."""
    try:
        done = subprocess.run(  # noqa: S603 - the name is checked, and the user's own choice
            [f"docker-credential-{helper}", "get"],
            input=key, capture_output=True, text=True, check=False, timeout=_TIMEOUT,
        )  # fmt: skip
        value = json.loads(done.stdout) if done.returncode == 0 else {}
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if not isinstance(value, dict):
        return None
    user, secret = value.get("Username"), value.get("Secret")
    if not isinstance(user, str) or not isinstance(secret, str) or not user:
        return None
    return Login(user, secret)
