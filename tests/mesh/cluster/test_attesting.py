"""Who is let in by a token, and who is not."""

import asyncio
import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.authority.errors import RefusedError
from seawall.mesh.authority.limits import Rate
from seawall.mesh.cluster import attesting
from seawall.mesh.cluster.api import Api
from seawall.mesh.cluster.attesting import Attestor, bound_in, looks_like_a_token
from seawall.mesh.cluster.errors import ApiError
from seawall.mesh.cluster.objects import Account
from tests.mesh.cluster.api_double import PODS, Cluster, Json, pod

AGENT = Account("seawall-mesh", "seawall-mesh-agent")


def host(api: Api, token: str) -> str:
    return asyncio.run(Attestor(api, [AGENT]).host(token))


@pytest.fixture
def agent(cluster: Cluster) -> Json:
    return cluster.put(PODS, pod("agent-1", *AGENT[:1], "n1", AGENT.name, proxy=""))


@pytest.fixture
def web(cluster: Cluster) -> Json:
    return cluster.put(PODS, pod("web-1", "shop", "n1", "web", proxy="sidecar"))


def test_a_nodes_agent_is_that_of_its_own_node(api: Api, cluster: Cluster, agent: Json) -> None:
    assert host(api, cluster.token_for(agent)) == "n1"


def test_a_sidecar_is_the_agent_of_its_own_pod(api: Api, cluster: Cluster, web: Json) -> None:
    assert host(api, cluster.token_for(web)) == f"pod/{web['metadata']['uid']}"


def test_a_pod_that_the_nodes_agent_serves_is_none(api: Api, cluster: Cluster) -> None:
    own = cluster.put(PODS, pod("web-2", "shop", "n1", "web"))
    with pytest.raises(RefusedError, match="its node's agent"):
        host(api, cluster.token_for(own))
    plain = cluster.put(PODS, pod("web-3", "shop", "n1", "web", proxy=""))
    with pytest.raises(RefusedError, match="its node's agent"):
        host(api, cluster.token_for(plain))


def test_tokens_that_count_for_nothing(api: Api, cluster: Cluster, web: Json) -> None:
    def refused(token: str, why: str) -> None:
        with pytest.raises(RefusedError, match=why):
            host(api, token)

    good = cluster.token_for(web)
    refused(cluster.token_for(web, "https://kubernetes.default.svc"), "no token of a service")
    refused(cluster.token_for(web, seconds=-5), "has expired")
    refused(f"{good[:-4]}AAAA", "invalid bearer token")
    refused("", "no token of a service")
    refused("a" * 100_000, "no token of a service")
    unbound = {**cluster.tokens[good], "kubernetes.io": {
        own: value for own, value in cluster.tokens[good]["kubernetes.io"].items() if own != "pod"
    }}  # fmt: skip
    refused(cluster.signed(unbound), "bound to no pod")
    user = {**cluster.tokens[good], "sub": "system:admin"}
    refused(cluster.signed(user), "bound to no pod")


def test_a_token_outlives_its_pod_for_nobody(api: Api, cluster: Cluster, web: Json) -> None:
    token = cluster.token_for(web)
    cluster.delete(PODS, "web-1", "shop")
    with pytest.raises(RefusedError, match="deleted"):
        host(api, token)
    cluster.put(PODS, pod("web-1", "shop", "n1", "web", proxy="sidecar"))  # of the same name
    with pytest.raises(RefusedError, match="deleted"):
        host(api, token)


def test_the_pod_itself_is_looked_at(
    api: Api, cluster: Cluster, web: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A review may be remembered for a while: what the pod is now is asked for."""
    token = cluster.token_for(web)
    said = cluster.review({"token": token, "audiences": ["seawall-mesh"]})
    monkeypatch.setattr(
        cluster, "review",
        lambda spec: said if spec["token"] == token else Cluster.review(cluster, spec),
    )  # fmt: skip
    assert host(api, token).startswith("pod/")
    cluster.put(PODS, {**web, "status": {"phase": "Failed"}})
    with pytest.raises(RefusedError, match="not there any more"):
        host(api, token)
    cluster.put(PODS, {**web, "spec": {**web["spec"], "serviceAccountName": "other"}})
    with pytest.raises(RefusedError, match="not there any more"):
        host(api, token)
    cluster.delete(PODS, "web-1", "shop")
    with pytest.raises(RefusedError, match="not there any more"):
        host(api, token)


def test_without_the_api_server_nobody_gets_in(api: Api, cluster: Cluster, web: Json) -> None:
    token = cluster.token_for(web)
    cluster.is_down = True
    with pytest.raises(ApiError, match="503"):
        host(api, token)


def test_an_agent_on_no_node(api: Api, cluster: Cluster) -> None:
    own = cluster.put(PODS, pod("agent-2", AGENT.namespace, "", AGENT.name, proxy=""))
    with pytest.raises(RefusedError, match="on no node"):
        host(api, cluster.token_for(own))


def test_nonsense_never_reaches_the_api_server(api: Api, cluster: Cluster) -> None:
    for token in ("x", "a.b.c", "..", "a.e30.c"):
        with pytest.raises(RefusedError):
            host(api, token)
    assert cluster.requests == []


def test_the_api_server_is_not_asked_without_an_end(
    api: Api, cluster: Cluster, web: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attesting, "RATE", Rate(per_second=0.001, at_once=2))
    token = cluster.token_for(web)

    async def ask() -> None:
        attestor = Attestor(api, [AGENT])
        for _ in range(2):
            await attestor.host(token)
        with pytest.raises(RefusedError, match="too many"):
            await attestor.host(token)

    asyncio.run(ask())


def test_a_server_that_knows_no_audiences() -> None:
    status: Json = {"authenticated": True, "user": {
        "username": "system:serviceaccount:shop:web",
        "extra": {"authentication.kubernetes.io/pod-name": ["web-1"],
                  "authentication.kubernetes.io/pod-uid": ["1"]},
    }}  # fmt: skip
    with pytest.raises(RefusedError, match="another audience"):
        bound_in({"status": status})
    assert bound_in({"status": {**status, "audiences": ["seawall-mesh"]}}).pod == "web-1"
    two = {"authentication.kubernetes.io/pod-name": ["web-1", "web-2"],
           "authentication.kubernetes.io/pod-uid": ["1"]}  # fmt: skip
    odd = {**status, "audiences": ["seawall-mesh"], "user": {**status["user"], "extra": two}}
    with pytest.raises(RefusedError, match="bound to no pod"):
        bound_in({"status": odd})
    path = {"authentication.kubernetes.io/pod-name": ["../secrets/x"],
            "authentication.kubernetes.io/pod-uid": ["1"]}  # fmt: skip
    odd["user"]["extra"] = path
    with pytest.raises(RefusedError, match="bound to no pod"):
        bound_in({"status": odd})


@given(st.text(max_size=50) | st.binary(max_size=50).map(lambda own: own.decode("latin-1")))
def test_odd_tokens(text: str) -> None:
    looks_like_a_token(text)
    claims = urlsafe_b64encode(text.encode("utf-8", "replace")).decode().rstrip("=")
    assert not looks_like_a_token(f"a.{claims}.c") or "seawall-mesh" in text
    audience = urlsafe_b64encode(json.dumps({"aud": text}).encode()).decode().rstrip("=")
    assert looks_like_a_token(f"a.{audience}.c") == (text == "seawall-mesh")
