"""From packages to exposures: which of them have a known vulnerability, and what would clear it."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from seawall.advisories.exposure import NO_UPGRADE, Exposure, Upgrade
from seawall.advisories.known import Match, Unjudged, Vulnerability
from seawall.advisories.names import REPOSITORIES
from seawall.advisories.repositories import is_commit, query_of_repository, query_of_runtime
from seawall.advisories.support import is_runtime
from seawall.advisories.versions.schemes import scheme_of
from seawall.core.named_tuple import NamedTuple
from seawall.packages.distributions import ecosystem_of_release, name_of, release_of
from seawall.packages.ecosystems import ecosystem_of
from seawall.packages.package import Package
from seawall.packages.reading import shown

Wanted = tuple[str, str, str]
"""Ecosystem, name and version of a package."""


class Store(Protocol):
    """What is known today."""

    def match(self, wanted: Sequence[Wanted]) -> list[list[Match]]:
        """The vulnerabilities of each."""

    def unjudged(self, wanted: Sequence[Wanted]) -> list[Unjudged]:
        """The records about some packages that nothing can be said by of their versions."""

    def vulnerabilities(self, numbers: Iterable[int]) -> Mapping[int, Vulnerability]:
        """What is known of each."""

    def coverage(self, ecosystem: str) -> "Reach | None":
        """What there is of an ecosystem; ``None`` when it is nothing."""


class Reach(Protocol):
    """How far the data on an ecosystem goes."""

    @property
    def whole(self) -> bool:
        """Whether a source of all its advisories is among them."""


class Blind(NamedTuple):
    """A package that cannot be matched, and why."""

    package: Package
    reason: str
    remedy: str


class Assessment(NamedTuple):
    """What is known of some packages."""

    exposures: list[Exposure]
    blind: list[Blind]
    ecosystems: frozenset[str] = frozenset()
    """Those that packages were held against."""


def assess(packages: Sequence[Package], store: Store) -> Assessment:
    """The exposures of the packages of one file, in their order."""
    wanted: list[Wanted] = []
    known: list[Package] = []
    blind: list[Blind] = []
    sight = _Sight(store)
    for package in packages:
        obstacle = sight.obstacle(package)
        if obstacle is not None:
            blind.append(Blind(package, *obstacle))
            continue
        doubt = sight.doubt(package)
        # A go directive is in every go.mod, and only tells the least toolchain that would do.
        if doubt is not None and not (is_runtime(package) and package.type == "golang"):
            blind.append(Blind(package, *doubt))
        wanted.append(query_of(package))
        known.append(package)
    found = store.match(wanted)
    blind += (_unjudged(known[item.place], item) for item in store.unjudged(wanted))
    hit = [number for number, matches in enumerate(found) if matches]
    details = store.vulnerabilities({item.vulnerability for row in found for item in row})
    upgrades = _upgrades({wanted[number]: found[number] for number in hit}, store)
    chains = _Chains(packages) if hit else None
    exposures = []
    for number in hit:
        package, upgrade = known[number], upgrades.get(wanted[number], NO_UPGRADE)
        chain = () if chains is None else chains.of(package)
        if chains is not None and upgrade.versions:
            upgrade = upgrade._replace(held_back_by=chains.holding_back(package, upgrade))
        exposures += [
            Exposure(package, item, details[item.vulnerability], upgrade, chain)
            for item in found[number]
        ]
    return Assessment(exposures, blind, frozenset(query[0] for query in wanted))


def prepare(packages: Iterable[Package], store: Store) -> None:
    """Have a store that remembers answers look up what ``assess`` will ask for of many files.

    A question takes about as long for one package as for hundreds.
    """
    wanted = list(dict.fromkeys(map(query_of, packages)))
    found = store.match(wanted)
    store.unjudged(wanted)
    hit = {query: matches for query, matches in zip(wanted, found, strict=True) if matches}
    _upgrades(hit, store)
    store.vulnerabilities({item.vulnerability for matches in hit.values() for item in matches})


def query_of(package: Package) -> Wanted:
    """What to ask of a package; its ecosystem is empty where there is none."""
    release = release_of(package)
    if release is not None:
        return ecosystem_of_release(release), *name_of(package, release)
    ecosystem = ecosystem_of(package.type)
    if not ecosystem:
        found = _of_repository(package)
        if found is not None:
            return found
    return ecosystem, package.name, package.version


def _of_repository(package: Package) -> Wanted | None:
    """What to ask of a package that is a repository of git, or a runtime made of one."""
    if package.type in _HOSTS:
        return query_of_repository(f"{_HOSTS[package.type]}/{package.name}", package.version)
    if package.type != "generic":
        return None
    runtime = query_of_runtime(package.name, package.version)
    if runtime is not None:
        return runtime
    address = dict(package.qualifiers).get("vcs_url", "")
    if not address.startswith("git+"):
        return None
    path, at, revision = address.partition("#")[0].rpartition("@")
    has_revision = at and "/" in path and "/" not in revision  # git@example.org is a user
    return query_of_repository(path, revision) if has_revision else None


def _unjudged(package: Package, found: Unjudged) -> Blind:
    records = found.records
    more = f" and {len(records) - _MOST_NAMED} more" if len(records) > _MOST_NAMED else ""
    count = "1 advisory" if len(records) == 1 else f"{len(records)} advisories"
    return Blind(
        package,
        f"{count} on it cannot be held against this version: {found.reason} "
        f"({', '.join(records[:_MOST_NAMED])}{more})",
        f"look them up: seawall db show {records[0]}",
    )


class _Sight:
    """Tells which packages can be held against what is known: the others are not clean."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reach: dict[str, Reach | None] = {}

    def obstacle(self, package: Package) -> tuple[str, str] | None:
        """Why a package cannot be judged, and the remedy."""
        ecosystem = query_of(package)[0]
        if not ecosystem and package.type in ("apk", "deb", "rpm") and package.supplier:
            supplier = shown(package.supplier)
            return (
                f"it is of {supplier}, not of a release of a distribution that is known",
                "watch the announcements of its makers",
            )
        if not ecosystem and package.type in ("apk", "deb", "rpm"):
            return (
                "nothing says of which release of a distribution it is, or nobody knows it",
                "name it by the qualifier distro of the package URL: distro=debian-12",
            )
        if not ecosystem and is_runtime(package):
            return (
                "only the end of its support is known: no source of advisories knows this runtime",
                "watch the announcements of its makers",
            )
        if not ecosystem:
            return (
                f"no source of advisories knows packages of type {package.type}",
                "watch the announcements of their authors; seawall db status lists what is known",
            )
        if self._of(ecosystem) is None:
            return (
                f"the database has no advisories for {ecosystem}",
                "run: seawall db update (seawall db status shows what it has)",
            )
        return None

    def doubt(self, package: Package) -> tuple[str, str] | None:
        """Why what is found of a package may not be all, and the remedy."""
        ecosystem, _, version = query_of(package)
        if not version:  # what all versions are affected by is found all the same
            return (
                "no exact version is given, so it depends on the day what is installed",
                _LOCKS.get(package.type, "pin the versions, or commit a lock file"),
            )
        if ecosystem == REPOSITORIES:
            what = "commits" if is_commit(version) else "tags"
            return (
                f"of repositories only the {what} that advisories name can be judged",
                "name the package as its ecosystem does, or watch what its authors announce",
            )
        scheme = scheme_of(ecosystem)
        if scheme is None or scheme.key(version) is None:  # advisories may list it all the same
            return (
                f"its version is none that {ecosystem} knows how to compare",
                "look it up by hand, or install a released version",
            )
        reach = self._of(ecosystem)
        if reach is not None and not reach.whole:
            reason = (
                f"only a part of the advisories for {ecosystem} is in the database, so what it "
                "does not name may be affected all the same"
            )
            return reason, "run: seawall db update (seawall db status shows what it has)"
        return None

    def _of(self, ecosystem: str) -> Reach | None:
        if ecosystem not in self._reach:
            self._reach[ecosystem] = self._store.coverage(ecosystem)
        return self._reach[ecosystem]


_HOSTS = {"bitbucket": "bitbucket.org", "github": "github.com", "gitlab": "gitlab.com"}
"""Types of package URLs whose packages are repositories."""
_LOCKS = {
    "cargo": "commit Cargo.lock, which cargo generate-lockfile writes",
    "composer": "commit composer.lock, which composer update writes",
    "gem": "commit Gemfile.lock, which bundle lock writes",
    "githubactions": "pin the action to a commit, with its release in a comment behind it",
    "maven": "write the version out, or scan an SBOM of the build",
    "npm": "commit package-lock.json, which npm install --package-lock-only writes",
    "nuget": "commit packages.lock.json: RestorePackagesWithLockFile in the project",
    "pypi": "pin it with ==, or commit a lock file: uv lock, poetry lock, pip-compile",
}


# Upgrades -------------------------------------------------------------------------------------


def _upgrades(affected: Mapping[Wanted, Sequence[Match]], store: Store) -> dict[Wanted, Upgrade]:
    """For each package, the versions that mend something and leave the least behind."""
    candidates: dict[Wanted, list[str]] = {}
    for query, matches in affected.items():
        candidates[query] = _above(query, {version for item in matches for version in item.fixed})
    asked = list(
        dict.fromkeys(
            (ecosystem, name, version)
            for (ecosystem, name, _), versions in candidates.items()
            for version in versions
        )
    )
    found = dict(zip(asked, store.match(asked), strict=True))
    result = {}
    for query, versions in candidates.items():
        left = {version: len(found[*query[:2], version]) for version in versions}
        fewest = min(left.values(), default=0)
        best: dict[str, str] = {}
        for version in versions:
            if left[version] == fewest:
                best.setdefault(major_of(version), version)
        chosen = tuple(best.values()) if not fewest else tuple(best.values())[:1]
        prefix = "v" if query[2].startswith("v") else ""
        written = tuple(f"{prefix}{version.removeprefix('v')}" for version in chosen)
        result[query] = Upgrade(written if prefix else chosen, fewest)
    return result


def _above(query: Wanted, versions: Iterable[str]) -> list[str]:
    """Those of some versions that come after the installed one, in order."""
    ecosystem, _, installed = query
    scheme = scheme_of(ecosystem)
    if scheme is None:
        return []
    own = scheme.key(installed)
    keyed = sorted((key, version) for version in versions if (key := scheme.key(version)))
    return [version for key, version in keyed if own is not None and key > own]


def major_of(version: str) -> str:
    """What must stay the same for a change to be small: the first number.

    While that is 0, the second one as well.
    """
    numbers = version.lstrip("vV=").partition("+")[0].replace("-", ".").split(".")
    first = numbers[0]
    return f"{first}.{numbers[1]}" if first == "0" and len(numbers) > 1 else first


# Dependency paths -----------------------------------------------------------------------------


class _Chains:
    """The shortest way from what the project asks for to each package of a file."""

    def __init__(self, packages: Sequence[Package]) -> None:
        self._by_key = {package.identity: package for package in packages}
        self._parents: dict[str, Package | None] = {}
        self._askers: dict[str, list[tuple[Package, str]]] = {}
        queue: deque[Package] = deque()
        for package in packages:
            for requirement in package.requires:
                self._askers.setdefault(requirement.key, []).append(
                    (package, requirement.constraint)
                )
            if package.direct:
                self._parents[package.identity] = None
                queue.append(package)
        while queue:
            package = queue.popleft()
            for requirement in package.requires:
                below = self._by_key.get(requirement.key)
                if below is not None and requirement.key not in self._parents:
                    self._parents[requirement.key] = package
                    queue.append(below)

    def of(self, package: Package) -> tuple[str, ...]:
        """The way to a package, itself at the end; empty when the file does not tell."""
        if package.identity not in self._parents:
            return ()
        chain: list[str] = []
        at: Package | None = package
        while at is not None and len(chain) < _LONGEST_CHAIN:
            chain.append(_name(at))
            at = self._parents[at.identity]
        return tuple(reversed(chain))

    def holding_back(self, package: Package, upgrade: Upgrade) -> tuple[str, ...]:
        """The packages whose wishes rule the nearest clean version out."""
        from seawall.advisories.versions.ranges import satisfies  # noqa: PLC0415 - seldom of use

        ecosystem = ecosystem_of(package.type)
        return tuple(dict.fromkeys(
            f"{_name(parent)} ({constraint})"
            for parent, constraint in self._askers.get(package.identity, ())
            if constraint and satisfies(ecosystem, constraint, upgrade.versions[0]) is False
        ))[:_MOST_NAMED]  # fmt: skip


_LONGEST_CHAIN = 100
_MOST_NAMED = 5


def _name(package: Package) -> str:
    return f"{package.name}@{package.version}" if package.version else package.name
