"""The images that targets name: found, and known by their digests, with nothing of them read yet.

A scan whose outputs are in the cache comes no further than this, so little is loaded here.
"""

import os
from collections.abc import Iterable, Sequence

from seawall.core.digests import blake2b
from seawall.core.errors import InputError
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Failed
from seawall.engine.containers.targets import HOST
from seawall.sources.images.image import Image
from seawall.sources.images.platforms import Platform, parse
from seawall.sources.images.target import ImageSource, Resolved, path_and_tag, resolve, split


class Images(NamedTuple):
    """The images that targets name, their layers still packed."""

    images: tuple[Image, ...]
    failed: tuple[Failed, ...]
    tried: tuple[str, ...]
    """Where each was looked for, for people."""

    @property
    def identity(self) -> bytes | None:
        """What they are known by; ``None`` where one may change unseen."""
        rows = []
        for image in self.images:
            digest = image.manifest_digest or image.config_digest
            if not digest or self.failed:
                return None
            beside = image.base, image.dockerfiles
            rows.append(repr((image.name, image.reference, image.tags, digest, beside)))
        own = blake2b(repr(rows).encode("utf-8", "surrogatepass"), digest_size=16)
        return own.digest()


def find(targets: Sequence[str], platform: str = "", sources: Iterable[ImageSource] = ()) -> Images:
    """Find the images that targets name; raises UsageError for one that is nowhere."""
    wanted = platform_of(platform)
    images, failed, tried = [], [], []
    for target in targets:
        try:
            found = _host() if target == HOST else resolve(target, sources, wanted)
        except InputError as error:
            failed.append(Failed(shown(target), 0, 0, _without_path(str(error), target)))
            continue
        images.append(found.image._replace(name=shown(target)))
        tried.append("; ".join(f"{each.where}: {each.outcome}" for each in found.tried))
    return Images(tuple(images), tuple(failed), tuple(tried))


def _host() -> Resolved:
    from seawall.sources.images.host import host_image  # noqa: PLC0415 - where it is asked for

    return Resolved(host_image(), ())


def platform_of(text: str) -> Platform | None:
    """The platform that a person asks for; raises UsageError for what is none."""
    return parse(text) if text else None


def shown(target: str) -> str:
    """What reports call an image: as it was named, but without this machine's paths."""
    prefix, rest = split(target)
    if not os.path.isabs(rest):
        return target
    path, tag = path_and_tag(rest)
    name = os.path.basename(path.rstrip("/")) or path
    return ":".join(part for part in (prefix, name, tag) if part)


def _without_path(message: str, path: str) -> str:
    return message.removeprefix(f"{path}: ")
