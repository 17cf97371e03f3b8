"""An image of over 1 GB: its packages, a scan, a scan from the cache, and all of it in one layer.

It is made once of this machine's own files, in three layers: a Debian or Ubuntu with what is
installed there, packages of Python, and a tree that npm fetches. ``SEAWALL_BENCH_CACHE`` names
another directory to keep it in, ``SEAWALL_BENCH_IMAGE`` a layout to be measured in its place.
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench.measure import Run, least_cpu, median_wall, peak, repeat, run
from seawall import cache
from seawall.engine.containers.named import find
from seawall.engine.containers.scanning import read
from seawall.sources.images.target import resolve
from seawall.sources.images.walking import walk

ENVIRONMENT = "SEAWALL_BENCH_CACHE"
IMAGE = "SEAWALL_BENCH_IMAGE"
SEAWALL = str(Path(sys.executable).parent / "seawall")
RUNS = 5
PEER_RUNS = 3
START_RUNS = 20
SYSTEM_BYTES = 700_000_000
LAYER_BYTES = 350_000_000
NPM_TREE = "react-scripts@5.0.1"
"""Of some 1,300 packages."""
_SYSTEM = ("var/lib/dpkg", "usr/bin", "usr/sbin", "usr/lib", "usr/share")
"""What tells of packages and what they brought; nothing that may be private."""
_LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
_LEVEL = 6
Row = tuple[str, str]


# Making it ------------------------------------------------------------------------------------


class Layer(NamedTuple):
    """A layer of the layout, as manifests tell of it."""

    digest: str
    size: int
    diff_id: str


class _Hashing:
    """A file that is written through a digest."""

    def __init__(self, below: "gzip.GzipFile | Path") -> None:
        self._below = below.open("wb") if isinstance(below, Path) else below
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._below.write(data)

    def flush(self) -> None:
        self._below.flush()

    def close(self) -> None:
        self._below.close()


Fill = Callable[[tarfile.TarFile], None]


def layer(blobs: Path, fill: Fill) -> Layer:
    """Pack a layer into the blobs of a layout."""
    packed = blobs / "layer"
    out = _Hashing(packed)
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=_LEVEL, mtime=0) as stream:
        inner = _Hashing(stream)
        with tarfile.open(fileobj=inner, mode="w|", format=tarfile.GNU_FORMAT) as archive:  # type: ignore[call-overload]
            fill(archive)
    out.close()
    digest = out.digest.hexdigest()
    packed.rename(blobs / digest)
    return Layer(f"sha256:{digest}", out.size, f"sha256:{inner.digest.hexdigest()}")


def add_tree(archive: tarfile.TarFile, source: Path, inside: str, limit: int) -> int:
    """Add what is below a directory until there is enough of it; gives how many bytes it is."""
    added = 0
    for above, directories, names in os.walk(source):
        directories.sort()
        for name in sorted((*names, *(n for n in directories if os.path.islink(f"{above}/{n}")))):
            path = os.path.join(above, name)
            place = os.path.normpath(os.path.join(inside, os.path.relpath(path, source)))
            if os.path.isfile(path) or os.path.islink(path):
                archive.add(path, place, recursive=False)
                added += os.lstat(path).st_size
        if added > limit:
            break
    return added


def _add_system(archive: tarfile.TarFile) -> None:
    for path, target in _LINKS.items():
        link = tarfile.TarInfo(path)
        link.type, link.linkname = tarfile.SYMTYPE, target
        archive.addfile(link)
    left = SYSTEM_BYTES
    for path in _SYSTEM:
        left -= add_tree(archive, Path("/", path), path, max(left, 0))


def _add_python(archive: tarfile.TarFile) -> None:
    add_tree(archive, Path(sys.prefix), "opt/python", LAYER_BYTES)
    add_tree(archive, Path(sys.base_prefix), "usr/local", LAYER_BYTES // 2)


def _npm_tree(work: Path) -> Path:
    """A tree of npm's, where there is npm and it can fetch one."""
    directory = work / "web"
    directory.mkdir()
    if shutil.which("npm"):
        (directory / "package.json").write_text('{"name": "web", "version": "1.0.0"}')
        command = ["npm", "install", "--prefix", str(directory), "--ignore-scripts", "--no-audit",
                   "--no-fund", "--loglevel", "error", NPM_TREE]  # fmt: skip
        subprocess.run(command, check=False, timeout=900, stdout=subprocess.DEVNULL)
    return directory


def make(layout: Path) -> None:
    """Make the image."""
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        web = _npm_tree(Path(work))

        def add_web(archive: tarfile.TarFile) -> None:
            add_tree(archive, web, "srv/web", LAYER_BYTES)
            go = Path("/usr/local/go")
            if go.is_dir():
                add_tree(archive, go, "usr/local/go", LAYER_BYTES // 2)

        layers = [layer(blobs, fill) for fill in (_add_system, _add_python, add_web)]
    describe(layout, layers)


def describe(layout: Path, layers: Iterable[Layer]) -> None:
    """Write the configuration, the manifest and the index."""
    layers = list(layers)
    vendor = "application/vnd.oci.image"
    config = {
        "architecture": "amd64", "os": "linux", "config": {"User": "1000", "Cmd": ["bash"]},
        "rootfs": {"type": "layers", "diff_ids": [each.diff_id for each in layers]},
    }  # fmt: skip
    manifest = {
        "schemaVersion": 2, "mediaType": f"{vendor}.manifest.v1+json",
        "config": _blob(layout, config, f"{vendor}.config.v1+json"),
        "layers": [
            {"mediaType": f"{vendor}.layer.v1.tar+gzip", "digest": each.digest, "size": each.size}
            for each in layers
        ],
    }  # fmt: skip
    described = _blob(layout, manifest, f"{vendor}.manifest.v1+json")
    index = {"schemaVersion": 2, "manifests": [described]}
    (layout / "index.json").write_text(json.dumps(index))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def _blob(layout: Path, document: object, media_type: str) -> dict[str, object]:
    data = json.dumps(document).encode()
    digest = hashlib.sha256(data).hexdigest()
    (layout / "blobs" / "sha256" / digest).write_bytes(data)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}


def image() -> Path:
    """The layout; it is made where it is not there yet."""
    own = os.environ.get(IMAGE)
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    directory = Path(os.environ.get(ENVIRONMENT) or Path(base) / "seawall-bench")
    layout = directory / "image-1"
    if not layout.exists():
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory) as work:
            make(Path(work, "layout"))
            Path(work, "layout").rename(layout)
    return layout


# Measuring ------------------------------------------------------------------------------------


class Size(NamedTuple):
    """How large an image is."""

    unpacked: int
    """Bytes of the tars of all layers."""
    layers: int
    files: int
    packages: int


def size_of(layout: Path) -> Size:
    """How large an image is."""
    walked = walk(resolve(str(layout)).image, lambda _layer: ())
    _, whole = read(find([str(layout)]).images[0], None, b"")
    return Size(
        sum(each.unpacked_size for each in walked), len(walked),
        sum(len(each.entries) for each in walked),
        sum(len(contents.packages) for _, contents in whole.packages.files),
    )  # fmt: skip


def _size_of(layout: Path) -> Size:
    """The same by a process of its own: what this one holds would count as its children's peak."""
    code = "import sys\nfrom bench.images import *\nprint(*size_of(Path(sys.argv[1])))\n"
    command = [sys.executable, "-c", code, str(layout)]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return Size(*map(int, done.stdout.split()))


def _told(runs: list[Run], size: int) -> str:
    wall = median_wall(runs)
    return (
        f"{wall:.2f} s, {wall / size * 1e9:.2f} s a GB, {least_cpu(runs):.2f} s of processors, "
        f"{peak(runs):.0f} MiB"
    )


def _inflated(layout: Path) -> list[str]:
    """What unpacking and both digests alone cost, one thread a layer: nothing can be quicker."""
    code = (
        "import sys\n"
        "from seawall.sources.images.target import resolve\n"
        "from seawall.sources.images.walking import walk\n"
        "walk(resolve(sys.argv[1]).image, lambda layer: ())\n"
    )
    return [sys.executable, "-c", code, str(layout)]


def rows() -> Iterator[Row]:
    """One row for each measure."""
    layout = image()
    size, layers, files, packages = _size_of(layout.resolve())
    what = (
        f"an image of {size / 1e9:.2f} GB, {layers} layers of gzip, {files:,} files, "
        f"{packages:,} packages"
    )
    target = str(layout)
    with tempfile.TemporaryDirectory() as place:
        environment = os.environ.get(cache.ENVIRONMENT)
        os.environ[cache.ENVIRONMENT] = place
        try:
            bill = [SEAWALL, "sbom", "--output", os.devnull, target]
            scan = [SEAWALL, "scan", "--exit-zero", target]
            yield f"{what}: walked, digests verified", _told(repeat(_inflated(layout), RUNS), size)
            own = repeat(bill, RUNS)
            yield f"{what}: `sbom`, digests verified, programs read", _told(own, size)
            runs = repeat([*scan, "--no-cache", "--no-secrets"], RUNS)
            yield f"{what}: `scan --no-secrets`, without the cache", _told(runs, size)
            runs = repeat([*scan, "--no-cache"], RUNS)
            yield f"{what}: `scan`, without the cache", _told(runs, size)
            run(scan)
            again = [run([*scan, "--verbose"])]
            yield (
                f"{what}: `scan`, its layers known but for files with credentials",
                _told(again, size),
            )
            runs = repeat(scan, START_RUNS)
            cpu = f"{least_cpu(runs) * 1000:.0f} ms of processors, {peak(runs):.0f} MiB"
            yield (
                f"{what}: `scan`, nothing has changed",
                f"{median_wall(runs) * 1000:.0f} ms, {cpu}",
            )
        finally:
            if environment is None:
                del os.environ[cache.ENVIRONMENT]
            else:
                os.environ[cache.ENVIRONMENT] = environment
        yield from _peers(what, target, place, own, size)
        yield from _squashed(what, target, Path(place), size)


def _peers(what: str, target: str, place: str, own: list[Run], size: int) -> Iterator[Row]:
    """Other tools' lists of packages, without their caches; neither verifies the layers."""
    commands = {
        "syft": ["syft", f"oci-dir:{target}", "-q", "-o", f"cyclonedx-json={place}/syft.json"],
        "trivy": ["trivy", "image", "--quiet", "--format", "cyclonedx", "--offline-scan",
                  "--skip-db-update", "--skip-java-db-update", "--cache-backend", "memory",
                  "--skip-version-check", "--cache-dir", f"{place}/trivy",
                  "--output", f"{place}/trivy.json", "--input", target],
    }  # fmt: skip
    os.environ["SYFT_CHECK_FOR_APP_UPDATE"] = "false"
    for name, command in commands.items():
        if shutil.which(name):
            runs = repeat(command, PEER_RUNS)
            ratio = median_wall(runs) / median_wall(own)
            less = least_cpu(runs) / least_cpu(own)
            told = f"{_told(runs, size)}; seawall: {ratio:.1f} times as quick, processor {less:.1f}"
            yield f"{what}: the same by {name}", told


def _squashed(what: str, target: str, place: Path, size: int) -> Iterator[Row]:
    """`harden image --squash`, beside gzip at work on the bytes of the layer that comes out."""
    found = {}
    for compression in ("gzip", "zstd"):
        out = f"oci:{place / compression}"
        command = [SEAWALL, "harden", "image", "--squash", "--compression", compression]
        found[compression] = run([*command, target, out])
    ratio, gzipped = "", 0.0
    if shutil.which("gzip"):
        _unpack(place / "gzip", place / "layer.tar")
        alone = run(["gzip", f"-{_LEVEL}", str(place / "layer.tar")])
        gzipped = alone.cpu
        yield (
            f"{what}: `gzip -{_LEVEL}` of the layer of `harden image --squash`",
            _told([alone], size),
        )
    for compression, one in found.items():
        if gzipped:
            ratio = f"; {one.cpu / gzipped:.2f} of the processor time of gzip"
        yield f"{what}: `harden image --squash`, {compression}", f"{_told([one], size)}{ratio}"


def _unpack(layout: Path, out: Path) -> None:
    """Write the tar of the only layer of a layout."""
    for blob in (layout / "blobs" / "sha256").iterdir():
        with blob.open("rb") as stream:
            is_layer = stream.read(2) == b"\x1f\x8b"
        if is_layer:
            with gzip.open(blob) as packed, out.open("wb") as tar:
                shutil.copyfileobj(packed, tar, 1 << 20)
