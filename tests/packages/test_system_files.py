"""What single files of a root file system tell: states of packages, streams, names of systems."""

import io
import json
import zipfile

import pytest

from seawall.packages import formats
from seawall.packages.distributions import Release, ecosystem_of_release, release_of
from seawall.packages.image_formats import IMAGE_FORMATS, image_format_of, uncovered_of
from seawall.packages.os_identity import identity_of
from seawall.packages.package import Contents, File, Unreadable
from seawall.packages.purl import purl_of
from seawall.packages.system import Diversion, Facts, Identity


def facts(path: str, text: str | bytes, beside: dict[str, bytes] | None = None) -> Facts:
    found = image_format_of(path)
    assert found is not None, path
    data = text if isinstance(text, bytes) else text.encode()
    return found.read(File(path, data, (beside or {}).get))


def named(found: Facts) -> list[tuple[str, tuple[str, ...]]]:
    return [(holding.package, holding.paths) for holding in found.holdings]


# dpkg ------------------------------------------------------------------------------------------

STATUS = """\
Package: curl
Status: install ok installed
Architecture: amd64
Version: 7.88.1-10+deb12u5
Maintainer: A <a@debian.org>
Description: about Package: or Version: 9
 Version: 9 is no field

Package: libc6
Status: hold ok installed
Architecture: amd64
Source: glibc
Version: 2.36-9
Essential: yes

Package: libc6
Status: install ok installed
Architecture: i386
Source: glibc (2.36-8)
Version: 2.36-9


Package: gone
Status: deinstall ok config-files
Version: 1

Package: wanted
Status: install ok not-installed

Package: leaving
Status: deinstall ok installed
Version: 1
Architecture: all

Package: broken
Status: install reinstreq half-installed
Version: 2
Architecture: all

package: lower
status: install ok unpacked
VERSION: 3
architecture: all

Package: curl-bin
Source: curl (7.0)
Status: install ok triggers-awaited
Architecture: amd64
Version: 7.0+b1
"""


def test_states_and_sources_of_dpkg() -> None:
    contents = facts("var/lib/dpkg/status", STATUS).contents
    assert [(p.key, p.version, p.source, p.line) for p in contents.packages] == [
        ("curl:amd64", "7.88.1-10+deb12u5", ("", ""), 1),
        ("libc6:amd64", "2.36-9", ("glibc", "2.36-9"), 9),
        ("libc6:i386", "2.36-9", ("glibc", "2.36-8"), 16),
        ("leaving:all", "1", ("", ""), 30),
        ("broken:all", "2", ("", ""), 35),
        ("lower:all", "3", ("", ""), 40),
        ("curl-bin:amd64", "7.0+b1", ("curl", "7.0"), 45),
    ]
    assert [(item.what, item.line) for item in contents.problems] == [("broken", 35)]
    assert facts("var/lib/dpkg/status", STATUS).essential == ("libc6:amd64",)
    assert facts("var/lib/dpkg/status", STATUS.replace("\n", "\r\n")).contents == contents
    lower = facts("var/lib/dpkg/status", "\n\n" + STATUS).contents
    assert lower.packages[0].line == 3


def test_a_distroless_package_has_no_status() -> None:
    text = (
        "Package: base-files\nArchitecture: amd64\nVersion: 12.4\nMaintainer: B <b@example.org>\n"
    )
    contents = facts("var/lib/dpkg/status.d/base", text).contents
    assert contents.problems == ()
    assert purl_of(contents.packages[0]) == "pkg:deb/base-files@12.4?arch=amd64"
    told = facts("var/lib/dpkg/status", text).contents
    assert len(told.packages) == 1
    assert "no field Status" in told.problems[0].reason
    sums = facts(
        "var/lib/dpkg/status.d/base.md5sums", "d41d8cd98f00b204e9800998ecf8427e  ./etc/issue\n"
    )
    assert named(sums) == [("base", ("etc/issue",))]


def test_lists_sums_and_diversions() -> None:
    listed = facts("var/lib/dpkg/info/libc6:amd64.list", "/.\n/lib\n/lib/a b\n")
    assert named(listed) == [("libc6:amd64", ("lib", "lib/a b"))]
    odd = facts("var/lib/dpkg/info/a.list", f"a\n//b\n///\n\n{'c' * 4097}\n/d//\n./e")
    assert named(odd) == [("a", ("a", "b", "d//", "./e"))]
    found = facts("var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndash\n/a\n/b\n:\n/left\n")
    assert found.diversions == (
        Diversion("bin/sh", "bin/sh.distrib", "dash"),
        Diversion("a", "b", ""),
    )
    assert found.contents.problems[0].reason == "a diversion is not whole"


def test_opkg() -> None:
    text = "Package: busybox\nVersion: 1.36.1-1\nStatus: install user installed\nArchitecture: x\n"
    (package,) = facts("usr/lib/opkg/status", text).contents.packages
    assert purl_of(package) == "pkg:opkg/busybox@1.36.1-1?arch=x"


# apk -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://dl-cdn.alpinelinux.org/alpine/v3.19/main\n", ("alpine", "3.19")),
        (
            "http://a.example.org/alpine/v3.9/main\nhttp://a.example.org/alpine/v3.19/community\n",
            ("alpine", "3.19"),
        ),
        (
            "https://a.example.org/alpine/v3.19/main\n@edge https://a.example.org/alpine/edge/x\n",
            ("alpine", "3.19"),
        ),
        (
            "#https://a.example.org/alpine/edge/main\nhttps://a.example.org/alpine/v3.18/main",
            ("alpine", "3.18"),
        ),
        (
            "https://a.example.org/alpine/v3.18/main\nhttps://a.example.org/alpine/edge/main",
            ("alpine", "edge"),
        ),
        ("v3 https://a.example.org/alpine/v3.23 main community\n", ("alpine", "3.23")),
        ("https://packages.wolfi.dev/os\n", ("wolfi", "")),
        ("https://apk.cgr.dev/chainguard\n", ("chainguard", "")),
    ],
)
def test_streams_of_apk(text: str, expected: tuple[str, str]) -> None:
    identity = facts("etc/apk/repositories", text).identity
    assert identity is not None
    assert (identity.id, identity.version) == expected


def test_odd_entries_of_apk() -> None:
    text = "P:a\nV:1\nR:\nF:\nR:b\nodd\n\nP:.virtual\nV:1\n\nV:2\n\nP:c\n\nC:x\nP:d\nV:3\nF:d\nR:\n"
    found = facts("lib/apk/db/installed", text)
    assert [(p.name, p.version, p.line) for p in found.contents.packages] == [
        ("a", "1", 1), ("c", "", 13), ("d", "3", 15),
    ]  # fmt: skip
    assert [holding.paths for holding in found.holdings] == [("b",), (), ()]
    assert [problem.line for problem in found.contents.problems] == [6, 11, 13]


def test_repositories_that_tell_no_stream() -> None:
    for text in ("", "/media/cdrom/apks\n", "https://a.example.org/own\n", "set a=b\n"):
        assert facts("etc/apk/repositories", text).identity is None


# Which system it is ----------------------------------------------------------------------------

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
SID = (
    'PRETTY_NAME="Debian GNU/Linux forky/sid"\nNAME="Debian GNU/Linux"\nVERSION_CODENAME=forky\n'
    "ID=debian\n"
)
UBUNTU = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="18.04"\nPRETTY_NAME="Ubuntu 18.04.6 LTS"\n'
CASES: list[tuple[dict[str, str], tuple[str, str], str]] = [
    ({"etc/os-release": DEBIAN, "etc/debian_version": "12.5\n"}, ("debian", "12"), "Debian:12"),
    ({"usr/lib/os-release": SID, "etc/debian_version": "forky/sid\n"}, ("debian", "14"),
     "Debian:14"),
    ({"etc/debian_version": "10.13\n"}, ("debian", "10"), "Debian:10"),
    ({"etc/debian_version": "unknown/sid\n"}, ("debian", "sid"), "Debian:sid"),
    ({"etc/os-release": UBUNTU, "etc/debian_version": "buster/sid\n"}, ("ubuntu", "18.04"),
     "Ubuntu:18.04:LTS"),
    ({"etc/lsb-release": "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\n",
      "etc/debian_version": "bookworm/sid"}, ("ubuntu", "22.04"), "Ubuntu:22.04:LTS"),
    ({"etc/alpine-release": "3.19.1\n"}, ("alpine", "3.19.1"), "Alpine:v3.19"),
    ({"etc/os-release": "ID=alpine\nVERSION_ID=3.19.1\n", "etc/alpine-release": "3.19.1",
      "etc/apk/repositories": "https://a.example.org/alpine/v3.19/main"}, ("alpine", "3.19.1"),
     "Alpine:v3.19"),
    ({"etc/os-release": "ID=alpine\nVERSION_ID=3.19.1\n",
      "etc/apk/repositories": "https://a.example.org/alpine/edge/main"}, ("alpine", "edge"),
     "Alpine:edge"),
    ({"etc/os-release": "ID=alpine\nVERSION_ID=3.21.0_alpha20240807\n"},
     ("alpine", "3.21.0_alpha20240807"), "Alpine:edge"),
    ({"etc/centos-release": "CentOS Linux release 7.9.2009 (Core)\n",
      "etc/redhat-release": "CentOS Linux release 7.9.2009 (Core)\n"}, ("centos", "7.9.2009"),
     "Red Hat:enterprise_linux:7"),
    ({"etc/oracle-release": "Oracle Linux Server release 8.9\n",
      "etc/redhat-release": "Red Hat Enterprise Linux release 8.9 (Ootpa)\n"}, ("ol", "8.9"),
     "Oracle Linux:8"),
    ({"etc/redhat-release": "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n"},
     ("rhel", "6.10"), "Red Hat:enterprise_linux:6"),
    ({"etc/redhat-release": "Rocky Linux release 9.3 (Blue Onyx)"}, ("rocky", "9.3"),
     "Rocky Linux:9"),
    ({"etc/almalinux-release": "AlmaLinux release 9.3 (Shamrock)\n"}, ("almalinux", "9.3"),
     "AlmaLinux:9"),
    ({"etc/fedora-release": "Fedora release 39 (Thirty Nine)\n"}, ("fedora", "39"),
     "Fedora:39"),
    ({"etc/system-release": "Amazon Linux release 2 (Karoo)\n"}, ("amzn", "2"), "Amazon Linux:2"),
    ({"etc/system-release": "Amazon Linux AMI release 2018.03\n"}, ("amzn", "2018.03"),
     "Amazon Linux:1"),
    ({"etc/SuSE-release": "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4"},
     ("sles", "11.4"), "SUSE:Linux Enterprise Server 11 SP4"),
    ({"usr/lib/os-release": 'ID="opensuse-leap"\nVERSION_ID="15.5"\n'}, ("opensuse-leap", "15.5"),
     "openSUSE:Leap 15.5"),
    ({"etc/os-release": "ID=photon\nVERSION_ID=4.0\n"}, ("photon", "4.0"), "Photon OS:4.0"),
    ({"etc/os-release": "ID=azurelinux\nVERSION_ID=3.0\n"}, ("azurelinux", "3.0"), "Azure Linux:3"),
    ({"etc/mariner-release": "CBL-Mariner 2.0.20230107\n"}, ("mariner", "2.0.20230107"),
     "Azure Linux:2"),
    ({"etc/os-release": "ID=wolfi\nVERSION_ID=20230201\n",
      "etc/apk/repositories": "https://packages.wolfi.dev/os"}, ("wolfi", "20230201"), "Wolfi"),
    ({"etc/os-release": "ID=chainguard\n"}, ("chainguard", ""), "Chainguard"),
    ({"etc/os-release": "export ID='odd'\nNAME=\"a \\\"b\\\" \\$c\"\n# x\n=\n"}, ("odd", ""), ""),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected", "ecosystem"), CASES)
def test_systems(files: dict[str, str], expected: tuple[str, str], ecosystem: str) -> None:
    found = {path: facts(path, text).identity for path, text in files.items()}
    identity = identity_of({path: item for path, item in found.items() if item is not None})
    assert identity is not None
    assert (identity.id, identity.version) == expected
    assert ecosystem_of_release(Release(*expected)) == ecosystem
    assert not identity.is_extended


def test_no_system() -> None:
    assert identity_of({}) is None
    for text in ("", "\n", "ID=\n", "ID=a b\n", "ID=../x"):
        assert facts("etc/os-release", text).identity is None
    assert facts("etc/redhat-release", "some text").identity is None
    assert identity_of({"x": Identity(is_extended=True)}) is None


def test_expanded_security_maintenance() -> None:
    def status(state: str) -> Facts:
        services = [{"name": "esm-infra", "status": state}, {"name": "livepatch"}]
        return facts(
            "var/lib/ubuntu-advantage/status.json", json.dumps({"services": services})
        )  # fmt: skip

    base = facts("etc/os-release", UBUNTU).identity
    assert base is not None
    for state, expected in (("enabled", True), ("disabled", False), ("n/a", False)):
        extra = status(state).identity
        assert extra is not None
        merged = identity_of({"etc/os-release": base, "status": extra})
        assert merged is not None
        assert merged.is_extended is expected
        assert merged.version == "18.04"


def test_content_manifests_of_red_hat() -> None:
    text = json.dumps({"metadata": {}, "content_sets": ["a", "b", "a", 1]})
    for path in ("root/buildinfo/content_manifests/ubi9-9.3-1.json", "usr/share/buildinfo/x.json"):
        found = facts(path, text)
        assert found.content_sets == ("a", "b")
        assert len(found.contents.problems) == 1


# Packages of languages -------------------------------------------------------------------------


def test_conda() -> None:
    text = {
        "name": "OpenSSL", "version": "3.2.1", "build": "hd590300_0", "subdir": "linux-64",
        "channel": "https://conda.example.org/conda-forge/linux-64", "requested_spec": "",
        "url": "https://user:word@conda.example.org/conda-forge/linux-64/openssl.conda",
    }  # fmt: skip
    (package,) = facts(
        "opt/conda/conda-meta/openssl-3.2.1-0.json", json.dumps(text)
    ).contents.packages
    assert purl_of(package) == (
        "pkg:conda/openssl@3.2.1?build=hd590300_0&channel=conda-forge&subdir=linux-64"
    )
    assert package.direct is False
    assert "word" not in package.download


def test_eggs() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("EGG-INFO/PKG-INFO", "Name: Old_Thing\nVersion: 1.2\n\n")
    path = "usr/lib/python2.7/site-packages/Old_Thing-1.2-py2.7.egg"
    (package,) = facts(path, data.getvalue()).contents.packages
    assert (package.type, package.name, package.version) == ("pypi", "old-thing", "1.2")
    with pytest.raises(Unreadable):
        facts(path, b"no archive")


def test_files_of_a_wheel() -> None:
    text = (
        "a/__init__.py,sha256=x,1\n../../../bin/a,,\n"
        '"a/b ""c"", d.py",,\r\n/etc/a,,\n../../../../../../out,,\n'
    )
    (holding,) = facts("usr/lib/python3/site-packages/a-1.dist-info/RECORD", text).holdings
    assert holding.package == "usr/lib/python3/site-packages/a-1.dist-info"
    assert holding.paths == (
        "usr/lib/python3/site-packages/a/__init__.py", "usr/bin/a",
        'usr/lib/python3/site-packages/a/b "c", d.py', "etc/a",
    )  # fmt: skip


# Which format a path is of ---------------------------------------------------------------------

PATHS = {
    "var/lib/dpkg/status": "dpkg status",
    "var/lib/dpkg/status.d/libc6": "dpkg status",
    "var/lib/dpkg/status.d/libssl1.1": "dpkg status",
    "var/lib/dpkg/updates/0001": "dpkg status",
    "var/lib/dpkg/status.d/libc6.md5sums": "dpkg md5sums",
    "var/lib/dpkg/info/libc6:amd64.list": "dpkg list",
    "usr/share/rpm/rpmdb.sqlite": "rpm database (SQLite)",
    "usr/lib/sysimage/rpm/Packages.db": "rpm database (ndb)",
    "var/lib/rpm/Packages": "rpm database (Berkeley DB)",
    "var/lib/pacman/local/bash-5.2-1/desc": "pacman package",
    "var/db/pkg/app-shells/bash-5.2/CONTENTS": "portage contents",
    "usr/lib/node_modules/npm/package.json": "npm package",
    "app/node_modules/@a/b/package.json": "npm package",
    "app/node_modules/a/node_modules/b/package.json": "npm package",
    "usr/lib/python3/dist-packages/a-1.dist-info/METADATA": "Python package",
    "usr/lib/python3/dist-packages/a-1.egg-info": "Python package",
    "usr/lib/python3/dist-packages/a-1.egg-info/PKG-INFO": "Python package",
    "usr/lib/python3/dist-packages/a-1.egg": "Python egg",
    "usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.gemspec": "gem specification",
    "var/www/vendor/composer/installed.json": "installed.json",
    "opt/app/app.deps.json": "deps.json",
    "opt/app.jar": "archive of Java",
    "opt/app.hpi": "archive of Java",
    "opt/bitnami/redis/.spdx-redis.spdx": "SBOM",
    "opt/app/bom.json": "SBOM",
    "opt/app/a.cdx.json": "SBOM",
    "opt/app/a.cdx": "SBOM",
    "opt/conda/envs/x/conda-meta/a-1-0.json": "conda package",
}
OTHERS = (
    "", "a", "var/lib/dpkg/info/libc6.postinst", "var/lib/dpkg/status-old", "etc/os-release.old",
    "app/package.json", "app/package-lock.json", "app/Gemfile.lock", "app/requirements.txt",
    "app/node_modules/a/lib/package.json", "app/node_modules/package.json", "app/a.gemspec",
    "app/installed.json", "app/a.json", "home/user/METADATA", "var/lib/dpkg/status.d/a/b",
    "usr/lib/python3/site-packages/a-1.dist-info/sboms/a.cdx.json", "opt/var/lib/rpm/Packages",
)  # fmt: skip


def test_formats_by_path() -> None:
    for path, name in PATHS.items():
        found = image_format_of(path)
        assert found is not None, path
        assert found.name == name
    for path in OTHERS:
        assert image_format_of(path) is None, path


def test_what_a_scan_of_sources_reads_is_as_it_was() -> None:
    only_images = {item.name for item in IMAGE_FORMATS if item.where == formats.IMAGE}
    assert not only_images & {item.name for item in formats.FORMATS}
    for path in PATHS:
        image, tree = image_format_of(path), formats.format_of(path)
        assert image is not None
        if image.where == formats.BOTH:
            assert tree is not None, path
            assert tree.name == image.name or path.endswith("package.json")
            assert tree.where == formats.BOTH
        else:
            assert tree is None, path
    known = {item.name for item in formats.FORMATS if item.where == formats.BOTH}
    assert known <= {item.name for item in IMAGE_FORMATS}


def test_package_managers_that_are_not_covered() -> None:
    assert uncovered_of("nix/var/nix/db/db.sqlite") == "Nix"
    assert uncovered_of("var/lib/snapd/state.json") == "snap"
    assert uncovered_of("var/lib/dpkg/status") == ""


def test_packages_without_a_release_are_of_none() -> None:
    contents: Contents = facts("var/lib/dpkg/status", STATUS).contents
    assert all(release_of(package) is None for package in contents.packages)
