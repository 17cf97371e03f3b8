"""``--patch``: an image with newer packages of its system, as a layer on top of it.

What comes out is an image like any other: whoever hardens it reads it anew, so that nothing has to
know what was patched.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from seawall.core.errors import InputError, UsageError
from seawall.engine import Options as EngineOptions
from seawall.engine.containers.scanning import read
from seawall.patching import alpine, debian
from seawall.patching.choosing import summary
from seawall.patching.plans import VULNERABLE, Result, Step
from seawall.patching.sources import Wanted
from seawall.patching.tree import Tree
from seawall.patching.watching import Watch
from seawall.sources.files import reason_of
from seawall.sources.images.editing import Member, members
from seawall.sources.images.image import Config, Image, Layer
from seawall.sources.images.layer_writing import write_layer
from seawall.sources.images.merging import FileSystem, merge
from seawall.sources.images.packing import Packed
from seawall.sources.images.stores import OpenFile

_STEP = "seawall harden image --patch"


class Patched(NamedTuple):
    """An image with its new layer, and what is told of it."""

    image: Image
    steps: tuple[Step, ...]
    done: tuple[str, ...]
    left: tuple[str, ...]
    notes: tuple[str, ...]
    before: tuple[int, int]
    """How many files it had, and how many bytes."""


def patched(
    image: Image,
    wanted: Wanted,
    compression: str,
    clock: Callable[[Config, FileSystem], int],
    written: Callable[[int], str],
) -> Patched:
    """Patch the packages of an image's system.

    ``clock`` gives the newest time that a file may have, ``written`` writes it for the history.
    Raises ``InputError`` for what cannot be read or is not to be believed, ``UsageError`` where
    nothing says where packages come from.
    """
    if not wanted.packages and not wanted.mirrors:
        raise UsageError(
            "--patch: nothing says where newer packages are; name them with --packages DIR or "
            "--mirror 'ADDRESS [SUITE]'"
        )
    found, whole = read(image, None, b"")
    for number, reason in found.failed:
        raise InputError(
            f"{image.name}: layer {number + 1}: {reason}; fetch or build the image again"
        )
    nodes = list(whole.files.files())
    before = len(nodes), sum(node.entry.size for node in nodes)
    newest = clock(found.image.config, whole.files)
    tree = Tree(found, whole)
    try:
        result = _result(tree, wanted)
        steps = result.plan.steps
        notes = [*result.notes, *_loud(wanted)]
        told = [*map(str, steps), *summary(result.plan)]
        left = tuple(map(str, result.plan.left))
        if not steps:
            notes.append("nothing is patched")
            return Patched(found.image, steps, (), left, tuple(notes), before)
        lower = merge([looked.entries for looked in found.layers])
        layer = _layer(found.image, members(tree.edited, lower, newest), compression)
        return Patched(
            _with_layer(found.image, layer, written(newest)), steps, tuple(told), left,
            tuple(notes), before,
        )  # fmt: skip
    finally:
        tree.close()


def _result(tree: Tree, wanted: Wanted) -> Result:
    system = _system(tree, wanted)
    if wanted.what != VULNERABLE or wanted.named:
        return system.patch(Watch(tree.whole, system.type, None))
    from seawall.engine.knowledge import load  # noqa: PLC0415 - SQLite

    knowledge = load(EngineOptions(database=wanted.database))
    try:
        return system.patch(Watch(tree.whole, system.type, knowledge))
    finally:
        knowledge.close()


def _system(tree: Tree, wanted: Wanted) -> "debian.Debian | alpine.Alpine":
    if alpine.is_there(tree):
        return alpine.Alpine(tree, wanted)
    if debian.is_there(tree):
        return debian.Debian(tree, wanted)
    raise UsageError(
        f"--patch: {tree.read.image.name} has no packages of dpkg or apk; update what it is built "
        "of, and build it again"
    )


def _loud(wanted: Wanted) -> list[str]:
    if not wanted.allow_unsigned:
        return []
    warning = (
        "WARNING: --allow-unsigned: nobody has vouched for the packages that were put in; whoever "
        "could change them on their way has the image"
    )
    return [warning]


# The layer ------------------------------------------------------------------------------------


class _Made(NamedTuple):
    packed: Packed
    file: OpenFile


def _layer(image: Image, wanted: list[Member], compression: str) -> _Made:
    """A layer in a temporary file without a name, which goes when nobody holds it any more."""
    try:
        with tempfile.TemporaryFile() as file:
            packed, _ = write_layer(image, wanted, file.write, compression)
            file.flush()
            return _Made(packed, OpenFile(os.dup(file.fileno())))
    except OSError as error:
        raise InputError(
            f"{image.name}: the new layer cannot be written: {reason_of(error)}; set TMPDIR"
        ) from None


def _with_layer(image: Image, made: _Made, created: str) -> Image:
    packed, file = made
    document: dict[str, Any] = deepcopy(dict(image.config.document))
    step = {"created": created, "created_by": _STEP}
    number = len(image.layers)
    history = document.get("history")
    steps = history if isinstance(history, list) else []
    told = sum(isinstance(each, Mapping) and each.get("empty_layer") is not True for each in steps)
    if document and told == number:
        document["history"] = [*steps, step]
    if document:
        diff_ids = [layer.diff_id for layer in image.layers]
        document["rootfs"] = {"type": "layers", "diff_ids": [*diff_ids, packed.diff_id]}
    layer = Layer(
        number, packed.digest, packed.diff_id, packed.media_type, packed.size, created, _STEP,
        len(steps) if document and told == number else -1, lambda: file.part(0, file.size),
    )  # fmt: skip
    return image._replace(config=Config(document), layers=(*image.layers, layer))
