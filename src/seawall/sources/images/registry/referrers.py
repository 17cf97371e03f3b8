"""What is attached to an image: SBOMs, attestations, signatures.

Asked of the referrers API (distribution spec 1.1, listing referrers); where a registry has none, of
the index under the tag ``sha256-...`` that clients keep in its place. cosign's own tags
(``sha256-....sig``, ``.att``, ``.sbom``) are older than both and are looked for beside them.
"""

from typing import NamedTuple
from urllib.parse import quote, urljoin

from seawall.core.lazy import pattern
from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.manifests import INDEXES, MAX_SIZE
from seawall.sources.images.registry.authorization import Scope
from seawall.sources.images.registry.descriptors import manifest
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.registry import Registry, Wanted

MAX_PAGES = 50
MAX_REFERRERS = 2000
_COSIGN = {
    "sig": "application/vnd.dev.cosign.artifact.sig.v1+json",
    "att": "application/vnd.dev.cosign.artifact.att.v1+json",
    "sbom": "application/vnd.dev.cosign.artifact.sbom.v1+json",
}
_NEXT = pattern(r'<([^>]*)>[^,]*;[ \t]*rel="?next"?')


class Referrer(NamedTuple):
    """A manifest that is about another one."""

    subject: str
    """The digest that it is about."""
    digest: str
    size: int
    """Bytes of the manifest; -1 where only its tag is known."""
    artifact_type: str
    annotations: tuple[tuple[str, str], ...] = ()
    tag: str = ""
    """cosign's, where it is known by that."""


def referrers(
    registry: Registry, repository: str, subject: str, artifact_type: str = ""
) -> list[Referrer]:
    """What is attached to a digest, of one type where that is named. Raises ``RegistryError``."""
    found = _listed(registry, repository, subject, artifact_type)
    if found is None:
        found = _tagged(registry, repository, subject)
    result = [
        Referrer(
            subject, each.digest, each.size, each.artifact_type or each.media_type,
            tuple(sorted(each.annotations.items())),
        )
        for each in found
    ]  # fmt: skip
    result += _of_cosign(registry, repository, subject)
    # Registries may leave the choice to those who ask.
    return [each for each in result if artifact_type in ("", each.artifact_type)]


def _listed(
    registry: Registry, repository: str, subject: str, artifact_type: str
) -> list[Descriptor] | None:
    """What the API lists; ``None`` where there is no such API."""
    query = f"?artifactType={quote(artifact_type, safe='')}" if artifact_type else ""
    path = f"/v2/{repository}/referrers/{subject}{query}"
    wanted = Wanted(
        f"{registry.name}/{repository}@{subject}", Scope(repository), "it lists no referrers"
    )
    found: list[Descriptor] = []
    for _ in range(MAX_PAGES):
        try:
            data, headers = registry.get(path, wanted, MAX_SIZE, INDEXES[0])
        except RegistryError as error:
            if error.kind in ("not-found", "not-supported") and not found:
                return None
            raise
        if headers.get("content-type", "").partition(";")[0].strip() not in INDEXES:
            return None  # a page for people, or of a registry that answers everything
        page = manifest(data, INDEXES[0], "", "", wanted.name)
        found += page.descriptors("manifests", wanted.name)
        onward = _NEXT.search(headers.get("link", ""))
        if onward is None or len(found) > MAX_REFERRERS:
            return found[:MAX_REFERRERS]
        path = _same_registry(registry, path, onward[1], wanted.name)
    return found[:MAX_REFERRERS]


def _same_registry(registry: Registry, path: str, onward: str, name: str) -> str:
    """The path of the next page, which no other host may have."""
    base = "https://registry.invalid"
    address = urljoin(base + path.removeprefix(base), onward)
    if address.startswith(f"{base}/v2/"):
        return address.removeprefix(base)
    if registry.is_own(address):
        return address
    raise RegistryError(
        f"{name}: the list of referrers goes on at another host; report it to who runs the "
        "registry",
        kind="refused",
    )


def tag_of(subject: str) -> str:
    """The tag that stands for a digest (distribution spec, referrers tag schema)."""
    algorithm, _, value = subject.partition(":")
    return f"{algorithm[:32]}-{value[:64]}"


def _tagged(registry: Registry, repository: str, subject: str) -> list[Descriptor]:
    try:
        index = registry.manifest(repository, tag_of(subject))
    except RegistryError as error:
        if error.kind == "not-found":
            return []
        raise
    if not index.is_index:
        return []
    return list(index.descriptors("manifests", f"{registry.name}/{repository}"))[:MAX_REFERRERS]


def _of_cosign(registry: Registry, repository: str, subject: str) -> list[Referrer]:
    found = []
    for ending, kind in _COSIGN.items():
        tag = f"{tag_of(subject)}.{ending}"
        try:
            digest = registry.digest(repository, tag)
        except RegistryError as error:
            if error.kind == "not-found":
                continue
            raise
        found.append(Referrer(subject, digest, -1, kind, (), tag))
    return found
