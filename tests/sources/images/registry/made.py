"""Images made in memory, with real layers: one platform or several, gzip, zstd or plain."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import zstandard

INDEX = "application/vnd.oci.image.index.v1+json"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SCHEMA_2 = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


class Made:
    """An image; with several platforms, an index with BuildKit's attestation beside each."""

    def __init__(
        self,
        *platforms: str,
        files: Mapping[str, bytes] | None = None,
        compression: str = "gzip",
        attestations: bool = True,
        alone: bool = True,
    ) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        contents = {"etc/hostname": b"web\n"} if files is None else files
        tops = [
            self._image(platform, {**contents, "platform": platform.encode()}, compression)
            for platform in platforms or ("linux/amd64",)
        ]
        if len(tops) > 1 or not alone:
            about = [self._attestation(top) for top in tops] if attestations else []
            self.top = self.add_index([*tops, *about])
        else:
            self.top = tops[0]
        self.digest = str(self.top["digest"])

    def add_manifest(self, value: Mapping[str, Any], kind: str = "") -> dict[str, Any]:
        data = json.dumps(value).encode()
        digest = "sha256:" + sha256(data).hexdigest()
        kind = kind or str(value["mediaType"])
        self.manifests[digest] = kind, data
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def add_index(self, entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        return self.add_manifest(
            {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)}
        )

    def add_blob(self, data: bytes, kind: str) -> dict[str, Any]:
        digest = "sha256:" + sha256(data).hexdigest()
        self.blobs[digest] = data
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def attach(self, artifact_type: str, data: bytes, subject: Mapping[str, Any]) -> dict[str, Any]:
        """A referrer of a manifest."""
        return self.add_manifest({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": artifact_type,
            "config": self.add_blob(b"{}", "application/vnd.oci.empty.v1+json"),
            "layers": [self.add_blob(data, artifact_type)],
            "subject": {key: subject[key] for key in ("mediaType", "digest", "size")},
            "annotations": {"org.example": "yes"},
        })  # fmt: skip

    def _image(self, platform: str, files: Mapping[str, bytes], compression: str) -> dict[str, Any]:
        system, architecture, *variant = platform.split("/")
        about: dict[str, Any] = {"os": system, "architecture": architecture}
        if variant:
            about["variant"] = variant[0]
        tar = tar_of(files)
        config = {
            **about,
            "config": {"Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha256(tar).hexdigest()]},
        }
        packed = {"gzip": gzip.compress(tar, mtime=0), "zstd": zstandard.compress(tar), "": tar}
        ending = f"+{compression}" if compression else ""
        value = {
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": self.add_blob(json.dumps(config).encode(), CONFIG),
            "layers": [self.add_blob(packed[compression], LAYER + ending)],
        }  # fmt: skip
        return {**self.add_manifest(value), "platform": about}

    def _attestation(self, top: Mapping[str, Any]) -> dict[str, Any]:
        value = {
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": self.add_blob(b"{}", CONFIG),
            "layers": [self.add_blob(b'{"_type": "x"}', "application/vnd.in-toto+json")],
        }  # fmt: skip
        return {
            **self.add_manifest(value),
            "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": top["digest"],
            },
        }


def tar_of(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()
