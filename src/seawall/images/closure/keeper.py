"""What is kept, why, and what of it has still to be looked at."""

import re
from collections import deque
from collections.abc import Collection, Iterator
from fnmatch import translate

from seawall.core.lazy import pattern
from seawall.images.closure.roots import Found, Root
from seawall.images.facts import DEFAULT_PATH
from seawall.sources.images.entry import DIRECTORY, FILE, SYMLINK, tidy

MAX_MATCHES = 100_000
"""Files that one glob may name."""
_MOST_STEPS = 1_000_000
"""Names that all globs together may look at: with links, a tree has paths without end."""
_MAGIC = pattern(r"[*?\[]")
_LARGE = frozenset(
    "bin boot dev etc home lib lib32 lib64 media mnt opt proc root run sbin srv sys tmp usr var "
    "etc/ssl usr/bin usr/include usr/lib usr/lib32 usr/lib64 usr/libexec usr/local usr/local/bin "
    "usr/local/etc usr/local/lib usr/local/lib64 usr/local/sbin usr/local/share usr/sbin usr/share "
    "usr/share/doc usr/share/man usr/src var/cache var/lib var/log var/run var/spool var/tmp "
    "run/lock".split()
)
"""Directories of the system: that something names one does not mean all that is in it."""
_NOT_APPLICATIONS = frozenset("bin boot dev etc lib lib32 lib64 proc run sbin sys tmp usr".split())
_OF_KERNEL = ("dev", "proc", "sys")
_MAX_NAMED = 2_000
"""Files in a directory that is kept whole because a word names it."""


def shown(path: str) -> str:
    """A path as people write it."""
    return f"/{path}"


def is_system(path: str) -> bool:
    """Whether a directory is one of the system, which holds what many packages bring."""
    return not path or path in _LARGE or path.startswith(("proc/", "sys/", "dev/"))


def is_of_application(directory: str) -> bool:
    """Whether a directory seems to be an application's own: ``/app``, ``/srv/shop``, ``/opt/x``."""
    first = directory.partition("/")[0]
    if is_system(directory):
        return False
    if first in _NOT_APPLICATIONS or first == "var":
        return directory.startswith(("usr/src/", "var/www", "var/task", "var/runtime"))
    return True


class Keeper:
    """Gathers what is kept. Files are queued once, for whoever looks at what they need."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.reasons: dict[str, str] = {}
        """Why each path is kept."""
        self.waiting: deque[Found] = deque()
        """Files that were kept and not yet looked at."""
        self._steps_left = _MOST_STEPS
        self.passive: set[str] = set()
        """Files that are kept although nothing is known to run them."""
        self.written: dict[str, str] = {}
        """Directories in which programs make files at run time, and what tells so."""
        self._warnings: dict[str, None] = {}
        self._found: dict[str, Found | None] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._trees: set[tuple[str, frozenset[str]]] = set()
        self._searched = tuple(
            dict.fromkeys(
                part.strip("/")
                for part in root.configuration.variable("PATH", DEFAULT_PATH).split(":")
                if part
            )
        )

    # Looking.

    def find(self, path: str) -> Found | None:
        """What a path leads to."""
        found = self._found.get(path)
        if found is None and path not in self._found:
            found = self._found[path] = self.root.resolve(path)
        return found

    def has_file(self, path: str) -> bool:
        """Whether a path leads to a file. A look at the names of its directory comes first."""
        directory, _, name = path.rpartition("/")
        if name not in self.names(directory):
            return False
        found = self.find(path)
        return found is not None and found.is_file

    def names(self, directory: str) -> frozenset[str]:
        """The names in a directory."""
        known = self._names.get(directory)
        if known is None:
            known = self._names[directory] = frozenset(self.root.listdir(directory))
        return known

    def text(self, path: str, limit: int = 1 << 20) -> str:
        """The text of a small file; empty where there is none. Larger ones are cut off."""
        found = self.find(path)
        data = self.root.read(found.path, limit) if found is not None and found.is_file else None
        return (data or b"").decode("utf-8", "surrogateescape")

    def program(self, word: str) -> str | None:
        """The path of a command's program, links not followed, as execvp looks for it."""
        if "/" in word:
            path = self.place(word)
            found = self.find(path)
            return path if found is not None and found.is_file else None
        for directory in self._searched:
            path = f"{directory}/{word}"
            if self.has_file(path):
                found = self.find(path)
                if found is not None and found.is_executable:
                    return path
        return None

    def place(self, word: str, directory: str | None = None) -> str:
        """A path without its leading ``/``; a relative one is below the working directory."""
        if directory is None:
            directory = self.root.configuration.directory
        return tidy(word if word.startswith("/") else f"{directory}/{word}")[0]

    def glob(self, wanted: str) -> Iterator[str]:
        """The paths that a pattern names: ``*``, ``?``, ``[a-z]``, and ``**`` for directories."""
        if not _MAGIC.search(wanted):
            if self.root.get(wanted) is not None:
                yield wanted
            return
        parts = [part for part in wanted.split("/") if part]
        tests = [re.compile(translate(part)) for part in parts]
        waiting = [("", 0)]
        left = MAX_MATCHES
        seen = set()
        while waiting and left:
            directory, depth = waiting.pop()
            self._steps_left -= len(self.names(directory))
            if self._steps_left < 0:
                self.warn("not all globs were followed: they name too many files")
                return
            for name in sorted(self.names(directory), reverse=True):
                path = f"{directory}/{name}" if directory else name
                for below in _steps(parts, tests, name, depth):
                    if below == len(parts) and path not in seen:
                        left -= 1
                        seen.add(path)
                        yield path
                    if below < len(parts) and self._leads_down(path, deep=parts[below] == "**"):
                        waiting.append((path, below))

    def _leads_down(self, path: str, *, deep: bool) -> bool:
        """Whether a glob goes into what is at a path: ``**`` follows no links, as in shells."""
        entry = self.root.get(path)
        if entry is not None and entry.kind is SYMLINK and not deep:
            entry = self.root.resolve(path)
        return entry is not None and entry.kind is DIRECTORY

    # Keeping.

    def warn(self, text: str) -> None:
        """Tell something that a person should know, once."""
        self._warnings[text] = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was told."""
        return tuple(self._warnings)

    def keep(self, path: str, reason: str, *, passive: bool = False) -> Found | None:
        """Keep what a path leads to, with all on the way to it; ``None`` where there is nothing.

        ``passive`` says that nothing is known to run it, should it be a script.
        """
        found = self.find(path)
        if found is None:
            return None
        for crossed in found.crossed:
            self.reasons.setdefault(crossed, f"leads to {shown(found.path)}")
        if found.path not in self.reasons and found.path:
            self.reasons[found.path] = reason
            if found.kind is FILE:
                self.waiting.append(found)
                if passive:
                    self.passive.add(found.path)
        return found

    def keep_written(self, directory: str, reason: str) -> None:
        """Keep a directory, which is one, in which a program makes files at run time."""
        found = self.keep(directory, reason)
        if found is None or found.kind is not DIRECTORY or not found.path:
            return
        if found.path.partition("/")[0] not in _OF_KERNEL:
            self.written.setdefault(found.path, reason)

    def keep_link(self, path: str, reason: str) -> None:
        """Keep what is at a path, be it a link that leads nowhere yet, and what it leads to."""
        entry = self.root.get(path)
        if entry is None:
            return
        for crossed in entry.crossed:
            self.reasons.setdefault(crossed, f"leads to {shown(entry.path)}")
        if entry.kind is SYMLINK:
            self.reasons.setdefault(entry.path, reason)
        self.keep(path, reason)

    def keep_tree(
        self, path: str, reason: str, skipped: Collection[str] = (), *, passive: bool = False
    ) -> Found | None:
        """Keep a directory with all that is in it, or a file.

        ``skipped`` are names that are left out wherever they stand; ``passive`` as for ``keep``.
        """
        top = self.keep(path, reason, passive=passive)
        if top is None or top.kind is not DIRECTORY:
            return top
        key = (top.path, frozenset(skipped))
        if key in self._trees:
            return top
        self._trees.add(key)
        waiting, seen = [top.path], {top.path}
        while waiting:
            directory = waiting.pop()
            for name in self.root.listdir(directory):
                if name in skipped:
                    continue
                for below in self._keep_member(f"{directory}/{name}", reason, passive=passive):
                    if below not in seen:
                        seen.add(below)
                        waiting.append(below)
        return top

    def _keep_member(self, path: str, reason: str, *, passive: bool) -> Iterator[str]:
        """Keep a member of a tree; gives the directory that it leads to."""
        entry = self.root.get(path)
        if entry is None:
            return
        if entry.kind is DIRECTORY:
            self.reasons.setdefault(entry.path, reason)
            yield entry.path
        elif entry.kind is FILE:
            self.keep(path, reason, passive=passive)
        elif entry.kind is SYMLINK:
            self.reasons.setdefault(entry.path, reason)
            target = self.keep(path, reason, passive=passive)
            if target is None or target.kind is not DIRECTORY:
                return
            if not is_system(target.path) and not path.startswith(f"{target.path}/"):
                yield target.path

    def keep_named(self, path: str, reason: str) -> Found | None:
        """Keep what a word names: a file, or a directory with what is in it if that is not much."""
        found = self.find(path)
        if found is None or not found.path:
            return None
        if found.kind is DIRECTORY and not is_system(found.path) and self._is_small(found.path):
            return self.keep_tree(path, reason)
        return self.keep(path, reason)

    def _is_small(self, path: str) -> bool:
        waiting, count = [path], 0
        while waiting:
            directory = waiting.pop()
            for name in self.root.listdir(directory):
                count += 1
                if count > _MAX_NAMED:
                    return False
                entry = self.root.get(f"{directory}/{name}")
                if entry is not None and entry.kind is DIRECTORY:
                    waiting.append(entry.path)
        return True


def _steps(parts: list[str], tests: list[re.Pattern[str]], name: str, depth: int) -> Iterator[int]:
    """How many parts of a pattern are done once a name was gone through."""
    part = parts[depth]
    if part == "**":
        yield depth  # it goes on
        if depth + 1 == len(parts):
            yield depth + 1
        else:
            yield from _steps(parts, tests, name, depth + 1)
    elif tests[depth].match(name) and (name[0] != "." or part[0] == "."):
        yield depth + 1
