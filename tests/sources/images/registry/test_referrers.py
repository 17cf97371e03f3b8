"""What is attached to an image, in the ways registries have of telling it."""

import json

import pytest

from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.resolving import Image, Images
from tests.sources.images.registry.double import Double, Trick
from tests.sources.images.registry.made import INDEX, Made

SPDX, VEX = "application/spdx+json", "application/openvex+json"


@pytest.fixture
def made() -> Made:
    return Made("linux/amd64")


@pytest.fixture
def image(double: Double, images: Images, made: Made) -> Image:
    made.attach(SPDX, b'{"spdx": 1}', made.top)
    made.attach(VEX, b"{}", made.top)
    made.attach(VEX, b"[]", {**made.top, "digest": "sha256:" + "3" * 64})
    return images.resolve(double.push(made))


def types(found: object) -> list[str]:
    return sorted(each.artifact_type for each in found)  # type: ignore[attr-defined]


def test_the_api(double: Double, images: Images, image: Image) -> None:
    assert types(images.referrers(image)) == [VEX, SPDX]
    (found,) = images.referrers(image, SPDX)
    assert found.subject == image.digest
    assert found.annotations == (("org.example", "yes"),)
    manifest = images.manifest_at(image.place, found.digest)
    (layer,) = manifest.descriptors("layers", "a")
    assert images.blob(image.place, layer, 100) == b'{"spdx": 1}'
    assert double.asked("referrers")[-1].query == {"artifactType": [SPDX]}


def test_pages(double: Double, images: Images, image: Image) -> None:
    double.page_size = 1
    assert types(images.referrers(image)) == [VEX, SPDX]
    assert len(double.asked("referrers")) == 2


@pytest.mark.parametrize("answer", ["none", "page for people"])
def test_the_tag_in_its_place(
    double: Double, images: Images, made: Made, image: Image, answer: str
) -> None:
    double.has_referrers = False
    if answer != "none":
        double.tricks["referrers"] = [Trick(200, {"Content-Type": "text/html"}, b"<html>")] * 3
    assert images.referrers(image) == []
    entry = made.attach(SPDX, b"{}", made.top)
    index = made.add_index([{**entry, "artifactType": SPDX}])
    repository = double.repository("shop/web")
    repository.manifests.update(made.manifests)
    repository.tags[made.digest.replace(":", "-")] = index["digest"]
    assert types(images.referrers(image)) == [SPDX]
    assert images.referrers(image, VEX) == []


def test_of_cosign(double: Double, images: Images, made: Made, image: Image) -> None:
    tags = double.repository("shop/web").tags
    for ending in ("sig", "att", "sbom"):
        tags[f"{made.digest.replace(':', '-')}.{ending}"] = made.digest
    found = [each for each in images.referrers(image) if each.tag]
    assert [each.tag.rpartition(".")[2] for each in found] == ["sig", "att", "sbom"]


def test_of_an_index_and_its_images(double: Double, images: Images) -> None:
    made = Made("linux/amd64", "linux/arm64")
    made.attach(SPDX, b"{}", made.top)
    name = double.push(made)
    image = images.resolve(name)
    made.attach(VEX, b"{}", {"mediaType": INDEX, "digest": image.manifest.digest, "size": 1})
    double.push(made)
    assert types(images.referrers(image)) == [VEX, SPDX]


@pytest.mark.parametrize(
    "link",
    ["<http://127.0.0.1:9/v2/a>; rel=next", "<https://evil.example/v2/>; rel=\"next\"",
     "</token>; rel=\"next\"", "<//evil.example/v2/>; rel=next", "<file:///v2/>; rel=next"],
)  # fmt: skip
def test_pages_stay_where_they_are(double: Double, images: Images, image: Image, link: str) -> None:
    page = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
    double.tricks["referrers"] = [Trick(200, {"Content-Type": INDEX, "Link": link}, page)]
    with pytest.raises(RegistryError) as raised:
        images.referrers(image)
    assert raised.value.kind == "refused"


def test_pages_without_end(double: Double, images: Images, image: Image) -> None:
    page = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
    headers = {"Content-Type": INDEX, "Link": '<?next>; rel="next"'}
    double.tricks["referrers"] = [Trick(200, headers, page)] * 200
    assert images.referrers(image) == []
    assert len(double.asked("referrers")) == 50


def test_attestations_in_the_index(double: Double, images: Images) -> None:
    image = images.resolve(double.push(Made("linux/amd64", "linux/arm64")))
    about = "vnd.docker.reference.digest"
    (found,) = [
        each for each in image.attestations if each.annotations[about] == image.manifest.digest
    ]
    assert isinstance(found, Descriptor)
    assert images.manifest_at(image.place, found.digest).descriptors("layers", "a")
