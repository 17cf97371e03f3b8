"""A real Debian image of packages of a release, the archive that has newer ones, and both together.

The image is made by debootstrap of the machine's own release, without its security archive, and
kept between runs. What dpkg makes of the same newer packages is made here too, to compare.
"""

import hashlib
import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.builds.machine import CommandError, directory, locked, release, run
from tests.builds.root_file_system import _mirror, _sources
from tests.realimages.trees import NotFetchedError
from tests.sources.images.tars import Layout

INCLUDED = ("ca-certificates", "curl", "iputils-ping", "openssl", "perl", "python3-minimal")
_LEFT_OUT = ("./dev/*", "./proc/*", "./sys/*")
_NOT_COMPARED = ("dev/", "proc/", "sys/", "run/", "var/log/", "var/cache/", "var/lib/apt/lists/")


class Made(NamedTuple):
    """What there is to patch, and with what."""

    layout: Path
    mirror: str
    """As ``--mirror`` takes it."""


def made() -> Made:
    """The image, from the cache or made; raises ``NotFetchedError`` without a network."""
    sources = _sources()
    newer = [(site, suite, component) for site, suite, component in sources
             if "security" in suite and component == "main"]  # fmt: skip
    if not newer:
        raise NotFetchedError("apt's sources on this machine name no security archive")
    key = hashlib.sha256(repr((release(), INCLUDED, _LEFT_OUT)).encode()).hexdigest()[:12]
    place = directory() / f"patch-{release()}-{key}"
    with locked(place.name):
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            _make(place, _mirror(sources))
            (place / "complete").touch()
    site, suite, component = newer[0]
    return Made(place / "layout", f"{site} {suite} {component}")


def _make(place: Path, mirror: str) -> None:
    with TemporaryDirectory(dir=place) as work:
        root, tar = Path(work, "root"), Path(work, "root.tar")
        try:
            run(["debootstrap", "--variant=minbase", f"--include={','.join(INCLUDED)}", release(),
                 root, mirror])  # fmt: skip
        except CommandError as error:
            raise NotFetchedError(str(error)) from None
        (root / "etc/resolv.conf").unlink(missing_ok=True)
        run(["tar", "--create", "--file", tar, "--directory", root, "--numeric-owner", "--xattrs",
             "--xattrs-include=*", *(f"--exclude={each}" for each in _LEFT_OUT), "."])  # fmt: skip
        layout = Layout()
        descriptor = layout.image([tar.read_bytes()], "gzip", {"created": "2026-01-01T00:00:00Z"})
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
        layout.index(descriptor)
        (place / "layout").mkdir()
        layout.write(place / "layout")


def unpack(layers: list[Path], root: Path) -> None:
    """The file system of layers, whiteouts applied, as engines do it; with a null device."""
    for layer in layers:
        with tarfile.open(layer) as archive:
            names = archive.getnames()
        for name in names:
            above, _, base = name.rpartition("/")
            if base.startswith(".wh."):
                gone = root / above / base[4:]
                if gone.is_dir() and not gone.is_symlink():
                    shutil.rmtree(gone)
                else:
                    gone.unlink(missing_ok=True)
        run(["tar", "--extract", "--file", layer, "--directory", root, "--numeric-owner",
             "--xattrs", "--xattrs-include=*", "--exclude=.wh.*", "--keep-directory-symlink",
             "--preserve-permissions", "--warning=no-timestamp"])  # fmt: skip
    run(["mknod", "--mode=666", root / "dev/null", "c", "1", "3"])


@contextmanager
def mounted(root: Path) -> Iterator[None]:
    """With the file systems that programs want, in a mount namespace that ends with the process."""
    (root / "proc").mkdir(exist_ok=True)
    run(["mount", "-t", "proc", "proc", root / "proc"])
    try:
        yield
    finally:
        run(["umount", root / "proc"])


def inside(root: Path, *words: str) -> tuple[int, str]:
    """What a program in a root says, both outputs together."""
    done = subprocess.run(
        ["chroot", root, *words], capture_output=True, text=True, check=False, timeout=300,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
             "DEBIAN_FRONTEND": "noninteractive"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def described(root: Path) -> Mapping[str, tuple[object, ...]]:
    """Each file of a root: kind, rights, owner, capability, and content or link."""
    found = {}
    for above, directories, files in os.walk(root):
        for name in (*directories, *files):
            path = os.path.join(above, name)
            status = os.lstat(path)
            relative = os.path.relpath(path, root)
            if f"{relative}/".startswith(_NOT_COMPARED):
                continue
            content: bytes | str = b""
            if stat.S_ISREG(status.st_mode):
                content = hashlib.sha256(Path(path).read_bytes()).hexdigest()
            elif stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)
            found[relative] = (oct(status.st_mode), status.st_uid, status.st_gid,
                               _capability(path), content)  # fmt: skip
    return found


def _capability(path: str) -> bytes:
    try:
        return os.getxattr(path, "security.capability", follow_symlinks=False)
    except OSError:
        return b""
