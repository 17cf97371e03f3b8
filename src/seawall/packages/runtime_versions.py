"""Files that say which runtime a project is for: ``.python-version``, ``.tool-versions``.

Sources: the manuals of pyenv, nvm, nodenv, rbenv, jenv, asdf and mise; Heroku's ``runtime.txt``.
A file of one runtime holds its version, a line each where there are several; ``.tool-versions``
holds a name and versions on each line. What is an alias (``lts/*``, ``system``) is no version.
"""

import os
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package, Problem
from seawall.packages.reading import Notes
from seawall.text.decoding import Undecodable, decode

_RUNTIMES = {
    ".python-version": "python", ".nvmrc": "nodejs", ".node-version": "nodejs",
    ".ruby-version": "ruby", ".java-version": "java", ".go-version": "go", ".php-version": "php",
}  # fmt: skip
_TOOLS = {
    "python": "python", "nodejs": "nodejs", "node": "nodejs", "ruby": "ruby", "golang": "go",
    "go": "go", "php": "php", "erlang": "erlang", "elixir": "elixir", "perl": "perl",
    "dotnet": "dotnet", "dotnet-core": "dotnet", "java": "java", "rust": "rust",
}  # fmt: skip
_VERSION = pattern(r"(?:[a-z]+-)?v?([0-9](?:[.-]?[a-z0-9])*)")
_MOST_LINES = 1000


def read(file: File) -> Contents:
    """The runtimes that a file names."""
    text = decode(file.data)
    if isinstance(text, Undecodable):
        return Contents(problems=(Problem("the file", text.reason, text.line),))
    packages: list[Package] = []
    notes = Notes()
    for number, name, version in _named(os.path.basename(file.path), text):
        found = _VERSION.fullmatch(version.lower())
        if found is None:
            notes.add(f"{name} {version}", "an alias, not a version: it may be any", number)
        elif notes.fits(name, found[1], number):
            packages.append(Package("generic", name, found[1], line=number, direct=True))
    return Contents(tuple(packages), notes.problems)


def _named(base: str, text: str) -> Iterator[tuple[int, str, str]]:
    """Line, runtime and version as they are written."""
    for number, line in enumerate(text.splitlines()[:_MOST_LINES], 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if base in _RUNTIMES:
            yield number, _RUNTIMES[base], words[0]
        elif base == "runtime.txt":
            name, _, version = words[0].partition("-")
            if name in _TOOLS and version:
                yield number, _TOOLS[name], version
        elif words[0] in _TOOLS:
            for version in words[1:]:
                yield number, _TOOLS[words[0]], version
