"""Packages of NuGet that stand once for each target framework: merged, with what needs what."""

from seawall.core.location import KeyPath
from seawall.packages.package import Package, Requirement


class Graph:
    """Packages of several frameworks by name and version. Names differ in case alone at times."""

    def __init__(self) -> None:
        self._packages: dict[str, Package] = {}
        self._needs: dict[str, dict[str, str]] = {}

    def add(
        self, name: str, version: str, key_path: KeyPath, needs: dict[str, str],
        *, direct: bool | None = None, development: bool = False, constraint: str = "",
    ) -> None:  # fmt: skip
        """Add a package of a framework. ``needs`` are keys (see ``key_of``) with ranges."""
        key = key_of(name, version)
        known = self._packages.get(key)
        if known is None:
            self._packages[key] = Package(
                "nuget", name, version, key_path=key_path, key=key,
                direct=direct, development=development, constraint=constraint,
            )  # fmt: skip
        else:
            self._packages[key] = known._replace(
                direct=known.direct or direct,
                development=known.development and development,
                constraint=known.constraint or constraint,
            )
        self._needs.setdefault(key, {}).update(needs)

    def packages(self) -> tuple[Package, ...]:
        """All of them, in the order they were added."""
        return tuple(
            package._replace(
                requires=tuple(
                    Requirement(need, constraint)
                    for need, constraint in self._needs[key].items()
                    if need in self._packages
                )
            )
            for key, package in self._packages.items()
        )


def key_of(name: str, version: str) -> str:
    """What a package is known by: NuGet takes names for equal whatever their case."""
    return f"{name.lower()}/{version.lower()}"
