"""Images into a registry: what is there, mounted, sent, broken and sent again."""

import io
import json
import secrets
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.registry.access import Access
from seawall.sources.images.registry.configuration import Place
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.pushing import Pusher
from seawall.sources.images.registry.resolving import Images
from tests.sources.http.support import Waits
from tests.sources.images.registry.conftest import with_login
from tests.sources.images.registry.double import PLAIN, Double, Trick
from tests.sources.images.registry.made import LAYER, MANIFEST, Made

DATA = secrets.token_bytes(100_000)
CHUNK = 30_000


def blob_of(data: bytes) -> Descriptor:
    return Descriptor(LAYER, "sha256:" + sha256(data).hexdigest(), len(data))


def source(data: bytes) -> Callable[[], io.BytesIO]:
    return lambda: io.BytesIO(data)


@pytest.fixture
def pusher(double: Double, access: Access) -> Pusher:
    return Pusher(access.registry(Place(double.host, "shop/out")), "shop/out", chunk=CHUNK)


def test_an_image_goes_in_and_comes_out(double: Double, pusher: Pusher, images: Images) -> None:
    made = Made("linux/amd64", "linux/arm64")
    for digest, data in made.blobs.items():
        assert pusher.blob(Descriptor(LAYER, digest, len(data)), source(data)) == "sent"
        assert pusher.blob(Descriptor(LAYER, digest, len(data)), source(data)) == "there"
    for digest, (kind, data) in made.manifests.items():
        tag = "2" if digest == made.digest else ""
        assert pusher.manifest(data, kind, tag) == digest
    image = images.resolve(f"{double.host}/shop/out:2")
    assert image.digest == made.digest
    assert images.open_blob(image, image.layers[0]).read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 100_000])
def test_sizes(double: Double, pusher: Pusher, size: int) -> None:
    data = DATA[:size]
    assert pusher.blob(blob_of(data), source(data)) == "sent"
    assert double.repository("shop/out").blobs[blob_of(data).digest] == data
    patches = double.asked("uploads", "PATCH")
    assert len(patches) == (0 if size <= CHUNK else -(-size // CHUNK))
    assert all(len(each.body) <= CHUNK for each in double.requests)


def test_a_mount(double: Double, pusher: Pusher) -> None:
    blob = blob_of(DATA)
    double.repository("shop/base").blobs[blob.digest] = DATA
    assert pusher.blob(blob, source(b"not read"), "shop/base") == "mounted"
    other = blob_of(DATA[:9])
    assert pusher.blob(other, source(DATA[:9]), "shop/base") == "sent"


@pytest.mark.parametrize("trick", [Trick(503), Trick(hang_up=True), Trick(429), Trick(416)])
def test_a_broken_chunk_is_sent_again(
    double: Double, pusher: Pusher, waits: Waits, trick: Trick
) -> None:
    # A start, a chunk, one that breaks, where it is, the rest.
    double.tricks["uploads"] = [PLAIN, PLAIN, trick]
    assert pusher.blob(blob_of(DATA), source(DATA)) == "sent"
    assert double.repository("shop/out").blobs[blob_of(DATA).digest] == DATA
    assert len(double.asked("uploads", "GET")) == 1
    assert waits == [0.5]


@pytest.mark.parametrize("kept", [2, 1000, CHUNK - 1, CHUNK])
def test_a_chunk_that_came_in_part(double: Double, pusher: Pusher, kept: int) -> None:
    double.tricks["uploads"] = [PLAIN, PLAIN, Trick(503, {"x-kept": str(kept)})]
    assert pusher.blob(blob_of(DATA), source(DATA)) == "sent"
    sent = [len(each.body) for each in double.asked("uploads", "PATCH")]
    rest = [CHUNK - kept] if kept < CHUNK else []
    assert sent == [CHUNK, CHUNK, *rest, CHUNK, 100_000 - 3 * CHUNK]


def test_an_upload_that_is_lost_begins_anew(double: Double, pusher: Pusher) -> None:
    double.tricks["uploads"] = [PLAIN, PLAIN, Trick(503), Trick(404)]
    assert pusher.blob(blob_of(DATA), source(DATA)) == "sent"
    assert len(double.asked("uploads", "POST")) == 2


def test_it_gives_up_in_the_end(double: Double, pusher: Pusher, waits: Waits) -> None:
    double.tricks["uploads"] = [PLAIN, *[Trick(503), PLAIN] * 9]
    with pytest.raises(RegistryError, match="answered 503") as raised:
        pusher.blob(blob_of(DATA), source(DATA))
    assert raised.value.kind == "unavailable"
    assert len(waits) == 3


@pytest.mark.parametrize(("told", "real"), [(5, 4), (4, 5), (100_000, 99_999), (99_999, 100_000)])
def test_a_source_of_another_size(pusher: Pusher, told: int, real: int) -> None:
    with pytest.raises(RegistryError, match="has"):
        pusher.blob(blob_of(DATA)._replace(size=told), source(DATA[:real]))


def test_other_bytes_than_the_digest_says(pusher: Pusher) -> None:
    with pytest.raises(RegistryError, match="DIGEST_INVALID"):
        pusher.blob(blob_of(DATA), source(DATA[::-1]))


def test_chunks_of_a_least_size(double: Double, pusher: Pusher) -> None:
    double.chunk_minimum = 60_000
    assert pusher.blob(blob_of(DATA), source(DATA)) == "sent"
    assert [len(each.body) for each in double.asked("uploads", "PATCH")] == [60_000, 40_000]
    double.chunk_minimum = 1 << 40
    with pytest.raises(RegistryError, match="wants chunks"):
        pusher.blob(blob_of(b"x"), source(b"x"))


@pytest.mark.parametrize("location", ["http://evil.example/upload", "http://127.0.0.1:9/x"])
def test_uploads_lead_nowhere_in_clear(double: Double, pusher: Pusher, location: str) -> None:
    double.tricks["uploads"] = [Trick(202, {"Location": location})]
    with pytest.raises(RegistryError, match="not encrypted"):
        pusher.blob(blob_of(DATA), source(DATA))


def test_a_login_that_may_push(double: Double, waits: Waits, tmp_path: Path) -> None:
    double.auth, double.uses = "bearer", 2
    login = double.new_login()
    images = with_login(tmp_path, waits, double.host, login)
    registry = images._access.registry(Place(double.host, "shop/out"))
    pusher = Pusher(registry, "shop/out", chunk=CHUNK)
    double.repository("shop/out")
    assert pusher.blob(blob_of(DATA), source(DATA)) == "sent"
    scopes = {each.query["scope"][0] for each in double.asked("/token")}
    assert scopes == {"repository:shop/out:pull", "repository:shop/out:pull,push"}


@pytest.mark.parametrize("status", [401, 403, 405])
def test_no_right_to_push(double: Double, pusher: Pusher, status: int) -> None:
    double.tricks["uploads"] = [Trick(status)]
    with pytest.raises(RegistryError):
        pusher.blob(blob_of(DATA), source(DATA))


def test_a_manifest_that_becomes_another(double: Double, pusher: Pusher) -> None:
    double.tricks["manifests"] = [Trick(201, {"Docker-Content-Digest": "sha256:" + "0" * 64})]
    with pytest.raises(RegistryError, match="took sha256"):
        pusher.manifest(b"{}", MANIFEST, "1")


@pytest.mark.parametrize("lists", [True, False])
def test_what_is_attached(double: Double, pusher: Pusher, images: Images, lists: bool) -> None:
    double.has_referrers = lists
    made = Made("linux/amd64")
    image = images.resolve(double.push(made, "shop/out"))
    for kind in ("application/spdx+json", "application/openvex+json"):
        entry = made.attach(kind, b"{}", made.top)
        data = made.manifests[entry["digest"]][1]
        if lists:
            double.tricks["manifests"] = [_Kept(double, entry["digest"], data)]
        for _ in range(2):
            assert pusher.attach(data, MANIFEST, image.digest) == entry["digest"]
    found = {each.artifact_type for each in images.referrers(image)}
    assert found == {"application/spdx+json", "application/openvex+json"}
    tag = image.digest.replace(":", "-")
    if not lists:
        index = double.repository("shop/out").manifests[double.repository("shop/out").tags[tag]]
        assert len(json.loads(index[1])["manifests"]) == 2


def _Kept(double: Double, digest: str, data: bytes) -> Trick:  # noqa: N802
    """A registry of version 1.1 says that it has seen the subject."""
    double.repository("shop/out").manifests[digest] = MANIFEST, data
    return Trick(201, {"Docker-Content-Digest": digest, "OCI-Subject": "yes"})
