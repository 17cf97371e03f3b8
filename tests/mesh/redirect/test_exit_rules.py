"""What the exit's user may send: the rules as they are written, and as nft takes them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.mesh.redirect import own_namespace
from seawall.mesh.redirect.errors import RedirectError
from seawall.mesh.redirect.exit_rules import COUNTERS, ExitRules, Way, rules_of, table_of

GOLDEN = Path(__file__).parent / "golden_exit.nft"
INNER = Way((5432,), ("10.20.0.0/16", "10.1.1.1/32", "fd00::/16"), 1)
RESOLVERS = (("192.0.2.53", 53), ("2001:db8::53", 5353))
SHOP = ExitRules("my-shop", 62339, (Way((443, 80)), INNER), RESOLVERS)


def test_as_written() -> None:
    assert rules_of(SHOP) == GOLDEN.read_text()
    assert table_of("my-shop") == "seawall_egress_my_shop"


def _is_taken(text: str) -> bool:
    command = ["unshare", "--net", "nft", "-f", "-"]
    said = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return True


needs_nft = pytest.mark.skipif(
    os.geteuid() != 0 or which("nft") is None, reason="needs root and nft"
)
ports = st.lists(st.integers(1, 65535), max_size=3, unique=True).map(tuple)
ranges = st.lists(
    st.sampled_from(["10.0.0.0/8", "192.168.1.1/32", "fd00::/16", "::1/128"]), max_size=2
).map(tuple)
ways = st.lists(st.builds(Way, ports, ranges, st.integers(0, 6)), max_size=4).map(tuple)
resolvers = st.lists(
    st.tuples(st.sampled_from(["127.0.0.53", "::1", "10.0.0.2"]), st.integers(1, 65535)),
    max_size=3,
).map(tuple)


@needs_nft
def test_nft_takes_them() -> None:
    assert _is_taken(rules_of(SHOP))


@needs_nft
@settings(max_examples=15, deadline=None)
@given(st.builds(ExitRules, st.just("shop"), st.just(1), ways, resolvers))
def test_nft_takes_any(rules: ExitRules) -> None:
    assert _is_taken(rules_of(rules))


def test_an_exit_that_is_a_pod() -> None:
    """All public ports, for its proxy alone decides; what is not public by marked sockets only."""
    own = ExitRules(
        "pod", 61337, (Way(()), Way((), ("10.20.0.0/16",), 6)), (("10.96.0.10", 15012),)
    )
    lines = [line.strip() for line in rules_of(own).splitlines()]
    inner = [line.startswith("ip daddr { 0.0.0.0/8") for line in lines].index(True)
    assert "meta priority 0:6 ip daddr 10.20.0.0/16 meta l4proto tcp accept" in lines[:inner]
    assert "ip daddr 10.96.0.10 meta l4proto { tcp, udp } th dport 15012 accept" in lines[:inner]
    assert lines[inner + 2 : inner + 4] == [
        "meta l4proto tcp accept", 'counter name "egress_undeclared" goto refused',
    ]  # fmt: skip


@needs_nft
def test_an_exit_that_is_a_pod_is_closed_by_a_command(tmp_path: Path) -> None:
    """As its init container does it, in a namespace of its own, with no right but NET_ADMIN."""
    resolvers_ = tmp_path / "resolv.conf"
    resolvers_.write_text("nameserver 10.96.0.2\n")
    words = ["mesh", "init", "--exit", "--proxy-user", "61337", "--resolv-conf", str(resolvers_),
             "--private", "10.20.0.0/16", "--controller", "127.0.0.1:15012"]  # fmt: skip
    script = '"$@" && nft list table inet seawall_egress_pod'
    said = subprocess.run(
        ["unshare", "--net", "setpriv", "--bounding-set=-all,+net_admin", "--inh-caps=-all", "sh",
         "-c", script, "sh", sys.executable, "-m", "seawall", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "kept to public addresses" in said.stdout
    for line in ("ip daddr 10.96.0.2", "ip daddr 127.0.0.1", "ip daddr 10.20.0.0/16"):
        assert line in said.stdout


@needs_nft
def test_what_is_refused_is_counted_by_reason() -> None:
    """Two public addresses and an inner one, all of them of this namespace itself."""
    calls = (
        "import contextlib, os, socket\n"
        "os.setuid(62339)\n"
        "for kind, address, port in ((1, '9.9.9.9', 443), (1, '9.9.9.9', 81), (2, '9.9.9.9', 1),\n"
        "                            (1, '127.0.0.1', 443), (1, '::1', 443)):\n"
        "    with contextlib.suppress(OSError):\n"
        "        s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, kind)\n"
        "        s.connect((address, port))\n"
        "        s.send(b'?')\n"
    )
    script = 'nft -f - && ip link set lo up && ip addr add 9.9.9.9/32 dev lo && "$@"; '
    script += f"nft -j list counters table inet {SHOP.table}"
    said = subprocess.run(
        ["unshare", "--net", "sh", "-c", script, "sh", sys.executable, "-I", "-c", calls],
        input=rules_of(SHOP), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = [own["counter"] for own in json.loads(said.stdout)["nftables"] if "counter" in own]
    assert {own["name"]: own["packets"] for own in found} == dict.fromkeys(COUNTERS, 2)


def test_a_controller_that_is_not_found() -> None:
    for address in ("nobody.invalid:15012", "no-port"):
        with pytest.raises(RedirectError, match="is not found"):
            own_namespace.close_exit(61337, [], [], address)


def test_root_is_no_user_of_an_exit() -> None:
    with pytest.raises(RedirectError, match="is no user id of the exit"):
        rules_of(SHOP._replace(user=0))
