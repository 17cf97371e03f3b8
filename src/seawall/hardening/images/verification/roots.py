"""Original and result as directories in which something can run."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from seawall.hardening.images.rewriting import Plan
from seawall.hardening.images.verification.trials import Identity
from seawall.sources.images.entry import Entry
from seawall.sources.images.extracting import Viewer, extract
from seawall.sources.images.image import Config, Image, Layer
from seawall.sources.images.merging import merge
from seawall.sources.images.problems import Problem
from seawall.sources.images.walking import walk
from seawall.sources.images.writing.image import Written


class Root(NamedTuple):
    """An image that can be run."""

    path: str
    config: Config
    problems: tuple[Problem, ...]
    """What is not there as it is in the image."""


def original_of(plan: Plan, directory: str, who: Identity) -> Root:
    """The image as it was, before its packages were patched. Raises ``InputError``."""
    subject = plan.subject
    entries = [looked.entries for looked in subject.read.layers]
    entries = entries[: len(entries) - subject.added_layers]
    return _root(subject.image, entries, os.path.join(directory, "original"), who)


def result_of(plan: Plan, written: Written, directory: str, who: Identity) -> Root:
    """The image as it would be written: its layers are read as anybody else would read them.

    Raises ``InputError``.
    """
    subject = plan.subject
    image = _image(plan, written)
    known = {
        number: subject.read.layers[number].entries
        for number, layer in enumerate(subject.image.layers[: plan.kept])
        if layer.open is not None and layer.digest == image.layers[number].digest
    }
    missing = [layer.number for layer in image.layers if layer.number not in known]
    for walked in walk(image, lambda _: (), layers=missing):
        if walked.error is not None:
            raise walked.error
        known[walked.layer.number] = tuple(walked.entries)
    entries = [known[layer.number] for layer in image.layers]
    return _root(image, entries, os.path.join(directory, "result"), who)


def _image(plan: Plan, written: Written) -> Image:
    stream = written.config.open()
    try:
        data = stream.read(written.config.size)
    finally:
        stream.close()
    import json  # noqa: PLC0415 - off the scan path

    config = Config(json.loads(data))
    layers = tuple(
        Layer(number, each.blob.digest, each.diff_id, each.blob.media_type, each.blob.size,
              open=each.blob.open)
        for number, each in enumerate(written.layers)
    )  # fmt: skip
    name = plan.subject.image.name
    return Image(
        name, "", written.manifest.digest, written.config.digest, config.platform, config, layers
    )


def _root(image: Image, entries: Sequence[Sequence[Entry]], path: str, who: Identity) -> Root:
    viewer = Viewer(who.uid, frozenset((who.gid, *who.groups)))
    problems = extract(image, merge(entries), path, viewer)
    return Root(path, image.config, tuple(problems.told))
