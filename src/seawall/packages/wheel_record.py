"""Which files a package of Python brought: ``*.dist-info/RECORD``.

Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages/: rows of
a path, a hash and a size, separated by commas; paths are relative to ``site-packages``.
"""

from seawall.packages.listings import RECORD, Listing
from seawall.packages.package import File
from seawall.packages.system import Facts


def read(file: File) -> Facts:
    """The paths of a ``RECORD``; the package is called by its directory, ``a/b-1.0.dist-info``."""
    directory = file.path.rpartition("/")[0]
    return Facts(holdings=(Listing(directory, RECORD, file.data),), shelf="pypi")
