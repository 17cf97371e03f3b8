"""The rules: as they are written, as the kernel takes them, and what they do in a namespace."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.redirect import loading, probe
from seawall.mesh.redirect.errors import RedirectError
from seawall.mesh.redirect.rules import COUNTERS, Redirect, removal, rules_of

GOLDEN = Path(__file__).parent / "golden.nft"
USUAL = Redirect(1337, ("10.0.0.53", "fd00::53"))
privileged = pytest.mark.skipif(
    os.geteuid() != 0 or which("nft") is None or which("ip") is None,
    reason="needs root, nft and ip",
)


def test_as_written() -> None:
    assert rules_of(USUAL) == GOLDEN.read_text()


@pytest.mark.parametrize(
    ("redirect", "says"),
    [
        (Redirect(0), "not root's"),
        (Redirect(2**32), "no user id"),
        (Redirect(7, ("dns.example.org",)), "no address of a resolver"),
        (Redirect(7, (), (15006,)), "the proxy's own"),
        (Redirect(7, (), (70000,)), "no port"),
    ],
)
def test_what_makes_no_rules(redirect: Redirect, says: str) -> None:
    with pytest.raises(RedirectError, match=says):
        rules_of(redirect)


@privileged
@given(
    st.integers(1, 2**32 - 2),
    st.lists(st.ip_addresses().map(str), max_size=3),
    st.lists(st.integers(1, 65535).filter(lambda port: port not in (15000, 15001, 15006))),
)
def test_nft_takes_whatever_is_written(user: int, resolvers: list[str], ports: list[int]) -> None:
    text = rules_of(Redirect(user, tuple(resolvers), tuple(ports)))
    said = subprocess.run(
        ["nft", "-c", "-f", "-"], input=text, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr


_NETWORK = """\
link set lo up
link add out type veth peer far
addr add 10.9.9.2/24 dev out
addr add fd99::2/64 dev out nodad
link set out up
link set far up
route add default dev out
route add ::/0 dev out
"""


@pytest.fixture
def namespace() -> Iterator[tuple[str, ...]]:
    name = f"seawall-test-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for line in _NETWORK.splitlines():
            subprocess.run(["ip", "-netns", name, *line.split()], check=True)
        yield ("ip", "netns", "exec", name)
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


@privileged
def test_rules_come_and_go(namespace: tuple[str, ...]) -> None:
    assert not loading.is_loaded(USUAL, namespace)
    for _ in range(2):
        loading.load(USUAL, namespace)
        assert loading.is_loaded(USUAL, namespace)
    assert loading.counters(namespace) == dict.fromkeys(COUNTERS, 0)
    assert not loading.is_loaded(Redirect(1338), namespace)
    subprocess.run([*namespace, "nft", "flush", "table", "inet", "seawall_mesh"], check=True)
    assert not loading.is_loaded(USUAL, namespace)
    loading.load(USUAL, namespace)
    subprocess.run([*namespace, "nft", "-f", "-"], input=removal(), text=True, check=True)
    assert loading.listing(namespace) == ""


@privileged
def test_the_probe_tells_whether_they_work(namespace: tuple[str, ...]) -> None:
    def probed() -> list[str]:
        command = [*namespace, sys.executable, "-m", "seawall.mesh.redirect.probe", "1000"]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        assert said.returncode == (1 if said.stdout else 0), said.stderr
        return said.stdout.splitlines()

    assert len(probed()) == 4
    loading.load(USUAL, namespace)
    assert probed() == []
    assert loading.counters(namespace)["sent_udp"] == 2
    loading.load(Redirect(1000), namespace)  # as if the application were the proxy
    assert len(probed()) == 4
    assert set(probe.NOWHERE.values()) == {"192.0.2.1", "2001:db8::1"}
