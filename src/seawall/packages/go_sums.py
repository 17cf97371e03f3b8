"""go.sum: hashes of modules and of their go.mod files.

Source: https://go.dev/ref/mod#go-sum-files. Versions that were once looked at stay in it; where a
module is there with several, the highest whose archive was needed is the one that is built with.
"""

from seawall.core.named_tuple import NamedTuple
from seawall.packages.go_versions import Order, order
from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes, text_of


class Module(NamedTuple):
    """A module and the line of its archive's hash."""

    path: str
    version: str
    line: int


def newest(text: str, notes: Notes) -> list[Module]:
    """Each module whose archive has a hash, in its highest version."""
    found: dict[str, tuple[Order, Module]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words or (len(words) == 3 and words[1].endswith("/go.mod")):
            continue
        place = order(words[1]) if len(words) == 3 else None
        if place is None:
            notes.add(line, "it is no module, version and hash", number)
        elif notes.fits(words[0], words[1], number):
            module = Module(words[0], words[1], number)
            if module.path not in found or found[module.path][0] < place:
                found[module.path] = place, module
    return [module for _, module in found.values()]


def read(file: File) -> Contents:
    """The modules of a go.sum that no go.mod lies beside."""
    if file.beside("go.mod") is not None:
        return Contents()
    notes = Notes()
    return Contents(
        tuple(
            Package("golang", module.path, module.version, module.line)
            for module in newest(text_of(file.data), notes)
        ),
        notes.problems,
    )
