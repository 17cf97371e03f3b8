"""Debian's package database: ``var/lib/dpkg/status``, ``status.d`` and those of opkg.

Sources: dpkg's ``lib/dpkg/parse.c`` and ``fields.c``, deb-control(5), dpkg-query(1) on states;
distroless keeps a file without ``Status`` for each package in ``status.d``. What an interrupted
dpkg has not yet put into ``status`` lies in ``updates``, a file for each change. Which files a
package brought stands beside: ``dpkg_files``.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes
from seawall.packages.system import Facts

_MAX_STANZAS = 100_000
"""All of Debian has 65,000 packages."""
_MAX_VALUE = 2000
_MAX_STANZA = 1_000_000
"""Characters of an entry that are looked at; conffiles make some 20,000 of the longest."""
_GONE = frozenset(("not-installed", "config-files"))
"""States without files, but for configuration that outlives its package."""
_WHOLE = frozenset((
    "installed", "triggers-pending", "triggers-awaited", "half-configured", "unpacked",
))  # fmt: skip
"""States in which all files are there, though a script may still have to run."""
_GAP = pattern(rb"\n\n+")
_FIELDS = ("Package", "Version", "Status", "Architecture", "Source", "Maintainer", "Essential")
_FIELD = pattern(rf"\n({'|'.join(_FIELDS)}):[ \t]*([^\n]*)")
_ANY_FIELD = pattern(r"\n([A-Za-z]+)[ \t]*:[ \t]*([^\n]*)")
"""dpkg reads the names of fields in any case."""
_SOURCE = pattern(r"(\S+)(?:\s+\(([^()\s]+)\))?")


class Stanza(NamedTuple):
    """The fields of one package that matter here; empty where there are none."""

    line: int
    package: str
    version: str
    status: str
    architecture: str
    source: str
    maintainer: str
    essential: str


def read(file: File) -> Facts:
    """The packages of a status file that are installed, whole or in part."""
    return read_as(file, "deb")


def read_opkg(file: File) -> Facts:
    """The same of opkg, whose packages are of OpenWrt and Yocto."""
    return read_as(file, "opkg")


def read_as(file: File, type_: str) -> Facts:
    """The same, for a type of package URL."""
    notes = Notes()
    packages: list[Package] = []
    essential: list[str] = []
    gone: list[str] = []
    is_single = "/status.d/" in file.path
    for stanza in _stanzas(file.data, notes):
        if not stanza.package:
            notes.add(stanza.version, "it has no field Package", stanza.line)
            continue
        if not stanza.status and not is_single:
            notes.add(stanza.package, "it has no field Status: taken as installed", stanza.line)
        state = stanza.status.rpartition(" ")[2].lower() if stanza.status else "installed"
        if state in _GONE:
            gone.append(_key(stanza))
            continue
        if not notes.fits(stanza.package, stanza.version, stanza.line):
            continue
        if not stanza.version:
            notes.add(stanza.package, "it has no version", stanza.line)
        if state not in _WHOLE:
            reason = f"it is in the state {state}: not all of it may be there"
            notes.add(stanza.package, reason, stanza.line)
        packages.append(_package(stanza, type_))
        if stanza.essential.lower() == "yes":
            essential.append(packages[-1].key)
    if not packages and not notes.problems and file.data.strip() and b"Package:" not in file.data:
        raise Unreadable("it names no package")
    contents = Contents(tuple(packages), notes.problems)
    return Facts(contents, gone=tuple(gone), essential=tuple(essential), shelf=type_)


def _key(stanza: Stanza) -> str:
    return f"{stanza.package}:{stanza.architecture}"


def _package(stanza: Stanza, type_: str) -> Package:
    source = ("", "")
    found = _SOURCE.fullmatch(stanza.source) if stanza.source else None
    if found:
        source = (found[1], found[2] or stanza.version)
    own = (stanza.package, stanza.version)
    return Package(
        type_, stanza.package, stanza.version, stanza.line,
        key=_key(stanza),
        qualifiers=(("arch", stanza.architecture),) if stanza.architecture else (),
        source=("", "") if source == own else source,
        supplier=stanza.maintainer,
    )  # fmt: skip


def _stanzas(data: bytes, notes: Notes) -> Iterator[Stanza]:
    """The stanzas of a file; what stands between two of them is a line with nothing on it."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    at, line = 0, 1
    for number, (start, end) in enumerate(_gaps(data)):
        if number >= _MAX_STANZAS:
            notes.add(f"line {line}", f"there are more than {_MAX_STANZAS:,} entries")
            return
        text = data[at:start].decode("utf-8", "replace")
        bare = text.lstrip("\n") if at == 0 else text
        if bare:
            yield _stanza(f"\n{bare[:_MAX_STANZA]}", line + len(text) - len(bare))
        line += text.count("\n") + end - start
        at = end


def _gaps(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each stanza ends and the next one begins."""
    yield from (found.span() for found in _GAP.finditer(data))
    yield len(data), len(data)


def _stanza(text: str, line: int) -> Stanza:
    """A stanza, given with a line break before it; of fields that stand twice the first counts."""
    found = dict(_FIELD.findall(text)[::-1])
    if "Package" not in found or ("Version" not in found and "\nversion:" in text.lower()):
        found = {
            name: value for field, value in _ANY_FIELD.findall(text)[::-1]
            if (name := field.capitalize()) in _FIELDS
        }  # fmt: skip
    return Stanza(line, *(found.get(name, "").rstrip()[:_MAX_VALUE] for name in _FIELDS))
