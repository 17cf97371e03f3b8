"""One spelling for each name of a package, so that names can be compared as bytes.

Sources: PEP 503; NuGet's documentation (ids are case-insensitive); Packagist, Hex and Pub allow
lower case only; GitHub's owners and repositories are case-insensitive; OSV's SwiftURL is the
repository's address without its scheme, and so is a repository of git here.
"""

from collections.abc import Callable

from seawall.core.package_key import python_name
from seawall.packages.ecosystems import type_of

Spelling = Callable[[str], str]
REPOSITORIES = "GIT"
"""Stands for an ecosystem where a repository of git stands for a package."""
CPYTHON = "CPython"
"""Stands for an ecosystem of Python itself; its only package is ``cpython``."""


def normal(ecosystem: str, name: str) -> str:
    """The name under which a package of an ecosystem, as ``ecosystem`` gives it, is kept."""
    return spelling(ecosystem)(name)


def spelling(ecosystem: str) -> Spelling:
    """What makes such names of those that an ecosystem's users write."""
    return _SPELLINGS.get(ecosystem, str)


def ecosystem(name: str) -> str:
    """The ecosystem under which packages are kept: a distribution's with its release.

    What stands behind a language's is the repository (``Packagist:https://packages.drupal.org/8``),
    which lock files do not tell: advisories of all of them count.
    """
    base = name.partition(":")[0]
    return base if type_of(base) else name


def _address(name: str) -> str:
    return name.lower().rpartition("://")[2].rstrip("/").removesuffix(".git")


_SPELLINGS: dict[str, Spelling] = {
    "PyPI": python_name,
    "SwiftURL": _address,
    REPOSITORIES: _address,
    "Bitnami": str.lower,
    "GitHub Actions": str.lower,
    "Hex": str.lower,
    "NuGet": str.lower,
    "Packagist": str.lower,
    "Pub": str.lower,
}
