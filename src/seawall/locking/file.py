"""The lock file: digests of images when somebody looked, and versions that packages are to have.

It is TOML, sorted, and holds no times, so that equal contents are equal files:

    version = 1

    [[image]]
    name = "docker.io/library/postgres:17"
    digest = "sha256:..."
    platforms = ["linux/amd64", "linux/arm64"]
    source = "registry"
    chain-ids = ["sha256:..."]

    [[package]]
    type = "deb"
    name = "curl"
    version = "8.14.1-2"
    source = "sbom"
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.core.image_reference import is_valid_image, parse_image
from seawall.core.lazy import pattern
from seawall.locking.packages import NAME as PACKAGE_NAME
from seawall.locking.packages import TYPES, PackagePin
from seawall.locking.packages import VERSION as PACKAGE_VERSION

NAME = "seawall.lock"
VERSION = 1
MAX_SIZE = 16 * 1024 * 1024
DIGEST = pattern(r"sha256:[0-9a-f]{64}")
_HEADER = "# Made by seawall lock. The digest of an image of several platforms is its index's.\n"


class Pin(NamedTuple):
    """An image reference with its digest, the platforms it has, and where the digest is from."""

    name: str
    """The whole reference: registry, repository, tag."""
    digest: str
    platforms: tuple[str, ...] = ()
    source: str = ""
    chain_ids: tuple[str, ...] = ()
    """What its layers are known by, for those of its platforms that were looked at."""


def full_name(reference: str) -> str:
    """A reference with its registry and tag, without a digest: what a pin is known by."""
    image = parse_image(reference)
    return f"{image.registry}/{image.repository}:{image.tag or 'latest'}"


class Lock(NamedTuple):
    """What a lock file holds."""

    images: tuple[Pin, ...]
    packages: tuple[PackagePin, ...]

    @property
    def pins(self) -> Mapping[str, str]:
        """Digests by ``registry/repository:tag``, versions by ``pkg:type/name``."""
        versions = {pin.key: pin.version for pin in self.packages}
        return {**{pin.name: pin.digest for pin in self.images}, **versions}

    @property
    def bases(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """Name, digest and chain ids of the images whose layers are known."""
        return tuple(
            (pin.name, pin.digest, pin.chain_ids) for pin in self.images if pin.chain_ids
        )  # fmt: skip


def read(path: str) -> Lock:
    """A lock file; raises InputError for one that cannot be read."""
    import tomllib  # noqa: PLC0415 - only where there is a lock file

    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_SIZE + 1)
        if len(data) > MAX_SIZE:
            raise InputError(
                f"{path}: larger than {MAX_SIZE} bytes, as no lock file is"
                "; make it anew with seawall lock"
            )
        values = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot read {path}: {reason}; make it with seawall lock") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: no TOML ({error}); make it anew with seawall lock") from error
    if values.get("version") != VERSION:
        raise InputError(
            f"{path}: version {values.get('version')!r}; this program reads {VERSION}; "
            "make it anew with seawall lock"
        )
    images, packages = (_tables(values, key, path) for key in ("image", "package"))
    return Lock(
        tuple(_pin(item, number, path) for number, item in enumerate(images, 1)),
        tuple(_package(item, number, path) for number, item in enumerate(packages, 1)),
    )


def _tables(values: Mapping[str, object], key: str, path: str) -> list[object]:
    found = values.get(key, [])
    if not isinstance(found, list):
        raise InputError(f"{path}: {key} is no list of tables; make it anew with seawall lock")
    return found


def _package(item: object, number: int, path: str) -> PackagePin:
    fields = item if isinstance(item, dict) else {}
    type_, name, version, source = (
        value if isinstance(value := fields.get(key), str) else ""
        for key in ("type", "name", "version", "source")
    )
    if (
        type_ not in TYPES
        or not PACKAGE_NAME.fullmatch(name)
        or (not PACKAGE_VERSION.fullmatch(version))
    ):
        raise InputError(
            f"{path}: package {number} has no type, name and version that a package can have"
            "; make it anew with seawall lock"
        )
    return PackagePin(type_, name, version, source)


def _pin(item: object, number: int, path: str) -> Pin:
    fields = item if isinstance(item, dict) else {}
    name, digest, source = (fields.get(key, "") for key in ("name", "digest", "source"))
    platforms = fields.get("platforms", [])
    if not (isinstance(name, str) and is_valid_image(name) and "@" not in name):
        raise InputError(
            f"{path}: image {number} has no name that an image can have"
            "; make it anew with seawall lock"
        )
    if not (isinstance(digest, str) and DIGEST.fullmatch(digest)):
        raise InputError(
            f"{path}: {name} has no digest of the form sha256:...; make it anew with seawall lock"
        )
    chains = fields.get("chain-ids", [])
    if not isinstance(chains, list) or not all(
        isinstance(one, str) and DIGEST.fullmatch(one) for one in chains
    ):
        raise InputError(
            f"{path}: the chain-ids of {name} are no digests; make it anew with seawall lock"
        )
    if not isinstance(platforms, list) or not all(isinstance(one, str) for one in platforms):
        raise InputError(
            f"{path}: the platforms of {name} are no list of texts; make it anew with seawall lock"
        )
    told = source if isinstance(source, str) else ""
    return Pin(full_name(name), digest, tuple(platforms), told, tuple(chains))


def rendered(pins: Iterable[Pin], packages: Iterable[PackagePin] = ()) -> str:
    """The text of a lock file."""
    lines = [_HEADER, f"version = {VERSION}\n"]
    for pin in sorted(pins):
        platforms = ", ".join(_quoted(one) for one in sorted(pin.platforms))
        lines.append(
            f"\n[[image]]\nname = {_quoted(pin.name)}\ndigest = {_quoted(pin.digest)}\n"
            f"platforms = [{platforms}]\nsource = {_quoted(pin.source)}\n"
        )
        if pin.chain_ids:
            chains = ", ".join(_quoted(one) for one in sorted(pin.chain_ids))
            lines.append(f"chain-ids = [{chains}]\n")
    lines += [
        f"\n[[package]]\ntype = {_quoted(package.type)}\nname = {_quoted(package.name)}\n"
        f"version = {_quoted(package.version)}\nsource = {_quoted(package.source)}\n"
        for package in sorted(packages)
    ]
    return "".join(lines)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's, but for the one more character that must be escaped."""
    from json import dumps  # noqa: PLC0415 - only for the lock command

    return dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
