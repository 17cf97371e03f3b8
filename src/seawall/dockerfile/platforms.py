"""Platforms as in ``--platform``: ``os[(version)]/architecture[/variant]`` (containerd)."""

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.text.dockerfile.golang import quote

_PART = r"^[A-Za-z0-9_.-]+$"
_OS = r"^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)((?:\+[A-Za-z0-9_.%-]+)*)\))?$"
_PART_PATTERN = pattern(_PART[1:-1])
_OS_PATTERN = pattern(_OS[1:-1])
_KNOWN_OS = frozenset(
    (
        "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js",
        "linux", "nacl", "netbsd", "openbsd", "plan9", "solaris", "windows", "zos",
    )
)  # fmt: skip
_KNOWN_ARCHITECTURES = frozenset(
    (
        "386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "ppc64", "ppc64le",
        "loong64", "mips", "mipsle", "mips64", "mips64le", "mips64p32", "mips64p32le", "ppc",
        "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm",
    )
)  # fmt: skip
_ARM_VARIANTS = {"": "v7", "7": "v7", "5": "v5", "6": "v6", "8": "v8"}
_ARM64_VARIANTS = {"8": "", "v8": "", "v8.0": "", "9": "v9", "9.0": "v9", "v9.0": "v9"}


class PlatformError(Exception):
    """A text that is no platform; the message is BuildKit's."""


class Platform(NamedTuple):
    """An operating system and an architecture, normalized."""

    os: str
    architecture: str
    variant: str = ""


DEFAULT = Platform("linux", "amd64")


def parse_platform(text: str) -> Platform:  # noqa: C901 - the rules of one small syntax
    """Read a platform.

    Raises:
        PlatformError: it is none.
    """
    quoted = quote(text)
    if "*" in text:
        raise PlatformError(f"{quoted}: wildcards not yet supported: invalid argument")
    parts = text.split("/", 3)
    found = _OS_PATTERN.fullmatch(parts[0])
    if found is None:
        raise PlatformError(
            f"{quote(parts[0])} is an invalid OS component of {quoted}: OSAndVersion specifier "
            f"component must match {quote(_OS)}: invalid argument"
        )
    for part in parts[1:]:
        if not _PART_PATTERN.fullmatch(part):
            raise PlatformError(
                f"{quote(part)} is an invalid component of {quoted}: platform specifier "
                f"component must match {quote(_PART)}: invalid argument"
            )
    system = found[1].lower()
    system = "darwin" if system == "macos" else system
    if len(parts) == 1:
        if system in _KNOWN_OS:
            return Platform(system, DEFAULT.architecture)
        architecture, variant = _architecture(parts[0], "")
        if architecture in _KNOWN_ARCHITECTURES:
            variant = "" if (architecture, variant) == ("arm", "v7") else variant
            return Platform(DEFAULT.os, architecture, variant)
        reason = f"{quoted}: unknown operating system or architecture: invalid argument"
        raise PlatformError(reason)
    if len(parts) > 3:
        raise PlatformError(f"{quoted}: cannot parse platform specifier: invalid argument")
    architecture, variant = _architecture(parts[1], parts[2] if len(parts) == 3 else "")
    if len(parts) == 2 and (architecture, variant) == ("arm", "v7"):
        variant = ""
    if len(parts) == 3 and (architecture, variant) == ("arm64", ""):
        variant = "v8"
    return Platform(system, architecture, variant)


def _architecture(architecture: str, variant: str) -> tuple[str, str]:
    architecture, variant = architecture.lower(), variant.lower()
    if architecture == "i386":
        return "386", ""
    if architecture in {"x86_64", "x86-64", "amd64"}:
        return "amd64", "" if variant == "v1" else variant
    if architecture in {"aarch64", "arm64"}:
        return "arm64", _ARM64_VARIANTS.get(variant, variant)
    if architecture == "armhf":
        return "arm", "v7"
    if architecture == "armel":
        return "arm", "v6"
    if architecture == "arm":
        return "arm", _ARM_VARIANTS.get(variant, variant)
    return architecture, variant
