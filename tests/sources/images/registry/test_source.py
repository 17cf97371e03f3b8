"""Images of registries as those of files are: one model for both."""

import json

import pytest

from seawall.sources.images import target
from seawall.sources.images.platforms import Platform
from seawall.sources.images.registry.access import Access
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.source import RegistrySource
from tests.sources.images.registry.double import Double
from tests.sources.images.registry.made import Made


@pytest.fixture
def source(access: Access) -> RegistrySource:
    return RegistrySource(lambda: access)


@pytest.mark.parametrize("compression", ["gzip", "zstd", ""])
def test_an_image(double: Double, source: RegistrySource, compression: str) -> None:
    made = Made("linux/amd64", "linux/arm64/v8", compression=compression)
    name = double.push(made)
    found = target.resolve(f"registry://{name}", [source], Platform("linux", "arm64"))
    image = found.image
    assert (image.name, image.reference) == (name, name)
    assert image.platform[:2] == ("linux", "arm64")
    assert image.digests == (image.manifest_digest, made.digest)
    assert image.manifest_digest != made.digest
    assert image.problems == ()
    (layer,) = image.layers
    assert layer.diff_id == image.config.diff_ids[0]
    assert layer.open is not None
    for _ in range(2):
        stream = layer.open()
        data = b""
        while piece := stream.read(1000):
            data += piece
        stream.close()
        assert data == made.blobs[layer.digest]
    assert [each.attests in made.manifests for each in image.others] == [True, True]
    # The manifest and the configuration come once.
    assert len([each for each in double.requests if image.config_digest in each.path]) == 1
    assert len([each for each in double.requests if image.manifest_digest in each.path]) == 1


def test_nothing_is_asked_for_what_is_no_name(double: Double, source: RegistrySource) -> None:
    assert source.find("A B", None) is None
    assert not double.requests


def test_why_there_is_none(double: Double, source: RegistrySource) -> None:
    with pytest.raises(RegistryError, match="no such image or tag") as raised:
        target.resolve(f"registry://{double.push(Made())}x", [source])
    assert (raised.value.exit_code, raised.value.kind) == (3, "not-found")


@pytest.mark.parametrize("there", [True, False])
def test_foreign_layers(double: Double, source: RegistrySource, there: bool) -> None:
    made = Made("linux/amd64")
    kind, data = made.manifests[made.digest]
    data = data.replace(b"layer.v1.tar", b"layer.nondistributable.v1.tar")
    made.manifests.clear()
    made.digest = made.add_manifest(json.loads(data), kind)["digest"]
    if not there:
        layers = [digest for digest, blob in made.blobs.items() if not blob.startswith(b"{")]
        for digest in layers:
            del made.blobs[digest]
    image = source.find(double.push(made), None)
    assert image is not None
    (layer,) = image.layers
    assert layer.foreign
    assert (layer.open is not None) == there
