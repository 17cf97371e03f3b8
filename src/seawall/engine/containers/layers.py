"""The layers of an image: from the cache, or read."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seawall.core.digests import blake2b
from seawall.core.named_tuple import NamedTuple
from seawall.engine.containers import looking
from seawall.engine.containers.looking import Looked
from seawall.engine.containers.walkers import Walk, Walked
from seawall.sources.images.image import Image, Layer

if TYPE_CHECKING:
    from seawall.cache import Store
    from seawall.secrets.search import Search

_NOTHING = Looked((), {}, {}, {}, (), (), (), (), (), ())


class Read(NamedTuple):
    """The layers of an image, the lowest first."""

    image: Image
    """With the digests and DiffIDs that were computed."""
    layers: tuple[Looked, ...]
    failed: tuple[tuple[int, str], ...]
    """Layers that could not be read to their end, by their numbers, and why."""


def read(image: Image, store: "Store | None", code: bytes, search: "Search | None" = None) -> Read:
    """Read an image; ``code`` changes with the program, so that nothing old is taken.

    ``search``: looks for secrets in all of its files.
    """
    code = code if search is None else code + search.key.encode()
    keys = {layer.number: _key(layer, code) for layer in image.layers if layer.diff_id}
    known = {} if store is None else _known(keys, store)
    missing = {layer.number for layer in image.layers if layer.number not in known}
    private = {
        number: looking.to_look_at_again(each) for number, each in known.items() if each.private
    }
    trusted = _trusted(image, store) if missing or private else frozenset()
    walk = Walk(image, search, trusted)
    walked = walk.over(missing | private.keys(), private)
    if any(item.leads_below for item in walked) and known:  # into layers that were not walked
        known, private = {}, {}
        walked = walk.over(range(len(image.layers)))
    layers = list(image.layers)
    failed = []
    for item in walked:
        number = item.layer.number
        layers[number] = item.layer
        if number in private:
            known[number] = looking.with_private(known[number], item.looked)
        else:
            known[number] = item.looked
        if item.reason:
            failed.append((number, item.reason))
            continue
        if store is None:
            continue
        if number not in private and _may_be_kept(item):
            store.put(_key(item.layer, code), looking.to_plain(item.looked))
        if _pair(item.layer) not in trusted and _is_packed(item.layer):
            store.put(_pair_key(item.layer), True)  # noqa: FBT003 - it is all there is to say
    whole = tuple(known.get(layer.number, _NOTHING) for layer in layers)
    return Read(image._replace(layers=tuple(layers)), whole, tuple(failed))


def _may_be_kept(walked: Walked) -> bool:
    """Whether what a layer gave rests on its bytes alone, and what is private can be left out."""
    is_of_bytes = bool(walked.layer.diff_id) and not walked.leads_below
    return is_of_bytes and looking.may_be_kept(walked.looked)


def _key(layer: Layer, code: bytes) -> bytes:
    return blake2b(code + layer.diff_id.encode(), digest_size=16, person=b"layer").digest()


def _pair(layer: Layer) -> tuple[str, str]:
    return layer.digest, layer.diff_id


def _is_packed(layer: Layer) -> bool:
    return bool(layer.digest and layer.diff_id) and layer.digest != layer.diff_id


def _pair_key(layer: Layer) -> bytes:
    pair = "\0".join(_pair(layer)).encode()
    return blake2b(pair, digest_size=16, person=b"unpacked").digest()


def _trusted(image: Image, store: "Store | None") -> frozenset[tuple[str, str]]:
    """Digests that were seen to unpack to a DiffID: what they unpack to needs no other look.

    That rests on no code but SHA-256's, so it lasts from version to version.
    """
    keys = {_pair_key(layer): _pair(layer) for layer in image.layers if _is_packed(layer)}
    found = {} if store is None else store.get(list(keys))
    return frozenset(keys[key] for key in found)


def _known(keys: Mapping[int, bytes], store: "Store") -> dict[int, Looked]:
    """The layers that the cache has; what it has in another shape is read anew."""
    found = store.get(list(keys.values()))
    known = {}
    for number, key in keys.items():
        if key in found:
            try:
                known[number] = looking.from_plain(found[key])
            except (TypeError, ValueError, LookupError):
                continue
    return known
