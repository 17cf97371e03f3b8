"""Who somebody is that comes with a token: the API server is asked, the token never believed.

A token is for the audience of the mesh, bound to a pod, and that pod is there, with that uid and
account. A node's agent runs under one of the accounts that may be agents, and is the agent of the
node that its pod runs on, whatever it says. Everybody else may be the agent of its own pod only.
"""

import asyncio
import json
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Collection
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.mesh.authority.errors import RefusedError
from seawall.mesh.authority.limits import Limits, Rate
from seawall.mesh.cluster.api import Api
from seawall.mesh.cluster.errors import ApiError
from seawall.mesh.cluster.objects import Account, Pod, pod_of
from seawall.mesh.cluster.registry import OF_POD
from seawall.mesh.injection.parts import AUDIENCE
from seawall.text.values import Map, is_true, mapping, sequence, text

REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
LONGEST = 16 * 1024
"""Letters of a token."""
RATE = Rate(per_second=50, at_once=1000)
"""How often the API server is asked: whoever reaches our port can make us do it."""
_AT_ONCE = 16
_CLAIM = "authentication.kubernetes.io/"
_USER = pattern(r"system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})\Z")
_WORD = re.compile(r"[A-Za-z0-9_-]+\Z")
_NAME = pattern(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\Z")
_REMEDY = "give the pod a token of the audience seawall-mesh, as seawall mesh inject does"


class Bound(NamedTuple):
    """What the API server says of a token."""

    account: Account
    pod: str
    uid: str


class Attestor:
    """Asks the API server, a few at a time."""

    def __init__(self, api: Api, agents: Collection[Account]) -> None:
        self._api = api
        self._agents = frozenset(agents)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._limits = Limits(RATE)
        self.refused = 0
        self.attested = 0

    async def host(self, token: str) -> str:
        """The host that whoever has the token is the agent of.

        Raises:
            RefusedError: nobody's token, or not of the mesh, or its pod is not what it should be.
            ClusterError: the API server cannot be asked.
        """
        try:
            async with self._turns:
                found = await self._host(token)
        except RefusedError:
            self.refused += 1
            raise
        self.attested += 1
        return found

    async def _host(self, token: str) -> str:
        if not looks_like_a_token(token):
            raise RefusedError(f"that is no token of a service account: {_REMEDY}")
        if not self._limits.take("all", time.monotonic()):
            raise RefusedError("too many come at once: try again in a while")
        review: Map = {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
            "spec": {"token": token, "audiences": [AUDIENCE]},
        }  # fmt: skip
        bound = bound_in(await self._api.call("POST", REVIEWS, review))
        pod = await self._pod(bound)
        if bound.account in self._agents:
            if not pod.node:
                raise RefusedError(f"pod {pod.namespace}/{pod.name} is on no node yet: wait")
            return pod.node
        if not pod.keeps_keys:
            raise RefusedError(
                f"pod {pod.namespace}/{pod.name} has no agent in its sidecar: its node's agent "
                "asks for it, or inject it with --agent sidecar"
            )
        return f"{OF_POD}{pod.uid}"

    async def _pod(self, bound: Bound) -> Pod:
        """The pod of a token, as it is now."""
        path = f"/api/v1/namespaces/{bound.account.namespace}/pods/{bound.pod}"
        try:
            found = await self._api.call("GET", path)
        except ApiError as error:
            if error.status != 404:
                raise
            found = {}
        pod = pod_of(found)
        if pod is None or pod.uid != bound.uid or pod.account != bound.account:
            raise RefusedError(
                f"the token is of pod {bound.account.namespace}/{bound.pod}, which is not there "
                "any more: let the new pod use its own"
            )
        return pod


def bound_in(review: Map) -> Bound:
    """What a reviewed token is bound to; raises :class:`RefusedError` where that is not a pod."""
    status = mapping(review, "status")
    if not is_true(status, "authenticated"):
        said = text(status, "error")[:300] or "it is unknown, or has ended"
        raise RefusedError(f"the API server does not take the token ({said}): {_REMEDY}")
    # An API server that knows no audiences says nothing of them: that is no yes.
    if AUDIENCE not in sequence(status, "audiences"):
        raise RefusedError(f"the token is for another audience: {_REMEDY}")
    user = _USER.match(text(status, "user", "username"))
    extra = mapping(status, "user", "extra")
    name, uid = (_one(extra, f"{_CLAIM}{key}") for key in ("pod-name", "pod-uid"))
    if user is None or not uid or not _NAME.match(name):
        raise RefusedError(f"the token is bound to no pod: {_REMEDY}")
    return Bound(Account(user[1], user[2]), name, uid)


def _one(extra: Map, key: str) -> str:
    """The only value of a claim; empty where there is another number of them."""
    found = sequence(extra, key)
    return found[0] if len(found) == 1 and isinstance(found[0], str) else ""


def looks_like_a_token(token: str) -> bool:
    """Whether it is worth asking: a signed JWT (RFC 7519) whose claims name our audience.

    Nothing that is said there counts; it only keeps nonsense away from the API server.
    """
    parts = token.split(".") if len(token) <= LONGEST else []
    if len(parts) != 3 or not all(map(_WORD.match, parts)):
        return False
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return False
    audiences = claims.get("aud") if isinstance(claims, dict) else None
    return audiences == AUDIENCE or (isinstance(audiences, list) and AUDIENCE in audiences)
