"""Versions of packages from what a build has left, or from what an archive offers.

Read are CycloneDX and SPDX documents in JSON (of the built image), indexes of Debian archives
(``Packages``) and of Alpine repositories (``APKINDEX``), compressed or not, and pip's requirements
files with ``==``. Nothing is fetched.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.core.lazy import pattern
from seawall.core.package_key import package_key

MAX_SIZE = 512 * 1024 * 1024
"""Bytes of a document without compression; Debian's main index has some 50 million."""
TYPES = ("apk", "cargo", "deb", "gem", "golang", "npm", "pypi", "rpm")
"""Kinds of packages, as package URLs call them."""
NAME = pattern(r"[A-Za-z0-9@._~+/-]{1,214}")
VERSION = pattern(r"[A-Za-z0-9][A-Za-z0-9.+~:_^-]{0,127}")
_REQUIREMENT = pattern(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*===?\s*([^\s;#\\]+)")


class PackagePin(NamedTuple):
    """A package in the version that it is to have; ``type`` as in package URLs."""

    type: str
    name: str
    version: str
    source: str = ""

    @property
    def key(self) -> str:
        """What fixes look it up by."""
        return package_key(self.type, self.name)


def packages_of(path: str) -> Iterator[PackagePin]:
    """Every package that a document names with its version; InputError where it is none."""
    data = _read(path)
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{":
        yield from _document(path, data)
        return
    text = data.decode("utf-8", "replace")
    if re.search(r"^Package:", text, re.MULTILINE):
        yield from _stanzas(text, ("Package", "Version"), "deb", "index")
    elif re.search(r"^P:", text, re.MULTILINE):
        yield from _stanzas(text, ("P", "V"), "apk", "index")
    else:
        found = [_REQUIREMENT.match(line.strip()) for line in text.splitlines()]
        pins = [_pin("pypi", item[1], item[2], "requirements") for item in found if item]
        if not pins:
            raise InputError(f"{path}: names no package with a version; name an SBOM or an index")
        yield from (pin for pin in pins if pin)


def chosen(
    wanted: Iterable[str], found: Iterable[PackagePin]
) -> tuple[dict[str, PackagePin], dict[str, tuple[str, ...]]]:
    """The wanted packages (by their keys) that have one version, and those that have several."""
    keys = set(wanted)
    versions: dict[str, dict[str, PackagePin]] = {}
    for pin in found:
        for key in _answers(pin, keys):
            versions.setdefault(key, {})[pin.version] = pin
    single = {key: next(iter(one.values())) for key, one in versions.items() if len(one) == 1}
    several = {key: tuple(sorted(many)) for key, many in versions.items() if len(many) > 1}
    return single, several


def _answers(pin: PackagePin, keys: set[str]) -> Iterator[str]:
    """The wanted keys that a package is; programs of Go are below their module."""
    if pin.key in keys:
        yield pin.key
    if pin.type == "golang":
        yield from (key for key in keys if key.startswith(f"{pin.key}/"))


# Reading --------------------------------------------------------------------------------------


def _read(path: str) -> bytes:
    import gzip  # noqa: PLC0415 - only for the lock command
    import lzma  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    try:
        with open(path, "rb") as stream:
            head = stream.read(6)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path) as unpacked:
                data = unpacked.read(MAX_SIZE + 1)
        elif head == b"\xfd7zXZ\0":
            with lzma.open(path) as expanded:
                data = expanded.read(MAX_SIZE + 1)
        else:
            with open(path, "rb") as stream:
                data = stream.read(MAX_SIZE + 1)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise InputError(f"cannot read {path}: {reason}; name an SBOM or an index") from error
    if len(data) > MAX_SIZE:
        raise InputError(f"{path}: larger than {MAX_SIZE} bytes; name an SBOM or an index")
    return _member(path, data) if data[257:262] == b"ustar" else data


def _member(path: str, data: bytes) -> bytes:
    """The file APKINDEX of an archive, as Alpine's repositories have it."""
    import io  # noqa: PLC0415 - only for archives
    import tarfile  # noqa: PLC0415

    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            stream = archive.extractfile("APKINDEX")
            if stream is not None:
                return stream.read(MAX_SIZE)
    except (KeyError, tarfile.TarError) as error:
        raise InputError(
            f"{path}: an archive without APKINDEX ({error}); name an SBOM or an index"
        ) from error
    raise InputError(f"{path}: APKINDEX is no file; name an SBOM or an index")


def _stanzas(text: str, fields: tuple[str, str], type_: str, source: str) -> Iterator[PackagePin]:
    """Paragraphs of ``Field: value``; those that go on over lines are of no interest."""
    for stanza in re.split(r"\n[ \t]*\r?\n", text):
        values: dict[str, str] = {}
        for line in stanza.splitlines():
            name, colon, value = line.partition(":")
            if colon and name in fields:
                values.setdefault(name, value.strip())
        pin = _pin(type_, values.get(fields[0], ""), values.get(fields[1], ""), source)
        if pin is not None:
            yield pin


def _pin(type_: str, name: str, version: str, source: str) -> PackagePin | None:
    is_whole = type_ in TYPES and NAME.fullmatch(name) and VERSION.fullmatch(version)
    return PackagePin(type_, name, version, source) if is_whole else None


def _document(path: str, data: bytes) -> Iterator[PackagePin]:
    """The packages of an SBOM, as scans read it."""
    from seawall.packages.package import File, Unreadable  # noqa: PLC0415 - only for the lock command
    from seawall.packages.sbom import looks_like_sbom, read  # noqa: PLC0415

    try:
        contents = read(File(path, data))
    except Unreadable as error:
        place = f"{path}:{error.line}" if error.line else path
        raise InputError(f"{place}: {error.reason}; name an SBOM or an index") from error
    if not contents.packages and not looks_like_sbom(data):
        raise InputError(f"{path}: neither CycloneDX nor SPDX; name an SBOM of one of them")
    for package in contents.packages:
        pin = _pin(package.type, package.name, package.version, "sbom")
        if pin is not None:
            yield pin
