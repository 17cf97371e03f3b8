"""gitleaks' ``.gitleaksignore`` (detect/detect.go of 8.30): fingerprints, one a line.

``FILE:RULE:LINE`` holds for a file, as gitleaks calls it from the top of the repository on;
``COMMIT:FILE:RULE:LINE`` for a commit of its history. The comment above an entry is taken for its
reason.
"""

import os
from collections.abc import Iterator

from seawall.configuration.foreign.files import ForeignFile
from seawall.configuration.foreign.words import Foreign
from seawall.core.errors import UsageError
from seawall.core.finding import Finding
from seawall.core.ignore import Ignore, Lines, Scope
from seawall.core.location import Location, Span
from seawall.core.named_tuple import NamedTuple
from seawall.text.decoding import Undecodable, decode
from seawall.text.gitignore import Base

TOOL = "gitleaks"
_OF_FILE, _OF_COMMIT = 3, 4


class InCommit(NamedTuple):
    """A line of a file as a commit has it."""

    commit: str
    path: str
    line: int

    def covers(self, finding: Finding) -> bool:
        """Whether a finding lies in this scope."""
        span = finding.location.span
        return (
            finding.details.get("commit") == self.commit
            and span is not None
            and span.line == self.line
            and finding.location.path.endswith(self.path)
        )


def read(file: ForeignFile, base: Base) -> Foreign:
    """What the file says; lines that are no fingerprints are notes, as for gitleaks."""
    text = decode(file.data)
    if isinstance(text, Undecodable):
        raise UsageError(f"{file.path}:{text.line}: {text.reason}; save it as UTF-8")
    notes: list[str] = []
    ignores = tuple(_entries(text, file.path, base, notes))
    return Foreign((file.path,), (file.directory,), ignores=ignores, notes=tuple(notes))


def _entries(text: str, path: str, base: Base, notes: list[str]) -> Iterator[Ignore]:
    reason: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped:
            reason = []
        elif stripped.startswith("#"):
            reason.append(stripped.lstrip("#").strip())
        else:
            place = Location(path, span=Span(number, 1, number, len(line.rstrip()) + 1))
            scopes, rule = _scopes(stripped, base)
            if not rule:
                notes.append(f"{path}:{number}: no fingerprint of gitleaks: it hides nothing")
            for scope in scopes:
                yield Ignore(
                    (rule,), scope, " ".join(reason), origin=place, form="configuration", tool=TOOL
                )


def _scopes(fingerprint: str, base: Base) -> tuple[list[Scope], str]:
    """Where a fingerprint holds, and of which rule; no rule where it is none."""
    parts = fingerprint.split(":")
    if len(parts) not in (_OF_FILE, _OF_COMMIT) or not parts[-1].isdecimal():
        return [], ""
    file, rule, line = parts[-3].replace("\\", "/"), parts[-2], int(parts[-1])
    if len(parts) == _OF_COMMIT:
        return [InCommit(parts[0], file, line)], rule
    return [Lines(name, line, line) for name in names_of(file, base)], rule


def names_of(path: str, base: Base) -> list[str]:
    """What reports may call a file that is named from the directory of a configuration on."""
    if os.path.isabs(path):
        path = os.path.relpath(path)
    path = path.removeprefix("./")
    return [
        beginning + path[len(replacement) :]
        for beginning, replacement in base.steps
        if replacement is not None and path.startswith(replacement)
    ]
