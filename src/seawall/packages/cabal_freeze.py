"""``cabal.project.freeze`` of Haskell.

Source: Cabal User Guide, "cabal freeze": a field ``constraints`` whose parts, between commas, are
``any.aeson ==2.0.3.0`` or flags (``aeson +ordered-keymap``). It tells neither what is direct nor
what needs what.
"""

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes, text_of
from seawall.text.lines import split_lines

_PIN = pattern(
    r"(?:any\.|setup\.|[\w-]+:setup\.)?([A-Za-z0-9][A-Za-z0-9-]*)\s*(==|[<>^]=?|\s)\s*(.+)"
)
_EXACT = pattern(r"[0-9]+(?:\.[0-9]+)*")
_FLAGS = pattern(r"\S+(?:\s+[+-][\w-]+)+")
_FIELD = pattern(r"([A-Za-z][A-Za-z0-9-]*)\s*:(.*)")
_NO_VERSION = ("installed", "source", "test", "bench")


def read(file: File) -> Contents:
    """The packages of a freeze file of Cabal."""
    notes = Notes()
    packages: dict[tuple[str, str], Package] = {}
    in_constraints = False
    for number, text in enumerate(split_lines(text_of(file.data)), 1):
        content = text.partition("--")[0]
        if (field := _FIELD.match(content)) is not None:
            in_constraints = field[1].lower() == "constraints"
            content = field[2]
        if not in_constraints:
            continue
        for part in filter(None, map(str.strip, content.split(","))):
            if _FLAGS.fullmatch(part):
                continue
            package = _package(part, number, notes)
            if package is not None:
                packages.setdefault((package.name, package.version), package)
    return Contents(tuple(packages.values()), notes.problems)


def _package(part: str, line: int, notes: Notes) -> Package | None:
    found = _PIN.fullmatch(part)
    if found is None:
        notes.add(part, "a name and a version are expected", line)
        return None
    name, operator, versions = found[1], found[2].strip(), found[3].strip()
    if not operator and versions in _NO_VERSION:
        if versions == "installed":
            notes.add(part, "its version is that of the compiler", line)
        return None
    is_exact = operator == "==" and _EXACT.fullmatch(versions) is not None
    if not notes.fits(name, versions, line):
        return None
    if is_exact:
        return Package("hackage", name, versions, line)
    return Package("hackage", name, line=line, constraint=f"{operator}{versions}")
