"""Who made a package of a distribution: the distribution, or somebody with a repository of his own.

What others made is in no advisory of the distribution, and its files are not mended by it. A field
``Maintainer`` of Debian names people with addresses of any kind, so there others are known by name;
a ``Vendor`` of RPM names the distribution, so there it is known by name. Facts from the packages
that these suppliers publish.
"""

from seawall.packages.package import Package

_MAINTAINERS = (
    "support@docker.com", "@docker.com", "@nvidia.com", "google cloud cli authors",
    "chrome linux team", "@google.com", "sapmachine@sap.com", "@hashicorp.com", "@microsoft.com",
    "@mongodb.com", "developers@lists.mariadb.org", "@couchdb.apache.org", "info@elastic.co",
    "@elastic.co", "nginx-packaging@", "@konghq.com", "@cloudflare.com", "@influxdb.com",
    "@influxdata.com", "@gitlab.com", "@grafana.com", "@datadoghq.com", "@nodesource.com",
    "@tailscale.com", "@openrobotics.org", "@osrfoundation.org", "@osuosl.org", "@confluent.io",
    "@percona.com", "@timescale.com", "@clickhouse.com", "@rabbitmq.com", "@newrelic.com",
    "@dynatrace.com", "@redis.com", "redis packaging", "@yarnpkg.com", "@yarn.fb.com",
    "@adoptium.net", "eclipse temurin", "@azul.com", "@amazon.com", "amazon corretto",
    "@oracle.com", "@mysql.com", "@sury.org", "@openresty.com", "@haproxy.com", "@varnish-software",
    "@slack-corp.com", "@brave.com", "@teamviewer.com", "@anydesk.com", "@puppet.com",
    "@chef.io", "@saltproject.io", "kubernetes authors", "@cri-o.io", "@neo4j.com",
)  # fmt: skip
"""What others write into ``Maintainer``, in lower case."""
_WHOLE_MAINTAINERS = frozenset(("github", "hashicorp", "kubernetes", "google", "amazon"))
_VERSION_MARKS = (".pgdg", "+deb.sury.org", "nodesource", "~ppa", "sury.org")
"""What their versions have in them although the maintainers are those of Debian or Ubuntu."""
_VENDORS: dict[str, tuple[str, ...]] = {
    "almalinux": ("almalinux", "cloudlinux"),
    "amzn": ("amazon",),
    "azurelinux": ("microsoft",),
    "centos": ("centos", "red hat"),
    "fedora": ("fedora",),
    "mariner": ("microsoft",),
    "ol": ("oracle",),
    "openeuler": ("openeuler", "http://openeuler.org"),
    "opensuse-leap": ("opensuse", "suse"),
    "opensuse-tumbleweed": ("opensuse", "suse"),
    "photon": ("vmware", "photon", "broadcom"),
    "redhat": ("red hat",),
    "rhel": ("red hat",),
    "rocky": ("rocky",),
    "sle_hpc": ("suse",),
    "sles": ("suse",),
    "sles_sap": ("suse",),
}
"""How the ``Vendor`` of a distribution's own packages begins, in lower case, by its ID."""


def is_of_others(package: Package, distribution: str) -> bool:
    """Whether a package was made by others than the distribution it is installed on.

    A package of RPM without a vendor is of others where the distribution names itself as one: it
    was built by hand. Of distributions that are not known here nothing is said.
    """
    supplier = package.supplier.lower()
    if package.type == "deb":
        return (
            supplier in _WHOLE_MAINTAINERS
            or any(mark in supplier for mark in _MAINTAINERS)
            or any(mark in package.version for mark in _VERSION_MARKS)
        )
    if package.type == "rpm":
        own = _VENDORS.get(distribution.lower())
        return own is not None and not supplier.startswith(own)
    return False
