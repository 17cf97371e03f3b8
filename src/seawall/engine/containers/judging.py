"""What the rules say of an image, and what is known of its packages."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from seawall.core.finding import Finding, Related, Subject
from seawall.core.location import KeyPath, Location
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import Redacted, parts_of
from seawall.core.report import Failed, NotCovered, RuleFault, Skipped
from seawall.core.rule import Hit, ParameterValue, Rule
from seawall.engine import packages
from seawall.engine.containers.hosts import NO_HOST, Host
from seawall.engine.containers.instructions import Dockerfiles, Made
from seawall.engine.containers.layers import Read
from seawall.engine.containers.whole import Whole
from seawall.images import rule as image_rules
from seawall.images.history import REMOVED, step_of, without_credentials
from seawall.packages.package import Package
from seawall.sources.images.image import Image
from seawall.sources.images.target import split

if TYPE_CHECKING:
    from seawall.engine.knowledge import Knowledge
    from seawall.secrets.search import Search

DOMAIN = image_rules.DOMAIN
_NAME_THE_BASE = (
    "build it again, or name its base in org.opencontainers.image.base.name and .digest"
)
_NAME_ITS_FILE = "name the Dockerfile that this image was built from, as it was then"
_LOOK_YOURSELF = "look at these yourself"
_MOST_NAMED = 8


class Found(NamedTuple):
    """What is said of one image, and what could not be seen of it."""

    findings: list[Finding]
    not_covered: list[NotCovered]
    failed: list[Failed]
    skipped: list[Skipped]
    faults: list[RuleFault]
    packages: int
    ecosystems: set[str]


def judge(
    read: Read,
    whole: Whole,
    rules: Iterable[Rule],
    parameters: Mapping[str, Mapping[str, ParameterValue]],
    store: "Knowledge | None",
    today: str,
    dockerfiles: Dockerfiles,
    host: Host = NO_HOST,
    search: "Search | None" = None,
) -> Found:
    """What the rules say of an image; ``search`` has looked for secrets in its layers."""
    wanted = list(rules)
    name = read.image.name
    found = Found([], [], [], [], [], 0, set())
    dockerfiles = dockerfiles._replace(told=read.image.dockerfiles)
    made = dockerfiles.made([step.created_by for step in read.image.config.history])
    places = _Places(read, whole, made, host)
    said = _about_image(whole, wanted, parameters, today, places, found.faults)
    if search is None:
        found.findings.extend(said)
    else:
        from seawall.engine.containers import credentials  # noqa: PLC0415 - where it is wanted

        by_id = {rule.id: rule for rule in wanted}
        found.findings.extend(credentials.findings(read, whole, by_id, search, said, places))
        found.not_covered.extend(credentials.unsearched(read, name))
    if store is not None:
        found = _about_packages(found, whole, wanted, parameters, store, today, places)
    found.not_covered.extend((*_not_seen(read, whole), *host.not_covered))
    found.skipped.extend(host.skipped)
    if dockerfiles.named and not made:
        found.not_covered.append(_not_made_of(name, dockerfiles))
    for number, reason in read.failed:
        layer = read.image.layers[number]
        found.failed.append(Failed(name, 0, 0, f"layer {number + 1} ({layer.name}): {reason}"))
    return found


# The image ------------------------------------------------------------------------------------


def _about_image(
    whole: Whole,
    rules: Iterable[Rule],
    parameters: Mapping[str, Mapping[str, ParameterValue]],
    today: str,
    places: "_Places",
    faults: list[RuleFault],
) -> Iterator[Finding]:
    context = image_rules.Context(parameters, today)
    for rule in rules:
        if rule.domain != DOMAIN:
            continue
        try:
            hits = tuple(rule.check(whole.image, context))
        except Exception as error:  # noqa: BLE001 - a broken rule must not hide the others
            faults.append(RuleFault(rule.id, "Image", whole.image.name, repr(error)))
            continue
        for hit in hits:
            yield places.finding(rule, hit)


def _subject(reference: str) -> str:
    """What an image is known by from one version to the next: its name without tag and digest."""
    head, slash, last = reference.partition("@")[0].rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}" or reference


class _Places:
    """Where findings are: the image, a file of it, and the layer that brought that."""

    def __init__(self, read: Read, whole: Whole, made: Mapping[int, Made], host: Host) -> None:
        self._host = host
        self._read = read
        self._whole = whole
        self._made = made
        self._hidden: list[str] = []
        self._subject = _subject(read.image.reference or split(read.image.name)[1])

    def finding(self, rule: Rule, hit: Hit) -> Finding:
        """A finding about the image."""
        layer = self._layer_of(hit.at)
        details = self._details(hit.at, layer)
        if rule.sensitive:
            details["sensitive"] = True
        return Finding(
            rule=rule,
            severity=rule.severity if hit.severity is None else hit.severity,
            confidence=rule.confidence if hit.confidence is None else hit.confidence,
            message=hit.message,
            remedy=hit.remedy or rule.remedy,
            subject=Subject("Image", "", self._subject),
            location=Location(self._read.image.name, 0, hit.at),
            evidence=hit.evidence,
            secret=hit.secret,
            details=details,
            gate=hit.gate,
            related=self._instruction(layer),
        )

    def about(self, finding: Finding, at: KeyPath, outer: str) -> Finding:
        """A finding about a secret, with where it is in the image; see ``credentials.Places``."""
        layer = self._layer_of((*at[:-1], outer) if outer else at)
        return finding._replace(
            subject=Subject("Image", "", self._subject),
            details={**finding.details, **self._details(at, layer), "sensitive": True},
            related=(*finding.related, *self._instruction(layer)),
        )

    def _layer_of(self, at: KeyPath) -> int:
        """The number of the layer that brought a place; -1 for none."""
        if at[:1] == ("files",):
            file = self._whole.files.get(str(at[1]))
            return -1 if file is None else file.layer
        return int(at[1]) if at[:1] == ("layers",) and len(at) > 1 else -1

    def _details(self, at: KeyPath, layer: int) -> dict[str, object]:
        details: dict[str, object] = self._image()
        if at[:1] == ("files",):
            details["file"] = at[1]
        elif at[:1] == ("layers",) and len(at) > 1:
            details["file"] = at[2]
        return details | self.layer(layer)

    def of_package(self, finding: Finding, file: str, package: Package) -> Finding:
        """A finding about a package, with where it is in the image."""
        layer = self._whole.layer_of(file, package)
        uses = self._host.details(file, package)
        details = {**finding.details, "file": file, **self.layer(layer), **uses}
        return finding._replace(
            location=Location(self._read.image.name, 0, ("files", file)),
            details=details,
            related=(*finding.related, *self._instruction(layer)),
        )

    def _instruction(self, layer: int) -> tuple[Related, ...]:
        """The instruction of a Dockerfile that brought a layer, where it is known."""
        layers = self._read.image.layers
        number = layers[layer].history if 0 <= layer < len(layers) else -1
        made = self._made.get(number)
        if made is None or not made.brings_files:
            return ()
        return (Related(made.location, f"{self._without(made.text)} brought it"),)

    def hide(self, values: Iterable[Redacted]) -> None:
        """See ``credentials.Places``: longer ones first, for one may be a part of another."""
        parts = {part for value in values for part in parts_of(value)}
        self._hidden = sorted((part for part in parts if len(part) >= 4), key=len, reverse=True)

    def _without(self, step: str) -> str:
        """A step without the credentials that stand in it."""
        step = without_credentials(step)
        for value in self._hidden:
            step = step.replace(value, REMOVED)
        return step

    def _image(self) -> dict[str, object]:
        image = self._read.image
        told = {
            "reference": image.reference,
            "digest": image.manifest_digest or image.config_digest,
            "platform": str(image.platform) if image.platform.os else "",
        }
        return {key: value for key, value in told.items() if value}

    def layer(self, number: int) -> dict[str, object]:
        """What is told of a layer; nothing where it is not known."""
        layers = self._whole.image.layers
        if not 0 <= number < len(layers):
            return {}
        layer = layers[number]
        told: dict[str, object] = {"base": layer.base, "layer_number": number + 1}
        if layer.diff_id:
            told["layer"] = layer.diff_id
        if layer.created_by:
            told["created_by"] = self._without(layer.created_by)
            told["step"] = self._without(step_of(layer.created_by))
        return told


# Packages -------------------------------------------------------------------------------------


def _about_packages(
    found: Found,
    whole: Whole,
    rules: Iterable[Rule],
    parameters: Mapping[str, Mapping[str, ParameterValue]],
    store: "Knowledge",
    today: str,
    places: _Places,
) -> Found:
    """What is known of the packages of an image."""
    name = whole.image.name
    own = packages.nothing_found()
    bench = packages.Bench(rules, parameters, own)
    bench.prepare((each for _, held in whole.packages.files for each in held.packages), store)
    for file, contents in whole.packages.files:
        path = f"{name}:/{file}"
        own.not_covered.extend(packages.problems(path, contents.problems))
        for package, finding in bench.said(path, contents.packages, store, today):
            found.findings.append(places.of_package(finding, file, package))
    bench.blind(name)
    for item in whole.packages.covered:
        reason = (
            f"{item.package.name} {item.package.version} is a part of the package "
            f"{item.owner.name}, whose advisories count"
        )
        found.skipped.append(Skipped(f"{name}:/{item.path}", reason))
    found.not_covered.extend(own.not_covered)
    found.faults.extend(own.faults)
    found.ecosystems.update(own.ecosystems)
    return found._replace(packages=bench.packages + len(whole.packages.covered))


# What was not seen ----------------------------------------------------------------------------


def _not_seen(read: Read, whole: Whole) -> Iterator[NotCovered]:
    name = read.image.name
    yield from _odd(read, whole)
    silent: list[str] = []
    for number, looked in enumerate(read.layers):
        here = [path for path in looked.silent if _left(whole, path, number)]
        silent += [path for path in here if not _is_of_package(whole, path)]
        for path, what, reason in looked.troubles:
            if _left(whole, path, number):
                yield NotCovered(f"{name}:/{path}", what, reason, _LOOK_YOURSELF)
        for path, manager in looked.uncovered:
            if _left(whole, path, number):
                what = f"packages of {manager}"
                reason = f"seawall cannot read what {manager} has installed"
                yield NotCovered(f"{name}:/{path}", what, reason, _LOOK_YOURSELF)
        if looked.problems:
            shown = "; ".join(looked.problems[:_MOST_NAMED])
            if len(looked.problems) > _MOST_NAMED:
                shown += "; and more"
            yield NotCovered(name, *_of_parts(read.image, number + 1, shown))
    if silent:
        what = packages.named([f"/{path}" for path in sorted(silent)], "program", "programs")
        reason = "no package brought them, and they do not tell what they are made of"
        yield NotCovered(name, what, reason, _BUILD_WITH_NOTES)
    if whole.packages.identity is None and whole.packages.system:
        yield NotCovered(
            name,
            "packages of the system",
            "no file tells which distribution it is of",
            "keep /etc/os-release in the image",
        )


def _of_parts(image: Image, layer: int, problems: str) -> tuple[str, str, str]:
    """What is missing of a layer: what, why, and what to do."""
    if image.is_host:
        return "parts of the file system", problems, "name directories of it: rootfs:DIR"
    remedy = "build the image again" if image.config.document else _LOOK_YOURSELF
    return f"parts of layer {layer}", problems, remedy


def _not_made_of(name: str, dockerfiles: Dockerfiles) -> NotCovered:
    paths = ", ".join(path for path, _ in dockerfiles.named)
    reason = "no RUN, COPY or ADD of it is in the history of the image"
    return NotCovered(name, f"the instructions of {paths}", reason, _NAME_ITS_FILE)


def _odd(read: Read, whole: Whole) -> Iterator[NotCovered]:
    """What does not fit together in what the image tells of itself."""
    name, problem = read.image.name, whole.image.base.problem
    for odd in read.image.problems:
        yield NotCovered(name, "the image's description", odd, "build the image again")
    if problem:
        yield NotCovered(name, "the base image", problem, _NAME_THE_BASE)


_BUILD_WITH_NOTES = "look at these yourself; cargo auditable and Go note what they build in"
_OF_PACKAGES = ("/site-packages/", "/dist-packages/", "/node_modules/", "/gems/")


def _is_of_package(whole: Whole, path: str) -> bool:
    """Whether a program came with a package, which tells what it is."""
    known = any(directory in f"/{path}" for directory in _OF_PACKAGES)
    return known or whole.packages.owner_of(path) is not None


def _left(whole: Whole, path: str, layer: int) -> bool:
    """Whether what a layer brought is still there."""
    node = whole.files.get(path)
    return node is not None and node.layer == layer
