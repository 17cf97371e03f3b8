"""Digests from OCI layouts, as directories and in archives."""

import json
import tarfile
from pathlib import Path

import pytest

from seawall.core.errors import InputError
from seawall.locking.layouts import pins_of
from tests.locking.images import PLAIN, Image

NAME = "org__opencontainers__image__ref__name"
WHOLE = "io__containerd__image__name"


def archive(directory: Path, path: Path, prefix: str = "") -> Path:
    with tarfile.open(path, "w") as stream:
        for file in sorted(directory.rglob("*")):
            stream.add(file, prefix + str(file.relative_to(directory)), recursive=False)
    return path


def test_a_whole_name(tmp_path: Path) -> None:
    image = Image("linux/amd64", "linux/arm64/v8")
    layout = image.layout(tmp_path / "a", **{WHOLE: "docker.io/library/postgres:17", NAME: "17"})
    (pin,) = pins_of(str(layout))
    assert pin.name == "docker.io/library/postgres:17"
    assert pin.digest == image.digest
    assert pin.platforms == ("linux/amd64", "linux/arm64/v8")
    assert pin.source == "layout"


def test_a_tag_needs_its_repository(tmp_path: Path) -> None:
    image = Image("linux/amd64")
    layout = image.layout(tmp_path / "a", **{NAME: "1.4"})
    assert not list(pins_of(str(layout)))
    (pin,) = pins_of(str(layout), "registry.example.org/web")
    assert pin.name == "registry.example.org/web:1.4"
    assert pin.platforms == ("linux/amd64",)


def test_platforms_that_are_not_here_count_too(tmp_path: Path) -> None:
    image = Image("linux/amd64", "linux/arm64/v8")
    layout = image.layout(tmp_path / "a", **{NAME: "registry.example.org/web:2"})
    index = json.loads(image.blobs[image.digest])
    gone = index["manifests"][1]["digest"].removeprefix("sha256:")
    (layout / "blobs" / "sha256" / gone).unlink()
    (pin,) = pins_of(str(layout))
    assert pin.platforms == ("linux/amd64", "linux/arm64/v8")


@pytest.mark.parametrize("prefix", ["", "./"])
def test_an_archive(tmp_path: Path, prefix: str) -> None:
    image = Image("linux/amd64")
    layout = image.layout(tmp_path / "a", **{NAME: "registry.example.org/web:2"})
    (pin,) = pins_of(str(archive(layout, tmp_path / "a.tar", prefix)))
    assert pin.digest == image.digest


def test_docker_save_has_no_digest_that_can_be_pulled(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "manifest.json").write_text(json.dumps([{"RepoTags": ["web:1"]}]))
    with pytest.raises(InputError, match="docker save"):
        list(pins_of(str(archive(old, tmp_path / "old.tar"))))
    layout = Image("linux/amd64", layer=PLAIN).layout(tmp_path / "new", **{NAME: "web:1"})
    with pytest.raises(InputError, match="docker save"):
        list(pins_of(str(layout)))


def test_what_was_tampered_with_is_refused(tmp_path: Path) -> None:
    image = Image("linux/amd64")
    layout = image.layout(tmp_path / "a", **{NAME: "web:1"})
    blob = layout / "blobs" / "sha256" / image.digest.removeprefix("sha256:")
    blob.write_bytes(blob.read_bytes() + b" ")
    with pytest.raises(InputError, match="do not trust it"):
        list(pins_of(str(layout)))
    blob.unlink()
    with pytest.raises(InputError, match="is missing"):
        list(pins_of(str(layout)))


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        ("[", "no JSON"),
        ("[]", "no JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"manifests": [{"annotations": {"org.opencontainers.image.ref.name": "a:1"}}]}',
         "no digest"),
        (('{"manifests": [{"digest": "sha256:../../etc/passwd", "annotations": '
          '{"org.opencontainers.image.ref.name": "a:1"}}]}'), "no digest"),
    ],
)  # fmt: skip
def test_broken_layouts(tmp_path: Path, index: str, reason: str) -> None:
    (tmp_path / "index.json").write_text(index)
    with pytest.raises(InputError, match=reason):
        list(pins_of(str(tmp_path)))


def test_odd_entries_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text('{"manifests": [1, null, {"annotations": []}, {}]}')
    assert not list(pins_of(str(tmp_path)))
    (tmp_path / "index.json").write_text('{"manifests": {}}')
    assert not list(pins_of(str(tmp_path)))


def test_no_layout_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no OCI layout"):
        list(pins_of(str(tmp_path)))
    (tmp_path / "a.tar").write_bytes(b"no archive")
    with pytest.raises(InputError, match="a header is cut off"):
        list(pins_of(str(tmp_path / "a.tar")))
    with pytest.raises(InputError, match="no such file"):
        list(pins_of(str(tmp_path / "missing")))
