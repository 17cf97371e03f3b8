"""Rules about what lets traffic into the cluster: Ingresses, routes, their annotations."""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.derived import once_per_index
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule
from seawall.text.values import Map, integer, mapping, mappings, sequence, text, texts

_GATEWAY_ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
_INGRESS_GROUPS = ("networking.k8s.io", "extensions")  # other groups have kinds of this name
_NGINX = "nginx.ingress.kubernetes.io/"
_CLASS = "kubernetes.io/ingress.class"


class Backend(NamedTuple):
    """A Service some route sends traffic to. ``port`` is a number or a name, or not given."""

    namespace: str
    service: str
    port: int | str | None
    place: KeyPath


def _is_ingress(object_: KubernetesObject) -> bool:
    return object_.kind == "Ingress" and object_.group in _INGRESS_GROUPS


def _backends(object_: KubernetesObject) -> Iterator[Backend]:
    if _is_ingress(object_):
        for place, backend in _ingress_backends(object_):
            new = mapping(backend, "service")
            service = text(new, "name") or text(backend, "serviceName")
            number = integer(new, "port", "number") or integer(backend, "servicePort")
            name = text(new, "port", "name") or text(backend, "servicePort")
            where = (*place, "service") if new else place
            yield Backend(object_.namespace, service, number or name or None, where)
    elif object_.kind == "Route" and object_.group == "route.openshift.io":
        targets: list[tuple[KeyPath, Map]] = [(("spec", "to"), mapping(object_.spec, "to"))]
        key = "alternateBackends"
        targets += [(("spec", key, i), item) for i, item in mappings(object_.spec, key)]
        for place, target in targets:
            if text(target, "kind") in ("", "Service") and text(target, "name"):
                yield Backend(object_.namespace, text(target, "name"), None, place)
    elif object_.group == "gateway.networking.k8s.io":
        for index, rule in mappings(object_.spec, "rules"):
            for number, reference in mappings(rule, "backendRefs"):
                if text(reference, "kind") in ("", "Service") and not text(reference, "group"):
                    yield Backend(
                        text(reference, "namespace") or object_.namespace,
                        text(reference, "name"),
                        integer(reference, "port"),
                        ("spec", "rules", index, "backendRefs", number),
                    )


def _ingress_backends(object_: KubernetesObject) -> Iterator[tuple[KeyPath, Map]]:
    """Every backend of an Ingress but those that are no Services."""
    for key in ("defaultBackend", "backend"):  # the latter up to v1beta1
        backend = mapping(object_.spec, key)
        if backend and not mapping(backend, "resource"):
            yield ("spec", key), backend
    for place, path in _paths(object_):
        backend = mapping(path, "backend")
        if backend and not mapping(backend, "resource"):
            yield (*place, "backend"), backend


def _paths(object_: KubernetesObject) -> Iterator[tuple[KeyPath, Map]]:
    for index, rule in mappings(object_.spec, "rules"):
        for number, path in mappings(rule, "http", "paths"):
            yield ("spec", "rules", index, "http", "paths", number), path


@object_rule(
    "ingress-backend-dangling",
    severity=Severity.MEDIUM,
    remedy="Name an existing Service and one of its ports in the backend.",
    profile=RELIABILITY,
    aliases=("kube-score:ingress-targets-service", "kube-linter:dangling-ingress", "C-0302"),
    kinds=("Ingress", "Route", *_GATEWAY_ROUTES),
)
def ingress_backend_dangling(object_: KubernetesObject, context: Context) -> Hits:
    """Backends of an Ingress or route must be Services that exist, with the port named.

    Reports backends of Ingresses (the default one too), of Gateway API routes and of OpenShift
    Routes whose Service is not in the input, or has no such port, by number or by name; and
    backends of a ``networking.k8s.io/v1`` Ingress in the form of older versions.

    Why:

    Visitors get an error. And a name that is free can be taken: whoever may create a Service of
    that name gets the traffic.

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
        spec:
          defaultBackend:
            service:
              name: web
              port:
                number: 80

    Good:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
        spec:
          defaultBackend:
            service:
              name: web
              port:
                number: 80
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          selector:
            app: web
          ports:
            - port: 80

    Not reported:

    Backends that are no Services (``resource``, custom kinds), the port ``use-annotation`` of
    the AWS load balancer controller, and names that occur in a part of the input that could not
    be read.

    References:
    https://kubernetes.io/docs/concepts/services-networking/ingress/
    """
    index = context.index
    seen: set[tuple[str, str, int | str | None]] = set()
    for backend in _backends(object_):
        key = backend[:3]
        if key in seen or backend.port == "use-annotation" or index.is_unresolved(backend.service):
            continue
        seen.add(key)
        is_old_form = backend.place[-1] != "service" and object_.api_version.endswith("k8s.io/v1")
        if not backend.service or (is_old_form and object_.kind == "Ingress"):
            yield Hit("has a backend that names no Service", backend.place)
            continue
        service = index.find("Service", backend.namespace, backend.service)
        port = "" if backend.port is None else f":{backend.port}"
        if service is None:
            yield Hit(
                f"sends traffic to the Service {backend.service}, which does not exist",
                backend.place,
                confidence=context.confidence_of_absence(object_),
                evidence=f"{backend.service}{port}",
            )
        elif backend.port is not None and not _has_port(service, backend.port):
            yield Hit(
                f"sends traffic to {backend.service}{port}, a port the Service does not have",
                backend.place,
                evidence=f"{backend.service}{port}",
                related=((service, ("spec", "ports"), "the ports of the Service"),),
            )


def _has_port(service: KubernetesObject, wanted: int | str) -> bool:
    ports = [port for _, port in mappings(service.spec, "ports")]
    if not ports and text(service.spec, "type") == "ExternalName":
        return True
    return any(
        integer(port, "port") == wanted
        or text(port, "name") == wanted
        or str(integer(port, "port")) == wanted
        for port in ports
    )


# Hosts and TLS --------------------------------------------------------------------------------

_TLS_ELSEWHERE = (
    # Annotations by which a controller is told of the certificate.
    "alb.ingress.kubernetes.io/certificate-arn", "ingress.gcp.kubernetes.io/pre-shared-cert",
    "networking.gke.io/managed-certificates", "networking.gke.io/certmap",
    "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
    "traefik.ingress.kubernetes.io/router.tls", "haproxy.org/ssl-certificate",
)  # fmt: skip


@object_rule(
    "ingress-no-tls",
    severity=Severity.LOW,
    remedy="Add the host to spec.tls, with the Secret of its certificate.",
    aliases=("C-0263", "polaris:tlsSettingsMissing"),
    kinds=("Ingress", "Route"),
)
def ingress_no_tls(object_: KubernetesObject, context: Context) -> Hits:
    """Ingresses and Routes should serve their hosts with TLS.

    Reports Ingresses without ``tls``, hosts of an Ingress that no entry of its ``tls`` lists,
    and OpenShift Routes without ``tls``.

    Why:

    What visitors send, passwords and session cookies with it, can be read and changed on its
    way. The severity is low because TLS often ends before the cluster, which manifests do not
    show.

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
        spec:
          rules:
            - host: www.example.org
              http:
                paths:
                  - path: /
                    pathType: Prefix
                    backend:
                      service:
                        name: web
                        port:
                          number: 80

    Good:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
        spec:
          tls:
            - hosts:
                - www.example.org
              secretName: www-example-org
          rules:
            - host: www.example.org
              http:
                paths:
                  - path: /
                    pathType: Prefix
                    backend:
                      service:
                        name: web
                        port:
                          number: 80

    Not reported:

    Ingresses whose annotations name the certificate for the controller of a cloud provider. Hosts
    that another Ingress of the same class serves with TLS: controllers join Ingresses by host.

    References:
    https://kubernetes.io/docs/concepts/services-networking/ingress/#tls
    """
    if object_.kind == "Route":
        if object_.group == "route.openshift.io" and not mapping(object_.spec, "tls"):
            yield Hit("is served without TLS", ("spec", "tls"))
        return
    if not _is_ingress(object_) or not object_.annotations.keys().isdisjoint(_TLS_ELSEWHERE):
        return
    entries = [entry for _, entry in mappings(object_.spec, "tls")]
    if entries and any(not sequence(entry, "hosts") for entry in entries):
        return  # the certificate is used for every host
    covered = _hosts_with_tls(context.index).get(_class_of(object_), frozenset())
    hosts = [(index, text(rule, "host")) for index, rule in mappings(object_.spec, "rules")]
    if not entries:
        if not hosts or not all(_is_covered(host, covered) for _, host in hosts):
            yield Hit("is served without TLS", ("spec", "tls"))
        return
    for index, host in hosts:
        if host and not _is_covered(host, covered):
            yield Hit(
                f"serves the host {host} without TLS", ("spec", "rules", index, "host"),
                evidence=host,
            )  # fmt: skip


def _class_of(ingress: KubernetesObject) -> str:
    return text(ingress.spec, "ingressClassName") or ingress.annotations.get(_CLASS, "")


def _is_covered(host: str, covered: frozenset[str]) -> bool:
    return host in covered or f"*.{host.partition('.')[2]}" in covered


@once_per_index
def _hosts_with_tls(index: Index) -> dict[str, frozenset[str]]:
    """The hosts that the Ingresses of each class have a certificate for."""
    result: dict[str, set[str]] = {}
    for ingress in filter(_is_ingress, index.of_kind("Ingress")):
        for _, entry in mappings(ingress.spec, "tls"):
            result.setdefault(_class_of(ingress), set()).update(texts(entry, "hosts"))
    return {name: frozenset(hosts) for name, hosts in result.items()}


@object_rule(
    "ingress-wildcard-host",
    severity=Severity.MEDIUM,
    remedy="List the hosts one by one.",
    aliases=("polaris:httpRouteWildcardOrEmptyHost",),
    kinds=("Ingress", *_GATEWAY_ROUTES),
)
def ingress_wildcard_host(object_: KubernetesObject, context: Context) -> Hits:
    """Ingresses and routes should name the hosts they serve.

    Reports rules of Ingresses and ``hostnames`` of Gateway API routes with a wildcard.

    Why:

    A wildcard takes the traffic of every host of the domain that nobody else claims, those
    included that another team will claim tomorrow.

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
        spec:
          rules:
            - host: "*.example.org"
              http:
                paths:
                  - path: /
                    pathType: Prefix
                    backend:
                      service:
                        name: web
                        port:
                          number: 80

    Good:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
        spec:
          rules:
            - host: www.example.org
              http:
                paths:
                  - path: /
                    pathType: Prefix
                    backend:
                      service:
                        name: web
                        port:
                          number: 80

    References:
    https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards
    """
    if _is_ingress(object_):
        for index, rule in mappings(object_.spec, "rules"):
            host = text(rule, "host")
            if host.startswith("*"):
                yield Hit(
                    f"serves every host of {host}", ("spec", "rules", index, "host"),
                    evidence=host,
                )  # fmt: skip
    elif object_.group == "gateway.networking.k8s.io":
        for index, item in enumerate(sequence(object_.spec, "hostnames")):
            host = text(item)
            if host.startswith("*"):
                place = ("spec", "hostnames", index)
                yield Hit(f"serves every host of {host}", place, evidence=host)


@object_rule(
    "ingress-empty-host",
    severity=Severity.MEDIUM,
    remedy="Set the host the rule is for.",
    kinds=("Ingress",),
)
def ingress_empty_host(object_: KubernetesObject, context: Context) -> Hits:
    """Rules of an Ingress should name their host.

    Reports rules of Ingresses with paths but without ``host``.

    Why:

    Such a rule holds for every host name that reaches the controller: it takes paths away from
    the hosts of others, and answers to names the application does not expect.

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
        spec:
          rules:
            - http:
                paths:
                  - path: /
                    pathType: Prefix
                    backend:
                      service:
                        name: web
                        port:
                          number: 80

    Good:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
        spec:
          rules:
            - host: www.example.org
              http:
                paths:
                  - path: /
                    pathType: Prefix
                    backend:
                      service:
                        name: web
                        port:
                          number: 80

    Not reported:

    A ``defaultBackend``, which says that it is meant for all hosts; and Gateway API routes
    without ``hostnames``, which take those of their listener.

    References:
    https://kubernetes.io/docs/concepts/services-networking/ingress/#the-ingress-resource
    """
    for index, rule in mappings(object_.spec, "rules") if _is_ingress(object_) else ():
        if not text(rule, "host") and sequence(rule, "http", "paths"):
            yield Hit("has a rule for every host", ("spec", "rules", index, "host"))


# ingress-nginx --------------------------------------------------------------------------------

_SNIPPETS = (
    f"{_NGINX}server-snippet", f"{_NGINX}configuration-snippet", f"{_NGINX}auth-snippet",
    f"{_NGINX}stream-snippet", f"{_NGINX}modsecurity-snippet",
    "nginx.org/server-snippets", "nginx.org/location-snippets",
)  # fmt: skip
_LUA = pattern(r"\blua_|_by_lua\b|_by_lua_")
_CONTROL = frozenset(chr(code) for code in range(32)) | {"\x7f"}
_TEXT_BREAKERS = _CONTROL | frozenset(';"`')
_NAME_BREAKERS = _TEXT_BREAKERS | {"#"}
_LINK_BREAKERS = _TEXT_BREAKERS | frozenset("{}<>'\\| ")  # a link may have a fragment
_URL_BREAKERS = _LINK_BREAKERS | {"#"}
_INJECTABLE = {
    # Annotations whose value ingress-nginx wrote into its configuration unchecked.
    f"{_NGINX}auth-url": _URL_BREAKERS,  # CVE-2025-24514
    f"{_NGINX}auth-signin": _LINK_BREAKERS,
    f"{_NGINX}auth-tls-match-cn": _NAME_BREAKERS,  # CVE-2025-1097
    f"{_NGINX}mirror-target": _URL_BREAKERS,  # CVE-2025-1098
    f"{_NGINX}mirror-host": _URL_BREAKERS,  # CVE-2025-1098
    f"{_NGINX}permanent-redirect": _LINK_BREAKERS,  # CVE-2023-5044
    f"{_NGINX}temporal-redirect": _LINK_BREAKERS,
    f"{_NGINX}rewrite-target": _TEXT_BREAKERS,
    f"{_NGINX}app-root": _TEXT_BREAKERS,
}


def _snippets(object_: KubernetesObject) -> Iterator[tuple[str, bool]]:
    """The snippet annotations of an Ingress, each with whether it holds Lua."""
    annotations = object_.annotations
    for key in _SNIPPETS:
        if annotations.get(key, "").strip():
            yield key, _LUA.search(annotations[key]) is not None


@object_rule(
    "ingress-nginx-snippet",
    severity=Severity.HIGH,
    remedy="Remove the annotation; use the annotations made for the purpose.",
    aliases=("CKV_K8S_153", "CKV_K8S_154", "C-0059"),
    kinds=("Ingress",),
)
def ingress_nginx_snippet(object_: KubernetesObject, context: Context) -> Hits:
    """Ingresses must not carry configuration for nginx.

    Reports the snippet annotations of ingress-nginx and of the NGINX ingress controller.

    Why:

    A snippet is written into the configuration of a proxy that serves everybody and may read
    the Secrets of the whole cluster: who may write an Ingress can read them too
    (CVE-2021-25742).

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
          annotations:
            nginx.ingress.kubernetes.io/configuration-snippet: |
              more_set_headers "X-Frame-Options: DENY";
        spec:
          defaultBackend:
            service:
              name: web
              port:
                number: 80

    Good:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
          annotations:
            nginx.ingress.kubernetes.io/ssl-redirect: "true"
        spec:
          defaultBackend:
            service:
              name: web
              port:
                number: 80

    Not reported:

    Snippets with Lua code, which ``ingress-nginx-lua`` reports.

    References:
    https://nvd.nist.gov/vuln/detail/CVE-2021-25742
    """
    for key, has_lua in _snippets(object_):
        if not has_lua:
            yield Hit(
                f"adds to the configuration of nginx with {key}",
                ("metadata", "annotations", key),
                evidence=key,
            )


@object_rule(
    "ingress-nginx-lua",
    severity=Severity.CRITICAL,
    remedy="Remove the annotation.",
    aliases=("CKV_K8S_152", "CKV_K8S_153", "C-0059"),
    kinds=("Ingress",),
)
def ingress_nginx_lua(object_: KubernetesObject, context: Context) -> Hits:
    """Ingresses must not carry code for nginx.

    Reports snippet annotations with directives that run or load Lua code.

    Why:

    The code runs inside the ingress controller, with the controller's access to the API: as a
    rule that is every Secret of the cluster (CVE-2021-25742).

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
          annotations:
            nginx.ingress.kubernetes.io/server-snippet: |
              content_by_lua_block { ngx.say("hello") }
        spec:
          defaultBackend:
            service:
              name: web
              port:
                number: 80

    Good:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
        spec:
          defaultBackend:
            service:
              name: web
              port:
                number: 80

    References:
    https://nvd.nist.gov/vuln/detail/CVE-2021-25742
    """
    for key, has_lua in _snippets(object_):
        if has_lua:
            yield Hit(
                f"runs Lua code in nginx with {key}",
                ("metadata", "annotations", key),
                evidence=key,
            )


@object_rule(
    "ingress-nginx-injection-chars",
    severity=Severity.CRITICAL,
    remedy="Remove from the value what ends a directive of nginx: line ends, quotes, ; # { }.",
    aliases=("KCV-0093",),
    kinds=("Ingress",),
)
def ingress_nginx_injection_chars(object_: KubernetesObject, context: Context) -> Hits:
    """Ingresses must not break out of the configuration of ingress-nginx.

    Reports annotations of ingress-nginx that are written into its configuration (``auth-url``,
    ``auth-tls-match-cn``, ``mirror-target``, ``mirror-host``, redirects, rewrites) and paths
    whose value holds characters that end a directive: line ends, quotes, ``;``, ``#``, and in
    addresses braces, blanks and backslashes too.

    Why:

    Controllers that have not been updated write the value as it is, and load what follows as
    configuration or code: anyone who may write an Ingress, and in some versions anyone who
    reaches the admission webhook, takes over the controller (CVE-2025-1097, CVE-2025-1098,
    CVE-2025-24514). In an honest manifest such characters have no use.

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
          annotations:
            nginx.ingress.kubernetes.io/auth-url: "http://auth.example.org/#;load_module x;"
        spec:
          defaultBackend:
            service:
              name: web
              port:
                number: 80

    Good:

        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
          annotations:
            nginx.ingress.kubernetes.io/auth-url: "https://auth.example.org/check?host=$host"
        spec:
          defaultBackend:
            service:
              name: web
              port:
                number: 80

    Not reported:

    Snippets, which are configuration by design: ``ingress-nginx-snippet`` reports those.

    References:
    https://nvd.nist.gov/vuln/detail/CVE-2025-1097
    https://nvd.nist.gov/vuln/detail/CVE-2025-1098
    https://nvd.nist.gov/vuln/detail/CVE-2025-24514
    """
    annotations = object_.annotations
    for key in sorted(_INJECTABLE.keys() & annotations.keys()):
        if not _INJECTABLE[key].isdisjoint(annotations[key].strip()):
            yield Hit(
                f"has characters in {key} that end a directive of nginx",
                ("metadata", "annotations", key),
                evidence=key,
            )
    for place, path in _paths(object_):
        value = text(path, "path")
        if not (_CONTROL | {";", '"'}).isdisjoint(value):
            yield Hit(
                "has characters in a path that end a directive of nginx",
                (*place, "path"),
                severity=Severity.HIGH,
                evidence=repr(value)[1:-1],
            )
