"""Which records are about one vulnerability."""

import pytest

from seawall.advisories import clusters
from seawall.advisories.clusters import Names


def shown(*records: Names, rejected: tuple[str, ...] = ()) -> dict[str, str]:
    found = clusters.of_records(records, rejected.__contains__)
    return {names.id: id_ for names, id_ in found}


def names(number: int, id_: str, *aliases: str, packages: tuple[int, ...] = (1,)) -> Names:
    return Names(number, id_, aliases, frozenset(packages))


def test_aliases_are_symmetric_and_transitive() -> None:
    found = shown(
        names(1, "GHSA-1", "CVE-2024-1111"),
        names(2, "PYSEC-1", "GHSA-1"),
        names(3, "X-1", "PYSEC-1"),
    )
    assert set(found.values()) == {"CVE-2024-1111"}


def test_only_records_on_one_package_are_joined() -> None:
    found = shown(names(1, "GHSA-1", "CVE-2024-1111"), names(2, "PYSEC-1", "GHSA-1", packages=(2,)))
    assert found == {"GHSA-1": "CVE-2024-1111", "PYSEC-1": "GHSA-1"}


def test_the_same_cve_is_the_same_vulnerability_whatever_the_package() -> None:
    found = shown(
        names(1, "BIT-a", "CVE-2023-44487"), names(2, "BIT-b", "CVE-2023-44487", packages=(2,))
    )
    assert set(found.values()) == {"CVE-2023-44487"}


def test_a_record_with_several_cves_joins_nothing() -> None:
    found = shown(
        names(1, "GO-1", "CVE-2015-5739", "CVE-2015-5740"),
        names(2, "GHSA-1", "CVE-2015-5739"),
        names(3, "GHSA-2", "CVE-2015-5740"),
    )
    assert found == {"GO-1": "GO-1", "GHSA-1": "CVE-2015-5739", "GHSA-2": "CVE-2015-5740"}


def test_two_cves_in_one_cluster_stay_two() -> None:
    found = shown(
        names(1, "A-1", "X-1", "CVE-2024-1111"), names(2, "B-1", "X-1", "CVE-2024-2222"),
        names(3, "X-1"),
    )  # fmt: skip
    assert found == {"A-1": "CVE-2024-1111", "B-1": "CVE-2024-2222", "X-1": "X-1"}


def test_without_a_cve_a_ghsa_is_shown() -> None:
    assert set(shown(names(1, "RUSTSEC-1", "GHSA-2")).values()) == {"GHSA-2"}
    assert shown(names(1, "RUSTSEC-1")) == {"RUSTSEC-1": "RUSTSEC-1"}


def test_a_rejected_cve_is_no_name() -> None:
    found = shown(names(1, "GHSA-1", "CVE-2024-1111"), rejected=("CVE-2024-1111",))
    assert found == {"GHSA-1": "GHSA-1"}


@pytest.mark.parametrize(
    ("id_", "aliases", "upstream", "related", "expected"),
    [
        ("DSA-1-1", (), ("CVE-2024-1111", "CVE-2024-2222"), (), ("CVE-2024-1111", "CVE-2024-2222")),
        ("USN-1-1", (), ("UBUNTU-CVE-2024-1111",), (), ("CVE-2024-1111",)),
        ("ALSA-1", (), (), ("CVE-2024-1111",), ("CVE-2024-1111",)),
        ("RHSA-1", ("CVE-2024-1111",), (), (), ("CVE-2024-1111",)),
        ("ALPINE-CVE-2024-1111", (), (), (), ("CVE-2024-1111",)),
        ("ALBA-1", (), (), (), ("ALBA-1",)),
    ],
)
def test_bulletins(
    id_: str, aliases: tuple[str, ...], upstream: tuple[str, ...], related: tuple[str, ...],
    expected: tuple[str, ...],
) -> None:  # fmt: skip
    assert clusters.of_bulletin(id_, aliases, upstream, related) == expected


def test_the_ecosystems_own_database_counts() -> None:
    assert clusters.in_force("Go", {1: "GO-1", 2: "GHSA-1"}) == {1}
    assert clusters.in_force("Go", {2: "GHSA-1"}) == {2}
    assert clusters.in_force("PyPI", {1: "PYSEC-1", 2: "GHSA-1"}) == {1, 2}
