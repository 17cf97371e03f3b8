"""Real repositories, made with git."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from seawall.sources.git import Repository, find

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
    "GIT_ALLOW_PROTOCOL": "file",
    "LC_ALL": "C",
}


def git(folder: Path, *arguments: str, feed: bytes | None = None, fails: bool = False) -> bytes:
    """Run git in a folder; gives what it writes."""
    result = subprocess.run(
        ["git", *arguments], cwd=folder, input=feed, env=ENVIRONMENT, capture_output=True,
        check=False,
    )  # fmt: skip
    assert fails or result.returncode == 0, result.stderr.decode()
    return result.stdout


def text(folder: Path, *arguments: str) -> str:
    return git(folder, *arguments).decode().strip()


def make(folder: Path, *options: str) -> Path:
    """An empty repository."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main", *options)
    return folder


def write(folder: Path, **files: str | bytes) -> None:
    """Write files; two underscores in a name stand for a slash."""
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def commit(folder: Path, message: str = "x") -> str:
    """Commit everything that lies in the work tree."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return text(folder, "rev-parse", "HEAD")


def sample(folder: Path) -> str:
    """A repository with two commits; gives the first one's oid."""
    make(folder)
    write(folder, a="1\n", d__b="2\n", d__c="3\n")
    first = commit(folder, "first")
    write(folder, a="one\n", e="5\n")
    (folder / "d" / "c").unlink()
    commit(folder, "second")
    return first


def opened(path: Path, environment: dict[str, str] | None = None) -> Repository:
    """The repository of a path, with an environment without git's settings."""
    found = find(str(path), environment or {})
    assert found is not None
    return found
