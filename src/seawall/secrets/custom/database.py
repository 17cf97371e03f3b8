"""Hyperscan's database of users' expressions: built in a process of its own, and kept.

Expressions are strangers', and there are some that Hyperscan takes minutes or gigabytes for. So a
child with limits builds, and where it does not come to an end there is no database: RE2 looks at
each text alone, which is slower and finds the same.
"""

import marshal
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from seawall.core.digests import blake2b
from seawall.secrets.custom.gate import can_be_gated
from seawall.secrets.custom.rule import CustomRule
from seawall.secrets.finding import native

FORMAT = 1
SECONDS, MEMORY, LARGEST = 30, 2 << 30, 64 << 20
"""What a child may take, and how large a database may be."""
_CHECKSUM = 16


class Database:
    """Tells which expressions match somewhere in a text."""

    def __init__(self, packed: bytes, indices: Sequence[int]) -> None:
        import hyperscan  # noqa: PLC0415 - 13 ms, only where somebody has rules of their own

        self._database = hyperscan.loadb(packed, hyperscan.HS_MODE_BLOCK)
        self._scratch = hyperscan.Scratch(self._database)
        self.indices = tuple(indices)
        """The rules that are in it."""

    def fired(self, data: bytes) -> list[int]:
        """The indices of the rules that match."""
        found: list[int] = []
        add = found.append
        self._database.scan(
            data, match_event_handler=lambda index, *_: add(index), scratch=self._scratch
        )
        return found


def database(
    rules: Sequence[CustomRule], directory: str, *, build: bool, keep: bool = True
) -> Database | None:
    """The database of some rules, out of a directory of the user's or built now.

    ``None`` where there is none: no Hyperscan, nothing kept and not asked to build, or a build
    that did not end.
    """
    gated = [(index, rule.regex) for index, rule in enumerate(rules) if can_be_gated(rule.regex)]
    if not gated or not native.available():
        return None
    path = os.path.join(directory, f"custom-{_key(gated)}.bin") if directory else ""
    found = _read(path) if path else None
    if found is None and build:
        found = _built(gated)
        if path and keep:
            _write(path, found)
    packed, indices = found or (b"", [])
    if not packed:
        return None
    import hyperscan  # noqa: PLC0415 - as above

    try:
        return Database(packed, indices)
    except hyperscan.HyperscanError:
        return None


Built = tuple[bytes, list[int]]
_START = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from seawall.secrets.custom.database import main; main()"
)
"""Our package is looked for last, and never in the directory of the moment."""


def _key(gated: Sequence[tuple[int, str]]) -> str:
    state = blake2b(digest_size=16)
    machine = os.uname().machine if hasattr(os, "uname") else ""
    known = f"{FORMAT} {marshal.version} {native.library_version()} {sys.platform} {machine}"
    state.update(known.encode())
    for index, regex in gated:
        state.update(b"%d:%d:" % (index, len(regex)) + regex.encode())
    return state.hexdigest()


def _read(path: str) -> Built | None:
    try:
        with open(path, "rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError:
        return None
    if _checksum(data[_CHECKSUM:]) != data[:_CHECKSUM]:
        return None
    try:
        packed, indices = marshal.loads(data[_CHECKSUM:])  # noqa: S302 - ours: checksum
    except (EOFError, ValueError, TypeError):
        return None
    return packed, indices


def _write(path: str, built: Built) -> None:
    data = marshal.dumps(built)
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(temporary, "xb") as stream:
            stream.write(_checksum(data) + data)
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)


def _checksum(data: bytes) -> bytes:
    return blake2b(data, digest_size=_CHECKSUM, key=b"seawall custom").digest()


# Building -------------------------------------------------------------------------------------


def _built(gated: Sequence[tuple[int, str]]) -> Built:
    """A database and the rules in it; nothing at all where the child failed."""
    import subprocess  # noqa: PLC0415 - only to build

    import seawall  # noqa: PLC0415 - as above

    above = os.path.dirname(os.path.dirname(os.path.abspath(seawall.__file__)))
    try:
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-c", _START, above],
            input=marshal.dumps(list(gated)), capture_output=True, timeout=SECONDS * 2, check=True,
        )  # fmt: skip
        packed, indices = marshal.loads(done.stdout)  # noqa: S302 - our own child's
    except (subprocess.SubprocessError, OSError, EOFError, ValueError, TypeError):
        return b"", []
    return packed, indices


def build(gated: Sequence[tuple[int, str]]) -> Built:
    """A database of those expressions that Hyperscan takes, and their indices."""
    import hyperscan  # noqa: PLC0415 - as above

    flags = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY

    def packed(some: Sequence[tuple[int, str]]) -> bytes:
        made: Any = hyperscan.Database()
        made.compile(
            expressions=[regex.encode() for _, regex in some], ids=[index for index, _ in some],
            elements=len(some), flags=[flags] * len(some),
        )  # fmt: skip
        return bytes(hyperscan.dumpb(made))

    try:
        return packed(gated), [index for index, _ in gated]
    except hyperscan.HyperscanError:
        pass
    taken = []
    for one in gated:
        with suppress(hyperscan.HyperscanError):
            packed([one])
            taken.append(one)
    try:
        return (packed(taken), [index for index, _ in taken]) if taken else (b"", [])
    except hyperscan.HyperscanError:
        return b"", []


def main() -> None:
    """Build what standard input asks for, within limits."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    made = build(marshal.loads(sys.stdin.buffer.read()))  # noqa: S302 - our parent's
    if len(made[0]) > LARGEST:
        made = (b"", [])
    sys.stdout.buffer.write(marshal.dumps(made))
