"""Lists of the files of packages as they stand: read when somebody asks for their paths.

An image has some 20 MB of them. Of what names the same files twice, one is enough, and of some no
path is ever asked for.
"""

from collections.abc import Callable
from posixpath import normpath

from seawall.core.named_tuple import NamedTuple
from seawall.packages.system import MAX_PATH, MAX_PATHS

LIST, SUMS, RECORD = "list", "md5sums", "RECORD"
"""Forms: dpkg's ``info/*.list`` and ``info/*.md5sums``, and Python's ``*.dist-info/RECORD``."""
_SUM = 32
_NO_PATHS = ("", ".")


class Listing(NamedTuple):
    """The files that one package brought; what ``Holding`` is, not yet read."""

    package: str
    """What its database calls it; of a ``RECORD`` its directory, ``a/b-1.0.dist-info``."""
    form: str
    """One of ``FORMS``."""
    data: bytes
    """The file."""

    @property
    def paths(self) -> tuple[str, ...]:
        """From the root, without a slash before them; directories may be among them."""
        paths = _READERS[self.form](self)
        if len(self.data) > MAX_PATH and max(map(len, paths), default=0) > MAX_PATH:
            paths = [path for path in paths if len(path) <= MAX_PATH]
        return tuple([path for path in paths if path not in _NO_PATHS])  # quicker than a generator


def _rows(data: bytes) -> list[str]:
    return data.decode("utf-8", "surrogateescape").split("\n", MAX_PATHS)[:MAX_PATHS]


def _listed(listing: Listing) -> list[str]:
    """The paths of a list of dpkg's, one a line, each with a slash before it."""
    data = (b"\n" + listing.data).replace(b"\n/", b"\n")
    rows = _rows(data[1:])
    return [row.lstrip("/") for row in rows] if b"\n/" in data else rows


def _summed(listing: Listing) -> list[str]:
    """The paths of sums: a sum, two characters and a path."""
    rows = [row[_SUM + 2 :].lstrip("/") for row in _rows(listing.data)]
    return [row.removeprefix("./") if row[:1] == "." else row for row in rows]


def _recorded(listing: Listing) -> list[str]:
    """The paths of a ``RECORD``: the first of the fields of each row, relative to its package."""
    directory = listing.package
    base = f"{directory.rpartition('/')[0]}/" if "/" in directory else ""
    paths = []
    for row in _rows(listing.data):
        path = _first_field(row)
        if path and len(path) <= MAX_PATH:
            whole = path if path[0] == "/" else base + path
            whole = normpath(whole) if "." in whole and "./" in whole else whole
            if not whole.startswith("../"):
                paths.append(whole.lstrip("/"))
    return paths


def _first_field(row: str) -> str:
    """The first field of a row of comma-separated values; quotes within it are doubled."""
    if row[:1] != '"':
        return row.partition(",")[0].rstrip("\r")
    end = 1
    while (end := row.find('"', end)) >= 0 and row[end + 1 : end + 2] == '"':
        end += 2
    return row[1:end].replace('""', '"') if end > 0 else ""


_READERS: dict[str, Callable[[Listing], list[str]]] = {
    LIST: _listed, SUMS: _summed, RECORD: _recorded,
}  # fmt: skip
FORMS = frozenset(_READERS)
