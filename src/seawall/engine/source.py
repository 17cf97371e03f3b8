"""Where the files of a scan come from: the disk, or what stands for it."""

import os
from collections.abc import Iterator, Mapping
from typing import Protocol

from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Failed
from seawall.engine.options import Options
from seawall.sources import files
from seawall.sources.files import SourceFile

_LARGEST = 512 * 1024 * 1024
"""Bytes of an archive or a program that is looked into."""


class Source(Protocol):
    """Where files come from: the file system, or a commit."""

    def discover(self) -> Iterator[files.Found]:
        """Every file of the targets, and what is left out."""

    def read(self, file: SourceFile) -> bytes | Failed:
        """The bytes of a file."""

    def read_large(self, file: SourceFile) -> bytes | Failed:
        """The bytes of an archive or a program, which may be larger than other files."""

    def is_executable(self, file: SourceFile) -> bool:
        """Whether a file is a program in a format that may tell what it is made of."""

    def sibling(self, file: SourceFile, name: str) -> bytes | None:
        """The bytes of another file, its name relative to the directory of the first.

        ``None`` when it is not there, too large, or neither within the targets nor beside them.
        """

    @property
    def beside(self) -> Mapping[str, bytes]:
        """Bytes of files that are not as they stand on disk, by where they are."""


class FileSystem(NamedTuple):
    """The targets as they stand on disk."""

    options: Options

    def discover(self) -> Iterator[files.Found]:
        """Every file of the targets, and what is left out."""
        options = self.options
        return files.discover(
            options.targets, options.context, gitignore=options.gitignore, exclude=options.exclude
        )

    def read(self, file: SourceFile) -> bytes | Failed:
        """The bytes of a file."""
        return files.read(file, self.options.max_file_size)

    def read_large(self, file: SourceFile) -> bytes | Failed:
        """The bytes of an archive or a program."""
        return files.read(file, max(_LARGEST, self.options.max_file_size))

    def is_executable(self, file: SourceFile) -> bool:
        """Whether a file that may be run, or was named, begins as a program does."""
        base = file.path[file.path.rfind("/") + 1 :]
        if ("." in base and not (file.named or base.endswith(".exe"))) or file.real == files.STDIN:
            return False
        if not (file.named or base.endswith(".exe") or os.access(file.real, os.X_OK)):
            return False
        if not os.path.isfile(file.real):
            return False  # to open a FIFO is to wait for who writes to it
        from seawall.packages.executables import is_executable  # noqa: PLC0415 - if there are any

        try:
            with open(file.real, "rb") as stream:
                return is_executable(stream.read(8))
        except OSError:
            return False  # reading it will say so

    def sibling(self, file: SourceFile, name: str) -> bytes | None:
        """The bytes of another file; links are followed only within the targets."""
        if file.real == files.STDIN or "\0" in name:
            return None
        options = self.options
        path = os.path.realpath(os.path.join(os.path.dirname(file.real), name))
        around = (os.path.dirname(file.real) or os.curdir, *options.targets)
        roots = (os.path.realpath(root) for root in around)
        if not any(path.startswith(os.path.join(root, "")) for root in roots):
            return None
        if not os.path.isfile(path):
            return None
        found = files.read(file._replace(real=path), options.max_file_size)
        return None if isinstance(found, Failed) else found

    @property
    def beside(self) -> Mapping[str, bytes]:
        """None: the disk tells."""
        return {}
