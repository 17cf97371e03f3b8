"""Facts of all files put together: releases, who owns what, what a distribution covers."""

import json

import pytest

from seawall.packages.image_formats import image_format_of
from seawall.packages.inventory import Inventory, inventory
from seawall.packages.ownership import Owners, usual_links
from seawall.packages.package import File, Package
from seawall.packages.purl import purl_of
from seawall.packages.suppliers import is_of_others
from seawall.packages.system import Diversion
from tests.packages import database_writers as writers

DEBIAN = b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
METADATA = b"Name: %s\nVersion: 1.0\n\n"


def read(files: dict[str, bytes], links: dict[str, str] | None = None) -> Inventory:
    found = {}
    for path, data in files.items():
        format_ = image_format_of(path)
        assert format_ is not None, path
        found[path] = format_.read(File(path, data))
    return inventory(found, links)


def stanza(name: str, version: str = "1-1", maintainer: str = "A <a@debian.org>") -> bytes:
    return (
        f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n"
        f"Architecture: amd64\nMaintainer: {maintainer}\n\n"
    ).encode()


def urls(found: Inventory) -> list[str]:
    return [purl_of(package) for _, contents in found.files for package in contents.packages]


def covered(found: Inventory) -> list[tuple[str, str]]:
    return [(item.package.name, item.owner.name) for item in found.covered]


SITE = "usr/lib/python3/dist-packages"


def test_what_a_package_of_debian_brought_is_covered() -> None:
    found = read({
        "etc/os-release": DEBIAN,
        "var/lib/dpkg/status": stanza("python3-a") + stanza("docker-ce", maintainer="Docker "
                                                            "<support@docker.com>"),
        "var/lib/dpkg/info/python3-a.list": f"/{SITE}/a-1.dist-info/METADATA\n".encode(),
        "var/lib/dpkg/info/docker-ce.list": f"/{SITE}/c-1.dist-info/METADATA\n".encode(),
        f"{SITE}/a-1.dist-info/METADATA": METADATA % b"a",
        f"{SITE}/b-1.dist-info/METADATA": METADATA % b"b",
        f"{SITE}/c-1.dist-info/METADATA": METADATA % b"c",
    })  # fmt: skip
    assert covered(found) == [("a", "python3-a")]
    assert urls(found) == [
        "pkg:pypi/b@1.0",
        "pkg:pypi/c@1.0",
        "pkg:deb/debian/python3-a@1-1?arch=amd64&distro=debian-12",
        "pkg:deb/docker-ce@1-1?arch=amd64",  # of others: no advisory of Debian is about it
    ]
    assert found.identity is not None
    assert found.identity.name == "Debian GNU/Linux 12 (bookworm)"
    owner = found.owner_of(f"{SITE}/c-1.dist-info/METADATA")
    assert owner is not None
    assert owner.name == "docker-ce"
    assert found.owner_of(f"{SITE}/b-1.dist-info/METADATA") is None


def test_a_merged_usr() -> None:
    files = {
        "etc/os-release": DEBIAN,
        "var/lib/dpkg/status": stanza("node-a"),
        "var/lib/dpkg/info/node-a:amd64.list": b"/lib/node_modules/a/package.json\n",
        "usr/lib/node_modules/a/package.json": json.dumps({"name": "a", "version": "1"}).encode(),
    }
    assert covered(read(files)) == [("a", "node-a")]
    assert covered(read(files, {"lib": "usr/lib"})) == [("a", "node-a")]
    assert covered(read(files, {"lib": "/usr/lib"})) == [("a", "node-a")]
    assert covered(read(files, {})) == []


def test_diversions() -> None:
    found = read({
        "etc/os-release": DEBIAN,
        "var/lib/dpkg/status": stanza("bash") + stanza("dash"),
        "var/lib/dpkg/info/bash.list": b"/usr/bin/sh\n",
        "var/lib/dpkg/info/dash.list": b"/usr/bin/sh\n/usr/bin/dash\n",
        "var/lib/dpkg/diversions": b"/usr/bin/sh\n/usr/bin/sh.distrib\ndash\n",
    })  # fmt: skip
    owners = {path: found.owner_of(path) for path in ("usr/bin/sh", "usr/bin/sh.distrib")}
    assert {path: owner and owner.name for path, owner in owners.items()} == {
        "usr/bin/sh": "dash",
        "usr/bin/sh.distrib": "bash",
    }


def test_an_interrupted_dpkg() -> None:
    removed = stanza("b").replace(b"install ok installed", b"deinstall ok config-files")
    found = read({
        "etc/os-release": DEBIAN,
        "var/lib/dpkg/status": stanza("a") + stanza("b") + stanza("c"),
        "var/lib/dpkg/updates/0000": stanza("a", "2-1"),
        "var/lib/dpkg/updates/0001": stanza("a", "2-2"),
        "var/lib/dpkg/updates/0002": removed,
        "var/lib/dpkg/updates/0003": stanza("d"),
        "var/lib/dpkg/info/d.list": b"/usr/bin/d\n",
    })  # fmt: skip
    assert sorted(url.partition("?")[0] for url in urls(found)) == [
        "pkg:deb/debian/a@2-2", "pkg:deb/debian/c@1-1", "pkg:deb/debian/d@1-1",
    ]  # fmt: skip
    owner = found.owner_of("usr/bin/d")
    assert owner is not None
    assert owner.name == "d"


def test_distroless() -> None:
    found = read({
        "usr/lib/os-release": DEBIAN,
        "var/lib/dpkg/status.d/python3-a": stanza("python3-a").replace(
            b"Status: install ok installed\n", b""
        ),
        "var/lib/dpkg/status.d/python3-a.md5sums": (
            f"d41d8cd98f00b204e9800998ecf8427e  {SITE}/a-1.dist-info/METADATA\n".encode()
        ),
        f"{SITE}/a-1.dist-info/METADATA": METADATA % b"a",
    })  # fmt: skip
    assert covered(found) == [("a", "python3-a")]


def rpm_header(name: str, vendor: str, path: str) -> bytes:
    directory, _, base = path.rpartition("/")
    return writers.header({
        1000: name, 1001: "1", 1002: "1.el9", 1011: vendor, 1022: "noarch",
        1116: [0], 1117: [base], 1118: [f"/{directory}/"],
    })  # fmt: skip


ROCKY = b'ID="rocky"\nVERSION_ID="9.3"\n'


def test_rpm_and_an_older_database_beside_it() -> None:
    site = "usr/lib/python3.9/site-packages"
    headers = [
        rpm_header("python3-a", "Rocky Enterprise Software Foundation",
                   f"{site}/a-1.dist-info/METADATA"),
        rpm_header("epel-b", "Fedora Project", f"{site}/b-1.dist-info/METADATA"),
        rpm_header("own-c", "", f"{site}/c-1.dist-info/METADATA"),
    ]  # fmt: skip
    found = read({
        "etc/os-release": ROCKY,
        "var/lib/rpm/rpmdb.sqlite": writers.sqlite(headers),
        "var/lib/rpm/Packages": writers.berkeley([rpm_header("left", "Rocky", "a/b")]),
        **{f"{site}/{name}-1.dist-info/METADATA": METADATA % name.encode() for name in "abc"},
    })  # fmt: skip
    assert covered(found) == [("a", "python3-a")]
    assert [url for url in urls(found) if url.startswith("pkg:rpm")] == [
        "pkg:rpm/rocky/python3-a@1-1.el9?arch=noarch&distro=rocky-9.3",
        "pkg:rpm/epel-b@1-1.el9?arch=noarch",
        "pkg:rpm/own-c@1-1.el9?arch=noarch",
    ]
    (left,) = [contents for path, contents in found.files if path.endswith("/Packages")]
    assert left.packages == ()
    assert left.problems[0].reason == "rpmdb.sqlite beside it is newer: it is left over"


def test_apk_of_edge() -> None:
    found = read({
        "etc/os-release": b"ID=alpine\nVERSION_ID=3.19.1\n",
        "etc/apk/repositories": b"https://a.example.org/alpine/edge/main\n",
        "lib/apk/db/installed": (
            b"P:py3-a\nV:1.0-r0\nA:x86_64\no:a\nF:usr/lib/python3.12/site-packages/a-1.dist-info\n"
            b"R:METADATA\n\n"
        ),
        "usr/lib/python3.12/site-packages/a-1.dist-info/METADATA": METADATA % b"a",
    })  # fmt: skip
    assert urls(found) == [
        "pkg:apk/alpine/py3-a@1.0-r0?arch=x86_64&distro=alpine-edge&upstream=a"
    ]  # fmt: skip
    assert covered(found) == [("a", "py3-a")]


def test_what_no_advisories_speak_of_covers_nothing() -> None:
    path = "usr/lib/python3.12/site-packages/a-1.dist-info/METADATA"
    found = read({
        "etc/os-release": b"ID=arch\n",
        "var/lib/pacman/local/python-a-1-1/desc": b"%NAME%\npython-a\n\n%VERSION%\n1-1\n\n",
        "var/lib/pacman/local/python-a-1-1/files": f"%FILES%\n{path}\n".encode(),
        path: METADATA % b"a",
    })  # fmt: skip
    assert covered(found) == []
    assert urls(found) == ["pkg:pypi/a@1.0", "pkg:alpm/arch/python-a@1-1?distro=arch"]
    owner = found.owner_of(path)
    assert owner is not None
    assert owner.name == "python-a"


def test_no_system_at_all() -> None:
    found = read({"a.dist-info/METADATA": METADATA % b"a", "var/lib/dpkg/status": stanza("a")})
    assert found.identity is None
    assert "pkg:deb/a@1-1?arch=amd64" in urls(found)
    assert inventory({}).files == ()


def test_problems_of_a_covered_file_are_told() -> None:
    found = read({
        "etc/os-release": DEBIAN,
        "var/lib/dpkg/status": stanza("python3-a"),
        "var/lib/dpkg/info/python3-a.list": f"/{SITE}/a-1.dist-info/METADATA\n".encode(),
        f"{SITE}/a-1.dist-info/METADATA": b"Name: a\n",
    })  # fmt: skip
    (told,) = [item for path, item in found.files if path.endswith("METADATA")]
    assert told.packages == ()
    assert told.problems[0].reason == "it has no version"


def test_links_of_directories() -> None:
    owners = Owners({
        "lib": "usr/lib", "usr/sbin": "bin", "usr/lib64": "lib", "a": "b", "b": "a",
        "up": "../../../usr", "self": "self/x",
    })  # fmt: skip
    for path, expected in (
        ("lib/x", "usr/lib/x"), ("usr/sbin/x", "usr/bin/x"), ("usr/lib64/y/x", "usr/lib/y/x"),
        ("lib", "lib"), ("library/x", "library/x"), ("up/x", "usr/x"), ("usr/bin/x", "usr/bin/x"),
    ):  # fmt: skip
        assert owners.actual(path) == expected
    owners.actual("a/x")  # ends
    owners.actual("self/x")
    owners.add(7, ["lib/x", "d"], {"d": Diversion("d", "lib/moved", "")}, "name")
    assert (owners.of("usr/lib/x"), owners.of("usr/lib/moved")) == (7, 7)
    assert owners.of("d") is None
    assert usual_links(["usr/bin/a", "lib/b"])["bin"] == "usr/bin"
    assert "lib" not in usual_links(["lib/b"])


@pytest.mark.parametrize(
    ("package", "distribution", "expected"),
    [
        (Package("deb", "a", "1", supplier="Debian X <x@lists.debian.org>"), "debian", False),
        (Package("deb", "a", "1", supplier="Some Body <me@mail.example.org>"), "debian", False),
        (Package("deb", "a", "1", supplier="GitHub"), "debian", True),
        (Package("deb", "a", "1", supplier="A <a@github.example.org>"), "debian", False),
        (Package("deb", "nodejs", "20.1-1nodesource1"), "ubuntu", True),
        (Package("deb", "postgresql", "16.4-1.pgdg120+1"), "debian", True),
        (Package("deb", "containerd.io", "1", supplier="X <support@docker.com>"), "debian", True),
        (Package("rpm", "a", "1", supplier="Red Hat, Inc."), "rhel", False),
        (Package("rpm", "a", "1", supplier="SUSE LLC <https://www.suse.com/>"), "sles", False),
        (Package("rpm", "a", "1", supplier="Docker"), "rhel", True),
        (Package("rpm", "a", "1", supplier=""), "fedora", True),
        (Package("rpm", "a", "1", supplier="Anybody"), "unheard-of", False),
        (Package("apk", "a", "1", supplier="Anybody"), "alpine", False),
    ],
)
def test_suppliers(package: Package, distribution: str, expected: bool) -> None:
    assert is_of_others(package, distribution) is expected
