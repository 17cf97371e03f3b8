"""Which files Debian's packages brought: ``info/*.list``, ``info/*.md5sums``, ``diversions``.

Sources: dpkg's ``lib/dpkg/db-fsys-files.c``, ``db-fsys-digest.c`` and ``db-fsys-divert.c``;
deb-md5sums(5). A list names all paths; sums name no links, no directories and no configuration.
"""

from seawall.packages.package import Contents, File
from seawall.packages.reading import Notes
from seawall.packages.system import MAX_PATH, MAX_PATHS, Diversion, Facts, Holding

_SUM = 32
_NO_PATHS = ("", ".")


def read_list(file: File) -> Facts:
    """The paths of ``info/NAME.list``, one a line, each with a slash before it."""
    return _facts(file, [row.lstrip("/") for row in _rows(file.data)])


def read_sums(file: File) -> Facts:
    """The paths of ``NAME.md5sums``: a sum, two characters and a path."""
    rows = [row[_SUM + 2 :].lstrip("/") for row in _rows(file.data)]
    return _facts(file, [row.removeprefix("./") if row[:1] == "." else row for row in rows])


def read_diversions(file: File) -> Facts:
    """The diversions: three lines for each, the last of them ``:`` for one of nobody's."""
    rows = [row.strip("/") for row in file.data.decode("utf-8", "surrogateescape").split("\n")]
    rows = rows[: MAX_PATHS + 2]
    notes = Notes()
    triples = zip(rows[0::3], rows[1::3], rows[2::3], strict=False)
    found = tuple(
        Diversion(path, to, "" if package == ":" else package)
        for path, to, package in triples
        if path and to and package
    )
    left = [row for row in rows[3 * (len(rows) // 3) :] if row]
    if left:
        notes.add(left[0], "a diversion is not whole")
    return Facts(Contents((), notes.problems), diversions=found, shelf="deb")


def _rows(data: bytes) -> list[str]:
    return data.decode("utf-8", "surrogateescape").split("\n", MAX_PATHS)[:MAX_PATHS]


def _facts(file: File, paths: list[str]) -> Facts:
    name = file.path.rpartition("/")[2].rpartition(".")[0]
    if max(map(len, paths), default=0) > MAX_PATH:
        paths = [path for path in paths if len(path) <= MAX_PATH]
    kept = tuple([path for path in paths if path not in _NO_PATHS])  # quicker than a generator
    return Facts(holdings=(Holding(name, kept),), shelf="deb")
