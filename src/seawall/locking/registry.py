"""Digests from registries, by the distribution specification (1.1, pulling manifests).

Only ``seawall lock`` talks to a network. Credentials are docker's: ``config.json`` in
``$DOCKER_CONFIG`` or ``~/.docker``, with its helpers. They go to the registry they are for and to
the token service it names, and nowhere else.
"""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from email.message import Message
from http.client import HTTPException
from typing import IO

from seawall.core.errors import InputError
from seawall.core.image_reference import DEFAULT_REGISTRY, ImageReference, parse_image
from seawall.core.lazy import pattern
from seawall.locking.credentials import Credentials, authorization
from seawall.locking.file import DIGEST, Pin, full_name
from seawall.locking.manifests import (
    INDEXES,
    MANIFESTS,
    MAX_SIZE,
    digest_of,
    parsed,
    platforms_of,
)

TIMEOUT = 30.0
"""Seconds for an answer."""
_DOCKER_HUB = "registry-1.docker.io"
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_CHALLENGE = pattern(r'([a-zA-Z_]+)="([^"]*)"')


class Registry:
    """One registry. Raises InputError whenever it gives no usable answer."""

    def __init__(self, host: str, credentials: Credentials, *, timeout: float = TIMEOUT) -> None:
        self._host = host
        name = _DOCKER_HUB if host == DEFAULT_REGISTRY else host
        scheme = "http" if name.rsplit(":", 1)[0] in _LOCAL or name in _LOCAL else "https"
        self._base = f"{scheme}://{name}"
        self._credentials = credentials
        self._timeout = timeout
        self._tokens: dict[str, str] = {}
        self._opener = urllib.request.build_opener(_KeepToHost)

    def pin(self, image: ImageReference) -> Pin:
        """The digest that a tag stands for now."""
        reference = f"{self._host}/{image.repository}:{image.tag or 'latest'}"
        path = f"/v2/{image.repository}/manifests/{image.tag or 'latest'}"
        accept = ", ".join((*INDEXES, *MANIFESTS))
        data, headers = self._get(path, image.repository, accept)
        digest = digest_of(data)
        told = headers.get("Docker-Content-Digest", digest)
        if told != digest:
            raise InputError(
                f"{reference}: the registry says {told[:80]}, but sent {digest}"
                "; report it to who runs the registry"
            )

        def blob(wanted: str) -> bytes:
            if not DIGEST.fullmatch(wanted):
                raise InputError(
                    f"{reference}: {wanted[:80]!r} is no digest of the form sha256:..."
                    "; report it to who runs the registry"
                )
            found, _ = self._get(f"/v2/{image.repository}/blobs/{wanted}", image.repository, "*/*")
            if digest_of(found) != wanted:
                raise InputError(
                    f"{reference}: {wanted} does not hold what its name says"
                    "; report it to who runs the registry"
                )
            return found

        value = parsed(data, reference)
        if value.get("schemaVersion") != 2:
            raise InputError(
                f"{reference}: the registry sent no manifest of version 2"
                "; name the image by its digest, or give a layout"
            )
        return Pin(full_name(reference), digest, platforms_of(value, blob), "registry")

    def _get(self, path: str, repository: str, accept: str) -> tuple[bytes, Mapping[str, str]]:
        url = self._base + path
        headers = {"Accept": accept}
        if repository in self._tokens:
            headers["Authorization"] = self._tokens[repository]
        try:
            return self._open(url, headers)
        except urllib.error.HTTPError as error:
            challenge = error.headers.get("WWW-Authenticate", "")
            if error.code != 401 or "Authorization" in headers or not challenge:
                raise InputError(f"{url}: {_reason(error)}") from error
        self._tokens[repository] = self._authorized(challenge, repository)
        try:
            return self._open(url, {**headers, "Authorization": self._tokens[repository]})
        except urllib.error.HTTPError as error:
            raise InputError(f"{url}: {_reason(error)}") from error

    def _authorized(self, challenge: str, repository: str) -> str:
        """The header that answers a challenge: Basic, or a token of the service it names."""
        kind, _, rest = challenge.partition(" ")
        login = self._credentials.of(self._host)
        if kind.lower() == "basic":
            if login is None:
                raise InputError(f"{self._host}: asks for a password; run docker login for it")
            return authorization(login)
        values = dict(_CHALLENGE.findall(rest))
        realm = values.get("realm", "")
        if kind.lower() != "bearer" or not realm.startswith(("https://", "http://")):
            raise InputError(
                f"{self._host}: asks in a way that is not known: {challenge[:80]!r}"
                "; name the image by its digest, or give a layout"
            )
        if login is not None and realm.startswith("http://") and self._base.startswith("https://"):
            raise InputError(
                f"{self._host}: sends credentials to {realm[:80]!r} in clear: refused"
                "; report it to who runs the registry"
            )
        query = {"service": values.get("service", ""),
                 "scope": values.get("scope", f"repository:{repository}:pull")}  # fmt: skip
        url = f"{realm}{'&' if '?' in realm else '?'}{urllib.parse.urlencode(query)}"
        headers = {} if login is None else {"Authorization": authorization(login)}
        try:
            data, _ = self._open(url, headers)
        except urllib.error.HTTPError as error:
            raise InputError(f"{realm}: {_reason(error)}") from error
        answer = parsed(data, f"the token of {realm}")
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str) or not token.isprintable():
            raise InputError(f"{realm}: gave no token; report it to who runs the registry")
        return f"Bearer {token}"

    def _open(self, url: str, headers: Mapping[str, str]) -> tuple[bytes, Mapping[str, str]]:
        request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - http(s) only
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                data = response.read(MAX_SIZE + 1)
                told = dict(response.headers.items())
        except urllib.error.HTTPError:
            raise
        except (OSError, ValueError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise InputError(
                f"cannot reach {self._host}: {reason}; give a layout instead"
            ) from error
        if len(data) > MAX_SIZE:
            raise InputError(
                f"{url}: the answer is larger than a manifest may be"
                "; report it to who runs the registry"
            )
        return data, told


def _reason(error: urllib.error.HTTPError) -> str:
    known = {
        401: "not allowed; run docker login for it",
        403: "not allowed",
        404: "there is no such image or tag",
        429: "too many requests; try again later",
    }
    return known.get(error.code, f"the registry answers {error.code}")


class _KeepToHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects of blobs to storage elsewhere, without the registry's credentials."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message,
        newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        following = super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]
        if following is None:
            return None
        old, new = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if old.scheme == "https" and new.scheme != "https":
            raise InputError(
                f"{old.netloc}: leads to {new.scheme}, which is not encrypted: refused"
                "; report it to who runs the registry"
            )
        if (old.scheme, old.netloc) != (new.scheme, new.netloc):
            following.remove_header("Authorization")
        return following


def pins(names: list[str], credentials: Credentials) -> list[Pin | InputError]:
    """The digest of each reference, or why there is none."""
    registries: dict[str, Registry] = {}
    result: list[Pin | InputError] = []
    for name in names:
        image = parse_image(name)
        registry = registries.setdefault(image.registry, Registry(image.registry, credentials))
        try:
            result.append(registry.pin(image))
        except InputError as error:
            result.append(error)
    return result
