"""Which system calls name paths, and in which of their arguments.

Source: section 2 of the Linux manual pages; a call's variants of i386 are named as there.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from seawall.tracing import calls

OPENED, ASKED, MADE, EXECUTED = "opened", "asked", "made", "executed"
"""What is done with a path: it is opened, looked at or changed, made anew, executed."""


class Named(NamedTuple):
    """A path among the arguments of a call."""

    what: str
    directory: int | None
    """Which argument is the descriptor of the directory that a relative path is below; ``None`` for
    the working directory."""
    path: int
    """Which argument points to the path."""
    is_socket: bool = False
    """Whether it points to a ``struct sockaddr`` instead, which may hold a path."""


def _plain(what: str, names: str, path: int = 0) -> dict[str, tuple[Named, ...]]:
    return dict.fromkeys(names.split(), (Named(what, None, path),))


def _below(what: str, names: str, directory: int = 0) -> dict[str, tuple[Named, ...]]:
    return dict.fromkeys(names.split(), (Named(what, directory, directory + 1),))


_BY_NAME: Mapping[str, tuple[Named, ...]] = {
    **_plain(OPENED, "open creat uselib"),
    **_below(OPENED, "openat openat2"),
    **_plain(
        ASKED,
        "stat lstat stat64 lstat64 oldstat oldlstat access readlink chdir chroot statfs statfs64 "
        "truncate truncate64 chmod chown lchown chown32 lchown32 utime utimes unlink rmdir "
        "getxattr lgetxattr listxattr llistxattr setxattr lsetxattr removexattr lremovexattr acct",
    ),
    **_plain(ASKED, "inotify_add_watch", 1),
    **_below(
        ASKED,
        "newfstatat fstatat64 statx faccessat faccessat2 readlinkat fchmodat fchmodat2 fchownat "
        "futimesat utimensat utimensat_time64 unlinkat name_to_handle_at getxattrat listxattrat "
        "setxattrat removexattrat file_getattr file_setattr open_tree",
    ),
    "fanotify_mark": (Named(ASKED, 3, 4),),
    **_plain(MADE, "mkdir mknod"),
    **_below(MADE, "mkdirat mknodat"),
    **_plain(MADE, "symlink", 1),
    **_below(MADE, "symlinkat", 1),
    "rename": (Named(ASKED, None, 0), Named(MADE, None, 1)),
    "link": (Named(ASKED, None, 0), Named(MADE, None, 1)),
    **dict.fromkeys(
        ("renameat", "renameat2", "linkat"), (Named(ASKED, 0, 1), Named(MADE, 2, 3))
    ),
    "bind": (Named(MADE, None, 1, is_socket=True),),
}  # fmt: skip


@cache
def of_architecture(architecture: str) -> Mapping[int, tuple[Named, ...]]:
    """By number: the calls of an architecture that name paths."""
    known = calls.numbers(architecture)
    return {known[name]: named for name, named in _BY_NAME.items() if name in known}
