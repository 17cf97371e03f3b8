"""What the user gives to patch with: directories of packages, mirrors, keys, sums."""

import os
import time
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from seawall.core.errors import InputError, UsageError
from seawall.core.lazy import pattern
from seawall.patching.places import Place
from seawall.patching.plans import VULNERABLE
from seawall.sources.files import reason_of

_MOST_KEYS = 16 << 20
_MOST_SUMS = 64 << 20
_SUM = pattern(r"([0-9A-Fa-f]{64})  ?\*?(.+)")


class Wanted(NamedTuple):
    """What is to be patched, with what."""

    what: str = VULNERABLE
    """``VULNERABLE`` or ``ALL``."""
    named: frozenset[str] = frozenset()
    """Packages that are patched whatever is known of them; where there are any, only these."""
    packages: tuple[str, ...] = ()
    """Directories of package files."""
    mirrors: tuple[str, ...] = ()
    """``PLACE [SUITE [COMPONENT...]]``."""
    keyrings: tuple[str, ...] = ()
    """Files of keys; the image's own are believed, too."""
    checksums: str = ""
    """A file of SHA-256 sums that the user vouches for."""
    allow_unsigned: bool = False
    ignore_valid_until: bool = False
    keep_changed_conffiles: bool = False
    database: str | None = None
    """The database of advisories, as a scan has it."""
    now: float = 0.0
    """Seconds since 1970; 0 for the clock's."""

    @property
    def time(self) -> float:
        """What signatures are held against."""
        return self.now or time.time()


class Mirror(NamedTuple):
    """A mirror as the user names it."""

    place: Place
    suites: tuple[str, ...]
    components: tuple[str, ...]


def mirror_of(text: str) -> Mirror:
    """``PLACE [SUITE [COMPONENT...]]``; raises ``UsageError``."""
    words = text.split()
    if not words:
        raise UsageError("--mirror: nothing is named; write 'ADDRESS SUITE COMPONENT', or ADDRESS")
    if os.path.isdir(text):  # a path with blanks
        words = [text]
    return Mirror(Place(words[0]), tuple(words[1:2]), tuple(words[2:]))


def read_file(path: str, limit: int, option: str) -> bytes:
    """A file that the user names; raises ``UsageError``."""
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UsageError(f"{option}: {path}: {reason_of(error)}; name another file") from None
    if len(data) > limit:
        raise UsageError(f"{option}: {path}: is larger than {limit} bytes; name another file")
    return data


def key_files(paths: Sequence[str]) -> Mapping[str, bytes]:
    """Files of keys by their names; of a directory all its files."""
    found = {}
    for path in paths:
        if os.path.isdir(path):
            names = sorted(os.listdir(path))
            inner = [os.path.join(path, name) for name in names]
            found.update({each: read_file(each, _MOST_KEYS, "--keyring") for each in inner
                          if os.path.isfile(each)})  # fmt: skip
        else:
            found[path] = read_file(path, _MOST_KEYS, "--keyring")
    return found


def sums_of(path: str) -> Mapping[str, str]:
    """The sums of files by their names, as ``sha256sum`` writes them."""
    if not path:
        return {}
    text = read_file(path, _MOST_SUMS, "--checksums").decode("utf-8", "replace")
    found = {}
    for line in text.splitlines():
        match = _SUM.fullmatch(line.strip())
        if match is not None:
            found[match[2].rpartition("/")[2]] = match[1].lower()
    if not found:
        raise UsageError(f"--checksums: {path}: holds no SHA-256; write it with sha256sum")
    return found


def package_files(place: Place, ending: str) -> tuple[str, ...]:
    """The names of the package files of a directory. Raises ``InputError``."""
    return tuple(name for name in place.names() if name.endswith(ending))


def package_file(place: Place, name: str, limit: int) -> bytes:
    """A package file of a directory. Raises ``InputError``."""
    data = place.get(name, limit)
    if data is None:
        raise InputError(f"{place.name}: {name} is no file, or is gone; see what is there")
    return data


def unproven(names: Collection[str], place: Place, how: str) -> InputError:
    """The error for package files that nothing vouches for."""
    first = min(names)
    return InputError(
        f"{place.name}/{first}: nothing says that it is what it should be; {how}, or say "
        "--allow-unsigned if you know it otherwise"
    )
