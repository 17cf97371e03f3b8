"""What is written: manifests, what they point to, and what is attached to them.

OCI image-spec 1.1: manifest.md, image-index.md, descriptor.md. Documents are the same bytes for the
same content.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from seawall.sources.images.image import Config
from seawall.sources.images.manifests import INDEXES, MANIFESTS, digest_of
from seawall.sources.images.platforms import KEYS, Platform
from seawall.sources.images.unpacking import Stream

INDEX, MANIFEST = INDEXES[0], MANIFESTS[0]
CONFIG = "application/vnd.oci.image.config.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
NAME = "org.opencontainers.image.ref.name"
Json = dict[str, Any]


class Blob(NamedTuple):
    """Bytes with their digest, and how they are had."""

    media_type: str
    digest: str
    size: int
    open: Callable[[], Stream]
    path: str = ""
    """Where they lie as a file that may be moved away; empty where they do not."""

    @property
    def descriptor(self) -> Json:
        """What points to them."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


class LayerBlob(NamedTuple):
    """A layer."""

    blob: Blob
    diff_id: str


class Attached(NamedTuple):
    """A manifest about another one (its ``subject``), and its blobs."""

    manifest: Blob
    blobs: tuple[Blob, ...]
    artifact_type: str
    annotations: Mapping[str, str]


class Written(NamedTuple):
    """An image of one platform."""

    manifest: Blob
    config: Blob
    layers: tuple[LayerBlob, ...]
    platform: Platform
    attached: tuple[Attached, ...] = ()

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """What the manifest points to."""
        return self.config, *(layer.blob for layer in self.layers)


class Output(NamedTuple):
    """Images of one name, one for each platform."""

    images: tuple[Written, ...]

    @property
    def top(self) -> Blob:
        """What the name stands for: the manifest of the only image, or an index."""
        if len(self.images) == 1:
            return self.images[0].manifest
        manifests = [
            {**image.manifest.descriptor, "platform": _platform(image)} for image in self.images
        ]
        return document({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}, INDEX)

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """All there is, manifests too, each once, in the order of their digests."""
        found = {self.top.digest: self.top}
        for image in self.images:
            attached = [each for one in image.attached for each in (one.manifest, *one.blobs)]
            found |= {each.digest: each for each in (image.manifest, *image.blobs, *attached)}
        return tuple(found[digest] for digest in sorted(found))

    def layout_index(self, tag: str) -> bytes:
        """The ``index.json`` of a layout: the image under its tag, then what is attached to it."""
        top: Json = {**self.top.descriptor}
        if len(self.images) == 1:
            top["platform"] = _platform(self.images[0])
        top["annotations"] = {NAME: tag}
        others = [
            {
                **each.manifest.descriptor,
                "artifactType": each.artifact_type,
                "annotations": {**each.annotations},
            }
            for image in self.images
            for each in image.attached
        ]
        return encoded({"schemaVersion": 2, "mediaType": INDEX, "manifests": [top, *others]})


def _platform(image: Written) -> Json:
    return {name: said for name, said in zip(KEYS, image.platform, strict=True) if said}


class _Bytes:
    """Bytes as a stream."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int, /) -> bytes:
        """See ``Stream``."""
        data = self._data[self._at : self._at + size]
        self._at += len(data)
        return data

    def close(self) -> None:
        """Nothing is open."""


def encoded(value: object) -> bytes:
    """JSON without blanks, its keys in their order."""
    import json  # noqa: PLC0415 - off the scan path

    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace")


def blob_of(data: bytes, media_type: str) -> Blob:
    """Bytes as a blob."""
    return Blob(media_type, digest_of(data), len(data), lambda: _Bytes(data))


def document(value: object, media_type: str) -> Blob:
    """A JSON document as a blob."""
    return blob_of(encoded(value), media_type)


def written(config: Json, layers: Sequence[LayerBlob], annotations: Mapping[str, str]) -> Written:
    """An image of a configuration and layers."""
    config_blob = document(config, CONFIG)
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config_blob.descriptor,
        "layers": [layer.blob.descriptor for layer in layers],
    }
    if annotations:
        manifest["annotations"] = dict(sorted(annotations.items()))
    return Written(
        document(manifest, MANIFEST), config_blob, tuple(layers), Config(config).platform
    )


def attached(
    subject: Blob, data: bytes, artifact_type: str, annotations: Mapping[str, str]
) -> Attached:
    """A manifest that attaches some bytes to another manifest (manifest.md, "subject")."""
    empty = blob_of(b"{}", EMPTY)
    content = blob_of(data, artifact_type)
    manifest = document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": artifact_type,
            "config": empty.descriptor,
            "layers": [content.descriptor],
            "subject": subject.descriptor,
            "annotations": dict(sorted(annotations.items())),
        },
        MANIFEST,
    )
    return Attached(manifest, (empty, content), artifact_type, dict(sorted(annotations.items())))
