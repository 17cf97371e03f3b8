"""Which files Debian's packages brought: ``info/*.list``, ``info/*.md5sums``, ``diversions``.

Sources: dpkg's ``lib/dpkg/db-fsys-files.c``, ``db-fsys-digest.c`` and ``db-fsys-divert.c``;
deb-md5sums(5). A list names all paths; sums name no links, no directories and no configuration.
"""

from seawall.packages.listings import LIST, SUMS, Listing
from seawall.packages.package import Contents, File
from seawall.packages.reading import Notes
from seawall.packages.system import MAX_PATHS, Diversion, Facts


def read_list(file: File) -> Facts:
    """The paths of ``info/NAME.list``, one a line, each with a slash before it."""
    return _facts(file, LIST)


def read_sums(file: File) -> Facts:
    """The paths of ``NAME.md5sums``: a sum, two characters and a path."""
    return _facts(file, SUMS)


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


def _facts(file: File, form: str) -> Facts:
    name = file.path.rpartition("/")[2].rpartition(".")[0]
    return Facts(holdings=(Listing(name, form, file.data),), shelf="deb")
