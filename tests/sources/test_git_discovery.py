"""Which repository a path belongs to, and what its own configuration may say of its form."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from seawall.core.errors import UsageError
from seawall.sources.git import find
from seawall.sources.git.config import Layout, layout, parse
from tests.sources.git_support import (
    ENVIRONMENT,
    commit,
    git,
    make,
    needs_git,
    opened,
    sample,
    write,
)

pytestmark = needs_git


def test_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample(tmp_path / "work")
    work = tmp_path / "work"
    for path in ("", "d", "d/b", "d/nothing/at/all", "a"):
        repository = opened(work / path)
        assert (repository.top, repository.git_dir) == (str(work), str(work / ".git"))
        assert not repository.is_bare
    (tmp_path / "link").symlink_to(work / "d")
    assert opened(tmp_path / "link").top == str(work)
    (work / "d" / ".git").mkdir()  # empty: no repository
    assert opened(work / "d").top == str(work)
    monkeypatch.chdir(work / "d")
    assert opened(Path()).top == str(work)
    if find("/", {}) is None:
        assert find(str(tmp_path), {}) is None


def test_linked_work_trees(tmp_path: Path) -> None:
    first = sample(tmp_path / "main")
    git(tmp_path / "main", "worktree", "add", "-q", "-b", "other", "../linked", first)
    write(tmp_path / "linked", a="changed\n")
    with opened(tmp_path / "linked" / "d") as repository:
        assert repository.top == str(tmp_path / "linked")
        assert repository.resolve("HEAD") == repository.resolve("other") == first
        assert repository.resolve("main") != first
        assert repository.resolve("HEAD@{0}") == first
        assert repository.changed(first).paths == {"a"}
    shutil.move(tmp_path / "linked", tmp_path / "moved")
    with pytest.raises(UsageError, match="'git worktree repair'"):
        opened(tmp_path / "moved")
    git(tmp_path / "moved", "worktree", "repair")
    assert opened(tmp_path / "moved").top == str(tmp_path / "moved")


def test_linked_work_trees_of_a_bare_repository(tmp_path: Path) -> None:
    first = sample(tmp_path / "origin")
    git(tmp_path, "clone", "-q", "--bare", "origin", "work/.git")
    git(tmp_path / "work", "worktree", "add", "-q", "tree", "main")
    with opened(tmp_path / "work") as repository:
        assert repository.is_bare
        assert repository.merge_base(repository.resolve("HEAD"), first) == first
        with pytest.raises(UsageError, match="has no work tree"):
            repository.changed(first)
    with opened(tmp_path / "work" / "tree") as repository:
        assert not repository.is_bare
        assert repository.changed(first).paths == {"a", "d/c", "e"}


def test_bare_repositories(tmp_path: Path) -> None:
    first = sample(tmp_path / "origin")
    git(tmp_path, "clone", "-q", "--bare", "origin", "bare.git")
    with opened(tmp_path / "bare.git" / "refs") as repository:
        assert repository.is_bare
        assert repository.top == ""
        assert [entry.path for entry in repository.tree(first)] == ["a", "d/b", "d/c"]
        assert list(repository.staged()) == []
        assert len(list(repository.commits())) == 2


@pytest.mark.parametrize("option", [(), ("--worktree-config",)])
def test_submodules(tmp_path: Path, option: tuple[str, ...]) -> None:
    first = sample(tmp_path / "origin")
    make(tmp_path / "super")
    git(tmp_path / "super", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
        str(tmp_path / "origin"), "module")  # fmt: skip
    module = tmp_path / "super" / "module"
    head = commit(tmp_path / "super")
    if option:
        git(module, "config", "extensions.worktreeConfig", "true")
        git(module, "config", "--unset", "core.worktree")
        git(module, "config", "--worktree", "core.worktree", "../../../module")
    with opened(module) as repository:
        assert repository.top == str(module)
        assert repository.resolve("HEAD~1") == first
    write(module, a="changed\n")
    with opened(tmp_path / "super") as repository:
        assert repository.changed(head) == (frozenset(), ("module",))
    shutil.move(tmp_path / "super" / ".git" / "modules", tmp_path / "modules")
    (module / ".git").write_text("gitdir: ../../modules/module\n")
    with pytest.raises(UsageError, match="does not point back"):
        opened(module)


def test_a_git_directory_apart(tmp_path: Path) -> None:
    make(tmp_path / "work", "--separate-git-dir", str(tmp_path / "apart.git"))
    write(tmp_path / "work", a="1")
    head = commit(tmp_path / "work")
    with pytest.raises(UsageError) as caught:
        opened(tmp_path / "work")
    words = dict(
        word.split("=", 1) for word in str(caught.value).rstrip(",").split() if "=" in word
    )
    environment = {name: words[name].rstrip(",") for name in ("GIT_DIR", "GIT_WORK_TREE")}
    with opened(tmp_path / "work", environment) as repository:  # the remedy helps
        assert repository.changed(head).paths == frozenset()


def test_a_link_within_the_tree(tmp_path: Path) -> None:
    sample(tmp_path)
    (tmp_path / ".git").rename(tmp_path / "store")
    (tmp_path / ".git").symlink_to("store")
    with opened(tmp_path) as repository:
        assert repository.git_dir == str(tmp_path / "store")
        assert repository.resolve("HEAD")


def test_what_is_named_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample(tmp_path / "work")
    sample(tmp_path / "work" / "inner")
    sample(tmp_path / "other")
    monkeypatch.chdir(tmp_path / "work")
    environment = {"GIT_DIR": str(tmp_path / "other" / ".git")}
    assert opened(Path("d"), environment).git_dir == str(tmp_path / "other" / ".git")
    assert opened(Path("d"), environment).top == str(tmp_path / "work")
    assert opened(Path("inner"), environment).git_dir == str(tmp_path / "work" / "inner" / ".git")
    assert opened(tmp_path / "other", environment).top == str(tmp_path / "other")
    with pytest.raises(UsageError, match="correct or unset GIT_DIR"):
        find(".", {"GIT_DIR": "nothing"})


def test_a_head_that_makes_no_sense(tmp_path: Path) -> None:
    sample(tmp_path)
    head = tmp_path / ".git" / "HEAD"
    for content in ("", "ref: /etc/passwd", "ref: refs/heads/x\ny", "0123"):
        head.write_text(content)
        with pytest.raises(UsageError, match="neither a branch nor a commit"), opened(tmp_path):
            pass
    head.unlink()
    head.symlink_to("refs/heads/main")  # as git itself did it once
    with opened(tmp_path) as repository:
        assert repository.resolve("HEAD")


# Configuration --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extension", "words"),
    [
        ("refStorage = reftable", "git refs migrate --ref-format=files"),
        ("refStorage = reftable://x", "git refs migrate"),
        ("objectFormat = md5", "'objectformat' = 'md5'"),
        ("future = true", "'future'"),
    ],
)
def test_forms_that_cannot_be_read(tmp_path: Path, extension: str, words: str) -> None:
    sample(tmp_path)
    with (tmp_path / ".git" / "config").open("a") as stream:
        stream.write(f"[extensions]\n\t{extension}\n")
    with pytest.raises(UsageError) as caught:
        opened(tmp_path)
    assert words in str(caught.value)


def test_layout(tmp_path: Path) -> None:
    path = tmp_path / "config"
    assert layout(str(path)) == Layout()
    path.write_text(
        '\ufeff[core]\r\n  Bare = Yes ; not so\n\tworktree = "a # b" \\\n c\n'
        "[extensions] objectFormat = sha256 # x\n[extensions]\n\tpartialClone\n"
        "refStorage = files\n[core \"x\"]\n\tbare = no\n"
    )  # fmt: skip
    assert layout(str(path)) == Layout("sha256", is_bare=True, work_tree="a # b  c")
    path.write_bytes(b"[core]\n" + b"x = 1\n" * 200_000)
    with pytest.raises(UsageError, match="larger than 1 MiB"):
        layout(str(path))
    path.unlink()
    path.mkdir()
    assert layout(str(path)) == Layout()


PIECES = st.sampled_from(
    ["[core]", "[core.sub]", '[remote "o"]', '[a "b\\"c\\\\"]', "bare", "work-Tree", "=", " = ",
     "true", '"', "\\", "\\n", "\\t", '\\"', "\\\\", "#", ";", " ", "\t", "\n", "\r\n", "x y", "[",
     "]", "\u00fc", "\\\n", "\\\r\n"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=st.lists(PIECES, max_size=14), opened_with=st.booleans())
@example(pieces=["[core]", "[core]", "bare"], opened_with=False)
def test_configurations_are_read_as_git_reads_them(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str], opened_with: bool
) -> None:
    written = ("[core]\n" if opened_with else "") + "".join(pieces)
    path = tmp_path_factory.getbasetemp() / "config"
    path.write_bytes(written.encode())
    found = parse(written)
    result = subprocess.run(
        ["git", "config", "--file", str(path), "--list", "-z", "--no-includes"],
        env=ENVIRONMENT, capture_output=True, check=False,
    )  # fmt: skip
    if result.returncode:  # git refuses it; there is nothing to compare with
        return
    expected = []
    for row in result.stdout.decode().split("\0")[:-1]:
        key, newline, value = row.partition("\n")
        if "." in key:  # a key before any section means nothing
            expected.append((key, value if newline else "true"))
    assert found == expected


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_any_text_is_read(written: str) -> None:
    parse(written)
    parse("[core]\n" + written)
