"""Versions of packages, from a lock file."""

from collections.abc import Iterator, Mapping

from seawall.core.edit import Change, Proposal, Safety
from seawall.core.lazy import pattern
from seawall.core.package_key import package_key
from seawall.dockerfile.package_commands import Package, PackageCommand

TYPES = {
    "apt": "deb", "apk": "apk", "yum": "rpm", "dnf": "rpm", "zypper": "rpm", "pip": "pypi",
    "npm": "npm", "yarn": "npm", "pnpm": "npm", "gem": "gem", "go": "golang", "cargo": "cargo",
}  # fmt: skip
"""Families of package managers, and how package URLs call what they install."""
_FORMS = {
    "apt": "{}={}", "apk": "{}~={}", "yum": "{}-{}", "dnf": "{}-{}", "zypper": "{}={}",
    "pip": "{}=={}", "npm": "{}@{}", "yarn": "{}@{}", "pnpm": "{}@{}", "gem": "{}:{}",
    "go": "{}@{}", "cargo": "{}@{}",
}  # fmt: skip
_RESPIN = pattern(r"-r\d+\Z")
_PLAIN = pattern(r"[A-Za-z0-9@._~+/:\[\],=<>!^*-]+")


def key_of(family: str, name: str) -> str:
    """What a lock file knows a package by; empty for managers whose packages it does not hold."""
    type_ = TYPES.get(family, "")
    return package_key(type_, name) if type_ else ""


def with_version(
    call: PackageCommand, package: Package, pins: Mapping[str, str]
) -> Iterator[Proposal]:
    """Write the version of the lock file behind a package's name.

    Of Alpine's packages without the number of the respin: its repositories keep the newest alone.
    """
    version = pins.get(key_of(call.family, package.name), "") if pins else ""
    word = package.word
    if not version or not word.editable or word.value is None:
        return
    quote = word.text[:1] if word.text[:1] in {'"', "'"} else ""
    if word.text != f"{quote}{word.value}{quote}" or not _PLAIN.fullmatch(word.value):
        return
    name = word.value
    if package.operator:
        name = name[: name.index(package.operator, 1)].rstrip()
    if call.family == "apk":
        version = _RESPIN.sub("", version)
    if call.family in {"yum", "dnf"}:
        version = version.rpartition(":")[2]
    text = _FORMS[call.family].format(name, version)
    yield Proposal(
        f"Pin {package.name} to the version of the lock file",
        (Change(word.start, word.end, f"{quote}{text}{quote}"),),
        Safety.LOCK,
    )
