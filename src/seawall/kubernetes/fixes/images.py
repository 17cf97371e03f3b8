"""What is known of well-known images, for those who change the user or the root file system.

Each row: repository names, user, group, paths that the program writes to besides its volumes,
capabilities that its entry point needs when all are dropped. The facts are from the images'
Dockerfiles and entry points in the public repositories of the Docker Official Images and of the
projects themselves (docker-library/postgres: ``useradd --uid=999``, ``/var/run/postgresql``;
docker-library/redis: uid 999, alpine too; nginx/docker-nginx: uid 101, ``/var/cache/nginx``,
``/var/run``; nodejs/docker-node: user node, uid 1000; and so on).
"""

from typing import NamedTuple

from seawall.kubernetes.pods import Container


class ImageFacts(NamedTuple):
    """What is known of an image. A user of 0 means that nothing is known of it."""

    user: int = 0
    group: int = 0
    writable: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()


UNKNOWN = ImageFacts()

_FACTS: dict[str, ImageFacts] = {
    "postgres": ImageFacts(999, 999, ("/var/run/postgresql",)),
    "redis": ImageFacts(999, 999, ()),
    "valkey": ImageFacts(999, 999, ()),
    "mysql": ImageFacts(999, 999, ("/var/run/mysqld",)),
    "mariadb": ImageFacts(999, 999, ("/run/mysqld",)),
    "mongo": ImageFacts(999, 999, ()),
    "rabbitmq": ImageFacts(999, 999, ("/var/log/rabbitmq",)),
    "memcached": ImageFacts(11211, 11211, ()),
    "nginx": ImageFacts(101, 101, ("/var/cache/nginx", "/var/run")),
    "nginx-unprivileged": ImageFacts(101, 101, ("/var/cache/nginx",)),
    "httpd": ImageFacts(33, 33, ("/usr/local/apache2/logs",)),
    "haproxy": ImageFacts(99, 99, ("/var/lib/haproxy",)),
    "traefik": ImageFacts(65532, 65532, ()),
    "caddy": ImageFacts(0, 0, ("/data", "/config")),
    "node": ImageFacts(1000, 1000, ()),
    "python": UNKNOWN,
    "golang": UNKNOWN,
    "busybox": UNKNOWN,
    "alpine": UNKNOWN,
    "elasticsearch": ImageFacts(1000, 1000, ("/usr/share/elasticsearch/logs",)),
    "kibana": ImageFacts(1000, 1000, ("/usr/share/kibana/data",)),
    "logstash": ImageFacts(1000, 1000, ("/usr/share/logstash/data",)),
    "grafana": ImageFacts(472, 472, ()),
    "prometheus": ImageFacts(65534, 65534, ()),
    "alertmanager": ImageFacts(65534, 65534, ()),
    "node-exporter": ImageFacts(65534, 65534, ()),
    "jenkins": ImageFacts(1000, 1000, ()),
    "sonarqube": ImageFacts(1000, 1000, ("/opt/sonarqube/temp", "/opt/sonarqube/logs")),
    "zookeeper": ImageFacts(1000, 1000, ("/datalog", "/logs")),
    "cassandra": ImageFacts(999, 999, ("/var/log/cassandra",)),
    "influxdb": ImageFacts(1000, 1000, ()),
    "couchdb": ImageFacts(5984, 5984, ()),
    "neo4j": ImageFacts(7474, 7474, ("/var/lib/neo4j/run",)),
    "solr": ImageFacts(8983, 8983, ()),
    "ghost": ImageFacts(1000, 1000, ()),
    "nats": ImageFacts(0, 0, ()),
    "vault": ImageFacts(100, 1000, ("/vault/logs",), ("IPC_LOCK",)),
    "consul": ImageFacts(100, 1000, ()),
    "keycloak": ImageFacts(1000, 0, ("/opt/keycloak/data",)),
    "minio": ImageFacts(0, 0, ()),
    "registry": ImageFacts(0, 0, ()),
    "distroless": ImageFacts(65532, 65532, ()),
}


def facts_of(container: Container) -> ImageFacts:
    """What is known of a container's image, by the last part of its name."""
    image = container.image
    if image is None:
        return UNKNOWN
    return _FACTS.get(image.repository.rpartition("/")[2], UNKNOWN)
