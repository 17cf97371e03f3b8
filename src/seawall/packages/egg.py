"""Eggs that are zip archives: ``NAME-VERSION-py3.9.egg`` with ``EGG-INFO/PKG-INFO`` in it.

Source: https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html
"""

from seawall.packages import dist_info
from seawall.packages.archives import Archive, Budget, Refused
from seawall.packages.package import Contents, File, Unreadable

_METADATA = "EGG-INFO/PKG-INFO"
_MAX_METADATA = 2_000_000


def read(file: File) -> Contents:
    """The package of an egg."""
    archive = Archive(file.data, Budget(_MAX_METADATA))
    if _METADATA not in archive:
        raise Unreadable("it has no EGG-INFO/PKG-INFO")
    try:
        data = archive.read(_METADATA, _MAX_METADATA)
    except Refused as error:
        raise Unreadable(f"{_METADATA}: {error}") from None
    return dist_info.read(File(f"{file.path}/{_METADATA}", data))
