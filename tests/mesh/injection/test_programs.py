"""Pods that ask for the Workload API: their containers find it, and lose it again."""

from itertools import product
from typing import Any

import pytest

from seawall.mesh.injection import manifests, programs
from seawall.mesh.injection.admission import injected
from seawall.mesh.injection.parts import AGENT, PROGRAMS, PROXY
from seawall.mesh.injection.settings import Agent, By
from seawall.text.values import at, mapping, sequence, text
from tests.mesh.injection.samples import SETTINGS, WEB, values
from tests.mesh.injection.test_manifests import inject, problems, uninject

ASKING = WEB.replace(
    "      labels: {app: web}\n    spec:",
    '      labels: {app: web}\n      annotations: {seawall/mesh-workload-api: "true"}\n    spec:',
)
ENDPOINT = {
    "name": "SPIFFE_ENDPOINT_SOCKET", "value": "unix:///run/seawall/mesh/workload-api/api.sock"
}  # fmt: skip


def spec_of(whole: str) -> Any:
    (value,) = values(whole)
    return mapping(value, "spec", "template", "spec")


@pytest.mark.parametrize("way", [*product(By, Agent)], ids=str)
def test_all_containers_find_it(way: tuple[By, Agent]) -> None:
    own = SETTINGS._replace(redirect=way[0], agent=way[1])
    after = inject(ASKING, own)
    spec = spec_of(after)
    by_node = way[1] is Agent.NODE
    for container in (at(spec, "containers", 0), spec["initContainers"][-1]):
        assert sequence(container, "env")[0] == ENDPOINT
        (mount,) = sequence(container, "volumeMounts")
        assert mount == {
            "mountPath": "/run/seawall/mesh/workload-api", "readOnly": True,
            **({"name": AGENT, "subPathExpr": "$(SEAWALL_MESH_POD_UID)/workload-api"} if by_node
               else {"name": PROGRAMS}),
        }  # fmt: skip
    (proxy,) = [one for one in spec["initContainers"] if one["name"] == PROXY]
    assert ("--workload-api" in proxy["args"]) == (not by_node)
    assert (PROGRAMS in [one["name"] for one in spec["volumes"]]) == (not by_node)
    assert inject(after, own) == after
    assert uninject(after) == ASKING
    assert not problems(after)
    # Without the record what it says comes back.
    assert values(uninject(after.replace("seawall/mesh-undo", "example.org/x"))) != []
    assert "SPIFFE" not in uninject(after.replace("seawall/mesh-undo", "example.org/x"))


def test_who_does_not_ask_gets_nothing() -> None:
    for whole in (WEB, ASKING.replace('"true"', '"false"')):
        assert "SPIFFE_ENDPOINT_SOCKET" not in inject(whole)


def test_what_a_container_has_stays() -> None:
    whole = ASKING.replace(
        "        readinessProbe:",
        "        env: [{name: A, value: b}]\n"
        "        volumeMounts:\n        - {name: data, mountPath: /data}\n"
        "        readinessProbe:",
    )
    after = inject(whole)
    container = at(spec_of(after), "containers", 0)
    assert [text(one, "name") for one in sequence(container, "env")] == [
        "A", "SPIFFE_ENDPOINT_SOCKET", "SEAWALL_MESH_POD_UID",
    ]  # fmt: skip
    assert len(sequence(container, "volumeMounts")) == 2
    assert uninject(after) == whole
    forgotten = uninject(after.replace("seawall/mesh-undo", "example.org/x"))
    assert at(spec_of(forgotten), "containers", 0) == at(spec_of(whole), "containers", 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("        env: [{name: SPIFFE_ENDPOINT_SOCKET, value: x}]\n",
         "sets SPIFFE_ENDPOINT_SOCKET"),
        ("        env: [{name: SEAWALL_MESH_POD_UID, value: x}]\n",
         "sets SEAWALL_MESH_POD_UID"),
        ("        volumeMounts: [{name: a, mountPath: /run/seawall/}]\n", "at /run/seawall,"),
        ("        volumeMounts: [{name: a, mountPath: /run/seawall/mesh/workload-api}]\n",
         "at /run"),
        ("        volumeMounts: 7\n", "is no list"),
        ("        env: {a: b}\n", "is no list"),
    ],
)  # fmt: skip
def test_what_is_in_the_way_is_refused(given: str, said: str) -> None:
    whole = ASKING.replace("        readinessProbe:", given + "        readinessProbe:")
    result = manifests.inject(whole, "web.yaml", SETTINGS)
    assert any(said in told.reason for told in result.refused), result.refused
    assert result.text == whole


def test_an_odd_word_is_refused() -> None:
    result = manifests.inject(ASKING.replace('"true"', '"yes"'), "web.yaml", SETTINGS)
    (told,) = result.refused
    assert 'write "true" or "false"' in told.remedy


def test_the_webhook_does_the_same_and_believes_no_copy() -> None:
    (value,) = values(inject(ASKING))
    pod: Any = mapping(value, "spec", "template")
    (bare,) = values(ASKING)
    assert injected(pod, SETTINGS).pod == injected(mapping(bare, "spec", "template"), SETTINGS).pod
    # A mount of all pods' sockets is no part of ours, whatever annotations say.
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": AGENT, "mountPath": "/all"}]
    assert "the proxy's" in injected(pod, SETTINGS).refused[0].reason
    pod["spec"]["containers"][0]["volumeMounts"] = [
        {"name": AGENT, "mountPath": "/run/seawall/mesh/workload-api"}
    ]
    made: Any = injected(pod, SETTINGS).pod
    assert [one["subPathExpr"] for one in made["spec"]["containers"][0]["volumeMounts"]] == [
        "$(SEAWALL_MESH_POD_UID)/workload-api"
    ]


def test_pods_say_whether_they_ask() -> None:
    assert not programs.are_asked({})
    assert not programs.are_asked({"metadata": {"annotations": {programs.ASKED: True}}})
