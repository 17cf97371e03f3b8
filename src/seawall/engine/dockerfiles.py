"""Dockerfiles on their way through a scan."""

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from seawall.core.ignore import Ignore
from seawall.core.report import Failed, NotCovered
from seawall.dockerfile.names import (
    ignore_files,
    is_dockerfile,
    is_template,
    looks_like_dockerfile,
)
from seawall.sources import files
from seawall.sources.files import SourceFile

if TYPE_CHECKING:
    from seawall.dockerfile.context import BuildContext
    from seawall.dockerfile.rule import Surroundings

_OTHERS = (".yaml", ".yml", ".json")


def may_be(file: SourceFile) -> bool:
    """Whether a file is a Dockerfile going by its name."""
    return is_dockerfile(file.path)


def claims(file: SourceFile, data: bytes) -> bool:
    """Whether a file is a Dockerfile; what was named without a telling name, by its looks."""
    if is_dockerfile(file.path):
        return True
    return file.named and not file.path.endswith(_OTHERS) and looks_like_dockerfile(data)


def template(file: SourceFile) -> NotCovered | None:
    """The coverage entry of a file that a Dockerfile is made from."""
    if not is_template(file.path):
        return None
    return NotCovered(
        file.path,
        "Dockerfile template",
        "templates are not rendered by this version",
        "render it first and scan the result",
    )


def surroundings(file: SourceFile) -> "Surroundings":
    """The ignore file and the build context of a Dockerfile on disk."""
    from seawall.dockerfile.rule import ALONE, Surroundings  # noqa: PLC0415 - if there are any

    if file.real == files.STDIN:
        return ALONE
    directory = os.path.dirname(file.real)
    for real, shown in zip(ignore_files(file.real), ignore_files(file.path), strict=True):
        text = _ignore_text(real)
        if text is not None:
            return Surroundings(text, shown, lambda: _listing(directory))
    return Surroundings(None, ignore_files(file.path)[1], lambda: _listing(directory))


_IGNORE_LIMIT = 1024 * 1024


def _ignore_text(path: str) -> str | None:
    try:
        with open(path, "rb") as stream:
            return stream.read(_IGNORE_LIMIT).decode("utf-8-sig", "surrogateescape")
    except OSError:
        return None


@lru_cache(maxsize=256)
def _listing(directory: str) -> "BuildContext":
    """Dockerfiles of one directory share its listing for the length of a run."""
    from seawall.dockerfile.context import list_context  # noqa: PLC0415 - if there are any

    return list_context(directory or os.curdir)


def forget_listings() -> None:
    """Look at the directories anew, as each scan does."""
    _listing.cache_clear()


def state(around: "Surroundings", data: bytes) -> tuple[object, ...]:
    """What a verdict may rest on besides the file itself, for the key of a result."""
    if around.list_context is None:
        return ()
    copies = b"copy" in (lower := data.lower()) or b"add" in lower
    listing = around.list_context() if copies else None
    return (around.ignore_file, listing)


def problem(data: bytes, path: str) -> Failed | None:
    """Why bytes cannot be a Dockerfile at all."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Failed(path, 0, 0, "UTF-16 text: a Dockerfile must be UTF-8")
    if b"\0" in data[:8192]:
        return Failed(path, 0, 0, "binary file")
    return None


def ignores(data: bytes, path: str) -> Iterator[Ignore]:
    """The ignore comments of a Dockerfile."""
    from seawall.dockerfile.domain import ignores_of  # noqa: PLC0415 - if there are any

    yield from ignores_of(data, path)
