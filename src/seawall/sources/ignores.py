""".gitignore files, as git reads them: nested, the deepest and last match decides.

What a pattern means is ``text.gitignore``'s business.
"""

import os

from seawall.text.gitignore import Names, Pattern, parse

IGNORE_FILE = ".gitignore"
_SIZE_LIMIT = 1024 * 1024


class Ignores:
    """What git would ignore below a directory, the files above it in its repository included."""

    def __init__(self, root: str) -> None:
        self._given = root
        self._root = os.path.abspath(root)
        self._top = _repository_of(self._root) or self._root
        self._known: dict[str, _InForce] = {}
        above = [self._top]  # outermost first, so that none has to look further up than one
        for name in os.path.relpath(self._root, self._top).split("/"):
            self._in_force(above[-1])
            above.append(os.path.join(above[-1], name))

    def names(self, directory: str) -> tuple[Names, ...]:
        """What tells in a directory at or below the root which entries may be ignored."""
        below = directory[len(self._given) :].strip("/")
        return tuple([names for _, names, _ in self._in_force(self._place(below))])

    def _place(self, below: str) -> str:
        return f"{self._root.rstrip('/')}/{below}" if below else self._root

    def match(self, path: str, *, is_directory: bool) -> bool:
        """Whether git ignores a path below the root; its parent must not itself be ignored."""
        below = path[len(self._given) :].lstrip("/")
        parent, _, name = below.rpartition("/")
        directory = self._place(parent)
        for depth, names, patterns in self._in_force(directory):
            if not names.may_mean(name):
                continue
            parts = f"{directory.rstrip('/')}/{name}".split("/")[depth:]
            for pattern in patterns:
                if pattern.matches(parts, is_directory=is_directory):
                    return not pattern.negated
        return False

    def _in_force(self, directory: str) -> "_InForce":
        found = self._known.get(directory)
        if found is None:
            lines = _lines(os.path.join(directory, IGNORE_FILE))
            outer: _InForce = ()
            if directory == self._top:
                lines = _lines(os.path.join(directory, ".git", "info", "exclude")) + lines
            else:
                outer = self._in_force(os.path.dirname(directory))
            own = parse(lines)
            depth = directory.rstrip("/").count("/") + 1
            found = self._known[directory] = ((depth, Names(own), own), *outer) if own else outer
        return found


_InForce = tuple[tuple[int, Names, tuple[Pattern, ...]], ...]
"""The patterns that count in a directory: for each ignore file, from the deepest on, the depth
of its directory, the names that they may mean and the patterns, the last one first."""


def _repository_of(directory: str) -> str:
    while True:
        if os.path.exists(os.path.join(directory, ".git")):
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return ""
        directory = parent


def _lines(path: str) -> list[str]:
    """The lines of an ignore file; one that cannot be read ignores nothing, as in git."""
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            return stream.read(_SIZE_LIMIT).split("\n")
    except OSError:
        return []
