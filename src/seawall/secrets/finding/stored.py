"""Keeps what it costs time to make: rules that are read, patterns that are compiled.

One file for each set of rules, code, library and machine, in a directory of the user's.
"""

import marshal
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from seawall.core.digests import blake2b
from seawall.core.severity import Severity
from seawall.secrets.finding import native
from seawall.secrets.rules.rule import Rule
from seawall.secrets.rules.shapes import Shape

FORMAT = 3
_CHECKSUM = 16


class Stored:
    """What a file holds."""

    __slots__ = ("database", "rules", "shapes")

    def __init__(self, rules: tuple[Rule, ...], shapes: tuple[Shape, ...], database: bytes) -> None:
        self.rules = rules
        self.shapes = shapes
        self.database = database
        """Empty where there is no Hyperscan."""


def key_of(parts: Sequence[bytes], *, with_database: bool) -> str:
    """The name of the file for some sources of rules and code, with a database or without one."""
    version = native.library_version() if with_database else "plain"
    machine = f"{sys.platform} {os.uname().machine}" if hasattr(os, "uname") else sys.platform
    known = f"{FORMAT} {marshal.version} {sys.implementation.cache_tag} {version} {machine}"
    state = blake2b(known.encode(), digest_size=16)
    for part in parts:
        state.update(b"%d:" % len(part))
        state.update(part)
    return state.hexdigest()


def load(directory: str, key: str) -> Stored | None:
    """What is kept under a key; ``None`` for nothing, or what was not written by us."""
    try:
        with open(_path(directory, key), "rb") as stream:
            packed = stream.read()
    except OSError:
        return None
    if (
        blake2b(packed[_CHECKSUM:], digest_size=_CHECKSUM, key=key.encode()).digest()
        != packed[:_CHECKSUM]
    ):
        return None
    try:
        rules, shapes, database = marshal.loads(packed[_CHECKSUM:])  # noqa: S302 - ours: checksum
    except (EOFError, ValueError, TypeError):
        return None
    return Stored(
        tuple(Rule._make((*row[:3], Severity(row[3]), *row[4:])) for row in rules),
        tuple(Shape(*row) for row in shapes),
        database,
    )


def save(directory: str, key: str, stored: Stored) -> bool:
    """Keep it; whether that could be done."""
    rules = tuple((*rule[:3], int(rule.severity), *rule[4:]) for rule in stored.rules)
    data = marshal.dumps((rules, tuple(map(tuple, stored.shapes)), stored.database))
    checksum = blake2b(data, digest_size=_CHECKSUM, key=key.encode()).digest()
    path = _path(directory, key)
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        with open(temporary, "xb") as stream:
            stream.write(checksum + data)
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        return False
    return True


def _path(directory: str, key: str) -> str:
    return os.path.join(directory, f"secrets-{key}.bin")
