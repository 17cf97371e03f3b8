"""What the files of a root file system tell: packages, who owns which file, what system it is.

A reader of ``image_formats`` makes ``Facts`` of the bytes of one file. ``inventory`` puts those of
all files together, when it is known which of them are left in the topmost layer.
"""

from typing import TYPE_CHECKING

from seawall.core.named_tuple import NamedTuple
from seawall.packages.package import NOTHING, Contents

if TYPE_CHECKING:
    from seawall.packages.listings import Listing

MAX_PATHS = 2_000_000
"""Paths that one database may list; an image of 5 GB has some 200,000 files."""
MAX_PATH = 4096
"""Bytes of a path: Linux's PATH_MAX."""
MAX_PATH_TEXT = 200_000_000
"""Characters of all paths of one database: directories may be named once and used by many."""


class Holding(NamedTuple):
    """The files that one package brought."""

    package: str
    """What its database calls it: ``libc6``, ``libc6:amd64``; the ``key`` or name of a package."""
    paths: tuple[str, ...]
    """From the root, without a slash before them; directories may be among them."""


class Diversion(NamedTuple):
    """A path of which dpkg puts what other packages bring elsewhere (dpkg-divert(1))."""

    path: str
    to: str
    package: str
    """The one that may have the path itself; empty where the administrator moved it."""


class Identity(NamedTuple):
    """What one file says of the system; empty where it does not."""

    id: str = ""
    """The ``ID`` of os-release(5): ``debian``, ``rhel``, ``opensuse-leap``."""
    version: str = ""
    """Its ``VERSION_ID``; ``sid`` of a Debian that has no number, ``edge`` of Alpine's stream."""
    name: str = ""
    """What people call it: ``Debian GNU/Linux 12 (bookworm)``."""
    like: tuple[str, ...] = ()
    """``ID_LIKE``: what it was made from."""
    codename: str = ""
    is_extended: bool = False
    """Whether it gets Ubuntu's Expanded Security Maintenance."""


class Facts(NamedTuple):
    """What one file of a root file system tells."""

    contents: Contents = NOTHING
    holdings: "tuple[Holding | Listing, ...]" = ()
    diversions: tuple[Diversion, ...] = ()
    identity: Identity | None = None
    content_sets: tuple[str, ...] = ()
    """Repositories of Red Hat that a layer was built from: ``rhel-9-for-x86_64-baseos-rpms``."""
    gone: tuple[str, ...] = ()
    """The keys of packages that a database names although they are not, or no longer, installed."""
    essential: tuple[str, ...] = ()
    """The keys of packages that a system does not work without (Debian Policy, section 3.8)."""
    shelf: str = ""
    """Names what is one database although it lies in several files, such as that of dpkg."""
