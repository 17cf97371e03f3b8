"""The baseline: findings that were there when a team began, by fingerprint.

A file of JSON lines, one entry a line, sorted. An entry holds no line number, time or version, so
it changes only when a finding comes or goes, and two branches that add entries merge with
``merge=union`` in ``.gitattributes`` (any order and repeated lines are read alike). Where a
finding is about a secret value, the entry holds a salted hash of it: another secret in the same
place is a new finding, and the file tells nobody the old one.
"""

import json
import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from seawall.core.errors import UsageError
from seawall.core.finding import Finding, fingerprint, render_subject
from seawall.core.ignore import fault_of_date
from seawall.core.redacted import Redacted
from seawall.core.severity import Severity

VERSION = 1
HEADER = {"format": "seawall-baseline", "version": VERSION}
SIZE_LIMIT = 256 * 1024 * 1024
_STRONG_LENGTH = 20
"""Characters from which a secret is taken to be random, so that a fast hash will do."""
_FINGERPRINT_LENGTH = 32


class Entry(NamedTuple):
    """A finding that is known: how often, how bad it was, and why it may stay."""

    fingerprint: str
    rule: str
    subject: str
    severity: Severity
    times: int = 1
    secret: str = ""
    """Salt and hash of the secret value: ``salt:hash``, both hexadecimal; empty without one."""
    reason: str = ""
    until: str = ""
    """The last day it holds; empty when it holds for ever."""


class Baseline:
    """The known findings. Each entry covers as many equal findings as it counted."""

    __slots__ = ("_entries", "path")

    def __init__(self, entries: Iterable[Entry], path: str = "") -> None:
        self._entries: dict[str, list[Entry]] = {}
        self.path = path
        for entry in entries:
            self._entries.setdefault(entry.fingerprint, []).append(entry)

    def __len__(self) -> int:
        return sum(len(entries) for entries in self._entries.values())

    def of(self, mark: str) -> list[Entry]:
        """The entries of a fingerprint: several when it stands for several secrets."""
        return self._entries.get(mark, [])

    def find(self, mark: str, finding: Finding, number: int, today: str) -> Entry | None:
        """The entry that covers a finding, the ``number``-th (from 0) of its fingerprint.

        None covers a finding that has become worse, holds another secret, or whose day is over.
        """
        for entry in self.of(mark):
            if (
                number < entry.times
                and finding.severity <= entry.severity
                and not (entry.until and entry.until < today)
                and _same_secret(entry, finding.secret)
            ):
                return entry
        return None


def entries_of(findings: Iterable[Finding], old: Baseline) -> list[Entry]:
    """One entry for each finding that can be told apart; reasons and salts of old ones stay."""
    counts: dict[str, int] = {}
    first: dict[str, Finding] = {}
    for finding in findings:
        mark = fingerprint(finding)
        if finding.secret:
            known = next((e for e in old.of(mark) if _same_secret(e, finding.secret)), None)
            key = (
                known.secret
                if known
                else next(
                    (k for k in first if k.startswith(mark) and first[k].secret == finding.secret),
                    "",
                ).removeprefix(mark)
                or _hashed(finding.secret, os.urandom(16))
            )
            key = mark + key
        else:
            key = mark
        counts[key] = counts.get(key, 0) + 1
        worst = first.get(key)
        if worst is None or finding.severity > worst.severity:
            first[key] = finding
    result = []
    for key, finding in first.items():
        mark, secret = key[:_FINGERPRINT_LENGTH], key[_FINGERPRINT_LENGTH:]
        known = next((e for e in old.of(mark) if e.secret == secret), None)
        result.append(
            Entry(
                mark, finding.rule.id, render_subject(finding), finding.severity, counts[key],
                secret, known.reason if known else "", known.until if known else "",
            )
        )  # fmt: skip
    return result


def render(entries: Iterable[Entry]) -> Iterable[str]:
    """The text of a baseline, line by line."""
    yield _line(HEADER)
    yield from sorted(_line(_fields(entry)) for entry in entries)


def _line(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(", ", ": ")) + "\n"


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
        entry = _entry(fields, where)
        before = entries.get((entry.fingerprint, entry.secret))
        entries[entry.fingerprint, entry.secret] = _merged(before, entry) if before else entry
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
            f"{where}: the baseline has version {fields.get('version')!r}; this seawall reads "
            f"version {VERSION}: write it anew with --write-baseline, or upgrade"
        )


_TEXTS = ("fingerprint", "rule", "subject", "severity", "secret", "reason", "until")


def _entry(fields: Mapping[str, object], where: str) -> Entry:
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
    count = fields.get("count", 1)
    return Entry(
        mark, texts.get("rule", ""), texts.get("subject", ""), severity,
        count if isinstance(count, int) else 1, texts.get("secret", ""),
        texts.get("reason", ""), until,
    )  # fmt: skip


# Secret values --------------------------------------------------------------------------------


def _same_secret(entry: Entry, secret: Redacted) -> bool:
    if not (entry.secret and secret):
        return not entry.secret and not secret
    salt, _, _ = entry.secret.partition(":")
    try:
        return _hashed(secret, bytes.fromhex(salt)) == entry.secret
    except ValueError:
        return False


def _hashed(secret: Redacted, salt: bytes) -> str:
    """Salt and hash. What may be guessed gets a hash that is slow to guess with (RFC 7914)."""
    from hashlib import blake2b, scrypt  # noqa: PLC0415 - OpenSSL, only where there are secrets

    value = secret.reveal().encode("utf-8", "surrogatepass")
    if len(value) >= _STRONG_LENGTH:
        digest = blake2b(value, digest_size=16, salt=salt[:16], person=b"seawall-secret").digest()
    else:
        digest = scrypt(value, salt=salt, n=2**14, r=8, p=1, dklen=16)
    return f"{salt.hex()}:{digest.hex()}"
