"""Indexes and manifests, of OCI and of Docker, from a descriptor to an image of one platform.

OCI image-spec: image-index.md, manifest.md, descriptor.md; Docker: image manifest v2, schema 2.
Where the documents are (a layout, a registry) is the business of ``Blobs``.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from seawall.core.digests import sha256
from seawall.core.named_tuple import NamedTuple
from seawall.sources.images.documents import parse
from seawall.sources.images.image import (
    Config,
    Image,
    Json,
    Layer,
    Other,
    Platform,
    aligned,
    mapping,
    strings,
    text,
    texts,
)
from seawall.sources.images.limits import DEFAULT
from seawall.sources.images.problems import AGAIN, DISTRUST, NO_IMAGE, ArchiveError
from seawall.sources.images.unpacking import Stream, is_digest

_NESTING = 4
_SMALL = 64 * 1024
_DOCUMENTS = 1000
_LAYERS = 1000
"""Layers of an image; engines take 127."""
_REFERENCE = "org.opencontainers.image.ref.name"
_NAMES = ("io.containerd.image.name", _REFERENCE)
_ABOUT = "vnd.docker.reference.digest"
"""Docker BuildKit's annotations of attestations."""
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    "",
)
_MACHINES = {
    "x86_64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386", "armv7l": "arm",
    "armv6l": "arm",
}  # fmt: skip


class Descriptor(NamedTuple):
    """What points to a blob."""

    media_type: str
    digest: str
    size: int
    platform: Platform | None
    annotations: dict[str, str]
    artifact_type: str = ""
    urls: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its tag or full name; empty where it has none."""
        return next((found for key in _NAMES if (found := self.annotations.get(key))), "")

    @property
    def attests(self) -> str:
        """The digest it is an attestation of."""
        return self.annotations.get(_ABOUT, "")


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


def host_platform() -> Platform:
    """What a container engine on this machine would run."""
    machine = os.uname().machine
    return Platform("linux", _MACHINES.get(machine, machine))


def parse_platform(said: str) -> Platform | None:
    """``OS/ARCHITECTURE[/VARIANT]``; ``None`` for anything else."""
    parts = said.lower().split("/")
    if len(parts) not in (2, 3) or not all(parts):
        return None
    return Platform(*parts)


def matches(wanted: Platform, found: Platform) -> bool:
    """Whether an image of one platform runs where the other is wanted; arm64 has variant v8."""
    return wanted[:2] == found[:2] and (not wanted.variant or _variant(wanted) == _variant(found))


def _variant(platform: Platform) -> str:
    default = {"arm64": "v8", "arm": "v7", "amd64": "v1"}.get(platform.architecture, "")
    return platform.variant or default


def descriptor(value: object) -> Descriptor:
    """A descriptor; what is missing is empty, a size that is none is -1."""
    found = mapping(value)
    size = found.get("size")
    said = found.get("platform")
    of = mapping(said)
    return Descriptor(
        text(found.get("mediaType")), text(found.get("digest")),
        size if isinstance(size, int) and size >= 0 else -1,
        Platform(text(of.get("os")), text(of.get("architecture")), text(of.get("variant")))
        if isinstance(said, dict) else None,
        strings(found.get("annotations")), text(found.get("artifactType")),
        texts(found.get("urls")),
    )  # fmt: skip


def descriptors(value: object) -> list[Descriptor]:
    """The descriptors of a list."""
    return [descriptor(each) for each in value] if isinstance(value, list) else []


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
        if not images:
            raise ArchiveError(name, -1, "it holds no image", "name something else")
        chosen = self._choose(name, images)
        others = _others(
            each for each in found if each.descriptor.digest != chosen.descriptor.digest
        )
        return self._made(name, chosen, others, tags)

    def every(self, name: str, entries: list[Descriptor]) -> list[Image]:
        """The images of all platforms that descriptors of one name lead to, the first of each.

        Their ``others`` are what is no image. Raises ``ArchiveError`` when there is none, when
        there are several names, or when a document is missing or broken.
        """
        images: list[_Candidate] = []
        rest: list[_Candidate] = []
        names = set()
        for entry in entries:
            found = list(self._candidates([entry], "", _NESTING))
            mine = [each for each in found if self._is_image(each.descriptor)]
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
            if entry.media_type in _INDEXES or (
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
        if entry.attests or (entry.platform and entry.platform.os == "unknown"):
            return False
        if entry.artifact_type:
            return False
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

    def _choose(self, name: str, images: list[_Candidate]) -> _Candidate:
        if len({each.descriptor.digest for each in images}) == 1 and self._asked is None:
            return images[0]
        wanted = self._asked or host_platform()
        platforms = [self._platform(each.descriptor) for each in images]
        fitting = [
            each for each, platform in zip(images, platforms, strict=True)
            if matches(wanted, platform)
        ]  # fmt: skip
        if not fitting:
            there = ", ".join(sorted({str(platform) for platform in platforms}))
            raise ArchiveError(
                name, -1, f"it has no image for {wanted}, only for {there}",
                "choose one with --platform",
            )  # fmt: skip
        names = {each.descriptor.name for each in fitting}
        if len({each.descriptor.digest for each in fitting}) > 1 and len(names) > 1:
            raise _several(name, names)
        return fitting[0]

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
        if entry.platform and platform.os and not matches(entry.platform, platform):
            problems += (f"the index says it is for {entry.platform}, itself for {platform}",)
        names = tuple(dict.fromkeys((*tags, *([entry.name] if entry.name else ()))))
        return Image(
            name, names[0] if names else "", entry.digest, config_entry.digest,
            platform if platform.os else entry.platform or platform, config, layers,
            strings(manifest.get("annotations")), names,
            tuple(digest for digest in (entry.digest, chosen.parent) if digest), others, problems,
        )  # fmt: skip

    def _layer(self, number: int, entry: Descriptor) -> Layer:
        foreign = "nondistributable" in entry.media_type or "foreign" in entry.media_type
        return Layer(
            number, entry.digest, "", entry.media_type, entry.size,
            open=self._blobs.layer(entry), foreign=foreign,
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
    algorithm = digest.partition(":")[0]
    if algorithm == "sha256" and len(data) <= _SMALL:
        found = sha256(data).hexdigest()
    else:
        import hashlib  # noqa: PLC0415 - seldom of use

        found = hashlib.new(algorithm, data).hexdigest()
    if digest != f"{algorithm}:{found}":
        raise ArchiveError(
            name, -1, f"its digest is {algorithm}:{found}",
            DISTRUST,
        )  # fmt: skip
