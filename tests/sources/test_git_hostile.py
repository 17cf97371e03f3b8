"""Nothing that a repository's author wrote is executed or obeyed."""

import os
import random
import subprocess
from hashlib import sha1
from pathlib import Path

import pytest

from seawall.core.errors import SeawallError, UsageError
from seawall.sources.git import Missing, Repository
from tests.sources.git_support import (
    ENVIRONMENT,
    commit,
    git,
    make,
    needs_git,
    opened,
    sample,
    text,
    write,
)

pytestmark = needs_git


def trap(folder: Path) -> tuple[Path, Path]:
    """A program that leaves a mark when it runs, and the mark."""
    program, mark = folder / "trap", folder / "marker"
    program.write_text(f'#!/bin/sh\necho "$0" "$@" >> "{mark}"\ncat\n')
    program.chmod(0o755)
    return program, mark


def spring(folder: Path, program: Path) -> None:
    """Set every setting of git that runs a program or leads elsewhere."""
    config = {
        "core.fsmonitor": str(program),
        "core.hooksPath": str(program.parent / "hooks"),
        "core.sshCommand": str(program),
        "core.pager": str(program),
        "core.editor": str(program),
        "core.askPass": str(program),
        "core.gitProxy": str(program),
        "core.alternateRefsCommand": str(program),
        "core.worktree": "/etc",
        "core.attributesFile": str(program.parent / "attributes"),
        "core.excludesFile": str(program.parent / "excludes"),
        "core.untrackedCache": "true",
        "core.splitIndex": "true",
        "pager.log": str(program),
        "pager.ls-files": str(program),
        "diff.external": str(program),
        "diff.trap.command": str(program),
        "diff.trap.textconv": str(program),
        "merge.trap.driver": str(program),
        "filter.trap.clean": str(program),
        "filter.trap.smudge": str(program),
        "filter.trap.process": str(program),
        "filter.trap.required": "true",
        "credential.helper": f"!{program}",
        "gpg.program": str(program),
        "log.showSignature": "true",
        "log.mailmap": "true",
        "alias.cat-file": f"!{program}",
        "alias.log": f"!{program}",
        "alias.ls-files": f"!{program}",
        "remote.origin.url": f"ext::{program} %S",
        "remote.origin.uploadpack": str(program),
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*",
        "extensions.partialClone": "origin",
        "protocol.ext.allow": "always",
        "include.path": str(program.parent / "included"),
        "trace2.eventTarget": str(program.parent / "marker"),
    }
    (program.parent / "included").write_text(f"[core]\n\tfsmonitor = {program}\n")
    (program.parent / "attributes").write_text("* filter=trap diff=trap\n")
    (program.parent / "excludes").write_text("*\n")
    hooks = program.parent / "hooks"
    for directory in (hooks, folder / ".git" / "hooks"):
        directory.mkdir(exist_ok=True)
        for hook in ("fsmonitor-watchman", "post-index-change", "reference-transaction",
                     "pre-commit", "post-checkout"):  # fmt: skip
            (directory / hook).write_bytes(program.read_bytes())
            (directory / hook).chmod(0o755)
    lines = []
    for name, value in config.items():
        section, _, key = name.rpartition(".")
        first, _, rest = section.partition(".")
        lines.append(f'[{first} "{rest}"]' if rest else f"[{first}]")
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'\t{key} = "{quoted}"')
    path = folder / ".git" / "config"
    path.write_text("[core]\n\trepositoryformatversion = 1\n" + "\n".join(lines) + "\n")
    (folder / ".git" / "info" / "attributes").write_text("* filter=trap diff=trap merge=trap\n")


def everything(repository: Repository, first: str) -> dict[str, object]:
    """Every question a repository can be asked."""
    with repository:
        head = repository.resolve("HEAD")
        tree = list(repository.tree(head))
        return {
            "head": head,
            "old": repository.resolve("HEAD~1"),
            "base": repository.merge_base(head, first),
            "tree": tree,
            "changed": repository.changed(head),
            "changed since": repository.changed(first),
            "staged": list(repository.staged()),
            "blobs": list(repository.blobs([entry.oid for entry in tree] + ["1" * 40])),
            "commits": list(repository.commits()),
        }


def test_no_setting_runs_a_program(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    sample(folder)
    write(folder, **{".gitattributes": "* filter=trap diff=trap merge=trap text=auto\n"})
    commit(folder)
    first = text(folder, "rev-parse", "HEAD~1")
    write(folder, a="changed\r\n", new="new\n")
    before = everything(opened(folder), first)

    program, mark = trap(tmp_path)
    spring(folder, program)
    os.utime(folder / "d" / "b")  # git would have to run the filter to know
    assert everything(opened(folder), first) == before
    assert before["changed"] == (frozenset({"a", "new"}), ())
    assert not mark.exists()

    # The trap is a good one: git itself walks into it.
    git(folder, "config", "--unset", "core.worktree")
    git(folder, "config", "--unset", "trace2.eventTarget")
    subprocess.run(["git", "status"], cwd=folder, env=ENVIRONMENT, capture_output=True, check=False)
    assert mark.exists()


def test_inherited_settings_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "work"
    first = sample(folder)
    before = everything(opened(folder), first)
    program, mark = trap(tmp_path)
    for name, value in {
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": str(program), "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor={program}'",
        "GIT_EXTERNAL_DIFF": str(program), "GIT_PAGER": str(program), "PAGER": str(program),
        "GIT_TRACE": str(mark), "GIT_TRACE2": str(mark), "GIT_SSH_COMMAND": str(program),
        "GIT_WORK_TREE": "/etc", "GIT_COMMON_DIR": "/nowhere", "GIT_NAMESPACE": "x",
        "GIT_SHALLOW_FILE": "/etc/passwd", "GIT_GRAFT_FILE": "/etc/passwd",
        "GIT_REPLACE_REF_BASE": "refs/heads", "GIT_DEFAULT_HASH": "sha256",
        "GIT_EXEC_PATH": str(tmp_path), "HOME": str(tmp_path),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    (tmp_path / ".gitconfig").write_text(f"[core]\n\tfsmonitor = {program}\n")
    assert everything(opened(folder), first) == before
    assert not mark.exists()


def test_a_program_in_the_target_is_not_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sample(tmp_path / "work")
    program, mark = trap(tmp_path)
    (tmp_path / "work" / "git").write_bytes(program.read_bytes())
    (tmp_path / "work" / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("PATH", "." + os.pathsep + os.environ["PATH"])
    everything(opened(Path()), first)
    assert not mark.exists()


def test_submodules_are_not_entered(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    sample(folder)
    first = text(folder, "rev-parse", "HEAD~1")
    sample(folder / "module")
    commit(folder)
    program, mark = trap(tmp_path)
    spring(folder / "module", program)
    write(folder / "module", a="changed\n")
    found = everything(opened(folder), first)
    assert found["changed"] == (frozenset(), ("module",))
    assert not mark.exists()


def test_nothing_in_the_repository_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    first = sample(folder)
    write(folder, a="changed\n", new="new\n")

    def state() -> dict[str, tuple[int, int, int]]:
        found = ((str(path), path.lstat()) for path in sorted(tmp_path.rglob("*")))
        return {path: (row.st_mtime_ns, row.st_size, row.st_mode) for path, row in found}

    before = state()
    everything(opened(folder), first)
    assert state() == before


# Paths that leave the tree ----------------------------------------------------------------------


def test_paths_of_trees_and_indexes_that_leave_the_work_tree(tmp_path: Path) -> None:
    """Their files outside are not looked at: they would count as unchanged."""
    folder = make(tmp_path / "work")
    write(tmp_path, secret="s\n", work__safe="s\n")
    oid = text(folder, "hash-object", "-w", "safe")
    names = ["../secret", str(tmp_path / "secret"), "./safe", "a//b", ".git/HEAD", ".."]
    tree = b"".join(
        b"100644 %s\0%s" % (name.encode(), bytes.fromhex(oid)) for name in [*names, "safe"]
    )
    tree_oid = git(folder, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", feed=tree)
    head = text(folder, "commit-tree", "-m", "x", tree_oid.decode().strip())
    git(folder, "update-ref", "HEAD", head)
    git(folder, "add", "safe")
    index = folder / ".git" / "index"
    data = index.read_bytes()
    with opened(folder) as repository:
        assert repository.changed(head).paths == frozenset(names)
        assert {entry.path for entry in repository.tree(head)} == {*names, "safe"}
    # The same in the index, where the name takes as many bytes.
    assert data.count(b"\0\x04safe\0") == 1
    data = data.replace(b"\0\x04safe\0", b"\0\x04../x\0")[:-20]
    index.write_bytes(data + sha1(data).digest())
    write(tmp_path, x="s\n")
    with opened(folder) as repository:
        assert "../x" not in repository.changed(head).paths


def test_links_in_the_work_tree_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    sample(folder)
    head = text(folder, "rev-parse", "HEAD")
    outside = tmp_path / "outside"
    write(outside, b="2\n")
    (folder / "d" / "b").unlink()
    (folder / "d").rmdir()
    (folder / "d").symlink_to(outside)
    (folder / "a").unlink()
    (folder / "a").symlink_to("/etc/passwd")
    (folder / "e").unlink()
    os.mkfifo(folder / "e")
    with opened(folder) as repository:
        assert repository.changed(head).paths == {"a", "d", "d/b", "e"}


# Pointers ---------------------------------------------------------------------------------------


def test_pointers_out_of_the_tree_need_an_answer(tmp_path: Path) -> None:
    private = tmp_path / "private"
    sample(private)
    archive = tmp_path / "archive"
    archive.mkdir()
    pointer = archive / ".git"
    pointer.write_text(f"gitdir: {private}/.git\n")
    with pytest.raises(
        UsageError, match="does not point back; if it is yours, say so with GIT_DIR"
    ):
        opened(archive)
    pointer.unlink()
    pointer.symlink_to(private / ".git")
    with pytest.raises(UsageError, match="does not point back"):
        opened(archive)
    named = {"GIT_DIR": str(private / ".git"), "GIT_WORK_TREE": str(archive)}
    with opened(archive, named) as repository:
        assert repository.changed(repository.resolve("HEAD")).paths == {"a", "d/b", "e"}


def test_a_common_directory_elsewhere(tmp_path: Path) -> None:
    private = tmp_path / "private"
    sample(private)
    archive = tmp_path / "archive"
    write(archive, **{".git": "gitdir: inner\n", "inner__HEAD": "ref: refs/heads/main\n",
                      "inner__commondir": f"{private}/.git\n"})  # fmt: skip
    with pytest.raises(UsageError, match="commondir names"):
        opened(archive)


@pytest.mark.parametrize("name", ["refs", "packed-refs", "index", "HEAD"])
def test_links_out_of_the_git_directory(tmp_path: Path, name: str) -> None:
    private = tmp_path / "private"
    sample(private)
    git(private, "pack-refs", "--all")
    archive = tmp_path / "archive"
    sample(archive)
    path = archive / ".git" / name
    path.rename(tmp_path / "away") if path.exists() else None
    path.symlink_to(private / ".git" / name)
    with pytest.raises(UsageError), opened(archive):
        pass


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"gitdir:", b"gitdir: .", b"gitdir: ../..", b"gitdir: /nowhere",
                b"x" * 99_999, b"gitdir: " + b"a/" * 3000, b"gitdir: \xff\xfe",
                b"\xef\xbb\xbfgitdir: ."],
)  # fmt: skip
def test_files_that_are_no_pointers(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, **{".git": content})
    with pytest.raises(UsageError):
        opened(tmp_path)


# Mutations --------------------------------------------------------------------------------------


def mutated(data: bytes, random_: random.Random) -> bytes:
    if not data:
        return random_.randbytes(random_.randrange(40))
    at = random_.randrange(len(data))
    match random_.randrange(4):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + bytes([random_.randrange(256)]) + data[at + 1 :]
        case 2:
            return data[:at] + random_.randbytes(random_.randrange(1, 8)) + data[at:]
        case _:
            return data[:at] + data[at + random_.randrange(1, 60) :]


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_repository_ends_in_an_answer_or_a_clear_error(tmp_path: Path, seed: int) -> None:
    first = sample(tmp_path)
    git(tmp_path, "pack-refs", "--all")
    if seed % 2:
        git(tmp_path, "repack", "-adq")
    write(tmp_path, a="changed\n", new="new\n")
    everything(opened(tmp_path), first)
    files = [path for path in sorted((tmp_path / ".git").rglob("*")) if path.is_file()]
    files = [path for path in files if "hooks" not in path.parts]
    random_ = random.Random(seed)
    texts: list[str] = []
    for _ in range(25):
        path = random_.choice(files)
        data = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(mutated(data, random_))
        try:
            found = everything(opened(tmp_path), first)
        except SeawallError as error:
            texts.append(str(error))
        else:
            blobs = found["blobs"]
            assert isinstance(blobs, list)
            assert all(isinstance(content, bytes | Missing) for _, content in blobs)
        path.write_bytes(data)
    assert texts
    assert all(item.isprintable() for item in texts)
