"""Root file systems and the storages of engines, which keep layers as directories."""

import json
import os
import struct
import subprocess
from base64 import b64encode
from pathlib import Path
from shutil import which

import pytest

from seawall.sources.images.entry import Entry, Kind
from seawall.sources.images.image import Layer
from seawall.sources.images.limits import DEFAULT
from seawall.sources.images.merging import merge
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.rootfs import Tree
from seawall.sources.images.storage import ContainersStorage, DockerStorage, Stored, full_name
from seawall.sources.images.walking import walk, walk_layer
from tests.sources.images.gathering import Files, Names
from tests.sources.images.tars import digest_of

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this")


def tree(root: Path) -> Path:
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "a").write_text("content")
    (root / "etc" / "a").chmod(0o4755)
    (root / "b").mkdir()
    (root / "b" / "link").symlink_to("../../outside")
    (root / "b" / "hard").hardlink_to(root / "etc" / "a")
    os.mkfifo(root / "b" / "fifo")
    (root.parent / "outside").write_text("secret")
    return root


def entries(found: Tree) -> list[Entry]:
    return list(found)


def test_entries_of_a_directory(tmp_path: Path) -> None:
    found = Tree(str(tree(tmp_path / "r")))
    rows = [(each.path, each.kind, each.size, each.link) for each in found]
    assert rows == [
        ("b", Kind.DIRECTORY, 0, ""), ("b/fifo", Kind.FIFO, 0, ""), ("b/hard", Kind.FILE, 7, ""),
        ("b/link", Kind.SYMLINK, 0, "../../outside"), ("etc", Kind.DIRECTORY, 0, ""),
        ("etc/a", Kind.FILE, 7, ""),
    ]  # fmt: skip
    last = list(Tree(str(tmp_path / "r")))[-1]
    status = (tmp_path / "r" / "etc" / "a").stat()
    assert last[2:7] == (0o4755, status.st_uid, status.st_gid, 7, int(status.st_mtime))
    assert found.problems.told == []


def test_contents_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    (tmp_path / "small").write_bytes(b"12345")
    found = Tree(str(tmp_path))
    for each in found:
        content = b"x" * 3_000_000 if each.path == "big" else b"12345"
        assert found.head(3) == content[:3]
        assert found.head(5) == content[:5]
        parts = list(found.pieces())
        assert b"".join(parts) == content
        assert max(map(len, parts)) <= 1 << 20


def test_a_root_is_walked_like_a_layer(tmp_path: Path) -> None:
    files = Files(Names(names=frozenset(["a", "hard", "link", "fifo"])))
    layer = Layer(0, "", "", "", -1, directory=str(tree(tmp_path / "r")))
    walked = walk_layer(layer, [files])
    assert (walked.error, walked.problems) == (None, ())
    assert files.found == {"etc/a": b"content", "b/hard": b"content"}


def test_what_changes_meanwhile_leads_nowhere(tmp_path: Path) -> None:
    """A file or directory that becomes a link when it was looked at is not followed."""
    root = tree(tmp_path / "r")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_text("secret")
    (root / "c").mkdir()
    found = Tree(str(root))
    paths = []
    for each in found:
        paths.append(each.path)
        if each.path == "etc/a":
            (root / "etc" / "a").unlink()
            (root / "etc" / "a").symlink_to("../../outside")
            assert found.head(9) == b""
            assert list(found.pieces()) == []
        if each.path == "c":
            (root / "c").rmdir()
            (root / "c").symlink_to("../elsewhere")
    assert paths == ["b", "b/fifo", "b/hard", "b/link", "c", "etc", "etc/a"]
    assert [each.path for each in found.problems.told] == ["c", "etc/a"]


def test_limits_of_directories(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*"d" * 8)
    deep.mkdir(parents=True)
    found = Tree(str(tmp_path), DEFAULT._replace(depth=5))
    assert len(list(found)) == 6
    assert [each.reason for each in found.problems.told] == ["is more than 5 directories deep"]
    with pytest.raises(ArchiveError) as error:
        list(Tree(str(tmp_path), DEFAULT._replace(entries=3)))
    assert str(error.value) == f"{tmp_path}: it has more than 3 files; name a part of it"
    with pytest.raises(ArchiveError) as error:
        list(Tree(str(tmp_path / "none")))
    assert str(error.value).endswith("none: no such file or directory; see whether you may read it")


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    root = tree(tmp_path / "r")
    before = len(os.listdir("/proc/self/fd"))
    for each in (found := Tree(str(root))):
        found.head(1)
        if each.path == "etc/a":
            break
    del found
    for each in Tree(str(root)):
        assert each.path
    assert len(os.listdir("/proc/self/fd")) == before


@ROOT
def test_whiteouts_of_overlay_file_systems(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "new").write_text("x")
    os.mknod(tmp_path / "d" / "gone", 0o600 | 0o020000, os.makedev(0, 0))
    try:
        os.setxattr(tmp_path / "d", "trusted.overlay.opaque", b"y")
    except OSError:
        pytest.skip("this file system keeps no such attributes")
    paths = [each.path for each in Tree(str(tmp_path), overlay=True)]
    assert paths == ["d", "d/.wh..wh..opq", "d/.wh.gone", "d/new"]
    kinds = [each.kind for each in Tree(str(tmp_path))]
    assert kinds == [Kind.DIRECTORY, Kind.CHARACTER_DEVICE, Kind.FILE]


@ROOT
def test_capabilities_of_a_directory(tmp_path: Path) -> None:
    capability = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)
    (tmp_path / "ping").write_text("x")
    (tmp_path / "ping").chmod(0o755)
    try:
        os.setxattr(tmp_path / "ping", "security.capability", capability)
    except OSError:
        pytest.skip("this file system keeps no such attributes")
    assert next(iter(Tree(str(tmp_path)))).capability == capability


# Storages.

CONFIG = {
    "os": "linux", "architecture": "amd64", "history": [{"created_by": "1"}, {"created_by": "2"}],
    "rootfs": {"diff_ids": [digest_of(b"1"), digest_of(b"2")]},
}  # fmt: skip


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def podman(root: Path, *, name: str = "localhost/app:latest") -> ContainersStorage:
    config = json.dumps(CONFIG).encode()
    image_id = digest_of(config)[7:]
    key = b64encode(f"sha256:{image_id}".encode()).decode()
    write(root / "overlay-images" / image_id / f"={key}", config)
    write(root / "overlay-images" / "images.json", [
        {"id": image_id, "digest": digest_of(b"m"), "names": [name], "layer": "top"},
    ])  # fmt: skip
    write(root / "overlay-layers" / "layers.json", [
        {"id": "base", "diff-digest": digest_of(b"1"), "diff-size": 10},
        {"id": "top", "parent": "base", "diff-digest": digest_of(b"2"), "diff-size": 20,
         "compressed-diff-digest": digest_of(b"c")},
    ])  # fmt: skip
    write(root / "overlay" / "base" / "diff" / "etc" / "a", b"below")
    write(root / "overlay" / "base" / "diff" / "b", b"b")
    write(root / "overlay" / "top" / "diff" / "etc" / "a", b"above")
    return ContainersStorage(str(root))


@pytest.mark.parametrize("name", ["app", "app:latest", "localhost/app", "localhost/app:latest"])
def test_images_of_podman(tmp_path: Path, name: str) -> None:
    image = podman(tmp_path).find(name)
    assert image is not None
    assert image.reference == "localhost/app:latest"
    assert image.manifest_digest == digest_of(b"m")
    assert [(each.diff_id, each.digest, each.created_by) for each in image.layers] == [
        (digest_of(b"1"), "", "1"), (digest_of(b"2"), digest_of(b"c"), "2"),
    ]  # fmt: skip
    walked = walk(image, lambda _: [Files(Names(paths=frozenset(["etc/a"])))])
    assert [each.analyzers[0].found for each in walked] == [  # type: ignore[attr-defined]
        {"etc/a": b"below"}, {"etc/a": b"above"},
    ]  # fmt: skip
    system = merge([each.entries for each in walked])
    assert [(node.entry.path, node.layer) for node in system.files()] == [
        ("b", 0), ("etc", 1), ("etc/a", 1),
    ]  # fmt: skip


def test_images_by_their_id_and_none(tmp_path: Path) -> None:
    storage = podman(tmp_path)
    (stored,) = storage.images()
    assert storage.find(stored.id[:12]) is not None
    assert storage.find(stored.id[:11]) is None
    assert storage.find("other") is None
    assert ContainersStorage(str(tmp_path / "none")).find("a") is None


def test_broken_storages(tmp_path: Path) -> None:
    storage = podman(tmp_path)
    layers = tmp_path / "overlay-layers" / "layers.json"
    for rows, told in (
        ([], "layer top is missing; fetch it again"),
        ([{"id": "top", "parent": "top"}], "layer top is missing; fetch it again"),
        ([{"id": "top", "parent": "../../x"}, {"id": "../../x"}],
         "a layer has no proper name: '../../x'; fetch or build it again"),
    ):  # fmt: skip
        write(layers, rows)
        with pytest.raises(ArchiveError) as error:
            storage.find("app")
        assert str(error.value).endswith(f": {told}")
    (config,) = (path for path in (tmp_path / "overlay-images").rglob("=*"))
    config.write_bytes(b"{}")
    with pytest.raises(ArchiveError, match="do not trust it"):
        storage.find("app")
    config.unlink()
    with pytest.raises(ArchiveError, match="its configuration is missing; fetch it again"):
        storage.find("app")


def docker(root: Path) -> DockerStorage:
    config = json.dumps(CONFIG).encode()
    image_id = digest_of(config)
    image = root / "image" / "overlay2"
    write(image / "repositories.json", {"Repositories": {"app": {"app:1": image_id}}})
    write(image / "imagedb" / "content" / image_id.replace(":", "/"), config)
    chain = digest_of(b"1")
    write(image / "layerdb" / chain.replace(":", "/") / "cache-id", b"one\n")
    chain = digest_of(f"{chain} {digest_of(b'2')}".encode())
    write(image / "layerdb" / chain.replace(":", "/") / "cache-id", b"two")
    write(root / "overlay2" / "one" / "diff" / "a", b"1")
    write(root / "overlay2" / "two" / "diff" / "b", b"2")
    return DockerStorage(str(root))


def test_images_of_docker(tmp_path: Path) -> None:
    storage = docker(tmp_path)
    image = storage.find("app:1")
    assert image is not None
    walked = walk(image, lambda _: ())
    assert [[each.path for each in layer.entries] for layer in walked] == [["a"], ["b"]]
    assert image.problems == ()
    (stored,) = storage.images()
    assert stored == Stored(image.config_digest[7:], ("app:1",))
    assert storage.find(stored.id) is not None
    assert storage.find("app:2") is None
    assert full_name("app") == "docker.io/library/app:latest"
    assert full_name(f"app@{digest_of(b'')}") == f"docker.io/library/app@{digest_of(b'')}"


@pytest.mark.skipif(not which("buildah"), reason="buildah is not installed")
@ROOT
@pytest.mark.parametrize("driver", ["overlay", "vfs"])
def test_what_buildah_stores(tmp_path: Path, driver: str) -> None:
    """A real storage, of the overlay driver where this machine lets it."""
    root = tmp_path / "storage"
    options = [
        "--root",
        str(root),
        "--runroot",
        str(tmp_path / "run"),
        "--storage-driver",
        driver,
    ]

    def buildah(*arguments: str) -> str:
        command = ["buildah", *options, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"buildah cannot work here: {done.stderr.strip()[-200:]}")
        return done.stdout.strip()

    (tmp_path / "file").write_text("content")
    container = buildah("from", "scratch")
    buildah("copy", container, str(tmp_path / "file"), "/etc/a")
    buildah("config", "--user", "1000", container)
    buildah("commit", "--disable-compression", container, "registry.example.org/app:1")
    image = ContainersStorage(str(root)).find("registry.example.org/app:1")
    assert image is not None
    assert image.config.user == "1000"
    assert image.problems == ()
    files = Files(Names(paths=frozenset(["etc/a"])))
    (walked,) = walk(image, lambda _: [files])
    assert walked.error is None
    assert files.found == {"etc/a": b"content"}
    assert walked.layer.diff_id == image.config.diff_ids[0]
    for stored in root.glob("overlay/*/diff/etc/a" if driver == "overlay" else "vfs/dir/*/etc/a"):
        stored.write_text("CONTENT")
    (walked,) = walk(image, lambda _: [])
    assert walked.error is not None
    assert "its DiffID is" in walked.error.reason
