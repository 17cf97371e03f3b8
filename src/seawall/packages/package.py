"""Packages as facts: what is in here, whatever may be known of it today."""

from collections.abc import Callable

from seawall.core.location import KeyPath
from seawall.core.named_tuple import NamedTuple


class Requirement(NamedTuple):
    """A package asks for another one of the same file."""

    key: str
    """The ``key`` of the package that was chosen."""
    constraint: str = ""
    """The versions it would take, as its ecosystem writes them (``^4.17.0``); empty when the file
    does not say."""


class Package(NamedTuple):
    """One package of one file. Immutable; made by a reader.

    ``type`` is that of a package URL (``pypi``, ``npm``, ``golang``, ``cargo``, ``maven``, ``gem``,
    ``composer``, ``nuget``, ``deb``, ``apk``, ``rpm``, ``generic``). ``name`` is the whole name in
    the normal form of its ecosystem, the namespace before it: ``@babel/core``,
    ``org.apache.commons:commons-text``, ``github.com/gin-gonic/gin``, ``symfony/http-kernel``;
    names of pip as PEP 503 has them.
    """

    type: str
    name: str
    version: str = ""
    """The exact version; empty where the file only says which versions would do."""
    line: int = 0
    """Where it stands, from 1; 0 where only the key path is known."""
    key_path: KeyPath = ()
    """Where it stands in a document of keys and values; its line is looked up when asked for."""
    key: str = ""
    """What other packages of the file call it by; ``name@version`` when it is empty."""
    requires: tuple[Requirement, ...] = ()
    """The packages it brings in, where the file tells."""
    direct: bool | None = None
    """Whether the project itself asks for it; ``None`` where the file does not tell."""
    development: bool = False
    """Whether it is only needed to build or test."""
    optional: bool = False
    constraint: str = ""
    """The versions that the project itself would take, where it asks for it."""
    qualifiers: tuple[tuple[str, str], ...] = ()
    """Qualifiers of its package URL, in their order: ``(("distro", "debian-12"),)``."""
    source: tuple[str, str] = ("", "")
    """Name and version of the source package it was built from, where they differ: what
    distributions' advisories are about."""
    file: str = ""
    """The file it stands in, relative to the directory of the file that was read; empty for that
    file itself."""
    download: str = ""
    """Where it comes from when that is no registry: the address of an archive or repository."""
    supplier: str = ""
    """Who made it, as a distribution's database has it (``Maintainer``, ``Vendor``): not all that
    is installed by a distribution's means is of the distribution."""

    @property
    def identity(self) -> str:
        """What other packages of the file call it by."""
        return self.key or f"{self.name}@{self.version}"


class Problem(NamedTuple):
    """A part of a file that was recognised and could not be made a package of."""

    what: str
    """The entry, shortened: what a person looks for in the file."""
    reason: str
    line: int = 0


class Contents(NamedTuple):
    """What one file holds."""

    packages: tuple[Package, ...] = ()
    problems: tuple[Problem, ...] = ()
    project: str = ""
    """The name of the project itself, where the file tells: it is no package of it."""


NOTHING = Contents()


class Unreadable(Exception):  # noqa: N818 - a verdict on a file, as TomlError is on a text
    """A file that is not what its name says; line and column count from 1, 0 when not known."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


class File(NamedTuple):
    """What a reader is given: a file and a way to what lies beside it."""

    path: str
    """Its logical path, with ``/``."""
    data: bytes
    beside: Callable[[str], bytes | None] = lambda _path: None
    """The bytes of another file, its path relative to the directory of this one; ``None`` when it
    is not there, too large, or not within the target."""
