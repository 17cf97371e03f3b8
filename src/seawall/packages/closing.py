"""Edges of a lock file that lead nowhere: to packages that could not be read, or are none."""

from collections.abc import Sequence

from seawall.packages.package import Package


def closed(packages: Sequence[Package]) -> tuple[Package, ...]:
    """The packages without what they require of others that are not among them."""
    known = {package.identity for package in packages}
    return tuple(
        package
        if all(need.key in known for need in package.requires)
        else package._replace(requires=tuple(n for n in package.requires if n.key in known))
        for package in packages
    )
