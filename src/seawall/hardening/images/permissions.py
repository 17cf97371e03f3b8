"""Rights that nobody needs: setuid bits, files that all may write, an application's own files."""

import stat
from collections.abc import Iterable

from seawall.hardening.images.options import counted, named
from seawall.hardening.images.subject import Subject
from seawall.images.closure.keeper import is_system
from seawall.sources.images.entry import DIRECTORY, FILE, Entry
from seawall.sources.images.merging import Node

_SET_ID = stat.S_ISUID | stat.S_ISGID
_EXECUTE = 0o111
_READ_EXECUTE = 0o5
_OF_ROOT = frozenset(("root", "etc/shadow", "etc/shadow-", "etc/gshadow", "etc/gshadow-"))


def take_rights(subject: Subject) -> None:
    """Take away setuid bits and the right of all to write."""
    _take_setuid(subject)
    volumes = volumes_of(subject)
    writable, sticky = [], []
    for node in subject.edited.tree.files():
        path, mode = node.entry.path, node.entry.mode
        if not mode & stat.S_IWOTH or not _may_change(subject, path, volumes):
            continue
        if node.entry.kind is FILE:
            subject.edited.change(node, mode=mode & ~stat.S_IWOTH)
            writable.append(path)
        elif node.entry.kind is DIRECTORY and not mode & stat.S_ISVTX:
            subject.edited.change(node, mode=mode | stat.S_ISVTX)
            sticky.append(path)
    told = subject.told
    if writable:
        count = counted(len(writable), "file")
        told.done.append(f"took from all the right to write {count}: {named(writable)}")
    if sticky:
        what = "a directory" if len(sticky) == 1 else f"{len(sticky)} directories"
        told.done.append(f"set the sticky bit of {what} that all may write: {named(sticky)}")


def _take_setuid(subject: Subject) -> None:
    setuid, kept = [], []
    for node in subject.edited.tree.files():
        path, mode = node.entry.path, node.entry.mode
        if node.entry.kind is not FILE or not (mode & _SET_ID and mode & _EXECUTE):
            continue
        names = [each.entry.path for each in subject.edited.names_of(node)]
        if any(
            name in subject.options.keep_setuid or subject.options.keeps(name) for name in names
        ):
            kept.append(path)
        else:
            subject.edited.change(node, mode=mode & ~_SET_ID)
            setuid += names
    if setuid:
        count = counted(len(setuid), "program")
        subject.told.done.append(f"took the setuid or setgid bit from {count}: {named(setuid)}")
    if kept:
        subject.told.left.append(
            f"{named(kept)} keep the setuid or setgid bit: --keep-setuid says so"
        )


def make_read_only(
    subject: Subject, uid: int, gids: Iterable[int], program: str, written: Iterable[str] = ()
) -> None:
    """Take the right to write from the files of the application that its user could write.

    Those are in the directory of the program it starts and in its working directory, but not in
    volumes, nor in directories that are ``written`` to. Files that only root may write are as good
    as that.
    """
    directories = _directories(subject, program)
    volumes = (*volumes_of(subject), *written)
    groups = frozenset(gids)
    changed = []
    for path in directories:
        for node in _files_below(subject.node(path)):
            entry = node.entry
            bits = stat.S_IWUSR if entry.uid == uid else 0
            bits |= stat.S_IWGRP if entry.gid in groups else 0
            if entry.mode & (bits | stat.S_IWOTH) and _may_change(subject, entry.path, volumes):
                subject.edited.change(node, mode=entry.mode & ~0o222)
                changed.append(entry.path)
    if changed:
        where = " and ".join(f"/{path}" for path in directories)
        subject.told.done.append(
            f"made {counted(len(changed), 'file')} of the application in {where} read-only: "
            f"{named(changed)}"
        )


def _directories(subject: Subject, program: str) -> list[str]:
    found: list[str] = []
    for path in (program.rpartition("/")[0], subject.config.working_directory.strip("/")):
        node = subject.edited.tree.resolve(path) if path else None
        if node is not None and node.children is not None:
            place = node.entry.path
            if place and not any(place == each or place.startswith(f"{each}/") for each in found):
                found = [each for each in found if not each.startswith(f"{place}/")]
                found.append(place)
    return found


def _files_below(top: Node | None) -> Iterable[Node]:
    waiting = [top] if top is not None else []
    while waiting:
        node = waiting.pop()
        if node.entry.kind is FILE:
            yield node
        elif node.children:
            waiting += [node.children[name] for name in sorted(node.children, reverse=True)]


def volumes_of(subject: Subject) -> tuple[str, ...]:
    """The directories of declared volumes, as they are in the tree."""
    found = []
    for path in subject.config.volumes:
        node = subject.edited.tree.resolve(path.strip("/"))
        found.append(node.entry.path if node is not None else path.strip("/"))
    return tuple(found)


def give_volumes(subject: Subject, uid: int, gid: int) -> None:
    """Give declared volumes that are root's to the new user: else it could write nothing there."""
    given = []
    for path in volumes_of(subject):
        node = subject.node(path)
        if not path or node is None or node.children is None or subject.options.keeps(path):
            continue
        waiting = [node]
        while waiting:
            each = waiting.pop()
            if each.entry.uid == 0:
                subject.edited.change(each, uid=uid, gid=gid)
            waiting += (each.children or {}).values()
        given.append(path)
    if given:
        subject.told.done.append(f"gave the volumes {named(given)} to {uid}:{gid}")


def give_directories(subject: Subject, directories: Iterable[str], uid: int, gid: int) -> None:
    """Give directories that it writes to to the new user, but for those that programs share."""
    given = []
    for path in sorted(directories):
        node = subject.node(path)
        if node is None or is_system(path) or subject.options.keeps(path):
            continue
        waiting = [node]
        while waiting:
            each = waiting.pop()
            if each.entry.kind in (DIRECTORY, FILE):
                subject.edited.change(each, uid=uid, gid=gid)
            waiting += (each.children or {}).values()
        given.append(path)
    if given:
        subject.told.done.append(f"gave {named(given)}, where it may write, to {uid}:{gid}")


def let_read(subject: Subject, uid: int, gid: int) -> None:
    """Let a new user read and execute, by its group, what the owner can and it could not.

    What is left in a minimal image is there to be read, but for what is root's own.
    """
    changed = []
    waiting = [subject.edited.tree.root]
    while waiting:
        node = waiting.pop()
        entry = node.entry
        waiting += [
            each for each in (node.children or {}).values() if each.entry.path not in _OF_ROOT
        ]
        wanted = entry.mode >> 6 & _READ_EXECUTE
        if entry.kind not in (FILE, DIRECTORY) or not wanted & ~_rights(entry, uid, gid):
            continue
        if not entry.path or subject.options.keeps(entry.path):
            continue
        subject.edited.change(node, gid=gid, mode=entry.mode & ~stat.S_IRWXG | wanted << 3)
        changed.append(entry.path)
    if changed:
        subject.told.done.append(f"let {uid}:{gid} read what only others could: {named(changed)}")


def tell_of_unreadable(subject: Subject, uid: int, gid: int) -> None:
    """Tell of paths among the words of its process that a new user cannot read, and whose they are.

    They are left as they are: what else it reads is not known.
    """
    config = subject.config
    for word in (*config.entrypoint, *config.command):
        node, crossed = subject.edited.tree.trail(word) if word.startswith("/") else (None, [])
        for each in [*crossed, node] if node is not None else ():
            entry = each.entry
            if entry.kind in (FILE, DIRECTORY) and not _rights(entry, uid, gid) & _needed(entry):
                subject.told.left.append(
                    f"{uid}:{gid} may not read {word}, which it is started with: /{entry.path} is "
                    f"{entry.uid}:{entry.gid}'s; --user may name that, and --minimal lets it read"
                )
                break


def _needed(entry: Entry) -> int:
    return 0o1 if entry.kind is DIRECTORY else 0o4


def _rights(entry: Entry, uid: int, gid: int) -> int:
    """What a user may do with a file, as ``rwx`` (path_resolution(7), "Permissions")."""
    if entry.uid == uid:
        return entry.mode >> 6 & 7
    return (entry.mode >> 3 if entry.gid == gid else entry.mode) & 7


def _may_change(subject: Subject, path: str, volumes: tuple[str, ...]) -> bool:
    if subject.options.keeps(path):
        return False
    return not any(path == each or path.startswith(f"{each}/") for each in volumes if each)
