"""Debian packages put into an image, and dpkg's database told of them.

As dpkg does it (its ``src/main/unpack.c``, ``archives.c``; ``lib/dpkg/dump.c`` for the order of the
fields, ``db-ctrl-upgrade.c`` for names in ``info``), but for scripts, which are not run. What the
image took out of a package on purpose stays out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from seawall.packages.system import MAX_PATH
from seawall.patching import scripts
from seawall.patching.archives import Member
from seawall.patching.conffiles import WRITE, Verdict, noted, obsolete, verdicts
from seawall.patching.deb import Deb
from seawall.patching.dpkg_database import STATUS, Database, Installed, Override
from seawall.patching.paragraphs import bytes_of, parse, split, text_of, written
from seawall.patching.relations import unit_of
from seawall.patching.tree import Tree
from seawall.patching.unpacking import forget_byte_code, lying, remove_old
from seawall.sources.images.entry import DIRECTORY, FILE, HARD_LINK, SYMLINK, Entry

_ORDER = (
    "Package", "Essential", "Protected", "Status", "Priority", "Section", "Installed-Size",
    "Origin", "Maintainer", "Bugs", "Architecture", "Multi-Arch", "Source", "Version",
    "Config-Version", "Replaces", "Provides", "Depends", "Pre-Depends", "Recommends", "Suggests",
    "Breaks", "Conflicts", "Enhances", "Conffiles", "Description",
)  # fmt: skip
_INFO_MODE, _SCRIPT_MODE = 0o644, 0o755
_NOW = 1 << 33
"""A time that is clamped to the image's own."""


class Change(NamedTuple):
    """A package that is put in the place of an older one."""

    old: Installed
    new: Deb


class Writer:
    """Puts packages into an image."""

    def __init__(self, tree: Tree, database: Database) -> None:
        self._tree = tree
        self._database = database
        self.notes: list[str] = []
        self.written: list[str] = []
        """The files that came, as they lie in the image."""
        self.gone: list[str] = []
        """The files that went."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Put packages in."""
        before = [path for change in changes for path in self._lying(change)]
        paragraphs = {}
        for change in changes:
            found = verdicts(self._tree, self._database, change.old, change.new)
            self._unpack(change, found)
            paragraphs[change.old.unit.key] = self._paragraph(change, found)
            if change.old.file:
                self._tell_distroless(change)
            else:
                self._tell(change)
        self.gone += remove_old(self._tree, before, self._kept(changes))
        self._tell_status(paragraphs)

    def _lying(self, change: Change) -> Iterator[str]:
        name = change.old.unit.name
        yield from lying(
            self._tree, self._database.paths(change.old),
            lambda path: self._database.diverted(path, name),
        )  # fmt: skip

    def _actual(self, change: Change, path: str) -> str:
        place = self._database.diverted(path, change.old.unit.name)
        return self._tree.actual(place).path

    def _kept(self, changes: Sequence[Change]) -> set[str]:
        """What belongs to some package from now on."""
        changed = {change.old.unit.key for change in changes}
        kept = {
            self._tree.actual(self._database.diverted(path, each.unit.name)).path
            for each in self._database.installed if each.unit.key not in changed
            for path in self._database.paths(each)
        }  # fmt: skip
        for change in changes:
            kept.update(self._actual(change, each.entry.path) for each in change.new.files)
            kept.update(self._actual(change, path) for path in change.old.conffiles)
        return kept

    # Files.

    def _unpack(self, change: Change, conffiles: Mapping[str, Verdict]) -> None:
        name = change.old.unit.name
        before = set(self._database.paths(change.old))
        left: list[str] = []
        late: list[Entry] = []
        for member in change.new.files:
            entry = member.entry
            verdict = conffiles.get(entry.path)
            if (verdict is not None and verdict.action != WRITE) or self._is_excluded(entry.path):
                continue
            place = self._database.diverted(entry.path, name)
            node = self._tree.actual(place).node
            if node is None and entry.path in before:
                left += [entry.path] if entry.kind is not DIRECTORY else []
            elif entry.kind is DIRECTORY and self._tree.is_directory(place):
                continue  # also a link to one: /lib of a merged /usr
            elif entry.kind is HARD_LINK:
                late.append(entry._replace(path=place))
            elif node is None or entry.kind is not SYMLINK or node.entry.kind is not DIRECTORY:
                if verdict is not None:
                    place = self._followed(place)
                self._place(change, member, place)
        for entry in late:
            self._link(change, entry)
        if left:
            self.notes.append(
                f"{name}: what the image had taken out of it stays out ({len(left)} files, such as "
                f"/{left[0]})"
            )

    def _is_excluded(self, path: str) -> bool:
        return len(path) > MAX_PATH or self._database.is_excluded(path)

    def _followed(self, path: str) -> str:
        """Where a configuration file lies: a link to it stays a link."""
        node = self._tree.edited.tree.resolve(path)
        return node.entry.path if node is not None and node.entry.kind is FILE else path

    def _place(self, change: Change, member: Member, path: str) -> None:
        entry = member.entry
        node = self._tree.actual(path).node
        if entry.kind is FILE and node is not None and node.entry.kind is FILE:
            has = node.entry
            if scripts.touches(change.new.scripts, entry.path):
                entry = entry._replace(mode=has.mode, uid=has.uid, gid=has.gid)
                if has.capability and not entry.capability:
                    entry = entry._replace(capability=has.capability)
        override = self._database.overrides.get(member.entry.path)
        if override is not None:
            entry = self._overridden(entry, override)
        self._tree.place(entry._replace(path=path), member.data)
        if entry.kind is not DIRECTORY:
            there = self._tree.actual(path).path
            self.written.append(there)
            forget_byte_code(self._tree, there)

    def _overridden(self, entry: Entry, override: Override) -> Entry:
        uid = _number(override.user, text_of(self._tree.data("etc/passwd") or b""))
        gid = _number(override.group, text_of(self._tree.data("etc/group") or b""))
        return entry._replace(
            mode=override.mode, uid=entry.uid if uid is None else uid,
            gid=entry.gid if gid is None else gid,
        )  # fmt: skip

    def _link(self, change: Change, entry: Entry) -> None:
        target = self._database.diverted(entry.link, change.old.unit.name)
        try:
            self._tree.place(entry._replace(link=target))
        except LookupError:
            self.notes.append(f"{change.old.unit.name}: /{entry.path} is a link to nothing now")

    # The database.

    def _paragraph(self, change: Change, conffiles: Mapping[str, Verdict]) -> str:
        old, control = change.old, change.new.control
        if old.file:
            return written(control)
        made = control.changed(
            status=f"{old.wanted} ok installed", conffiles=noted(old, change.new, conffiles)
        )
        return written(made, _ORDER)

    def _tell(self, change: Change) -> None:
        """Write the files of ``info``."""
        old, new = change.old, change.new
        for path in [*self._database.info_files(old.unit)]:
            self._tree.remove(path)
        unit = unit_of(new.control)
        start = self._database.info_name(unit)
        listed = [f"/{each.entry.path}" for each in new.files]
        listed += [f"/{path}" for path, _ in obsolete(old, new)]
        rows = ["/.", *dict.fromkeys(row for row in listed if "\n" not in row)]
        self._tree.put(f"{start}.list", bytes_of("\n".join(rows) + "\n"))
        for name, member in sorted(new.info.items()):
            if member.entry.kind is FILE and name != "list":
                mode = _SCRIPT_MODE if member.entry.mode & 0o111 else _INFO_MODE
                self._tree.place(
                    Entry(f"{start}.{name}", FILE, mode, 0, 0, len(member.data), _NOW, "", -1),
                    member.data,
                )

    def _tell_distroless(self, change: Change) -> None:
        path = change.old.file
        control = written(change.new.control)
        self._tree.put(path, bytes_of(control))
        sums = change.new.info.get("md5sums")
        if sums is not None and self._tree.data(f"{path}.md5sums") is not None:
            self._tree.put(f"{path}.md5sums", sums.data)

    def _tell_status(self, paragraphs: Mapping[tuple[str, str], str]) -> None:
        text = text_of(self._tree.data(STATUS) or b"")
        if not text:
            return
        parts = []
        for part in split(text):
            paragraph = parse(part)
            key = paragraph.get("Package"), paragraph.get("Architecture")
            parts.append(paragraphs.get(key, f"{part}\n"))
        self._tree.put(STATUS, bytes_of("\n".join(parts) + "\n"))


def _number(name: str, table: str) -> int | None:
    """The number of an account or a group: ``#1000``, or as the table has it."""
    if name.startswith("#") and name[1:].isdecimal():
        return int(name[1:11])
    for line in table.split("\n"):
        fields = line.split(":")
        if len(fields) > 2 and fields[0] == name and fields[2].isdecimal():
            return int(fields[2][:10])
    return None
