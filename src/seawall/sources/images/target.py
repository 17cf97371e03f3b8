"""What a name means: something that lies here, or an image to be asked for elsewhere.

The order, for a name without a prefix:

1. a path that exists, by what is in it: an OCI layout (directory or tar), a docker archive, a root
   file system;
2. an image in the directories of engines that may be read: Podman's of this user and of the
   system, then Docker's;
3. the sources that the caller gives, in their order: a local engine's socket, a registry.

Prefixes are as other tools have them and leave no choice: ``oci:DIR[:TAG]``,
``oci-archive:FILE[:TAG]``, ``docker-archive:FILE[:TAG]``, ``rootfs:DIR`` or ``dir:DIR``,
``containers-storage:NAME``; ``docker:``, ``podman:`` and ``registry:`` are for the sources that say
they have them.
"""

import os
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from seawall.core.errors import UsageError
from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.sources.images import layout
from seawall.sources.images.image import Config, Image, Layer
from seawall.sources.images.platforms import Platform
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.stores import TarFiles, files_at

if TYPE_CHECKING:
    from seawall.sources.images.storage import ContainersStorage, DockerStorage

OCI, OCI_ARCHIVE, DOCKER_ARCHIVE = "oci", "oci-archive", "docker-archive"
ROOTFS, DIRECTORY, STORAGE = "rootfs", "dir", "containers-storage"
_ENGINES = {"docker": "DOCKER_HOST", "podman": "CONTAINER_HOST"}
"""With what names their socket."""
_ELSEWHERE = (*_ENGINES, "registry")
PREFIXES = (OCI, OCI_ARCHIVE, DOCKER_ARCHIVE, ROOTFS, DIRECTORY, STORAGE, *_ELSEWHERE)
_ROOT_MARKS = ("etc/os-release", "usr/lib/os-release", "etc/passwd", "bin", "usr/bin", "lib", "etc")
_TAR_MAGIC = 257
_ID = pattern(r"[0-9a-f]{12}|[0-9a-f]{64}")
"""Of an image, as engines show it, in short and whole."""


class ImageSource(Protocol):
    """Where an image may be had by its name: an engine's socket, a registry."""

    prefix: str
    """What stands before a name that is meant for it alone."""
    title: str
    """What messages call it, ``the registry`` say."""

    def find(self, reference: str, platform: Platform | None) -> Image | None:
        """The image, or ``None`` where this source does not have it or is not there.

        ``platform``: what was asked for; ``None`` leaves it to the source. Raises ``InputError``
        when it should be there and cannot be had: a right is missing, an answer is broken.
        """


@runtime_checkable
class ManySource(ImageSource, Protocol):
    """A source that may have a name for several platforms."""

    def find_every(self, reference: str) -> list[Image]:
        """The images of all platforms; none where this source does not have it. As ``find``."""


class Tried(NamedTuple):
    """Where a name was looked for, and what came of it."""

    where: str
    outcome: str


class Resolved(NamedTuple):
    """An image, and how its name led to it."""

    image: Image
    tried: tuple[Tried, ...]


def split(name: str) -> tuple[str, str]:
    """A prefix (empty where there is none) and the rest.

    ``registry:5000/app`` is a host with a port, ``registry:2`` and ``docker:24-dind`` are images
    with a tag: a port and what starts with a digit belong to the name, but not the address of a
    registry (``registry:127.0.0.1:5000/app``), and not the id of an image in an engine, which
    begins with a digit more often than not (``docker:4bc9969d6392``). ``docker://`` is a prefix
    always.
    """
    prefix, colon, rest = name.partition(":")
    if not colon or prefix not in PREFIXES:
        return "", name
    if prefix in _ELSEWHERE:
        if rest.startswith("//"):
            return prefix, rest[2:]
        if prefix in _ENGINES and _ID.fullmatch(rest):
            return prefix, rest
        host, slash, _ = rest.partition("/")
        if host.isdecimal() or (host[:1].isdecimal() and not slash):
            return "", name
    return prefix, rest


def resolve(
    name: str, sources: Iterable[ImageSource] = (), platform: Platform | None = None
) -> Resolved:
    """The image that a name means, see above. ``sources`` are gone through where it comes to them.

    Raises ``ArchiveError`` when what lies here is broken, ``UsageError`` when there is nothing.
    """
    prefix, rest = split(name)
    if prefix in (OCI, OCI_ARCHIVE, DOCKER_ARCHIVE):
        path, tag = path_and_tag(rest)
        return _done(_in_files(prefix, path, tag, platform), path, prefix)
    if prefix in (ROOTFS, DIRECTORY):
        return _done(root_file_system(rest), rest, ROOTFS)
    if prefix == STORAGE:
        return _ask(name, rest, [*_storages(docker=False)], platform)
    if prefix:
        meant = [each for each in sources if each.prefix == prefix]
        if prefix in _ENGINES and not meant:
            raise UsageError(
                f"{name}: no {prefix} listens at its usual places; start its socket, or name it "
                f"with {_ENGINES[prefix]}"
            )
        return _ask(name, rest, meant, platform)
    path, tag = path_and_tag(name)
    if os.path.exists(path):
        found = recognise(path)
        if found:
            image = (
                root_file_system(path) if found == ROOTFS else _in_files(found, path, tag, platform)
            )
            return _done(image, path, found)
        if os.path.exists(name) or path.startswith((".", "/")):
            raise ArchiveError(
                path, -1, "is neither an image nor a root file system",
                f"say what it is with a prefix: {OCI}:, {DOCKER_ARCHIVE}:, {ROOTFS}:",
            )  # fmt: skip
    return _ask(name, name, [*_storages(docker=True), *sources], platform)


def resolve_every(name: str, sources: Sequence[ImageSource] = ()) -> list[Resolved]:
    """The images of all platforms that a name means: all that a layout or a registry has.

    Raises what ``resolve`` does.
    """
    found = _layout(name)
    if found is None:
        every = _Every(sources)
        resolved = resolve(name, every.sources)
        return [resolved._replace(image=image) for image in every.found or (resolved.image,)]
    path, tag = found
    files = files_at(path)
    images = layout.read_every(files, path, tag)
    problems = files.problems if isinstance(files, TarFiles) else ()
    return [
        _done(image._replace(problems=(*image.problems, *problems)), path, OCI) for image in images
    ]


class _Every:
    """Sources that give the first image of those that they have, and remember all."""

    def __init__(self, sources: Iterable[ImageSource]) -> None:
        self.found: list[Image] = []
        self.sources = [
            _First(each, self.found) if isinstance(each, ManySource) else each for each in sources
        ]


class _First:
    def __init__(self, source: ManySource, found: list[Image]) -> None:
        self.prefix, self.title = source.prefix, source.title
        self._source = source
        self._found = found

    def find(self, reference: str, platform: Platform | None) -> Image | None:  # noqa: ARG002
        """See ``ImageSource``."""
        self._found += self._source.find_every(reference)
        return self._found[0] if self._found else None


def attached_to(name: str, digests: Collection[str]) -> list[str]:
    """What a layout that lies here has about manifests: signatures, attestations, bills."""
    found = _layout(name)
    return [] if found is None else layout.attached_to(files_at(found[0]), digests)


def _layout(name: str) -> tuple[str, str] | None:
    """Path and tag of a layout that lies here; ``None`` for all else."""
    prefix, rest = split(name)
    if prefix and prefix not in (OCI, OCI_ARCHIVE):
        return None
    path, tag = path_and_tag(rest)
    if not os.path.exists(path):
        return None
    is_layout = bool(prefix) or recognise(path) in (OCI, OCI_ARCHIVE)
    return (path, tag) if is_layout else None


def _done(image: Image, path: str, what: str) -> Resolved:
    return Resolved(image, (Tried(path, f"is {_TITLES[what]}"),))


_TITLES = {
    OCI: "an OCI layout", OCI_ARCHIVE: "an OCI layout in a tar",
    DOCKER_ARCHIVE: "a docker archive", ROOTFS: "a root file system",
}  # fmt: skip


def path_and_tag(text: str) -> tuple[str, str]:
    """A path, and behind a colon a tag; a path that exists as it stands has none."""
    if os.path.exists(text):
        return text, ""
    path, colon, tag = text.partition(":")
    while colon and not os.path.exists(path):
        more, colon, tag = tag.partition(":")
        path = f"{path}:{more}"
    return (path, tag) if colon else (text, "")


def _in_files(what: str, path: str, tag: str, platform: Platform | None) -> Image:
    if not os.path.exists(path):
        raise ArchiveError(path, -1, "there is no such file or directory", "name one that exists")
    files = files_at(path)
    if what == DOCKER_ARCHIVE:
        from seawall.sources.images import archive  # noqa: PLC0415 - only for one

        image = archive.read_archive(files, path, tag, platform)
    else:
        image = layout.read_layout(files, path, tag, platform)
    if isinstance(files, TarFiles) and files.problems:
        image = image._replace(problems=(*image.problems, *files.problems))
    return image


def root_file_system(path: str) -> Image:
    """A root file system as an image of one layer, with a configuration that says nothing."""
    if not os.path.isdir(path):
        raise ArchiveError(path, -1, "is no directory", "name one that exists")
    layer = Layer(0, "", "", "", -1, directory=path)
    return Image(path, "", "", "", Platform(), Config({}), (layer,))


def recognise(path: str) -> str:
    """What lies at a path, by its content: a prefix, or an empty text for something else."""
    if os.path.isdir(path):
        if os.path.isfile(os.path.join(path, layout.MARK)):
            return OCI
        return ROOTFS if is_root(path) else ""
    if not os.path.isfile(path):
        return ""
    try:
        names = TarFiles(path).names() if _may_be_tar(path) else ()
    except OSError:
        return ""
    names = set(names)
    if layout.INDEX in names and layout.MARK in names:
        return OCI_ARCHIVE
    from seawall.sources.images import archive  # noqa: PLC0415 - only for tars

    return DOCKER_ARCHIVE if {archive.MANIFEST, archive.REPOSITORIES} & names else ""


def is_root(path: str) -> bool:
    """Whether a directory looks like a root file system: it has some of what all have."""
    there = sum(os.path.lexists(os.path.join(path, mark)) for mark in _ROOT_MARKS)
    return there >= 3 or os.path.lexists(os.path.join(path, "etc/os-release"))


def _may_be_tar(path: str) -> bool:
    from seawall.sources.decompression import kind_of  # noqa: PLC0415 - only for files

    with open(path, "rb") as file:
        head = file.read(_TAR_MAGIC + 5)
    return head[_TAR_MAGIC:] == b"ustar" or bool(kind_of(head))


class _Storage:
    """An engine's directory as a source; one that cannot be read is not there."""

    prefix = STORAGE

    def __init__(self, storage: "ContainersStorage | DockerStorage") -> None:
        self._storage = storage
        self.title = storage.root

    def find(self, reference: str, platform: Platform | None) -> Image | None:  # noqa: ARG002
        """See ``ImageSource``; an engine keeps one platform of a name."""
        if not os.access(self._storage.root, os.R_OK | os.X_OK):
            return None
        return self._storage.find(reference)


def _storages(*, docker: bool) -> list[ImageSource]:
    from seawall.sources.images.storage import (  # noqa: PLC0415 - only for what lies nowhere
        ContainersStorage,
        DockerStorage,
        container_storages,
    )

    found: list[ImageSource] = [_Storage(ContainersStorage(root)) for root in container_storages()]
    if docker:
        found.append(_Storage(DockerStorage()))
    return found


def _ask(
    name: str, reference: str, sources: Sequence[ImageSource], platform: Platform | None
) -> Resolved:
    tried: list[Tried] = []
    for source in sources:
        image = source.find(reference, platform)
        if image is not None:
            return Resolved(image, (*tried, Tried(source.title, "has it")))
        tried.append(Tried(source.title, "does not have it"))
    where = ", ".join(each.where for each in tried)
    raise UsageError(
        f"{name}: there is no such image{f' in {where}' if where else ''}; "
        "name a path, or see: seawall scan --help"
    )
