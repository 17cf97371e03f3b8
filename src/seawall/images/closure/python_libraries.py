"""The shared libraries that Python sources load by their names, without running them.

Sources: the manuals of ``ctypes`` (``CDLL``, ``cdll.LoadLibrary``, ``util.find_library``) and of
cffi (``ffi.dlopen``). ``find_library`` asks ``ldconfig -p`` on glibc (``Lib/ctypes/util.py``).
"""

from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.images.closure.keeper import Keeper, shown
from seawall.images.closure.linker import Linker, listed

_MARKS = (b"CDLL", b"LoadLibrary", b"dlopen", b"find_library")
_NAME = pattern(rb"""["']((?:/[\w./+-]{1,200}/)?lib[\w+.-]{1,100}?\.so(?:\.[0-9]{1,6}){0,4})["']""")
_FOUND = pattern(rb"""\bfind_library\(\s*["']([\w+.-]{1,100})["']""")
_MADE = pattern(rb"""\b(?:CDLL|LoadLibrary|dlopen|find_library)\(\s*[A-Za-z_(]""")
_NOT_MADE = pattern(rb"""\b(?:CDLL|dlopen)\(\s*None\b|\bdef\s+\w+\(""")


class Named(NamedTuple):
    """What one source loads."""

    names: tuple[str, ...] = ()
    """``libfoo.so.1`` or a path."""
    stems: tuple[str, ...] = ()
    """``foo``, of which the name is looked up when it runs."""
    made: bool = False
    """Whether it loads libraries and names none."""


_NONE = Named()


def libraries_of(source: bytes) -> Named:
    """The libraries that a source names; what is never loaded may be among them."""
    if not any(mark in source for mark in _MARKS):
        return _NONE
    names = dict.fromkeys(found[1].decode() for found in _NAME.finditer(source))
    stems = dict.fromkeys(found[1].decode() for found in _FOUND.finditer(source))
    made = not names and not stems and _is_made(source)
    return Named(tuple(names), tuple(stems), made)


def _is_made(source: bytes) -> bool:
    return any(
        _MADE.search(line) and not _NOT_MADE.search(line)
        for line in source.split(b"\n")
        if not line.lstrip().startswith(b"#")
    )


class Libraries:
    """Keeps what Python sources load."""

    def __init__(self, keeper: Keeper, linker: Linker) -> None:
        self._keeper = keeper
        self._linker = linker
        self._made: dict[str, None] = {}
        self._finders: list[str] = []

    def load(self, source: bytes, path: str, told: str, interpreter: str) -> None:
        """Keep the libraries of a source; ``told`` is what is told where their names are made."""
        found = libraries_of(source)
        program = self._keeper.find(interpreter) if found != _NONE else None
        if program is None:
            return
        reason = f"loaded by {shown(path)}"
        for name in found.names:
            self._linker.load(name, program.path, reason)
        for stem in found.stems:
            self._linker.load_any(stem, program.path, reason)
        if found.stems or b"find_library(" in source:
            self._finders.append(shown(path))
        if found.made:
            self._made[told] = None

    def take_finders(self) -> list[str]:
        """What asks for the names of libraries (``ldconfig -p``), since this was last asked."""
        found, self._finders = self._finders, []
        return found

    def tell(self) -> None:
        """Warn of what is not known. To be called when all is kept."""
        if self._made:
            self._keeper.warn(
                "Python loads shared libraries by names that are made at run time; include those "
                f"that are missing: {listed(list(self._made))}"
            )
