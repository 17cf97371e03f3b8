"""Mending in passes: what is promised is kept, what cannot be kept is advice with a reason."""

import json
import os
import stat
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall import engine
from seawall.cli.main import run
from seawall.core.edit import Edit, Fix, Safety
from seawall.dockerfile.build import MAX_INSTRUCTIONS
from seawall.hardening.applying import apply
from seawall.hardening.groups import Group, Part
from tests.hardening.support import SAFE, hardened, written
from tests.test_engine import POD

Output = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch

DEPLOYMENT = """\
# The shop's front.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # as in DNS
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: "registry.example.org/web:1.4.2"
        securityContext:
          privileged: true # for now
        env:
        - name: MODE
          value: a
        - name: MODE
          value: b

"""


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_fixes_bring_by_nature_needs_no_search(tmp_path: Path, monkeypatch: Patch) -> None:
    """A new object stands in the namespace of its workload, a new key behind the others."""
    (tmp_path / "a.yaml").write_text(DEPLOYMENT)
    some = hardened(tmp_path, tiers=SAFE)
    scans: list[object] = []
    scan = engine.scan_or_replay

    def counted(*rest: Any) -> object:
        scans.append(rest)
        return scan(*rest)

    monkeypatch.setattr(engine, "scan_or_replay", counted)
    all_ = hardened(tmp_path, tiers=SAFE, profile="all")
    assert "kind: PodDisruptionBudget" in some.changes[0].after.decode()
    assert "kind: PodDisruptionBudget" in all_.changes[0].after.decode()
    brought = {item.rule.id for item in all_.after.findings} & {"default-namespace"}
    assert brought
    assert len(scans) <= 4


def test_safe_edits_only(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(DEPLOYMENT)
    (change,) = hardened(tmp_path, tiers=SAFE).changes
    after = change.after.decode()
    assert "privileged: true # for now" in after
    assert after.count("- name: MODE") == 1
    assert "value: b" in after
    assert after.startswith("# The shop's front.\n")
    assert {item.safety for item in change.mended} == {Safety.SAFE}


def test_all_edits_keep_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(DEPLOYMENT)
    (change,) = hardened(tmp_path).changes
    after = change.after.decode()
    for line in DEPLOYMENT.splitlines():
        if "privileged" not in line and "MODE" not in line and "value:" not in line:
            assert line in after.splitlines()
    assert "          privileged: false # for now\n" in after
    assert "runAsNonRoot: true" in after


def test_applied_twice_equals_applied_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(DEPLOYMENT)
    first = hardened(tmp_path)
    assert first.changes
    written(tmp_path, first)
    assert not hardened(tmp_path).changes


def test_line_ends_marks_and_final_lines_stay(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + DEPLOYMENT.rstrip("\n").replace("\n", "\r\n").encode()
    (tmp_path / "a.yaml").write_bytes(data)
    (change,) = hardened(
        tmp_path, select=("privileged-container", "read-only-root-filesystem")
    ).changes
    assert change.after.startswith(b"\xef\xbb\xbf#")
    assert change.after.count(b"\n") == change.after.count(b"\r\n")
    assert not change.after.endswith(b"\n")


def test_other_documents_are_left_alone(tmp_path: Path) -> None:
    other = "a: [broken\n---\nkind:   ConfigMap\napiVersion: v1\nmetadata: { name:  c }\n---\n"
    (tmp_path / "a.yaml").write_text(other + DEPLOYMENT)
    (change,) = hardened(tmp_path, select=("privileged-container",)).changes
    assert change.after.decode() == other + DEPLOYMENT.replace("true # for", "false # for")


def test_what_is_behind_an_anchor_is_advice(tmp_path: Path) -> None:
    text = DEPLOYMENT.replace("securityContext:", "securityContext: &s").replace(
        "        env:",
        "      - name: b\n        image: x:1\n        securityContext: *s\n        env:",
    )
    (tmp_path / "a.yaml").write_text(text)
    result = hardened(tmp_path, select=("privileged-container",))
    assert not result.changes
    assert all("that others use" in item.reason or "alias" in item.reason for item in result.advice)
    assert result.advice


def test_selecting_rules(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(DEPLOYMENT)
    (change,) = hardened(tmp_path, select=("duplicate-env-var",)).changes
    assert {item.finding.rule.id for item in change.mended} == {"duplicate-env-var"}


def test_an_ignored_finding_is_not_mended(tmp_path: Path) -> None:
    text = DEPLOYMENT.replace("# for now", "# seawall: ignore[privileged-container] needs it")
    (tmp_path / "a.yaml").write_text(text)
    for change in hardened(tmp_path).changes:
        assert b"privileged: true" in change.after


def test_generated_objects_are_added_once(tmp_path: Path) -> None:
    second = DEPLOYMENT.split("      containers:\n")[0]
    (tmp_path / "a.yaml").write_text(DEPLOYMENT)
    (change,) = hardened(tmp_path, select=("default-service-account", "pdb-missing")).changes
    after = change.after.decode()
    assert after.count("kind: ServiceAccount") == 1
    assert after.count("kind: PodDisruptionBudget") == 1
    assert second in after


def test_no_secret_value_enters_the_tree(tmp_path: Path) -> None:
    import secrets

    value = "Zx" + secrets.token_hex(12)
    text = DEPLOYMENT.replace(
        "value: a", "value: a\n        - name: DB_PASSWORD\n          value: " + value
    )
    (tmp_path / "a.yaml").write_text(text)
    (change,) = hardened(tmp_path, select=("hardcoded-secret",)).changes
    assert value.encode() not in change.after
    assert b"secretKeyRef" in change.after
    (mended,) = change.mended
    assert "kubectl create secret generic web-credentials" in mended.note
    assert value not in mended.note


# The command ----------------------------------------------------------------------------------


def test_nothing_is_written_without_the_word(tmp_path: Path, capsys: Output) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(DEPLOYMENT)
    assert run(["harden", "--unsafe", "a.yaml"]) == 0
    assert file.read_text() == DEPLOYMENT
    output = capsys.readouterr()
    assert "--- a/a.yaml\n+++ b/a.yaml\n" in output.out
    assert "Nothing was written" in output.err
    assert run(["harden", "--check", "--quiet", "."]) == 1


def test_the_diff_is_one_that_git_applies(tmp_path: Path, capsys: Output) -> None:
    import subprocess

    file = tmp_path / "a.yaml"
    file.write_text(DEPLOYMENT.rstrip("\n"))
    run(["harden", "--unsafe", "--quiet", "."])
    diff = capsys.readouterr().out
    subprocess.run(["git", "apply", "-"], input=diff.encode(), check=True, cwd=tmp_path)
    assert not hardened(tmp_path).changes


def test_writing_keeps_the_mode(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(DEPLOYMENT)
    file.chmod(0o640)
    assert run(["harden", "--write", "--quiet", "--unsafe", "--output", "/dev/null", "."]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert "privileged: false" in file.read_text()
    assert run(["harden", "--check", "--unsafe", "--quiet", "."]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def test_a_file_that_changes_meanwhile_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(DEPLOYMENT)
    from seawall.cli import harden as command

    original = command._harden

    def meanwhile(options: object) -> object:
        result = original(options)  # type: ignore[arg-type]
        file.write_text("# mine\n" + DEPLOYMENT)
        return result

    monkeypatch.setattr(command, "_harden", meanwhile)
    assert run(["harden", "--write", "--quiet", "--output", "/dev/null", "."]) == 3
    assert file.read_text() == "# mine\n" + DEPLOYMENT


def test_links_are_not_followed_for_writing(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.yaml").write_text(DEPLOYMENT)
    inside = tmp_path / "inside"
    inside.mkdir()
    os.symlink(outside / "a.yaml", inside / "link.yaml")
    assert run(["harden", "--write", "--unsafe", "--quiet", "inside"]) == 0
    assert (
        run(["harden", "--write", "--unsafe", "--quiet", "-o", "/dev/null", "inside/link.yaml"])
        == 3
    )
    assert (outside / "a.yaml").read_text() == DEPLOYMENT


def test_json_patch(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "a.yaml").write_text(DEPLOYMENT)
    run(
        [
            "harden",
            "--unsafe",
            "--quiet",
            "--as",
            "json-patch",
            "--select",
            "privileged-container",
            ".",
        ]
    )
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert row["kind"] == "Deployment"
    assert row["patch"] == [
        {
            "op": "replace",
            "path": "/spec/template/spec/containers/0/securityContext/privileged",
            "value": False,
        }
    ]


def test_standard_input_cannot_be_mended() -> None:
    assert run(["harden", "-"]) == 2


# Edits of bytes -------------------------------------------------------------------------------


def test_overlapping_edits_wait(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(POD.format(name="a"))
    finding = hardened(tmp_path).before.findings[0]._replace(repairs=())
    first = Fix("first", Safety.SAFE, (Edit("a.yaml", 2, 5, "X"),))
    second = Fix("second", Safety.SAFE, (Edit("a.yaml", 4, 6, "Y"),))
    third = Fix("third", Safety.SAFE, (Edit("a.yaml", 0, 1, ""), Edit("a.yaml", 7, 7, "Z")))
    groups = [Group(finding, fix=fix) for fix in (first, second, third)]
    applied = apply(b"0123456789", [part for group in groups for part in group.parts])
    assert applied.data == b"1X56Z789"
    assert [part.group.title for part in applied.made] == ["first", "third"]


EDITS = st.lists(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 400), st.sampled_from("ab")),
        min_size=1, max_size=3,
    ),
    max_size=20,
)  # fmt: skip


@given(EDITS)
def test_edits_give_way_to_any_that_they_touch(wanted: list[list[tuple[int, int, str]]]) -> None:
    """As if each edit were compared with all before it."""
    parts = [
        Part(
            cast("Group", None),
            "a",
            tuple(Edit("a", start, start + size, text) for start, size, text in edits),
        )
        for edits in wanted
    ]
    made, seen = [], list[Edit]()
    for part in parts:
        if all(
            one == other
            or not (one.start == other.start or (one.start < other.end and other.start < one.end))
            for one in part.edits
            for other in seen
        ):
            made.append(part)
        seen += part.edits
    assert list(apply(bytes(1300), parts).made) == made


def test_a_file_does_not_become_too_large(tmp_path: Path) -> None:
    """What makes it longer is left; the rest is made, and nothing is tried a thousand times."""
    lines = [line for _ in range(MAX_INSTRUCTIONS // 2 - 2) for line in (LONGER, SHORTER)]
    text = "\n".join(["FROM debian:12", *lines, "USER 10001", 'CMD ["a"]', ""])
    (tmp_path / "Dockerfile").write_text(text)
    result = hardened(tmp_path, select=("run-cd", "sudo-used", "too-large-to-judge"))
    (change,) = result.changes
    assert change.after.decode() == text.replace(SHORTER, "RUN make")
    assert {item.finding.rule.id for item in result.advice} == {"run-cd"}
    assert all("too-large-to-judge" in item.reason for item in result.advice)


LONGER = "RUN cd /x && make"
SHORTER = "RUN sudo make"
