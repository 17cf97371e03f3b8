"""Images from what they hold to what the rules say."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.core.finding import Finding
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Coverage, Failed, ImageFacts, NotCovered, RuleFault, Skipped
from seawall.core.rule import ParameterValue, Rule
from seawall.engine.analysis import Analysis
from seawall.engine.containers import bases, hosts, layers
from seawall.engine.containers.describing import described_image
from seawall.engine.containers.instructions import Dockerfiles
from seawall.engine.containers.judging import judge
from seawall.engine.containers.layers import Read
from seawall.engine.containers.named import Images
from seawall.engine.containers.whole import Whole, put_together
from seawall.images.base import Candidate
from seawall.sources.images.image import Image

if TYPE_CHECKING:
    from seawall.cache import Store
    from seawall.engine.knowledge import Knowledge
    from seawall.secrets.search import Search


def read(
    image: Image,
    store: "Store | None",
    code: bytes,
    known: Iterable[Candidate] = (),
    search: "Search | None" = None,
) -> tuple[Read, Whole]:
    """Read an image and put it together; ``known`` are images that it may be built on.

    ``search`` looks for secrets in all of its files.
    """
    found = layers.read(image, store, code, search)
    if store is not None and not found.failed:
        bases.remember(found.image, store)
    return found, put_together(found.image, found.layers, known)


class Found(NamedTuple):
    """What is said of images."""

    findings: list[Finding]
    coverage: Coverage
    faults: list[RuleFault]
    packages: int
    ecosystems: set[str]
    images: tuple[ImageFacts, ...]


def judged(
    images: Images,
    rules: Iterable[Rule],
    parameters: Mapping[str, Mapping[str, ParameterValue]],
    knowledge: "Knowledge | None",
    store: "Store | None",
    code: bytes,
    today: str,
    known: Sequence[Candidate] = (),
    dockerfiles: Dockerfiles = Dockerfiles(),  # noqa: B008 - it cannot change
    search: "Search | None" = None,
) -> Found:
    """What the rules say of images.

    ``known`` are images that they may be built on, ``dockerfiles`` what they may be made of,
    ``search`` looks for secrets in them.
    """
    wanted = list(rules)
    findings: list[Finding] = []
    faults: list[RuleFault] = []
    failed: list[Failed] = list(images.failed)
    not_covered: list[NotCovered] = []
    skipped: list[Skipped] = []
    ecosystems: set[str] = set()
    count = 0
    described = []
    for image in images.images:
        layers_read, whole = read(image, store, code, known, search)
        host = hosts.looked_at(image, whole)
        found = judge(
            layers_read, whole, wanted, parameters, knowledge, today, dockerfiles, host, search
        )
        described.append(described_image(layers_read, whole, knowledge))
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
    return Found(findings, coverage, faults, count, ecosystems, tuple(described))


def added(analysis: Analysis, found: Found) -> Analysis:
    """An analysis with what is said of images."""
    old, new = analysis.coverage, found.coverage
    coverage = Coverage(*map(_both, old, new))
    return analysis._replace(
        findings=[*analysis.findings, *found.findings],
        faults=[*analysis.faults, *found.faults],
        coverage=coverage,
        images=(*analysis.images, *found.images),
    )


def _both(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted({*old, *new}))
