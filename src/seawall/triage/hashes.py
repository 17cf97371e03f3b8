"""Salted hashes of secret values, for files that others may read.

A hash without a salt is looked up in a table, and a fast one of a password is guessed in minutes.
So a value that a person may have thought up gets a hash that is slow and needs memory (scrypt,
RFC 7914); for one that was drawn by chance, which nobody guesses, a fast one will do. All entries
of a file have one salt: each value is hashed once, in however many entries it is looked for.

A hash is written as ``salt:hash``, both hexadecimal. Which function made it does not show, for that
would tell which values are worth guessing. Those of the first version of the baseline are longer.
"""

import os
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted

SALT_LENGTH, LENGTH, FIRST_LENGTH = 16, 12, 16
"""Bytes; the last is that of hashes in the first version."""
WRITTEN = pattern(r"[0-9a-f]{32}:[0-9a-f]{24}(?:[0-9a-f]{8})?")
STRONG = 60
"""Bits from which a value is out of reach for those who guess."""
_WORTH_THREADS = 4
"""Slow hashes from which a thread for each processor is worth its start."""

Wanted = tuple[Redacted, str]
"""A value, and the beginning of a written hash that says how it is to be hashed: its salt and
length."""


class Hashes:
    """Hashes values, each once for each salt."""

    def __init__(self) -> None:
        self._known: dict[tuple[Redacted, bytes, int], str] = {}

    def matches(self, secret: Redacted, written: str) -> bool:
        """Whether a written hash is that of a value."""
        return self.like(secret, written) == written

    def like(self, secret: Redacted, written: str) -> str:
        """The hash of a value, with the salt and of the length of another one."""
        return self._hash(secret, *_parts(written))

    def of(self, secret: Redacted, salt: bytes) -> str:
        """The hash of a value as it is written."""
        return self._hash(secret, salt, LENGTH)

    def prepare(self, wanted: Iterable[Wanted]) -> None:
        """Hash many at once, a processor each: scrypt does not hold up other threads."""
        keys = dict.fromkeys((secret, *_parts(written)) for secret, written in wanted)
        slow = [key for key in keys if key not in self._known and _is_slow(*key)]
        if len(slow) < _WORTH_THREADS:
            return
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - seldom

        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for key, written in zip(slow, pool.map(lambda key: _hashed(*key), slow), strict=True):
                self._known[key] = written

    def _hash(self, secret: Redacted, salt: bytes, length: int) -> str:
        key = (secret, salt, length)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _hashed(*key)
        return known


def salt_of(written: Iterable[str]) -> bytes:
    """The salt of most of some hashes; a new one where there are none."""
    counts = Counter(text.partition(":")[0] for text in written if text)
    if not counts:
        return os.urandom(SALT_LENGTH)
    most = max(counts.values())  # of several, one that does not hang on the order of the lines
    return bytes.fromhex(min(salt for salt, count in counts.items() if count == most))


def _parts(written: str) -> tuple[bytes, int]:
    salt, _, digest = written.partition(":")
    return bytes.fromhex(salt), len(digest) // 2


def _is_slow(secret: Redacted, _salt: bytes, length: int) -> bool:
    value = secret.reveal()
    return not (_looks_drawn(value) if length == FIRST_LENGTH else strength(value) >= STRONG)


def _hashed(secret: Redacted, salt: bytes, length: int) -> str:
    from hashlib import blake2b, scrypt  # noqa: PLC0415 - OpenSSL, only where there are secrets

    value = secret.reveal().encode("utf-8", "surrogatepass")
    if _is_slow(secret, salt, length):
        # 2 MiB and 6 ms; the first version took 16 MiB and 50 ms for each, and a minute for 1,000.
        block = 8 if length == FIRST_LENGTH else 1
        digest = scrypt(value, salt=salt, n=2**14, r=block, p=1, dklen=length)
    else:
        person = b"seawall-secret" if length == FIRST_LENGTH else b"seawall-secret-2"
        digest = blake2b(value, digest_size=length, salt=salt, person=person).digest()
    return f"{salt.hex()}:{digest.hex()}"


# How hard a value is to guess -----------------------------------------------------------------

_RUNS = pattern(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]")
_LETTER, _DIGIT, _SIGN, _AGAIN = 4.7, 3.3, 4.0, 1.0
_WORD, _WORD_FROM, _LONGER = 12.0, 4, 0.5
"""Bits of a word, the letters from which a run may be one, and bits for each letter more."""
_NUMBER_FROM, _NUMBER_LONGER = 4, 1.5
_FEW_CHARACTERS = 10


def strength(value: str) -> float:
    """About how many bits there are to guess in a value, rather too few than too many.

    Letters that stand together count as a word of a dictionary, and what comes again as nothing.
    """
    if len(set(value)) < _FEW_CHARACTERS:
        return 0.0
    total = 0.0
    seen = set()
    for run in _RUNS.findall(value):
        total += _AGAIN if run in seen else _bits(run)
        seen.add(run)
    return total


def _bits(run: str) -> float:
    size = len(run)
    if run.isdigit():
        more = max(size - _NUMBER_FROM, 0)
        return (size - more) * _DIGIT + more * _NUMBER_LONGER
    if not run.isalpha():
        return _SIGN
    if size < _WORD_FROM:
        return size * _LETTER
    return _WORD + (size - _WORD_FROM) * _LONGER


_DRAWN_LENGTH = 20
_KINDS = (str.islower, str.isupper, str.isdigit)


def _looks_drawn(value: str) -> bool:
    """What the first version asked: whether a long value changes between kinds of characters."""
    kinds = [next((n for n, test in enumerate(_KINDS) if test(c)), -1) for c in value]
    changes = sum(one != other for one, other in pairwise(kinds))
    return len(value) >= _DRAWN_LENGTH and changes * 3 > len(value) and len(set(value)) >= 10
