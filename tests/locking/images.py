"""Small images made in memory, as layouts and as a registry has them."""

import json
from hashlib import sha256
from pathlib import Path

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
GZIPPED = "application/vnd.oci.image.layer.v1.tar+gzip"
PLAIN = "application/vnd.oci.image.layer.v1.tar"


class Image:
    """An image of some platforms: its blobs by digest, and the descriptor of its top."""

    def __init__(self, *platforms: str, layer: str = GZIPPED) -> None:
        self.blobs: dict[str, bytes] = {}
        tops = [self._manifest(platform, layer) for platform in platforms]
        self.top = tops[0] if len(tops) == 1 else self._index(tops)
        self.digest = str(self.top["digest"])

    def _add(self, value: object, kind: str) -> dict[str, object]:
        data = json.dumps(value).encode()
        digest = "sha256:" + sha256(data).hexdigest()
        self.blobs[digest] = data
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def _manifest(self, platform: str, layer: str) -> dict[str, object]:
        system, _, rest = platform.partition("/")
        architecture, _, variant = rest.partition("/")
        own = {"os": system, "architecture": architecture}
        own |= {"variant": variant} if variant else {}
        config = self._add(own, CONFIG)
        value = {
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config,
            "layers": [{"mediaType": layer, "digest": "sha256:" + "0" * 64, "size": 1}],
        }  # fmt: skip
        return {**self._add(value, MANIFEST), "platform": own}

    def _index(self, manifests: list[dict[str, object]]) -> dict[str, object]:
        attestation = {**manifests[0], "platform": {"os": "unknown", "architecture": "unknown"}}
        value = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*manifests, attestation]}
        return self._add(value, INDEX)

    def layout(self, directory: Path, **annotations: str) -> Path:
        """Write an OCI layout."""
        names = {key.replace("__", "."): value for key, value in annotations.items()}
        blobs = directory / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        for digest, data in self.blobs.items():
            (blobs / digest.removeprefix("sha256:")).write_bytes(data)
        (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        top = {**self.top, "annotations": names}
        (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
        return directory
