"""The package databases of what is kept: packages of which nothing is left are taken out.

Scanners tell from the database what is in an image. As it was, it would tell of packages that are
gone; without one they see nothing. Sources: ``packages.dpkg``, ``packages.apk``,
``packages.pacman`` and what they name; distroless' ``status.d``.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.images.closure.keeper import Keeper, shown
from seawall.packages.dpkg_files import read_diversions
from seawall.packages.package import File
from seawall.packages.system import Diversion
from seawall.sources.images.entry import DIRECTORY

_REASON = "the database of packages, with those that are left"
_MOST = 512 << 20
_DPKG = "var/lib/dpkg"
_APK = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
_PACMAN = "var/lib/pacman/local"
_PORTAGE = "var/db/pkg"
_RPM = ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
_GAP = pattern(rb"\n\n+")
_NAME = pattern(rb"(?im)^Package:[ \t]*(\S+)")
_ARCHITECTURE = pattern(rb"(?im)^Architecture:[ \t]*(\S+)")
_INFO = (".list", ".md5sums")


class Kept(NamedTuple):
    """What the databases come to."""

    replaced: dict[str, bytes]
    """Files with other contents than they had."""
    packages: int
    """How many are left."""


def keep(keeper: Keeper) -> Kept:
    """Keep the databases. To be called when all else is kept."""
    replaced: dict[str, bytes] = {}
    databases = _Databases(keeper, replaced)
    count = databases.dpkg() + databases.status_directory() + databases.apk()
    count += databases.directories(_PACMAN, 1, "files") + databases.directories(
        _PORTAGE, 2, "CONTENTS"
    )
    for place in _RPM:
        found = keeper.find(place)
        if found is not None and found.kind is DIRECTORY and keeper.names(place):
            keeper.keep_tree(place, "the database of packages, as it was")
            keeper.warn(
                f"{shown(place)} is kept as it was: it still tells of packages that are gone"
            )
    return Kept(replaced, count)


class _Databases:
    def __init__(self, keeper: Keeper, replaced: dict[str, bytes]) -> None:
        self._keeper = keeper
        self._replaced = replaced
        self._files = frozenset(path for path in keeper.reasons if not self._is_directory(path))
        self._names = frozenset(path.rpartition("/")[2] for path in self._files)
        self._directories: dict[str, str] = {}

    def _is_directory(self, path: str) -> bool:
        """Whether a path is a directory, or a link to one: ``lib`` of a merged ``/usr``.

        Of those that packages list nothing tells that something of a package is left.
        """
        found = self._keeper.find(path)
        if found is None:
            return self._keeper.root.get(path) is None
        return found.kind is DIRECTORY

    def _actual(self, path: str) -> str:
        """A path of a list, with the links of directories on the way to it followed."""
        above, _, name = path.strip("/").rpartition("/")
        known = self._directories.get(above)
        if known is None:
            found = self._keeper.find(above) if above else None
            known = self._directories[above] = found.path if found is not None else above
        return f"{known}/{name}" if known else name

    def _is_kept(self, path: str) -> bool:
        return path.rpartition("/")[2] in self._names and self._actual(path) in self._files

    def _replace(self, path: str, data: bytes) -> None:
        found = self._keeper.keep(path, _REASON)
        if found is not None:
            self._replaced[found.path] = data

    def _read(self, path: str) -> bytes | None:
        found = self._keeper.find(path)
        if found is None or not found.is_file:
            return None
        return self._keeper.root.read(found.path, _MOST)

    # dpkg.

    def dpkg(self) -> int:
        """``status``, and of each package that is left its list of files."""
        status = self._read(f"{_DPKG}/status")
        if status is None:
            return 0
        moved = self._diversions()
        by_name = self._info_files()
        kept: list[bytes] = []
        for stanza in _GAP.split(status.strip(b"\n")):
            name, key = _names_of(stanza)
            files = by_name.get(key) or by_name.get(name) or {}
            listed = files.get(".list")
            if listed is not None and self._keep_list(listed, files.get(".md5sums"), name, moved):
                kept.append(stanza)
        self._replace(f"{_DPKG}/status", b"".join(stanza + b"\n\n" for stanza in kept))
        for name in ("diversions", "arch", "info/format"):
            self._keeper.keep(f"{_DPKG}/{name}", _REASON)
        updates = self._keeper.names(f"{_DPKG}/updates")
        if any(name.isdigit() for name in updates):
            self._keeper.keep_tree(f"{_DPKG}/updates", _REASON)
            self._keeper.warn(f"{shown(_DPKG)}/updates: dpkg was interrupted; run dpkg --configure")
        return len(kept)

    def _info_files(self) -> dict[str, dict[str, str]]:
        """The files of ``info`` by what they are of: ``libc6:amd64`` or ``bash``, and their end."""
        found: dict[str, dict[str, str]] = {}
        for name in self._keeper.names(f"{_DPKG}/info"):
            for end in _INFO:
                if name.endswith(end):
                    stem = name.removesuffix(end)
                    found.setdefault(stem, {})[end] = f"{_DPKG}/info/{name}"
        return found

    def _diversions(self) -> dict[str, Diversion]:
        data = self._read(f"{_DPKG}/diversions")
        if data is None:
            return {}
        return {each.path: each for each in read_diversions(File("diversions", data)).diversions}

    def _keep_list(
        self, listed: str, sums: str | None, package: str, moved: dict[str, Diversion]
    ) -> bool:
        """Keep of a package's list what is left; tells whether anything is but directories."""
        rows = (self._read(listed) or b"").decode("utf-8", "surrogateescape").split("\n")

        def is_kept(path: str) -> bool:
            other = moved.get(path)
            place = other.to if other is not None and other.package != package else path
            return self._is_kept(place)

        files = {row for row in rows if row.strip("/.") and is_kept(row.strip("/"))}
        if not files:
            return False
        above = [row for row in rows if row and (row in files or self._is_kept_directory(row))]
        text = "".join(f"{row}\n" for row in above)
        self._replace(listed, text.encode("utf-8", "surrogateescape"))
        data = self._read(sums) if sums is not None else None
        if sums is not None and data is not None:
            lines = data.splitlines(keepends=True)
            left = [
                line for line in lines
                if is_kept(line[34:].decode("utf-8", "surrogateescape").strip("\n/"))
            ]  # fmt: skip
            self._replace(sums, b"".join(left))
        return True

    def _is_kept_directory(self, row: str) -> bool:
        path = row.strip("/")
        return path == "." or path in self._keeper.reasons

    def status_directory(self) -> int:
        """``status.d`` of distroless: a file for each package, with the sums of its files."""
        place = f"{_DPKG}/status.d"
        names = self._keeper.names(place)
        count = 0
        for name in sorted(names):
            if name.endswith(".md5sums"):
                continue
            sums = f"{place}/{name}.md5sums"
            data = self._read(sums)
            if data is None:
                self._keeper.keep(f"{place}/{name}", "a package; what it brought is not told")
                count += 1
                continue
            left = [
                line
                for line in data.splitlines(keepends=True)
                if self._is_kept(line[34:].decode("utf-8", "surrogateescape").strip("\n"))
            ]
            if left:
                self._keeper.keep(f"{place}/{name}", _REASON)
                self._replace(sums, b"".join(left))
                count += 1
        return count

    # Others.

    def apk(self) -> int:
        """Alpine's database: entries, and in them the files that are left."""
        count = 0
        for place in _APK:
            data = self._read(place)
            if data is None:
                continue
            entries = [
                kept
                for entry in _GAP.split(data.strip(b"\n"))
                if (kept := self._apk_entry(entry)) is not None
            ]
            self._replace(place, b"".join(entry + b"\n\n" for entry in entries))
            count += len(entries)
        return count

    def _apk_entry(self, entry: bytes) -> bytes | None:
        """An entry with what is left of its files; ``None`` where nothing is."""
        lines: list[bytes] = []
        has_file = False
        directory, waiting = "", list[bytes]()
        taken = False
        for line in entry.split(b"\n"):
            kind, value = line[:2], line[2:].decode("utf-8", "surrogateescape")
            if kind == b"F:":
                directory, waiting, taken = value, [line], False
            elif kind == b"M:" and waiting:
                waiting.append(line)
            elif kind == b"R:":
                taken = self._is_kept(f"{directory}/{value}")
                if taken:
                    has_file = True
                    lines += [*waiting, line]
                    waiting = []
            elif kind in (b"a:", b"Z:") and directory:
                lines += [line] if taken else []
            else:
                lines.append(line)
        if not has_file:
            return None
        return b"\n".join(lines)

    def directories(self, top: str, depth: int, listing: str) -> int:
        """Databases with a directory for each package: pacman's and portage's."""
        count = 0
        for place in self._below(top, depth):
            data = self._read(f"{place}/{listing}")
            if data is None:
                continue
            rows = data.decode("utf-8", "surrogateescape").splitlines()
            if any(self._is_kept(path) for row in rows if (path := _path_in(row, listing))):
                self._keeper.keep_tree(place, _REASON)
                count += 1
        if count:
            self._keeper.keep(f"{top}/ALPM_DB_VERSION", _REASON)
        return count

    def _below(self, top: str, depth: int) -> Iterator[str]:
        for name in sorted(self._keeper.names(top)):
            if depth == 1:
                yield f"{top}/{name}"
            else:
                yield from self._below(f"{top}/{name}", depth - 1)


def _names_of(stanza: bytes) -> tuple[str, str]:
    """What the files of a package are called after: its name, and that with the architecture."""
    name, architecture = _NAME.search(stanza), _ARCHITECTURE.search(stanza)
    own = name[1].decode("utf-8", "replace") if name else ""
    return own, f"{own}:{architecture[1].decode('utf-8', 'replace')}" if architecture else own


def _path_in(row: str, listing: str) -> str:
    """The path in a row of ``files`` (pacman) or ``CONTENTS`` (portage); empty for others."""
    if listing == "CONTENTS":
        kind, _, rest = row.partition(" ")
        if kind == "obj":
            return rest.rsplit(" ", 2)[0]
        return rest.partition(" -> ")[0] if kind == "sym" else ""
    return "" if row.startswith("%") or row.endswith("/") else row.partition("\t")[0]
