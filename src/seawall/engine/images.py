"""The images that the targets name, for those who want to know more of them."""

from seawall.core.report import Failed
from seawall.engine import reading
from seawall.engine.options import Options
from seawall.engine.reading import FileSystem
from seawall.kubernetes.index import Index
from seawall.kubernetes.values import text


def images(options: Options) -> tuple[list[str], tuple[Failed, ...]]:
    """References as the pods of the targets write them, each once; and what could not be read."""
    inputs = reading.gather(FileSystem(options), options, None)
    reading.read_units(inputs, None, 1)
    index = Index(inputs.objects, inputs.opaque)
    found = {
        text(container.value, "image").strip()
        for pod in index.all_pods
        for container in pod.containers
        if container.object.target and container.image is not None
    }
    return sorted(found), tuple(inputs.failed)
