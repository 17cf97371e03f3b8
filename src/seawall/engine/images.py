"""The images and packages that the targets name, for those who want to know more of them."""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.report import Failed
from seawall.engine import gathering, reading
from seawall.engine.inputs import Inputs
from seawall.engine.options import Options
from seawall.engine.source import FileSystem
from seawall.kubernetes.index import Index
from seawall.text.values import text


class Named(NamedTuple):
    """What the targets name, each once, and what could not be read.

    References of images are as manifests write them, or in full; packages that Dockerfiles install
    are told by their keys.
    """

    images: tuple[str, ...]
    packages: tuple[str, ...]
    failed: tuple[Failed, ...]


def named(options: Options) -> Named:
    """Read the targets."""
    inputs = gathering.gather(FileSystem(options), options, None)
    tasks = tuple(inputs.tasks)
    reading.read_units(inputs, None, lambda _: 1)
    found = set(_of_pods(inputs))
    packages: set[str] = set()
    for task in tasks:
        if task.around is not None and not task.file.context:
            from seawall.dockerfile import inventory  # noqa: PLC0415 - if there are any

            own = inventory.named(task.data)
            found.update(own.images)
            packages.update(own.packages)
    return Named(tuple(sorted(found)), tuple(sorted(packages)), tuple(inputs.failed))


def _of_pods(inputs: Inputs) -> Iterator[str]:
    index = Index(inputs.objects, inputs.opaque)
    for pod in index.all_pods:
        for container in pod.containers:
            if container.object.target and container.image is not None:
                yield text(container.value, "image").strip()
