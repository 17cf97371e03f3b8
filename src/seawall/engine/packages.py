"""Packages on their way through a scan: from files to findings about what is known of them."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from seawall.core.finding import Finding, Subject
from seawall.core.ignore import Ignore
from seawall.core.location import KeyPath, Location, Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Coverage, Failed, NotCovered, RuleFault, Skipped
from seawall.core.rule import Hit, ParameterValue, Rule
from seawall.engine.analysis import Analysis
from seawall.packages.comments import ignores_of
from seawall.packages.formats import Format
from seawall.packages.package import Contents, File, Package, Problem, Unreadable
from seawall.sources.files import SourceFile
from seawall.text.decoding import Undecodable, decode
from seawall.text.lines import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from seawall.advisories.assessing import Blind
    from seawall.advisories.exposure import Exposure
    from seawall.advisories.support import Ended
    from seawall.engine.knowledge import Knowledge
    from seawall.engine.run import Condition

DOMAIN = "vulnerabilities"
_MOST_NAMED = 8
"""Packages of one file that a line about several of them names."""


class PackageFile(NamedTuple):
    """A file that packages are read from."""

    file: SourceFile
    format: Format
    data: bytes
    """Empty for archives and programs: of those there is only what they hold."""
    held: "Contents | Unreadable | None" = None
    digest: bytes = b""
    """What the bytes of an archive or a program are known by."""


def gathered(file: SourceFile, format_: Format, data: bytes) -> PackageFile:
    """A file with its bytes; of an archive or a program that was read, with what it holds."""
    if not format_.large or not data:
        return PackageFile(file, format_, data)
    from seawall.core.digests import blake2b  # noqa: PLC0415 - if there are any

    held: Contents | Unreadable
    try:
        held = format_.read(File(file.path, data))
    except Unreadable as error:
        held = error
    return PackageFile(file, format_, b"", held, blake2b(data, digest_size=16).digest())


class Beside:
    """Files that packages' files lead to: their bytes, and which were asked for."""

    def __init__(self, sibling: "Callable[[SourceFile, str], bytes | None]") -> None:
        self._sibling = sibling
        self._asked: dict[Condition, None] = {}

    def read(self, file: SourceFile, name: str) -> bytes | None:
        """The bytes of a file, its name relative to the directory of the other."""
        data = self._sibling(file, name)
        self._asked[file.path, name, _digest(data)] = None
        return data

    @property
    def asked(self) -> list["Condition"]:
        """What was asked for: the result rests on it."""
        return list(self._asked)

    def holds(self, files: Sequence[PackageFile]) -> "Callable[[Condition], bool]":
        """Whether what an earlier run asked for is as it was then."""
        by_path = {item.file.path: item.file for item in files}

        def still(condition: "Condition") -> bool:
            path, name, digest = condition
            file = by_path.get(path)
            return file is not None and _digest(self._sibling(file, name)) == digest

        return still


def _digest(data: bytes | None) -> bytes:
    from seawall.core.digests import blake2b  # noqa: PLC0415 - if there are any

    return b"" if data is None else blake2b(data, digest_size=16).digest()


class Inventory(NamedTuple):
    """The packages of one file."""

    source: PackageFile
    contents: Contents


class Found(NamedTuple):
    """What is known of the packages of some files, and what could not be told of them."""

    findings: list[Finding]
    ignores: list[Ignore]
    read: list[str]
    not_covered: list[NotCovered]
    failed: list[Failed]
    faults: list[RuleFault]
    packages: int
    ecosystems: set[str]
    """Those that packages were held against."""
    texts: dict[str, bytes]
    """The files that findings may be in, by their paths in reports."""


# Reading --------------------------------------------------------------------------------------


def inventories(files: Sequence[PackageFile], beside: Beside) -> Iterator[Inventory | Failed]:
    """The packages of each file, or why it could not be read."""
    for source in files:
        path = source.file.path
        file = File(path, source.data, lambda name, of=source.file: beside.read(of, name))  # type: ignore[misc]
        try:
            if isinstance(source.held, Unreadable):
                raise source.held
            yield Inventory(source, source.held or source.format.read(file))
        except Unreadable as error:
            reason = f"{source.format.name}: {error.reason}"
            yield Failed(path, error.line, error.column, reason)


def settled(files: Sequence[PackageFile], beside: Beside) -> tuple[list[Inventory], list[Failed]]:
    """The packages of all files, each told once, and the files that could not be read."""
    read: list[Inventory] = []
    failed: list[Failed] = []
    for item in inventories(files, beside):
        if isinstance(item, Failed):
            failed.append(item)
        else:
            read.append(item)
    return without_superseded(without_repeated(read)), failed


def _path_of(package: Package, path: str) -> str:
    """The file a package stands in, where another file was read for it."""
    if not package.file:
        return path
    return os.path.normpath(os.path.join(os.path.dirname(path), package.file))


def without_repeated(found: Sequence[Inventory]) -> list[Inventory]:
    """Inventories without the packages of files that they include and that were read themselves."""
    own = {item.source.file.path for item in found}
    result = []
    for item in found:
        path, packages = item.source.file.path, item.contents.packages
        if any(package.file for package in packages):
            kept = tuple(p for p in packages if not p.file or _path_of(p, path) not in own)
            item = item._replace(contents=item.contents._replace(packages=kept))  # noqa: PLW2901
        result.append(item)
    return result


def _texts(item: Inventory, beside: Beside) -> Iterator[tuple[str, bytes]]:
    """The file that was read, and those that it includes, with their bytes."""
    path = item.source.file.path
    yield path, item.source.data
    included = {package.file for package in item.contents.packages if package.file}
    for name in sorted(included):
        yield (
            os.path.normpath(os.path.join(os.path.dirname(path), name)),
            (beside.read(item.source.file, name) or b""),
        )


_UNLOCKED = frozenset(("githubactions",))
"""Types of packages that no lock file answers for: each workflow runs what it says itself."""


def without_superseded(found: Sequence[Inventory]) -> list[Inventory]:
    """Inventories without the wishes of manifests that another file of the run answers.

    A manifest (``package.json``) says which versions would do; a lock file beside it, or in a
    directory above it (a workspace), says which one was taken. A wish is answered by a version of
    the very package, or by being a project of the run itself; all others stay, for nobody knows
    what they bring in.
    """
    answers: dict[tuple[str, str], set[str]] = {}
    projects: set[str] = set()
    for item in found:
        directory = os.path.dirname(item.source.file.path)
        projects.add(item.contents.project)
        for package in item.contents.packages:
            if package.version and package.type not in _UNLOCKED:
                answers.setdefault((package.type, package.name), set()).add(directory)
    return [item._replace(contents=_open(item, answers, projects)) for item in found]


def _open(
    item: Inventory, answers: Mapping[tuple[str, str], set[str]], projects: set[str]
) -> Contents:
    """The contents of a file without what is answered."""
    contents = item.contents
    if all(package.version for package in contents.packages):
        return contents
    directories = set(_upwards(os.path.dirname(item.source.file.path)))
    kept = tuple(
        package
        for package in contents.packages
        if package.version
        or (
            package.name not in projects
            and directories.isdisjoint(answers.get((package.type, package.name), ()))
        )
    )
    return contents._replace(packages=kept)


def _upwards(directory: str) -> Iterator[str]:
    while True:
        yield directory
        above = os.path.dirname(directory)
        if above == directory:
            return
        directory = above


# Judging --------------------------------------------------------------------------------------


def judge(
    files: Sequence[PackageFile],
    rules: Iterable[Rule],
    parameters: Mapping[str, Mapping[str, ParameterValue]],
    store: "Knowledge",
    beside: Beside,
    today: str,
) -> Found:
    """What the rules say of the packages of some files."""
    found = nothing_found()
    bench = Bench(rules, parameters, found)
    kept, failed = settled(files, beside)
    found.failed.extend(failed)
    bench.prepare((each for item in kept for each in item.contents.packages), store)
    for item in kept:
        path = item.source.file.path
        found.read.append(path)
        found.not_covered.extend(problems(path, item.contents.problems))
        said = [f for _, f in bench.said(path, item.contents.packages, store, today)]
        bench.blind(path)
        for own_path, data in _texts(item, beside):
            found.texts[own_path] = data
            found.ignores.extend(ignores_of(own_path, data))
            here = [finding for finding in said if finding.location.path == own_path]
            found.findings.extend(placed(here, data))
    return found._replace(packages=bench.packages)


def nothing_found() -> Found:
    """What is known before anything is looked at."""
    return Found([], [], [], [], [], [], 0, set(), {})


class Bench:
    """Asks the rules about what is known of the packages of one file after the other."""

    def __init__(
        self,
        rules: Iterable[Rule],
        parameters: Mapping[str, Mapping[str, ParameterValue]],
        found: Found,
    ) -> None:
        from seawall.advisories.rule import (  # noqa: PLC0415 - if there are any
            EXPOSURE,
            RUNTIME,
            Context,
        )

        own = [rule for rule in rules if rule.domain == DOMAIN]
        self._about_exposures = [rule for rule in own if rule.scope == EXPOSURE]
        self._about_runtimes = [rule for rule in own if rule.scope == RUNTIME]
        self._context = Context(parameters)
        self._found = found
        self.packages = 0
        """How many packages were held against what is known."""
        self._blind: list[Blind] = []

    def blind(self, path: str) -> None:
        """Tell of the packages that could not be held against anything since the last call."""
        told, self._blind = self._blind, []
        self._found.not_covered.extend(blind(path, told))

    def prepare(self, packages: Iterable[Package], store: "Knowledge") -> None:
        """Look up at once what is known of the packages of many files."""
        from seawall.advisories.assessing import prepare  # noqa: PLC0415 - if there are any

        prepare(packages, store)

    def said(
        self, path: str, packages: Sequence[Package], store: "Knowledge", today: str
    ) -> list[tuple[Package, Finding]]:
        """What the rules say of the packages of a file, each with the package."""
        from seawall.advisories.assessing import assess  # noqa: PLC0415 - if there are any
        from seawall.advisories.support import ended  # noqa: PLC0415 - as above

        self.packages += len(packages)
        assessment = assess(packages, store)
        self._found.ecosystems.update(assessment.ecosystems)
        self._blind += assessment.blind
        over = ended(packages, store, today)
        return [*self.exposures(path, assessment.exposures), *self.runtimes(path, over)]

    def exposures(
        self, path: str, found: "Iterable[Exposure]"
    ) -> Iterator[tuple[Package, Finding]]:
        """What the rules say of vulnerabilities, with the package of each."""
        from seawall.advisories.exposure_details import details_of  # noqa: PLC0415 - as above

        for exposure in found:
            for rule, hit in self._asked(self._about_exposures, exposure, exposure.package, path):
                finding = _finding(rule, hit, exposure.package, path)
                details = details_of(exposure, hit.gate)
                yield exposure.package, finding._replace(details=details)

    def runtimes(self, path: str, found: "Iterable[Ended]") -> Iterator[tuple[Package, Finding]]:
        """What the rules say of runtimes whose support has ended."""
        for ended in found:
            for rule, hit in self._asked(self._about_runtimes, ended, ended.package, path):
                yield ended.package, _finding(rule, hit, ended.package, path)

    def _asked(
        self, rules: Iterable[Rule], entity: object, package: Package, path: str
    ) -> Iterator[tuple[Rule, Hit]]:
        for rule in rules:
            try:
                hits = tuple(rule.check(entity, self._context))
            except Exception as error:  # noqa: BLE001 - a broken rule must not hide the others
                self._found.faults.append(RuleFault(rule.id, package.identity, path, repr(error)))
                continue
            for hit in hits:
                yield rule, hit


def _finding(rule: Rule, hit: Hit, package: Package, path: str) -> Finding:
    path = _path_of(package, path)
    span = Span(package.line, 1, package.line, 1) if package.line else None
    return Finding(
        rule=rule,
        severity=rule.severity if hit.severity is None else hit.severity,
        confidence=rule.confidence if hit.confidence is None else hit.confidence,
        message=hit.message,
        remedy=hit.remedy or rule.remedy,
        subject=Subject(package.type, "", package.name),
        location=Location(path, 0, package.key_path, span),
        evidence=hit.evidence,
        gate=hit.gate,
    )


def key_with(key: bytes, files: Iterable[PackageFile], knowledge: bytes) -> bytes:
    """The key of a run that rests on packages and on what is known of them as well."""
    from seawall.core.digests import blake2b  # noqa: PLC0415 - only where results are kept

    own = blake2b(key, digest_size=16)
    own.update(knowledge)
    for item in files:
        row = repr((item.file.path, item.file.named, len(item.data)))
        own.update(row.encode("utf-8", "surrogatepass"))
        own.update(item.digest or item.data)
    return own.digest()


def added(analysis: Analysis, found: Found | None) -> Analysis:
    """An analysis with what was found in packages, but for the coverage."""
    if found is None:
        return analysis
    return analysis._replace(
        findings=[*analysis.findings, *found.findings],
        ignores=[*analysis.ignores, *found.ignores],
        faults=[*analysis.faults, *found.faults],
    )


def covered(old: Coverage, files: Iterable[PackageFile], found: Found | None) -> Coverage:
    """What became of each input, packages' files with them."""
    if found is None:
        passed = (Skipped(item.file.path, "no rule about packages runs") for item in files)
        return old._replace(skipped=tuple(sorted({*old.skipped, *passed})))
    return together(old, found)


def together(old: Coverage, found: Found) -> Coverage:
    """What became of each input, with what became of those that packages were found in."""
    return Coverage(
        tuple(sorted({*old.read, *found.read})),
        old.skipped,
        tuple(sorted({*old.not_covered, *found.not_covered})),
        tuple(sorted({*old.failed, *found.failed})),
        old.searched,
    )


# Places ---------------------------------------------------------------------------------------


def placed(findings: Sequence[Finding], data: bytes) -> list[Finding]:
    """Findings with concrete places in the file that was read."""
    text = decode(data) if findings else ""
    if isinstance(text, Undecodable) or not text:
        return list(findings)
    lines: list[str] = []
    places: Mapping[KeyPath, Span] = {}
    wanted = {f.location.key_path for f in findings if f.location.span is None}
    if wanted:
        places = places_of_keys(text, wanted)
    result = []
    for finding in findings:
        location = finding.location
        span = location.span or places.get(location.key_path)
        if location.span is not None:
            lines = lines or split_lines(text)
            span = _whole_line(lines, location.span.line)
        result.append(finding.moved(location._replace(span=span), ()))
    return result


def _whole_line(lines: Sequence[str], number: int) -> Span:
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    start = len(line) - len(line.lstrip())
    return Span(number, start + 1, number, max(len(line.rstrip()), start) + 1)


def places_of_keys(text: str, wanted: set[KeyPath]) -> Mapping[KeyPath, Span]:
    """The spans of those of some paths of keys that are there, in JSON or YAML."""
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        from seawall.text.json_places import locate  # noqa: PLC0415 - only for JSON

        try:
            return locate(text, wanted)
        except ValueError:
            pass  # JSON with comments: YAML's reader takes most of it
    from seawall.engine.placing import places_of  # noqa: PLC0415 - only for YAML

    found = places_of(text, [(0, path) for path in wanted])
    return {path: span for (_, path), span in found.items()}


# What is not covered --------------------------------------------------------------------------


def problems(path: str, found: Iterable[Problem]) -> Iterator[NotCovered]:
    """The entries of a file that no package could be made of, by reason."""
    by_reason: dict[str, list[str]] = {}
    for problem in found:
        by_reason.setdefault(problem.reason, []).append(problem.what)
    for reason, whats in by_reason.items():
        yield NotCovered(path, named(whats, "entry", "entries"), reason, _LOOK_YOURSELF)


_LOOK_YOURSELF = "look at these yourself, or write them in a form that names package and version"


def blind(path: str, found: "Iterable[Blind]") -> Iterator[NotCovered]:
    """The packages that cannot be held against what is known, by reason."""
    by_reason: dict[tuple[str, str], list[Package]] = {}
    for item in found:
        by_reason.setdefault((item.reason, item.remedy), []).append(item.package)
    for (reason, remedy), packages in by_reason.items():
        names = [f"{p.name} {p.version or p.constraint}".rstrip() for p in packages]
        yield NotCovered(path, named(names, "package", "packages"), reason, remedy)


def named(names: Sequence[str], singular: str, plural: str) -> str:
    """How many there are, and the first of them."""
    distinct = list(dict.fromkeys(names))
    shown = ", ".join(distinct[:_MOST_NAMED])
    more = f" and {len(distinct) - _MOST_NAMED} more" if len(distinct) > _MOST_NAMED else ""
    return f"{len(distinct)} {singular if len(distinct) == 1 else plural} ({shown}{more})"
