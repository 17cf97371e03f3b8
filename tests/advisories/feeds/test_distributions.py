"""Distributions: Debian, Ubuntu, Alpine, Red Hat, OVAL of several, updateinfo, Photon."""

import json
from pathlib import Path

import pytest

from seawall.advisories import spans
from seawall.advisories.advisory import Advisory, Affected, Events, Record, Score
from seawall.advisories.feeds import oval_criteria, redhat_products
from seawall.advisories.feeds.oval_platforms import ecosystem
from seawall.advisories.versions.schemes import scheme_of
from seawall.text.xml import parse
from tests.advisories.feeds.samples import ROOT, advisories, read, reasons
from tests.advisories.samples import store_of

Short = tuple[str, str, str, str, str]
"""Ecosystem, name, the version that mends it, status and severity."""


def short(affected: Affected) -> Short:
    (events,) = affected.ranges
    return affected.ecosystem, affected.name, events.fixed, affected.status, affected.severity


def shorts(record: Record) -> list[Short]:
    assert isinstance(record, Advisory)
    return [short(each) for each in record.affected]


# Debian ---------------------------------------------------------------------------------------


def test_states_of_the_debian_tracker() -> None:
    found = advisories("debian")
    curl = found["DEBIAN-CVE-2023-38545"]
    assert curl.upstream == ("CVE-2023-38545",)
    assert shorts(curl) == [
        ("Debian:12", "curl", "7.88.1-10+deb12u4", "affected", ""),
        ("Debian:11", "curl", "7.74.0-1.3+deb11u10", "affected", ""),
        ("Debian:sid", "curl", "8.3.0-3", "affected", ""),
    ]
    assert shorts(found["DEBIAN-CVE-2024-2379"]) == [
        ("Debian:12", "curl", "", "not_affected", "unimportant"),  # fixed in 0
        ("Debian:13", "curl", "", "affected", "unimportant"),
    ]
    assert shorts(found["DEBIAN-CVE-2010-4756"]) == [  # undetermined is nothing
        ("Debian:12", "glibc", "", "affected", "unimportant"),
    ]
    assert shorts(found["TEMP-0000000-06A7D2"]) == [
        ("Debian:12", "glibc", "", "fix_deferred", "low"),
        ("Debian:11", "glibc", "", "end_of_life", ""),
        ("Debian:13", "glibc", "", "will_not_fix", "medium"),
        ("Debian:10", "glibc", "", "affected", "high"),
    ]


def test_a_version_that_mends_it_beats_the_word_that_nothing_will() -> None:
    text = json.dumps({"linux": {"CVE-2020-8631": {"releases": {"bookworm": {
        "status": "open", "fixed_version": "1.2", "nodsa": "Minor issue",
        "nodsa_reason": "ignored"}}}}})  # fmt: skip
    assert shorts(read("debian", text)[0]) == [("Debian:12", "linux", "1.2", "affected", "")]


def test_changelogs_and_suites_of_debian() -> None:
    found = advisories("debian-changelogs")
    aom = found["DEBIAN-CVE-2026-56208"]
    assert shorts(aom) == [("Debian:12", "aom", "3.6.0-1+deb12u3", "affected", "")]
    assert aom.modified == "2026-09-05"
    security = found["DEBIAN-12-SECURITY-7zip"]
    assert security.flags == ("notice",)
    assert shorts(security)[0][2] == "22.01+really26.02+dfsg-0+deb12u1"


REBUILT = (
    # Each of another suite in a changelog of Debian 12, and how its security suite has it.
    ("5:7.0.15-1", "unstable", "5:7.0.15-1~deb12u10"),  # redis, CVE-2023-41056
    ("590-2.1", "unstable", "590-2.1~deb12u2"),  # less, CVE-2022-48624
    ("2.9.14+dfsg-1.3", "unstable", "2.9.14+dfsg-1.3~deb12u2"),  # libxml2, CVE-2022-2309
    ("3.4.1+ds1-5+deb13u4", "trixie", "3.4.1+ds1-5+deb13u4~deb12u1"),
    ("5:7.0.15-1", "unstable", "5:7.0.15-1~bpo12+1"),
    ("5:7.0.15-1", "unstable", "5:7.0.15-1+deb12u1"),
    ("5:7.0.15-1", "unstable", "5:7.0.15-2~deb12u1"),
    ("5:7.0.15-1", "", "5:7.0.15-1~deb12u1"),
    ("3.2.0-1~exp1", "experimental", "3.2.0-1~deb12u1"),  # aom, CVE-2021-30473
    ("3.2.0-1~exp1", "experimental", "3.2.0-1~exp1"),
    ("3.6.0-1+deb12u3", "bookworm-security", "3.6.0-1+deb12u3"),
)
OLDER = (
    ("5:7.0.15-1", "unstable", "5:7.0.14-1~deb12u10"),
    ("5:7.0.15-1", "unstable", "5:7.0.15-1~exp1"),
    ("5:7.0.15-1", "unstable", "5:7.0.15~rc3-1"),
    ("5:7.0.15-2", "unstable", "5:7.0.15-1~deb12u10"),
    ("3.2.0-1~exp2", "experimental", "3.2.0-1~exp1"),
    ("3.2.0-1~exp1", "experimental", "3.1.0-1~deb12u1"),
    # What the release itself says is held as dpkg orders it.
    ("5:7.0.15-1", "bookworm", "5:7.0.15-1~deb12u10"),
    ("2.4.71-1~deb12u1", "bookworm-security", "2.4.71-1~bpo12+1"),
    ("3.6.0-1+deb12u3", "bookworm-security", "3.6.0-1~deb12u9"),
)


def _is_told(mended: str, suite: str, installed: str) -> bool:
    entry = {"source": "a", "version": mended, "suite": suite, "cves": ["CVE-2026-1111"]}
    (found,) = read("debian", json.dumps(entry), "bookworm-x.jsonl:1")
    assert isinstance(found, Advisory)
    scheme = scheme_of("Debian:12")
    assert scheme
    version = scheme.key(installed)
    assert version is not None
    parts = spans.read(found.affected[0], scheme.key).spans
    return any(part.lo <= version < part.hi for part in parts)


@pytest.mark.parametrize(("mended", "suite", "installed"), REBUILT)
def test_what_is_built_again_for_a_release_has_what_it_is_built_of(
    mended: str, suite: str, installed: str
) -> None:
    assert not _is_told(mended, suite, installed)


@pytest.mark.parametrize(("mended", "suite", "installed"), OLDER)
def test_what_is_older_than_a_changelog_says_is_affected(
    mended: str, suite: str, installed: str
) -> None:
    assert _is_told(mended, suite, installed)


def test_a_row_of_the_tracker_is_held_as_dpkg_orders_it(tmp_path: Path) -> None:
    states = {"releases": {"bookworm": {"status": "resolved", "fixed_version": "5:7.0.15-1"}}}
    tracker = json.dumps({"redis": {"CVE-2023-41056": states}})
    entry = {"source": "less", "version": "590-2.1", "suite": "unstable",
             "cves": ["CVE-2022-48624"]}  # fmt: skip
    records = [*read("debian", tracker), *read("debian", json.dumps(entry), "bookworm-x.jsonl:1")]
    with store_of(tmp_path, *records) as store:
        rows = store.match([
            ("Debian:12", "redis", "5:7.0.15-1~deb12u10"),
            ("Debian:12", "less", "590-2.1~deb12u2"), ("Debian:12", "less", "590-2~deb12u2"),
        ])  # fmt: skip
    assert [[match.fixed for match in row] for row in rows] == [
        [("5:7.0.15-1",)], [], [("590-2.1",)],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("x.jsonl:1", "{}", "it names no source package or no version"),
        ("odd-x.jsonl:1", '{"source": "a", "version": "1", "cves": []}',
         "the name of the file does not start with a release of Debian"),
        ("bookworm-x.jsonl:1", '{"source": "a", "version": "1", "cves": [5]}',
         "it has no CVE id"),
        ("bookworm-x.tsv", "a\tb\n", "it has no columns source and source_version"),
        ("bookworm-x.tsv", "source\tsource_version\n\t\n",
         "it has no source package or version"),
        ("tracker.json", '{"a": {"odd": {}}}', "it has no CVE id"),
        ("tracker.json", "[]", "it is no JSON"),
    ],
)  # fmt: skip
def test_what_debian_does_not_write(name: str, text: str, reason: str) -> None:
    assert reasons(read("debian", text, name)) == [reason]


# Ubuntu ---------------------------------------------------------------------------------------


def test_answers_of_ubuntu() -> None:
    (found,) = read("ubuntu", (ROOT / "ubuntu" / "cves.json").read_bytes(), "cves.json")
    assert isinstance(found, Advisory)
    assert (found.id, found.upstream) == ("UBUNTU-CVE-2021-3782", ("CVE-2021-3782",))
    assert found.related == ("USN-5614-1", "USN-5614-2")
    assert found.scores == (Score("ubuntu", word="medium"),)
    assert shorts(found) == [
        ("Ubuntu:18.04:LTS", "wayland", "1.16.0-1ubuntu1.1~18.04.4", "affected", ""),
        ("Ubuntu:Pro:16.04:LTS", "wayland", "1.12.0-1~ubuntu16.04.3+esm1", "affected", ""),
        ("Ubuntu:24.04:LTS", "wayland", "", "not_affected", ""),
        ("Ubuntu:21.10", "wayland", "", "end_of_life", ""),
    ]


def test_files_of_the_ubuntu_tracker() -> None:
    data = (ROOT / "ubuntu" / "CVE-2021-3782").read_bytes()
    (found,) = read("ubuntu", data, "active/CVE-2021-3782")
    assert isinstance(found, Advisory)
    assert found.published == "2022-08-30"
    assert found.details.startswith("An internal reference count")
    assert found.scores == (
        Score("ubuntu", vector="CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:H"),
        Score("ubuntu", word="medium"),
    )
    assert shorts(found) == [
        ("Ubuntu:16.04:LTS", "wayland", "", "end_of_life", ""),
        ("Ubuntu:Pro:16.04:LTS", "wayland", "1.12.0-1~ubuntu16.04.3+esm1", "affected", ""),
        ("Ubuntu:18.04:LTS", "wayland", "1.16.0-1ubuntu1.1~18.04.4", "affected", ""),
        ("Ubuntu:20.04:LTS", "wayland", "", "affected", ""),
        ("Ubuntu:22.04:LTS", "wayland", "", "under_investigation", ""),
        ("Ubuntu:22.10", "wayland", "", "fix_deferred", ""),
    ]


def test_priorities_of_packages_in_the_ubuntu_tracker() -> None:
    text = ("Candidate: CVE-2026-0001\nPriority: high\nPriority_openssl: low\n"
            "Priority_openssl_focal: negligible\nfocal_openssl: needed\njammy_openssl: needed\n"
            "jammy_curl: needed\n trailing\n")  # fmt: skip
    (found,) = read("ubuntu", text, "CVE-2026-0001")
    assert [each[4] for each in shorts(found)] == ["negligible", "low", ""]


def test_osv_records_of_ubuntu() -> None:
    package = {"ecosystem": "Ubuntu:24.04:LTS", "name": "a"}
    affected = [{"package": package, "versions": ["1"]}]
    text = json.dumps({"id": "UBUNTU-CVE-2026-1", "affected": affected})
    (found,) = read("ubuntu", text)
    assert isinstance(found, Advisory)
    assert reasons(read("ubuntu", "no", "CVE-2026-0001")) == ["it has no field Candidate"]
    assert reasons(read("ubuntu", '{"cves": [{}]}')) == ["it has no CVE id"]
    assert read("ubuntu", "not a CVE", "README") == []


# Alpine ---------------------------------------------------------------------------------------


def test_databases_of_alpine() -> None:
    found = advisories("alpine")
    assert shorts(found["ALPINE-CVE-2018-25032"]) == [
        ("Alpine:v3.15", "zlib", "1.2.12-r0", "affected", "")
    ]
    assert shorts(found["ALPINE-CVE-2023-6992"]) == [  # "0": never affected
        ("Alpine:v3.15", "zlib", "", "not_affected", "")
    ]
    assert found["ALPINE-CVE-2016-6258"].upstream == ("CVE-2016-6258", "XSA-182")
    assert found["XSA-378"].upstream == ("XSA-378",)
    assert shorts(found["ALPINE-CVE-2021-24032"]) == [
        ("Alpine:v3.15", "zstd", "1.4.1-r0", "affected", "")
    ]


def test_distributions_with_the_form_of_alpine() -> None:
    text = json.dumps({"apkurl": "", "reponame": "os", "packages": [
        {"pkg": {"name": "a", "secfixes": {"0": ["CVE-2026-0001"], "1-r0": ["GHSA-1-2-3", "?"]}}},
        {"pkg": {}}]})  # fmt: skip
    found = read("alpine", text, "security.json", "wolfi")
    assert [each.id for each in found if isinstance(each, Advisory)] == [
        "WOLFI-CVE-2026-0001", "GHSA-1-2-3",
    ]  # fmt: skip
    assert reasons(found) == ["it has no id", "a package has no name"]
    assert reasons(read("alpine", text)) == ["it does not tell which release of Alpine it is about"]
    assert len(read("alpine", text, "v3.20/main.json")) == 4
    assert reasons(read("alpine", '{"distroversion": "edge"}')) == ["it has no packages"]
    assert read("alpine", "2026", "last-update") == []


# Red Hat --------------------------------------------------------------------------------------


def test_vex_of_red_hat() -> None:
    found = advisories("redhat")["REDHAT-CVE-2022-38752"]
    statuses = {(each[1], each[3]) for each in shorts(found)}
    assert ("eap7-snakeyaml", "affected") in statuses
    assert "will_not_fix" in {status for _, status in statuses}
    assert "end_of_life" in {status for _, status in statuses}
    assert "not_affected" in {status for _, status in statuses}
    assert {each[4] for each in shorts(found)} == {"moderate", ""}
    assert "Red Hat:jboss_enterprise_application_platform:7.4::el7" in {
        each.ecosystem for each in found.affected
    }
    assert found.scores == (
        Score("redhat", vector="CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H"),
        Score("redhat", word="moderate"),
    )
    assert "RHSA-2023:1512" in found.related


def csaf() -> dict[str, object]:
    """A document of the form Red Hat gives modules and architectures since 2024."""
    module = "nodejs:16:8080020231012194126:f4ec8d08"
    rpm = "nodejs-1:16.20.2-3.module+el8.8.0+20386+0b1f3093"
    platform = "AppStream-8.8.0.Z.MAIN.EUS"

    def product(id_: str, **helper: str) -> dict[str, object]:
        return {"category": "product_version", "name": id_, "product": {
            "product_id": id_, "name": id_, "product_identification_helper": helper}}  # fmt: skip

    def part(id_: str, of: str) -> dict[str, object]:
        return {"category": "default_component_of", "product_reference": id_,
                "relates_to_product_reference": of,
                "full_product_name": {"product_id": f"{of}:{id_}", "name": ""}}  # fmt: skip

    arches = ("x86_64", "s390x", "src")
    whole = f"{platform}:{module}"
    return {
        "document": {"aggregate_severity": {"text": "Important"}, "tracking": {
            "id": "CVE-2023-44487", "current_release_date": "2025-11-21T14:31:32+00:00"}},
        "product_tree": {
            "branches": [{"category": "vendor", "branches": [
                product(platform, cpe="cpe:/a:redhat:enterprise_linux:8::appstream"),
                product(module, purl=f"pkg:rpmmod/redhat/{module}"),
                *(product(f"{rpm}.{arch}",
                          purl="pkg:rpm/redhat/nodejs@16.20.2-3.module%2Bel8.8.0%2B20386%2B0b1f3093"
                               f"?arch={arch}&epoch=1") for arch in arches),
                product("npm", purl="pkg:rpm/redhat/npm"),
                product("quay", purl="pkg:oci/quay/quay"),
            ]}],
            "relationships": [
                part(module, platform), *(part(f"{rpm}.{arch}", whole) for arch in arches),
                part("npm", platform), part("quay", platform),
            ],
        },
        "vulnerabilities": [{
            "cve": "CVE-2023-44487", "title": "HTTP/2: rapid reset",
            "product_status": {
                "fixed": [f"{whole}:{rpm}.{arch}" for arch in arches],
                "under_investigation": [f"{platform}:npm"],
                "known_affected": [f"{platform}:quay", "nowhere", 5],
            },
            "threats": [{"category": "impact", "details": "Important",
                         "product_ids": [f"{whole}:{rpm}.x86_64"]},
                        {"category": "exploit_status", "details": "CISA: https://www.cisa.gov"}],
            "remediations": [{"category": "vendor_fix", "product_ids": [f"{whole}:{rpm}.x86_64"],
                              "url": "https://access.redhat.com/errata/RHSA-2023:5850"}],
        }],
    }  # fmt: skip


def test_modules_and_architectures_of_red_hat() -> None:
    (found,) = read("redhat_csaf", json.dumps(csaf()))
    assert isinstance(found, Advisory)
    evr = "1:16.20.2-3.module+el8.8.0+20386+0b1f3093"
    where = "Red Hat:enterprise_linux:8::appstream"
    assert [(*short(each), each.modular, each.arches) for each in found.affected] == [
        (where, "nodejs", evr, "affected", "important", "nodejs:16", ("x86_64",)),
        (where, "nodejs", evr, "affected", "", "nodejs:16", ("s390x",)),
        (where, "npm", "", "under_investigation", "", "", ()),
    ]
    assert (found.related, found.modified) == (("RHSA-2023:5850",), "2025-11-21")


def test_products_that_refer_to_each_other() -> None:
    tree = {"relationships": [
        {"product_reference": "a", "relates_to_product_reference": "b",
         "full_product_name": {"product_id": "b"}},
        {"product_reference": "b", "relates_to_product_reference": "a",
         "full_product_name": {"product_id": "a"}},
    ]}  # fmt: skip
    products = redhat_products.Products(tree)
    assert products.find("a") is None
    assert products.find(None) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "it has no vulnerabilities"),
        ('{"vulnerabilities": [{}]}', "it has no CVE id"),
        ('{"vulnerabilities": [{"cve": "CVE-2026-0001"}]}', "it names no RPM package"),
    ],
)
def test_what_is_no_vex(text: str, reason: str) -> None:
    assert reasons(read("redhat_csaf", text)) == [reason]
    assert read("redhat_csaf", text, "vex/changes.csv") == []


# OVAL -----------------------------------------------------------------------------------------


def test_oval_of_red_hat() -> None:
    found = advisories("redhat-oval")["RHSA-2023:5850"]
    assert found.upstream == ("CVE-2023-44487",)
    assert found.cwes == ("CWE-400",)
    assert [(each.name, each.modular, each.arches) for each in found.affected] == [
        ("nodejs", "nodejs:16", ("aarch64", "x86_64")),
        ("nodejs", "nodejs:16", ("aarch64", "x86_64")),
        ("npm", "nodejs:16", ()),  # its test is not in the file: the comment tells
        ("npm", "nodejs:16", ()),
    ]
    assert {each.ecosystem for each in found.affected} == {
        "Red Hat:enterprise_linux:8::appstream", "Red Hat:enterprise_linux:8",
    }  # fmt: skip


def test_oval_of_oracle() -> None:
    found = advisories("oracle")
    assert shorts(found["ELSA-2007-0057"]) == [
        ("Oracle Linux:5", "bind-devel", "30:9.3.3-8.el5", "affected", ""),
        ("Oracle Linux:5", "bind-sdb", "30:9.3.3-8.el5", "affected", ""),
    ]
    (nodejs,) = found["ELSA-2023-5850"].affected
    assert (nodejs.modular, nodejs.arches) == ("nodejs:16", ("x86_64", "aarch64"))


def test_oval_of_suse() -> None:
    found = advisories("suse")
    assert [(each[0][5:], *each[1:4]) for each in shorts(found["SUSE-CVE-1999-0524"])] == [
        ("Linux Enterprise Module for Basesystem 15", "kernel-default", "", "not_affected"),
        ("Linux Enterprise Module for Development Tools 15", "kernel-default", "", "not_affected"),
        ("Linux Enterprise Module for Basesystem 15", "kernel-source", "", "affected"),
        ("Linux Enterprise Module for Development Tools 15", "kernel-source", "", "affected"),
    ]
    kernel = found["SUSE-CVE-2021-29154"]
    assert kernel.related == ("SUSE-SU-2021:1210-1",)
    assert shorts(kernel) == [
        ("SUSE:Linux Enterprise Server 15-LTSS", "kernel-default", "0:4.12.14-150.72.1",
         "affected", ""),
        ("openSUSE:Leap 15.2", "kernel-default", "0:5.3.18-lp152.72.1", "affected", ""),
    ]  # fmt: skip


def test_oval_of_azure_linux_and_photon() -> None:
    azure = advisories("azure-linux")
    assert shorts(azure["AZL-CVE-2024-47191"]) == [
        ("Azure Linux:3", "oath-toolkit", "0:2.6.7-3.azl3", "affected", "")
    ]
    assert shorts(azure["AZL-CVE-2023-45853"])[0][3] == "not_affected"  # not applicable
    photon = advisories("photon-oval")["PHSA-2026:00001"]
    assert photon.upstream == ("CVE-2023-2602",)
    assert shorts(photon) == [("Photon OS:5.0", "libcap", "0:2.66-2.ph5", "affected", "")]


@pytest.mark.parametrize(
    ("platform", "file", "expected"),
    [
        ("SUSE Linux Enterprise Server 15 SP5", "", "SUSE:Linux Enterprise Server 15 SP5"),
        ("openSUSE Tumbleweed", "", "openSUSE:Tumbleweed"),
        ("Oracle Linux 9", "", "Oracle Linux:9"),
        ("Photon 3", "", "Photon OS:3.0"), ("Photon OS 5", "", "Photon OS:5.0"),
        ("Red Hat Enterprise Linux 7", "", "Red Hat:enterprise_linux:7"),
        ("Azure Linux", "azurelinux-3.0-oval.xml", "Azure Linux:3"),
        ("CBL-Mariner", "cbl-mariner-2.0-oval.xml", "Azure Linux:2"),
        ("Azure Linux", "x.xml", ""), ("Windows 95", "", ""),
    ],
)  # fmt: skip
def test_platforms(platform: str, file: str, expected: str) -> None:
    assert ecosystem(platform, file) == expected


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("less than", Events(fixed="1:2-3")), ("less than or equal", Events(last_affected="1:2-3")),
        ("equals", Events("1:2-3", last_affected="1:2-3")), ("greater than", Events()),
        ("greater than or equal", Events("1:2-3")), ("pattern match", None),
    ],
)  # fmt: skip
def test_operations_on_versions(operation: str, expected: Events | None) -> None:
    rpms = oval_criteria.Rpms()
    for text in (
        '<rpminfo_test id="t"><object object_ref="o"/><state state_ref="s"/></rpminfo_test>',
        '<rpminfo_object id="o"><name>a</name></rpminfo_object>',
        f'<rpminfo_state id="s"><evr operation="{operation}">1:2-3</evr></rpminfo_state>',
    ):
        rpms.add(parse(text.encode()))
    node = oval_criteria.compact(parse(b'<criteria><criterion test_ref="t"/></criteria>'))
    found, missed = oval_criteria.packages(node, ["Oracle Linux:9"], rpms)
    assert [each.ranges for each in found] == ([(expected,)] if expected else [])
    assert missed == (expected is None)


def test_what_is_negated_is_not_affected() -> None:
    text = (b'<criteria operator="OR"><criterion negate="true" comment="a is earlier than 1"/>'
            b'<criteria negate="true"><criterion comment="b is earlier than 1"/></criteria>'
            b'<criterion comment="c is earlier than 1"/></criteria>')  # fmt: skip
    found, missed = oval_criteria.packages(
        oval_criteria.compact(parse(text)), ["Oracle Linux:9"], oval_criteria.Rpms()
    )
    assert ([each.name for each in found], missed) == (["c"], False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<oval_definitions><definition id='a'/></oval_definitions>", "it has no metadata"),
        ("<oval_definitions><definition><metadata/></definition></oval_definitions>",
         "it has no id"),
        ("<oval_definitions><definition id='a'><metadata/></definition></oval_definitions>",
         "it names no affected package"),
        ("<a><definition id='a'><metadata/><criteria><criterion/></criteria></definition></a>",
         "a test of it is not there"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "it is no XML that is read"),
        ("{}", "it is no XML that is read"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("reader", ["oval"])
def test_what_is_no_oval(text: str, reason: str, reader: str) -> None:
    assert reasons(read(reader, text, "a.xml")) == [reason]


# Errata of repositories, and Photon -----------------------------------------------------------


def test_errata_of_amazon_and_rocky() -> None:
    amazon = advisories("amazon")
    kernel = amazon["ALAS2-2018-939"]
    assert (kernel.upstream, kernel.published) == (("CVE-2017-5715",), "2018-02-07")
    assert shorts(kernel) == [
        ("Amazon Linux:2", "kernel-headers", "0:4.9.77-33.59.amzn2", "affected", "")
    ]
    assert kernel.affected[0].arches == ("x86_64", "aarch64")  # and no source package
    assert shorts(amazon["ALAS2023-2023-001"])[0][:3] == (
        "Amazon Linux:2023", "ImageMagick-doc", "1:6.9.12.82-1.amzn2023.0.1",
    )  # fmt: skip
    nodejs, docs = advisories("rocky")["RLSA-2023:5850"].affected
    assert (nodejs.ecosystem, nodejs.modular) == ("Rocky Linux:8", "nodejs:16")
    assert (nodejs.arches, docs.arches) == (("x86_64",), ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<updates><update/></updates>", "it has no id"),
        ("<updates><update><id>X-1</id></update></updates>",
         "it names no package of a known distribution"),
        ("<updates>", "it is no XML that is read"),
    ],
)  # fmt: skip
def test_what_is_no_erratum(text: str, reason: str) -> None:
    assert reasons(read("updateinfo", text, "updateinfo.xml")) == [reason]
    assert read("updateinfo", text, "repomd.xml") == []


def test_photon(tmp_path: Path) -> None:
    found = advisories("photon")
    assert shorts(found["PHOTON-CVE-2019-3828"]) == [
        ("Photon OS:3.0", "ansible", "2.7.6-2.ph3", "affected", "")
    ]
    assert found["PHOTON-CVE-2019-3828"].scores == (Score("photon", word="critical"),)
    assert shorts(found["PHOTON-CVE-2019-10072"])[0][3] == "not_affected"
    text = '[{"cve_id": "CVE-2026-0001", "pkg": "a", "res_ver": "NA"}]'
    (unfixed,) = read("photon", text, "cve_data_photon5.json")
    assert shorts(unfixed) == [("Photon OS:5.0", "a", "", "affected", "")]
    assert reasons(read("photon", text, "odd.json")) == [
        "its name does not tell the release of Photon"
    ]
    assert read("photon", "{}", "photon_versions.json") == []
