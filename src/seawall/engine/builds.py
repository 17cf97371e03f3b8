"""What Dockerfiles name as packages: images they build on, and what they install by name."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.advisories.image_lines import may_be_over
from seawall.core.package_key import python_name
from seawall.core.report import NotCovered
from seawall.core.rule import ParameterValue, Rule
from seawall.dockerfile.contents import HUB, Base, BuildContents, Wish
from seawall.engine.packages import Bench, Found, named, nothing_found
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


def from_plain(plain: Any) -> BuildContents:
    """What a Dockerfile names, of the plain values that a judgement holds."""
    bases, wishes = plain
    return BuildContents(
        tuple(Base(*row) for row in bases), tuple(Wish(*row) for row in wishes)
    )  # fmt: skip


def contents_of(found: BuildContents) -> Contents:
    """The packages of a Dockerfile, images with them, for bills of materials."""
    packages = [_image(base) for base in found.bases]
    problems = []
    for wish in found.wishes:
        if _fits(wish):
            packages.append(_package(wish))
        else:
            problems.append(
                Problem(shown(wish.name), "nothing in the file tells its name", wish.line)
            )
    return Contents(tuple(dict.fromkeys(packages)), tuple(problems))


def _fits(wish: Wish) -> bool:
    """Whether a name is told, and not by a variable."""
    texts = wish.name, wish.version, wish.constraint
    return bool(wish.name) and wish.name.isprintable() and not any(
        mark in wish.name for mark in "$` \\{*"
    ) and all(len(text) <= MAX_TEXT for text in texts)  # fmt: skip


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


def _package(wish: Wish) -> Package:
    type_ = _TYPES[wish.family]
    name = wish.name
    if type_ == "pypi":
        name = python_name(name)
    elif type_ in {"composer", "nuget"}:
        name = name.lower()
    package = Package(
        type_, name, wish.version, wish.line, direct=True, development=wish.for_build,
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
    bench = Bench(rules, parameters, found)
    for path, plain in builds:
        contents = from_plain(plain)
        whole = contents_of(contents)
        installed = [package for package in whole.packages if package.type != "docker"]
        exact = [package for package in installed if package.version]
        images = list(_asked(contents.bases, today))
        if exact or images:
            text = texts.text(path) or ""
            data = text.encode("utf-8", "surrogatepass")
            bench.judge(path, exact, images, open_knowledge(), today, data)
        found.not_covered.extend(_without_version(path, installed, whole.problems))
    found.not_covered[:] = [_with_own_remedy(item) for item in found.not_covered]
    return found._replace(packages=bench.packages)


def _asked(bases: Iterable[Base], today: str) -> Iterator[Package]:
    """The official images whose release line may be over.

    What a rule about Dockerfiles reports (``base-image-eol``) is reported once.
    """
    for base in bases:
        if base.domain == HUB and not base.ended and may_be_over(base.path, base.tag, today):
            yield _image(base)._replace(version=base.tag)


def _without_version(
    path: str, packages: Iterable[Package], problems: Iterable[Problem]
) -> Iterator[NotCovered]:
    names = [f"{p.name} {p.constraint}".rstrip() for p in packages if not p.version]
    names += [problem.what for problem in problems]
    if names:
        yield NotCovered(path, named(names, "package", "packages"), NO_VERSION, _SCAN_THE_IMAGE)


def _with_own_remedy(item: NotCovered) -> NotCovered:
    """A Dockerfile has no package URL that could name the release."""
    is_release = "qualifier distro" in item.remedy
    return item._replace(remedy=_NAME_THE_RELEASE) if is_release else item
