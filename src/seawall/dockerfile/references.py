"""Image references: ``registry/repository:tag@digest`` (distribution/reference)."""

from functools import lru_cache

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

_COMPONENT = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"(?:{_COMPONENT}(?:\.{_COMPONENT})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = rf"(?:{_DOMAIN}/)?{_PATH}(?:/{_PATH})*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = pattern(rf"({_NAME})(?::([0-9A-Za-z_][0-9A-Za-z_.-]{{0,127}}))?(?:@({_DIGEST}))?")
_SPLIT = pattern(rf"({_DOMAIN})/(.+)")
_IDENTIFIER = pattern(r"[a-f0-9]{64}")
_ANY_DIGEST = pattern(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")
_DIGEST_SIZES = {"sha256": 64, "sha384": 96, "sha512": 128}
_HUB = "docker.io"
_MAX_PATH = 255


class BadReferenceError(Exception):
    """A text that is no reference; the message is BuildKit's."""


class ImageReference(NamedTuple):
    """An image's name. ``text`` is as written; ``tag`` and ``digest`` are empty where not given.

    ``domain`` and ``path`` are complete: ``docker.io`` and ``library/`` are put in.
    """

    text: str
    domain: str
    path: str
    tag: str
    digest: str

    @property
    def name(self) -> str:
        """The name as people say it: without ``docker.io/`` and ``library/``."""
        path = self.path
        if self.domain != _HUB:
            return f"{self.domain}/{path}"
        short = path.removeprefix("library/")
        return path if "/" in short else short


@lru_cache(maxsize=256)  # the same few images stand in many files
def parse_reference(text: str) -> ImageReference:
    """Read a reference.

    Raises:
        BadReferenceError: it is none.
    """
    if _IDENTIFIER.fullmatch(text):
        reason = f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
        raise BadReferenceError(reason)
    domain, rest = _split_domain(text)
    remote = rest.partition(":")[0]
    if remote.lower() != remote:
        reason = f"invalid reference format: repository name ({remote}) must be lowercase"
        raise BadReferenceError(reason)
    whole = f"{domain}/{rest}"
    found = _REFERENCE.fullmatch(whole)
    if found is None:
        if _REFERENCE.fullmatch(whole.lower()):
            raise BadReferenceError("repository name must be lowercase")
        raise BadReferenceError("invalid reference format")
    parts = _SPLIT.fullmatch(found[1])
    domain, path = (parts[1], parts[2]) if parts else ("", found[1])
    if len(path) > _MAX_PATH:
        reason = f"repository name must not be more than {_MAX_PATH} characters"
        raise BadReferenceError(reason)
    digest = found[3] or ""
    problem = digest_problem(digest) if digest else ""
    if problem:
        raise BadReferenceError(problem)
    return ImageReference(text, domain, path, found[2] or "", digest)


def _split_domain(text: str) -> tuple[str, str]:
    first, mark, rest = text.partition("/")
    if not mark:
        return _HUB, f"library/{text}"
    if first == "localhost" or "." in first or ":" in first or first.lower() != first:
        domain, rest = (_HUB, rest) if first == "index.docker.io" else (first, rest)
    else:
        domain, rest = _HUB, text
    if domain == _HUB and "/" not in rest:
        rest = f"library/{rest}"
    return domain, rest


def digest_problem(text: str) -> str:
    """Why a text is no digest (opencontainers/go-digest); empty where it is one."""
    algorithm, mark, encoded = text.partition(":")
    size = _DIGEST_SIZES.get(algorithm)
    if (
        not algorithm
        or not mark
        or not encoded
        or (size is None and not _ANY_DIGEST.fullmatch(text))
    ):
        return "invalid checksum digest format"
    if size is None:
        return "unsupported digest algorithm"
    if len(encoded.encode("utf-8", "surrogateescape")) != size:
        return "invalid checksum digest length"
    return "" if not encoded.strip("0123456789abcdef") else "invalid checksum digest format"
