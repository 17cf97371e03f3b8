"""The files of a chart, read from a stranger's tree with limits, and written down for helm.

helm works on a copy: links are resolved here, where it is known how far they may lead, and nothing
that changes meanwhile is seen.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.sources.files import reason_of, shown

MAX_FILES = 10_000
MAX_SIZE = 64 * 1024 * 1024
"""Bytes of all files together."""
_MAX_DEPTH = 32
_PARTS = ("templates", "charts", "crds")
_NAMES = frozenset(
    (
        "Chart.yaml", "Chart.lock", "values.schema.json", ".helmignore", "requirements.yaml",
        "requirements.lock",
    )
)  # fmt: skip
_VALUES = pattern(r"values[\w.-]*\.ya?ml")
_ASKS_FOR_FILES = b".Files"

Files = Mapping[str, bytes]
"""By path from the chart's directory on, with slashes."""


class UnusableError(Exception):
    """Why a chart cannot be rendered, in words that end in a remedy."""


class Place(NamedTuple):
    """Where a chart is on disk, and the directory that its links must not leave; both real."""

    directory: str
    boundary: str


def place_of(real: str, path: str, root: str) -> Place:
    """The place of a chart by its ``Chart.yaml``: on disk, in reports, and the target's name."""
    below = path if root == os.curdir else path.removeprefix(root).lstrip("/")
    boundary = real
    for _ in range(below.count("/") + 1):
        boundary = os.path.dirname(boundary)
    return Place(os.path.realpath(os.path.dirname(real)), os.path.realpath(boundary or os.curdir))


def read(place: Place, file_limit: int) -> Files:
    """The files of a chart as far as helm needs them; raises ``UnusableError``."""
    walk = _Walk(place.boundary, file_limit)
    for entry in walk.entries(place.directory):
        if _is_known(entry.name):
            walk.take(entry, "", 0)
    if asks_for_files(walk.files):
        for entry in walk.entries(place.directory):
            if not _is_known(entry.name):
                walk.take(entry, "", 0)
    return walk.files


def is_part(path: str) -> bool:
    """Whether a file is a part of a chart for certain, by its path there."""
    return _is_known(path.partition("/")[0])


def _is_known(name: str) -> bool:
    """Whether something at the top of a chart is a part of it for certain."""
    return name in _NAMES or name in _PARTS or _VALUES.fullmatch(name) is not None


def asks_for_files(files: Files) -> bool:
    """Whether a template may ask for the text of any other file of the chart."""
    return any(_ASKS_FOR_FILES in data for data in files.values())


def digest(files: Files) -> bytes:
    """What the files are known by."""
    result = blake2b(digest_size=16)
    for path in sorted(files):
        for part in (os.fsencode(path), files[path]):
            result.update(len(part).to_bytes(8, "little"))
            result.update(part)
    return result.digest()


def write(files: Files, directory: str) -> None:
    """Write the files of a chart below a new directory; raises ``OSError``."""
    for path, data in files.items():
        if not {"", os.curdir, os.pardir}.isdisjoint(path.split("/")):
            raise OSError(0, f"{shown(path)} is no path within a chart")  # trees of git may lie
        real = os.path.join(directory, path)
        os.makedirs(os.path.dirname(real), mode=0o700, exist_ok=True)
        with open(real, "xb") as stream:
            stream.write(data)


def read_values(path: str, boundary: str, limit: int) -> bytes:
    """A file of values, which must lie below a directory; raises ``UnusableError``."""
    real = os.path.realpath(path)
    if not _is_below(real, boundary):
        raise UnusableError("leads out of the tree; keep a copy of it there")
    try:
        return _read(real, limit)
    except OSError as error:
        raise UnusableError(reason_of(error)) from None


class _Walk:
    def __init__(self, boundary: str, file_limit: int) -> None:
        self.files: dict[str, bytes] = {}
        self._boundary = boundary
        self._file_limit = file_limit
        self._left = MAX_SIZE
        self._count = 0

    def entries(self, directory: str) -> Iterator["os.DirEntry[str]"]:
        try:
            with os.scandir(directory) as found:
                return iter(sorted(found, key=lambda entry: entry.name))
        except OSError as error:
            raise UnusableError(
                f"{shown(os.path.basename(directory))}: {reason_of(error)}"
            ) from None

    def take(self, entry: "os.DirEntry[str]", above: str, depth: int) -> None:
        """Read a file, or all below a directory; ``depth`` is that of the directory above."""
        path = f"{above}{entry.name}"
        self._count += 1
        if self._count > MAX_FILES:
            raise UnusableError(
                f"it has more than {MAX_FILES:,} files; keep what is no part of it apart"
            )
        if depth > _MAX_DEPTH:
            raise UnusableError(
                f"{shown(path)[:40]}... is nested too deeply; look for a link that leads upwards"
            )
        if entry.name == ".git":
            return
        real = entry.path
        try:
            if entry.is_symlink():
                real = os.path.realpath(entry.path)
                if not _is_below(real, self._boundary):
                    raise UnusableError(
                        f"{shown(path)} is a symbolic link that leads out of the tree; "
                        "put a copy in its place"
                    )
            mode = os.stat(real).st_mode
            if stat.S_ISDIR(mode):
                for inner in self.entries(real):
                    self.take(inner, f"{path}/", depth + 1)
            elif stat.S_ISREG(mode):
                self._add(path, _read(real, min(self._file_limit, self._left)))
        except OSError as error:
            raise UnusableError(f"{shown(path)}: {reason_of(error)}") from None

    def _add(self, path: str, data: bytes) -> None:
        self._left -= len(data)
        self.files[path] = data


def _is_below(real: str, directory: str) -> bool:
    return os.path.join(real, "").startswith(os.path.join(directory, ""))


def _read(real: str, limit: int) -> bytes:
    descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "is no file")
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise OSError(0, "is too large for a chart; keep it apart")
    return data
