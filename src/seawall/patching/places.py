"""Where packages come from: a directory, or an address (http, https). Said by the user only."""

import os
from urllib.parse import quote, urlsplit

from seawall.core.errors import InputError, UsageError
from seawall.patching.errors import DISTRUST, PackageError
from seawall.sources.files import reason_of
from seawall.sources.http.client import GONE, NOT_FOUND, Client, FetchError, Limits

_SAFE = "/+~:@!$&'()*,;=-._"


class Place:
    """A directory or an address, and the files below it."""

    def __init__(self, base: str, client: Client | None = None) -> None:
        """Raise ``UsageError`` for what is neither."""
        self.name = base
        self._base = base.removeprefix("file://").rstrip("/") or "/"
        self._client: Client | None = None
        if urlsplit(base).scheme in ("http", "https"):
            if "@" in urlsplit(base).netloc:
                raise UsageError("--mirror: no name and password in an address; use a directory")
            self._client = client if client is not None else Client(limits=Limits(tries=3))
        elif not os.path.isdir(self._base):
            raise UsageError(f"{base} is no directory and no address (http, https); see --mirror")

    def get(self, path: str, limit: int) -> bytes | None:
        """The bytes of a file; ``None`` where there is none.

        Raises ``InputError`` for what cannot be read or is larger.
        """
        if not is_below(path):
            raise PackageError(self.name, f"names {path!r}, which leads out of it", DISTRUST)
        if self._client is None:
            return self._read(path, limit)
        try:
            return self._client.get(f"{self._base}/{quote(path, _SAFE)}", limit)
        except FetchError as error:
            if error.status in (NOT_FOUND, GONE):
                return None
            raise

    def _read(self, path: str, limit: int) -> bytes | None:
        full = os.path.join(self._base, path)
        try:
            with open(full, "rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise InputError(f"{full}: {reason_of(error)}; see whether you may read it") from None
        if len(data) > limit:
            raise InputError(f"{full}: is larger than {limit} bytes; see whether it is right")
        return data

    def names(self) -> tuple[str, ...]:
        """The names of the files in a directory, sorted. Raises ``InputError``."""
        try:
            return tuple(sorted(os.listdir(self._base)))
        except OSError as error:
            raise InputError(
                f"{self.name}: {reason_of(error)}; see whether you may read it"
            ) from None


def is_below(path: str) -> bool:
    """Whether a path of an index stays below where it begins."""
    return bool(path) and not path.startswith("/") and "\0" not in path and all(
        part not in ("", "..") for part in path.split("/")
    )  # fmt: skip
