"""This machine as a root, looked at as far as somebody asks: it may be large."""

import os
import stat

from seawall.images.closure.roots import Found
from seawall.images.facts import Configuration
from seawall.sources.images.entry import Kind

_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.DIRECTORY, stat.S_IFLNK: Kind.SYMLINK}


class LiveRoot:
    """A root in a directory; what its directory ``srv`` is said to be lies elsewhere."""

    def __init__(self, top: str, configuration: Configuration, srv: str = "") -> None:
        self.configuration = configuration
        self._top = top.rstrip("/")
        self._srv = srv

    def at(self, path: str) -> str:
        """Where a path of the root is here."""
        if self._srv and (path == "srv" or path.startswith("srv/")):
            return f"{self._srv}{path[3:]}"
        return f"{self._top}/{path}"

    def resolve(self, path: str) -> Found | None:
        return self._found(path, follow_last=True)

    def get(self, path: str) -> Found | None:
        return self._found(path, follow_last=False)

    def listdir(self, path: str) -> tuple[str, ...]:
        found = self.resolve(path)
        if found is None or found.kind is not Kind.DIRECTORY:
            return ()
        try:
            return tuple(sorted(os.listdir(self.at(found.path))))
        except OSError:
            return ()

    def read(self, path: str, limit: int) -> bytes | None:
        found = self.resolve(path)
        if found is None or not found.is_file:
            return None
        try:
            with open(self.at(found.path), "rb") as stream:
                return stream.read(limit)
        except OSError:
            return None

    def _found(self, path: str, *, follow_last: bool) -> Found | None:
        trail: list[str] = []
        crossed: dict[str, None] = {}
        waiting = path.split("/")[::-1]
        links = 0
        while waiting:
            part = waiting.pop()
            if part in ("", "."):
                continue
            if part == "..":
                trail = trail[:-1]
                continue
            here = "/".join([*trail, part])
            crossed[here] = None
            try:
                target = os.readlink(self.at(here))
            except OSError:
                trail.append(part)
                continue
            if not follow_last and not any(waiting):
                trail.append(part)
                continue
            links += 1
            if links > 40:
                return None
            trail = [] if target.startswith("/") else trail
            waiting += target.split("/")[::-1]
        real = "/".join(trail)
        try:
            status = os.lstat(self.at(real))
        except (OSError, ValueError):
            return None
        crossed.pop(real, None)
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), Kind.OTHER)
        return Found(real, kind, status.st_mode & 0o7777, status.st_size, tuple(crossed))
