"""What npm, Yarn, pnpm and Bun have in common: how names, aliases and addresses are written.

Source: https://docs.npmjs.com/cli/v11/using-npm/package-spec
"""

from seawall.core.lazy import pattern
from seawall.packages.reading import public

_REGISTRY = pattern(r"https?://[^?#]*(?:/-/|/download/)[^?#]*")
"""An archive in a registry: ``/name/-/name-1.0.0.tgz``, of GitHub ``/download/@scope/name/...``."""
_ELSEWHERE = pattern(
    r"(?:git(?:\+\w+)?|https?|file|link|portal|github|gitlab|bitbucket|gist|exec|ssh):"
    r"|[^@/\s]+@[^/:\s]+:|\.{0,2}/|~/|[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(?:#.*)?$"
)
_EXACT = pattern(r"[=v\s]*(\d{1,15}\.\d{1,15}\.\d{1,15}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)")

MANIFEST_GROUPS = (
    "dependencies", "optionalDependencies", "peerDependencies", "devDependencies",
)  # fmt: skip
"""Where a package.json names what it needs; https://docs.npmjs.com/cli/v11/configuring-npm/package-json"""


def split_alias(wanted: str) -> tuple[str, str]:
    """The real name and the rest of ``npm:name@^1.0.0``; an empty name where it is no alias."""
    if not wanted.startswith("npm:"):
        return "", public(wanted)
    name, at, rest = wanted[4:].rpartition("@")
    if name:
        return name, rest
    whole = at + rest  # npm:name, npm:@scope/name; of Yarn npm:^1.0.0, which is no alias
    return (whole, "") if whole[:1].isalpha() or at else ("", whole)


def download_of(resolved: str) -> str:
    """An address of what comes from no registry; empty for registries' archives."""
    return "" if not resolved or _REGISTRY.fullmatch(resolved) else public(resolved)


def is_elsewhere(wanted: str) -> bool:
    """Whether a wanted version is an address: an archive, a repository or a directory."""
    return _ELSEWHERE.match(wanted) is not None


def exact(wanted: str) -> str:
    """The version a constraint pins; empty where others would do."""
    found = _EXACT.fullmatch(wanted.strip())
    return found[1] if found else ""
