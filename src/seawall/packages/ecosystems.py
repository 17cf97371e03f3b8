"""How the types of package URLs and the ecosystems of advisories stand for each other.

Sources: the package URL specification's list of types; the OSV schema's list of ecosystems.
"""

_ECOSYSTEMS = {
    "bitnami": "Bitnami",
    "cargo": "crates.io",
    "composer": "Packagist",
    "conan": "ConanCenter",
    "cran": "CRAN",
    "gem": "RubyGems",
    "githubactions": "GitHub Actions",
    "golang": "Go",
    "hackage": "Hackage",
    "hex": "Hex",
    "julia": "Julia",
    "k8s": "Kubernetes",
    "maven": "Maven",
    "npm": "npm",
    "nuget": "NuGet",
    "opam": "opam",
    "pub": "Pub",
    "pypi": "PyPI",
    "swift": "SwiftURL",
}
_TYPES = {ecosystem: type_ for type_, ecosystem in _ECOSYSTEMS.items()}


def ecosystem_of(type_: str) -> str:
    """The OSV ecosystem of a type; empty for distributions and where there is none."""
    return _ECOSYSTEMS.get(type_, "")


def type_of(ecosystem: str) -> str:
    """The package URL type of an OSV ecosystem, its release left out; empty where there is none."""
    return _TYPES.get(ecosystem.partition(":")[0], "")
