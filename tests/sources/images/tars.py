"""Tars made byte by byte, and images made of them."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from seawall.sources.images.entry import FILE, Entry
from seawall.sources.images.limits import DEFAULT, Limits
from seawall.sources.images.problems import Problem
from seawall.sources.images.tar import Archive

END = bytes(1024)
POSIX = b"ustar\x0000"
GNU = b"ustar  \x00"
V7 = bytes(8)


def octal(number: int, width: int) -> bytes:
    return b"%0*o\0" % (width - 1, number)


def base256(number: int, width: int) -> bytes:
    field = bytearray(number.to_bytes(width, "big", signed=True))
    field[0] |= 0x80
    return bytes(field)


def header(
    name: bytes, kind: bytes = b"0", size: int = 0, *, mode: int = 0o644, uid: int = 0,
    gid: int = 0, mtime: int = 0, link: bytes = b"", magic: bytes = POSIX, prefix: bytes = b"",
    fields: Mapping[int, bytes] | None = None, checksum: bytes | None = None,
) -> bytes:  # fmt: skip
    """One block. ``fields``: bytes at an offset, put over all else."""
    block = bytearray(512)

    def put(at: int, data: bytes) -> None:
        block[at : at + len(data)] = data

    put(0, name[:100])
    put(100, octal(mode, 8) + octal(uid, 8) + octal(gid, 8))
    put(124, octal(size, 12) + octal(mtime, 12))
    put(156, kind)
    put(157, link[:100])
    put(257, magic)
    put(345, prefix)
    for at, data in (fields or {}).items():
        put(at, data)
    put(148, b" " * 8)
    put(148, b"%06o\0 " % sum(block) if checksum is None else checksum)
    assert len(block) == 512
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def member(name: bytes, data: bytes = b"", kind: bytes = b"0", **more: Any) -> bytes:
    return header(name, kind, more.pop("size", len(data)), **more) + padded(data)


def record(key: str | bytes, value: str | bytes) -> bytes:
    key = key.encode() if isinstance(key, str) else key
    value = value.encode() if isinstance(value, str) else value
    rest = b" " + key + b"=" + value + b"\n"
    size = len(rest)
    while len(rest) + len(str(size)) != size:
        size = len(rest) + len(str(size))
    return str(size).encode() + rest


def pax(*records: tuple[str | bytes, str | bytes], kind: bytes = b"x") -> bytes:
    return member(b"PaxHeaders/0", b"".join(record(*each) for each in records), kind)


def long_name(name: bytes, kind: bytes = b"L") -> bytes:
    return member(b"././@LongLink", name + b"\0", kind, magic=GNU)


class Listed(NamedTuple):
    entries: list[Entry]
    contents: dict[str, bytes]
    problems: list[Problem]

    @property
    def only(self) -> Entry:
        (entry,) = self.entries
        return entry

    @property
    def reasons(self) -> list[str]:
        return [problem.reason for problem in self.problems]


def pieces(data: bytes, size: int) -> Iterable[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def listed(
    data: bytes, limits: Limits = DEFAULT, piece: int = 1 << 20, *, contents: bool = True
) -> Listed:
    source = iter(pieces(data, piece))
    archive = Archive("a.tar", lambda: next(source, b""), limits)
    entries, found = [], {}
    for entry in archive:
        entries.append(entry)
        if contents and entry.kind is FILE:
            found[entry.path] = b"".join(archive.pieces())
            assert len(found[entry.path]) == entry.size
    return Listed(entries, found, archive.problems.told)


# Images.


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def packed(tar: bytes, how: str) -> bytes:
    if how == "gzip":
        return gzip.compress(tar, mtime=0)
    if how == "zstd":
        return zstandard.ZstdCompressor().compress(tar)
    return tar


OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"


class Layout:
    """The files of an OCI layout, by path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}

    def blob(self, data: bytes, media_type: str = "", **more: Any) -> dict[str, Any]:
        digest = digest_of(data)
        self.files[f"blobs/{digest.replace(':', '/')}"] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

    def document(self, document: object, media_type: str, **more: Any) -> dict[str, Any]:
        return self.blob(json.dumps(document).encode(), media_type, **more)

    def image(
        self, tars: Iterable[bytes], how: str = "gzip", config: Mapping[str, Any] | None = None,
        manifest: Mapping[str, Any] | None = None, **more: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """The descriptor of an image with these layers."""
        tars = list(tars)
        made = {
            "os": "linux", "architecture": "amd64",
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar in tars]},
            "history": [{"created_by": f"RUN {number}"} for number in range(len(tars))],
            **(config or {}),
        }  # fmt: skip
        suffix = f"+{how}" if how else ""
        layers = [
            self.blob(packed(tar, how), f"application/vnd.oci.image.layer.v1.tar{suffix}")
            for tar in tars
        ]
        document = {
            "schemaVersion": 2, "config": self.document(made, OCI_CONFIG), "layers": layers,
            **(manifest or {}),
        }  # fmt: skip
        return self.document(document, OCI_MANIFEST, **more)

    def index(self, *descriptors: dict[str, Any]) -> "Layout":
        document = {"schemaVersion": 2, "manifests": list(descriptors)}
        self.files["index.json"] = json.dumps(document).encode()
        return self

    def write(self, directory: Path) -> str:
        for path, data in self.files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(data)
        return str(directory)

    def tar(self, path: Path, pack: str = "") -> str:
        return write_tar(path, self.files, pack)


def write_tar(path: Path, files: Mapping[str, bytes], pack: str = "") -> str:
    data = b"".join(member(name.encode(), each) for name, each in files.items()) + END
    path.write_bytes(packed(data, pack))
    return str(path)
