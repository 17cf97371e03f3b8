"""The workflow that publishes a database: its file, and its script run for real."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.advisories.store import Store
from seawall.advisories.update import settings
from tests.advisories.update import upstream
from tests.cli.support import command
from tests.shared import ROOT
from tests.sources.http.server import Server

SCRIPT = ROOT / ".ci" / "advisories"
GH = """\
#!/bin/sh
# As gh does: a release is there once it was made, and an asset is a file of it.
case "$2" in
  view) test -d "$RELEASES/$3" ;;
  create) mkdir "$RELEASES/$3" ;;
  upload) cp "$4" "$RELEASES/$3/" && echo "$(basename "$4")" >>"$RELEASES/order" ;;
esac
"""


def test_the_workflow_has_few_rights_and_no_open_door() -> None:
    path = ROOT / ".github/workflows/advisories.yml"
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text())
    # Nothing that a stranger can begin: the key is at hand in it. YAML 1.1 reads "on" as true.
    assert workflow[True].keys() == {"schedule", "workflow_dispatch"}
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["cancel-in-progress"] is False
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "write"}
    assert job["timeout-minutes"] > 0
    uses = [step["uses"] for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", use) for use in uses)
    assert all("${{" not in step.get("run", "") for step in job["steps"])
    told = [step for step in job["steps"] if "secrets." in str(step)]
    assert [step["run"] for step in told] == ["bash .ci/advisories"]
    assert "persist-credentials': False" in str(job["steps"][0])


@pytest.fixture
def world(tmp_path: Path, server: Server) -> dict[str, str]:
    """What the script runs with: sources at a server, a key, and a stand-in for GitHub's side."""
    for program in ("bash", "ssh-keygen"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    upstream.put_all(server)
    own = tmp_path / "own"
    own.mkdir()
    (own / settings.FILE).write_text('sources = ["osv-go", "kev", "oracle"]\n')
    (tmp_path / "releases").mkdir()
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True
    )
    wrapper = tools / "seawall-here"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m seawall "$@"\n')
    wrapper.chmod(0o755)
    return {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "RELEASES": str(tmp_path / "releases"),
        "SEAWALL": str(wrapper),
        "SEAWALL_DATA_DIR": str(own),
        "SEAWALL_CACHE_DIR": str(tmp_path / "cache"),
        "SIGNING_KEY": (tmp_path / "key").read_text(),
        settings.MIRRORS: " ".join(upstream.mirrors(server)),
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(ROOT / "src"),
    }


def publish(world: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(SCRIPT)], env=world, capture_output=True, text=True, check=False, timeout=120
    )


def test_it_makes_what_others_take(
    world: dict[str, str], server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first time there is a database in the installation that has more: it is not lost.
    refused = publish(world)
    if refused.returncode:
        assert "were not asked for" in refused.stderr
        assert not list((tmp_path / "releases").iterdir())
        made = command_in(world, "db", "update", "--shareable", "--partial")
        assert made.returncode == 0, made.stderr
    done = publish(world)
    assert done.returncode == 0, done.stderr
    release = tmp_path / "releases" / "advisories"
    order = (tmp_path / "releases" / "order").read_text().split()
    assert order == ["seawall-db", "seawall-db.sig", "seawall-db.licenses.txt", "seawall-db.sha256"]
    assert "osv-go" in (release / "seawall-db.licenses.txt").read_text()
    assert sorted(each.name for each in tmp_path.glob("tmp.*")) == []  # the key is gone

    for each in release.iterdir():
        server.files[f"/releases/{each.name}"] = each.read_bytes()
    signers = tmp_path / "signers"
    signers.write_text(f"publisher@example.org {(tmp_path / 'key.pub').read_text()}")
    monkeypatch.setenv("SEAWALL_DATA_DIR", str(tmp_path / "another"))
    address = f"{server.base}/releases/seawall-db"
    taken = command("db", "update", "--published", address, "--signers", str(signers))
    assert taken.code == 0, taken.errors
    with Store.open(str(tmp_path / "another" / "advisories.db")) as store:
        assert {each.name for each in store.sources()} == {"osv-go", "kev"}  # not Oracle's


def test_it_publishes_nothing_when_nothing_could_be_had(
    world: dict[str, str], server: Server, tmp_path: Path
) -> None:
    server.files.clear()
    done = publish(world)
    assert done.returncode != 0
    assert "nothing could be fetched" in done.stderr
    assert not list((tmp_path / "releases").iterdir())


def command_in(world: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [world["SEAWALL"], *arguments], env=world, capture_output=True, text=True, check=False
    )
