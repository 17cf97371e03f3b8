"""When support is over: release lines of runtimes, distributions and images."""

from pathlib import Path

import pytest

from seawall.advisories import database, image_lines
from seawall.advisories.advisory import Cycle
from seawall.advisories.image_lines import line_of, may_be_over
from seawall.advisories.store import Store
from seawall.advisories.support import ended
from seawall.packages.package import Package

TODAY = "2026-11-26"


class Lines:
    """Release lines by their product."""

    def __init__(self, *cycles: Cycle) -> None:
        self._cycles = cycles

    def cycles(self, product: str) -> list[Cycle]:
        return [cycle for cycle in self._cycles if cycle.product == product]


STORE = Lines(
    Cycle("debian", "12", "", "", "2026-07-11", "2028-06-30"),
    Cycle("debian", "11", "", "", "2024-08-14", "2026-08-31"),
    Cycle("ubuntu", "20.04", "", "", "2025-05-31", "2030-04-30"),
    Cycle("go", "1.19", "", "", "2023-09-06"),
    Cycle("go", "1.27", "", "", "no"),
)


def over(*packages: Package) -> list[str]:
    return [f"{each.cycle.product} {each.cycle.cycle}" for each in ended(packages, STORE, TODAY)]


def deb(distro: str) -> Package:
    return Package("deb", "curl", "1", qualifiers=(("distro", distro),))


def test_long_term_support_counts_where_it_is_for_everybody() -> None:
    assert over(deb("debian-12")) == []
    assert over(deb("debian-11")) == ["debian 11"]
    assert over(deb("ubuntu-20.04")) == ["ubuntu 20.04"]  # the rest is paid for


@pytest.mark.parametrize(
    ("image", "tag", "expected"),
    [
        ("golang", "1.19-alpine", ["go 1.19"]),
        ("golang", "1.19.3", ["go 1.19"]),
        ("golang", "1.27", []),
        ("golang", "latest", []),
        ("debian", "bullseye-slim", ["debian 11"]),
        ("debian", "12.5", []),
        ("somebody/golang", "1.19", []),
    ],
)
def test_images_are_of_release_lines(image: str, tag: str, expected: list[str]) -> None:
    assert over(Package("docker", image, tag)) == expected


def test_lines_that_are_known_to_live_ask_nobody() -> None:
    assert not may_be_over("python", "3.14-slim", TODAY)
    assert may_be_over("python", "3.14-slim", "2031-01-01")
    assert may_be_over("python", "3.10", TODAY)
    assert not may_be_over("python", "3.14", "2030-09-30")
    assert not may_be_over("nginx", "1.10", TODAY)
    assert not may_be_over("python", "latest", TODAY)
    assert line_of("ubuntu", "jammy-20240101") == ("ubuntu", "22.04")


def test_the_shipped_database_says_of_no_living_line_that_it_ends_earlier(tmp_path: Path) -> None:
    environment = {"SEAWALL_DATA_DIR": str(tmp_path), "SEAWALL_CACHE_DIR": str(tmp_path)}
    store = Store.open(database.locate(None, environment).path)
    try:
        for product, lines in image_lines._LIVING.items():
            known = {cycle.cycle: cycle for cycle in store.cycles(product)}
            for line, month in lines.items():
                cycle = known[line]
                end = cycle.end_of_life
                if product == "debian":
                    end = max(end, cycle.extended)
                assert end in ("", "no") or end[:7] >= month, (product, line)
    finally:
        store.close()
