"""What Dockerfiles name as packages: images they build on, and what they install by name."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from seawall.advisories.assessing import Blind, assess
from seawall.advisories.exposure import Exposure
from seawall.advisories.image_lines import may_be_over, runtime_of
from seawall.advisories.support import Ended, ended
from seawall.core.named_tuple import NamedTuple
from seawall.core.package_key import python_name
from seawall.core.report import NotCovered
from seawall.core.rule import ParameterValue, Rule
from seawall.dockerfile.contents import HUB, Base, BuildContents
from seawall.dockerfile.installations import Wish
from seawall.dockerfile.releases import ended as has_ended
from seawall.engine.packages import Bench, Found, blind, named, nothing_found, placed
from seawall.engine.texts import Texts
from seawall.packages.distributions import release_of
from seawall.packages.package import Contents, Package, Problem
from seawall.packages.reading import MAX_TEXT, shown

if TYPE_CHECKING:
    from seawall.engine.knowledge import Knowledge

_TYPES = {
    "apk": "apk", "apt": "deb", "cargo": "cargo", "composer": "composer", "dnf": "rpm",
    "dotnet": "nuget", "gem": "gem", "go": "golang", "npm": "npm", "pacman": "alpm",
    "pip": "pypi", "pnpm": "npm", "yarn": "npm", "yum": "rpm", "zypper": "rpm",
}  # fmt: skip
"""By the family of a manager, the type of package URLs."""
_DISTRIBUTIONS = {
    "apk": ("alpine", "chainguard", "wolfi"),
    "deb": ("debian", "ubuntu"),
    "rpm": ("almalinux", "amzn", "azurelinux", "centos", "fedora", "mariner", "ol", "opensuse-leap",
            "photon", "rhel", "rocky", "sles"),
}  # fmt: skip
"""By type, the distributions that have such packages: another manager is no part of the image's."""
NO_VERSION = "no exact version is given, so it depends on the day of the build what is installed"
_SCAN_THE_IMAGE = "scan a bill of materials of the built image, or pin the versions"
_NAME_THE_RELEASE = (
    "build on an image whose tag names the release (debian:12), or scan a bill of materials of the "
    "built image"
)


def contents_of(found: BuildContents) -> Contents:
    """The packages of a Dockerfile, images with them, for bills of materials."""
    installed, problems = _installed(found.wishes)
    packages = [*map(_image, found.bases), *installed]
    return Contents(tuple(dict.fromkeys(packages)), tuple(problems))


def _installed(wishes: Iterable[Wish]) -> tuple[list[Package], list[Problem]]:
    """What is installed by name, and what is not told."""
    packages: list[Package] = []
    problems: list[Problem] = []
    for wish in wishes:
        if _fits(wish):
            packages.append(_package(wish))
        else:
            reason = "nothing in the file tells its name"
            problems.append(Problem(shown(wish.name), reason, wish.line))
    return packages, problems


_UNTOLD = frozenset("$` \\{*")
"""Characters of a name that something else decides: a variable, a command, the shell."""


def _fits(wish: Wish) -> bool:
    """Whether a name is told, and not by a variable."""
    name = wish.name
    return (
        bool(name)
        and name.isprintable()
        and _UNTOLD.isdisjoint(name)
        and max(len(name), len(wish.version), len(wish.constraint)) <= MAX_TEXT
    )


def _image(base: Base) -> Package:
    """An image as a package: its version is the tag, or the digest where there is no tag."""
    qualifiers: list[tuple[str, str]] = []
    if base.domain != HUB:
        qualifiers.append(("repository_url", f"{base.domain}/{base.path}"))
    version = base.digest or base.tag or "latest"
    if base.digest and base.tag:
        qualifiers.append(("tag", base.tag))
    return Package(
        "docker", base.path, version, base.line, direct=True, development=base.for_build,
        qualifiers=tuple(qualifiers),
    )  # fmt: skip


def _name(wish: Wish) -> str:
    """The name of a package as its kind of packages writes names."""
    type_ = _TYPES[wish.family]
    if type_ == "pypi":
        return python_name(wish.name)
    return wish.name.lower() if type_ in {"composer", "nuget"} else wish.name


def _package(wish: Wish) -> Package:
    type_ = _TYPES[wish.family]
    package = Package(
        type_, _name(wish), wish.version, wish.line, direct=True, development=wish.for_build,
        constraint=wish.constraint,
    )  # fmt: skip
    if not wish.release:
        return package
    release = release_of(package._replace(qualifiers=(("distro", wish.release),)))
    if release is None or release.id not in _DISTRIBUTIONS.get(type_, ()):
        return package
    distro = f"{release.id}-{release.version}" if release.version else release.id
    return package._replace(qualifiers=(("distro", distro),))


# Judging --------------------------------------------------------------------------------------


def judge(
    builds: Sequence[tuple[str, Any]],
    rules: Iterable[Rule],
    parameters: Mapping[str, Mapping[str, ParameterValue]],
    open_knowledge: "Callable[[], Knowledge]",
    texts: Texts,
    today: str,
) -> Found:
    """What the rules say of what Dockerfiles name.

    The database is opened where a package has a version, or the release line of an image may be
    over. What has no version is no finding: one entry for each file says what is not covered.
    """
    found = nothing_found()
    exact: list[_Placed] = []
    images: list[_Placed] = []
    for path, plain in builds:
        bases, wishes = plain
        images += (_Placed(path, package) for package in _asked(bases, today))
        exact += (_Placed(path, package) for package in _runtimes(bases))
        if not wishes:
            continue
        open_: list[Wish] = []
        for wish in (Wish(*row) for row in wishes):
            if wish.version and _fits(wish):
                exact.append(_Placed(path, _package(wish)))
            else:
                open_.append(wish)
        found.not_covered.extend(_without_version(path, open_))
    if exact or images:
        bench = Bench(rules, parameters, found)
        _hold(exact, images, bench, found, open_knowledge(), texts, today)
    return found._replace(packages=len(exact))


class _Placed(NamedTuple):
    """A package and the file it is named in."""

    path: str
    package: Package


def _hold(
    exact: Sequence[_Placed],
    images: Sequence[_Placed],
    bench: Bench,
    found: Found,
    store: "Knowledge",
    texts: Texts,
    today: str,
) -> None:
    """Hold the packages of all files against what is known: one question costs as much as many."""
    paths = {id(item.package): item.path for item in (*exact, *images)}
    assessment = assess([item.package for item in exact], store)
    found.ecosystems.update(assessment.ecosystems)
    exposures = _by_path(assessment.exposures, paths)
    over = _by_path(ended([item.package for item in images], store, today), paths)
    for path, unseen in _by_path(assessment.blind, paths).items():
        found.not_covered.extend(_with_own_remedy(item) for item in blind(path, unseen))
    for path in sorted({*exposures, *over}):
        exposed = bench.exposures(path, exposures.get(path, ()))
        said = [f for _, f in (*exposed, *bench.runtimes(path, over.get(path, ())))]
        data = (texts.text(path) or "").encode("utf-8", "surrogatepass")
        found.findings.extend(placed(said, data))


_Item = TypeVar("_Item", Blind, Ended, Exposure)


def _by_path(items: Iterable[_Item], paths: Mapping[int, str]) -> dict[str, list[_Item]]:
    result: dict[str, list[_Item]] = {}
    for item in items:
        result.setdefault(paths[id(item.package)], []).append(item)
    return result


def _asked(bases: Iterable[Any], today: str) -> Iterator[Package]:
    """The official images whose release line may be over, of plain rows.

    What a rule about Dockerfiles reports (``base-image-eol``) is reported once.
    """
    for row in bases:
        domain, path, tag, *_ = row
        if domain == HUB and may_be_over(path, tag, today) and has_ended(path, tag) is None:
            yield _image(Base(*row))._replace(version=tag)


def _runtimes(bases: Iterable[Any]) -> Iterator[Package]:
    """The runtimes that official images hold, where the tag names the whole version.

    ``python:3.11.4`` and ``golang:1.21.3-alpine`` are built of just these releases.
    """
    for row in bases:
        base = Base(*row)
        product, version = runtime_of(base.path, base.tag) if base.domain == HUB else ("", "")
        if product:
            yield Package(
                "generic", product, version, base.line, direct=True, development=base.for_build
            )


def _without_version(path: str, wishes: Iterable[Wish]) -> Iterator[NotCovered]:
    names: list[str] = []
    nameless: list[str] = []
    for wish in wishes:
        if _fits(wish):
            names.append(f"{_name(wish)} {wish.constraint}".rstrip())
        else:
            nameless.append(shown(wish.name))
    if names or nameless:
        what = named([*names, *nameless], "package", "packages")
        yield NotCovered(path, what, NO_VERSION, _SCAN_THE_IMAGE)


def _with_own_remedy(item: NotCovered) -> NotCovered:
    """A Dockerfile has no package URL that could name the release."""
    is_release = "qualifier distro" in item.remedy
    return item._replace(remedy=_NAME_THE_RELEASE) if is_release else item
