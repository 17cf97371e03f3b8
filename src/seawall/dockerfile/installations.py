"""The packages that a Dockerfile installs by name, each with the version that it asks for.

Only what is written is told: what ``requirements.txt`` or a lock file brings along is said by
these, and what a package brings in itself by nobody but the built image.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile.base_releases import release_named
from seawall.dockerfile.package_commands import (
    Installed,
    Unnamed,
    expanded,
    installed_and_unnamed,
    with_named_packages,
)
from seawall.dockerfile.package_managers import INSTALL, REMOVE
from seawall.dockerfile.stages import Build, Stage, Step
from seawall.text.shell.script import Command, Script

SYSTEM = frozenset(("apt", "apk", "yum", "dnf", "zypper", "pacman"))
"""Families of managers whose packages are those of the distribution."""
_NOT_BY_NAME = frozenset(
    (
        "groupinstall", "builddep", "build-dep", "reinstall", "rei", "satisfy", "group install",
        "groups install", "module install", "module enable", "module switch-to", "module-install",
        "run",
    )
)  # fmt: skip
"""Sub-commands that install something else than the packages that stand behind them."""


class Wish(NamedTuple):
    """A package that a RUN installs by name."""

    family: str
    """Of its manager: ``apt``, ``pip`` ..."""
    name: str
    version: str
    """The exact version; empty where none is given, or one of several would do."""
    constraint: str
    """What is asked for where that is no exact version."""
    release: str
    """The distribution that the stage builds on (``base_releases``); empty if nothing tells."""
    line: int
    for_build: bool
    """Whether it is in no image that the file makes: see ``installations``."""


def installations(build: Build, line: Callable[[int], int]) -> Iterator[Wish]:
    """The packages of all stages, in the order of the file; ``line`` gives that of a byte.

    What a stage installs that no image is made of is for the build only. Packages of languages are
    for the image all the same when it copies or mounts from that stage: a virtual environment or a
    program is what is copied as a rule, and a package of the system hardly ever is.
    """
    by_stage = [tuple(_of_stage(stage)) for stage in build.stages]
    several = len(by_stage) > 1 and any(by_stage)
    images = build.images if several else ()
    shipped = {
        (one.package.word.start, one.package.name)
        for stage in images
        for one in by_stage[stage.number]
    }
    needed = build.needed() if several else frozenset()
    releases = _Releases()
    seen: set[tuple[int, str]] = set()
    for one in chain.from_iterable(by_stage):
        package = one.package
        start = package.word.start
        key = start, package.name
        if key in seen:
            continue  # a stage has the packages of the one it builds on
        seen.add(key)
        for_build = (
            several
            and key not in shipped
            and (one.call.family in SYSTEM or one.step.stage.number not in needed)
        )
        yield _wish(one, releases, line(start), for_build=for_build)


def _of_stage(stage: Stage) -> Iterator[Installed]:
    named, unnamed = installed_and_unnamed(stage)
    for one in named:
        is_option = one.package.name.startswith("-")  # behind gem's "--": for compilers
        if not one.package.local and not is_option and one.call.verb not in _NOT_BY_NAME:
            yield one
    if unnamed and b"$" in stage.file.data:
        yield from _of_variables(unnamed)


def _of_variables(unnamed: Sequence[Unnamed]) -> Iterator[Installed]:
    """The packages that only variables name, but for those of a RUN that removes such ones."""
    removed = {(call.definition.family, step) for call, _, step in unnamed if call.action == REMOVE}
    for call, script, step in unnamed:
        if (
            call.action == INSTALL
            and (call.definition.family, step) not in removed
            and call.verb not in _NOT_BY_NAME
        ):
            own = {id(package) for package in call.packages if package.name}
            whole = with_named_packages(call, script, step.environment)
            for package in whole.packages:
                if id(package) not in own and not package.local:
                    yield Installed(package, call, step)


def _script_of(command: Command, step: Step) -> Script:
    return next(one for one in step.scripts if any(own is command for own in one.commands))


class _Releases:
    """The distribution that each stage builds on, as far as its image tells."""

    def __init__(self) -> None:
        self._known: dict[Stage, str] = {}

    def of(self, stage: Stage) -> str:
        """That of a stage."""
        found = self._known.get(stage)
        if found is None:
            root = stage.root
            is_told = root.image is not None and root.base_name.known
            found = release_named(root.image) if root.image is not None and is_told else ""
            self._known[stage] = found
        return found


def _wish(one: Installed, releases: _Releases, line: int, *, for_build: bool) -> Wish:
    package, call, step = one
    family = call.definition.family
    name = package.name or package.word.text.strip("\"'")
    operator, version = package.operator, package.version
    if not version and family in _BY_OPTION:
        operator, version = "=", (call.values(*_BY_OPTION[family]) or [""])[-1]
    if "$" in version or "`" in version:
        version = expanded(version, _script_of(call.command, step), step.environment) or ""
        version = version or package.version
    if family == "zypper" and not operator:
        found = _RPM.search(name)
        if found is not None:
            name, operator, version = name[: found.start()], "-", found[1]
    constraint = ""
    if operator or version:
        version = version.partition(";")[0].strip()  # pip: markers
        if not (operator in _EXACT and _EXACT_VERSIONS[family](version)):
            version, constraint = "", f"{operator.strip('@:-')}{version}"
    rename = _NAMES.get(family)
    return Wish(
        family,
        name if rename is None else rename(name),
        version,
        constraint,
        releases.of(step.stage) if family in SYSTEM else "",
        line,
        for_build,
    )


_EXACT = frozenset(("=", "==", "===", "@", ":", ":=", "-"))
_BY_OPTION = {
    "cargo": ("--version", "--vers"), "dotnet": ("--version", "-v"), "gem": ("--version", "-v")
}  # fmt: skip
"""Where an option gives the version of all packages of a call."""
_RPM = pattern(r"-((?:\d+:)?\d[\w.~^+]*-\d[\w.~^+]*)(?:\.(?:noarch|x86_64|aarch64))?$")
_PLAIN = pattern(r"(?:\d+:)?[\w.+~^:-]*\d[\w.+~^:!-]*")
_THREE_NUMBERS = pattern(r"v?\d+\.\d+\.\d+(?:[-+][\w.+-]+)?")
_FOUR_NUMBERS = pattern(r"v?\d+(?:\.\d+){1,3}(?:-[\w.-]+)?")
_GO = pattern(r"v\d+\.\d+\.\d+(?:[-+][\w.+-]+)?")
_RPM_WHOLE = pattern(r"(?:\d+:)?[\w.~^+]+-[\w.~^+]+")


def _plain(version: str) -> bool:
    return _PLAIN.fullmatch(version) is not None


def _rpm(version: str) -> bool:
    """Without a release it is any build of a version, and the fix may be in the next."""
    return _RPM_WHOLE.fullmatch(version) is not None


def _three_numbers(version: str) -> bool:
    """Npm and cargo take ``1`` and ``1.2`` for ranges."""
    return _THREE_NUMBERS.fullmatch(version) is not None


def _up_to_four(version: str) -> bool:
    return _FOUR_NUMBERS.fullmatch(version) is not None


def _of_go(version: str) -> bool:
    return _GO.fullmatch(version) is not None


_EXACT_VERSIONS: dict[str, Callable[[str], bool]] = {
    "apk": _plain, "apt": _plain, "cargo": _three_numbers, "composer": _up_to_four, "dnf": _rpm,
    "dotnet": _up_to_four, "gem": _plain, "go": _of_go, "npm": _three_numbers, "pacman": _plain,
    "pip": _plain, "pnpm": _three_numbers, "yarn": _three_numbers, "yum": _rpm, "zypper": _rpm,
}  # fmt: skip
"""What is a version by itself, and not one of several that would do."""


# Names ----------------------------------------------------------------------------------------


def _apt_name(name: str) -> str:
    """Without the architecture (``gcc:amd64``) and the suite (``git/bookworm-backports``)."""
    return name.partition(":")[0].partition("/")[0]


def _apk_name(name: str) -> str:
    """Without the tag of a repository (``nginx@edge``)."""
    return name.partition("@")[0]


_MAJOR = pattern(r"v[1-9]\d*")


def _go_module(path: str) -> str:
    """The module that the package of a path is of, as far as the path tells.

    A repository is a module as a rule: of ``github.com/OWNER/NAME/cmd/tool`` the first three parts,
    with ``/v2`` behind them, of others what stands before ``/cmd/``.
    """
    parts = path.split("/")
    if parts[0] in _FORGES and len(parts) > 3:
        has_major = _MAJOR.fullmatch(parts[3]) is not None
        return "/".join(parts[: 4 if has_major else 3])
    return path.partition("/cmd/")[0]


_FORGES = frozenset(("bitbucket.org", "github.com", "gitlab.com", "golang.org"))
_NAMES: dict[str, Callable[[str], str]] = {"apk": _apk_name, "apt": _apt_name, "go": _go_module}
