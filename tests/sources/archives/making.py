"""Archives of all kinds, made in memory."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    """A frame of raw blocks (RFC 8878): no library is needed to make one."""
    out = b"\x28\xb5\x2f\xfd" + bytes([0b1010_0000]) + struct.pack("<I", len(data))
    pieces = [data[at : at + 60_000] for at in range(0, len(data), 60_000)] or [b""]
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        out += (len(piece) << 3 | last).to_bytes(3, "little") + piece
    return out


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd,
}


def ar(files: Mapping[str, bytes]) -> bytes:
    out = b"!<arch>\n"
    for name, data in files.items():
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data
        out += b"\n" * (len(data) % 2)
    return out


def deb(files: Mapping[str, bytes], pack: str = "xz") -> bytes:
    return ar({
        "debian-binary": b"2.0\n",
        "control.tar.gz": gzip.compress(tarred({"control": b"Package: a\n"})),
        f"data.tar.{pack}": PACKERS[pack](tarred(files)),
    })  # fmt: skip


def cpio(files: Mapping[str, bytes]) -> bytes:
    out = b""
    for name, data in {**files, "TRAILER!!!": b""}.items():
        raw = name.encode() + b"\0"
        mode = 0o100644 if name != "TRAILER!!!" else 0
        fields = (1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + raw
        out += head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
    return out


def rpm(files: Mapping[str, bytes], pack: str = "zst") -> bytes:
    def header(entries: int, data: bytes) -> bytes:
        intro = b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">II", entries, len(data))
        return intro + bytes(16 * entries) + data

    signature = header(1, b"abc")
    signature += bytes(-(len(signature) - 16) % 8)
    lead = b"\xed\xab\xee\xdb" + bytes(92)
    return lead + signature + header(2, b"defg") + PACKERS[pack](cpio(files))
