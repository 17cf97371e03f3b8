"""How a rule about images is written: a decorated function that is called with an image.

    @image_rule(
        "image-offers-ssh",
        severity=Severity.LOW,
        remedy="...",
    )
    def image_offers_ssh(image: Image, context: Context) -> Hits:
        '''Images must not ...'''
        yield Hit("exposes port 22", in_config("ExposedPorts", "22/tcp"))

``Hit.at`` is a path of keys that says where in the image it is: made by ``in_config``, ``in_file``,
``in_layer`` or ``in_history``.
"""

from collections.abc import Callable, Mapping
from typing import Unpack

from seawall.core.location import KeyPath
from seawall.core.rule import Hits, ParameterValue, Rule
from seawall.core.rule_decorator import Metadata, ParameterContext, decorator
from seawall.core.severity import Severity
from seawall.images.facts import File, Image

DOMAIN = "image"
IMAGE = "image"


class Context(ParameterContext):
    """What a rule may know besides the image."""

    def __init__(
        self, parameters: Mapping[str, Mapping[str, ParameterValue]] | None = None, today: str = ""
    ) -> None:
        super().__init__(parameters)
        self.today = today
        """The day of the run as ``2026-08-22``."""


ImageCheck = Callable[[Image, Context], Hits]


def image_rule(
    id_: str, *, severity: Severity, remedy: str, **metadata: Unpack[Metadata]
) -> Callable[[ImageCheck], Rule]:
    """A rule that is called with every image."""
    return decorator(id_, DOMAIN, IMAGE, severity, remedy, (), metadata)


def in_config(*keys: str) -> KeyPath:
    """A place in the configuration, by the names of the OCI image specification."""
    return ("config", *keys)


def in_file(file: File) -> KeyPath:
    """A file of the merged file system."""
    return ("files", file.path)


def in_layer(file: File) -> KeyPath:
    """A file of a layer; its number is no part of what the finding is known by."""
    return ("layers", file.layer, file.path)


def in_history(number: int) -> KeyPath:
    """A line of the history."""
    return ("history", number)
