"""Fixes that make or extend an ignore file beside the Dockerfile."""

import os
from pathlib import Path

import pytest

from seawall.cli.harden import diff
from seawall.cli.main import run
from seawall.cli.output import create_atomically
from seawall.core.edit import Edit, Fix, Safety
from seawall.hardening.applying import apply
from seawall.hardening.groups import Group
from tests.hardening.support import SAFE, hardened, written
from tests.reports.schemas import valid_report, valid_sarif

RULES = ("dockerignore-missing", "dockerignore-incomplete", "secret-file-copied")
TEXT = """\
FROM python:3.13
COPY . /app
RUN pip install --no-cache-dir -r /app/requirements.txt
USER 10001
"""
ARGUMENTS = ["harden", "app", "--select", ",".join(RULES), "--unsafe", "--quiet"]


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "app"
    (directory / ".git").mkdir(parents=True)
    (directory / "Dockerfile").write_text(TEXT)
    (directory / ".env").write_text("A=1\n")
    return directory


def test_a_new_file(app: Path) -> None:
    result = hardened(app, select=RULES)
    (change,) = result.changes
    assert change.before is None
    assert change.path.endswith(".dockerignore")
    lines = change.after.decode().splitlines()
    assert {"**/.git", "**/.env", "**/id_rsa", "**/__pycache__"} <= set(lines)
    assert "".join(diff(change)).startswith(f"--- /dev/null\n+++ b/{change.path}\n@@ -0,0 +1,")
    assert not [item for item in result.after.findings if item.rule.id in RULES]


def test_what_is_there_is_left_out_only_by_consent(app: Path) -> None:
    """A program may read its .env, and a build its history."""
    assert not hardened(app, tiers=SAFE, select=RULES).changes
    (change,) = hardened(app, select=RULES).changes
    effects = {item.effect for item in change.mended}
    assert effects == {".env and 1 more are no longer there, in the build nor in the image"}


def test_what_is_not_there_yet_is_left_out_safely(app: Path) -> None:
    (app / ".env").unlink()
    (app / ".git").rmdir()
    (change,) = hardened(app, tiers=SAFE, select=RULES).changes
    assert {"**/.git", "**/.env"} <= set(change.after.decode().splitlines())


def test_written_once(app: Path) -> None:
    assert run([*ARGUMENTS, "--check"]) == 1
    assert not (app / ".dockerignore").exists()
    assert run([*ARGUMENTS, "--write"]) == 0
    before = (app / ".dockerignore").read_bytes()
    assert run([*ARGUMENTS, "--check", "--write"]) == 0
    assert (app / ".dockerignore").read_bytes() == before
    assert sorted(os.listdir(app)) == [".dockerignore", ".env", ".git", "Dockerfile"]


def test_two_dockerfiles_share_one(app: Path) -> None:
    (app / "web.Dockerfile").write_text(TEXT)
    (change,) = hardened(app, select=RULES).changes
    assert change.before is None
    assert {item.finding.location.path.rpartition("/")[2] for item in change.mended} == {
        "Dockerfile", "web.Dockerfile",
    }  # fmt: skip


def test_nothing_that_copy_names_is_left_out(app: Path) -> None:
    text = TEXT + "COPY .env /etc/app.env\nCOPY Dockerfile /doc/\nCOPY certs/ca.pem /certs/\n"
    (app / "Dockerfile").write_text(text)
    (app / "certs").mkdir()
    (app / "certs" / "ca.pem").write_text("")
    (change,) = hardened(app, select=RULES).changes
    lines = change.after.decode().splitlines()
    assert "**/.git" in lines
    assert not {"**/.env", "**/Dockerfile*", "**/*.pem"} & set(lines)


def test_a_build_that_asks_git_keeps_its_history(app: Path) -> None:
    (app / "Dockerfile").write_text(TEXT + "RUN git describe > /version\n")
    result = hardened(app, select=("dockerignore-missing",))
    assert not any(b".git\n" in change.after for change in result.changes)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", [True, False])
def test_an_old_file_is_added_to(app: Path, newline: str, end: bool) -> None:
    old = f"# ours{newline}dist" + (newline if end else "")
    (app / ".dockerignore").write_bytes(old.encode())
    (change,) = hardened(app, select=RULES).changes
    added = f"**/.env{newline}**/.git{newline}"
    assert change.after.decode() == old + ("" if end else newline) + added


def test_what_is_brought_back_stays(app: Path) -> None:
    (app / ".dockerignore").write_text("**/.*\n!.env\n")
    assert not hardened(app, select=RULES).changes


def test_the_file_of_one_dockerfile(app: Path) -> None:
    (app / "Dockerfile.dockerignore").write_text("dist\n")
    (change,) = hardened(app, select=RULES).changes
    assert change.path.endswith("Dockerfile.dockerignore")


def test_unknown_sources(app: Path) -> None:
    (app / "Dockerfile").write_text("ARG WHAT\n" + TEXT + "ARG WHAT\nCOPY $WHAT /x/\n")
    assert not hardened(app, select=RULES).changes


def test_a_file_that_appears_in_between(
    app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = create_atomically

    def create(path: str, data: bytes) -> None:
        Path(path).write_text("theirs\n")
        real(path, data)

    monkeypatch.setattr("seawall.cli.harden.create_atomically", create)
    assert run([*ARGUMENTS, "--write"]) == 3
    assert (app / ".dockerignore").read_text() == "theirs\n"
    assert "has been made meanwhile" in capsys.readouterr().err
    assert sorted(os.listdir(app)) == [".dockerignore", ".env", ".git", "Dockerfile"]


@pytest.mark.parametrize("target", ["../outside", "inside"])
def test_no_link_is_followed(app: Path, target: str) -> None:
    (app / ".dockerignore").symlink_to(target)
    (app / target).write_text("dist\n")
    assert run([*ARGUMENTS, "--write"]) == 0
    assert (app / target).read_text() == "dist\n"


def test_no_link_is_followed_that_leads_nowhere(app: Path) -> None:
    (app / ".dockerignore").symlink_to("../nowhere")
    assert run([*ARGUMENTS, "--write"]) == 0
    assert not (app.parent / "nowhere").exists()


def test_fixes_in_reports(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["scan", "app", "--select", "dockerignore-missing"]
    run([*arguments, "--format", "json"])
    report = valid_report(capsys.readouterr().out)
    (finding,) = report["findings"]
    (edit,) = finding["fixes"][0]["edits"]
    assert (edit["path"], edit["start"], edit["end"], edit["creates"]) == (
        "app/.dockerignore", 0, 0, True,
    )  # fmt: skip
    run([*arguments, "--format", "sarif"])
    (result,) = valid_sarif(capsys.readouterr().out)["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "app/.dockerignore"


def test_all_files_or_none(app: Path) -> None:
    """A fix of two files is not made where one of its parts has to wait."""
    finding = hardened(app, select=RULES).before.findings[0]
    edits = (Edit("a", 0, 1, "x"), Edit("b", 0, 0, "new", creates=True))
    group = Group(finding, fix=Fix("both", Safety.SAFE, edits))
    first, second = group.parts
    assert group.paths == ("a", "b")
    assert apply(b"0", [first]).data == b"x"
    assert apply(None, [second]).data == b"new"
    assert apply(b"there", [second]).refused[0][1] == "there is such a file already"


def test_hardened_result_is_written(app: Path) -> None:
    result = hardened(app, select=RULES)
    written(app, result)
    assert not hardened(app, select=RULES).changes
