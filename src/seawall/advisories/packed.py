"""A database as one file to hand on: what ``db export`` writes and ``db import`` takes.

The file is a tar of two members: ``manifest.json``, which says what the data is and by which digest
it is known, and the database, compressed with xz. The same database gives the same bytes. Beside it
stands ``FILE.sha256``, in the form of ``sha256sum``; a signature is OpenSSH's (``signing``).
"""

import io
import os
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, NamedTuple

from seawall.advisories.schema import VERSION
from seawall.advisories.store import Store, examine
from seawall.core.errors import UsageError

if TYPE_CHECKING:
    import tarfile

FORMAT = 1
MANIFEST, DATABASE = "manifest.json", "advisories.db.xz"
MAX_SIZE = 8 << 30
"""Bytes of an unpacked database."""
_MAX_MANIFEST = 4 << 20
_CHUNK = 1 << 20
_PRESET = 6


class Manifest(NamedTuple):
    """What a packed file says of itself."""

    until: str
    """The day its newest data is of."""
    identity: str
    size: int
    """Bytes of the database, unpacked."""
    sha256: str
    """Of the database, unpacked."""


def write(database: str, path: str) -> Manifest:
    """Pack a database; ``path`` and ``path.sha256`` are there in full or not at all."""
    import tarfile  # noqa: PLC0415 - db export only

    with Store.open(database) as store:
        until, identity = store.until, store.identity
        facts = [item._asdict() for item in store.sources()]
    packed = f"{path}.{os.getpid()}.xz.tmp"
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        size, sha256 = _compress(database, packed)
        manifest = Manifest(until, identity, size, sha256)
        with open(temporary, "xb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
                _add(archive, MANIFEST, io.BytesIO(_told(manifest, facts)))
                with open(packed, "rb") as compressed:
                    _add(archive, DATABASE, compressed)
            stream.flush()
            os.fsync(stream.fileno())
        checksum = sha256_of(temporary)
        os.replace(temporary, path)
    finally:
        for each in (packed, temporary):
            if os.path.exists(each):
                os.unlink(each)
    with open(f"{path}.sha256", "w", encoding="utf-8") as text:
        text.write(f"{checksum}  {os.path.basename(path)}\n")
    return manifest


def _compress(database: str, path: str) -> tuple[int, str]:
    import lzma  # noqa: PLC0415
    from hashlib import sha256  # noqa: PLC0415

    digest = sha256()
    size = 0
    with open(database, "rb") as source, lzma.open(path, "xb", preset=_PRESET) as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    return size, digest.hexdigest()


def _told(manifest: Manifest, sources: list[dict[str, object]]) -> bytes:
    import json  # noqa: PLC0415

    facts = {"format": FORMAT, "schema": VERSION, **manifest._asdict(), "sources": sources}
    return (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _add(archive: "tarfile.TarFile", name: str, stream: IO[bytes]) -> None:
    import tarfile  # noqa: PLC0415

    entry = tarfile.TarInfo(name)  # of no user and no time
    entry.size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    archive.addfile(entry, stream)


def sha256_of(path: str) -> str:
    """The checksum of a file, in hexadecimal."""
    from hashlib import sha256  # noqa: PLC0415

    digest = sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


# Taking one in --------------------------------------------------------------------------------


def is_packed(path: str) -> bool:
    """Whether a file begins like one that ``write`` made."""
    try:
        with open(path, "rb") as stream:
            return stream.read(len(MANIFEST) + 1) == MANIFEST.encode() + b"\0"
    except OSError:
        return False


def check(path: str) -> None:
    """Compare a file with the checksum beside it, where there is one. Raises ``UsageError``."""
    try:
        with open(f"{path}.sha256", encoding="utf-8", errors="replace") as stream:
            wanted = stream.read(200).split()[:1]
    except FileNotFoundError:
        return
    if wanted != [sha256_of(path)]:
        raise UsageError(
            f"{path}: it is not the file that {path}.sha256 was made of; fetch it again"
        )


def unpack(path: str, target: str) -> Manifest:
    """Unpack a database into a new file; what is wrong or not complete raises ``UsageError``."""
    import lzma  # noqa: PLC0415 - db import only
    import tarfile  # noqa: PLC0415

    check(path)
    try:
        with tarfile.open(path, "r:") as archive:
            manifest = _manifest(path, archive)
            entry = archive.extractfile(DATABASE)
            if entry is None:
                raise _broken(path, f"{DATABASE} in it is no file")
            with lzma.open(entry) as stream, open(target, "xb") as written:
                written.writelines(_checked(path, stream, manifest))
                written.flush()
                os.fsync(written.fileno())
    except (tarfile.TarError, lzma.LZMAError, EOFError, KeyError) as error:
        raise _broken(path, str(error).strip("'\"")) from error
    problem = examine(target)
    if problem:
        raise UsageError(f"{path}: the database in it cannot be used: {problem}; fetch another")
    return manifest


def _manifest(path: str, archive: "tarfile.TarFile") -> Manifest:
    import json  # noqa: PLC0415

    entry = archive.getmember(MANIFEST)
    stream = archive.extractfile(entry)
    if stream is None or entry.size > _MAX_MANIFEST:
        raise _broken(path, "its manifest is none")
    try:
        facts = json.loads(stream.read())
        if facts["format"] != FORMAT:
            raise UsageError(
                f"{path}: it has format {facts['format']!r}, this seawall reads {FORMAT}; "
                "install the seawall that wrote it"
            )
        manifest = Manifest(
            str(facts["until"]), str(facts["identity"]), int(facts["size"]), str(facts["sha256"])
        )
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise _broken(path, f"its manifest cannot be read: {error}") from error
    if not 0 < manifest.size <= MAX_SIZE:
        raise _broken(path, "its manifest gives a size that no database has")
    return manifest


def _checked(path: str, stream: IO[bytes], manifest: Manifest) -> Iterator[bytes]:
    from hashlib import sha256  # noqa: PLC0415

    digest = sha256()
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > manifest.size:
            break
        digest.update(chunk)
        yield chunk
    if size != manifest.size or digest.hexdigest() != manifest.sha256:
        raise _broken(path, "the database in it is not the one its manifest is of")


def _broken(path: str, problem: str) -> UsageError:
    return UsageError(f"{path}: it cannot be imported: {problem}; fetch it again")
