"""How OVAL names platforms, as ecosystems in the words of OSV, or like them."""

from seawall.core.lazy import pattern

_NUMBERED = pattern(r"(Oracle Linux|Photon|Red Hat Enterprise Linux|Azure Linux)(?: OS)? (\d+).*")
_VERSION = pattern(r"-(\d+)\.\d+")


def ecosystem(platform: str, file: str = "") -> str:
    """The ecosystem of a platform as OVAL names it; empty when it is not known."""
    if platform.startswith("SUSE "):
        return f"SUSE:{platform[5:]}"
    if platform.startswith("openSUSE "):
        return f"openSUSE:{platform[9:]}"
    found = _NUMBERED.fullmatch(platform)
    if found:
        name, number = found[1], found[2]
        if name == "Photon":
            return f"Photon OS:{number}.0"
        return f"Red Hat:enterprise_linux:{number}" if name[0] == "R" else f"{name}:{number}"
    version = _VERSION.search(file)
    if platform in {"Azure Linux", "CBL-Mariner", "Mariner"} and version:
        return f"Azure Linux:{version[1]}"
    return ""
