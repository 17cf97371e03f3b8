"""The parts of the harness that need no builder."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.builds import machine
from tests.builds.cases import CASES
from tests.builds.containers import Container
from tests.builds.heredocs import lowered
from tests.shared import DATA


def test_a_script_becomes_a_list_for_the_shell_of_its_stage(tmp_path: Path) -> None:
    text = b'FROM a\nSHELL ["/bin/bash", "-c"]\nRUN <<EOF\necho "a"\nEOF\nUSER 1\n'
    *head, run, last = lowered(text, tmp_path).decode().splitlines()
    assert head == ["FROM a", 'SHELL ["/bin/bash", "-c"]']
    assert json.loads(run.removeprefix("RUN ")) == ["/bin/bash", "-c", 'echo "a"\n']
    assert last == "USER 1"


def test_a_command_with_documents_becomes_one_text(tmp_path: Path) -> None:
    text = b"FROM a\nRUN cat <<'A' <<-B\nx\nA\n\ty\n\tB\n"
    run = lowered(text, tmp_path).decode().splitlines()[1]
    script = json.loads(run.removeprefix("RUN "))
    assert script == ["/bin/sh", "-c", "cat <<'A' <<-B\nx\nA\ny\nB"]


def test_files_are_copied_from_a_context_of_their_own(tmp_path: Path) -> None:
    text = b"FROM a\nCOPY --chmod=444 <<one <<two /x/\n1\none\n2\ntwo\n"
    copy = lowered(text, tmp_path).decode().splitlines()[1]
    assert copy == "COPY --from=heredocs --chmod=444 /1/one /1/two /x/"
    assert [(tmp_path / "1" / name).read_text() for name in ("one", "two")] == ["1\n", "2\n"]


@pytest.mark.parametrize(
    "text",
    ["COPY <<A /x\n$HOME\nA\n", "RUN <<A\n#!/usr/bin/python3\nA\n", "COPY file <<A /x/\na\nA\n"],
)
def test_other_forms_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 2: "):
        lowered(f"FROM a\n{text}".encode(), tmp_path)


def test_text_without_heredocs_stays(tmp_path: Path) -> None:
    text = b"FROM a\r\n# <<EOF\r\nRUN echo $((1<<2))"
    assert lowered(text, tmp_path) == text


def test_the_user_is_found_as_engines_find_it(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\napp:x:7:8::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nstaff:x:50:\n")
    users = {
        "": (0, 0),
        "app": (7, 8),
        "7": (7, 8),
        "app:staff": (7, 50),
        "9": (9, 0),
        "9:3": (9, 3),
    }
    for text, numbers in users.items():
        assert Container(tmp_path, {"User": text}).user == numbers, text


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "only root" in machine.missing.__wrapped__()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "buildah" else name)
    assert machine.missing.__wrapped__() == "to build images here, install buildah"


def test_every_fixture_is_a_case() -> None:
    names = sorted(path.name for path in (DATA / "builds").iterdir())
    assert sorted(case.name for case in CASES) == names
