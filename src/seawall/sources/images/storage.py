"""Images in the directories of container engines, read in place, without the engine.

containers-storage (Podman, Buildah, CRI-O; overlay driver): ``overlay-images/images.json``,
``overlay-layers/layers.json`` and ``overlay/ID/diff``. Docker (overlay2 driver):
``image/overlay2`` and ``overlay2/ID/diff``. Layers are directories there, so their digests are
told, but cannot be verified.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

from seawall.sources.images import documents
from seawall.sources.images.image import (
    Config,
    Image,
    Json,
    Layer,
    aligned,
    chain_ids,
    mapping,
    text,
    texts,
)
from seawall.sources.images.limits import DEFAULT
from seawall.sources.images.problems import AGAIN, ArchiveError
from seawall.sources.images.stores import Directory, read_file
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


class ContainersStorage:
    """A directory of containers-storage with the overlay driver."""

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
        for row in self._rows("overlay-images/images.json"):
            yield Stored(text(row.get("id")), texts(row.get("names")))

    def find(self, name: str) -> Image | None:
        """The image of a name, or of an id or a part of one that begins it (of 12 digits or more).

        Raises ``ArchiveError`` where the storage is broken.
        """
        wanted = {name, full_name(name), f"localhost/{name}", f"localhost/{name}:{_TAG}"}
        for row in self._rows("overlay-images/images.json"):
            image_id = text(row.get("id"))
            names = texts(row.get("names"))
            if wanted & set(names) or (len(name) >= 12 and image_id.startswith(name)):
                return self._image(name, row, image_id, names)
        return None

    def _image(self, name: str, row: Json, image_id: str, names: tuple[str, ...]) -> Image:
        from base64 import b64encode  # noqa: PLC0415 - off the scan path

        where = f"{self.root}: {name}"
        # Big data is in files called by their key, in base 64 where that is no file name.
        key = f"sha256:{image_id}"
        for called in (key, "=" + b64encode(key.encode()).decode()):
            path = f"overlay-images/{image_id}/{called}"
            data = read_file(self._files, path, DEFAULT.document)
            if data is not None:
                break
        else:
            raise ArchiveError(where, -1, "its configuration is missing", "fetch it again")
        _verify(where, key, data)
        config = Config(documents.parse(where, data))
        known = {text(layer.get("id")): layer for layer in self._rows("overlay-layers/layers.json")}
        chain: list[Json] = []
        layer_id = text(row.get("layer"))
        while layer_id:
            layer = known.get(layer_id)
            if layer is None or len(chain) >= _LAYERS:
                raise ArchiveError(where, -1, f"layer {layer_id[:64]} is missing", "fetch it again")
            chain.append(layer)
            layer_id = text(layer.get("parent"))
        layers, problems = aligned(
            [self._layer(number, layer) for number, layer in enumerate(reversed(chain))], config
        )
        digest = text(row.get("digest"))
        return Image(
            where, names[0] if names else "", digest, key, config.platform, config, layers, {},
            names, (digest,) if digest else (), (), problems,
        )  # fmt: skip

    def _layer(self, number: int, row: Json) -> Layer:
        size = row.get("diff-size")
        return Layer(
            number, text(row.get("compressed-diff-digest")), text(row.get("diff-digest")), "",
            size if isinstance(size, int) else -1,
            directory=_below(self.root, "overlay", text(row.get("id"))), overlay=True,
        )  # fmt: skip


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
            directory = _below(self.root, "overlay2", found.decode("utf-8", "replace").strip())
            layers.append(Layer(number, "", diff_id, "", -1, directory=directory, overlay=True))
        aligned_layers, problems = aligned(layers, config)
        names = stored.names
        return Image(
            where, names[0] if names else "", "", key, config.platform, config, aligned_layers, {},
            names, (), (), problems,
        )  # fmt: skip


def _below(root: str, driver: str, layer_id: str) -> str:
    """The directory of a layer; its name comes from a document, and must not lead elsewhere."""
    if not layer_id or layer_id in (".", "..") or "/" in layer_id or "\0" in layer_id:
        raise ArchiveError(root, -1, f"a layer has no proper name: {layer_id[:80]!r}", AGAIN)
    return os.path.join(root, driver, layer_id, "diff")


def _verify(where: str, digest: str, data: bytes) -> None:
    from seawall.sources.images.manifest import verify  # noqa: PLC0415 - the one that needs it

    verify(where, digest, data)
