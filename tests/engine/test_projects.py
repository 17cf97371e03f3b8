"""Compose and bake files lead a scan to Dockerfiles of any name, and never out of its targets."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from seawall.dockerfile.names import project_kind
from seawall.engine import scanning
from seawall.engine.projects import projects_of
from seawall.sources.files import SourceFile
from tests.sources.git_support import commit, make, needs_git
from tests.triage.support import command, write

COMPOSE = """\
services:
  api:
    build:
      context: ./app
      dockerfile: docker/api.build
      target: ${TARGET:-run}
      args:
        - BASE=debian:latest
        - TOKEN
  db:
    image: postgres:17.4
"""
API = """\
ARG BASE
FROM ${BASE} AS run
COPY conf entry.sh /etc/app/
ENTRYPOINT ["/etc/app/entry.sh"]
FROM run AS test
USER 10001:10001
"""
TREE = {
    "compose.yaml": COMPOSE,
    "app/docker/api.build": API,
    "app/.dockerignore": "conf\n",
    "app/conf": "x\n",
    "app/entry.sh": "#!/bin/sh\n/bin/app\n",
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def report(*arguments: str) -> Any:
    ran = command("scan", "--profile", "all", "--min-confidence", "low", "--exit-zero",
                  "--format", "json", *arguments)  # fmt: skip
    assert ran.code in (0, 3), ran.err
    return json.loads(ran.out)


def found(*arguments: str) -> set[tuple[str, str, int]]:
    """Rule, file and line of each finding."""
    return {
        (one["rule"], one["location"]["path"], one["location"]["line"])
        for one in report(*arguments)["findings"]
    }


def rules_of(path: str, *arguments: str) -> set[str]:
    return {rule for rule, file, _ in found(*arguments) if file == path}


def not_covered(*arguments: str) -> list[tuple[str, str, str]]:
    rows = report(*arguments)["coverage"]["not_covered"]
    return [(row["path"], row["what"], row["reason"]) for row in rows]


# Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("compose.yaml", "compose file"),
        ("a/docker-compose.yml", "compose file"),
        ("docker-compose.dev.yml", "compose file"),
        ("compose.override.yaml", "compose file"),
        ("docker-bake.hcl", "bake file"),
        ("docker-bake.override.json", "bake file"),
        ("decompose.yaml", ""),
        ("compose.py", ""),
        ("bakery.hcl", ""),
    ],
)
def test_projects_are_told_by_their_names(path: str, kind: str) -> None:
    assert project_kind(path) == kind


# What they say --------------------------------------------------------------------------------


def test_a_dockerfile_of_any_name_is_read_as_it_is_built(tree: Path) -> None:
    write(tree, TREE)
    got = found()
    file = "app/docker/api.build"
    assert ("base-image-latest", file, 2) in got, "the argument of the project counts"
    assert ("copy-ignored", file, 3) in got, "the ignore file is that of the context"
    assert ("entrypoint-script-no-exec", file, 4) in got, "the script is read from the context"
    assert ("user-missing", file, 2) in got, "the target is an image, too"
    assert "stage-unreachable" not in rules_of(file)


def test_without_the_project_the_file_is_none(tree: Path) -> None:
    write(tree, {name: text for name, text in TREE.items() if name != "compose.yaml"})
    assert not found()


def test_the_context_of_a_usual_name_is_what_the_project_says(tree: Path) -> None:
    dockerfile = "FROM debian:12.11-slim\nCOPY app /app\nUSER 10001:10001\n"
    write(tree, {"docker/Dockerfile": dockerfile, ".dockerignore": "app\n", "app/a": "x"})
    assert "copy-ignored" not in rules_of("docker/Dockerfile")
    build = "services: {a: {build: {context: ., dockerfile: docker/Dockerfile}}}\n"
    write(tree, {"docker-compose.yml": build})
    assert "copy-ignored" in rules_of("docker/Dockerfile")


def test_builds_that_disagree_leave_context_and_argument_open(tree: Path) -> None:
    write(tree, TREE)
    second = COMPOSE.replace("./app", ".").replace("docker/", "app/docker/")
    write(tree, {"compose.dev.yaml": second.replace("debian:latest", "debian:12.11")})
    rules = rules_of("app/docker/api.build")
    assert not rules & {"base-image-latest", "copy-ignored", "entrypoint-script-no-exec"}
    assert "user-missing" in rules


def test_bake_files(tree: Path) -> None:
    hcl = (
        'variable "TAG" { default = "latest" }\n'
        'target "tool" {\n  context = "deploy"\n  dockerfile = "tool.image"\n'
        "  args = { TAG = TAG }\n}\n"
    )
    write(tree, {"docker-bake.hcl": hcl, "deploy/tool.image": "ARG TAG\nFROM alpine:$TAG\n"})
    assert ("base-image-latest", "deploy/tool.image", 2) in found()
    (tree / "docker-bake.hcl").unlink()
    same = {"target": {"tool": {"context": "deploy", "dockerfile": "tool.image",
                                "args": {"TAG": "latest"}}}}  # fmt: skip
    write(tree, {"docker-bake.json": json.dumps(same)})
    assert ("base-image-latest", "deploy/tool.image", 2) in found()


# Text within a project ------------------------------------------------------------------------

INLINE = """\
services:
  one:
    build:
      dockerfile_inline: |
        FROM alpine:latest
        # seawall: ignore[apk-cache] it is small
        RUN apk add jq

        RUN apk add curl
        ENV HOME_OF=$$HOME
        USER 0
  two:
    build:
      dockerfile_inline: |
        FROM alpine:latest
        USER 10001:10001
  three:
    build:
      dockerfile_inline: "FROM alpine:latest\\nUSER 10001:10001\\n"
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_inline_text_is_judged_where_it_stands(tree: Path, end: str) -> None:
    (tree / "compose.yaml").write_text(INLINE, newline=end)
    rows = [
        one for one in report()["findings"] if one["rule"] in ("base-image-latest", "user-root")
    ]
    assert sorted(
        (
            one["subject"]["name"],
            one["location"]["line"],
            one["location"]["column"],
        )
        for one in rows
    ) == [("one", 5, 14), ("one", 11, 14), ("three", 19, 1), ("two", 15, 14)]
    assert not any(one.get("fixes") for one in report()["findings"])


def test_ignores_in_inline_text_are_about_its_lines(tree: Path) -> None:
    write(tree, {"compose.yaml": INLINE})
    lines = [line for rule, _, line in found() if rule == "apk-cache"]
    assert lines == [9]


def test_a_project_with_inline_text_is_read_once(tree: Path) -> None:
    write(tree, {"compose.yaml": INLINE})
    coverage = report()["coverage"]
    assert coverage["read"] == ["compose.yaml"]
    assert not coverage["skipped"]


def test_inline_text_that_hangs_on_the_environment_is_not_covered(tree: Path) -> None:
    text = "services: {a: {build: {dockerfile_inline: 'FROM ${BASE}'}}}\n"
    write(tree, {"compose.yaml": text})
    ((file, what, reason),) = not_covered()
    assert (file, what) == ("compose.yaml", "Dockerfile of service a")
    assert "variables" in reason


def test_inline_text_of_bake(tree: Path) -> None:
    text = 'target "a" {\n  dockerfile-inline = <<EOT\nFROM alpine:latest\nUSER 1\nEOT\n}\n'
    write(tree, {"docker-bake.hcl": text})
    assert ("base-image-latest", "docker-bake.hcl", 3) in found()
    assert not report()["coverage"]["skipped"]


# What is elsewhere ----------------------------------------------------------------------------


def test_what_is_outside_or_missing_is_listed(tree: Path) -> None:
    outside = tree.parent / "outside"
    write(outside, {"secret.build": "FROM debian:latest\n"})
    write(tree, {"compose.yaml": f"""\
services:
  up: {{build: {{context: ../outside, dockerfile: secret.build}}}}
  whole: {{build: {{context: "{outside}", dockerfile: secret.build}}}}
  gone: {{build: ./gone}}
  far: {{build: "https://user:hunter2hunter2@example.org/a.git"}}
  open: {{build: "${{DIR}}"}}
"""})  # fmt: skip
    rows = {what.rpartition(" ")[2]: reason for _, what, reason in not_covered()}
    assert rows.keys() == {"up", "whole", "gone", "far", "open"}
    assert "outside" in rows["up"]
    assert "outside" in rows["whole"]
    assert "not there" in rows["gone"]
    assert "variables" in rows["open"]
    assert "hunter2" not in json.dumps(report()), "an address may hold a password"
    assert found() == {("secret-in-address", "compose.yaml", 5)}


def test_links_do_not_lead_out(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither to a Dockerfile, nor to a context whose names or scripts would be read."""
    outside = tree.parent / "outside"
    write(outside, {"x.build": "FROM debian:latest\n", "id_rsa": "x", "entry.sh": "#!/bin/sh\nx\n"})
    (tree / "link").symlink_to(outside)
    dockerfile = 'FROM debian:12.11-slim\nCOPY . /a/\nENTRYPOINT ["/a/entry.sh"]\n'
    write(tree, {
        "own.build": dockerfile,
        "inner/entry.sh.txt": "",
        "compose.yaml": "services:\n"
        "  a: {build: {context: link, dockerfile: x.build}}\n"
        "  b: {build: {context: link, dockerfile: ../own.build}}\n",
    })  # fmt: skip
    opened: list[str] = []
    real = os.open

    def watched(path: Any, *arguments: Any, **named: Any) -> int:
        opened.append(os.path.realpath(path))
        return real(path, *arguments, **named)

    listed: list[str] = []
    real_scan = os.scandir

    def watched_scan(path: Any) -> Any:
        listed.append(os.path.realpath(path))
        return real_scan(path)

    monkeypatch.setattr(os, "open", watched)
    monkeypatch.setattr(os, "scandir", watched_scan)
    rules = rules_of("own.build")
    assert rules
    assert not rules & {"secret-file-copied", "entrypoint-script-no-exec"}
    assert not [path for path in (*opened, *listed) if path.startswith(str(outside))]


def test_a_script_behind_a_link_is_not_read(tree: Path) -> None:
    outside = tree.parent / "outside"
    write(outside, {"entry.sh": "#!/bin/sh\nx\n"})
    write(tree, {"Dockerfile": 'FROM debian:12\nCOPY e.sh /\nENTRYPOINT ["/e.sh"]\n'})
    (tree / "e.sh").symlink_to(outside / "entry.sh")
    assert "entrypoint-script-no-exec" not in rules_of("Dockerfile")


def test_a_project_makes_no_dockerfile_of_a_manifest(tree: Path) -> None:
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true, containers:"
        " [{name: b, image: c}]}\n"
    )
    build = "services: {a: {build: {context: ., dockerfile: pod.yaml}}}\n"
    write(tree, {"pod.yaml": pod, "compose.yaml": build})
    assert "host-pid" in rules_of("pod.yaml")


def test_what_begins_as_no_dockerfile_is_none(tree: Path) -> None:
    build = "services: {a: {build: {context: ., dockerfile: notes}}}\n"
    write(tree, {"notes": "buy milk\n", "compose.yaml": build})
    skipped = {row["path"]: row["reason"] for row in report()["coverage"]["skipped"]}
    assert "begins as none" in skipped["notes"]


@pytest.mark.parametrize(
    "text",
    ["services: {a: {build: [}", "services: 3\n", "services: {a: {build: 3}}\n", "\x00services"],
)
def test_broken_projects_break_nothing(tree: Path, text: str) -> None:
    write(tree, {"compose.yaml": text, "Dockerfile": "FROM debian:latest\n"})
    assert "base-image-latest" in rules_of("Dockerfile")


def test_a_project_lowers_nothing_beside_it(tree: Path) -> None:
    """A Dockerfile elsewhere says nothing of which objects are there."""
    service = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: n}\n"
        "spec: {selector: {app: b}, ports: [{port: 80}]}\n"
    )
    write(tree, {"a.yaml": service, "compose.yaml": "services: {a: {build: ../x}}\n"})
    (row,) = (one for one in report()["findings"] if one["rule"] == "service-selector-dangling")
    assert row["confidence"] == "high"


@pytest.mark.parametrize("seed", range(4))
def test_no_project_raises_or_leads_out(seed: int, tree: Path) -> None:
    chance = random.Random(seed)
    own = SourceFile(
        "a/compose.yaml", str(tree / "a/compose.yaml"), ".", named=False, context=False
    )
    bake = own._replace(path="a/docker-bake.hcl", real=str(tree / "a/docker-bake.hcl"))
    dockerfile = own._replace(path="a/x", real=str(tree / "a/x"))
    hcl = 'target "t" {\n  context = "..//"\n  dockerfile-inline = <<E\nFROM a\nE\n}\n'
    pieces = (b"../", b"/", b"\0", b"${A}", b"$$", b"\n", b"  ", b"|", b"\xff", b"x", b"*a", b"&a")
    for _ in range(150):
        mutants = {}
        for file, text in ((own, INLINE + COMPOSE[10:]), (bake, hcl)):
            data = bytearray(text.encode())
            for _ in range(chance.randint(1, 6)):
                at = chance.randrange(len(data))
                data[at : at + chance.randint(0, 3)] = chance.choice(pieces)
            mutants[file.path] = bytes(data)

        def read(file: SourceFile, texts: dict[str, bytes] = mutants) -> bytes:
            return texts[file.path]

        result = projects_of([own, bake, dockerfile], (), read)
        assert result.builds.keys() <= {"a/compose.yaml", "a/docker-bake.hcl", "a/x"}
        for build in (*result.builds.values(), *(one.build for one in result.inline)):
            assert build.context is None or Path(build.context.real).is_relative_to(tree)
        for one in result.inline:
            assert 1 <= one.embedding.line <= one.embedding.data.count(b"\n") + 1


# Elsewhere in the program ---------------------------------------------------------------------


def test_they_are_mended(tree: Path) -> None:
    write(tree, TREE)
    write(tree, {"app/docker/api.build": API.replace("COPY conf", "ADD")})
    ran = command("harden", "--write", "--profile", "all", ".")
    assert ran.code == 0, ran.err
    assert "COPY entry.sh" in (tree / "app/docker/api.build").read_text()


def test_inline_text_is_not_mended(tree: Path) -> None:
    write(tree, {"compose.yaml": INLINE})
    command("harden", "--write", "--unsafe", "--profile", "all", ".")
    assert (tree / "compose.yaml").read_text() == INLINE


def test_what_is_remembered_heeds_the_project(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "WORTH_REMEMBERING", 0)
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tree.parent / "cache"))
    write(tree, TREE)
    write(tree, {"d/compose.yaml": INLINE})
    for change in (
        {},
        {"compose.yaml": COMPOSE.replace("debian:latest", "debian:12.11")},
        {"compose.yaml": COMPOSE.replace(":-run", ":-test")},
        {"app/entry.sh": '#!/bin/sh\nexec "$@"\n'},
        {"app/.dockerignore": "other\n"},
        {"d/compose.yaml": f"# a line\n{INLINE}"},
        {"d/compose.yaml": INLINE.replace("two:", "zwei:")},
    ):
        write(tree, change)
        assert report("--cache") == report("--cache") == report(), change


@needs_git
def test_since_knows_them_too(tree: Path) -> None:
    make(tree)
    write(tree, TREE)
    commit(tree)
    assert not report("--since", "HEAD")["findings"]
    with (tree / "app/docker/api.build").open("a") as file:
        file.write("RUN sudo true\n")
    rows = report("--since", "HEAD")["findings"]
    assert "sudo-used" in {one["rule"] for one in rows}
    assert "base-image-latest" not in {one["rule"] for one in rows}
