"""Images for tests, and what the file system of an image holds, contents included."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from seawall.sources.images.entry import FILE
from seawall.sources.images.image import Image
from seawall.sources.images.merging import FileSystem, merge
from seawall.sources.images.tar import Archive
from seawall.sources.images.target import resolve
from seawall.sources.images.unpacking import Unpacked
from tests.sources.images.tars import END, Layout, member, pax

DIRECTORY = b"5"
SYMLINK = b"2"
HARD_LINK = b"1"


def tar(*members: bytes) -> bytes:
    return b"".join(members) + END


def directory(name: str, mode: int = 0o755, **more: Any) -> bytes:
    return member(f"{name}/".encode(), kind=DIRECTORY, mode=mode, **more)


def file(name: str, data: bytes = b"x", mode: int = 0o644, **more: Any) -> bytes:
    return member(name.encode(), data, mode=mode, **more)


def symlink(name: str, target: str) -> bytes:
    return member(name.encode(), kind=SYMLINK, link=target.encode(), mode=0o777)


def hard_link(name: str, target: str, mode: int = 0o644) -> bytes:
    return member(name.encode(), kind=HARD_LINK, link=target.encode(), mode=mode)


def elf(more: bytes = b"") -> bytes:
    """Enough of an ELF program for who looks at its first bytes and its texts."""
    return b"\x7fELF\x02\x01\x01" + bytes(60) + more


CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
"""``cap_net_bind_service+ep``."""


def with_capability(name: str, data: bytes) -> bytes:
    return pax((b"SCHILY.xattr.security.capability", CAPABILITY)) + file(name, data, 0o755)


PASSWD = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/app:/sbin/nologin\n"
GROUP = b"root:x:0:\napp:x:1001:\n"


def base() -> bytes:
    """A small system, with shells, a package manager and setuid programs."""
    return tar(
        directory("bin"), directory("etc"), directory("tmp", 0o1777), directory("usr"),
        directory("usr/bin"), directory("usr/lib"), directory("root", 0o700),
        file("bin/dash", elf(b"dash"), 0o755), symlink("bin/sh", "dash"),
        file("bin/bash", elf(b"bash"), 0o755),
        file("usr/bin/apt-get", elf(b"apt"), 0o755), file("usr/bin/su", elf(b"su"), 0o4755),
        hard_link("usr/bin/su-too", "usr/bin/su", 0o4755),
        with_capability("usr/bin/server", elf(b"server")),
        file("etc/passwd", PASSWD), file("etc/group", GROUP),
        file("etc/os-release", b'ID=debian\nVERSION_ID="12"\n'),
    )  # fmt: skip


def layout(
    where: Path, *layers: bytes, config: dict[str, Any] | None = None, how: str = "gzip",
    **more: Any,
) -> str:  # fmt: skip
    """An OCI layout of one image; gives its name."""
    made = Layout()
    descriptor = made.image(layers, how, {"config": config or {}, **more})
    descriptor["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    made.index(descriptor)
    where.mkdir()
    return made.write(where)


class Held(NamedTuple):
    """A file of an image, without where it is."""

    kind: str
    mode: int
    owner: tuple[int, int]
    mtime: int
    link: str
    extra: tuple[object, ...]
    content: bytes
    names: tuple[str, ...]
    """All the names of a file; links and devices become several of the same."""


def opened(name: str) -> Image:
    return resolve(name).image


def layers_of(image: Image) -> tuple[list[list[Any]], dict[tuple[int, int], bytes]]:
    """The entries of each layer, and contents by layer and offset."""
    layers, contents = [], {}
    for layer in image.layers:
        assert layer.open is not None
        unpacked = Unpacked(
            layer.name, layer.open(), digest=layer.digest, diff_id=layer.diff_id
        )  # fmt: skip
        archive = Archive(layer.name, unpacked)
        entries = []
        for entry in archive:
            entries.append(entry)
            if entry.kind is FILE:
                contents[layer.number, entry.offset] = b"".join(archive.pieces())
        unpacked.finish()
        assert not archive.problems.told
        layers.append(entries)
    return layers, contents


def held(tree: FileSystem, contents: dict[tuple[int, int], bytes]) -> dict[str, Held]:
    names: dict[object, list[str]] = {}
    nodes = list(tree.files())
    for node in nodes:
        names.setdefault(node.content, []).append(node.entry.path)
    return {
        node.entry.path: Held(
            node.entry.kind.name, node.entry.mode, (node.entry.uid, node.entry.gid),
            node.entry.mtime, node.entry.link,
            (node.entry.capability, node.entry.attributes, node.entry.device),
            contents[node.content.layer, node.content.entry.offset]
            if node.entry.kind is FILE else b"",
            tuple(sorted(names[node.content])) if node.entry.kind is FILE else (),
        )
        for node in nodes
    }  # fmt: skip


def system(name: str) -> dict[str, Held]:
    """The merged file system of an image."""
    layers, contents = layers_of(opened(name))
    return held(merge(layers), contents)


def document(where: Path, digest: str) -> Any:
    return json.loads((where / "blobs" / digest.replace(":", "/")).read_bytes())


def index(where: Path) -> Any:
    return json.loads((where / "index.json").read_bytes())
