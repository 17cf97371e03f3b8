"""Python's installed packages: METADATA of ``*.dist-info`` and PKG-INFO of ``*.egg-info``.

Sources: https://packaging.python.org/en/latest/specifications/core-metadata/ and
https://packaging.python.org/en/latest/specifications/recording-installed-packages/; PEP 610
(``direct_url.json``).
"""

from seawall.core.package_key import python_name
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, json_of, public

_MAX_HEADERS = 1_000_000
_INSTALLED = ("site-packages", "dist-packages")


def read(file: File) -> Contents:
    """The package that a directory of metadata is of.

    Copies that a package brings along (``pip/_vendor``, ``setuptools/_vendor``) are part of it:
    advisories name that one, and what is counted twice is mended nowhere.
    """
    parts = file.path.split("/")
    if "_vendor" in parts:
        return Contents()
    notes = Notes()
    name, version, line = _headers(file.data)
    if not name:
        raise Unreadable("it tells no name")
    normal = python_name(name)
    address, is_editable = _address(file, notes)
    is_built_here = file.path.endswith(("PKG-INFO", ".egg-info")) and not _is_installed(parts)
    if is_editable or is_built_here:
        return Contents((), notes.problems, normal)  # the project itself
    if not notes.fits(normal, version, line):
        return Contents((), notes.problems)
    if not version:
        notes.add(name, "it has no version", line)
    is_requested = parts[-1] == "METADATA" and file.beside("REQUESTED") is not None
    package = Package(
        "pypi", normal, version, line, direct=is_requested or None, download=public(address)
    )
    return Contents((package,), notes.problems)


def _headers(data: bytes) -> tuple[str, str, int]:
    """Name, version and the line of the version; headers end where a line is empty."""
    name = version = ""
    line_of_version = 0
    text = data[:_MAX_HEADERS].decode(errors="replace")
    for number, raw in enumerate(text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n"), 1):
        if not raw:
            break
        key, colon, value = raw.partition(":")
        if colon and key.lower() == "name":
            name = name or value.strip()
        elif colon and key.lower() == "version" and not version:
            version, line_of_version = value.strip(), number
    return name, version, line_of_version


def _is_installed(parts: list[str]) -> bool:
    return any(part in _INSTALLED or part.endswith(".egg") for part in parts[:-1])


def _address(file: File, notes: Notes) -> tuple[str, bool]:
    """Where it was installed from when that is no index, and whether as a link to its sources."""
    data = file.beside("direct_url.json") if file.path.endswith("/METADATA") else None
    if data is None:
        return "", False
    try:
        table = json_of(data, notes)
    except Unreadable as error:
        notes.add("direct_url.json", f"it cannot be read: {error.reason}", error.line)
        return "", False
    directory = notes.table(table.get("dir_info"), "dir_info")
    url = notes.text(table.get("url"), "url")
    commit = notes.text(
        notes.table(table.get("vcs_info"), "vcs_info").get("commit_id"), "commit_id"
    )
    return (f"{url}#{commit}" if commit else url), directory.get("editable") is True
