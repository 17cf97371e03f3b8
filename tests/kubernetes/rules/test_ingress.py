"""What rules about Ingresses and routes do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Confidence, Severity
from tests.kubernetes.rules.relations import obj, service, stream
from tests.kubernetes.support import judge

BACKENDS = "ingress-backend-dangling"
NGINX = "nginx.ingress.kubernetes.io/"


def backend(service: str = "web", /, **port: Any) -> Any:
    return {"service": {"name": service, "port": port or {"number": 80}}}


def ingress(*backends: Any, host: Any = "www.example.org", version: str = "", **spec: Any) -> Any:
    annotations = spec.pop("annotations", None)
    if backends:
        paths = [{"path": "/", "backend": item} for item in backends]
        rule = {"http": {"paths": paths}} | ({"host": host} if host else {})
        spec["rules"] = [rule]
    return obj("Ingress", version=version, annotations=annotations, spec=spec)


NAMED = service(ports=[{"name": "http", "port": 80}])
OLD = {"serviceName": "web", "servicePort": 80}


@pytest.mark.parametrize(
    ("documents", "messages"),
    [
        ([ingress(backend()), service()], []),
        ([ingress(backend())], ["does not exist"]),
        ([ingress(backend()), service(namespace="other")], ["does not exist"]),
        ([ingress(backend(number=9999)), service()], ["web:9999"]),  # D15
        ([ingress(backend(name="http")), NAMED], []),
        ([ingress(backend(name="web", number=80)), NAMED], []),
        ([ingress(backend("web", name="https")), NAMED], ["web:https"]),
        ([ingress(backend("web", name="http")), service()], ["web:http"]),
        ([ingress(backend(), backend()), NAMED], []),
        ([ingress(backend("a"), backend("a"), backend("b"))], ["Service a,", "Service b,"]),
        ([ingress({"resource": {"kind": "StorageBucket", "name": "static"}})], []),
        ([ingress(defaultBackend=backend())], ["does not exist"]),
        ([ingress(defaultBackend={"resource": {"kind": "X", "name": "x"}})], []),
        ([ingress(OLD, version="networking.k8s.io/v1beta1"), service()], []),
        ([ingress(OLD, version="extensions/v1beta1")], ["does not exist"]),
        ([ingress(backend=OLD, version="extensions/v1beta1")], ["does not exist"]),
        (
            [ingress({"serviceName": "web", "servicePort": "80"}, version="extensions/v1beta1"),
             service()],
            [],
        ),
        ([ingress(OLD), service()], ["names no Service"]),  # of no use in networking.k8s.io/v1
        ([ingress({"service": {}})], ["names no Service"]),
        ([ingress(backend("web", name="use-annotation"))], []),
        ([ingress(backend()), service(None, type="ExternalName", ports=[])], []),
        ([ingress({}), ingress(None), ingress("web")], []),
        ([obj("Ingress", spec={"rules": [{"host": "foo.example.org"}]})], []),
        ([obj("Ingress", version="config.openshift.io/v1", spec={"domain": "x"})], []),
    ],
)  # fmt: skip
def test_backends_of_ingresses(documents: Any, messages: list[str]) -> None:
    found = judge(BACKENDS, stream(*documents))
    assert len(found) == len(messages)
    for finding, message in zip(found, messages, strict=True):
        assert message in finding.message


def test_how_sure_a_missing_backend_is() -> None:
    assert not judge(BACKENDS, stream(ingress(backend())), opaque=("name: web",))
    missing = judge(BACKENDS, stream(ingress(backend())), complete=False)
    assert [finding.confidence for finding in missing] == [Confidence.LOW]
    wrong_port = judge(BACKENDS, stream(ingress(backend(number=1)), service()), complete=False)
    assert [finding.confidence for finding in wrong_port] == [Confidence.HIGH]
    assert wrong_port[0].location.key_path[-2:] == ("backend", "service")


def route(*references: Any, kind: str = "HTTPRoute", **spec: Any) -> Any:
    return obj(
        kind, version="gateway.networking.k8s.io/v1",
        spec={"rules": [{"backendRefs": list(references)}], **spec},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("documents", "count"),
    [
        ([route({"name": "web", "port": 80}), service()], 0),
        ([route({"name": "web", "port": 81}), service()], 1),
        ([route({"name": "web", "port": 80})], 1),
        ([route({"name": "web", "port": 80}, kind="GRPCRoute")], 1),
        ([route({"name": "web", "port": 80, "namespace": "b"}), service()], 1),
        ([route({"name": "web", "port": 80, "namespace": "b"}), service(namespace="b")], 0),
        ([route({"name": "x", "kind": "Service", "group": "net.example.org"})], 0),
        ([route({"name": "x", "kind": "InferencePool"})], 0),
        ([obj("Route", version="route.openshift.io/v1", spec={"to": {"name": "web"}})], 1),
        (
            [
                obj("Route", version="route.openshift.io/v1", spec={"to": {"name": "web"}}),
                service(),
            ],
            0,
        ),
        ([obj("Route", version="serving.knative.dev/v1", spec={"to": {"name": "web"}})], 0),
    ],
)
def test_backends_of_routes(documents: Any, count: int) -> None:
    assert len(judge(BACKENDS, stream(*documents))) == count


@pytest.mark.parametrize(
    ("spec", "evidence"),
    [
        ({}, [""]),
        ({"tls": []}, [""]),
        ({"tls": [{"hosts": ["www.example.org"]}]}, []),
        ({"tls": [{"hosts": ["*.example.org"]}]}, []),
        ({"tls": [{"secretName": "all"}]}, []),
        ({"tls": [{"hosts": ["other.example.org"]}]}, ["www.example.org"]),
        ({"annotations": {"alb.ingress.kubernetes.io/certificate-arn": "x"}}, []),
    ],
)
def test_tls(spec: Any, evidence: list[str]) -> None:
    found = judge("ingress-no-tls", stream(ingress(backend(), **spec)))
    assert [finding.evidence for finding in found] == evidence
    assert {finding.severity for finding in found} <= {Severity.LOW}


WITH_TLS: Any = {"tls": [{"hosts": ["www.example.org", "*.example.com"], "secretName": "www"}]}
CLASS = {"kubernetes.io/ingress.class": "nginx"}


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        # One host, two Ingresses: the certificate of the one serves the other too.
        (ingress(**WITH_TLS), ingress(backend()), 0),
        (ingress(**WITH_TLS), ingress(backend(), host="shop.example.com"), 0),
        (ingress(**WITH_TLS), ingress(backend(), host="a.shop.example.com"), 1),
        (ingress(**WITH_TLS), ingress(backend(), host=""), 1),
        (ingress(**WITH_TLS), ingress(), 1),
        (ingress(**WITH_TLS), ingress(backend(), ingressClassName="nginx"), 1),
        (ingress(**WITH_TLS, annotations=CLASS), ingress(backend(), ingressClassName="nginx"), 0),
        (ingress(tls=[{"secretName": "www"}]), ingress(backend()), 1),
        (
            ingress(**WITH_TLS),
            ingress(backend(), tls=[{"hosts": ["api.example.org"], "secretName": "api"}]),
            0,
        ),
    ],
)
def test_tls_of_another_ingress(first: Any, second: Any, found: int) -> None:
    assert len(judge("ingress-no-tls", stream(first, second))) == found


def test_tls_of_openshift_routes() -> None:
    version = "route.openshift.io/v1"
    assert judge("ingress-no-tls", stream(obj("Route", version=version, spec={})))
    secured = obj("Route", version=version, spec={"tls": {"termination": "edge"}})
    assert not judge("ingress-no-tls", stream(secured))
    knative = obj("Ingress", version="networking.internal.knative.dev/v1alpha1", spec={})
    assert not judge("ingress-no-tls", stream(knative))


@pytest.mark.parametrize(
    ("document", "wildcard", "empty"),
    [
        (ingress(backend()), 0, 0),
        (ingress(backend(), host="*.example.org"), 1, 0),
        (ingress(backend(), host=""), 0, 1),
        (ingress(backend(), host=["x"]), 0, 1),
        (ingress(defaultBackend=backend()), 0, 0),
        (obj("Ingress", spec={"rules": [{}]}), 0, 0),
        (route(hostnames=["a.example.org", None, "*.example.org"]), 1, 0),
        (route(), 0, 0),
    ],
)
def test_hosts(document: Any, wildcard: int, empty: int) -> None:
    assert len(judge("ingress-wildcard-host", stream(document))) == wildcard
    assert len(judge("ingress-empty-host", stream(document))) == empty


@pytest.mark.parametrize(
    ("annotation", "value", "rule"),
    [
        ("server-snippet", "return 204;", "ingress-nginx-snippet"),
        ("configuration-snippet", "# lua", "ingress-nginx-snippet"),
        ("server-snippet", "access_by_lua_block { }", "ingress-nginx-lua"),
        ("configuration-snippet", "lua_package_path x;", "ingress-nginx-lua"),
        ("auth-snippet", "rewrite_by_lua 'x';", "ingress-nginx-lua"),
        ("server-snippet", " ", None),
        ("server-snippet", None, None),
        ("ssl-redirect", "true", None),
    ],
)
def test_snippets_are_reported_once(annotation: str, value: Any, rule: str | None) -> None:
    text = stream(ingress(backend(), annotations={NGINX + annotation: value}))
    found = judge(["ingress-nginx-snippet", "ingress-nginx-lua"], text)
    assert [finding.rule.id for finding in found] == ([] if rule is None else [rule])
    assert all(value not in finding.message for finding in found)


@pytest.mark.parametrize(
    ("annotation", "value", "reported"),
    [
        ("auth-url", "https://auth.example.org/oauth2/auth?rd=$escaped_request_uri&a=b", False),
        ("auth-url", "http://a.example.org/#;\nssl_engine x;", True),
        ("auth-url", "http://a.example.org/\r\n", False),  # only at the end
        ("auth-url", "http://a.example.org/{", True),
        ("auth-tls-match-cn", "CN=[a-z]{3}-(a|b)\\.example", False),
        ("auth-tls-match-cn", "CN=abc #(\n){}\n }}\nssl_engine x;\n#", True),
        ("mirror-target", "https://mirror.example.org$request_uri", False),
        ("mirror-target", 'x"; load_module y;', True),
        ("mirror-host", "a;b", True),
        ("permanent-redirect", "https://www.example.org/#/start", False),
        ("permanent-redirect", "https://www.example.org/;}", True),
        ("rewrite-target", "/$1/{2}", False),
        ("rewrite-target", "/$1;\n", True),
        ("proxy-body-size", "8m;", False),
    ],
)
def test_characters_that_end_a_directive(annotation: str, value: str, reported: bool) -> None:
    text = stream(ingress(backend(), annotations={NGINX + annotation: value}))
    found = judge("ingress-nginx-injection-chars", text)
    assert bool(found) == reported
    assert all(finding.evidence == NGINX + annotation for finding in found)


@pytest.mark.parametrize(
    ("path", "reported"),
    [
        ("/api/v[0-9]{1,2}/(.*)", False),
        ("/a b", False),
        ("/a;b", True),
        ("/a\nb", True),
        ('/a"b', True),
    ],
)
def test_paths_that_end_a_directive(path: str, reported: bool) -> None:
    rule = {"http": {"paths": [{"path": path, "backend": backend()}]}}
    text = stream(obj("Ingress", spec={"rules": [rule]}))
    found = judge("ingress-nginx-injection-chars", text)
    assert [finding.severity for finding in found] == ([Severity.HIGH] if reported else [])
