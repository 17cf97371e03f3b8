"""What the kustomizations among the files say of other files."""

import os
from collections.abc import Iterable

from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Failed
from seawall.engine.candidates import is_kustomization
from seawall.engine.inputs import Inputs
from seawall.engine.source import Source
from seawall.engine.texts import decoded
from seawall.kubernetes import kustomizations
from seawall.sources import files
from seawall.sources.files import SourceFile

KUSTOMIZATION = "kustomization"
"""What such a file is called among what is not covered."""


class Kustomized(NamedTuple):
    """Files that kustomizations name: their parts, each with who names it, and their resources."""

    parts: dict[str, str]
    resources: set[str]


def read(found: Iterable[SourceFile], inputs: Inputs, source: Source) -> Kustomized:
    """Read them; what could not be read is noted among the inputs."""
    kustomized = Kustomized({}, set())
    for file in found:
        if not is_kustomization(file) or file.real == files.STDIN:
            continue
        data = source.read(file)
        text = data if isinstance(data, Failed) else decoded(file.path, data)
        if isinstance(text, Failed):
            inputs.failed.append(text)
            continue
        inputs.opaque.append(text)
        from seawall.text.yaml import Broken, load  # noqa: PLC0415 - a run of Dockerfiles needs none

        for document in load(text):
            if isinstance(document, Broken):
                inputs.failed.append(Failed(file.path, *document.position, document.reason))
                continue
            directory = os.path.dirname(file.path)
            for path in kustomizations.parts(document.value, directory):
                kustomized.parts.setdefault(path, file.path)
            kustomized.resources.update(kustomizations.resources(document.value, directory))
    return kustomized
