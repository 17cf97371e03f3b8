"""Images from targets to what the rules say."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from seawall.core.digests import blake2b
from seawall.core.errors import InputError, UsageError
from seawall.core.finding import Finding
from seawall.core.report import Coverage, Failed, NotCovered, RuleFault, Skipped
from seawall.core.rule import ParameterValue, Rule
from seawall.engine.analysis import Analysis
from seawall.engine.containers import layers
from seawall.engine.containers.judging import judge
from seawall.engine.containers.layers import Read, Store
from seawall.engine.containers.targets import HOST, PREFIXES
from seawall.engine.containers.whole import Whole, put_together
from seawall.sources.images.image import Image, Platform
from seawall.sources.images.manifest import parse_platform
from seawall.sources.images.target import ImageSource, resolve

if TYPE_CHECKING:
    from seawall.engine.knowledge import Knowledge

DOMAINS = ("image", "vulnerabilities")


class Images(NamedTuple):
    """The images that targets name, their layers still packed."""

    images: tuple[Image, ...]
    failed: tuple[Failed, ...]
    tried: tuple[str, ...]
    """Where each was looked for, for people."""

    @property
    def identity(self) -> bytes | None:
        """What they are known by; ``None`` where one may change unseen."""
        rows = []
        for image in self.images:
            digest = image.manifest_digest or image.config_digest
            if not digest or self.failed:
                return None
            rows.append(repr((image.name, image.reference, image.tags, digest)))
        own = blake2b(repr(rows).encode("utf-8", "surrogatepass"), digest_size=16)
        return own.digest()


def find(targets: Sequence[str], platform: str = "", sources: Sequence[ImageSource] = ()) -> Images:
    """Find the images that targets name; raises UsageError for one that is nowhere."""
    wanted = platform_of(platform)
    images, failed, tried = [], [], []
    for target in targets:
        name = "rootfs:/" if target == HOST else target
        try:
            found = resolve(name, sources, wanted)
        except InputError as error:
            failed.append(Failed(shown(target), 0, 0, _without_path(str(error), target)))
            continue
        images.append(found.image._replace(name=shown(target)))
        tried.append("; ".join(f"{each.where}: {each.outcome}" for each in found.tried))
    return Images(tuple(images), tuple(failed), tuple(tried))


def platform_of(text: str) -> Platform | None:
    """The platform that a person asks for; raises UsageError for what is none."""
    if not text:
        return None
    found = parse_platform(text)
    if found is None:
        raise UsageError(f"--platform: {text!r} is none; write it like linux/amd64 or linux/arm/v7")
    return found


def shown(target: str) -> str:
    """What reports call an image: as it was named, but without this machine's paths."""
    prefix, colon, path = target.rpartition(":")
    if os.path.isabs(target):
        return os.path.basename(target.rstrip("/")) or target
    if colon and prefix in PREFIXES and os.path.isabs(path):
        return f"{prefix}:{os.path.basename(path.rstrip('/')) or path}"
    return target


def _without_path(message: str, path: str) -> str:
    return message.removeprefix(f"{path}: ")


def read(image: Image, store: Store | None, code: bytes) -> tuple[Read, Whole]:
    """Read an image and put it together."""
    found = layers.read(image, store, code)
    return found, put_together(found.image, found.layers)


class Found(NamedTuple):
    """What is said of images."""

    findings: list[Finding]
    coverage: Coverage
    faults: list[RuleFault]
    packages: int
    ecosystems: set[str]


def judged(
    images: Images,
    rules: Iterable[Rule],
    parameters: Mapping[str, Mapping[str, ParameterValue]],
    knowledge: "Knowledge | None",
    store: Store | None,
    code: bytes,
    today: str,
) -> Found:
    """What the rules say of images."""
    wanted = list(rules)
    findings: list[Finding] = []
    faults: list[RuleFault] = []
    failed: list[Failed] = list(images.failed)
    not_covered: list[NotCovered] = []
    skipped: list[Skipped] = []
    ecosystems: set[str] = set()
    count = 0
    for image in images.images:
        found = judge(*read(image, store, code), wanted, parameters, knowledge, today)
        findings += found.findings
        faults += found.faults
        failed += found.failed
        not_covered += found.not_covered
        skipped += found.skipped
        ecosystems |= found.ecosystems
        count += found.packages
    names = tuple(sorted(image.name for image in images.images))
    coverage = Coverage(
        names, tuple(sorted(skipped)), tuple(sorted(not_covered)), tuple(sorted(failed))
    )
    return Found(findings, coverage, faults, count, ecosystems)


def added(analysis: Analysis, found: Found) -> Analysis:
    """An analysis with what is said of images."""
    old, new = analysis.coverage, found.coverage
    coverage = Coverage(*map(_both, old, new))
    return analysis._replace(
        findings=[*analysis.findings, *found.findings],
        faults=[*analysis.faults, *found.faults],
        coverage=coverage,
    )


def _both(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted({*old, *new}))
