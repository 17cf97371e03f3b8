"""The registries that ecosystems use when nothing else is said: what comes from another is told.

Source: the definitions of types in the package URL specification (default repositories).
"""

from urllib.parse import urlsplit

_HOSTS = {
    "cargo": (("index", "crates", "io"), ("github", "com")),
    "gem": (("rubygems", "org"),),
    "pub": (("pub", "dev"), ("pub", "dartlang", "org")),
    "pypi": (("pypi", "org"),),
}
"""By the type of a package URL, the names of the hosts, label by label."""
_PATHS = {"cargo": ("/", "/rust-lang/crates.io-index"), "pypi": ("/simple",)}


def is_default(type_: str, address: str) -> bool:
    """Whether an address, as a lock file has it, is that of the type's own registry."""
    try:
        parts = urlsplit(address.removeprefix("registry+").removeprefix("sparse+"))
        host = tuple((parts.hostname or "").split("."))
    except ValueError:
        return False
    path = parts.path.rstrip("/") or "/"
    return host in _HOSTS[type_] and path in _PATHS.get(type_, ("/",))


def default(type_: str) -> str:
    """The address of the type's own registry."""
    return f"https://{'.'.join(_HOSTS[type_][0])}{_PATHS.get(type_, ('',))[0]}"
