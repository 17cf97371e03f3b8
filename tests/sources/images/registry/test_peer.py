"""The distribution project's own registry, with what skopeo has put there, and what we put."""

import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.platforms import parse
from seawall.sources.images.registry.access import Access
from seawall.sources.images.registry.configuration import Place
from seawall.sources.images.registry.credentials import Credentials
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.pushing import Pusher
from seawall.sources.images.registry.resolving import Images
from tests.sources.images.registry.made import INDEX, MANIFEST, Made

PLATFORMS = ("linux/amd64", "linux/arm64/v8", "linux/arm/v7")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("docker-registry")
    if not program:
        pytest.skip("docker-registry is needed (Debian's package of that name)")
    directory = tmp_path_factory.mktemp("registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    (directory / "config.yml").write_text(
        f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage:\n"
        f"  filesystem: {{rootdirectory: {directory}/data}}\nhttp: {{addr: '{host}'}}\n"
    )
    with subprocess.Popen(
        [program, "serve", "config.yml"], cwd=directory, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"},
    ) as process:  # fmt: skip
        try:
            for _ in range(200):
                with socket.socket() as asking:
                    if asking.connect_ex(("127.0.0.1", int(host.rpartition(":")[2]))) == 0:
                        break
                time.sleep(0.05)
            yield host
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
def images() -> Images:
    return Images(Access(Credentials({})))


def skopeo(*arguments: str) -> bytes:
    if not shutil.which("skopeo"):
        pytest.skip("skopeo is needed")
    done = subprocess.run(["skopeo", *arguments], capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def layout(made: Made, directory: Path) -> str:
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    everything = made.blobs | {digest: data for digest, (_, data) in made.manifests.items()}
    for digest, data in everything.items():
        (blobs / digest.removeprefix("sha256:")).write_bytes(data)
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (directory / "index.json").write_text(
        json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [made.top]})
    )
    return f"oci:{directory}"


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_what_skopeo_puts_there(
    server: str, images: Images, tmp_path: Path, compression: str
) -> None:
    made = Made(*PLATFORMS, compression=compression, attestations=False)
    name = f"{server}/shop/web:{compression}"
    skopeo("copy", "-q", "--all", "--dest-tls-verify=false", layout(made, tmp_path / "a"),
           f"docker://{name}")  # fmt: skip
    raw = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{name}")
    digest = "sha256:" + hashlib.sha256(raw).hexdigest()
    assert images.digest(name) == digest
    for platform in PLATFORMS:
        image = images.resolve(name, parse(platform))
        assert image.digest == digest
        assert image.top.data == raw
        (layer,) = image.layers
        data = images.open_blob(image, layer).read()
        assert "sha256:" + hashlib.sha256(data).hexdigest() == layer.digest
        assert data in made.blobs.values()
        assert images.open_blob(image, layer, 10).read() == data[10:]
        assert images.referrers(image) == []
    with pytest.raises(RegistryError) as raised:
        images.resolve(f"{server}/shop/web:none")
    assert raised.value.kind == "not-found"
    assert "MANIFEST_UNKNOWN" in str(raised.value)


def test_what_skopeo_gets_back(server: str, images: Images, tmp_path: Path) -> None:
    made = Made(*PLATFORMS, files={"big": os.urandom(300_000)}, attestations=False)
    registry = Access(Credentials({})).registry(Place(server, "shop/out"))
    pusher = Pusher(registry, "shop/out", chunk=100_000)
    for digest, data in made.blobs.items():
        blob = Descriptor("", digest, len(data))
        assert pusher.blob(blob, lambda data=data: io.BytesIO(data)) == "sent"  # type: ignore[misc]
        other = Pusher(registry, "shop/mounted")
        assert other.blob(blob, lambda: io.BytesIO(b""), "shop/out") == "mounted"
    for digest, (kind, data) in made.manifests.items():
        assert pusher.manifest(data, kind, "1" if digest == made.digest else "") == digest
    name = f"{server}/shop/out:1"
    skopeo("copy", "-q", "--all", "--src-tls-verify=false", f"docker://{name}",
           f"oci:{tmp_path / 'b'}")  # fmt: skip
    copied = {path.name for path in (tmp_path / "b" / "blobs" / "sha256").iterdir()}
    assert {digest.removeprefix("sha256:") for digest in (*made.blobs, *made.manifests)} <= copied
    # It keeps no list of referrers: they stand under a tag.
    image = images.resolve(name, parse("linux/amd64"))
    entry = made.attach("application/spdx+json", b"{}", made.top)
    for digest in made.blobs:
        blob = Descriptor("", digest, len(made.blobs[digest]))
        pusher.blob(blob, lambda digest=digest: io.BytesIO(made.blobs[digest]))  # type: ignore[misc]
    pusher.attach(made.manifests[entry["digest"]][1], MANIFEST, image.digest)
    (found,) = images.referrers(image)
    assert (found.digest, found.artifact_type) == (entry["digest"], "application/spdx+json")
