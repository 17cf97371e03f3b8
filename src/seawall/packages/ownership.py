"""Which package of the system brought a file, from all that its databases list.

Paths are compared as they are once directories that are links are followed: dpkg lists
``/lib/x86_64-linux-gnu/libc.so.6`` where that lies in ``usr/lib`` today (Debian's "UsrMerge"). What
dpkg was told to put elsewhere (dpkg-divert(1)) is owned where it lies.
"""

from collections.abc import Iterable, Mapping, Sequence
from posixpath import dirname, join, normpath

from seawall.packages.system import Diversion

_MAX_LINKS = 40
"""Links that are followed on one path; Linux follows as many."""
_USUAL = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32")


def usual_links(paths: Iterable[str]) -> dict[str, str]:
    """The links of a merged ``/usr``, for images whose links are not at hand.

    Of the directories of the root they are those that hold nothing themselves.
    """
    left = set(_USUAL)
    for path in paths:
        left.discard(path.partition("/")[0])
        if not left:
            break
    return {name: f"usr/{name}" for name in _USUAL if name in left}


class Owners:
    """The owner of each file: the number of a package, as whoever adds them counts."""

    def __init__(self, links: Mapping[str, str]) -> None:
        """Take links of directories: where from (``lib``) and where to (``usr/lib``)."""
        self._links = {path.strip("/"): target for path, target in links.items()}
        self._depths = sorted({path.count("/") + 1 for path in self._links})
        self._starts = tuple({f"{path.partition('/')[0]}/" for path in self._links})
        self._directories: dict[str, str] = {}
        self._owner: dict[str, int] = {}

    def add(
        self, package: int, paths: Sequence[str], moved: Mapping[str, Diversion] | None = None,
        name: str = "",
    ) -> None:  # fmt: skip
        """The files of a package; ``moved`` has what dpkg puts elsewhere, ``name`` its name."""
        if moved and not moved.keys().isdisjoint(paths):
            paths = [
                moved[path].to if path in moved and moved[path].package != name else path
                for path in paths
            ]
        starts, add = self._starts, self._owner.setdefault
        for path in paths:  # an image has some 200,000
            add(self.actual(path) if path.startswith(starts) else path, package)

    def of(self, path: str) -> int | None:
        """Who owns a file, by its path from the root; ``None`` where nobody does."""
        return self._owner.get(self.actual(path))

    def actual(self, path: str) -> str:
        """Where a path leads to when links of directories are followed, never out of the root."""
        if not self._links:
            return path
        directory, slash, base = path.rpartition("/")
        found = self._directories.get(directory)
        if found is None:
            found = self._directories[directory] = self._followed(directory)
        # A link that replaces a file is its own; only what leads there is followed.
        return f"{found}/{base}" if slash and found else base if slash else path

    def _followed(self, directory: str) -> str:
        for _ in range(_MAX_LINKS):
            parts = directory.split("/")
            for depth in self._depths:
                head = "/".join(parts[:depth])
                if len(parts) >= depth and head in self._links:
                    target = self._links[head]
                    base = "" if target.startswith("/") else dirname(head)
                    rest = "/".join(parts[depth:])
                    whole = normpath(f"/{join(base, target.lstrip('/'), rest)}").strip("/")
                    break
            else:
                return directory
            if whole == directory:
                return directory
            directory = whole
        return directory
