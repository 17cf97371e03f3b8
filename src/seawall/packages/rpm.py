"""RPM's package databases: which packages are installed, and their files.

Sources: RPM's manual (headers, tags, "Database backends"); the package URL specification, type
``rpm``. The three backends differ in how they keep headers: ``rpm_sqlite``, ``rpm_ndb``,
``rpm_berkeley``. Distroless images of Azure Linux (CBL-Mariner) keep a list instead of a database.
"""

from collections.abc import Callable, Iterable

from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, text_of
from seawall.packages.rpm_header import (
    ARCH,
    EPOCH,
    MODULARITY_LABEL,
    NAME,
    RELEASE,
    SOURCERPM,
    VENDOR,
    VERSION,
    Broken,
    Header,
)
from seawall.packages.system import MAX_PATH, MAX_PATH_TEXT, MAX_PATHS, Facts, Holding

_KEY = "gpg-pubkey"
"""What RPM keeps signing keys as: no package."""
_NO_VALUE = "(none)"
_MAX_LINES = 200_000
MAX_PACKAGES = 100_000


def read_sqlite(file: File) -> Facts:
    """The packages of ``rpmdb.sqlite``."""
    from seawall.packages.rpm_sqlite import headers  # noqa: PLC0415 - sqlite3 is not at start-up

    return _facts(headers, file)


def read_ndb(file: File) -> Facts:
    """The packages of ``Packages.db``."""
    from seawall.packages.rpm_ndb import headers  # noqa: PLC0415 - as above

    return _facts(headers, file)


def read_berkeley(file: File) -> Facts:
    """The packages of ``Packages``."""
    from seawall.packages.rpm_berkeley import headers  # noqa: PLC0415 - as above

    return _facts(headers, file)


def _facts(headers: Callable[[File, Notes], Iterable[bytes]], file: File) -> Facts:
    notes = Notes()
    gathered = _Gathered(notes)
    try:
        for blob in headers(file, notes):
            if len(gathered.packages) >= MAX_PACKAGES:
                notes.add(file.path, f"there are more than {MAX_PACKAGES:,} packages")
                break
            gathered.take(blob)
    except Unreadable as error:
        if not gathered.packages:
            raise
        notes.add(file.path, f"it is broken, so not all packages are known: {error.reason}")
    contents = Contents(tuple(gathered.packages), notes.problems)
    return Facts(contents, tuple(gathered.holdings), shelf="rpm")


class _Gathered:
    """Packages and files while headers are read; files are limited over all of them."""

    def __init__(self, notes: Notes) -> None:
        self.packages: list[Package] = []
        self.holdings: list[Holding] = []
        self._notes = notes
        self._paths = MAX_PATHS
        self._text = MAX_PATH_TEXT

    def take(self, blob: bytes) -> None:
        """Take in one header; noted where it is none."""
        number = len(self.packages) + 1
        try:
            header = Header(blob)
        except Broken as error:
            self._notes.add(f"header after {number - 1} packages", str(error))
            return
        package = package_of(header, self._notes)
        if package is None:
            return
        key = f"{package.key}#{number}"  # several kernels are installed at once, say
        self.packages.append(package._replace(key=key))
        try:
            paths = self._files(header)
        except Broken as error:
            self._notes.add(package.name, str(error))
            return
        self.holdings.append(Holding(key, paths))

    def _files(self, header: Header) -> tuple[str, ...]:
        paths = header.paths(self._paths, self._text)
        self._paths -= len(paths)
        self._text -= sum(map(len, paths))
        if paths and (not min(paths) or max(map(len, paths)) > MAX_PATH):
            paths = [path for path in paths if 0 < len(path) <= MAX_PATH]
        return tuple(paths)


def package_of(header: Header, notes: Notes) -> Package | None:
    """The package of a header; ``None`` for a signing key, and noted where it cannot be one."""
    name, version, release = header.text(NAME), header.text(VERSION), header.text(RELEASE)
    if name == _KEY:
        return None
    architecture, label = header.text(ARCH), header.text(MODULARITY_LABEL)
    return _package(
        notes, name, version, release, header.number(EPOCH), architecture,
        header.text(SOURCERPM), header.text(VENDOR), label,
    )  # fmt: skip


def _package(
    notes: Notes, name: str, version: str, release: str, epoch: int | None, architecture: str,
    source_file: str, vendor: str, label: str = "", line: int = 0,
) -> Package | None:  # fmt: skip
    whole = f"{version}-{release}" if release else version
    if not notes.fits(name, whole, line):
        return None
    if not whole:
        notes.add(name, "it has no version", line)
    source, source_version = split_file_name(source_file)
    if epoch is not None:
        if source_version == whole:
            source_version = f"{epoch}:{whole}"
        whole = f"{epoch}:{whole}"
    qualifiers = (("arch", architecture), ("rpmmod", label))
    return Package(
        "rpm", name, whole, line, key=f"{name}-{whole}.{architecture}",
        qualifiers=tuple(item for item in qualifiers if item[1] and item[1] != _NO_VALUE),
        source=(source, source_version) if source and (source, source_version) != (name, whole)
        else ("", ""),
        supplier="" if vendor == _NO_VALUE else vendor,
    )  # fmt: skip


def split_file_name(name: str) -> tuple[str, str]:
    """Name and version of a source package by its file: ``bash-5.1-2.el9.src.rpm``."""
    for suffix in (".src.rpm", ".nosrc.rpm"):
        if name.endswith(suffix):
            parts = name.removesuffix(suffix).rsplit("-", 2)
            if len(parts) == 3 and all(parts):
                return parts[0], f"{parts[1]}-{parts[2]}"
    return "", ""


def read_manifest(file: File) -> Facts:
    r"""The packages of ``container-manifest-2``: ten columns with tabs between them.

    ``rpm -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\t%{INSTALLTIME}\t%{BUILDTIME}\t%{VENDOR}\t
    (none)\t%{SIZE}\t%{ARCH}\t%{EPOCHNUM}\t%{SOURCERPM}'``
    """
    notes = Notes()
    packages: list[Package] = []
    rows = text_of(file.data).split("\n", _MAX_LINES)
    for line, row in enumerate(rows[:_MAX_LINES], 1):
        columns = row.rstrip("\r").split("\t")
        if len(columns) < 2 or not columns[0]:
            if row.strip():
                notes.add(row, "columns with tabs between them are expected", line)
            continue
        columns += [""] * (10 - len(columns))
        name, whole, vendor, architecture = columns[0], columns[1], columns[4], columns[7]
        version, _, release = whole.partition("-")
        # EPOCHNUM is 0 where there is none, too.
        epoch = (
            int(columns[8])
            if columns[8].isascii() and columns[8].isdecimal() and len(columns[8]) < 11
            else 0
        )
        package = None
        if name != _KEY:
            package = _package(
                notes, name, version, release, epoch or None, architecture, columns[9], vendor,
                line=line,
            )  # fmt: skip
        if package is not None:
            packages.append(package)
    if not packages and not rows[0].strip() and len(rows) < 2:
        raise Unreadable("it names no package")
    return Facts(Contents(tuple(packages), notes.problems), shelf="rpm")
