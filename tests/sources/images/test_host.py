"""This machine as an image: what is left out, and what becomes of too many files."""

from pathlib import Path

import pytest

from seawall.sources.images import rootfs
from seawall.sources.images.host import host_image
from seawall.sources.images.walking import walk


def made(root: Path, *paths: str) -> Path:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    return root


def listed(root: Path, mountinfo: Path) -> tuple[list[str], list[str], list[str]]:
    image = host_image(str(root), str(mountinfo))
    (walked,) = walk(image, lambda _layer: [])
    assert walked.error is None
    files = [entry.path for entry in walked.entries if not entry.kind]
    apart = [each.path for each in image.layers[0].apart or ()]
    return files, apart, [item.reason for item in walked.problems]


def test_what_is_no_part_of_the_system_is_left_out_and_named(tmp_path: Path) -> None:
    root = made(
        tmp_path / "root", "etc/passwd", "proc/1/maps", "tmp/x", "var/lib/docker/image/a",
        "var/lib/app/b", "home/a/.cache/c", "home/a/app/d", "root/go/pkg/e", "srv/f", "shared/g",
    )  # fmt: skip
    (root / "mnt").mkdir()
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text("30 27 0:30 / /shared rw - nfs4 server:/shared rw\n")
    files, apart, problems = listed(root, mountinfo)
    assert files == ["etc/passwd", "var/lib/app/b", "home/a/app/d", "srv/f"]
    assert apart == [
        "/home/a/.cache", "/proc", "/root/go/pkg", "/shared", "/tmp", "/var/lib/docker",
    ]  # fmt: skip
    assert problems == []


def test_too_many_files_end_the_walk_with_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rootfs, "_MOST_OF_HOST", 4)
    root = made(tmp_path / "root", "data/a", "etc/passwd", "usr/bin/sh")
    files, _, problems = listed(root, tmp_path / "none")
    assert files == ["etc/passwd"]
    assert problems == ["there are more than 4 files: this and what comes after it was not read"]
