"""The packages of images, for bills of materials."""

from collections.abc import Sequence
from typing import NamedTuple

from seawall.core.report import Failed
from seawall.engine.containers.asked import Places
from seawall.engine.containers.named import find
from seawall.engine.containers.scanning import read
from seawall.engine.options import Options
from seawall.packages.package import Contents


class Gathered(NamedTuple):
    """The packages of each file of images, by its path, and what could not be read."""

    files: tuple[tuple[str, Contents], ...]
    failed: tuple[Failed, ...]


def gathered(targets: Sequence[str], options: Options) -> Gathered:
    """Read images. What is a part of a package of the system is in it as that."""
    images = find(targets, options.platform, Places(options))
    failed = list(images.failed)
    files = []
    for image in images.images:
        found, whole = read(image, None, b"")
        files += [(f"{image.name}:/{path}", contents) for path, contents in whole.packages.files]
        for number, reason in found.failed:
            failed.append(Failed(image.name, 0, 0, f"layer {number + 1}: {reason}"))
    return Gathered(tuple(files), tuple(failed))
