"""Files in which other tools keep the secrets that they know: detect-secrets' and gitleaks'.

``.secrets.baseline`` has SHA-1 digests of values by file (core/secrets_collection.py of 1.5); a
report of gitleaks in JSON has the values, or what is left of them with ``--redact``.
"""

import json
from collections.abc import Mapping
from hashlib import sha1
from typing import Any, TypeVar

from seawall.configuration.foreign.files import ForeignFile
from seawall.configuration.foreign.gitleaks_ignore import names_of
from seawall.configuration.foreign.words import Foreign
from seawall.core.errors import UsageError
from seawall.core.finding import Finding
from seawall.core.ignore import Ignore
from seawall.core.location import Location, Span
from seawall.core.named_tuple import NamedTuple
from seawall.secrets.custom.peers import EVERY
from seawall.text.gitignore import Base

T = TypeVar("T", str, int)
REDACTED = "REDACTED"
_PLACE = Span(1, 1, 1, 1)


class KnownValues(NamedTuple):
    """Values that are known in some files, by their digests; and lines where a value was cut."""

    digests: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, tuple[int, ...]] = {}

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is about one of them."""
        path, span = finding.location.path, finding.location.span
        if span is not None and span.line in self.lines.get(path, ()):
            return True
        known = self.digests.get(path, ())
        return bool(known) and any(text in known for text in _digests(finding.secret.reveal()))


def _digests(value: str) -> list[str]:
    """A value's digest, and that of what detect-secrets takes for the value of a private key."""
    if not value:
        return []
    first = value.strip().partition("\n")[0].strip().strip("-")
    return [digest(text) for text in {value, first} if text]


def digest(value: str) -> str:
    """The digest that detect-secrets keeps: SHA-1, without salt."""
    return sha1(value.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def read_detect_secrets(file: ForeignFile, base: Base) -> Foreign:
    """``.secrets.baseline``; raises UsageError for what is none."""
    document = _loaded(file.data, file.path)
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, dict):
        raise UsageError(
            f"{file.path}:1: this is no baseline of detect-secrets: it has no results; make it "
            "with detect-secrets scan"
        )
    digests: dict[str, set[str]] = {}
    for name, rows in results.items():
        for row in rows if isinstance(rows, list) else ():
            value = row.get("hashed_secret") if isinstance(row, dict) else None
            if not isinstance(value, str):
                raise UsageError(
                    f"{file.path}:1: an entry of {name!r} has no hashed_secret; make the file "
                    "with detect-secrets scan"
                )
            for path in names_of(str(name).replace("\\", "/"), base):
                digests.setdefault(path, set()).add(value.lower())
    known = KnownValues(_sorted(digests))
    ignore = Ignore(
        (EVERY,), known, "known to its baseline", origin=Location(file.path, span=_PLACE),
        form="configuration", tool="detect-secrets",
    )  # fmt: skip
    return Foreign((file.path,), (file.directory,), ignores=(ignore,) if digests else ())


def _sorted(known: Mapping[str, set[T]]) -> dict[str, tuple[T, ...]]:
    """In an order of its own: what a run rests on is told by how it reads."""
    return {path: tuple(sorted(known[path])) for path in sorted(known)}


def is_gitleaks_report(data: bytes) -> bool:
    """Whether a file may be a report of gitleaks in JSON."""
    return data.lstrip()[:1] == b"[" and (b'"RuleID"' in data or data.strip() == b"[]")


def read_gitleaks(data: bytes, path: str, base: Base) -> Ignore:
    """A report of gitleaks as a baseline; raises UsageError for what is none."""
    rows = _loaded(data, path)
    if not isinstance(rows, list):
        raise UsageError(f"{path}:1: this is no report of gitleaks: make it with -f json")
    digests: dict[str, set[str]] = {}
    lines: dict[str, set[int]] = {}
    for row in rows:
        name, secret, line = _entry(row, path)
        for known in names_of(name.replace("\\", "/"), base):
            if REDACTED in secret or secret.endswith("...") or not secret:
                lines.setdefault(known, set()).add(line)
            else:
                digests.setdefault(known, set()).add(digest(secret))
    return Ignore(
        (EVERY,),
        KnownValues(
            _sorted(digests),
            _sorted(lines),
        ),
        "known to its report", origin=Location(path, span=_PLACE), form="configuration",
        tool="gitleaks",
    )  # fmt: skip


def _entry(row: Any, path: str) -> tuple[str, str, int]:
    fields = row if isinstance(row, dict) else {}
    name, secret, line = fields.get("File"), fields.get("Secret"), fields.get("StartLine")
    if isinstance(name, str) and isinstance(secret, str) and isinstance(line, int):
        return name, secret, line
    raise UsageError(
        f"{path}:1: an entry has no File, Secret and StartLine; make the file with gitleaks -f json"
    )


def _loaded(data: bytes, path: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise UsageError(f"{path}:{line}: this is no valid JSON; make the file anew") from None
