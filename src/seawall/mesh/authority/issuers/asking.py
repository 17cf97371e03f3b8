"""JSON over HTTP to an issuer: TLS with its own roots, no redirects, limits on size and time."""

import http.client
import json
import ssl
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from seawall.mesh.authority.upstream import UpstreamError

TIMEOUT = 20
LARGEST = 1024 * 1024
_DIGITS = 300


class Place(NamedTuple):
    """Where an issuer is, and how it is known that it is it."""

    url: str
    ca_file: str = ""
    """Roots for its certificate, PEM; empty: those of the system."""
    token_file: str = ""
    """A bearer token, read anew for each request; empty: none."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: Mapping[str, Any]


def exchange(place: Place, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
    """One request; raises :class:`UpstreamError` where there is no answer in JSON."""
    parts = urlsplit(place.url)
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    if place.token_file:
        headers["Authorization"] = f"Bearer {_token(place.token_file)}"
    data = None if body is None else json.dumps(body).encode()
    try:
        connection = _connection(place)
        try:
            connection.request(method, (parts.path.rstrip("/") + path) or "/", data, headers)
            response = connection.getresponse()
            said = response.read(LARGEST + 1)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise UpstreamError(
            f"{place.url} does not answer ({error}): see that it runs and its certificate is right"
        ) from None
    return Answer(response.status, _object(place, response.status, said))


def _connection(place: Place) -> http.client.HTTPConnection:
    parts = urlsplit(place.url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=place.ca_file or None)
        return http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT, context=context)
    if parts.scheme == "http" and _is_loopback(host):
        return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT)
    raise UpstreamError(f"{place.url} is not https: an issuer is asked over TLS, or on this host")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(path: str) -> str:
    try:
        with open(path, encoding="ascii") as stream:
            text = stream.read(LARGEST).strip()
    except (OSError, ValueError) as error:
        raise UpstreamError(f"{path} has no token ({error}): let the controller read it") from None
    if not text or not text.isprintable():
        raise UpstreamError(f"{path} has no token in one line: write it there")
    return text


def _object(place: Place, status: int, said: bytes) -> Mapping[str, Any]:
    fault = UpstreamError(f"{place.url} answers {status} without an object of JSON: see its log")
    if len(said) > LARGEST:
        raise fault
    try:
        found = json.loads(said or b"{}")
    except (ValueError, RecursionError):
        raise fault from None
    if not isinstance(found, dict):
        raise fault
    return found


def reason_in(answer: Answer) -> str:
    """What an issuer says of a refusal, shortened."""
    for name in ("message", "error", "errors", "reason"):
        if answer.body.get(name):
            return str(answer.body[name])[:_DIGITS]
    return "no reason given"
