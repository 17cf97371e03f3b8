"""The images and packages that a Dockerfile names."""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.dockerfile.build import evaluate
from seawall.dockerfile.fixes.pins import key_of
from seawall.dockerfile.package_commands import step_package_commands
from seawall.dockerfile.package_managers import INSTALL
from seawall.dockerfile.references import ImageReference
from seawall.dockerfile.stages import Build
from seawall.text.dockerfile.parser import parse


class Named(NamedTuple):
    """References in full, and packages by their keys (``pkg:deb/curl``)."""

    images: tuple[str, ...]
    packages: tuple[str, ...]


def named(data: bytes) -> Named:
    """What FROM, COPY and RUN name, as far as the file tells."""
    build = evaluate(parse(data))
    images = {
        f"{image.domain}/{image.path}:{image.tag or 'latest'}"
        for image in _images(build)
        if not image.digest
    }
    return Named(tuple(sorted(images)), tuple(sorted(_packages(build))))


def _images(build: Build) -> Iterator[ImageReference]:
    for stage in build.stages:
        if stage.image is not None and stage.base_name.known:
            yield stage.image
        for step in stage.steps:
            for source in (step.source, *step.mount_sources):
                if isinstance(source, ImageReference):
                    yield source


def _packages(build: Build) -> set[str]:
    return {
        key
        for step in build.steps() if step.name == "RUN"
        for call in step_package_commands(step) if call.action == INSTALL
        for package in call.packages if package.name and not package.local
        if (key := key_of(call.family, package.name))
    }  # fmt: skip
