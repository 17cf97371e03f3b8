"""Versions of packages from what a build has left, or from what an archive offers.

Read are CycloneDX and SPDX documents in JSON (of the built image), indexes of Debian archives
(``Packages``) and of Alpine repositories (``APKINDEX``), compressed or not, and pip's requirements
files with ``==``. Nothing is fetched.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

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
_MAX_DEPTH = 64


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
    import json  # noqa: PLC0415 - only for the lock command

    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}; name an SBOM or an index") from error
    if value.get("bomFormat") == "CycloneDX":
        locators = _components(value.get("components"), 0)
    elif "spdxVersion" in value:
        locators = _references(value.get("packages"))
    else:
        raise InputError(f"{path}: neither CycloneDX nor SPDX; name an SBOM of one of them")
    for locator in locators:
        pin = _from_locator(locator)
        if pin is not None:
            yield pin


def _components(value: object, depth: int) -> Iterator[str]:
    for item in value if isinstance(value, list) and depth < _MAX_DEPTH else ():
        if isinstance(item, dict):
            if isinstance(item.get("purl"), str):
                yield item["purl"]
            yield from _components(item.get("components"), depth + 1)


def _references(value: object) -> Iterator[str]:
    for package in value if isinstance(value, list) else ():
        references = package.get("externalRefs") if isinstance(package, dict) else None
        for item in references if isinstance(references, list) else ():
            if isinstance(item, dict) and item.get("referenceType") == "purl":
                locator = item.get("referenceLocator")
                if isinstance(locator, str):
                    yield locator


def _from_locator(locator: str) -> PackagePin | None:
    """A package URL: ``pkg:type/namespace/name@version?qualifiers#subpath`` (ECMA-427)."""
    scheme, _, rest = locator.partition(":")
    rest = rest.partition("#")[0]
    rest, _, qualifiers = rest.partition("?")
    name, _, version = rest.lstrip("/").rpartition("@")
    type_, _, name = name.partition("/")
    type_ = type_.lower()
    if scheme != "pkg" or type_ not in TYPES:
        return None
    if type_ in {"deb", "apk", "rpm"}:  # the namespace is the distribution's
        name = name.rpartition("/")[2]
    version = unquote(version)
    epoch = re.search(r"(?:^|&)epoch=(\d+)", qualifiers)
    if epoch is not None and ":" not in version:
        version = f"{epoch[1]}:{version}"
    return _pin(type_, unquote(name), version, "sbom")
