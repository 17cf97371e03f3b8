"""Real images, unpacked as umoci does it, and hardened ones that answer as their originals do."""

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from seawall.engine.containers.named import find
from seawall.engine.containers.scanning import read
from seawall.running.runners import choose
from seawall.sources.images.extracting import Viewer, extract
from seawall.sources.images.merging import merge
from tests.builds.images import Shelf
from tests.builds.machine import missing, run
from tests.cli.support import command

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "images can be built")
RUNS = choose(65532)
needs_runner = pytest.mark.skipif(RUNS.runner is None, reason=RUNS.reason or "nothing runs here")


def layout(name: str) -> str:
    """A layout and the name of the image in it."""
    (path,) = Shelf().layouts([name])
    return f"{path}:docker.io/library/{name}"


def tree(root: Path) -> dict[str, tuple[object, ...]]:
    """What a directory holds: kinds, rights, owners, times, links, attributes."""
    found: dict[str, tuple[object, ...]] = {}
    for above, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(above, name)
            status = path.lstat()
            is_file = stat.S_ISREG(status.st_mode)
            found[str(path.relative_to(root))] = (
                status.st_mode, status.st_uid, status.st_gid, int(status.st_mtime),
                status.st_size if is_file else 0, status.st_nlink if is_file else 0,
                os.readlink(path) if path.is_symlink() else "",
                tuple(sorted(os.listxattr(path, follow_symlinks=False))),
            )  # fmt: skip
    return found


@pytest.mark.skipif(shutil.which("umoci") is None, reason="umoci is not installed")
def test_an_image_is_unpacked_as_umoci_does_it(tmp_path: Path) -> None:
    name = layout("nginx:1.22")
    (image,) = find([name]).images
    found, _ = read(image, None, b"")
    own = tmp_path / "own"
    problems = extract(
        found.image,
        merge([each.entries for each in found.layers]),
        str(own),
        Viewer(0, frozenset()),
    )
    assert not problems.told
    path, _, tag = name.partition(":")
    copy = tmp_path / "copy"
    run(["skopeo", "copy", f"oci:{path}:{tag}", f"oci:{copy}:it"])
    run(["umoci", "unpack", "--image", f"{copy}:it", tmp_path / "theirs"])
    theirs = tmp_path / "theirs" / "rootfs"
    assert tree(own) == tree(theirs)
    assert not subprocess.run(
        ["diff", "-r", "--no-dereference", own, theirs], check=False
    ).returncode


PAGES = ("--verify-http", "80/", "--verify-http", "80/nowhere")


@needs_runner
def test_a_minimal_web_server_answers_as_its_original_does(tmp_path: Path) -> None:
    """With the directories that it is told it may write to."""
    out = tmp_path / "out"
    found = command(
        "harden", "image", layout("nginx:1.22"), str(out), "--minimal", *PAGES,
        "--verify", "nginx -t",
    )  # fmt: skip
    assert found.code == 0, found.output
    assert found.output.count("\nverified: ") == 3
    assert json.loads((out / "index.json").read_text())["manifests"]


@needs_runner
def test_a_web_server_whose_caches_are_no_volume_does_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = command("harden", "image", layout("nginx:1.22"), str(out), PAGES[0], PAGES[1])
    assert found.code == 1
    assert "that is what hardening changes" in found.output
    assert 'mkdir() "/var/cache/nginx/client_temp" failed' in found.output
    assert not out.exists()


@needs_runner
def test_an_interpreter_says_what_its_original_says(tmp_path: Path) -> None:
    code = "import ssl, sqlite3, os, time; print(ssl.OPENSSL_VERSION, os.getuid(), time.time())"
    found = command(
        "harden", "image", layout("python:3.11"), str(tmp_path / "out"),
        "--verify", f"python3 -c '{code}'", "--require-verify",
    )  # fmt: skip
    assert found.code == 0, found.output
    assert "\nverified: " in found.output
    assert "parts of the output are never the same: they are not compared" in found.output
