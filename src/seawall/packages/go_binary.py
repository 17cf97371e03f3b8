"""What Go's linker notes in an executable: Go's version and every module that is linked in.

Source: Go's ``debug/buildinfo`` and ``runtime/debug.ParseBuildInfo``. Before Go 1.18 the note
holds two pointers to strings, since then the strings themselves.
"""

import shlex
import struct

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.packages.executables import Executable
from seawall.packages.go_versions import toolchain_version
from seawall.packages.package import Contents, Package
from seawall.packages.reading import Notes

MAGIC = b"\xff Go buildinf:"
_HEADER = 32
_ALIGNMENT = 16
_IS_BIG = 1
_IS_INLINE = 2
_MAX_TEXT = 16 * 1024 * 1024
_SENTINEL = 16
_RELEASE = pattern(r"v?(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)")
_VARIABLE = pattern(r"(?:.*[./])?(main|version|cmd|common|build|buildinfo)\.\w*[vV]ersion=(.*)")


class _Module(NamedTuple):
    """A line of the note."""

    path: str
    version: str
    replaced: "_Module | None" = None


def contents(executable: Executable, notes: Notes) -> Contents | None:
    """The modules of a Go program; ``None`` for what is none."""
    note = _note(executable)
    if note is None:
        return None
    version, text = note
    packages = []
    main, modules, settings = _parse(text)
    if main.path:
        packages.append(_package(main._replace(version=_main_version(main, settings)), notes))
    packages += [_package(module, notes) for module in modules]
    packages.append(_standard_library(version, notes))
    return Contents(tuple(package for package in packages if package), project=main.path)


def _note(executable: Executable) -> tuple[str, str] | None:
    """Go's version and the module information of an executable."""
    for data in _places(executable):
        at = data.find(MAGIC)
        while at >= 0 and at % _ALIGNMENT:
            at = data.find(MAGIC, at + 1)
        if at < 0:
            continue
        note = data[at:]
        if len(note) < _HEADER:
            return None
        if note[15] & _IS_INLINE:
            version, end = _inline(note, _HEADER)
            text, _ = _inline(note, end)
        else:
            order = ">" if note[15] & _IS_BIG else "<"
            size = note[14] if note[14] in (4, 8) else executable.pointer
            version = _pointed(executable, note[16 : 16 + size], order)
            text = _pointed(executable, note[16 + size : 16 + 2 * size], order)
        if not version:
            continue
        # The text stands between two marks of 16 bytes, by which a debugger finds it.
        is_marked = len(text) > 2 * _SENTINEL and text[-_SENTINEL - 1 : -_SENTINEL] == b"\n"
        inner = text[_SENTINEL:-_SENTINEL] if is_marked else b""
        return version.decode(errors="replace"), inner.decode(errors="replace")
    return None


def _places(executable: Executable) -> list[bytes]:
    """Where the note may stand: its own section, or the first that is written to."""
    found = executable.section(".go.buildinfo", "__go_buildinfo")
    if found is not None:
        return [found]
    return [executable.bytes_of(section) for section in executable.sections if section.writable][:8]


def _inline(note: bytes, at: int) -> tuple[bytes, int]:
    """A string that begins with its length, and where it ends."""
    length = shift = 0
    while at < len(note) and shift < 63:
        byte = note[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    length = min(length, _MAX_TEXT)
    return note[at : at + length], at + length


def _pointed(executable: Executable, raw: bytes, order: str) -> bytes:
    """The string whose header a pointer leads to."""
    word = "Q" if len(raw) == 8 else "I"
    try:
        address = struct.unpack(f"{order}{word}", raw)[0]
        header = executable.at(address, 2 * len(raw))
        start, length = struct.unpack(f"{order}2{word}", header)
    except struct.error:
        return b""
    return executable.at(start, min(length, _MAX_TEXT))


def _parse(text: str) -> tuple[_Module, list[_Module], dict[str, str]]:
    """The main module, those it needs, and the settings it was built with."""
    main = _Module("", "")
    modules: list[_Module] = []
    settings: dict[str, str] = {}
    is_main = False
    for line in text.split("\n"):
        kind, *words = line.split("\t")
        if kind in ("mod", "dep", "=>") and len(words) >= 2:
            module = _Module(words[0], words[1])
            if kind == "mod":
                main, is_main = module, True
            elif kind == "dep":
                modules.append(module)
                is_main = False
            elif is_main:
                main = main._replace(replaced=module)
            elif modules:
                modules[-1] = modules[-1]._replace(replaced=module)
        elif kind == "build" and words:
            key, _, value = words[0].partition("=")
            settings[key.strip('"')] = value
    return main, modules, settings


def _package(module: _Module, notes: Notes) -> Package | None:
    actual = module.replaced or module
    version = "" if actual.version == "(devel)" else actual.version
    is_directory = module.replaced is not None and not version
    name = module.path if is_directory else actual.path
    if not notes.fits(name, version):
        return None
    return Package(
        "golang", name, version, key=module.path, download=actual.path if is_directory else ""
    )


def _main_version(main: _Module, settings: dict[str, str]) -> str:
    """The version of the program: what Go has noted, or else what its makers have by ``-X``."""
    if main.version not in ("", "(devel)"):
        return main.version
    flags = settings.get("-ldflags", "")
    try:
        words = shlex.split(flags.strip('"').replace('\\"', '"'))
    except ValueError:
        words = flags.split()
    for word in words:
        found = _VARIABLE.fullmatch(word.removeprefix("-X=").removeprefix("-X"))
        release = _RELEASE.fullmatch(found[2]) if found else None
        if release:
            return f"v{release[1]}"
    return ""


def _standard_library(version: str, notes: Notes) -> Package:
    found = toolchain_version(version)
    if not found:
        notes.add(version, "it was built with no release of Go")
    return Package("golang", "stdlib", found)
