"""Packages and indexes of apk 2: gzip streams one after the other, the first a signature.

Sources: apk-tools' ``doc/apk-package.5.scd`` (v2), ``src/package.c``, ``extract_v2.c``: a package
is a signature, a control part and data; the signature is over the control part as it is stored,
whose ``datahash`` is the SHA-256 of the data as it is stored. An index is signed the same way.
"""

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import NamedTuple

from seawall.patching import rsa
from seawall.patching.archives import Member, tar_members
from seawall.patching.errors import DISTRUST, FETCH_AGAIN, PackageError
from seawall.patching.paragraphs import text_of
from seawall.sources.images.entry import FILE

MOST = 1 << 30
_GZIP = b"\x1f\x8b"
_ADB = b"ADB"
_SIGN = ".SIGN."
_ALGORITHMS = {"RSA": "sha1", "RSA256": "sha256", "RSA512": "sha512"}
_MOST_CONTROL = 64 << 20
_INFO = ".PKGINFO"
SCRIPTS = (
    "pre-install", "post-install", "pre-deinstall", "post-deinstall", "pre-upgrade",
    "post-upgrade", "trigger",
)  # fmt: skip


class Signature(NamedTuple):
    """A signature, and the name of the key that is to have made it."""

    algorithm: str
    key: str
    data: bytes


class Parts(NamedTuple):
    """A package or an index, taken apart; all of it as it is stored."""

    signatures: tuple[Signature, ...]
    signed: bytes
    """The control part of a package; all that follows the signature of an index."""
    data: bytes
    """The data of a package; nothing of an index."""


class Apk(NamedTuple):
    """A package, unpacked."""

    info: Mapping[str, tuple[str, ...]]
    """What ``.PKGINFO`` says: ``pkgname``, ``depend`` ..."""
    scripts: Mapping[str, bytes]
    files: tuple[Member, ...]
    sum: str
    """What the database knows it by: ``Q1`` and the SHA-1 of its control part."""
    size: int
    """Bytes of the file."""

    def get(self, name: str) -> str:
        """The first value of a field; empty where there is none."""
        return self.info.get(name, ("",))[0]

    def all(self, name: str) -> str:
        """All values of a field, with blanks between them."""
        return " ".join(self.info.get(name, ()))


def parts_of(data: bytes, name: str, *, is_index: bool = False) -> Parts:
    """Take a package or an index apart. Raises ``PackageError``."""
    if data.startswith(_ADB):
        raise PackageError(name, "is of the format of apk 3, which is not read", "use one of apk 2")
    if not data.startswith(_GZIP):
        raise PackageError(name, "is no package of apk", FETCH_AGAIN)
    first = _stream(data, 0, name)
    members = [*tar_members(data[:first], name)]
    signatures = tuple(filter(None, map(_signature, members)))
    start = first if signatures and len(signatures) == len(members) else 0
    signatures = signatures if start else ()
    if is_index:
        return Parts(signatures, data[start:], b"")
    end = _stream(data, start, name)
    return Parts(signatures, data[start:end], data[end:])


def _stream(data: bytes, start: int, name: str) -> int:
    """Where the gzip stream that begins at an offset ends."""
    unpacker = zlib.decompressobj(31)
    size = 0
    rest = data[start:]
    try:
        while not unpacker.eof:
            size += len(unpacker.decompress(rest, 1 << 20))
            rest = unpacker.unconsumed_tail
            if size > _MOST_CONTROL or (not rest and not unpacker.eof):
                raise PackageError(name, "is cut off, or its control part is a bomb", FETCH_AGAIN)
    except zlib.error as error:
        raise PackageError(name, f"is broken: {error}", FETCH_AGAIN) from None
    return len(data) - len(unpacker.unused_data)


def _signature(member: Member) -> Signature | None:
    name = member.entry.path
    if not name.startswith(_SIGN):
        return None
    kind, _, key = name.removeprefix(_SIGN).partition(".")
    algorithm = _ALGORITHMS.get(kind)
    return Signature(algorithm, key, member.data) if algorithm else Signature("", key, b"")


def signer(parts: Parts, keys: Mapping[str, bytes], name: str) -> str:
    """The name of the key that signed a package or an index. Raises ``PackageError``.

    ``keys`` are PEM files by their names: a signature names its key.
    """
    if not parts.signatures:
        raise PackageError(
            name,
            "is not signed",
            "use one that is, or say --allow-unsigned if you know it otherwise",
        )
    for each in parts.signatures:
        key = rsa.key_of(keys.get(each.key, b"")) if each.algorithm else None
        if key is not None:
            if rsa.is_signed(key, each.data, each.algorithm, parts.signed):
                return each.key
            raise PackageError(name, "its signature does not match its content", DISTRUST)
    named = ", ".join(each.key for each in parts.signatures)
    raise PackageError(
        name, f"is signed with {named[:200]}, which is none of the keys", "name it with --keyring"
    )


def sum_of(parts: Parts) -> str:
    """What databases and indexes know a package by."""
    digest = hashlib.sha1(parts.signed, usedforsecurity=False).digest()
    return f"Q1{b64encode(digest).decode()}"


def file_sum(data: bytes) -> str:
    """The sum of a file in the database."""
    return f"Q1{b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()}"


def hex_of(sum_: str) -> str:
    """A sum as the names of scripts have it."""
    try:
        return f"X1{b64decode(sum_.removeprefix('Q1')).hex()}"
    except ValueError:
        return ""


def info_of(parts: Parts, name: str) -> Mapping[str, tuple[str, ...]]:
    """What a package says of itself. Raises ``PackageError``."""
    return _control(parts, name)[0]


def read(data: bytes, name: str) -> Apk:
    """A package as a whole; its data is held against its control part. Raises ``PackageError``."""
    parts = parts_of(data, name)
    info, scripts = _control(parts, name)
    said = info.get("datahash", ("",))[0].lower()
    found = hashlib.sha256(parts.data).hexdigest()
    if said != found:
        raise PackageError(name, f"its data has the SHA-256 {found}, not {said or 'any'}", DISTRUST)
    files = tuple(tar_members(parts.data, f"{name}: data")) if parts.data else ()
    return Apk(info, scripts, files, sum_of(parts), len(data))


def _control(parts: Parts, name: str) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, bytes]]:
    members = {each.entry.path: each for each in tar_members(parts.signed, f"{name}: control")}
    own = members.get(_INFO)
    info: dict[str, list[str]] = {}
    for line in text_of(own.data).split("\n") if own is not None else ():
        key, found, value = line.partition(" = ")
        if found and not key.startswith("#"):
            info.setdefault(key.strip(), []).append(value.strip())
    for needed in ("pkgname", "pkgver"):
        if needed not in info:
            raise PackageError(name, f"does not say its {needed}", FETCH_AGAIN)
    scripts = {script: members[f".{script}"].data for script in SCRIPTS
               if f".{script}" in members and members[f".{script}"].entry.kind is FILE}  # fmt: skip
    return {key: tuple(values) for key, values in info.items()}, scripts
