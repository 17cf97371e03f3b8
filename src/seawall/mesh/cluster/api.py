"""The Kubernetes API, as little of it as the mesh needs: get, create, replace, list, watch.

It is spoken with the token of our own service account, which the kubelet replaces now and then; so
the files of token and issuer are read again for each request.
"""

import json
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from seawall.mesh.cluster.errors import ApiError, ClusterError, GoneError
from seawall.mesh.cluster.http_client import Request, Response, Target, exchange
from seawall.text.values import Map, integer, mapping, sequence, text

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where a pod has its token and the API server's issuer, by convention."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a page of a list: 500 objects."""
LARGEST_OBJECT = 8 * 1024 * 1024
"""Bytes of one object of a watch; etcd takes 1.5 MiB."""
PAGE = 500
LONGEST_TOKEN = 64 * 1024
_GONE = 410
_MOST_PAGES = 10_000


class Event(NamedTuple):
    """A change of an object that is watched."""

    type: str
    """``ADDED``, ``MODIFIED``, ``DELETED`` or ``BOOKMARK``."""
    object: Map


class Page(NamedTuple):
    """Some of the objects of a list."""

    objects: tuple[Map, ...]
    version: str
    """Of the whole list: where a watch begins."""


class Api:
    """An API server."""

    def __init__(self, host: str, port: int, directory: str = ACCOUNT) -> None:
        self._host = host
        self._port = port
        self._directory = directory
        self._trust: tuple[tuple[int, int], ssl.SSLContext] | None = None

    @classmethod
    def of_cluster(cls, environment: Mapping[str, str], directory: str = ACCOUNT) -> "Api":
        """That of the cluster in which we run; raises :class:`ClusterError` outside of one."""
        host = environment.get("KUBERNETES_SERVICE_HOST", "")
        port = environment.get("KUBERNETES_SERVICE_PORT", "443")
        if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
            raise ClusterError(
                "this is no pod of Kubernetes: KUBERNETES_SERVICE_HOST is not set; start it by "
                "the manifests of seawall mesh manifests"
            )
        return cls(host, int(port), directory)

    async def call(self, method: str, path: str, body: Map | None = None, **query: str) -> Map:
        """One request; gives the object in the answer. Raises :class:`ApiError` when refused."""
        data = b"" if body is None else json.dumps(body).encode()
        async with exchange(self._target(), self._request(method, path, query, data)) as response:
            return await _answer(response, LARGEST)

    async def pages(self, path: str, **query: str) -> AsyncIterator[Page]:
        """All objects of a kind, some at a time."""
        asked = {**query, "limit": str(PAGE)}
        for _ in range(_MOST_PAGES):
            found = await self.call("GET", path, None, **asked)
            metadata = mapping(found, "metadata")
            objects = tuple(own for own in sequence(found, "items") if isinstance(own, dict))
            yield Page(objects, text(metadata, "resourceVersion"))
            asked["continue"] = text(metadata, "continue")
            if not asked["continue"]:
                return
        raise ClusterError(f"the list {path} does not end: see the API server")

    async def watch(
        self, path: str, version: str, seconds: int, **query: str
    ) -> AsyncIterator[Event]:
        """Changes since a version, for so long. Raises :class:`GoneError` where it is too old."""
        asked = {
            **query, "watch": "true", "allowWatchBookmarks": "true", "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }  # fmt: skip
        request = self._request("GET", path, asked, b"")
        async with exchange(self._target(), request, seconds + 30.0) as response:
            if response.status != 200:
                await _answer(response, LARGEST_OBJECT)
            async for line in response.lines(LARGEST_OBJECT):
                if not line.strip():
                    continue
                event = _object(line)
                found = mapping(event, "object")
                if text(event, "type") == "ERROR":
                    raise _refused(integer(found, "code") or 500, found)
                yield Event(text(event, "type"), found)

    def _target(self) -> Target:
        return Target(self._host, self._port, self._tls())

    def _tls(self) -> ssl.SSLContext:
        path = os.path.join(self._directory, "ca.crt")
        try:
            status = os.stat(path)
            stamp = status.st_mtime_ns, status.st_ino
            if self._trust is None or self._trust[0] != stamp:
                context = ssl.create_default_context(cafile=path)
                context.minimum_version = ssl.TLSVersion.TLSv1_2
                self._trust = stamp, context
        except OSError as error:  # ssl.SSLError is one
            raise ClusterError(
                f"{path}: {error.strerror or error}; mount the service account's token there"
            ) from None
        return self._trust[1]

    def _request(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Request:
        where = f"{path}?{urlencode(query)}" if query else path
        headers = {
            "Authorization": f"Bearer {token_in(os.path.join(self._directory, 'token'))}",
            "Accept": "application/json", "User-Agent": "seawall-mesh",
        }  # fmt: skip
        if body:
            headers["Content-Type"] = "application/json"
        return Request(method, where, headers, body)


def token_in(path: str) -> str:
    """The token in a file; raises :class:`ClusterError` where there is none."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(LONGEST_TOKEN + 1)
    except OSError as error:
        raise ClusterError(f"{path}: {error.strerror}; mount a token there") from None
    token = data.decode("ascii", "replace").strip()
    if not token or len(data) > LONGEST_TOKEN or not token.isprintable() or " " in token:
        raise ClusterError(f"{path} has no token: mount one there")
    return token


async def _answer(response: Response, largest: int) -> Map:
    found = _object(await response.read(largest))
    if not 200 <= response.status < 300:
        raise _refused(response.status, found)
    return found


def _object(data: bytes) -> Map:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ClusterError("the API server's answer is no object of JSON: see who answers there")
    return found


def _refused(status: int, found: Map) -> ApiError:
    said = text(found, "message") or "no reason given"
    message = (
        f"the API server refuses ({status}): {said[:500]}; see the rights of the service account "
        "in seawall mesh manifests"
    )
    return GoneError(status, message) if status == _GONE else ApiError(status, message)
