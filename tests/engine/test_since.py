"""--since: only what came after a revision counts, judged on the whole."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from seawall.engine import analysing, scanning
from tests.engine.support import seawall
from tests.sources.git_support import commit, git, make, needs_git
from tests.triage.support import command, pod, write

pytestmark = needs_git
SELECT = (
    "host-network,host-pid,image-tag-mutable,service-selector-dangling,hardcoded-secret,ignore-*"
)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pods, committed; the current directory."""
    folder = make(tmp_path / "r")
    write(folder, {"a.yaml": pod("a"), "d/b.yaml": pod("b")})
    commit(folder)
    monkeypatch.chdir(folder)
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    return folder


def report(*arguments: str, since: str = "HEAD") -> Any:
    ran = command("scan", "--select", SELECT, "--format", "json", "--since", since, *arguments)
    assert ran.code in (0, 1), ran.err
    return json.loads(ran.out)


def new(*arguments: str, since: str = "HEAD") -> list[tuple[str, str]]:
    found = report(*arguments, since=since)["findings"]
    return sorted((item["subject"]["name"], item["rule"]) for item in found)


def test_nothing_has_changed(repository: Path) -> None:
    assert new() == []
    found = report()["suppressed"]
    assert len(found) == 8
    assert {item["reason"] for item in found} == {"was there at HEAD"}
    assert {item["by"]["form"] for item in found} == {"history"}


def test_untracked_and_uncommitted_files(repository: Path) -> None:
    write(repository, {"c.yaml": pod("c"), "a.yaml": pod("a").replace("app:latest", "app:main")})
    expected = [("a", "image-tag-mutable"), ("c", "host-network"), ("c", "host-pid"),
                ("c", "image-tag-mutable"), ("c", "image-tag-mutable")]  # fmt: skip
    assert new() == expected
    git(repository, "add", "-A")
    assert new() == expected
    commit(repository)
    assert new(since="HEAD") == []
    assert new(since="HEAD~1") == expected
    assert new("d", since="HEAD~1") == []
    assert new("c.yaml", since="HEAD~1") == expected[1:]
    assert new(str(repository / "a.yaml"), since="HEAD~1") == expected[:1]


def test_renamed_and_deleted_files(repository: Path) -> None:
    git(repository, "mv", "a.yaml", "d/renamed.yaml")
    assert new() == []
    (repository / "d/b.yaml").write_text("# a line\n" * 9 + pod("b"))
    assert new() == []
    (repository / "d/b.yaml").unlink()
    assert new() == []


def test_the_same_once_more_is_new(repository: Path) -> None:
    write(repository, {"z.yaml": pod("a")})
    assert len(new()) == 4


SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
"""
WEB = pod("web").replace("name: web\n", "name: web\n  labels: {app: web}\n", 1)


def test_a_relation_that_a_change_elsewhere_breaks(repository: Path) -> None:
    write(repository, {"service.yaml": SERVICE, "web.yaml": WEB})
    commit(repository)
    assert new() == []
    write(repository, {"web.yaml": WEB.replace("app: web", "app: shop")})
    assert new() == [("web", "service-selector-dangling")]
    (repository / "web.yaml").unlink()
    assert new() == [("web", "service-selector-dangling")]


def test_an_ignore_that_is_removed(repository: Path) -> None:
    ignored = pod("a").replace("hostPID: true", "hostPID: true # seawall: ignore[host-pid] x")
    write(repository, {"a.yaml": ignored})
    commit(repository)
    assert new() == []
    write(repository, {"a.yaml": pod("a")})
    assert new() == [("a", "host-pid")]


def test_an_ignore_that_is_new(repository: Path) -> None:
    ignored = pod("a").replace("hostPID: true", "hostPID: true # seawall: ignore[host-network] x")
    write(repository, {"a.yaml": ignored})
    assert new() == [("", "ignore-unused")]
    commit(repository)
    assert new() == []


def test_a_worse_severity_and_another_secret(repository: Path) -> None:
    env = "      env: [{{name: A_PASSWORD, value: {}}}]\n"
    write(repository, {"a.yaml": pod("a") + env.format("Bluebell-27xKq")})
    commit(repository)
    assert new() == []
    write(repository, {"a.yaml": pod("a") + env.format("Bluebell-28xKq")})
    assert new() == [("a", "hardcoded-secret")]


def test_locked_rules_are_a_matter_of_ignores_not_of_time(repository: Path) -> None:
    write(repository, {"seawall.toml": 'locked = ["host-pid"]\n'})
    assert new() == []


def test_exclude_context_and_gitignore(repository: Path) -> None:
    write(
        repository,
        {"service.yaml": SERVICE, "lib/web.yaml": WEB, "seawall.toml": 'exclude = ["d/"]\n'},
    )
    commit(repository)
    write(repository, {"d/c.yaml": pod("c"), ".gitignore": "out/\n", "out/x.yaml": pod("x")})
    assert new() == []
    assert new("service.yaml", "--context", "lib") == []
    write(repository, {"lib/web.yaml": WEB.replace("app: web", "app: shop")})
    (repository / "service.yaml").write_text(SERVICE.replace("80", "81"))
    low = ("--min-confidence", "low")
    assert ("web", "service-selector-dangling") in new("service.yaml", "--context", "lib", *low)
    assert new("--context", "lib", "d") == []


def test_branches_tags_and_dates(repository: Path) -> None:
    git(repository, "tag", "v1")
    git(repository, "checkout", "-q", "-b", "other")
    write(repository, {"c.yaml": pod("c")})
    commit(repository)
    for revision in ("v1", "main", "HEAD~1", "refs/heads/main"):
        assert len(new(since=revision)) == 4


def test_the_commits_side_may_hold_broken_files(repository: Path) -> None:
    write(repository, {"x.yaml": "kind: Pod\na: [\n"})
    commit(repository)
    write(repository, {"x.yaml": pod("x")})
    assert len(new()) == 4


# Where history is not to be had ----------------------------------------------------------------


def refused(*arguments: str) -> str:
    ran = command("scan", *arguments)
    assert ran.code == 2
    assert not ran.out
    return ran.err


def test_what_has_no_history(repository: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside", {"a.yaml": pod("a")})
    assert "standard input has no history" in refused("-", "--since", "HEAD")
    assert "is in no work tree of git" in refused(str(tmp_path / "outside"), "--since", "HEAD")
    err = refused(".", str(tmp_path / "outside"), "--since", "HEAD")
    assert "outside is not in the repository" in err
    assert "nowhere" in refused("--since", "nowhere")
    assert "--upload-pack" in refused("--since=--upload-pack=touch x")


def shallow(repository: Path, folder: Path, *options: str) -> None:
    git(repository.parent, "clone", "-q", "--no-local", *options, repository.as_uri(), folder.name)


def test_a_shallow_clone(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = git(repository, "rev-parse", "HEAD").decode().strip()
    write(repository, {"c.yaml": pod("c")})
    commit(repository)
    write(repository, {"e.yaml": pod("e")})
    commit(repository)
    clone = repository.parent / "clone"
    shallow(repository, clone, "--depth", "2")
    monkeypatch.chdir(clone)
    assert len(new(since="HEAD~1")) == 4
    err = refused("--since", first)
    assert first[:7] in err
    assert "shallow" in err or "fetch" in err


def test_a_partial_clone(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repository, {"c.yaml": pod("c"), "d/b.yaml": pod("b") + "# more\n"})
    commit(repository)
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = repository.parent / "clone"
    shallow(repository, clone, "--filter=blob:none")
    monkeypatch.chdir(clone)
    ran = command("scan", "--select", SELECT, "--format", "json", "--since", "HEAD~1")
    assert "1 files of HEAD~1 are not in this repository" in ran.err
    names = {finding["subject"]["name"] for finding in ran.report["findings"]}
    assert names == {"b", "c"}, "what was not there to compare with counts as new"


def test_hostile_settings_never_run(repository: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    script.chmod(0o755)
    write(repository, {".gitattributes": "*.yaml filter=x diff=x\n"})
    commit(repository)
    write(repository, {"c.yaml": pod("c")})
    for name, value in {
        "core.fsmonitor": script, "core.hooksPath": tmp_path, "core.sshCommand": script,
        "filter.x.clean": script, "filter.x.smudge": script, "filter.x.process": script,
        "diff.x.textconv": script, "diff.x.command": script, "diff.external": script,
        "core.pager": script, "core.editor": script, "core.gitProxy": script,
        "remote.origin.url": f"ext::{script}", "remote.origin.promisor": "true",
        "extensions.partialClone": "origin", "alias.cat-file": f"!{script}",
        "uploadpack.packObjectsHook": script, "credential.helper": script,
    }.items():  # fmt: skip
        git(repository, "config", name, str(value))
    hook = repository / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.symlink_to(script)
    marker.unlink(missing_ok=True)
    assert len(new()) == 4
    assert not marker.exists()


# With what else there is -------------------------------------------------------------------------


def test_with_a_cache_workers_and_a_baseline(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(scanning, "WORTH_REMEMBERING", 0)
    monkeypatch.setattr(analysing, "WORTH_SPREADING", 0)
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    write(repository, {"c.yaml": pod("c"), "a.yaml": pod("a").replace("app:latest", "app:main")})
    options = ("scan", "--select", SELECT, "--format", "json", "--since", "HEAD")
    expected = command(*options)
    assert len(expected.report["findings"]) == 5
    for number in ("1", "3"):
        assert command(*options, "--cache", "-j", number) == expected
    ran = command(*options, "--write-baseline")
    assert ran.report["findings"] == []
    assert len((repository / "seawall.baseline").read_text().splitlines()) == 1 + 12
    assert command(*options, "--baseline", "seawall.baseline").report["findings"] == []


def test_from_the_command_line(repository: Path) -> None:
    write(repository, {"c.yaml": pod("c")})
    ran = seawall("scan", "--since", "HEAD", "--no-cache", cwd=repository)
    assert ran.code == 1
    assert b"c.yaml" in ran.out
    assert b"a.yaml" not in ran.out
