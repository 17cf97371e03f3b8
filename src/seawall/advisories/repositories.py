"""What a repository of git stands for: its tags and commits, and the runtime that is made of it.

Sources: the OSV schema 1.7.5 (``versions`` beside ``GIT`` ranges are tags); how CPython, Node.js,
Ruby and Go name the tags of their releases.
"""

from collections.abc import Iterable, Iterator

from seawall.advisories.advisory import Affected, Events
from seawall.advisories.names import CPYTHON, REPOSITORIES, normal
from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

NO_ORDER = "commits have no order here"
"""Why a record says nothing of a version of a repository."""
NO_ORDER_BESIDE_TAGS = "its tags are listed, but commits have no order here"
"""The same of a record that says something of tags."""
_COMMIT = pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NUMBERED = pattern(r"v([0-9].*)")
_EVERYTHING = Events("0")
"""From the first commit on, without an end: every version."""


class Runtime(NamedTuple):
    """What is made of a repository, as advisories know it."""

    ecosystem: str
    package: str
    tag: str
    """What the tags of its releases begin with."""


_RUNTIMES = {
    "github.com/golang/go": Runtime("Go", "stdlib", "go"),
    "github.com/nodejs/node": Runtime("Node.js", "node", "v"),
    "github.com/python/cpython": Runtime(CPYTHON, "cpython", "v"),
    "github.com/ruby/ruby": Runtime("Ruby", "ruby", "v"),
}
_BY_NAME = {
    "go": "github.com/golang/go", "node": "github.com/nodejs/node",
    "nodejs": "github.com/nodejs/node", "python": "github.com/python/cpython",
    "ruby": "github.com/ruby/ruby",
}  # fmt: skip
"""Generic packages, by the names that version files and bills of images have."""
_OF_BITNAMI = {"python": (CPYTHON, "cpython")}
"""Components of Bitnami that are a runtime under its makers' own versions."""


def is_commit(version: str) -> bool:
    """Whether a version is the whole hash of a commit (SHA-1 or SHA-256)."""
    return _COMMIT.fullmatch(version) is not None


def tag(version: str) -> str:
    """A tag as it is compared: some write the ``v`` before a number, and some leave it out."""
    found = _NUMBERED.fullmatch(version)
    return version if found is None else str(found[1])


def query_of_repository(address: str, version: str) -> tuple[str, str, str]:
    """Ecosystem, name and version to ask of a version of a repository."""
    own = normal(REPOSITORIES, address)
    runtime = _RUNTIMES.get(own)
    if runtime is None or is_commit(version):
        return REPOSITORIES, own, version
    return runtime.ecosystem, runtime.package, _release(runtime, version)


def query_of_runtime(name: str, version: str) -> tuple[str, str, str] | None:
    """The same of a generic package, where it is a runtime that there are advisories of.

    ``3.11`` is a line of releases, any of which may be installed: it is no version.
    """
    runtime = _RUNTIMES.get(_BY_NAME.get(name, ""))
    if runtime is None:
        return None
    return runtime.ecosystem, runtime.package, version if version.count(".") > 1 else ""


def _release(runtime: Runtime, version: str) -> str:
    """The release that a tag is of; Ruby writes ``v3_2_1``."""
    own = version.removeprefix(runtime.tag)
    return own.replace("_", ".") if runtime.ecosystem == "Ruby" else own


def with_runtimes(all_affected: Iterable[Affected]) -> Iterator[Affected]:
    """What a record is about, and the runtime that it is about by that.

    Of CPython's repository no version may be told; then nothing can be judged by the record.
    """
    for affected in all_affected:
        yield affected
        if affected.ecosystem == REPOSITORIES:
            runtime = _RUNTIMES.get(normal(REPOSITORIES, affected.name))
            if runtime is not None and runtime.ecosystem == CPYTHON:
                releases = tuple(_release(runtime, each) for each in affected.versions)
                has_all = affected.ranges and set(affected.ranges) == {_EVERYTHING}
                ranges = (_EVERYTHING,) if has_all else ()
                yield Affected(CPYTHON, runtime.package, ranges, releases)
        elif affected.ecosystem == "Bitnami" and affected.name.lower() in _OF_BITNAMI:
            ecosystem, name = _OF_BITNAMI[affected.name.lower()]
            yield affected._replace(ecosystem=ecosystem, name=name)
