"""Rules about packages of programming languages without an exact version."""

from collections.abc import Callable

from seawall.core.lazy import pattern
from seawall.core.rule import SECURITY, Hit, Hits
from seawall.core.severity import Severity
from seawall.dockerfile.fixes.pins import with_version
from seawall.dockerfile.package_commands import (
    Package,
    PackageCommand,
    package_command,
    with_named_packages,
)
from seawall.dockerfile.package_managers import INSTALL, names_of
from seawall.dockerfile.rule import Context, RunCommand, command_rule

_ANY, _RANGE, _EXACT = "any", "range", "exact"
_FULL_VERSION = pattern(r"[v=]?\d+(?:\.\d+)+(?:[-+.][\w.+-]+)?|[v=]?\d+")
_TAG = pattern(r"[A-Za-z_][\w.-]*")
_BRANCHES = frozenset(("latest", "master", "main", "head", "none", "upgrade", "patch", "devel"))
_OWN = frozenset(("pip", "setuptools", "wheel", "npm", "yarn", "pnpm", "corepack", "bundler"))
"""The package managers themselves and their like, which everybody renews: low."""


def _hits(
    call: PackageCommand, kind: Callable[[Package], str], source: str, context: Context
) -> Hits:
    for package in call.packages:
        if not package.name:
            continue
        found = kind(package)
        if found == _EXACT:
            continue
        word = package.word
        if found == _ANY:
            is_own = package.name.lower() in _OWN
            severity = Severity.LOW if is_own else Severity.MEDIUM
            message = f"{package.name} has no version: it is what {source} holds today"
            if package.version:
                text = f"{package.name}{package.operator}{package.version}"
                message = f"{text} is what {source} holds today"
        else:
            severity = Severity.LOW
            text = f"{package.name}{package.operator}{package.version}"
            message = f"{text} is a range: it is what {source} holds today"
        fixes = tuple(with_version(call, package, context.pins))
        yield Hit(message, (word.start, word.end), severity=severity, fixes=fixes)


def _installs(found: RunCommand) -> PackageCommand | None:
    call = package_command(found.command)
    if call is None or call.action != INSTALL:
        return None
    return with_named_packages(call, found.script, found.step.environment)


@command_rule(
    "pip-unpinned",
    names=names_of("pip"),
    severity=Severity.MEDIUM,
    profile=SECURITY,
    remedy="Write name==version, or better install a requirements file with hashes.",
    aliases=(
        "DL3013",
        "mint:ID.20018",
        "kics:unpinned_package_version_in_pip_install",
        "kics:02d9c71f-3ee8-4986-9c27-1a20d0d19bfc",
    ),
)
def pip_unpinned(found: RunCommand, context: Context) -> Hits:
    """Packages of pip must have an exact version.

    Reports packages of ``pip install`` without ``==version``: medium without any limit to newer
    ones, low for a range (``~=``, ``<``, ``==1.*``) and for pip, setuptools and wheel.

    Why:

    The newest release gets into the image the minute it is published, code of its set-up is run in
    the build, and a release that an attacker published is still new when it gets there. Nor can
    anybody build the same image again.

    Bad:

        FROM python:3.13
        RUN pip install --no-cache-dir flask

    Good:

        FROM python:3.13
        RUN pip install --no-cache-dir flask==3.1.2

    Not reported:

    Requirements and constraints files, whose text is not looked at, local paths, names that a
    variable decides, archives, and repositories with a commit, tag or branch.
    """
    call = _installs(found)
    if call is None or call.option("-c", "--constraint", "--build-constraint"):
        return
    editable = set(call.values("-e", "--editable"))
    yield from _hits(call, lambda package: _pip_kind(package, editable), "the index", context)


_REPOSITORIES = ("git+", "hg+", "svn+", "bzr+")


def _pip_kind(package: Package, editable: set[str]) -> str:
    text = package.word.value or package.word.text
    if text.startswith(_REPOSITORIES) or package.version.startswith(_REPOSITORIES):
        return _EXACT if "@" in text.partition("://")[2].partition("/")[2] else _ANY
    if package.local or text in editable or "/" in package.name:
        return _EXACT
    version = package.version
    if package.operator in {"==", "==="}:
        return _RANGE if version.endswith(".*") or "," in version else _EXACT
    if package.operator in {"~=", "<", "<="} or "<" in version or "==" in version:
        return _RANGE
    return _ANY


@command_rule(
    "npm-unpinned",
    names=("npm",),
    severity=Severity.MEDIUM,
    profile=SECURITY,
    remedy="Write name@version, or install from a lock file with npm ci.",
    aliases=(
        "DL3016",
        "kics:npm_install_without_pinned_version",
        "kics:e36d8880-3f78-4546-b9a1-12f0745ca0d5",
    ),
)
def npm_unpinned(found: RunCommand, context: Context) -> Hits:
    """Packages of npm must have a version.

    Reports packages of ``npm install`` without a version or with a tag (``@latest``): medium. A
    range (``@^1.2``, ``@1.x``) and npm itself are low.

    Why:

    The newest release gets into the image the minute it is published, and its install scripts are
    run in the build. Worms have spread among npm's packages that way.

    Bad:

        FROM node:24
        RUN npm install -g serve

    Good:

        FROM node:24
        RUN npm install -g serve@14.2.5

    Not reported:

    A version in part (``@14``), local paths, archives, repositories with a commit, and names that
    a variable decides.
    """
    call = _installs(found)
    if call is not None:
        yield from _hits(call, _npm_kind, "the registry", context)


def _npm_kind(package: Package) -> str:
    text = package.word.value or package.word.text
    if package.local:
        if text.startswith(("git", "ssh:")) or text.endswith(".git"):
            return _EXACT if "#" in text else _ANY
        return _EXACT
    if "/" in package.name and not package.name.startswith("@"):
        return _EXACT if "#" in text else _ANY  # owner/repository on GitHub
    version = package.version
    if "$" in version or "`" in version:
        return _EXACT
    if not version or (_TAG.fullmatch(version) and not version.startswith("v")):
        return _ANY
    return _EXACT if _FULL_VERSION.fullmatch(version) or version.startswith("npm:") else _RANGE


@command_rule(
    "yarn-unpinned",
    names=("yarn",),
    severity=Severity.MEDIUM,
    profile=SECURITY,
    remedy="Write name@version, or install from a lock file with yarn install --immutable.",
)
def yarn_unpinned(found: RunCommand, context: Context) -> Hits:
    """Packages of yarn must have a version.

    Reports packages of ``yarn add`` and ``yarn global add`` without a version or with a tag
    (``@latest``): medium. A range (``@^1.2``) is low.

    Why:

    The newest release gets into the image the minute it is published, and its install scripts are
    run in the build.

    Bad:

        FROM node:24
        RUN yarn global add serve

    Good:

        FROM node:24
        RUN yarn global add serve@14.2.5

    Not reported:

    A version in part (``@14``), local paths, archives, and names that a variable decides.
    """
    call = _installs(found)
    if call is not None and call.verb.endswith("add"):
        yield from _hits(call, _npm_kind, "the registry", context)


@command_rule(
    "pnpm-unpinned",
    names=("pnpm",),
    severity=Severity.MEDIUM,
    profile=SECURITY,
    remedy="Write name@version, or install from a lock file with --frozen-lockfile.",
)
def pnpm_unpinned(found: RunCommand, context: Context) -> Hits:
    """Packages of pnpm must have a version.

    Reports packages of ``pnpm add`` and ``pnpm install`` without a version or with a tag
    (``@latest``): medium. A range (``@^1.2``) is low.

    Why:

    The newest release gets into the image the minute it is published, and its install scripts may
    be run in the build.

    Bad:

        FROM node:24
        RUN pnpm add --global serve

    Good:

        FROM node:24
        RUN pnpm add --global serve@14.2.5

    Not reported:

    A version in part (``@14``), local paths, archives, and names that a variable decides.
    """
    call = _installs(found)
    if call is not None:
        yield from _hits(call, _npm_kind, "the registry", context)


@command_rule(
    "gem-unpinned",
    names=("gem",),
    severity=Severity.MEDIUM,
    profile=SECURITY,
    remedy="Write name:version or --version, or install from a lock file with bundler.",
    aliases=("DL3028", "kics:gem_install_without_version"),
)
def gem_unpinned(found: RunCommand, context: Context) -> Hits:
    """Gems must have a version.

    Reports gems of ``gem install`` without ``:version`` or ``--version``.

    Why:

    The newest release gets into the image the minute it is published, and its extensions are built
    by code that it brings.

    Bad:

        FROM ruby:3.4
        RUN gem install rails

    Good:

        FROM ruby:3.4
        RUN gem install rails:8.0.3

    Not reported:

    Files, names that a variable decides, and ``gem install --file``.
    """
    call = _installs(found)
    if call is not None and not call.option("-v", "--version", "-g", "--file"):
        yield from _hits(
            call, lambda one: _EXACT if one.local or one.version else _ANY, "the registry", context
        )


@command_rule(
    "go-unpinned",
    names=("go",),
    severity=Severity.MEDIUM,
    profile=SECURITY,
    remedy="Write module@version.",
    aliases=("DL3062",),
)
def go_unpinned(found: RunCommand, context: Context) -> Hits:
    """Go programs must be installed in a version.

    Reports ``go install`` and ``go run`` of ``@latest``, ``@master``, ``@main`` and the like, and
    ``go get`` of those or without a version.

    Why:

    The newest commit or release gets into the image the minute it is published. Go's checksum
    database proves that everybody gets the same one, not that it is the one somebody looked at.

    Bad:

        FROM golang:1.25
        RUN go install example.com/tool@latest

    Good:

        FROM golang:1.25
        RUN go install example.com/tool@v1.4.2

    Not reported:

    ``go install`` and ``go run`` without a version: go.mod decides it, and outside of a module Go
    refuses them. Local packages and names that a variable decides.
    """
    call = _installs(found)
    if call is None:
        return
    yield from _hits(call, lambda one: _go_kind(one, call.verb), "the repository", context)


def _go_kind(package: Package, verb: str) -> str:
    if package.local or "." not in package.name.partition("/")[0]:
        return _EXACT
    if package.version:
        return _ANY if package.version.lower() in _BRANCHES else _EXACT
    return _ANY if verb == "get" else _EXACT


@command_rule(
    "cargo-unpinned",
    names=("cargo",),
    severity=Severity.MEDIUM,
    profile=SECURITY,
    remedy="Write name@version, or --rev for a repository, and --locked.",
)
def cargo_unpinned(found: RunCommand, context: Context) -> Hits:
    """Cargo's programs must be installed in a version.

    Reports ``cargo install`` without ``@version`` or ``--version``, and of a repository without
    ``--rev`` or ``--tag``.

    Why:

    The newest release gets into the image the minute it is published, and its build script is run
    in the build.

    Bad:

        FROM rust:1.90
        RUN cargo install ripgrep

    Good:

        FROM rust:1.90
        RUN cargo install --locked ripgrep@14.1.1

    Not reported:

    Local paths (``--path``), names that a variable decides, and ``cargo add``, which writes the
    version it takes into Cargo.toml.
    """
    call = _installs(found)
    if call is None or call.verb != "install" or call.option("--path", "--version", "--vers"):
        return
    repository = call.option("--git")
    if repository is None:
        yield from _hits(call, lambda one: _EXACT if one.version else _ANY, "the registry", context)
    elif not call.option("--rev", "--tag"):
        word = repository.word
        message = "is installed from a repository without --rev or --tag"
        yield Hit(message, (word.start, word.end))
