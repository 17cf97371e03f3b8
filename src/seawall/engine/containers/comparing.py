"""What changed from one image to another: packages, files, configuration, findings."""

from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from seawall.core.finding import Finding, fingerprint_basis
from seawall.engine.containers.whole import Whole
from seawall.images.facts import Configuration
from seawall.sources.images.entry import DIRECTORY

Key = TypeVar("Key", bound=Hashable)


class Change(NamedTuple):
    """One thing that is not the same; empty on the side where it is not there."""

    name: str
    before: str
    after: str

    @property
    def sign(self) -> str:
        """``+`` for what came, ``-`` for what went, ``~`` for what changed."""
        if not self.before:
            return "+"
        return "~" if self.after else "-"


class Difference(NamedTuple):
    """Everything that is not the same, each in the order of names."""

    packages: tuple[Change, ...]
    files: tuple[Change, ...]
    configuration: tuple[Change, ...]
    gained: tuple[Finding, ...]
    lost: tuple[Finding, ...]


def compare(
    before: Whole, after: Whole, found_before: Iterable[Finding], found_after: Iterable[Finding]
) -> Difference:
    """What changed from one image to another."""
    old, new = _by_basis(found_before), _by_basis(found_after)
    return Difference(
        _changes(_packages(before), _packages(after)),
        _changes(_files(before), _files(after)),
        _changes(_settings(before.image.configuration), _settings(after.image.configuration)),
        tuple(new[basis] for basis in sorted(new.keys() - old.keys())),
        tuple(old[basis] for basis in sorted(old.keys() - new.keys())),
    )


def _by_basis(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Findings by what they are known by, whatever the image is called."""
    return {
        fingerprint_basis(
            finding._replace(subject=finding.subject._replace(name="image"))
            if finding.subject.kind == "Image"
            else finding
        ): finding
        for finding in findings
    }


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    return tuple(
        Change(name, before.get(name, ""), after.get(name, ""))
        for name in sorted(before.keys() | after.keys())
        if before.get(name, "") != after.get(name, "")
    )


def _packages(whole: Whole) -> dict[str, str]:
    """Versions of packages by type and name; several of one are told together."""
    versions: dict[str, set[str]] = {}
    for _, contents in whole.packages.files:
        for package in contents.packages:
            name = f"{package.type}:{package.name}"
            versions.setdefault(name, set()).add(package.version or "no version")
    return {name: ", ".join(sorted(found)) for name, found in versions.items()}


def _files(whole: Whole) -> dict[str, str]:
    """What is told of each file. Times are left out: building again changes all of them."""
    return {
        f"/{node.entry.path}": (
            f"{node.entry.mode:04o} {node.entry.uid}:{node.entry.gid} "
            f"{node.entry.link or f'{node.entry.size} bytes'}"
        )
        for node in whole.files.files()
        if node.entry.kind is not DIRECTORY
    }


def _settings(configuration: Configuration) -> dict[str, str]:
    told = {
        "user": configuration.user,
        "entrypoint": " ".join(configuration.entrypoint),
        "command": " ".join(configuration.command),
        "directory": configuration.directory,
        "ports": ", ".join(configuration.ports),
        "volumes": ", ".join(configuration.volumes),
        "healthcheck": "yes" if configuration.has_healthcheck else "",
    }
    told |= {f"label {name}": value for name, value in configuration.labels.items()}
    names = {f"variable {name}": "set" for name, _ in configuration.environment}
    return {name: value for name, value in (told | names).items() if value}
