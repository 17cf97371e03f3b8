"""What is under way ends well: when a mesh is taken down, and when its proxies are replaced."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.mesh.hosting import administration, asking
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.proxies import program
from tests.mesh.hosting.raised import MARK, Raised, raised, reason, serving

pytestmark = pytest.mark.skipif(bool(reason()), reason=reason())
DESCRIPTION = f"""\
mesh: NAME
trustDomain: shop.example.org
drain: 8s
workloads:
  web: {{}}
  orders:
{serving(8080, 9090)}    ports: {{8080: http, 9090: tcp}}
policy:
  - allow: {{from: web, to: orders}}
"""
_LOAD = """
import http.client, sys, time
host, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
kept, good, bad, until = None, 0, [], time.time() + seconds
while time.time() < until:
    fresh = port == 9090 or good % 3 == 0
    kept = http.client.HTTPConnection(host, port, timeout=10) if kept is None or fresh else kept
    try:
        kept.request("GET", "/x")
        answer = kept.getresponse()
        body = answer.read()
        if answer.status == 200: good += 1
        else: bad.append(f"{answer.status} {body!r}")
        if answer.will_close or fresh: kept.close(); kept = None
    except Exception as error:
        bad.append(repr(error))
        kept = None
print(good, bad)
"""


@pytest.fixture(scope="module")
def other_envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same program at another place, where other users may run it."""
    place = tmp_path_factory.mktemp("envoy")
    for path in (place, place.parent, place.parent.parent):
        path.chmod(0o755)
    shutil.copyfile(program.find(), place / "envoy")
    (place / "envoy").chmod(0o755)
    yield str(place / "envoy")
    shutil.rmtree(place)


def test_proxies_are_replaced_under_load(other_envoy: str) -> None:
    with raised(DESCRIPTION) as mesh:
        assert mesh.until(lambda: MARK in mesh.curl("web", "http://orders:8080/").stdout)
        loads = [
            subprocess.Popen(
                [*mesh.enter("web"), "/usr/bin/python3", "-c", _LOAD, "orders", str(port), "20"],
                stdout=subprocess.PIPE, text=True,
            )
            for port in (8080, 8080, 9090)
        ]  # fmt: skip
        before = mesh.pids("proxies/.*bootstrap.json")
        done = asking.ask(mesh.layout.requests, what="replace", envoy=other_envoy, within=30)
        said = [load.communicate()[0] for load in loads]
        for text in said:
            good, _, bad = text.partition(" ")
            assert bad == "[]\n", text
            assert int(good) > 100
        assert [own["left"] for own in done["replaced"]] == [0, 0]
        after = mesh.pids("proxies/.*bootstrap.json")
        assert not set(before) & set(after)
        assert {os.readlink(f"/proc/{pid}/exe") for pid in after} == {other_envoy}
        # They are looked after as the old ones were, and status and rotation go on.
        subprocess.run(["kill", "-9", *map(str, after)], check=True)
        assert mesh.until(lambda: MARK in mesh.curl("web", "http://orders:9090/").stdout)


def test_one_that_does_not_run_replaces_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "envoy"
    broken.write_text(
        "#!/bin/sh\nif [ $1 = --version ]; then echo version: 0/1.99.0/; fi\nexit 1\n"
    )
    for path in (tmp_path, tmp_path.parent, tmp_path.parent.parent, broken):
        path.chmod(0o755)
    with raised(DESCRIPTION) as mesh:
        assert mesh.until(lambda: MARK in mesh.curl("web", "http://orders:8080/").stdout)
        with pytest.raises(HostError, match="the old one goes on"):
            asking.ask(mesh.layout.requests, what="replace", envoy=str(broken), within=30)
        with pytest.raises(HostError, match="no request"):
            asking.ask(mesh.layout.requests, how="else")
        assert MARK in mesh.curl("web", "http://orders:8080/").stdout
        assert administration.is_ready(mesh.layout.admin("web"))
        _one_is_stopped_and_started(mesh)
        # Now it is taken down with requests under way.
        _requests_end_well(mesh)


def _one_is_stopped_and_started(mesh: Raised) -> None:
    said: list[str] = []
    address = "http://orders:8080/slow"
    thread = threading.Thread(target=lambda: said.append(mesh.curl("web", address).stdout))
    thread.start()
    time.sleep(0.5)
    assert asking.ask(mesh.layout.requests, what="stop", workload="orders") == {"left": 0}
    thread.join()
    assert said == [f"{MARK} /slow"]
    assert MARK not in mesh.curl("web", "http://orders:8080/").stdout
    for what, word in (("stop", "does not run"), ("start", None), ("start", "was not stopped")):
        if word is None:
            asking.ask(mesh.layout.requests, what=what, workload="orders")
            continue
        with pytest.raises(HostError, match=word):
            asking.ask(mesh.layout.requests, what=what, workload="orders")
    assert mesh.until(lambda: MARK in mesh.curl("web", "http://orders:8080/").stdout)
    with pytest.raises(HostError, match="there is no workload 'nobody' here"):
        asking.ask(mesh.layout.requests, what="stop", workload="nobody")


def _requests_end_well(mesh: Raised) -> None:
    said: dict[int, str] = {}

    def ask(port: int) -> None:
        said[port] = mesh.curl("web", f"http://orders:{port}/slow").stdout

    threads = [threading.Thread(target=ask, args=(port,)) for port in (8080, 9090)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    mesh.stop()
    for thread in threads:
        thread.join()
    assert said == {8080: f"{MARK} /slow", 9090: f"{MARK} /slow"}
