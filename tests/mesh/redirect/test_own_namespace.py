"""A pod's rules, loaded by an init container that has one capability."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.cli import mesh
from seawall.core.errors import InputError
from seawall.mesh.redirect.own_namespace import resolvers_in
from tests.mesh.redirect.test_rules import privileged

needs_setpriv = pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
ONE_CAPABILITY = ("setpriv", "--bounding-set=-all,+net_admin", "--inh-caps=-all")
ADDRESSES = {
    4: ("address add 198.51.100.2/24 dev eth0", "route add default dev eth0"),
    6: ("address add fd00::2/64 dev eth0 nodad", "route add ::/0 dev eth0"),
}  # fmt: skip


@contextmanager
def pod(families: tuple[int, ...]) -> Iterator[str]:
    name = f"seawall-test-pod-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        lines = ["link set lo up", "tuntap add eth0 mode tap", "link set eth0 up"]
        for family in families:
            lines += ADDRESSES[family]
        for line in lines:
            subprocess.run(["ip", "-netns", name, *line.split()], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


@pytest.fixture(params=[(4,), (6,), (4, 6), ()], ids=["IPv4", "IPv6", "both", "none"])
def namespace(request: pytest.FixtureRequest) -> Iterator[tuple[str, tuple[int, ...]]]:
    with pod(request.param) as name:
        yield name, request.param


@privileged
@needs_setpriv
def test_an_init_container(namespace: tuple[str, tuple[int, ...]], tmp_path: Path) -> None:
    name, families = namespace
    conf = tmp_path / "resolv.conf"
    conf.write_text("search shop.svc\nnameserver 198.51.100.10\nnameserver 127.0.0.53\n")
    command = [
        "ip", "netns", "exec", name, *ONE_CAPABILITY, sys.executable, "-m", "seawall", "mesh",
        "init", "--proxy-user", "61337", "--resolv-conf", str(conf),
    ]  # fmt: skip
    for _ in range(2):  # it may be started again
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not families:
            assert done.returncode == 1
            assert "there is no route" in done.stderr
            continue
        named = ", ".join(f"IPv{family}" for family in families)
        assert done.stdout == f"redirected: {named}; resolvers: 198.51.100.10\n", done.stderr
        assert done.returncode == 0
    rules = subprocess.run(
        ["ip", "netns", "exec", name, "nft", "list", "table", "inet", "seawall_mesh"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "skuid 61337" in rules.stdout
    assert "198.51.100.10 udp dport 53 accept" in rules.stdout


@privileged
@needs_setpriv
def test_without_the_capability_it_fails() -> None:
    with pod((4,)) as name:
        done = subprocess.run(
            ["ip", "netns", "exec", name, "setpriv", "--bounding-set=-all", "--inh-caps=-all",
             sys.executable, "-m", "seawall", "mesh", "init", "--proxy-user", "61337"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "CAP_NET_ADMIN" in done.stderr


def test_resolvers() -> None:
    text = """
        # nameserver 192.0.2.9
        nameserver 192.0.2.1
        nameserver fe80::1%eth0
        nameserver 127.0.0.53
        nameserver nonsense
        nameserver
        nameserver 192.0.2.1
        nameserver 192.0.2.2
        nameserver 192.0.2.3
    """
    assert resolvers_in(text) == ("192.0.2.1", "fe80::1", "192.0.2.2")


@given(st.text())
def test_odd_resolvers(text: str) -> None:
    resolvers_in(text)
    resolvers_in(f"nameserver {text}")


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(InputError, match="name another file"):
        mesh.run(["init", "--proxy-user", "61337", "--resolv-conf", "/absent"])
