"""Indexes and manifests, of OCI and of Docker, from a descriptor to an image of one platform.

OCI image-spec: image-index.md, manifest.md, descriptor.md; Docker: image manifest v2, schema 2.
Where the documents are (a layout, a registry) is the business of ``Blobs``.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from seawall.core.named_tuple import NamedTuple
from seawall.sources.images.descriptor import Descriptor, descriptor, descriptors
from seawall.sources.images.documents import parse
from seawall.sources.images.image import (
    Config,
    Image,
    Json,
    Layer,
    NamedBase,
    Other,
    aligned,
    named_base,
    strings,
    text,
)
from seawall.sources.images.limits import DEFAULT
from seawall.sources.images.manifests import INDEXES, digest_of, holds
from seawall.sources.images.platforms import Platform, choose, normal, of_host, runs
from seawall.sources.images.problems import AGAIN, DISTRUST, NO_IMAGE, ArchiveError
from seawall.sources.images.unpacking import Stream, is_digest

_NESTING = 4
_DOCUMENTS = 1000
_LAYERS = 1000
"""Layers of an image; engines take 127."""
_CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    "",
)


class Blobs(Protocol):
    """Where blobs are had by their digest."""

    name: str
    """What errors call it."""

    def document(self, descriptor: Descriptor) -> bytes:
        """A manifest, an index or a configuration; its digest is verified by the caller.

        Raises ``ArchiveError``, also for one larger than ``Limits.document``.
        """

    def layer(self, descriptor: Descriptor) -> Callable[[], Stream] | None:
        """What opens a layer, as it is stored; ``None`` for one that is not here."""

    def has(self, descriptor: Descriptor) -> bool:
        """Whether a blob is here. Docker saves an index as it is, and one of its platforms."""


class _Candidate(NamedTuple):
    descriptor: Descriptor
    parent: str
    """The digest of the index it stands in; empty at the top."""


class Chooser:
    """Finds the manifest of one image among those that a document leads to.

    ``platform``: what a person asked for; else what this machine runs, or the only one there is.
    """

    def __init__(self, blobs: Blobs, platform: Platform | None = None) -> None:
        self._blobs = blobs
        self._asked = platform
        self._left = _DOCUMENTS
        self._read: dict[str, Json] = {}

    def image(self, name: str, entries: list[Descriptor], tags: tuple[str, ...] = ()) -> Image:
        """The image that one of these descriptors leads to.

        Raises ``ArchiveError`` when there is none, when it is not clear which, or when a document
        is missing or broken.
        """
        found = list(self._candidates(entries, "", _NESTING))
        images = [each for each in found if self._is_image(each.descriptor)]
        here = [each for each in images if self._blobs.has(each.descriptor)] or images
        if not images:
            raise ArchiveError(name, -1, "it holds no image", "name something else")
        chosen = self._choose(name, here, images)
        others = _others(
            each for each in found if each.descriptor.digest != chosen.descriptor.digest
        )
        return self._made(name, chosen, others, tags)

    def every(self, name: str, entries: list[Descriptor]) -> list[Image]:
        """The images of all platforms that descriptors of one name lead to, the first of each.

        Their ``others`` are what is no image, and what is not here. Raises ``ArchiveError`` when
        there is none, when there are several names, or when a document is missing or broken.
        """
        images: list[_Candidate] = []
        rest: list[_Candidate] = []
        names = set()
        for entry in entries:
            found = list(self._candidates([entry], "", _NESTING))
            all_of_them = [each for each in found if self._is_image(each.descriptor)]
            here = [each for each in all_of_them if self._blobs.has(each.descriptor)]
            mine = here or all_of_them
            names |= {entry.name} if mine else set()
            images += mine
            rest += [each for each in found if each not in mine]
        if not images:
            raise ArchiveError(name, -1, "it holds no image", "name something else")
        if len(names) > 1:
            raise _several(name, names)
        first: dict[Platform, _Candidate] = {}
        for each in images:
            first.setdefault(self._platform(each.descriptor), each)
        return [
            self._made(name, each, _others(rest), tuple(names - {""})) for each in first.values()
        ]

    def _candidates(
        self, entries: list[Descriptor], index: str, nesting: int
    ) -> Iterator[_Candidate]:
        for entry in entries:
            if entry.media_type in INDEXES or (
                not entry.media_type and "manifests" in self._document(entry)
            ):
                if not nesting:
                    raise ArchiveError(
                        self._blobs.name,
                        -1,
                        f"indexes are nested more than {_NESTING} deep",
                        AGAIN,
                    )
                document = self._document(entry)
                below = descriptors(document.get("manifests"))
                yield from self._candidates(below, entry.digest, nesting - 1)
            else:
                yield _Candidate(entry, index)

    def _is_image(self, entry: Descriptor) -> bool:
        """Whether a manifest is of an image, not of an attestation, a signature, a chart."""
        if entry.is_attestation or entry.artifact_type:
            return False
        if entry.platform is not None and not self._blobs.has(entry):
            return True
        document = self._document(entry)
        if text(document.get("artifactType")):
            return False
        return descriptor(document.get("config")).media_type in _CONFIGS

    def _document(self, entry: Descriptor) -> Json:
        known = self._read.get(entry.digest)
        if known is not None:
            return known
        name = f"{self._blobs.name}: {entry.digest or 'a descriptor without a digest'}"
        if not is_digest(entry.digest):
            raise ArchiveError(name, -1, "is no digest that can be verified", AGAIN)
        self._left -= 1
        if self._left < 0:
            raise ArchiveError(name, -1, f"there are more than {_DOCUMENTS} manifests", NO_IMAGE)
        if entry.size > DEFAULT.document:
            raise ArchiveError(
                name, -1, f"has {entry.size} bytes, more than {DEFAULT.document}",
                NO_IMAGE,
            )  # fmt: skip
        data = self._blobs.document(entry)
        verify(name, entry.digest, data)
        document = parse(name, data)
        # A document that is read as either is not the same to everybody (CVE-2021-41190).
        if "manifests" in document and ("layers" in document or "config" in document):
            raise ArchiveError(name, -1, "is both an index and a manifest", DISTRUST)
        self._read[entry.digest] = document
        return document

    def _choose(self, name: str, images: list[_Candidate], told: list[_Candidate]) -> _Candidate:
        """One of the images that are here; ``told`` are those that the index tells of."""
        if len({each.descriptor.digest for each in images}) == 1 and self._asked is None:
            return images[0]
        wanted = self._asked or of_host()
        platforms = [self._platform(each.descriptor) for each in images]
        nearest = choose(wanted, platforms)
        if nearest < 0:
            there = ", ".join(sorted({str(platform) for platform in platforms}))
            if choose(wanted, [each.descriptor.platform for each in told]) >= 0:
                raise ArchiveError(
                    name, -1, f"its index tells of {wanted}, but only {there} is here",
                    "copy it with all platforms, or choose that one with --platform",
                )  # fmt: skip
            raise ArchiveError(
                name, -1, f"it has no image for {wanted}, only for {there}",
                "choose one with --platform",
            )  # fmt: skip
        fitting = [
            each for each, platform in zip(images, platforms, strict=True)
            if normal(platform)[:3] == normal(platforms[nearest])[:3]
        ]  # fmt: skip
        names = {each.descriptor.name for each in fitting}
        if len({each.descriptor.digest for each in fitting}) > 1 and len(names) > 1:
            raise _several(name, names)
        return images[nearest]

    def _platform(self, entry: Descriptor) -> Platform:
        if entry.platform is not None:
            return entry.platform
        config = descriptor(self._document(entry).get("config"))
        return Config(self._document(config)).platform

    def _made(
        self, name: str, chosen: _Candidate, others: tuple[Other, ...], tags: tuple[str, ...]
    ) -> Image:
        entry = chosen.descriptor
        manifest = self._document(entry)
        config_entry = descriptor(manifest.get("config"))
        config = Config(self._document(config_entry))
        found = descriptors(manifest.get("layers"))
        if len(found) > _LAYERS:
            raise ArchiveError(
                name,
                -1,
                f"it has {len(found)} layers, more than {_LAYERS}",
                NO_IMAGE,
            )
        layers, problems = aligned(
            [self._layer(number, each) for number, each in enumerate(found)], config
        )
        platform = config.platform
        if entry.platform and platform.os and not runs(entry.platform, platform):
            problems += (f"the index says it is for {entry.platform}, itself for {platform}",)
        names = tuple(dict.fromkeys((*tags, *([entry.name] if entry.name else ()))))
        return Image(
            name, names[0] if names else "", entry.digest, config_entry.digest,
            platform if platform.os else entry.platform or platform, config, layers,
            strings(manifest.get("annotations")), names,
            tuple(digest for digest in (entry.digest, chosen.parent) if digest), others, problems,
            self._base(manifest, chosen),
        )  # fmt: skip

    def _base(self, manifest: Json, chosen: _Candidate) -> NamedBase:
        """What annotations say: of the manifest, of what points to it, of the index around it."""
        index = self._read.get(chosen.parent, {})
        for annotations in (
            strings(manifest.get("annotations")), chosen.descriptor.annotations,
            strings(index.get("annotations")),
        ):  # fmt: skip
            found = named_base(annotations)
            if found.name or found.digest:
                return found
        return NamedBase()

    def _layer(self, number: int, entry: Descriptor) -> Layer:
        return Layer(
            number, entry.digest, "", entry.media_type, entry.size,
            open=self._blobs.layer(entry), foreign=entry.is_foreign,
        )  # fmt: skip


def _several(name: str, names: set[str]) -> ArchiveError:
    there = ", ".join(sorted(each or "one without a name" for each in names))
    return ArchiveError(
        name, -1, f"it holds several images: {there}", "name one of them behind a colon"
    )


def _others(candidates: Iterable[_Candidate]) -> tuple[Other, ...]:
    return tuple(
        Other(
            each.descriptor.digest, each.descriptor.media_type,
            each.descriptor.platform or Platform(), each.descriptor.name, each.descriptor.attests,
        )
        for each in candidates
    )  # fmt: skip


def verify(name: str, digest: str, data: bytes) -> None:
    """Hold data against its digest. Raises ``ArchiveError`` when it is something else."""
    if not holds(data, digest):
        found = digest_of(data, digest.partition(":")[0])
        raise ArchiveError(name, -1, f"its digest is {found}", DISTRUST)
