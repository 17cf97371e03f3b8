"""Our way to the binary form gives what protobuf's parser gives, and refuses what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import MessageToDict, ParseDict

from seawall.core.errors import UsageError
from seawall.mesh.identity import certificates, keys
from seawall.mesh.plan.model import Port, Rule, Source, View, Workload
from seawall.mesh.proxies import callers, secrets
from seawall.mesh.proxies.names import TYPES, any_of
from seawall.mesh.serving import packing
from seawall.mesh.serving.packing import packed
from seawall.mesh.serving.snapshots import certificate_of
from tests.mesh.made import ORDERS, WEB, intermediate_of, leaf_of, root_of

GOLDEN = Path(__file__).parent.parent / "proxies" / "golden.json"
CLUSTER, LISTENER = TYPES["cluster"], TYPES["listener"]


def by_protobuf(message: dict[str, Any]) -> Any:
    packing._load_types()
    return MessageToDict(ParseDict(message, Packed()))


@pytest.mark.parametrize("name", sorted(json.loads(GOLDEN.read_text())))
def test_configurations_are_what_protobuf_makes_of_them(name: str) -> None:
    for messages in json.loads(GOLDEN.read_text())[name].values():
        for message in messages:
            for _ in range(2):  # made, and then with what was kept
                assert MessageToDict(packed(message)) == by_protobuf(message)


def test_so_are_secrets() -> None:
    root = root_of()
    issuer, key = intermediate_of(root), keys.new_key()
    chain = (leaf_of(issuer), issuer.certificate)
    whole = secrets.certificate_of(chain, key)
    quick = certificate_of(certificates.as_pem(chain), keys.as_pem(key))
    assert MessageToDict(quick) == MessageToDict(packed(whole)) == by_protobuf(whole)
    rules = (Rule("one", allows=True, to=ORDERS, sources=(Source(WEB, with_below=True),)),)
    view = View(Workload("orders", ORDERS, (), (Port(5432),)), (), rules)
    found = [secrets.bundle_of([root.certificate])]
    found += callers.bundles_of(view, [root.certificate])
    assert len(found) == 2
    for message in found:
        assert MessageToDict(packed(message)) == by_protobuf(message)


@pytest.mark.parametrize(
    "message",
    [
        any_of(CLUSTER, nmae="web"),
        any_of(CLUSTER, name=5),
        any_of(CLUSTER, name=["web"]),
        any_of(CLUSTER, type="NO_SUCH_TYPE"),
        any_of(CLUSTER, connect_timeout="soon"),
        any_of(CLUSTER, lb_policy={}),
        any_of(CLUSTER, load_assignment="web"),
        any_of(CLUSTER, load_assignment=[]),
        any_of(CLUSTER, load_assignment={"endpoints": {"a": 1}}),
        any_of(CLUSTER, typed_extension_protocol_options=[]),
        any_of(CLUSTER, typed_extension_protocol_options={"a": any_of("no.such.Type")}),
        any_of(LISTENER, filter_chains=[{"filters": [{"name": "a", "typed_config": {"b": 1}}]}]),
        any_of(LISTENER, address={"socket_address": {"port_value": -1}}),
        any_of(LISTENER, address={"socket_address": {"port_value": 2**32}}),
        any_of("no.such.Type"),
        {"name": "web"},
    ],
    ids=lambda message: json.dumps(message)[-60:],
)
def test_what_does_not_fit_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="does not fit this version of Envoy's messages"):
        packed(message)


def test_what_is_kept_has_a_limit() -> None:
    packing._kept.clear()
    for number in range(packing._MOST_KEPT + 10):
        packing._known(any_of(CLUSTER, name=str(number)))
    assert len(packing._kept) <= packing._MOST_KEPT
