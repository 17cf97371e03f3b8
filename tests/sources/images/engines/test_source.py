"""Images of engines as those of files are."""

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from seawall.core.errors import UsageError
from seawall.sources.images import target
from seawall.sources.images.engines import connection
from seawall.sources.images.engines.errors import EngineError
from seawall.sources.images.engines.places import USUAL, Engine
from seawall.sources.images.engines.source import EngineSource
from seawall.sources.images.image import Image
from tests.sources.images.engines import fake
from tests.sources.images.registry.made import Made, tar_of

NAME = "registry.example.org/web:1"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[fake.Engine]:
    with fake.running(tmp_path / "docker.sock") as found:
        found.hold(NAME)
        yield found


def source(engine: fake.Engine, kind: str = "docker") -> EngineSource:
    return EngineSource(Engine(kind, engine.address, USUAL))


def saved() -> bytes:
    """As ``docker save`` before version 25 writes it."""
    layer = tar_of({"etc/hostname": b"web\n"})
    about = {"type": "layers", "diff_ids": ["sha256:" + sha256(layer).hexdigest()]}
    config = json.dumps({"os": "linux", "architecture": "arm64", "rootfs": about}).encode()
    manifest = [{"Config": "c.json", "RepoTags": [NAME], "Layers": ["l/layer.tar"]}]
    return tar_of({"c.json": config, "l/layer.tar": layer,
                   "manifest.json": json.dumps(manifest).encode()})  # fmt: skip


def read(image: Image) -> bytes:
    (layer,) = image.layers
    assert layer.open is not None
    stream = layer.open()
    data = b""
    while piece := stream.read(1000):
        data += piece
    return data


@pytest.mark.parametrize("kind", ["docker", "podman"])
def test_an_archive(engine: fake.Engine, kind: str) -> None:
    engine.archive = saved()
    image = target.resolve(f"{kind}:{NAME}", [source(engine, kind)]).image
    assert (image.name, image.tags) == (NAME, (NAME,))
    assert image.digests == ("sha256:" + "6" * 64,)
    assert str(image.platform) == "linux/arm64"
    with tarfile.open(fileobj=io.BytesIO(read(image))) as layer:
        assert layer.getnames() == ["etc/hostname"]


def test_an_archive_without_an_end(engine: fake.Engine) -> None:
    """The answer may have had no length, and no end."""
    engine.archive = saved()
    whole = source(engine).find(NAME, None)
    assert whole is not None
    assert not whole.problems
    data = engine.archive.rstrip(b"\0")
    engine.archive = data + bytes(-len(data) % 512)
    image = source(engine).find(NAME, None)
    assert image is not None
    assert any("may be cut off" in problem for problem in image.problems)


def test_an_archive_that_is_a_layout_too(engine: fake.Engine, tmp_path: Path) -> None:
    made = Made("linux/arm64")
    blobs = {f"blobs/{digest.replace(':', '/')}": data for digest, data in made.blobs.items()}
    for digest, (_, data) in made.manifests.items():
        blobs[f"blobs/{digest.replace(':', '/')}"] = data
    index = {"schemaVersion": 2, "manifests": [made.top]}
    engine.archive = tar_of({
        **blobs, "oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "manifest.json": b"[]",
        "index.json": json.dumps(index).encode(),
    })  # fmt: skip
    image = source(engine).find(NAME, None)
    assert image is not None
    assert image.manifest_digest == made.digest
    assert read(image) in made.blobs.values()


def test_an_archive_of_skopeo(engine: fake.Engine, tmp_path: Path) -> None:
    if not shutil.which("skopeo"):
        pytest.skip("skopeo is needed")
    from tests.sources.images.registry.test_peer import layout

    place = layout(Made("linux/arm64"), tmp_path / "a")
    subprocess.run(["skopeo", "copy", "-q", place, f"docker-archive:{tmp_path}/b.tar:{NAME}"],
                   check=True, timeout=60)  # fmt: skip
    engine.archive = (tmp_path / "b.tar").read_bytes()
    image = source(engine).find(NAME, None)
    assert image is not None
    assert image.tags == (NAME,)
    assert read(image)


def test_the_order_of_sources(engine: fake.Engine, tmp_path: Path) -> None:
    engine.archive = saved()
    with fake.running(tmp_path / "podman.sock") as podman:
        podman.archive = saved()
        podman.hold("podmans:1")
        sources = [source(engine), source(podman, "podman")]
        found = target.resolve("docker:" + NAME, sources)
        assert found.tried[-1].where == f"docker ({engine.path})"
        found = target.resolve("podman:podmans:1", sources)
        assert found.tried[-1].outcome == "has it"
        with pytest.raises(UsageError, match="there is no such image"):
            target.resolve("podman:" + NAME, sources)


def test_one_that_is_closed_to_us(engine: fake.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(connection._Local, "connect", refuse)
    closed = source(engine)
    assert closed.find(NAME, None) is None
    assert "docker group" in closed.title
    with pytest.raises(UsageError, match="docker group"):
        target.resolve(f"docker:{NAME}", [closed])
    named = EngineSource(Engine("docker", engine.address, "$DOCKER_HOST"))
    with pytest.raises(EngineError, match="docker group"):
        named.find(NAME, None)


def test_what_is_no_name(engine: fake.Engine) -> None:
    assert source(engine).find("A B", None) is None
    assert not engine.asked
    assert source(engine).find("5" * 12, None) is None
    assert engine.asked
