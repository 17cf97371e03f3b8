"""Files for readers, made of texts."""

import os
from textwrap import dedent

from seawall.packages.formats import format_of
from seawall.packages.package import Contents, File, Package


def file(path: str, text: str | bytes, beside: dict[str, str] | None = None) -> File:
    """A file and those that lie beside it."""
    others = {
        os.path.normpath(name): dedent(value).encode() for name, value in (beside or {}).items()
    }
    data = text if isinstance(text, bytes) else dedent(text).encode()
    return File(path, data, lambda name: others.get(os.path.normpath(name)))


def read(path: str, text: str | bytes, beside: dict[str, str] | None = None) -> Contents:
    """What the reader of a path makes of a text."""
    found = format_of(path)
    assert found is not None, path
    return found.read(file(path, text, beside))


def by_name(contents: Contents) -> dict[str, Package]:
    """The packages by name; there must be one of each."""
    result = {package.name: package for package in contents.packages}
    assert len(result) == len(contents.packages), "a name stands twice"
    return result


def versions(contents: Contents) -> list[tuple[str, str]]:
    """Names and versions, in their order."""
    return [(package.name, package.version) for package in contents.packages]


def brings(package: Package) -> list[str]:
    """The keys of what a package brings in."""
    return [requirement.key for requirement in package.requires]
