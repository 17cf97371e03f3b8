"""Archives for apt, signed by keys of the tests."""

import hashlib
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from pathlib import Path

from tests.patching.makers import Deb, pack
from tests.patching.support import NOW


def release(files: Mapping[str, bytes], **fields: str) -> bytes:
    """A Release file; ``Valid_Until="..."`` adds a field, an empty one takes it away."""
    own = {"Origin": "Test", "Suite": "stable", "Codename": "bookworm", "Components": "main",
           "Architectures": "amd64", "Date": formatdate(NOW - 3600, usegmt=True),
           "Valid-Until": formatdate(NOW + 3600, usegmt=True)}  # fmt: skip
    own |= {key.replace("_", "-"): value for key, value in fields.items()}
    rows = "".join(f"{key}: {value}\n" for key, value in own.items() if value)
    sums = "".join(f" {hashlib.sha256(data).hexdigest()} {len(data)} {path}\n"
                   for path, data in files.items())  # fmt: skip
    return f"{rows}SHA256:\n{sums}".encode()


def packages(debs: Sequence[Deb]) -> bytes:
    """A Packages file."""
    return "\n".join(each.paragraph for each in debs).encode()


def write(where: Path, debs: Sequence[Deb], *, by_hash: bool = False, ending: str = ".xz",
          suite: str = "bookworm", **fields: str) -> bytes:  # fmt: skip
    """An archive without a Release file, which is given."""
    (where / "pool").mkdir(parents=True, exist_ok=True)
    for deb in debs:
        (where / "pool" / deb.file_name).write_bytes(deb.bytes())
    data = packages(debs)
    packed = pack(data, {".xz": "xz", ".gz": "gz", "": "none"}[ending])
    path = f"main/binary-amd64/Packages{ending}"
    home = where / "dists" / suite
    if by_hash:
        place = home / "main/binary-amd64/by-hash/SHA256" / hashlib.sha256(packed).hexdigest()
        fields = {**fields, "Acquire_By_Hash": "yes"}
    else:
        place = home / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(packed)
    return release({path: packed}, **fields)
