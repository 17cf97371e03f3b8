"""The file of a baseline: JSON lines, one entry a line, sorted.

An entry holds no line number, time or version, so it changes only when a finding comes or goes, and
two branches that add entries merge with ``merge=union`` in ``.gitattributes`` (any order and
repeated lines are read alike). Version 2 added ``state`` and ``by``, and shorter hashes of secrets
that have one salt for all; files of version 1 are read as well.
"""

import json
import os
from collections.abc import Iterable, Mapping

from seawall.core.errors import UsageError
from seawall.core.ignore import fault_of_date
from seawall.core.lazy import pattern
from seawall.core.severity import Severity
from seawall.triage.baseline import ACCEPTED, FALSE, OPEN, REVOKED, ROTATED, STATES, Baseline, Entry
from seawall.triage.hashes import WRITTEN

VERSION = 2
VERSIONS = (1, 2)
HEADER = {"format": "seawall-baseline", "version": VERSION}
SIZE_LIMIT = 256 * 1024 * 1024
_FINGERPRINT_LENGTH = 32


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
    for name in ("secret", "state", "reason", "by", "until"):
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
        state=_state_of_both(one.state, other.state),
        by=other.by or one.by,
    )


def _state_of_both(one: str, other: str) -> str:
    """What two branches decided: a decision goes before none, and "still to be done" before all.

    Where they decided otherwise, the one that says less: nobody has agreed to more.
    """
    order = (OPEN, ACCEPTED, ROTATED, FALSE, REVOKED, "")
    return min(one, other, key=order.index)


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
    if fields.get("version") not in VERSIONS:
        raise UsageError(
            f"{where}: the baseline has version {fields.get('version')!r}, and this seawall reads "
            f"versions up to {VERSION}: upgrade it, or remove the file and make one with "
            "--write-baseline"
        )


_TEXTS = (
    "fingerprint", "rule", "subject", "severity", "secret", "reason", "until", "state", "by",
)  # fmt: skip


def _entry(fields: Mapping[str, object], where: str) -> tuple[Entry, str]:
    """An entry, and its secret as it is written."""
    texts: dict[str, str] = {}
    count = 1
    for name, value in fields.items():
        if name == "count":
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UsageError(f"{where}: count must be a whole number from 1 on")
            count = value
        elif name not in _TEXTS:
            raise UsageError(f"{where}: unknown key {name!r} in the baseline; remove it")
        elif not isinstance(value, str):
            raise UsageError(f"{where}: {name} must be a text")
        else:
            texts[name] = value
    _check(texts, where)
    try:
        severity = Severity.parse(texts.get("severity", "critical"))
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from None
    get = texts.get
    secret = get("secret", "")
    entry = Entry(
        texts["fingerprint"], get("rule", ""), get("subject", ""), severity, count, secret,
        get("reason", ""), get("until", ""), get("state", ""), get("by", ""),
    )  # fmt: skip
    return entry, secret


def _check(texts: Mapping[str, str], where: str) -> None:
    mark = texts.get("fingerprint", "")
    if len(mark) != _FINGERPRINT_LENGTH or mark.strip("0123456789abcdef"):
        raise UsageError(f"{where}: fingerprint must be {_FINGERPRINT_LENGTH} hexadecimal digits")
    until = texts.get("until", "")
    if until and (fault := fault_of_date(until)):
        raise UsageError(f"{where}: until: {fault}")
    secret = texts.get("secret", "")
    if secret and not WRITTEN.fullmatch(secret):
        raise UsageError(f"{where}: secret must be a salt and a hash, both hexadecimal")
    state = texts.get("state", "")
    if state and state not in STATES:
        raise UsageError(f"{where}: state must be one of {', '.join(STATES)}")
