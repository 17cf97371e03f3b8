"""The packages of many files as one graph: what a bill of materials is written from.

One node for each package URL, however many files name it; all in the order of these URLs, so that
the same files give the same bytes.
"""

from collections.abc import Iterable, Sequence
from posixpath import dirname, join, normpath

from seawall.core.named_tuple import NamedTuple
from seawall.packages.package import Contents, Package
from seawall.packages.purl import purl_of

REQUIRED, OPTIONAL, DEVELOPMENT = "required", "optional", "development"


class Occurrence(NamedTuple):
    """A place that names a package; the line is 0 where it is not known."""

    path: str
    line: int


class Node(NamedTuple):
    """A package of the whole."""

    purl: str
    package: Package
    """As the first file has it."""
    scope: str
    """``required`` where any file needs it so, else ``optional``, else ``development``."""
    direct: bool | None
    """Whether the project asks for it; ``None`` where no file tells."""
    constraint: str
    occurrences: tuple[Occurrence, ...]
    needs: tuple[str, ...]
    """The package URLs of what it brings in."""


class Gap(NamedTuple):
    """What could not be made a package of."""

    path: str
    line: int
    what: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.what}: {self.reason}" if self.what else f"{place}: {self.reason}"


class Whole(NamedTuple):
    """All packages and all gaps of some files."""

    nodes: tuple[Node, ...]
    gaps: tuple[Gap, ...]


class _Growing:
    """A node while files are taken in."""

    __slots__ = ("constraint", "direct", "needs", "occurrences", "package", "scopes")

    def __init__(self, package: Package) -> None:
        self.package = package
        self.scopes: set[str] = set()
        self.direct: bool | None = None
        self.constraint = ""
        self.occurrences: set[Occurrence] = set()
        self.needs: set[str] = set()

    def take(self, package: Package, path: str) -> None:
        """Take in what one file says."""
        self.scopes.add(
            DEVELOPMENT if package.development else OPTIONAL if package.optional else REQUIRED
        )
        if package.direct is not None:
            self.direct = bool(self.direct) or package.direct
        self.constraint = self.constraint or package.constraint
        if package.file:
            path = normpath(join(dirname(path), package.file))
        self.occurrences.add(Occurrence(path, package.line))

    def node(self, purl: str) -> Node:
        """The node, when all files are in."""
        order = (REQUIRED, OPTIONAL, DEVELOPMENT)
        return Node(
            purl, self.package, next(scope for scope in order if scope in self.scopes),
            self.direct, self.constraint, tuple(sorted(self.occurrences)),
            tuple(sorted(self.needs - {purl})),
        )  # fmt: skip


def merge(files: Iterable[tuple[str, Contents]]) -> Whole:
    """The packages of some files, each given by its path."""
    growing: dict[str, _Growing] = {}
    gaps: set[Gap] = set()
    for path, contents in sorted(files, key=lambda item: item[0]):
        _take(growing, path, contents.packages)
        gaps |= {Gap(path, item.line, item.what, item.reason) for item in contents.problems}
    nodes = tuple(growing[purl].node(purl) for purl in sorted(growing))
    return Whole(nodes, tuple(sorted(gaps)))


def _take(growing: dict[str, _Growing], path: str, packages: Sequence[Package]) -> None:
    urls: dict[str, str] = {}
    for package in packages:
        purl = urls[package.identity] = purl_of(package)
        growing.setdefault(purl, _Growing(package)).take(package, path)
    for package in packages:
        needs = (urls[need.key] for need in package.requires if need.key in urls)
        growing[purl_of(package)].needs.update(needs)


_URLS = bytes.fromhex("6ba7b8119dad11d180b400c04fd430c8")
"""The namespace of addresses (RFC 9562, section 6.6)."""


def uuid_of(text: str) -> str:
    """An identifier made of a content: the same content has the same one (UUID version 5)."""
    from hashlib import sha1  # noqa: PLC0415 - only where a bill is written

    name = f"https://cyclonedx.org/serial-number/{text}".encode()
    number = bytearray(sha1(_URLS + name, usedforsecurity=False).digest()[:16])
    number[6] = number[6] & 0x0F | 0x50  # RFC 9562, section 5.5: the version, then the variant
    number[8] = number[8] & 0x3F | 0x80
    digits = number.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
