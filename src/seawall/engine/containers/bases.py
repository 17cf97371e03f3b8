"""What is known of the bases of images: from the lock file, and from images that were looked at."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from seawall.core.digests import blake2b
from seawall.images.base import LOCK, SEEN, Base, Candidate, Claim, Step, base_of
from seawall.sources.images.image import Image, chain_id, chain_ids

if TYPE_CHECKING:
    from seawall.cache import Store

Locked = tuple[str, str, tuple[str, ...]]
"""An image of the lock file: its name, its digest, what its layers are known by."""


def candidates(
    images: Sequence[Image], locked: Iterable[Locked], store: "Store | None"
) -> tuple[Candidate, ...]:
    """The images that these may be built on. ``store`` knows those that were looked at before."""
    chains = {chain for image in images for chain in _chain(image)} - {"none"}
    found = [
        Candidate(chain, name, (digest,), LOCK)
        for name, digest, known in locked
        for chain in known
        if chain in chains
    ]
    found += [each for each in map(_seen, images) if each.chain_id]
    if store is not None and chains:
        known_here = {each.chain_id for each in found if each.known_by == SEEN}
        found += _of_store(sorted(chains - known_here), store)
    return tuple(found)


def _of_store(chains: Sequence[str], store: "Store") -> Iterator[Candidate]:
    keys = {_key(chain): chain for chain in chains}
    for key, plain in store.get(list(keys)).items():
        try:
            name, digests = plain
        except (TypeError, ValueError):
            continue
        if isinstance(name, str) and isinstance(digests, tuple):
            yield Candidate(keys[key], name, digests, SEEN)


def remember(image: Image, store: "Store") -> None:
    """Note an image that was read to its end: others may be built on it. The first name stays."""
    found = _seen(image)
    if found.chain_id and not store.get([_key(found.chain_id)]):
        store.put(_key(found.chain_id), (found.name, found.digests))


def of_image(image: Image, known: Iterable[Candidate] = ()) -> Base:
    """The base of an image."""
    claim = Claim(image.base.name, image.base.digest, chain_id(image.base.diff_ids))
    steps = [Step(each.created_by, each.empty_layer, each.comment) for each in image.config.history]
    return base_of(_chain(image), steps, claim, known)


def _seen(image: Image) -> Candidate:
    digests = tuple(dict.fromkeys(filter(None, (image.manifest_digest, *image.digests))))
    top = chain_id([layer.diff_id for layer in image.layers])
    return Candidate(top, image.reference or image.name, digests, SEEN)


def _chain(image: Image) -> list[str]:
    """What its layers are known by; ``none`` from the first on whose DiffID is not known."""
    return chain_ids([layer.diff_id for layer in image.layers])


def _key(chain: str) -> bytes:
    return blake2b(chain.encode(), digest_size=16, person=b"base").digest()
