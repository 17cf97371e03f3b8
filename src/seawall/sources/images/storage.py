"""Images in the directories of container engines, read in place, without the engine.

containers-storage (Podman, Buildah, CRI-O): ``overlay-images/images.json``,
``overlay-layers/layers.json`` and ``overlay/ID/diff``, the same with ``vfs``, whose layers
``vfs/dir/ID`` hold all that is below them as well. Docker (overlay2 driver): ``image/overlay2`` and
``overlay2/ID/diff``. Layers are directories there; beside each lies what it takes to put its tar
together again (``tar_split``), and so its DiffID is verified. Only where that is missing a layer of
overlay is taken as it lies there, and its digest cannot be verified.
"""

import os
from collections.abc import Iterator

from seawall.core.named_tuple import NamedTuple
from seawall.sources.images import documents
from seawall.sources.images.image import (
    Config,
    Image,
    Json,
    Layer,
    aligned,
    chain_ids,
    mapping,
    named_base,
    strings,
    text,
    texts,
)
from seawall.sources.images.limits import DEFAULT
from seawall.sources.images.manifests import holds
from seawall.sources.images.problems import AGAIN, ArchiveError
from seawall.sources.images.stores import Directory, read_file
from seawall.sources.images.tar_split import opener
from seawall.sources.images.unpacking import is_digest

_LAYERS = 1000
_TAG = "latest"


class Stored(NamedTuple):
    """An image that a storage holds."""

    id: str
    names: tuple[str, ...]


def full_name(name: str) -> str:
    """A name as engines store it: with registry and tag."""
    from seawall.core.image_reference import parse_image  # noqa: PLC0415 - off the scan path

    parts = parse_image(name)
    if parts.digest:
        return f"{parts.registry}/{parts.repository}@{parts.digest}"
    return f"{parts.registry}/{parts.repository}:{parts.tag or _TAG}"


def container_storages() -> list[str]:
    """Where Podman and its likes keep images: of this user, then of the system."""
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return [os.path.join(home, "containers", "storage"), "/var/lib/containers/storage"]


_DRIVERS = {"overlay": ("overlay", "diff"), "vfs": ("vfs/dir", "")}
"""By driver of containers-storage, where layers are, and what of each holds its files."""


class ContainersStorage:
    """A directory of containers-storage, with the drivers that images were kept with."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._files = Directory(root)

    def _rows(self, path: str) -> list[Json]:
        data = read_file(self._files, path, DEFAULT.document)
        if data is None:
            return []
        found = documents.parse_any(f"{self.root}/{path}", data)
        return [mapping(each) for each in found] if isinstance(found, list) else []

    def images(self) -> Iterator[Stored]:
        """What it holds. Raises ``ArchiveError`` where it cannot be read."""
        for driver in _DRIVERS:
            for row in self._rows(f"{driver}-images/images.json"):
                yield Stored(text(row.get("id")), texts(row.get("names")))

    def find(self, name: str) -> Image | None:
        """The image of a name, or of an id or a part of one that begins it (of 12 digits or more).

        Raises ``ArchiveError`` where the storage is broken.
        """
        wanted = {name, full_name(name), f"localhost/{name}", f"localhost/{name}:{_TAG}"}
        for driver in _DRIVERS:
            for row in self._rows(f"{driver}-images/images.json"):
                image_id = text(row.get("id"))
                names = texts(row.get("names"))
                if wanted & set(names) or (len(name) >= 12 and image_id.startswith(name)):
                    return self._image(name, row, image_id, names, driver)
        return None

    def _image(
        self, name: str, row: Json, image_id: str, names: tuple[str, ...], driver: str
    ) -> Image:
        from base64 import b64encode  # noqa: PLC0415 - off the scan path

        where = f"{self.root}: {name}"
        # Big data is in files called by their key, in base 64 where that is no file name.
        key = f"sha256:{image_id}"
        for called in (key, "=" + b64encode(key.encode()).decode()):
            path = f"{driver}-images/{image_id}/{called}"
            data = read_file(self._files, path, DEFAULT.document)
            if data is not None:
                break
        else:
            raise ArchiveError(where, -1, "its configuration is missing", "fetch it again")
        _verify(where, key, data)
        config = Config(documents.parse(where, data))
        rows = self._rows(f"{driver}-layers/layers.json")
        known = {text(layer.get("id")): layer for layer in rows}
        chain: list[Json] = []
        layer_id = text(row.get("layer"))
        while layer_id:
            layer = known.get(layer_id)
            if layer is None or len(chain) >= _LAYERS:
                raise ArchiveError(where, -1, f"layer {layer_id[:64]} is missing", "fetch it again")
            chain.append(layer)
            layer_id = text(layer.get("parent"))
        layers, problems = aligned(
            [self._layer(number, layer, driver) for number, layer in enumerate(reversed(chain))],
            config,
        )
        digest = text(row.get("digest"))
        annotations = self._annotations(f"{driver}-images/{image_id}/manifest", digest)
        return Image(
            where, names[0] if names else "", digest, key, config.platform, config, layers,
            annotations, names, (digest,) if digest else (), (), problems,
            named_base(annotations),
        )  # fmt: skip

    def _annotations(self, path: str, digest: str) -> dict[str, str]:
        """Of the manifest; none where it is not kept, or is another one than that of the image."""
        data = read_file(self._files, path, DEFAULT.document)
        if data is None or not holds(data, digest):
            return {}
        return strings(documents.parse(f"{self.root}/{path}", data).get("annotations"))

    def _layer(self, number: int, row: Json, driver: str) -> Layer:
        size = row.get("diff-size")
        layer_id = text(row.get("id"))
        below, inside = _DRIVERS[driver]
        directory = _below(self.root, below, layer_id, inside)
        split = os.path.join(self.root, f"{driver}-layers", f"{layer_id}.tar-split.gz")
        found = _stored(number, text(row.get("diff-digest")), size, directory, split, driver)
        packed = text(row.get("compressed-diff-digest"))
        return found._replace(digest=packed) if found.directory else found


class DockerStorage:
    """Docker's own directory with the overlay2 driver."""

    def __init__(self, root: str = "/var/lib/docker") -> None:
        self.root = root
        self._files = Directory(root)

    def _repositories(self) -> Json:
        path = "image/overlay2/repositories.json"
        data = read_file(self._files, path, DEFAULT.document)
        if data is None:
            return {}
        return mapping(documents.parse(f"{self.root}/{path}", data).get("Repositories"))

    def images(self) -> Iterator[Stored]:
        """What it holds under a name. Raises ``ArchiveError`` where it cannot be read."""
        names: dict[str, list[str]] = {}
        for tags in self._repositories().values():
            for reference, image_id in mapping(tags).items():
                names.setdefault(text(image_id), []).append(reference)
        for image_id, found in names.items():
            yield Stored(image_id.removeprefix("sha256:"), tuple(found))

    def find(self, name: str) -> Image | None:
        """See ``ContainersStorage.find``."""
        full = full_name(name)
        wanted = {
            name,
            full,
            full.removeprefix("docker.io/library/"),
            full.removeprefix("docker.io/"),
        }
        for stored in self.images():
            if wanted & set(stored.names) or (len(name) >= 12 and stored.id.startswith(name)):
                return self._image(name, stored)
        return None

    def _image(self, name: str, stored: Stored) -> Image:
        where = f"{self.root}: {name}"
        key = f"sha256:{stored.id}"
        data = None
        if is_digest(key):
            path = f"image/overlay2/imagedb/content/sha256/{stored.id}"
            data = read_file(self._files, path, DEFAULT.document)
        if data is None:
            raise ArchiveError(where, -1, "its configuration is missing", "fetch it again")
        _verify(where, key, data)
        config = Config(documents.parse(where, data))
        layers = []
        diff_ids = config.diff_ids[:_LAYERS]
        chains = chain_ids(diff_ids)
        for number, (diff_id, chain) in enumerate(zip(diff_ids, chains, strict=True)):
            path = f"image/overlay2/layerdb/{chain.replace(':', '/', 1)}/cache-id"
            found = read_file(self._files, path, 1024)
            if found is None:
                raise ArchiveError(where, -1, f"layer {diff_id[:80]} is missing", "fetch it again")
            called = found.decode("utf-8", "replace").strip()
            directory = _below(self.root, "overlay2", called, "diff")
            above = path.rpartition("/")[0]
            split = os.path.join(self.root, above, "tar-split.json.gz")
            layers.append(_stored(number, diff_id, -1, directory, split, "overlay"))
        aligned_layers, problems = aligned(layers, config)
        names = stored.names
        return Image(
            where, names[0] if names else "", "", key, config.platform, config, aligned_layers, {},
            names, (), (), problems,
        )  # fmt: skip


def _stored(
    number: int, diff_id: str, size: object, directory: str, split: str, driver: str
) -> Layer:
    """A layer that is kept as a directory."""
    layer = Layer(number, "", diff_id, "", size if isinstance(size, int) else -1)
    if os.path.isfile(split):
        return layer._replace(open=opener(split, directory))
    if driver == "overlay":
        return layer._replace(directory=directory, overlay=True)
    return layer  # of vfs nothing tells what the layer itself brought


def _below(root: str, driver: str, layer_id: str, inside: str) -> str:
    """The directory of a layer; its name comes from a document, and must not lead elsewhere."""
    if not layer_id or layer_id in (".", "..") or "/" in layer_id or "\0" in layer_id:
        raise ArchiveError(root, -1, f"a layer has no proper name: {layer_id[:80]!r}", AGAIN)
    return os.path.join(root, driver, layer_id, inside).rstrip("/")


def _verify(where: str, digest: str, data: bytes) -> None:
    from seawall.sources.images.manifest import verify  # noqa: PLC0415 - the one that needs it

    verify(where, digest, data)
