"""The lock file: which digest each image reference had when somebody looked.

It is TOML, sorted, and holds no times, so that equal contents are equal files:

    version = 1

    [[image]]
    name = "docker.io/library/postgres:17"
    digest = "sha256:..."
    platforms = ["linux/amd64", "linux/arm64"]
    source = "registry"
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.core.image_reference import is_valid_image, parse_image

NAME = "seawall.lock"
VERSION = 1
MAX_SIZE = 16 * 1024 * 1024
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HEADER = "# Made by seawall lock. The digest of an image of several platforms is its index's.\n"


class Pin(NamedTuple):
    """An image reference with its digest, the platforms it has, and where the digest is from."""

    name: str
    """The whole reference: registry, repository, tag."""
    digest: str
    platforms: tuple[str, ...] = ()
    source: str = ""


def full_name(reference: str) -> str:
    """A reference with its registry and tag, without a digest: what a pin is known by."""
    image = parse_image(reference)
    return f"{image.registry}/{image.repository}:{image.tag or 'latest'}"


def read(path: str) -> tuple[Pin, ...]:
    """The pins of a lock file; raises InputError for one that cannot be read."""
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
    images = values.get("image", [])
    if not isinstance(images, list):
        raise InputError(f"{path}: image is no list of tables; make it anew with seawall lock")
    return tuple(_pin(item, number, path) for number, item in enumerate(images, 1))


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
    if not isinstance(platforms, list) or not all(isinstance(one, str) for one in platforms):
        raise InputError(
            f"{path}: the platforms of {name} are no list of texts; make it anew with seawall lock"
        )
    return Pin(full_name(name), digest, tuple(platforms), source if isinstance(source, str) else "")


def digests(pins: Iterable[Pin]) -> Mapping[str, str]:
    """The digest of each reference."""
    return {pin.name: pin.digest for pin in pins}


def rendered(pins: Iterable[Pin]) -> str:
    """The text of a lock file."""
    lines = [_HEADER, f"version = {VERSION}\n"]
    for pin in sorted(pins):
        platforms = ", ".join(_quoted(one) for one in sorted(pin.platforms))
        lines.append(
            f"\n[[image]]\nname = {_quoted(pin.name)}\ndigest = {_quoted(pin.digest)}\n"
            f"platforms = [{platforms}]\nsource = {_quoted(pin.source)}\n"
        )
    return "".join(lines)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's, but for the one more character that must be escaped."""
    from json import dumps  # noqa: PLC0415 - only for the lock command

    return dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
