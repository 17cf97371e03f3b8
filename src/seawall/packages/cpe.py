"""Runtimes by their CPE: what a bill of materials without package URLs calls them.

Source: NIST IR 7695, Common Platform Enumeration 2.3, bindings to URI and formatted string. A CPE
names a product and no package, so it counts for the runtimes below alone.
"""

from typing import TYPE_CHECKING

from seawall.core.lazy import pattern

if TYPE_CHECKING:
    import re

_RUNTIMES = {
    ("golang", "go"): "go",
    ("nodejs", "node.js"): "nodejs",
    ("nodejs", "nodejs"): "nodejs",
    ("python", "python"): "python",
    ("python_software_foundation", "python"): "python",
    ("ruby-lang", "ruby"): "ruby",
}
"""Vendor and product, and what the generic package is called."""
_COLON = pattern(r"(?<!\\):")
_ESCAPE = pattern(r"\\(.)|%([0-9a-f]{2})")
_VERSION = pattern(r"[0-9][0-9A-Za-z.+-]*")
_MOST = 1000


def purl_of(cpe: str) -> str:
    """The package URL of a runtime; empty when a CPE is of anything else or has no version."""
    if len(cpe) > _MOST:
        return ""
    own = cpe.removeprefix("cpe:2.3:").removeprefix("cpe:/")
    parts = [_ESCAPE.sub(_plain, part) for part in _COLON.split(own.lower())]
    if own == cpe or len(parts) < 4 or parts[0] != "a":
        return ""
    name = _RUNTIMES.get((parts[1], parts[2]), "")
    update = parts[4] if len(parts) > 4 and parts[4] not in {"*", "-"} else ""
    version = parts[3] + update
    return f"pkg:generic/{name}@{version}" if name and _VERSION.fullmatch(version) else ""


def _plain(found: "re.Match[str]") -> str:
    escaped, code = found.groups()
    return escaped or chr(int(code, 16))
