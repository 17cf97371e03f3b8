"""Images from what they hold to what the rules say."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from seawall.core.finding import Finding
from seawall.core.report import Coverage, Failed, NotCovered, RuleFault, Skipped
from seawall.core.rule import ParameterValue, Rule
from seawall.engine.analysis import Analysis
from seawall.engine.containers import layers
from seawall.engine.containers.judging import judge
from seawall.engine.containers.layers import Read
from seawall.engine.containers.named import Images
from seawall.engine.containers.whole import Whole, put_together
from seawall.sources.images.image import Image

if TYPE_CHECKING:
    from seawall.cache import Store
    from seawall.engine.knowledge import Knowledge


def read(image: Image, store: "Store | None", code: bytes) -> tuple[Read, Whole]:
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
    store: "Store | None",
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
