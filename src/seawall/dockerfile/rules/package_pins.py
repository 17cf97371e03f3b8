"""Rules about packages without a version, for each package manager of an operating system."""

from seawall.core.rule import OPT_IN, Hit, Hits
from seawall.core.severity import Severity
from seawall.dockerfile.fixes.pins import with_version
from seawall.dockerfile.package_commands import (
    Package,
    PackageCommand,
    package_command,
    with_named_packages,
)
from seawall.dockerfile.package_managers import INSTALL
from seawall.dockerfile.rule import Context, RunCommand, command_rule

_NO_NEW_VERSION = (
    "groupinstall", "group install", "groups install", "builddep", "build-dep", "reinstall", "rei",
)  # fmt: skip
"""Groups have no version, and what is installed again keeps the one it has."""
_EXACT = frozenset(("=", "==", "~", "~=", "=~", "-"))


def _unpinned(found: RunCommand) -> tuple[PackageCommand | None, list[Package]]:
    """A call that installs, and those of its packages that have no version."""
    call = package_command(found.command)
    if call is None or call.action != INSTALL or call.verb in _NO_NEW_VERSION:
        return None, []
    call = with_named_packages(call, found.script, found.step.environment)
    return call, [
        package
        for package in call.packages
        if package.name and not package.local and package.operator not in _EXACT
    ]


def _hits(found: RunCommand, versions: str, context: Context) -> Hits:
    call, packages = _unpinned(found)
    for package in packages if call is not None else ():
        word = package.word
        what = (
            f"takes {package.operator}{package.version}" if package.operator else "has no version"
        )
        yield Hit(
            f"{package.name} {what}; {versions}", (word.start, word.end),
            fixes=() if call is None else tuple(with_version(call, package, context.pins)),
        )  # fmt: skip


@command_rule(
    "apt-unpinned",
    names=("apt-get", "apt", "aptitude"),
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Write name=version, or build against a dated snapshot of the archive.",
    aliases=(
        "DL3008",
        "kics:apt_get_install_pin_version_not_defined",
        "kics:965a08d7-ef86-4f14-8792-4a3b2098937e",
    ),
)
def apt_unpinned(found: RunCommand, context: Context) -> Hits:
    """Packages of apt should have a version.

    Reports packages of ``apt-get install`` without ``=version``.

    Why:

    The same Dockerfile builds another image next month. But Debian's and Ubuntu's archives delete
    versions that newer ones replace, so a pinned build breaks: a digest for the base image and a
    dated snapshot of the archive pin everything without that. So this is off unless asked for.

    Bad:

        FROM debian:12
        RUN apt-get update && apt-get install -y curl

    Good:

        FROM debian:12
        RUN apt-get update && apt-get install -y curl=7.88.*

    Not reported:

    Names that a variable decides whose value is not in the file, files, and packages with a
    release (``curl/bookworm-backports``).
    """
    call, packages = _unpinned(found)
    if call is not None and call.verb != "build-dep":
        for package in packages:
            if "/" not in package.name:
                word = package.word
                message = f"{package.name} has no version; the archive decides which"
                fixes = tuple(with_version(call, package, context.pins))
                yield Hit(message, (word.start, word.end), fixes=fixes)


@command_rule(
    "apk-unpinned",
    names=("apk",),
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Write name~=version, which lets respins through.",
    aliases=(
        "DL3018",
        "kics:unpinned_package_version_in_apk_add",
        "kics:d3499f6d-1651-41bb-a9a7-de925fea487b",
    ),
)
def apk_unpinned(found: RunCommand, context: Context) -> Hits:
    """Packages of apk should have a version.

    Reports packages of ``apk add`` without ``=version`` or ``~=version``.

    Why:

    The same Dockerfile builds another image next month. A branch of Alpine keeps only the newest
    build of a package, so ``=1.2.3-r0`` breaks soon, and ``~=1.2`` does not. So this is off unless
    asked for.

    Bad:

        FROM alpine:3.22
        RUN apk add --no-cache curl

    Good:

        FROM alpine:3.22
        RUN apk add --no-cache curl~=8.14

    Not reported:

    Names that a variable decides, and files.
    """
    return _hits(found, "the branch of the repository decides which", context)


@command_rule(
    "yum-unpinned",
    names=("yum",),
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Write name-version.",
    aliases=(
        "DL3033",
        "kics:yum_install_without_version",
        "kics:6452c424-1d92-4deb-bb18-a03e95d579c4",
    ),
)
def yum_unpinned(found: RunCommand, context: Context) -> Hits:
    """Packages of yum should have a version.

    Reports packages of ``yum install`` without ``-version``.

    Why:

    The same Dockerfile builds another image next month. Whether old versions stay in a repository
    differs, so this is off unless asked for.

    Bad:

        FROM centos:7
        RUN yum install -y httpd && yum clean all

    Good:

        FROM centos:7
        RUN yum install -y httpd-2.4.6 && yum clean all

    Not reported:

    Names that a variable decides, files, and groups. A name that itself ends in a number
    (``gcc-toolset-12``) is taken for one with a version.
    """
    return _hits(found, "the repository decides which", context)


@command_rule(
    "dnf-unpinned",
    names=("dnf", "dnf5", "microdnf", "tdnf"),
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Write name-version, or name:stream for a module.",
    aliases=(
        "DL3041",
        "kics:missing_version_specification_in_dnf_install",
        "kics:93d88cf7-f078-46a8-8ddc-178e03aeacf1",
    ),
)
def dnf_unpinned(found: RunCommand, context: Context) -> Hits:
    """Packages of dnf should have a version.

    Reports packages of ``dnf install`` without ``-version``, and modules without ``:stream``.

    Why:

    The same Dockerfile builds another image next month. Whether old versions stay in a repository
    differs, so this is off unless asked for.

    Bad:

        FROM fedora:43
        RUN dnf install -y httpd && dnf clean all

    Good:

        FROM fedora:43
        RUN dnf install -y httpd-2.4.65 && dnf clean all

    Not reported:

    Names that a variable decides, files, and groups. A name that itself ends in a number
    (``gcc-toolset-12``) is taken for one with a version.
    """
    call, packages = _unpinned(found)
    if call is None:
        return
    is_module = call.verb.startswith("module")
    for package in packages:
        if is_module and ":" in package.name:
            continue
        what = "has no stream" if is_module else "has no version"
        word = package.word
        yield Hit(f"{package.name} {what}; the repository decides which", (word.start, word.end))


@command_rule(
    "zypper-unpinned",
    names=("zypper",),
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Write name=version.",
    aliases=(
        "DL3037",
        "kics:zypper_install_without_version",
        "kics:562952e4-0348-4dea-9826-44f3a2c6117b",
    ),
)
def zypper_unpinned(found: RunCommand, context: Context) -> Hits:
    """Packages of zypper should have a version.

    Reports packages of ``zypper install`` without ``=version``; ``>=`` and ``<`` do not count.

    Why:

    The same Dockerfile builds another image next month. Whether old versions stay in a repository
    differs, so this is off unless asked for.

    Bad:

        FROM opensuse/leap:16.0
        RUN zypper -n install httpd && zypper clean

    Good:

        FROM opensuse/leap:16.0
        RUN zypper -n install httpd=2.4.63 && zypper clean

    Not reported:

    Names that a variable decides, files, and patterns.
    """
    call, _ = _unpinned(found)
    if call is not None and not {"pattern", "patch"} & set(call.values("-t", "--type")):
        yield from _hits(found, "the repository decides which", context)
