"""Digests from images on disk: OCI layouts as directories and in tar files.

An archive of ``docker save`` holds layers that are not compressed, so that its manifest is another
one than the registry's: no digest that could be pulled is in it, and it is refused with that word.
What ``skopeo copy``, ``crane pull --format=oci``, ``buildah push oci:`` and docker with the image
store of containerd write keeps the manifest as it was.
"""

from collections.abc import Iterator

from seawall.core.errors import InputError
from seawall.core.image_reference import is_valid_image
from seawall.locking.file import DIGEST, Pin, full_name
from seawall.sources.images import layout
from seawall.sources.images.archive import MANIFEST
from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.image import chain_id
from seawall.sources.images.manifest import Chooser
from seawall.sources.images.stores import files_at

_PLAIN_LAYERS = ("application/vnd.oci.image.layer.v1.tar",
                 "application/vnd.docker.image.rootfs.diff.tar")  # fmt: skip
_NO_DIGEST = (
    "an archive of docker save has no digest that a registry knows; copy the image with skopeo or "
    "crane to an OCI layout, or let seawall lock ask the registry"
)


def pins_of(path: str, repository: str = "") -> Iterator[Pin]:
    """The images of a layout, each with its digest; raises InputError where it cannot be read.

    ``repository`` names images of which the layout knows no more than a tag.
    """
    files = files_at(path)
    top = files.open(layout.INDEX)
    if top is None:
        legacy = files.open(MANIFEST)
        if legacy is not None:
            legacy[0].close()
            raise InputError(f"{path}: {_NO_DIGEST}")
        raise InputError(
            f"{path}: no OCI layout (it has no {layout.INDEX}); name its directory or archive"
        )
    top[0].close()
    blobs = layout.LayoutBlobs(files)
    for entry in layout.entries(files, path):
        name = _name(entry, repository)
        if not name:
            continue
        if not DIGEST.fullmatch(entry.digest):
            raise InputError(
                f"{path}: {name} has no digest of the form sha256:...; save the image anew"
            )
        images = Chooser(blobs).every(f"{path}: {name}", [entry])
        if any(layer.media_type in _PLAIN_LAYERS for image in images for layer in image.layers):
            raise InputError(f"{path}: {_NO_DIGEST}")
        found = [image.platform for image in images]
        found += [other.platform for other in images[0].others]
        platforms = {str(each) for each in found if each.os not in ("", "unknown")}
        chains = {chain_id(image.config.diff_ids) for image in images}
        yield Pin(
            full_name(name), entry.digest, tuple(sorted(platforms)), "layout",
            tuple(sorted(chains - {""})),
        )  # fmt: skip


def _name(entry: Descriptor, repository: str) -> str:
    """The reference of an entry: its whole name, or its tag with the repository that was given."""
    name = entry.name
    if ("/" in name or ":" in name) and is_valid_image(name):
        return name
    if not repository:
        return ""
    reference = f"{repository}:{name}" if name else repository
    return reference if is_valid_image(reference) else ""
