"""Which files of an image rules may have something to say of: asked for every file, so it is quick.

What is left out here no rule ever sees; ``Files.find`` still finds it.
"""

import stat

from seawall.images import credential_files, leftover_files
from seawall.images.leftover_files import kind_of as leftover
from seawall.images.names import PROGRAM_DIRECTORIES, PROGRAMS

MOST_TEXT = 64 * 1024
"""Bytes of a file that rules are shown."""
SHADOW = "etc/shadow"
ACCOUNTS = ("etc/passwd", "etc/group", SHADOW)
_SPECIAL = stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH
_NAMES = frozenset((
    *PROGRAMS, *(path.rpartition("/")[2] for path in ACCOUNTS), *credential_files.KNOWN_NAMES,
    *leftover_files.KNOWN_NAMES,
))  # fmt: skip
_STARTS = (*credential_files.KNOWN_STARTS, *leftover_files.KNOWN_STARTS)
_ENDS = credential_files.KNOWN_ENDS
_CACHES = leftover_files.CACHES
_INSIDE, _BESIDE = leftover_files.KNOWN_DIRECTORIES


def is_notable(path: str, mode: int, *, capabilities: bool = False) -> bool:
    """Whether rules may want to see a file (its path without leading ``/``)."""
    if capabilities or (mode & _SPECIAL and not stat.S_ISLNK(mode)):
        return True
    name = path[path.rfind("/") + 1 :]
    if (
        name not in _NAMES
        and name[name.rfind(".") + 1 :] not in _ENDS
        and not name.startswith(_STARTS)
        and not path.startswith(_CACHES)
        and _INSIDE not in path
        and _BESIDE not in path
    ):
        return False
    directory = path.rpartition("/")[0]
    if name in PROGRAMS and directory in PROGRAM_DIRECTORIES:
        return True
    return path in ACCOUNTS or leftover(path) is not None or wants_text(path)


def wants_text(path: str) -> bool:
    """Whether rules read the start of a file."""
    return path in ACCOUNTS or credential_files.kind_of(path) is not None
