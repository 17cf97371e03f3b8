"""The baseline: findings that were there when a team began, by fingerprint.

A file of JSON lines, one entry a line, sorted. An entry holds no line number, time or version, so
it changes only when a finding comes or goes, and two branches that add entries merge with
``merge=union`` in ``.gitattributes`` (any order and repeated lines are read alike). Where a
finding is about a secret value, the entry holds a salted hash of it: another secret in the same
place is a new finding, and the file tells nobody the old one.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from seawall.core.errors import UsageError
from seawall.core.finding import Finding, fingerprint, render_subject
from seawall.core.ignore import fault_of_date
from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import NOTHING, Redacted
from seawall.core.severity import Severity

VERSION = 1
HEADER = {"format": "seawall-baseline", "version": VERSION}
SIZE_LIMIT = 256 * 1024 * 1024
_FINGERPRINT_LENGTH = 32


class Entry(NamedTuple):
    """A finding that is known: how often, how bad it was, and why it may stay."""

    fingerprint: str
    rule: str
    subject: str
    severity: Severity
    times: int = 1
    secret: str | Redacted = ""
    """Salt and hash of the secret value: ``salt:hash``, both hexadecimal; empty without one. The
    value itself where the entry never leaves this process."""
    reason: str = ""
    until: str = ""
    """The last day it holds; empty when it holds for ever."""

    def is_of(self, secret: Redacted) -> bool:
        """Whether it is about a finding with this secret value, or without one as well."""
        if isinstance(self.secret, Redacted):
            return self.secret == secret
        if not (self.secret and secret):
            return not self.secret and not secret
        return _hashed(secret, _salt(self.secret)) == self.secret


class Baseline:
    """The known findings. Each entry covers as many equal findings as it counted."""

    __slots__ = ("_entries", "path")

    def __init__(self, entries: Iterable[Entry], path: str = "") -> None:
        self._entries: dict[str, list[Entry]] = {}
        self.path = path
        for entry in entries:
            self._entries.setdefault(entry.fingerprint, []).append(entry)

    def __iter__(self) -> Iterator[Entry]:
        return (entry for entries in self._entries.values() for entry in entries)

    def of(self, mark: str, secret: Redacted) -> Entry | None:
        """The entry of a fingerprint, which may stand for several secrets."""
        return next((entry for entry in self._entries.get(mark, ()) if entry.is_of(secret)), None)

    def tally(self, today: str) -> "Tally":
        """Counts how often each entry is used."""
        return Tally(self, today)


Demand = tuple[str, str | Redacted, int, int, int]
"""What some findings asked of an entry: its fingerprint, its secret, how often it is to be had in
all, how often they wanted it, and how often they got it."""


class Tally:
    """What a baseline still covers while findings are held against it one by one."""

    def __init__(self, baseline: Baseline, today: str) -> None:
        self._baseline = baseline
        self._today = today
        self._taken: dict[tuple[str, str | Redacted], int] = {}
        self._entries: dict[tuple[str, Redacted], Entry | None] = {}
        self._demands: dict[tuple[str, str | Redacted], Demand] = {}

    def take(self, finding: Finding) -> Entry | None:
        """The entry that covers a finding.

        None covers a finding that has become worse or more frequent, holds another secret, or
        whose day is over.
        """
        key = (fingerprint(finding), finding.secret)
        if key not in self._entries:  # a hash of a secret takes its time
            self._entries[key] = self._baseline.of(*key)
        entry = self._entries[key]
        if (
            entry is None
            or finding.severity > entry.severity
            or (entry.until and entry.until < self._today)
        ):
            return None
        place = (entry.fingerprint, entry.secret)
        taken = self._taken.get(place, 0)
        gets = taken < entry.times
        *_, wanted, got = self._demands.get(place, (0, 0))
        self._demands[place] = (*place, entry.times, wanted + 1, got + gets)
        if not gets:
            return None
        self._taken[place] = taken + 1
        return entry

    def demands(self) -> tuple[Demand, ...]:
        """What was asked for since this was asked last."""
        result = tuple(self._demands.values())
        self._demands.clear()
        return result

    def grant(self, demands: Sequence[Demand]) -> bool:
        """Give what findings got once; nothing, and false, where they would get another number."""
        for mark, secret, times, wanted, got in demands:
            if min(times - self._taken.get((mark, secret), 0), wanted) != got:
                return False
        for mark, secret, _, _, got in demands:
            self._taken[mark, secret] = self._taken.get((mark, secret), 0) + got
        return True


def remembered(findings: Iterable[Finding]) -> Baseline:
    """What is known once these findings are; for this process only."""
    entries: dict[tuple[str, Redacted], Entry] = {}
    for finding in findings:
        key = (fingerprint(finding), finding.secret)
        subject = render_subject(finding)
        entry = Entry(key[0], finding.rule.id, subject, finding.severity, 1, finding.secret)
        before = entries.get(key)
        if before is not None:
            worst = max(before.severity, entry.severity)
            entry = before._replace(severity=worst, times=before.times + 1)
        entries[key] = entry
    return Baseline(entries.values())


def entries_of(findings: Iterable[Finding], old: Baseline) -> list[Entry]:
    """One entry for each finding that can be told apart; reasons and salts of old ones stay."""
    return [_settled(entry, old) for entry in remembered(findings)]


def _settled(entry: Entry, old: Baseline) -> Entry:
    """An entry as it is written: with what an old one says, and without the secret value."""
    secret = entry.secret if isinstance(entry.secret, Redacted) else NOTHING
    known = old.of(entry.fingerprint, secret)
    if known is not None:
        return entry._replace(secret=known.secret, reason=known.reason, until=known.until)
    return entry._replace(secret=_hashed(secret, os.urandom(_SALT_LENGTH)) if secret else "")


def render(entries: Iterable[Entry]) -> Iterable[str]:
    """The text of a baseline, line by line."""
    yield _line(HEADER)
    yield from sorted(_line(_fields(entry)) for entry in entries)


_SURROGATE = pattern("[\ud800-\udfff]")
"""Half a pair, from an escape in a manifest: no UTF-8 file can hold it."""


def _line(fields: Mapping[str, object]) -> str:
    text = json.dumps(fields, ensure_ascii=False, separators=(", ", ": "))
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"


def _fields(entry: Entry) -> dict[str, object]:
    fields: dict[str, object] = {
        "fingerprint": entry.fingerprint,
        "rule": entry.rule,
        "subject": entry.subject,
        "severity": entry.severity.label,
    }
    if entry.times > 1:
        fields["count"] = entry.times
    for name in ("secret", "reason", "until"):
        value = getattr(entry, name)
        if value:
            fields[name] = value
    return fields


# Reading --------------------------------------------------------------------------------------


def read(path: str) -> bytes:
    """The bytes of a baseline; raises UsageError when it cannot be read."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(
            f"cannot read the baseline {path}: {reason}; --write-baseline makes one"
        ) from None
    if len(data) > SIZE_LIMIT:
        raise UsageError(
            f"the baseline {path} is larger than {SIZE_LIMIT >> 20} MiB; write one for each part"
        )
    return data


def load(path: str) -> Baseline:
    """Read a baseline; raises UsageError, with the line, for what is none."""
    data = read(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: a baseline must be UTF-8") from None
    return parse(text, path)


def parse(text: str, path: str) -> Baseline:
    """Read the text of a baseline; raises UsageError, with the line, for what is none."""
    entries: dict[tuple[str, str], Entry] = {}
    versioned = False
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        if line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
            raise UsageError(
                f"{where}: this is a merge conflict; keep the lines of both sides and remove the "
                f"markers, and put '{os.path.basename(path)} merge=union' into .gitattributes"
            )
        fields = _read_line(line, where)
        if "format" in fields:
            _check_header(fields, where)
            versioned = True
            continue
        if not versioned:
            raise UsageError(
                f"{where}: this is no baseline of seawall: its first line must be {_line(HEADER)}"
            )
        entry, secret = _entry(fields, where)
        before = entries.get((entry.fingerprint, secret))
        entries[entry.fingerprint, secret] = _merged(before, entry) if before else entry
    if not versioned and text.strip():
        raise UsageError(f"{path}: this is no baseline of seawall; --write-baseline makes one")
    return Baseline(entries.values(), path)


def _merged(one: Entry, other: Entry) -> Entry:
    """What two branches say of one finding: the wider word of both."""
    until = "" if not (one.until and other.until) else max(one.until, other.until)
    return other._replace(
        severity=max(one.severity, other.severity),
        times=max(one.times, other.times),
        reason=other.reason or one.reason,
        until=until,
    )


def _read_line(line: str, where: str) -> dict[str, object]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{where}: this line of the baseline is no JSON: {error}; remove it, or write the "
            "baseline anew with --write-baseline"
        ) from None
    if not isinstance(fields, dict):
        raise UsageError(f"{where}: a line of a baseline must be a JSON object")
    return fields


def _check_header(fields: Mapping[str, object], where: str) -> None:
    if fields.get("format") != HEADER["format"]:
        raise UsageError(f"{where}: this is no baseline of seawall; --write-baseline makes one")
    if fields.get("version") != VERSION:
        raise UsageError(
            f"{where}: the baseline has version {fields.get('version')!r}, and this seawall reads "
            f"version {VERSION}: upgrade it, or remove the file and make one with --write-baseline"
        )


_TEXTS = ("fingerprint", "rule", "subject", "severity", "secret", "reason", "until")


def _entry(fields: Mapping[str, object], where: str) -> tuple[Entry, str]:
    """An entry, and its secret as it is written."""
    texts: dict[str, str] = {}
    for name, value in fields.items():
        if name == "count":
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UsageError(f"{where}: count must be a whole number from 1 on")
        elif name not in _TEXTS:
            raise UsageError(f"{where}: unknown key {name!r} in the baseline; remove it")
        elif not isinstance(value, str):
            raise UsageError(f"{where}: {name} must be a text")
        else:
            texts[name] = value
    mark = texts.get("fingerprint", "")
    if len(mark) != _FINGERPRINT_LENGTH or mark.strip("0123456789abcdef"):
        raise UsageError(f"{where}: fingerprint must be {_FINGERPRINT_LENGTH} hexadecimal digits")
    until = texts.get("until", "")
    if until and (fault := fault_of_date(until)):
        raise UsageError(f"{where}: until: {fault}")
    try:
        severity = Severity.parse(texts.get("severity", "critical"))
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from None
    secret = texts.get("secret", "")
    if secret and not _SECRET.fullmatch(secret):
        raise UsageError(f"{where}: secret must be a salt and a hash, both hexadecimal")
    count = fields.get("count", 1)
    entry = Entry(
        mark, texts.get("rule", ""), texts.get("subject", ""), severity,
        count if isinstance(count, int) else 1, secret, texts.get("reason", ""), until,
    )  # fmt: skip
    return entry, secret


# Secret values --------------------------------------------------------------------------------

_SALT_LENGTH = 16
_SECRET = pattern(r"[0-9a-f]{32}:[0-9a-f]{32}")
_STRONG_LENGTH = 20
"""Characters that a value drawn by chance has at least, so that a fast hash will do."""
_KINDS = (str.islower, str.isupper, str.isdigit)


def _salt(secret: str) -> bytes:
    return bytes.fromhex(secret.partition(":")[0])


def _hashed(secret: Redacted, salt: bytes) -> str:
    """Salt and hash. What may be guessed gets a hash that is slow to guess with (RFC 7914)."""
    from hashlib import blake2b, scrypt  # noqa: PLC0415 - OpenSSL, only where there are secrets

    value = secret.reveal().encode("utf-8", "surrogatepass")
    if _looks_drawn(secret.reveal()):
        digest = blake2b(value, digest_size=16, salt=salt, person=b"seawall-secret").digest()
    else:
        digest = scrypt(value, salt=salt, n=2**14, r=8, p=1, dklen=16)
    return f"{salt.hex()}:{digest.hex()}"


def _looks_drawn(value: str) -> bool:
    """Whether a value is long and changes between kinds of characters as chance does.

    In words, names and numbers put together the kind changes seldom.
    """
    kinds = [next((n for n, test in enumerate(_KINDS) if test(c)), -1) for c in value]
    changes = sum(one != other for one, other in pairwise(kinds))
    return len(value) >= _STRONG_LENGTH and changes * 3 > len(value) and len(set(value)) >= 10
