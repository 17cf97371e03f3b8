"""Images patched, and what came out."""

import hashlib
from pathlib import Path
from typing import Any

from seawall.patching.patching import Patched, patched
from seawall.patching.plans import ALL
from seawall.patching.sources import Wanted
from seawall.sources.images.merging import merge
from seawall.sources.images.target import resolve
from tests.hardening.images.made import Held, held, layers_of
from tests.patching.makers import Deb, Tree, image

NOW = 1_714_521_600.0
"""1 May 2024."""


def patch(name: str, **wanted: Any) -> Patched:
    """An image with newer packages; of packages in a directory nothing is verified by default."""
    own = {"what": ALL, "now": NOW, **wanted}
    if not {"mirrors", "checksums", "allow_unsigned"} & own.keys():
        own["allow_unsigned"] = True
    image = resolve(name).image
    return patched(image, Wanted(**own), "gzip", lambda _config, _tree: int(NOW), _written)


def _written(seconds: int) -> str:
    return f"at {seconds}"


def files_of(found: Patched) -> dict[str, Held]:
    """The merged file system of the result."""
    layers, contents = layers_of(found.image)
    return held(merge(layers), contents)


def text_of(found: Patched, path: str) -> str:
    return files_of(found)[path].content.decode()


def shelf(where: Path, *packages: Deb) -> str:
    """A directory of packages."""
    where.mkdir(exist_ok=True)
    for package in packages:
        (where / package.file_name).write_bytes(package.bytes())
    return str(where)


def patch_with(tmp_path: Path, files: Tree, *packages: Deb, **wanted: Any) -> Patched:
    """An image of some files, patched with some packages."""
    name = image(tmp_path / "in", files)
    return patch(name, packages=(shelf(tmp_path / "debs", *packages),), **wanted)


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()
