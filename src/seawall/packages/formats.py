"""Every format packages are read from: its files' names and the module that reads it.

A format is one module with ``read(file: File) -> Contents``, which raises ``Unreadable``; it is
imported when the first such file is met. To add one, write the module and a line here.
"""

import os
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from typing import NamedTuple

from seawall.packages.package import Contents, File


class Format(NamedTuple):
    """One format."""

    name: str
    """What reports call it: ``package-lock.json``, ``Cargo.lock``, ``wheel metadata``."""
    module: str
    """The module of ``seawall.packages`` that reads it."""
    names: tuple[str, ...]
    """Globs of file names; with ``/`` in them, of the end of the path."""
    installed: bool = False
    """Whether it tells what is installed, not what a project asks for."""

    def claims(self, path: str) -> bool:
        """Whether a file of this path is one of this format."""
        base = os.path.basename(path)
        return any(
            fnmatchcase(f"/{path}", f"*/{name}") if "/" in name else fnmatchcase(base, name)
            for name in self.names
        )

    @property
    def read(self) -> Callable[[File], Contents]:
        """The format's reader."""
        return _reader(self.module)


@cache
def _reader(module: str) -> Callable[[File], Contents]:
    read: Callable[[File], Contents] = import_module(f"seawall.packages.{module}").read
    return read


FORMATS: tuple[Format, ...] = ()


def format_of(path: str) -> Format | None:
    """The format of a file, going by its path."""
    return next((format_ for format_ in FORMATS if format_.claims(path)), None)
