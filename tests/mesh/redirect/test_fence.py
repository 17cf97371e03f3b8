"""The fence of a workload, tried from both sides: nothing in or out that is not the proxy's."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from shutil import which
from typing import NamedTuple

import pytest

from seawall.mesh.redirect import loading
from seawall.mesh.redirect.rules import INBOUND, OUTBOUND, Redirect

PROXY, APPLICATION = 1337, 1000
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or any(which(name) is None for name in ("nft", "ip", "setpriv")),
    reason="needs root, nft, ip and setpriv",
)
FAMILIES = {4: ("10.9.8.2", "10.9.8.3"), 6: ("fd98::2", "fd98::3")}
"""The addresses of the workload and of somebody outside, with a cable between them."""
_NETWORK = """\
netns add IN
netns add OUT
link add eth0 netns IN type veth peer name eth0 netns OUT
-n IN addr add 10.9.8.2/24 dev eth0
-n IN addr add fd98::2/64 dev eth0 nodad
-n OUT addr add 10.9.8.3/24 dev eth0
-n OUT addr add fd98::3/64 dev eth0 nodad
-n IN link set lo up
-n OUT link set lo up
-n IN link set eth0 up
-n OUT link set eth0 up
"""
PYTHON = (sys.executable, "-I", "-S", "-c")
COMMON = (
    "import socket, sys, time\n"
    "v6 = ':' in HERE\n"
    "family = socket.AF_INET6 if v6 else socket.AF_INET\n"
    "def serve(port):\n"
    "    s = socket.socket(family)\n"
    "    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
    "    s.bind(('::' if v6 else '0.0.0.0', port)); s.listen(); s.settimeout(WAIT)\n"
    "    print('listens', flush=True)\n"
    "    return s\n"
    "def say(text): print(text, flush=True)\n"
)


class Side(NamedTuple):
    """A network namespace."""

    name: str

    def start(
        self, text: str, user: int, here: str, there: str, wait: float = 3
    ) -> "subprocess.Popen[str]":
        """Run a program there, as somebody."""
        head = f"HERE, THERE, WAIT = {here!r}, {there!r}, {wait}\n"
        drop = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
                "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]  # fmt: skip
        return subprocess.Popen(
            ["ip", "netns", "exec", self.name, *(drop if user else []), *PYTHON,
             head + COMMON + text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def run(self, text: str, user: int, here: str, there: str) -> str:
        """The same, to its end; what it says."""
        said, _ = self.start(text, user, here, there).communicate(timeout=30)
        return said.strip()


class Sides(NamedTuple):
    """The workload's, and what is outside of it."""

    inside: Side
    outside: Side

    @property
    def enter(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.inside.name)


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    names = [f"seawall-fence-{side}-{os.getpid()}" for side in ("in", "out")]
    try:
        for line in _NETWORK.splitlines():
            words = line.replace("IN", names[0]).replace("OUT", names[1]).split()
            subprocess.run(["ip", *words], check=True)
        yield Sides(*map(Side, names))
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False)


@pytest.fixture
def fenced(sides: Sides) -> Sides:
    loading.load(Redirect(PROXY, open_ports=()), sides.enter)
    return sides


ANSWERS = (
    "s = serve({port})\n"
    "try:\n"
    "    c, _ = s.accept(); c.sendall(b'spilled')\n"
    "    c.settimeout(WAIT); say('got ' + repr(c.recv(100)))\n"
    "except OSError as e: say(type(e).__name__)\n"
)
CALLS = (
    "try:\n"
    "    c = socket.create_connection((THERE, {port}), WAIT); c.sendall(b'hello')\n"
    "    c.settimeout(WAIT); say('got ' + repr(c.recv(100)))\n"
    "except OSError as e: say(type(e).__name__)\n"
)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("port", [INBOUND, OUTBOUND])
def test_who_takes_the_proxys_place_answers_nobody(fenced: Sides, family: int, port: int) -> None:
    """While the proxy is away its ports are anybody's."""
    own, other = FAMILIES[family]
    squatter = fenced.inside.start(ANSWERS.format(port=port), APPLICATION, own, other)
    assert squatter.stdout is not None
    assert squatter.stdout.readline() == "listens\n"
    said = fenced.outside.run(CALLS.format(port=8080), APPLICATION, other, own)
    squatter.communicate()
    assert "spilled" not in said


@pytest.mark.parametrize("family", FAMILIES)
def test_the_proxy_in_that_place_answers(fenced: Sides, family: int) -> None:
    own, other = FAMILIES[family]
    proxy = fenced.inside.start(ANSWERS.format(port=INBOUND), PROXY, own, other)
    assert proxy.stdout is not None
    assert proxy.stdout.readline() == "listens\n"
    said = fenced.outside.run(CALLS.format(port=8080), APPLICATION, other, own)
    assert proxy.communicate()[0].strip() == "got b'hello'"
    assert said == "got b'spilled'"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("port", [15000, 15001, 15006, 15021])
def test_no_port_of_the_proxy_is_reached_as_such(fenced: Sides, family: int, port: int) -> None:
    own, other = FAMILIES[family]
    listening = INBOUND if port == 15021 else port
    proxy = fenced.inside.start(ANSWERS.format(port=listening), PROXY, own, other, wait=1)
    assert proxy.stdout is not None
    assert proxy.stdout.readline() == "listens\n"
    said = fenced.outside.run(CALLS.format(port=port).replace("WAIT", "1"), APPLICATION, other, own)
    proxy.communicate()
    # 15021 is nobody's here, so it is redirected as all others are.
    assert said == ("got b'spilled'" if port == 15021 else "TimeoutError")


KINDS = {
    "UDP": "socket.SOCK_DGRAM, 0", "UDP-Lite": "socket.SOCK_DGRAM, 136",
    "SCTP": "socket.SOCK_SEQPACKET, 132", "ICMP": "socket.SOCK_DGRAM, 58 if v6 else 1",
    "raw": "socket.SOCK_RAW, 255", "DCCP": "6, 33",
}  # fmt: skip
SENDS = (
    "try:\n"
    "    s = socket.socket(family, {kind})\n"
    "    s.settimeout(1)\n"
    "    {option}\n"
    "    s.connect((THERE, 5300)); s.send({what}); s.recv(100); say('answered')\n"
    "except OSError as e: say(type(e).__name__)\n"
)
ECHO = "bytes([128 if v6 else 8, 0, 0, 0, 0, 1, 0, 1])"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_tcp_leaves(fenced: Sides, family: int, kind: str) -> None:
    own, other = FAMILIES[family]
    subprocess.run(
        [*fenced.enter, "sysctl", "-qw", "net.ipv4.ping_group_range=0 2000"], check=False
    )
    # An echo would be answered. Large ones come as fragments; marks are for those with rights.
    for what, option in ((ECHO, "pass"), ("b'x' * 30000", "pass"),
                         ("b'x'", "s.setsockopt(socket.SOL_SOCKET, 36, 1)")):  # fmt: skip
        text = SENDS.format(kind=KINDS[kind], what=what, option=option)
        said = fenced.inside.run(text, APPLICATION, own, other)
        assert said in ("PermissionError", "OSError", "TimeoutError"), said


HEARS = (
    "s = socket.socket(family, socket.SOCK_DGRAM); s.bind(('::' if v6 else '0.0.0.0', 5300))\n"
    "s.settimeout(1); say('listens')\n"
    "try: say('got ' + repr(s.recv(40000)[:9]))\n"
    "except OSError as e: say(type(e).__name__)\n"
)
THROWS = (
    "s = socket.socket(family, socket.SOCK_DGRAM)\n"
    "s.sendto(b'x', (THERE, 5300)); s.sendto(b'y' * 30000, (THERE, 5300)); say('sent')\n"
)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_but_tcp_comes_in(fenced: Sides, family: int) -> None:
    own, other = FAMILIES[family]
    application = fenced.inside.start(HEARS, APPLICATION, own, other)
    assert application.stdout is not None
    assert application.stdout.readline() == "listens\n"
    assert fenced.outside.run(THROWS, APPLICATION, other, own) == "sent"
    assert application.communicate()[0].strip() == "TimeoutError"


KEEPS = (
    "s = serve(8080); c, _ = s.accept(); say('accepted'); sys.stdin.readline()\n"
    "try: c.sendall(b'spilled'); say('sent')\n"
    "except OSError as e: say(type(e).__name__)\n"
    "time.sleep(1)\n"
)


FROM = (
    "s = socket.socket(family); s.settimeout(WAIT); s.bind((HERE, 45454))\n"
    "try:\n"
    "    s.connect((THERE, 8080)); s.sendall(b'hello'); say(repr(s.recv(100)))\n"
    "except OSError as e: say(type(e).__name__)\n"
)
RESETS = (
    "import struct\n"
    f"s = serve({OUTBOUND}); c, _ = s.accept(); c.recv(100)\n"
    "c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); c.close()\n"
)


@pytest.mark.parametrize("family", FAMILIES)
def test_who_was_reset_leaves_no_trap_for_the_proxy(fenced: Sides, family: int) -> None:
    """The proxy resets what it cannot forward, and gets that port for a connection of its own."""
    own, other = FAMILIES[family]
    proxy = fenced.inside.start(RESETS, PROXY, own, other)
    assert proxy.stdout is not None
    assert proxy.stdout.readline() == "listens\n"
    assert fenced.inside.run(FROM, APPLICATION, own, other) == "ConnectionResetError"
    proxy.communicate()
    time.sleep(2)
    far = fenced.outside.start(ANSWERS.format(port=8080), APPLICATION, other, own)
    assert far.stdout is not None
    assert far.stdout.readline() == "listens\n"
    assert fenced.inside.run(FROM, PROXY, own, other) == "b'spilled'"
    far.communicate()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_connection_from_before_the_rules_ends_with_them(sides: Sides, family: int) -> None:
    own, other = FAMILIES[family]
    subprocess.run([*sides.enter, "nft", "flush", "ruleset"], check=True)
    text = KEEPS.replace("sys.stdin.readline()", "time.sleep(1.5)")
    application = sides.inside.start(text, APPLICATION, own, other, wait=5)
    assert application.stdout is not None
    assert application.stdout.readline() == "listens\n"
    caller = sides.outside.start(CALLS.format(port=8080), APPLICATION, other, own, wait=4)
    assert application.stdout.readline() == "accepted\n"
    loading.load(Redirect(PROXY, open_ports=()), sides.enter)
    assert "spilled" not in caller.communicate()[0]
    application.communicate()
