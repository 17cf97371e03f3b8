"""What is known of well-known images: users, ports, directories that their programs write to.

Each row was read from the Dockerfile and entry point that ``source`` names (repository and path on
GitHub). What these files do not say is left out: a user whose number the package manager chose is
no number here. Facts of tags that differ (Alpine, mostly) stand in ``variants``.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Variant(NamedTuple):
    """The user and group of images whose tag holds a mark."""

    mark: str
    user: int
    group: int


class ImageFacts(NamedTuple):
    """What is known of an image.

    Attributes:
        names: repositories with their registry; ``*`` at the end stands for any further name.
        source: the file that says so.
        user, group: the numbers that the program is meant to run as; 0 where none is known.
        variants: the numbers of tags that differ.
        is_unprivileged: whether the image names a user that is not root, so that its program runs
            as that one where nobody says otherwise; ``None`` where that depends on the tag.
        writable: directories that the program writes to and that are no volumes.
        volumes: its ``VOLUME`` declarations: they may be written where they are mounted.
        ports: the ports that it listens on by default.
        capabilities: what its program needs: its file has them (``setcap``), and the kernel
            refuses to run it where they are not among those that the container may have.
        rewrites_itself: whether its entry point changes files of the image, so that its root file
            system cannot be read-only.
    """

    names: tuple[str, ...]
    source: str
    user: int = 0
    group: int = 0
    variants: tuple[Variant, ...] = ()
    is_unprivileged: bool | None = False
    writable: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    capabilities: tuple[str, ...] = ()
    rewrites_itself: bool = False

    def identity(self, tag: str) -> tuple[int, int]:
        """User and group of an image with a tag; 0 where none is known."""
        for variant in self.variants:
            if variant.mark in tag:
                return variant.user, variant.group
        return self.user, self.group


def _official(name: str) -> str:
    return f"docker.io/library/{name}"


_ALPINE = "alpine"
_WWW_DATA = (33, 33, (Variant(_ALPINE, 82, 82),))
"""www-data: 33 in Debian's base-passwd, made as 82 in the images of Alpine."""

FACTS = (
    # Databases and caches
    ImageFacts(
        (_official("postgres"),), "docker-library/postgres: 17/bookworm/Dockerfile",
        999, 999, (Variant(_ALPINE, 70, 70),),
        writable=("/var/run/postgresql",), volumes=("/var/lib/postgresql/data",), ports=(5432,),
    ),
    ImageFacts(
        (_official("redis"),), "docker-library/redis: 7.2/debian/Dockerfile",
        999, 999, (Variant(_ALPINE, 999, 1000),), volumes=("/data",), ports=(6379,),
    ),
    ImageFacts(
        ("docker.io/valkey/valkey", "ghcr.io/valkey-io/valkey"),
        "valkey-io/valkey-container: 8.0/debian/Dockerfile",
        999, 999, (Variant(_ALPINE, 999, 1000),), volumes=("/data",), ports=(6379,),
    ),
    ImageFacts(
        (_official("mysql"),), "docker-library/mysql: 8.4/Dockerfile.oracle",
        999, 999, writable=("/var/run/mysqld",), volumes=("/var/lib/mysql",), ports=(3306, 33060),
    ),
    ImageFacts(
        (_official("mariadb"),), "MariaDB/mariadb-docker: 11.8/Dockerfile",
        writable=("/run/mysqld",), volumes=("/var/lib/mysql",), ports=(3306,),
    ),
    ImageFacts(
        (_official("mongo"),), "docker-library/mongo: 8.2/Dockerfile",
        999, 999, volumes=("/data/db", "/data/configdb"), ports=(27017,),
    ),
    ImageFacts(
        (_official("memcached"),), "docker-library/memcached: 1/debian/Dockerfile",
        11211, 11211, is_unprivileged=True, ports=(11211,),
    ),
    ImageFacts(
        (_official("cassandra"),), "docker-library/cassandra: 5.0/Dockerfile",
        999, 999, volumes=("/var/lib/cassandra",), ports=(7000, 7001, 7199, 9042, 9160),
        rewrites_itself=True,
    ),
    ImageFacts(
        (_official("couchdb"), "docker.io/apache/couchdb"),
        "apache/couchdb-docker: 3.5.1/Dockerfile",
        5984, 5984, volumes=("/opt/couchdb/data",), ports=(5984, 4369, 9100), rewrites_itself=True,
    ),
    ImageFacts(
        (_official("neo4j"),), "neo4j/docker-neo4j: docker-image-src/5/coredb/Dockerfile-bullseye",
        7474, 7474, volumes=("/data", "/logs"), ports=(7474, 7473, 7687), rewrites_itself=True,
    ),
    ImageFacts(
        (_official("influxdb"),), "influxdata/influxdata-docker: influxdb/2.9/Dockerfile",
        variants=(Variant("2.", 1000, 1000), Variant("1.12", 1500, 1500)), is_unprivileged=None,
        volumes=("/var/lib/influxdb2", "/etc/influxdb2"), ports=(8086,),
    ),
    ImageFacts(
        (_official("solr"), "docker.io/apache/solr"), "apache/solr-docker: 9.10/Dockerfile",
        8983, 8983, is_unprivileged=True, volumes=("/var/solr",), ports=(8983,),
    ),
    ImageFacts(
        ("docker.elastic.co/elasticsearch/elasticsearch", _official("elasticsearch")),
        "elastic/elasticsearch: distribution/docker/src/docker/Dockerfile",
        1000, 1000, is_unprivileged=None, ports=(9200, 9300), rewrites_itself=True,
    ),
    ImageFacts(
        ("docker.elastic.co/logstash/logstash", _official("logstash")),
        "elastic/logstash-docker: templates/Dockerfile.j2",
        1000, 1000, is_unprivileged=True, ports=(9600, 5044), rewrites_itself=True,
    ),
    # Messages and coordination
    ImageFacts(
        (_official("rabbitmq"),), "docker-library/rabbitmq: 4.2/ubuntu/Dockerfile",
        999, 999, (Variant(_ALPINE, 100, 101),), writable=("/var/log/rabbitmq",),
        volumes=("/var/lib/rabbitmq",), ports=(4369, 5671, 5672, 15691, 15692, 25672),
    ),
    ImageFacts(
        (_official("eclipse-mosquitto"),),
        "eclipse-mosquitto/mosquitto: docker/2.0-openssl/Dockerfile",
        1883, 1883, volumes=("/mosquitto/data", "/mosquitto/log"), ports=(1883,),
    ),
    ImageFacts(
        (_official("nats"),), "nats-io/nats-docker: 2.11.x/scratch/Dockerfile",
        ports=(4222, 8222, 6222),
    ),
    ImageFacts(
        (_official("zookeeper"),), "31z4/zookeeper-docker: 3.9.4/Dockerfile",
        1000, 1000, volumes=("/data", "/datalog", "/logs"), ports=(2181, 2888, 3888, 8080),
        rewrites_itself=True,
    ),
    ImageFacts(
        (_official("consul"), "docker.io/hashicorp/consul"),
        "hashicorp/docker-consul: 0.X/Dockerfile",
        volumes=("/consul/data",), ports=(8300, 8301, 8302, 8500, 8600),
    ),
    ImageFacts(
        (_official("vault"), "docker.io/hashicorp/vault"), "hashicorp/docker-vault: 0.X/Dockerfile",
        volumes=("/vault/logs", "/vault/file"), ports=(8200,), capabilities=("IPC_LOCK",),
    ),
    # Servers and proxies
    ImageFacts(
        (_official("nginx"),), "nginx/docker-nginx: stable/debian/Dockerfile",
        101, 101, writable=("/var/cache/nginx", "/var/run"), ports=(80,),
    ),
    ImageFacts(
        ("docker.io/nginxinc/nginx-unprivileged", "ghcr.io/nginx/nginx-unprivileged"),
        "nginx/docker-nginx-unprivileged: stable/alpine-slim/Dockerfile",
        101, 101, is_unprivileged=True, ports=(8080,),
    ),
    ImageFacts(
        (_official("httpd"),), "docker-library/httpd: 2.4/Dockerfile",
        *_WWW_DATA, writable=("/usr/local/apache2/logs",), ports=(80,),
    ),
    ImageFacts(
        (_official("haproxy"),), "docker-library/haproxy: 3.2/Dockerfile",
        99, 99, is_unprivileged=None,
    ),
    ImageFacts(
        (_official("traefik"),), "traefik/traefik-library-image: v3.2/scratch/Dockerfile",
        ports=(80,),
    ),
    ImageFacts(
        (_official("caddy"),), "caddyserver/caddy-docker: 2.11/alpine/Dockerfile",
        writable=("/config/caddy", "/data/caddy"), ports=(80, 443, 2019),
        capabilities=("NET_BIND_SERVICE",),
    ),
    ImageFacts(
        (_official("varnish"),), "varnish/docker-varnish: stable/debian/Dockerfile",
        1000, 1000, is_unprivileged=None, ports=(80, 8443),
    ),
    ImageFacts(
        (_official("kong"),), "Kong/docker-kong: ubuntu/Dockerfile",
        is_unprivileged=True, ports=(8000, 8443, 8001, 8444), rewrites_itself=True,
    ),
    ImageFacts(
        ("registry.k8s.io/ingress-nginx/controller",),
        "kubernetes/ingress-nginx: images/nginx/rootfs/Dockerfile",
        101, 0, is_unprivileged=True, capabilities=("NET_BIND_SERVICE",), rewrites_itself=True,
    ),
    ImageFacts(
        ("docker.io/coredns/coredns", "registry.k8s.io/coredns/coredns"),
        "coredns/coredns: Dockerfile",
        65532, 65532, is_unprivileged=None, ports=(53,), capabilities=("NET_BIND_SERVICE",),
    ),
    # Observation
    ImageFacts(
        ("docker.io/prom/prometheus", "quay.io/prometheus/prometheus"),
        "prometheus/prometheus: Dockerfile",
        65534, 65534, is_unprivileged=True, volumes=("/prometheus",), ports=(9090,),
    ),
    ImageFacts(
        ("docker.io/prom/alertmanager", "quay.io/prometheus/alertmanager"),
        "prometheus/alertmanager: Dockerfile",
        65534, 65534, is_unprivileged=True, volumes=("/alertmanager",), ports=(9093,),
    ),
    ImageFacts(
        ("docker.io/prom/pushgateway", "quay.io/prometheus/pushgateway"),
        "prometheus/pushgateway: Dockerfile",
        65534, 65534, is_unprivileged=True, ports=(9091,),
    ),
    ImageFacts(
        ("docker.io/prom/node-exporter", "quay.io/prometheus/node-exporter"),
        "prometheus/node_exporter: Dockerfile",
        65534, 65534, is_unprivileged=True, ports=(9100,),
    ),
    ImageFacts(
        ("docker.io/prom/blackbox-exporter", "quay.io/prometheus/blackbox-exporter"),
        "prometheus/blackbox_exporter: Dockerfile",
        ports=(9115,),
    ),
    ImageFacts(
        ("docker.io/grafana/grafana",), "grafana/grafana: Dockerfile",
        472, 472, is_unprivileged=True, volumes=("/var/lib/grafana",), ports=(3000,),
    ),
    ImageFacts(
        ("docker.io/grafana/loki",), "grafana/loki: cmd/loki/Dockerfile",
        10001, 10001, is_unprivileged=True, volumes=("/loki",), ports=(3100,),
    ),
    ImageFacts(
        ("docker.io/fluent/fluentd",), "fluent/fluentd-docker-image: v1.14/debian/Dockerfile",
        is_unprivileged=True, ports=(24224, 5140),
    ),
    ImageFacts(
        ("docker.io/fluent/fluent-bit", "cr.fluentbit.io/fluent/fluent-bit"),
        "fluent/fluent-bit: dockerfiles/Dockerfile",
        ports=(2020,),
    ),
    ImageFacts(
        (_official("telegraf"),), "influxdata/influxdata-docker: telegraf/1.38/Dockerfile",
        is_unprivileged=None, ports=(8125, 8092, 8094),
    ),
    # Applications
    ImageFacts(
        ("docker.io/jenkins/jenkins",), "jenkinsci/docker: debian/Dockerfile",
        1000, 1000, is_unprivileged=True, volumes=("/var/jenkins_home",), ports=(8080, 50000),
    ),
    ImageFacts(
        (_official("sonarqube"),), "SonarSource/docker-sonarqube: community-build/Dockerfile",
        1000, 0, is_unprivileged=True, ports=(9000,),
        volumes=("/opt/sonarqube/data", "/opt/sonarqube/extensions", "/opt/sonarqube/logs",
                 "/opt/sonarqube/temp"),
    ),
    ImageFacts(
        (_official("ghost"),), "docker-library/ghost: 6/bookworm/Dockerfile",
        1000, 1000, volumes=("/var/lib/ghost/content",), ports=(2368,),
    ),
    ImageFacts(
        (_official("wordpress"),), "docker-library/wordpress: latest/php8.3/apache/Dockerfile",
        *_WWW_DATA, volumes=("/var/www/html",), ports=(80,), rewrites_itself=True,
    ),
    ImageFacts(
        (_official("nextcloud"),), "nextcloud/docker: 33/apache/Dockerfile",
        *_WWW_DATA, volumes=("/var/www/html",), ports=(80,), rewrites_itself=True,
    ),
    ImageFacts(
        (_official("adminer"),), "TimWolla/docker-adminer: 5/Dockerfile",
        is_unprivileged=True, ports=(8080,), rewrites_itself=True,
    ),
    ImageFacts(
        (_official("registry"),), "distribution/distribution-library-image: Dockerfile",
        volumes=("/var/lib/registry",), ports=(5000,),
    ),
    ImageFacts(
        ("docker.io/minio/minio", "quay.io/minio/minio"), "minio/minio: Dockerfile.release",
        volumes=("/data",), ports=(9000,),
    ),
    ImageFacts(
        (_official("tomcat"),), "docker-library/tomcat: 10.1/jdk17/temurin-noble/Dockerfile",
        writable=("/usr/local/tomcat/logs", "/usr/local/tomcat/temp", "/usr/local/tomcat/work"),
        ports=(8080,),
    ),
    # Languages and bases
    ImageFacts(
        (_official("node"),), "nodejs/docker-node: 22/bookworm/Dockerfile", 1000, 1000,
    ),
    ImageFacts((_official("python"),), "docker-library/python: 3.13/slim-trixie/Dockerfile"),
    ImageFacts((_official("ruby"),), "docker-library/ruby: 3.4/slim-trixie/Dockerfile"),
    ImageFacts((_official("golang"),), "docker-library/golang: 1.26/bookworm/Dockerfile"),
    ImageFacts(
        (_official("php"),), "docker-library/php: 8.3/bookworm/apache/Dockerfile", *_WWW_DATA,
    ),
    ImageFacts(
        ("gcr.io/distroless/*",), "GoogleContainerTools/distroless: common/variables.bzl",
        65532, 65532, is_unprivileged=None,
    ),
)  # fmt: skip


def _by_name() -> dict[str, ImageFacts]:
    return {name: facts for facts in FACTS for name in facts.names}


_BY_NAME: Mapping[str, ImageFacts] = _by_name()


def facts_of(registry: str, repository: str) -> ImageFacts | None:
    """What is known of an image by its registry (``docker.io``) and repository.

    A repository that ends in ``library/NAME`` on another registry is taken for a mirror of the
    Docker Official Image of that name, which is how mirrors name them.
    """
    found = _BY_NAME.get(f"{registry}/{repository}")
    if found is not None:
        return found
    head, _, name = repository.rpartition("/")
    if head == "library" or head.endswith("/library"):
        return _BY_NAME.get(_official(name))
    return _BY_NAME.get(f"{registry}/{head}/*") if head else None
