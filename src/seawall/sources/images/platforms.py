"""Platforms of images, and which one of an index is meant (containerd's ``platforms`` package).

A name is ``os/architecture[/variant]`` or an architecture without a system. Variants count
downwards: who asks for ``linux/arm/v7`` is served with v6 where there is no v7, as that runs there
too.
"""

from collections.abc import Mapping, Sequence

from seawall.core.errors import UsageError
from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

_PART = pattern(r"[A-Za-z0-9._-]{1,32}")
_ARCHITECTURES = {
    "aarch64": ("arm64", ""), "x86_64": ("amd64", ""), "x86-64": ("amd64", ""), "i386": ("386", ""),
    "i486": ("386", ""), "i586": ("386", ""), "i686": ("386", ""), "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"), "armv7l": ("arm", "v7"), "armv6l": ("arm", "v6"),
    "armv8l": ("arm", "v8"),
}  # fmt: skip
_SYSTEMS = {"macos": "darwin"}
_USUAL = {"arm64": "v8", "arm": "v7", "amd64": "v1"}
"""The variant of an architecture that is named alone."""
_VARIANT = pattern(r"v?([1-9][0-9]?)(?:\.[0-9])?")
KEYS = ("os", "architecture", "variant", "os.version")
"""What descriptors and configurations call the parts (OCI image-spec, image-index.md)."""


class Platform(NamedTuple):
    """What an image runs on, as it tells itself: ``linux``, ``arm64``, ``v8``."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    version: str = ""
    """``os.version``: Windows has images for each."""

    def __str__(self) -> str:
        return "/".join(part for part in self[:3] if part) or "unknown"


def normal(platform: Platform) -> Platform:
    """A platform in its usual words, those of Go; the usual variant is not named."""
    name = platform.architecture.lower()
    name, own = _ARCHITECTURES.get(name, (name, ""))
    variant = (platform.variant or own).lower()
    if name in _USUAL:
        found = _VARIANT.fullmatch(variant)
        variant = f"v{found[1]}" if found else variant
        variant = "" if variant == _USUAL[name] else variant
    system = platform.os.lower()
    return Platform(_SYSTEMS.get(system, system), name, variant, platform.version)


def parse(text: str, where: str = "--platform") -> Platform:
    """A platform as a person writes it. Raises ``UsageError``."""
    parts = text.split("/")
    is_system = len(parts) == 1 and parts[0].lower() in ("linux", "windows", "darwin", "macos")
    if is_system or not 1 <= len(parts) <= 3 or not all(_PART.fullmatch(part) for part in parts):
        raise UsageError(
            f"{where}: {text!r} is no platform; give one such as linux/amd64 or linux/arm/v7"
        )
    is_variant = len(parts) == 2 and _VARIANT.fullmatch(parts[1].lower()) is not None
    if len(parts) == 1 or is_variant:  # arm64, arm/v7
        return normal(Platform("linux", *parts))
    return normal(Platform(*parts))


def of_host() -> Platform:
    """What runs here in a container: Linux, also where the machine's own system is another."""
    import os  # noqa: PLC0415 - a builtin, but only here

    return normal(Platform("linux", os.uname().machine))


def told(value: object) -> Platform:
    """What a descriptor's ``platform`` or a configuration tells; what it does not is empty."""
    if not isinstance(value, Mapping):
        return Platform()
    parts = [value.get(key) for key in KEYS]
    return Platform(
        *(part if isinstance(part, str) and _PART.fullmatch(part) else "" for part in parts)
    )


def of_value(value: object) -> Platform | None:
    """The same, but ``None`` where it tells no system or no architecture."""
    found = told(value)
    return found if found.os and found.architecture else None


def choose(wanted: Platform, offered: Sequence[Platform | None]) -> int:
    """The place of the platform that is nearest to the one that is wanted; -1 for none.

    The same variant is nearest, then the next lower one; of equals, the first. What does not say
    its platform is never meant.
    """
    wanted = normal(wanted)
    best, distance = -1, 100
    for place, each in enumerate(offered):
        platform = None if each is None else normal(each)
        if platform is None or platform[:2] != wanted[:2]:
            continue
        if wanted.version and not _begins(platform.version, wanted.version):
            continue
        apart = _apart(wanted, platform)
        if 0 <= apart < distance:
            best, distance = place, apart
    return best


def runs(wanted: Platform, offered: Platform) -> bool:
    """Whether an image for one platform runs where the other is wanted."""
    return choose(wanted, (offered,)) == 0


def _apart(wanted: Platform, offered: Platform) -> int:
    """How many variants lower an offer is; -1 where it does not run."""
    if wanted.variant == offered.variant:
        return 0
    usual = _USUAL.get(wanted.architecture, "")
    numbers = [
        _VARIANT.fullmatch(variant or usual) for variant in (wanted.variant, offered.variant)
    ]
    if not numbers[0] or not numbers[1]:
        return -1
    return int(numbers[0][1]) - int(numbers[1][1])


def _begins(version: str, wanted: str) -> bool:
    return version == wanted or version.startswith(f"{wanted}.")
