"""One spelling for each name of a package, so that names can be compared as bytes.

Sources: PEP 503; NuGet's documentation (ids are case-insensitive); Packagist, Hex and Pub allow
lower case only; GitHub's owners and repositories are case-insensitive; OSV's SwiftURL is the
repository's address without its scheme.
"""

from seawall.packages.ecosystems import type_of

_CASELESS = frozenset(("Bitnami", "GitHub Actions", "Hex", "NuGet", "Packagist", "Pub"))


def normal(ecosystem: str, name: str) -> str:
    """The name under which a package of an OSV ecosystem, release and all, is kept."""
    base = ecosystem.partition(":")[0]
    if base == "PyPI":
        return _pep_503(name)
    if base in _CASELESS:
        return name.lower()
    if base == "SwiftURL":
        return _address(name)
    return name


def ecosystem(name: str) -> str:
    """The ecosystem under which packages are kept: a distribution's with its release.

    What stands behind a language's is the repository (``Packagist:https://packages.drupal.org/8``),
    which lock files do not tell: advisories of all of them count.
    """
    base = name.partition(":")[0]
    return base if type_of(base) else name


def _pep_503(name: str) -> str:
    lower = name.lower().replace("_", "-").replace(".", "-")
    while "--" in lower:
        lower = lower.replace("--", "-")
    return lower


def _address(name: str) -> str:
    return name.lower().rpartition("://")[2].rstrip("/").removesuffix(".git")
