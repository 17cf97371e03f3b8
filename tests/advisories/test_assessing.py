"""What packages of an image are held against: the distribution's advisories, or nobody's."""

from collections.abc import Iterable, Mapping, Sequence

from seawall.advisories.assessing import Reach, assess, query_of
from seawall.advisories.known import Match, Unjudged, Vulnerability
from seawall.packages.dpkg import read
from seawall.packages.inventory import inventory
from seawall.packages.os_identity import read_os_release
from seawall.packages.package import File, Package

STATUS = b"""\
Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl (3.0.15-1)
Version: 3.0.15-1~deb12u1
Maintainer: Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>

Package: docker-ce
Status: install ok installed
Architecture: amd64
Version: 5:26.0
Maintainer: Docker\x1b[31m <support@docker.com>
"""


class Nothing:
    """A database that knows nothing."""

    def match(self, wanted: Sequence[tuple[str, str, str]]) -> list[list[Match]]:
        return [[] for _ in wanted]

    def unjudged(self, wanted: Sequence[tuple[str, str, str]]) -> list[Unjudged]:
        return []

    def vulnerabilities(self, numbers: Iterable[int]) -> Mapping[int, Vulnerability]:
        return {}

    def coverage(self, ecosystem: str) -> Reach | None:
        return None


def packages() -> list[Package]:
    found = inventory({
        "etc/os-release": read_os_release(File("etc/os-release", b"ID=debian\nVERSION_ID=12\n")),
        "var/lib/dpkg/status": read(File("var/lib/dpkg/status", STATUS)),
    })  # fmt: skip
    return [package for _, contents in found.files for package in contents.packages]


def test_source_packages_are_asked_for_and_packages_of_others_are_not() -> None:
    own, other = packages()
    assert query_of(own) == ("Debian:12", "openssl", "3.0.15-1")
    assert query_of(other)[0] == ""


def test_what_is_of_others_is_told_so() -> None:
    blind = assess(packages(), Nothing()).blind
    assert [item.package.name for item in blind] == ["libssl3", "docker-ce"]
    assert blind[0].reason == "the database has no advisories for Debian:12"
    assert blind[1].reason.startswith("it is of Docker\N{REPLACEMENT CHARACTER}[31m <support@")
    assert blind[1].remedy
