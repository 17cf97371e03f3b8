"""setup.cfg of setuptools: what a Python project asks for.

Source: https://setuptools.pypa.io/en/latest/userguide/declarative_config.html
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.core.package_key import python_name
from seawall.packages import pep508
from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes, public, text_of

_SECTION = pattern(r"\[([^\]]+)\]\s*")
_KEY = pattern(r"([^\s=:#;][^=:]*?)\s*[=:]\s*(.*)")
_LOCKS = ("poetry.lock", "uv.lock", "pdm.lock", "pylock.toml")
_EXTRAS = "options.extras_require"
_DEVELOPMENT = {"dev", "develop", "development", "test", "tests", "testing", "lint", "docs", "doc"}


class _Line(NamedTuple):
    """A line of a value and whose it is."""

    section: str
    key: str
    text: str
    number: int


def read(file: File) -> Contents:
    """What a setup.cfg asks for; nothing where a lock file says it better."""
    notes = Notes()
    project = ""
    packages = []
    for line in _values(text_of(file.data)):
        if (line.section, line.key) == ("metadata", "name"):
            project = python_name(line.text)
        kind = _kind(line)
        if kind is None:
            continue
        for text in line.text.split(";") if line.key == "setup_requires" else [line.text]:
            found = pep508.parse(text.strip()) if len(text) <= pep508.MAX_REQUIREMENT else None
            if found is None:
                notes.add(text, "it is no requirement of PEP 508", line.number)
            elif notes.fits(found.name, found.constraint, line.number):
                packages.append(Package(
                    "pypi", found.name, found.version, line.number,
                    direct=True, development=kind == "development", optional=kind == "optional",
                    constraint=found.constraint, download=public(found.address),
                ))  # fmt: skip
    if any(file.beside(name) is not None for name in _LOCKS):
        packages = []
    return Contents(tuple(packages), notes.problems, project)


def _values(text: str) -> Iterator[_Line]:
    """The lines of all values: beside their key, and below it where they are indented."""
    section = key = ""
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        line = raw.rstrip()
        if not line or line.lstrip()[0] in "#;":
            continue
        header = _SECTION.fullmatch(line)
        if header:
            section, key = header[1].strip(), ""
        elif line[0] in " \t":
            yield _Line(section, key, line.strip().partition(" #")[0].strip(), number)
        else:
            pair = _KEY.fullmatch(line[:2000])
            key = pair[1].strip().lower() if pair else ""
            if pair and pair[2]:
                yield _Line(section, key, pair[2], number)


def _kind(line: _Line) -> str | None:
    """What a value asks for packages for; ``None`` where it does not."""
    if line.section == "options":
        kinds = {
            "install_requires": "",
            "setup_requires": "development",
            "tests_require": "development",
        }
        return kinds.get(line.key)
    if line.section == _EXTRAS:
        return "development" if line.key in _DEVELOPMENT else "optional"
    return None
