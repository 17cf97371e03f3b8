"""A stranger's file system in a directory of ours: what is in it, and that nothing else changes."""

import os
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from seawall.core.errors import InputError
from seawall.sources.images import extracting
from seawall.sources.images.entry import Entry, Kind
from seawall.sources.images.extracting import Directory, Viewer, extract
from seawall.sources.images.image import Image
from seawall.sources.images.merging import FileSystem, merge
from seawall.sources.images.problems import ArchiveError, Problems
from seawall.sources.images.walking import walk
from tests.hardening.images.made import Held, held, layers_of
from tests.hardening.images.test_members import LAYERS, image_of, written

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="images are run on Linux only")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps owners")
ROOT = Viewer(0, frozenset())
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
KINDS = {
    stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.DIRECTORY, stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFIFO: Kind.FIFO,
}  # fmt: skip


def entry(path: str, kind: Kind = Kind.FILE, mode: int = 0o644, **more: Any) -> Entry:
    made = Entry(path, kind, mode, 0, 0, 0, 0, "", -1)
    return made._replace(**more)


def made(directory: Path, *stack: list[tuple[Entry, bytes]]) -> tuple[Image, FileSystem]:
    tars = [
        written([(each._replace(size=len(data)), data) for each, data in layer]) for layer in stack
    ]
    image = image_of(directory, tars)
    return image, merge([walked.entries for walked in walk(image, lambda _: ())])


def put(
    directory: Path, *stack: list[tuple[Entry, bytes]], viewer: Viewer = ROOT
) -> tuple[Path, Problems]:
    image, tree = made(directory, *stack)
    root = directory / "root"
    return root, extract(image, tree, str(root), viewer)


def found(root: Path) -> dict[str, Held]:
    """What is in a directory, as ``made.held`` has it of an image."""
    paths = list(_below(root))
    inodes: dict[int, list[str]] = {}
    for path in paths:
        inodes.setdefault(path.lstat().st_ino, []).append(str(path.relative_to(root)))
    result = {}
    for path in paths:
        status = path.lstat()
        kind = KINDS[stat.S_IFMT(status.st_mode)]
        attributes = {
            name: os.getxattr(path, name, follow_symlinks=False)
            for name in (os.listxattr(path, follow_symlinks=False))
        }
        capability = attributes.pop("security.capability", b"")
        names = tuple(sorted(inodes[status.st_ino])) if kind is Kind.FILE else ()
        result[str(path.relative_to(root))] = Held(
            kind.name, stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid),
            int(status.st_mtime), os.readlink(path) if kind is Kind.SYMLINK else "",
            (capability, tuple(sorted(attributes.items())), (0, 0)),
            path.read_bytes() if kind is Kind.FILE else b"", names,
        )  # fmt: skip
    return result


def _below(root: Path) -> Iterator[Path]:
    for above, folders, files in os.walk(root):
        for name in (*folders, *files):
            yield Path(above, name)


@needs_root
@settings(deadline=None, max_examples=60)
@given(LAYERS)
def test_what_is_in_the_directory_is_what_the_layers_make(
    stack: list[list[tuple[Entry, bytes]]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        image = image_of(Path(name), [written(layer) for layer in stack])
        layers, contents = layers_of(image)
        tree = merge(layers)
        root = Path(name, "root")
        problems = extract(image, tree, str(root), ROOT)
        devices = {each.entry.path for each in tree.files() if each.entry.kind in _DEVICES}
        odd = {each.path for each in problems.told} - devices  # links of links, odd capabilities
        there = found(root)
        for path, wanted in held(tree, contents).items():
            if path in devices:
                assert path not in there
                continue
            have = there.pop(path)
            if path in odd or {*wanted.names} & odd:
                have = have._replace(extra=wanted.extra)
            if wanted.kind == "SYMLINK":
                have = have._replace(mode=wanted.mode)  # Linux has no modes of links
            assert have == wanted, path
        assert not there


_DEVICES = (Kind.BLOCK_DEVICE, Kind.CHARACTER_DEVICE)


@needs_root
def test_setuid_bits_and_capabilities_are_kept(tmp_path: Path) -> None:
    root, problems = put(
        tmp_path,
        [
            (entry("su", mode=0o4755, uid=5, gid=6), b"x" * 5000),
            (entry("ping", mode=0o755, capability=CAPABILITY), b"y"),
        ],
    )
    assert not problems.told
    status = (root / "su").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o4755, 5, 6)
    assert os.getxattr(root / "ping", "security.capability") == CAPABILITY


def test_nothing_is_written_through_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    away = entry("away", Kind.SYMLINK, 0o777, link=str(outside))
    up = entry("up", Kind.SYMLINK, 0o777, link="../outside")
    root, problems = put(
        tmp_path,
        [(away, b""), (up, b""), (entry("away/new"), b"x"), (entry("up/kept"), b"y")],
        [(entry("away/later"), b"z"), (entry("up", Kind.DIRECTORY, 0o700), b"")],
        [(entry("up/inner"), b"in")],
    )
    assert [path.name for path in outside.iterdir()] == ["kept"]
    assert (outside / "kept").read_text() == "kept"
    assert outside.stat().st_mode & 0o777 == 0o755
    assert (root / "up" / "inner").read_text() == "in"
    assert (root / "away").is_symlink()
    assert problems.told == []


def test_hard_links_lead_to_files_of_the_image_only(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    root, _ = put(
        tmp_path,
        [
            (entry("link", Kind.SYMLINK, 0o777, link=str(secret)), b""),
            (entry("hard", Kind.HARD_LINK, link="link"), b""),
            (entry("harder", Kind.HARD_LINK, link="../secret"), b""),
        ],
    )
    assert (root / "hard").is_symlink()
    assert not (root / "harder").exists()
    assert secret.stat().st_nlink == 1


def test_devices_are_told_and_never_made(tmp_path: Path) -> None:
    root, problems = put(
        tmp_path,
        [
            (entry("disk", Kind.BLOCK_DEVICE, 0o666, device=(8, 0)), b""),
            (entry("dev", Kind.DIRECTORY, 0o755), b""),
            (entry("dev/null", Kind.CHARACTER_DEVICE, 0o666, device=(1, 3)), b""),
            (entry("pipe", Kind.FIFO, 0o600), b""),
        ],
    )
    assert sorted(path.name for path in root.iterdir()) == ["dev", "pipe"]
    assert not any((root / "dev").iterdir())
    assert stat.S_ISFIFO((root / "pipe").lstat().st_mode)
    assert [(each.path, each.reason) for each in problems.told] == [
        ("disk", "is a device: it is left out")
    ]


def test_names_that_the_file_system_does_not_take_are_told(tmp_path: Path) -> None:
    long = "n" * 300
    root, problems = put(
        tmp_path,
        [
            (entry(long), b"x"), (entry(f"{long}-2", Kind.DIRECTORY, 0o755), b""),
            (entry("empty", Kind.SYMLINK, 0o777, link=""), b""), (entry("good"), b"y"),
            (entry("hard", Kind.HARD_LINK, link=long), b""),
        ],
    )  # fmt: skip
    assert (root / "good").read_text() == "y"
    assert (root / "hard").read_text() == "x"
    assert {each.path[:4] for each in problems.told} == {"nnnn", "empt"}


def test_what_nobody_may_read_is_gone_in_the_end(tmp_path: Path) -> None:
    with Directory(str(tmp_path)) as directory:
        assert stat.S_IMODE(os.stat(directory.path).st_mode) == 0o700
        image, tree = made(
            tmp_path,
            [
                (entry("a", Kind.DIRECTORY, 0), b""), (entry("a/b", Kind.DIRECTORY, 0), b""),
                (entry("a/b/c", mode=0), b"x"), (entry("l", Kind.SYMLINK, link="/"), b""),
            ],
        )  # fmt: skip
        extract(image, tree, os.path.join(directory.path, "root"), ROOT)
    assert not os.path.exists(directory.path)


def test_it_is_gone_when_somebody_loses_patience(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Directory(str(tmp_path)) as directory:
        raise KeyboardInterrupt
    assert not os.path.exists(directory.path)


def test_there_must_be_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extracting, "MOST", 3)
    with pytest.raises(InputError, match="no room for 4 bytes of its files; set TMPDIR"):
        put(tmp_path, [(entry("a"), b"xx"), (entry("b"), b"yy")])


def test_zeros_take_no_room(tmp_path: Path) -> None:
    size = 8 << 20
    root, _ = put(tmp_path, [(entry("zeros"), bytes(size)), (entry("mixed"), bytes(size) + b"x")])
    for name, wanted in (("zeros", size), ("mixed", size + 1)):
        assert (root / name).stat().st_size == wanted
        assert (root / name).stat().st_blocks * 512 < 4 << 20
    assert (root / "mixed").read_bytes() == bytes(size) + b"x"


def test_a_layer_that_changes_meanwhile_is_an_error(tmp_path: Path) -> None:
    image, tree = made(tmp_path, [(entry("a"), b"first"), (entry("b"), b"second")])
    (tmp_path / "0.tar").write_bytes(written([(entry("a", size=1), b"x")]))
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(ArchiveError):
        extract(image, tree, str(tmp_path / "root"), ROOT)
    assert len(os.listdir("/proc/self/fd")) <= before
    assert threading.active_count() == 1


def test_who_is_not_root_gives_the_rights_that_a_user_would_have(tmp_path: Path) -> None:
    viewer = Viewer(1000, frozenset((50,)))
    assert viewer.bits(entry("x", mode=0o751, uid=1000)) == 7
    assert viewer.bits(entry("x", mode=0o751, gid=50)) == 5
    assert viewer.bits(entry("x", mode=0o751)) == 1
    assert ROOT.bits(entry("x", mode=0o400, uid=7)) == 4


def test_without_root_all_is_of_one_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are as the user of the image would have them."""
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    root, _ = put(
        tmp_path,
        [
            (entry("private", mode=0o600), b"x"), (entry("own", mode=0o600, uid=1000), b"y"),
            (entry("all", mode=0o4755), b"z"), (entry("closed", Kind.DIRECTORY, 0o700), b""),
            (entry("closed/file", uid=77), b"w"),
        ],
        viewer=Viewer(1000, frozenset()),
    )  # fmt: skip
    names = ("private", "own", "all", "closed")
    assert [(root / name).stat().st_mode >> 6 & 7 for name in names] == [0, 6, 5, 0]
    assert (root / "closed" / "file").stat().st_uid == os.getuid()


def test_programs_run_from_it(tmp_path: Path) -> None:
    from seawall.running import probe

    program = probe.program()
    if program is None:
        pytest.skip("no program was written for this machine")
    root, _ = put(tmp_path, [(entry("probe", mode=0o755), program)])
    done = subprocess.run([root / "probe"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (probe.STATUS, probe.WORD)
