"""OCI layouts: a directory or a tar with ``oci-layout``, ``index.json`` and ``blobs``.

OCI image-spec, image-layout.md. ``docker save`` since Docker 25 writes one that is a docker
archive as well; it is read as a layout, for that has the digests.
"""

from collections.abc import Callable, Collection

from seawall.sources.images import documents, provenance
from seawall.sources.images.descriptor import Descriptor, descriptors
from seawall.sources.images.image import Image, Json, mapping
from seawall.sources.images.limits import DEFAULT
from seawall.sources.images.manifest import Chooser, verify
from seawall.sources.images.platforms import Platform
from seawall.sources.images.problems import AGAIN, ArchiveError
from seawall.sources.images.stores import Files, Opener, read_file
from seawall.sources.images.unpacking import Stream, is_digest

INDEX = "index.json"
MARK = "oci-layout"


class LayoutBlobs:
    """The blobs of a layout."""

    def __init__(self, files: Files) -> None:
        self.name = files.name
        self._files = files

    def document(self, descriptor: Descriptor) -> bytes:
        """See ``Blobs``."""
        path = _checked_path(self.name, descriptor)
        data = read_file(self._files, path, DEFAULT.document, proven=True)
        if data is None:
            raise ArchiveError(f"{self.name}: {path}", -1, "is missing", AGAIN)
        return data

    def layer(self, descriptor: Descriptor) -> Callable[[], Stream] | None:
        """See ``Blobs``."""
        if not self.has(descriptor):
            return None
        return Opener(self._files, _checked_path(self.name, descriptor))

    def has(self, descriptor: Descriptor) -> bool:
        """See ``Blobs``."""
        found = self._files.open(_checked_path(self.name, descriptor), proven=True)
        if found is None:
            return False
        found[0].close()
        return True


def _checked_path(name: str, entry: Descriptor) -> str:
    digest = entry.digest
    if not is_digest(digest):
        where = f"{name}: {digest[:80] or 'a descriptor without a digest'}"
        raise ArchiveError(where, -1, "is no digest that can be verified", AGAIN)
    return f"blobs/{digest.replace(':', '/', 1)}"


def read_layout(files: Files, name: str, tag: str = "", platform: Platform | None = None) -> Image:
    """The image of a layout that bears a tag, or the only one.

    ``tag``: of ``org.opencontainers.image.ref.name``, a full name, or a manifest's digest. Raises
    ``ArchiveError`` when there is no such image, or what describes it is broken.
    """
    return _completed(files, _chooser(files, name, platform).image(name, entries(files, name, tag)))


def read_every(files: Files, name: str, tag: str = "") -> list[Image]:
    """The same for all its platforms."""
    images = _chooser(files, name, None).every(name, entries(files, name, tag))
    return [_completed(files, image) for image in images]


def _completed(files: Files, image: Image) -> Image:
    """An image with what else of it is in the same layout."""
    return _with_dockerfiles(files, _with_base(files, image))


def _with_dockerfiles(files: Files, image: Image) -> Image:
    """An image with the Dockerfiles that its provenance holds."""
    blobs = LayoutBlobs(files)
    found: list[tuple[str, bytes]] = []
    try:
        for other in image.others:
            entry = Descriptor(other.media_type, other.digest, -1)
            if other.attests != image.manifest_digest or not blobs.has(entry):
                continue
            for layer in descriptors(_read(blobs, entry).get("layers")):
                if provenance.is_provenance(layer) and blobs.has(layer):
                    found += provenance.dockerfiles(_read(blobs, layer))
    except ArchiveError as error:
        problem = f"its provenance cannot be read: {error.reason}"
        return image._replace(problems=(*image.problems, problem))
    return image._replace(dockerfiles=tuple(found))


def _read(blobs: LayoutBlobs, entry: Descriptor) -> Json:
    data = blobs.document(entry)
    verify(f"{blobs.name}: {entry.digest}", entry.digest, data)
    return documents.parse(f"{blobs.name}: {entry.digest}", data)


def _with_base(files: Files, image: Image) -> Image:
    """An image with the layers of the base that it names, where that is in the same layout."""
    base = image.base
    blobs = LayoutBlobs(files)
    entry = Descriptor("", base.digest, -1)
    if not is_digest(base.digest) or not blobs.has(entry):
        return image
    platform = image.platform if image.platform.os else None
    try:
        found = Chooser(blobs, platform).image(f"{files.name}: {base.digest}", [entry])
    except ArchiveError as error:
        problem = f"the base that it names cannot be read: {error.reason}"
        return image._replace(problems=(*image.problems, problem))
    return image._replace(base=base._replace(diff_ids=found.config.diff_ids))


def attached_to(files: Files, digests: Collection[str]) -> list[str]:
    """What is about manifests of these digests: by its ``subject``, or by cosign's tags.

    Each as ``TYPE DIGEST`` or as its tag. Raises ``ArchiveError``.
    """
    tags = {digest.replace(":", "-", 1) for digest in digests}
    blobs = LayoutBlobs(files)
    found = []
    for entry in entries(files, files.name, ""):
        if entry.name.partition(".")[0] in tags:
            found.append(entry.name)
        elif entry.artifact_type and is_digest(entry.digest):
            manifest = documents.parse(f"{files.name}: {entry.digest}", blobs.document(entry))
            if mapping(manifest.get("subject")).get("digest") in digests:
                found.append(f"{entry.artifact_type} {entry.digest}")
    return found


def _chooser(files: Files, name: str, platform: Platform | None) -> Chooser:
    blobs = LayoutBlobs(files)
    blobs.name = name
    return Chooser(blobs, platform)


def entries(files: Files, name: str, tag: str = "") -> list[Descriptor]:
    """What the index at its top lists, or what bears a tag there. Raises ``ArchiveError``."""
    data = read_file(files, INDEX, DEFAULT.document)
    if data is None:
        raise ArchiveError(f"{name}: {INDEX}", -1, "is missing", AGAIN)
    index = documents.parse(f"{name}: {INDEX}", data)
    found = descriptors(index.get("manifests"))
    if tag:
        named = [entry for entry in found if _bears(entry, tag)]
        if not named:
            there = ", ".join(sorted({entry.name for entry in found if entry.name}))
            raise ArchiveError(
                name, -1, f"it has no image {tag}", f"name one of {there or 'none that has a name'}"
            )
        return named
    return found


def _bears(entry: Descriptor, tag: str) -> bool:
    names = [name for name in entry.annotations.values() if name]
    return (
        tag in (entry.digest, entry.name)
        or entry.name.endswith(f":{tag}")
        or (tag in names and entry.name != "")
    )
