"""Packages of apk put into an image, and apk's database told of them.

As apk does it (apk-tools' ``src/database.c``, ``package.c`` for the order of the fields), but for
scripts, which are not run. Files in ``/etc`` that the image has changed stay (apk would put the new
ones beside them as ``.apk-new``); what the image took out on purpose stays out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from seawall.patching.apk_database import Database, Installed, script_start
from seawall.patching.apk_package import Apk, file_sum, hex_of
from seawall.patching.archives import Member
from seawall.patching.paragraphs import bytes_of, text_of
from seawall.patching.relations import Unit
from seawall.patching.tree import Tree
from seawall.patching.unpacking import forget_byte_code, lying, remove_old
from seawall.sources.images.entry import DIRECTORY, FILE, HARD_LINK, SYMLINK, Entry
from seawall.sources.images.packing import GZIP, NONE, Packer
from seawall.sources.images.tar_writer import TarWriter, header

_FIELDS = (
    ("A", "arch"), ("I", "size"), ("T", "pkgdesc"), ("U", "url"), ("L", "license"),
    ("o", "origin"), ("m", "maintainer"), ("t", "builddate"), ("c", "commit"),
    ("k", "provider_priority"),
)  # fmt: skip
_LISTS = (("D", "depend"), ("p", "provides"), ("i", "install_if"), ("r", "replaces"))
_ALWAYS = frozenset("ITUL")
_PROTECTED = "etc/"
_DIRECTORY_MODE, _FILE_MODE, _LINK_MODE, _SCRIPT_MODE = 0o755, 0o644, 0o777, 0o755


class Change(NamedTuple):
    """A package that is put in the place of an older one."""

    old: Installed
    unit: Unit
    new: Apk


class Writer:
    """Puts packages into an image."""

    def __init__(self, tree: Tree, database: Database) -> None:
        self._tree = tree
        self._database = database
        self.notes: list[str] = []

    def apply(self, changes: Sequence[Change]) -> None:
        """Put packages in."""
        before = [
            path for change in changes
            for path in lying(self._tree, _paths(change.old))
        ]  # fmt: skip
        for change in changes:
            self._unpack(change)
        remove_old(self._tree, before, self._kept(changes))
        self._tell_installed(changes)
        self._tell_scripts(changes)
        self._tell_triggers(changes)

    def _kept(self, changes: Sequence[Change]) -> set[str]:
        changed = {change.old.unit.key for change in changes}
        kept = {
            self._tree.actual(path).path
            for each in self._database.installed if each.unit.key not in changed
            for path in (*each.files, *each.directories) if path
        }  # fmt: skip
        for change in changes:
            kept.update(self._tree.actual(each.entry.path).path for each in change.new.files)
        return kept

    def _unpack(self, change: Change) -> None:
        known = {*change.old.files, *change.old.directories}
        left, kept = [], []
        for member in change.new.files:
            entry = member.entry
            there = self._tree.actual(entry.path)
            if there.node is None and entry.path in known:
                left += [entry.path] if entry.kind is not DIRECTORY else []
            elif entry.kind is DIRECTORY and self._tree.is_directory(entry.path):
                continue
            elif entry.kind is FILE and self._is_changed(change, entry.path):
                kept.append(entry.path)
            else:
                self._place(change, member)
        name = change.unit.name
        if left:
            self.notes.append(
                f"{name}: what the image had taken out of it stays out ({len(left)} files, such as "
                f"/{left[0]})"
            )
        if kept:
            self.notes.append(f"{name}: the image's own /{', /'.join(kept[:4])} stays as it is")

    def _is_changed(self, change: Change, path: str) -> bool:
        """Whether the image has changed a file of ``/etc``."""
        if not path.startswith(_PROTECTED):
            return False
        data = self._tree.data(path)
        return data is not None and file_sum(data) != change.old.files.get(path)

    def _place(self, change: Change, member: Member) -> None:
        entry = member.entry
        try:
            self._tree.place(entry, member.data)
        except LookupError:
            self.notes.append(f"{change.unit.name}: /{entry.path} is a link to nothing now")
            return
        if entry.kind is FILE:
            forget_byte_code(self._tree, self._tree.actual(entry.path).path)

    # The database.

    def _tell_installed(self, changes: Sequence[Change]) -> None:
        new = {change.old.text: "\n".join(entry_of(change.unit, change.new, change.old.fields))
               for change in changes}  # fmt: skip
        parts = [new.get(each.text, each.text) for each in self._database.installed]
        text = "".join(f"{part}\n\n" for part in parts)
        self._tree.put(f"{self._database.home}/installed", bytes_of(text))

    def _tell_scripts(self, changes: Sequence[Change]) -> None:
        gone = tuple(script_start(change.old.unit) for change in changes)
        kept = [each for each in self._database.scripts if not each.name.startswith(gone)]
        added = [each for change in changes for each in _script_records(change)]
        if len(kept) == len(self._database.scripts) and not added:
            return
        parts: list[bytes] = []
        path = self._database.scripts_file
        packer = Packer(parts.append, GZIP if path.endswith(".gz") else NONE)
        for record in kept:
            packer.write(record.data)
        for data in added:
            packer.write(data)
        TarWriter(packer.write).close()
        packer.end()
        self._tree.put(path, b"".join(parts))

    def _tell_triggers(self, changes: Sequence[Change]) -> None:
        path = f"{self._database.home}/triggers"
        gone = {change.old.fields.get("C", "") for change in changes}
        lines = text_of(self._tree.data(path) or b"").split("\n")
        kept = [line for line in lines if line and line.partition(" ")[0] not in gone]
        for change in changes:
            wanted = change.new.all("triggers")
            if wanted:
                kept.append(f"{change.new.sum} {wanted}")
        if kept != [line for line in lines if line]:
            self._tree.put(path, bytes_of("".join(f"{line}\n" for line in kept)))


def _script_records(change: Change) -> Iterator[bytes]:
    for name, data in change.new.scripts.items():
        time = change.new.get("builddate")
        path = f"{script_start(change.unit)}{hex_of(change.new.sum)}.{name}"
        mtime = int(time[:11]) if time.isdecimal() else 0
        entry = Entry(path, FILE, _SCRIPT_MODE, 0, 0, len(data), mtime, "", -1)
        yield header(entry) + data + bytes(-len(data) % 512)


def entry_of(unit: Unit, apk: Apk, old: Mapping[str, str]) -> Iterator[str]:
    """The lines of a package in the database."""
    yield f"C:{apk.sum}"
    yield f"P:{unit.name}"
    yield f"V:{unit.version}"
    for key, name in _FIELDS:
        if key == "I":
            yield f"S:{apk.size}"
        value = apk.get(name)
        if value or key in _ALWAYS:
            yield f"{key}:{value or ('0' if key == 'I' else '')}"
    for key, name in _LISTS:
        if value := apk.all(name):
            yield f"{key}:{value}"
    if apk.get("replaces_priority"):
        yield f"q:{apk.get('replaces_priority')}"
    if "s" in old:
        yield f"s:{old['s']}"
    yield from _files(apk.files)


def _files(files: Sequence[Member]) -> Iterator[str]:
    """Directories with their files, as they come."""
    sums = {each.entry.path: file_sum(each.data) for each in files if each.entry.kind is FILE}
    by_directory: dict[str, list[Entry]] = {}
    rights: dict[str, str] = {}
    for member in files:
        entry = member.entry
        above, _, _ = entry.path.rpartition("/")
        if entry.kind is DIRECTORY:
            by_directory.setdefault(entry.path, [])
            rights[entry.path] = _rights("M", entry, _DIRECTORY_MODE)
        else:
            by_directory.setdefault(above, []).append(entry)
    for directory, entries in by_directory.items():
        yield f"F:{directory}"
        if rights.get(directory):
            yield rights[directory]
        for entry in entries:
            yield f"R:{entry.path.rpartition('/')[2]}"
            if line := _rights("a", entry, _FILE_MODE):
                yield line
            if entry.kind is SYMLINK:
                yield f"Z:{file_sum(bytes_of(entry.link))}"
            else:
                own = sums.get(entry.link if entry.kind is HARD_LINK else entry.path, "")
                if own:
                    yield f"Z:{own}"


def _rights(key: str, entry: Entry, usual: int) -> str:
    mode = _LINK_MODE if entry.kind is SYMLINK else entry.mode
    if (entry.uid, entry.gid, mode) == (0, 0, usual):
        return ""
    return f"{key}:{entry.uid}:{entry.gid}:{mode:o}"


def _paths(installed: Installed) -> list[str]:
    return [path for path in (*installed.files, *installed.directories) if path]
