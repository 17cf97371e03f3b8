"""Which files a package of Python brought: ``*.dist-info/RECORD``.

Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages/: rows of
a path, a hash and a size, separated by commas; paths are relative to ``site-packages``.
"""

from posixpath import normpath

from seawall.packages.package import File
from seawall.packages.system import MAX_PATH, MAX_PATHS, Facts, Holding


def read(file: File) -> Facts:
    """The paths of a ``RECORD``; the package is called by its directory, ``a/b-1.0.dist-info``."""
    directory = file.path.rpartition("/")[0]
    base = f"{directory.rpartition('/')[0]}/" if "/" in directory else ""
    paths = []
    for row in file.data.decode("utf-8", "surrogateescape").split("\n", MAX_PATHS)[:MAX_PATHS]:
        path = _first_field(row)
        if path and len(path) <= MAX_PATH:
            whole = path if path[0] == "/" else base + path
            whole = normpath(whole) if "." in whole and "./" in whole else whole
            if not whole.startswith("../"):
                paths.append(whole.lstrip("/"))
    return Facts(holdings=(Holding(directory, tuple(paths)),), shelf="pypi")


def _first_field(row: str) -> str:
    """The first field of a row of comma-separated values; quotes within it are doubled."""
    if row[:1] != '"':
        return row.partition(",")[0].rstrip("\r")
    end = 1
    while (end := row.find('"', end)) >= 0 and row[end + 1 : end + 2] == '"':
        end += 2
    return row[1:end].replace('""', '"') if end > 0 else ""
