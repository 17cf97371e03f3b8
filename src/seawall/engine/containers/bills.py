"""The packages of images, for bills of materials."""

from collections.abc import Mapping, Sequence

from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Failed
from seawall.engine.containers import hosts
from seawall.engine.containers.asked import Places
from seawall.engine.containers.hosts import Host
from seawall.engine.containers.named import find
from seawall.engine.containers.scanning import read
from seawall.engine.containers.whole import Whole
from seawall.engine.options import Options
from seawall.packages.package import Contents, Problem
from seawall.packages.purl import purl_of


class Gathered(NamedTuple):
    """The packages of each file of images, by its path, and what could not be read."""

    files: tuple[tuple[str, Contents], ...]
    failed: tuple[Failed, ...]
    used: Mapping[str, tuple[str, ...]]
    """By package URL, the programs of this machine that run something of it, and as whom."""


def gathered(targets: Sequence[str], options: Options) -> Gathered:
    """Read images. What is a part of a package of the system is in it as that."""
    images = find(targets, options.platform, Places(options))
    failed = list(images.failed)
    files = []
    used: dict[str, set[str]] = {}
    for image in images.images:
        found, whole = read(image, None, b"")
        files += [(f"{image.name}:/{path}", contents) for path, contents in whole.packages.files]
        for number, reason in found.failed:
            failed.append(Failed(image.name, 0, 0, f"layer {number + 1}: {reason}"))
        host = hosts.looked_at(image, whole)
        gaps = tuple(Problem(item.what, item.reason) for item in host.not_covered)
        if gaps:
            files.append((image.name, Contents((), gaps)))
        _add_used(used, host, whole)
    by_purl = {purl: tuple(sorted(programs)) for purl, programs in used.items()}
    return Gathered(tuple(files), tuple(failed), by_purl)


def _add_used(used: dict[str, set[str]], host: Host, whole: Whole) -> None:
    for file, contents in whole.packages.files:
        for package in contents.packages:
            for use in host.used.of(file, package):
                used.setdefault(purl_of(package), set()).add(f"{use.name} (user {use.user})")
