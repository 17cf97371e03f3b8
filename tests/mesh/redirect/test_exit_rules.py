"""What the exit's user may send: the rules as they are written, and as nft takes them."""

import os
import subprocess
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.mesh.redirect.errors import RedirectError
from seawall.mesh.redirect.exit_rules import ExitRules, Way, rules_of, table_of

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
ports = st.lists(st.integers(1, 65535), min_size=1, max_size=3, unique=True).map(tuple)
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


def test_root_is_no_user_of_an_exit() -> None:
    with pytest.raises(RedirectError, match="is no user id of the exit"):
        rules_of(SHOP._replace(user=0))
