"""Commits and what each brought, as ``git log --raw -z`` tells it."""

import os
from collections.abc import Iterator, Sequence

from seawall.core.errors import InputError
from seawall.sources.files import shown
from seawall.sources.git.process import REPORT, Git
from seawall.sources.git.rows import SUBMODULE_MODE, Commit

_FIELD_LIMIT = 1024 * 1024
_ARGUMENTS = (
    "log", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-color", "-c",
    "--format=%H%x00%P%x00%an <%ae>%x00%at",
)  # fmt: skip


def commits(git: Git, included: Sequence[str], excluded: Sequence[str]) -> Iterator[Commit]:
    """Commits from the newest on, see ``Repository.commits``; arguments are oids."""
    revisions = [*(included or ["--all"]), *("^" + oid for oid in excluded)]
    fields = git.fields([*_ARGUMENTS, *revisions, "--"], _FIELD_LIMIT)
    header: list[str] | None = None
    blobs: dict[tuple[str, str], None] = {}
    # No field can hold a NUL byte, so neither names of authors nor of files can feign another.
    for field in fields:
        text = field.removeprefix(b"\n")
        if not text:
            continue
        if text.startswith(b":"):
            path = next(fields, None)
            if path is None:
                raise InputError(f"git log ends within an entry; {REPORT}")
            blob = _blob(text)
            if blob:
                blobs[shown(os.fsdecode(path)), blob] = None
            continue
        if header is not None:
            yield _commit(header, blobs)
        header = [_text(text), *(_text(next(fields, b"")) for _ in range(3))]
        blobs = {}
    if header is not None:
        yield _commit(header, blobs)


def _text(field: bytes) -> str:
    return field.decode("utf-8", "backslashreplace")


def _commit(header: list[str], blobs: dict[tuple[str, str], None]) -> Commit:
    oid, parents, author, time = header
    seconds = int(time) if time.isdecimal() else 0
    return Commit(oid, tuple(parents.split()), author, seconds, tuple(blobs))


def _blob(entry: bytes) -> str:
    """The new blob of an entry ``:MODE MODE OID OID STATUS``, "" for a deletion or submodule.

    A merge with n parents has n more modes and oids, and n colons before them.
    """
    colons = len(entry) - len(entry.lstrip(b":"))
    words = entry[colons:].split(b" ")
    if len(words) != 2 * colons + 3:
        raise InputError(f"git log answers {entry[:80]!r}, which is not understood; {REPORT}")
    mode, oid = int(words[colons], 8), words[-2].decode("ascii", "replace")
    return "" if mode in (0, SUBMODULE_MODE) else oid
