"""Git repositories, read without believing them.

git itself reads the objects, but never the repository's own configuration, hooks or attributes:
it works on a temporary directory of ours (``sterile``) that links to what is data. Nothing of the
repository is executed, nothing in it is written, and no network is used: there are no remotes,
so what a partial clone lacks is missing. ``discovery`` says which pointers out of a tree are
believed.
"""

from typing import TYPE_CHECKING

from seawall.core.lazy import exports

if TYPE_CHECKING:
    from seawall.sources.git.changes import Change, Row, Staged
    from seawall.sources.git.listing import DAMAGED, Listed
    from seawall.sources.git.reach import Ref
    from seawall.sources.git.repository import Repository, find
    from seawall.sources.git.rows import (
        Changes,
        Commit,
        LfsPointer,
        Missing,
        StagedEntry,
        TreeEntry,
        lfs_pointer,
    )

__all__ = [
    "DAMAGED",
    "Change",
    "Changes",
    "Commit",
    "LfsPointer",
    "Listed",
    "Missing",
    "Ref",
    "Repository",
    "Row",
    "Staged",
    "StagedEntry",
    "TreeEntry",
    "find",
    "lfs_pointer",
]

__getattr__ = exports(
    __name__,
    {
        "changes": (
            "Change",
            "Row",
            "Staged",
        ),
        "listing": (
            "DAMAGED",
            "Listed",
        ),
        "reach": ("Ref",),
        "repository": (
            "Repository",
            "find",
        ),
        "rows": (
            "Changes",
            "Commit",
            "LfsPointer",
            "Missing",
            "StagedEntry",
            "TreeEntry",
            "lfs_pointer",
        ),
    },
)
