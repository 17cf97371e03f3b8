"""A search that begins while files are still being found tells the same as one that does not."""

import gzip
import os
import random
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from seawall.engine import candidates, dockerfiles
from seawall.engine.credentials import ahead
from seawall.engine.credentials.sweep import Entry, Sweep, Swept
from seawall.secrets.rules.examples import example
from seawall.sources.files import SourceFile
from tests.engine.support import manifest
from tests.secrets.rules import RULES
from tests.triage.support import command, write


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of all sorts of files, some with secrets, in the current directory."""
    folder = tmp_path / "tree"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(ahead, "ENOUGH", 5)
    monkeypatch.setattr(ahead, "_PORTION", 2)
    chance = random.Random(5)
    rules = ("github-classic-token", "npm-token", "slack-token", "gitlab-token")
    tokens = [example(RULES[name], chance) for name in rules if name in RULES]
    files = {f"src/d{n % 5}/f{n}.py": f"number = {n}\n" for n in range(40)}
    for number, token in enumerate(tokens):
        files[f"src/d{number}/secret.py"] = f'A_TOKEN = "{token}"\n'
        files[f"deploy/secret{number}.yaml"] = f"kind: X\napiVersion: v1\na_token: {token}\n"
    files |= {f"deploy/m{n}.yaml": manifest(chance) for n in range(4)}
    files |= {"web/odd": f"FROM scratch\nENV A_TOKEN={tokens[0]}\n", "empty.txt": "", "b.md": "x"}
    files["compose.yaml"] = "services: {web: {build: {context: web, dockerfile: odd}}}\n"
    files |= {".gitignore": "*.log\n", "d.log": f"a_token = {tokens[0]}\n"}
    write(folder, files)
    (folder / "packed.gz").write_bytes(gzip.compress(f'A_TOKEN = "{tokens[0]}"\n'.encode()))
    (folder / "wide.txt").write_bytes(f'A_TOKEN = "{tokens[0]}"\n'.encode("utf-16"))
    (folder / "large.txt").write_bytes(b"x = 1\n" * 500_000)
    (folder / "program.bin").write_bytes(b"\0\1" * 1000)
    return folder


def output(*arguments: str) -> str:
    ran = command(
        "scan", "--format", "json", "--min-confidence", "low", "--max-file-size", "1M",
        "--exit-zero", *arguments,
    )  # fmt: skip
    assert ran.code in (0, 3), ran.err  # some of it cannot be covered
    return ran.out


def test_any_number_of_processes_tells_the_same(tree: Path) -> None:
    expected = output("-j", "1")
    assert "secret.py" in expected
    for number in ("2", "4"):
        assert output("-j", number) == expected
        assert output("-j", number, "src", "web", "compose.yaml") == output(
            "-j", "1", "src", "web", "compose.yaml"
        )


def test_it_begins_before_all_files_are_found(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[int] = []
    real = ahead.Ahead.others

    def others(self: ahead.Ahead, entries: Sequence[Entry]) -> Callable[[], list[Swept]]:
        handed.append(len(self.paths))
        return real(self, entries)

    monkeypatch.setattr(ahead.Ahead, "others", others)
    output("-j", "2")
    assert handed
    assert handed[0] > 30


def test_what_is_kept_is_told_again_and_what_changes_is_seen(tree: Path) -> None:
    first = output("-j", "2", "--cache")
    assert output("-j", "2", "--cache") == first
    assert output("-j", "1") == first
    token = example(RULES["github-classic-token"], random.Random(9))
    write(tree, {"src/d1/f1.py": f'NEW_TOKEN = "{token}"\n'})
    changed = output("-j", "2", "--cache")
    assert changed == output("-j", "1") != first


@pytest.mark.parametrize("death", [signal.SIGKILL, None])
def test_a_process_that_dies_changes_nothing(
    tree: Path, monkeypatch: pytest.MonkeyPatch, death: signal.Signals | None
) -> None:
    expected = output("-j", "1")
    parent = os.getpid()
    real = Sweep.look_at

    def dying(self: Sweep, *arguments: object) -> object:
        if os.getpid() != parent:
            if death is None:
                raise MemoryError
            os.kill(os.getpid(), death)
        return real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Sweep, "look_at", dying)
    assert output("-j", "3") == expected


def test_an_error_leaves_no_process(tree: Path) -> None:
    ran = command("scan", "-j", "2", "--ignore", "no-such-rule")
    assert ran.code == 2
    assert "no-such-rule" in ran.err
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


STEMS = (
    "a", "Dockerfile", "dockerfile.web", "web.Containerfile", "compose", "docker-bake", "action",
    "requirements", "package", "kustomization", "x.spdx", "METADATA", "runtime", "setup", "bom",
    "x.dist-info", "Chart", "pom", "conanfile", "mix", "a.lock", "x.yaml", "x.json",
)  # fmt: skip


DIRECTORIES = (
    "", "requirements/", ".github/workflows/", "gradle/", "node_modules/a/", "a.dist-info/",
    "specifications/",
)  # fmt: skip


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_an_ending_tells_only_of_what_is_no_candidate(directory: str) -> None:
    for ending in candidates.PROGRAM_TEXTS:
        for stem in (*STEMS, *map(str.upper, STEMS)):
            path = f"{directory}{stem}.{ending}"
            file = SourceFile(path, path, "", named=False, context=False)
            if candidates.is_program_text(file):
                assert not candidates.is_candidate(file)
                assert dockerfiles.template(file) is None
                assert not candidates.is_kustomization(file)
                assert not path.endswith((".exe", "Chart.yaml"))
            else:
                assert "file" in stem.lower()
            assert not candidates.is_program_text(file._replace(named=True))


def test_rules_that_are_left_out_are_left_out(tree: Path) -> None:
    rules = ("--ignore", "github-*"), ("--select", "image-tag-mutable"), ("--no-secrets",)
    for arguments in rules:
        assert output("-j", "2", *arguments) == output("-j", "1", *arguments)
