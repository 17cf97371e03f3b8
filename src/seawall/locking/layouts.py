"""Digests from images on disk: OCI layouts as directories and in tar files.

An archive of ``docker save`` holds layers that are not compressed, so that its manifest is another
one than the registry's: no digest that could be pulled is in it, and it is refused with that word.
What ``skopeo copy``, ``crane pull --format=oci``, ``buildah push oci:`` and docker with the image
store of containerd write keeps the manifest as it was.
"""

import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from seawall.core.errors import InputError
from seawall.core.image_reference import is_valid_image
from seawall.locking.file import DIGEST, Pin, full_name
from seawall.sources.images.manifests import MAX_SIZE, digest_of, is_index, parsed, platforms_of

REF_NAME = "org.opencontainers.image.ref.name"
_WHOLE_NAME = "io.containerd.image.name"
_PLAIN_LAYERS = ("application/vnd.oci.image.layer.v1.tar",
                 "application/vnd.docker.image.rootfs.diff.tar")  # fmt: skip

Read = Callable[[str], bytes | None]
"""Gives the bytes of a file of the layout; ``None`` where there is none."""


def pins_of(path: str, repository: str = "") -> Iterator[Pin]:
    """The images of a layout, each with its digest; raises InputError where it cannot be read.

    ``repository`` names images of which the layout knows no more than a tag.
    """
    if os.path.isdir(path):
        yield from _pins(path, repository, lambda name: _file(path, name))
        return
    try:
        with tarfile.open(path) as archive:
            yield from _pins(path, repository, lambda name: _member(archive, name))
    except (tarfile.TarError, OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"cannot read {path}: {reason.lower()}; name a layout that can be read"
        ) from error


def _file(directory: str, name: str) -> bytes | None:
    place = os.path.join(directory, *name.split("/"))
    if not os.path.isfile(place):
        return None
    try:
        with open(place, "rb") as stream:
            return stream.read(MAX_SIZE + 1)
    except OSError as error:
        raise InputError(
            f"cannot read {place}: {(error.strerror or str(error)).lower()}"
            "; name a layout that can be read"
        ) from error


def _member(archive: tarfile.TarFile, name: str) -> bytes | None:
    for own in (name, f"./{name}"):
        try:
            stream = archive.extractfile(own)
        except KeyError:
            continue
        return None if stream is None else stream.read(MAX_SIZE + 1)
    return None


def _pins(path: str, repository: str, read: Read) -> Iterator[Pin]:
    data = read("index.json")
    if data is None:
        if read("manifest.json") is not None:
            raise InputError(f"{path}: {_NO_DIGEST}")
        raise InputError(
            f"{path}: no OCI layout (it has no index.json); name its directory or archive"
        )
    entries = parsed(data, f"{path}: index.json").get("manifests")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield from _of_entry(path, repository, entry, read)


_NO_DIGEST = (
    "an archive of docker save has no digest that a registry knows; copy the image with skopeo or "
    "crane to an OCI layout, or let seawall lock ask the registry"
)


def _of_entry(path: str, repository: str, entry: Mapping[str, Any], read: Read) -> Iterator[Pin]:
    digest = entry.get("digest")
    name = _name(entry.get("annotations"), repository)
    if not name:
        return
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise InputError(
            f"{path}: {name} has no digest of the form sha256:...; save the image anew"
        )

    def blob(wanted: str) -> bytes:
        if not DIGEST.fullmatch(wanted):
            raise InputError(
                f"{path}: {wanted[:80]!r} is no digest of the form sha256:...; save the image anew"
            )
        data = read(f"blobs/sha256/{wanted.removeprefix('sha256:')}")
        if data is None:
            raise InputError(f"{path}: {wanted} of {name} is missing; save the image anew")
        if len(data) > MAX_SIZE:
            raise InputError(
                f"{path}: {wanted} of {name} is larger than a manifest may be; save the image anew"
            )
        if digest_of(data) != wanted:
            raise InputError(
                f"{path}: {wanted} of {name} does not hold what its name says; save the image anew"
            )
        return data

    value = parsed(blob(digest), f"{path}: {digest}")
    layers = value.get("layers")
    kinds = [one.get("mediaType") for one in layers or () if isinstance(one, dict)]
    if not is_index(value) and any(kind in _PLAIN_LAYERS for kind in kinds):
        raise InputError(f"{path}: {_NO_DIGEST}")
    yield Pin(full_name(name), digest, platforms_of(value, blob), "layout")


def _name(annotations: object, repository: str) -> str:
    """The reference of an entry: its whole name, or its tag with the repository that was given."""
    values = annotations if isinstance(annotations, dict) else {}
    whole = values.get(_WHOLE_NAME)
    name = values.get(REF_NAME)
    if isinstance(whole, str) and is_valid_image(whole):
        return whole
    if isinstance(name, str) and ("/" in name or ":" in name) and is_valid_image(name):
        return name
    if not repository:
        return ""
    reference = f"{repository}:{name}" if isinstance(name, str) and name else repository
    return reference if is_valid_image(reference) else ""
