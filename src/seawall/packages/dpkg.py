"""Debian's package database: ``var/lib/dpkg/status``, ``status.d`` and those of opkg.

Sources: dpkg's ``lib/dpkg/parse.c`` and ``fields.c``, deb-control(5), dpkg-query(1) on states;
distroless keeps a file without ``Status`` for each package in ``status.d``. Which files a package
brought stands beside: ``dpkg_files``.
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
_MAX_FIELDS = 10_000
_GONE = frozenset(("not-installed", "config-files"))
"""States without files, but for configuration that outlives its package."""
_WHOLE = frozenset(("installed", "triggers-pending", "triggers-awaited"))
_GAP = pattern(rb"\n(?:\r?\n)+")
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
    is_single = "/status.d/" in file.path
    for stanza in _stanzas(file.data, notes):
        if not stanza.package:
            notes.add(stanza.version, "it has no field Package", stanza.line)
            continue
        if not stanza.status and not is_single:
            notes.add(stanza.package, "it has no field Status: taken as installed", stanza.line)
        state = stanza.status.rpartition(" ")[2].lower() if stanza.status else "installed"
        if state in _GONE or not notes.fits(stanza.package, stanza.version, stanza.line):
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
    return Facts(contents, essential=tuple(essential), shelf=type_)


def _package(stanza: Stanza, type_: str) -> Package:
    source = ("", "")
    found = _SOURCE.fullmatch(stanza.source) if stanza.source else None
    if found:
        source = (found[1], found[2] or stanza.version)
    own = (stanza.package, stanza.version)
    return Package(
        type_, stanza.package, stanza.version, stanza.line,
        key=f"{stanza.package}:{stanza.architecture}",
        qualifiers=(("arch", stanza.architecture),) if stanza.architecture else (),
        source=("", "") if source == own else source,
        supplier=stanza.maintainer,
    )  # fmt: skip


def _stanzas(data: bytes, notes: Notes) -> Iterator[Stanza]:
    """The stanzas of a file; what stands between two of them is a line with nothing on it."""
    at, line = 0, 1
    for number, (start, end) in enumerate(_gaps(data)):
        if number >= _MAX_STANZAS:
            notes.add(f"line {line}", f"there are more than {_MAX_STANZAS:,} entries")
            return
        text = data[at:start].decode("utf-8", "replace")
        lines = text.count("\n")
        if not text or text[0] in "\r\n":
            text = text.lstrip("\r\n")
        if text:
            yield _stanza(f"\n{text}", line + lines - text.count("\n") if at == 0 else line)
        line += lines + data.count(b"\n", start, end)
        at = end


def _gaps(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each stanza ends and the next one begins."""
    yield from (found.span() for found in _GAP.finditer(data))
    yield len(data), len(data)


_FIELDS = ("Package", "Version", "Status", "Architecture", "Source", "Maintainer", "Essential")
_MARKS = tuple(f"\n{name}:" for name in _FIELDS)


def _stanza(text: str, line: int) -> Stanza:
    """A stanza, given with a line break before it: fields are looked for, not split (5 times)."""
    values = []
    find = text.find
    for mark in _MARKS:
        start = find(mark)
        if start < 0:
            values.append("")
        else:
            start += len(mark)
            end = find("\n", start)
            value = text[start:end] if end >= 0 else text[start:]
            values.append(value.strip()[:_MAX_VALUE])
    if not values[0] or (not values[1] and "\nversion:" in text.lower()):
        values = _in_any_case(text)
    return Stanza(line, *values)


def _in_any_case(text: str) -> list[str]:
    """The same of fields that are written in another case, which dpkg reads as well."""
    found: dict[str, str] = {}
    for row in text.split("\n", _MAX_FIELDS)[:_MAX_FIELDS]:
        name, colon, value = row[:_MAX_VALUE].partition(":")
        if colon and name[:1] not in (" ", "\t"):
            found.setdefault(name.lower(), value.strip())
    return [found.get(name.lower(), "") for name in _FIELDS]
