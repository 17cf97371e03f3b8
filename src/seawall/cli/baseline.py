"""Writing the baseline: from now on only what comes on top of it counts."""

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from seawall.cli.output import write_atomically, write_text
from seawall.core.errors import UsageError
from seawall.core.finding import Finding
from seawall.core.lazy import pattern
from seawall.core.report import BASELINE, HISTORY, Report, Suppressed
from seawall.triage.verdicts import Policy, Verdict, known_before

if TYPE_CHECKING:
    from seawall.triage.baseline import Baseline  # json costs 2 ms

BASELINE_NAME = "seawall.baseline"
MARK = b'"seawall-baseline"'
_HEAD = 4096
_SET_ASIDE = (BASELINE, HISTORY)


def write_baseline(report: Report, in_use: str | None, path: str, policy: Policy) -> Report:
    """Write a report's findings as known ones; gives the report as it is with them.

    What an earlier baseline already knew stays known, with its reasons, and so does what rules
    said that did not run now; what is gone is left out. Findings of locked rules are not written,
    for nothing hides them. Raises UsageError when what stands in the file is no baseline.
    """
    from seawall.triage.baseline import Baseline, entries_of  # noqa: PLC0415 - only if asked for
    from seawall.triage.baseline_file import load, render  # noqa: PLC0415 - json

    _spare_other_files(path)
    is_new = not os.path.exists(path)
    known = [entry for old in _existing(path, in_use) for entry in load(old)]
    before = Baseline(known)
    present = [item for item in _present(report) if not policy.is_locked(item)]
    unasked = {entry for entry in known if entry.rule not in policy.rules}
    entries = unasked.union(entries_of(present, before))
    write_text(render(entries), path)
    gone = {entry.fingerprint for entry in known} - {entry.fingerprint for entry in entries}
    sys.stderr.write(f"seawall: {_counted(len(entries))} written to {path}")
    sys.stderr.write(f"; {_counted(len(gone))} of before gone\n" if gone else "\n")
    if is_new:
        let_branches_merge(path)
    return _with_baseline(report, Baseline(entries), policy)


def prune_baseline(report: Report, path: str, policy: Policy) -> None:
    """Remove the entries that are about nothing that is there any more; none is added.

    Those of rules that did not run stay. Raises UsageError when the file is no baseline.
    """
    from seawall.triage.baseline_file import load, render  # noqa: PLC0415 - json

    known = load(path)
    tally = known.tally(policy.today)
    known_before(Verdict(_present(report), []), tally, policy)
    useless = {id(entry) for entry in tally.unused() if entry.rule in policy.rules}
    entries = [entry for entry in known if id(entry) not in useless]
    write_text(render(entries), path)
    sys.stderr.write(f"seawall: {_counted(len(useless))} removed from {path}\n")


def _present(report: Report) -> list[Finding]:
    """What was found, be it known or not."""
    set_aside = (item.finding for item in report.suppressed if item.form in _SET_ASIDE)
    return [*report.findings, *set_aside]


def _existing(*paths: str | None) -> Iterable[str]:
    found = {os.path.realpath(path): path for path in paths if path and os.path.exists(path)}
    return found.values()


def _with_baseline(report: Report, baseline: "Baseline", policy: Policy) -> Report:
    """The report as the next run will see it: an entry whose day is over hides nothing."""
    present, kept = list(report.findings), list[Suppressed]()
    for item in report.suppressed:
        if item.form in _SET_ASIDE:
            present.append(item.finding)
        else:
            kept.append(item)
    verdict = known_before(Verdict(present, kept), baseline.tally(policy.today), policy)
    return report._replace(
        findings=tuple(sorted(verdict.findings, key=lambda finding: finding.sort_key())),
        suppressed=tuple(sorted(verdict.suppressed, key=lambda item: item.finding.sort_key())),
    )


def _counted(number: int) -> str:
    return f"{number} {'entry' if number == 1 else 'entries'}"


_ODD = pattern(r"""[\s*?\[\]\\!#"']""")
"""What has a meaning in a pattern of gitattributes(5)."""


def _spare_other_files(path: str) -> None:
    """Raise UsageError rather than overwrite what is no baseline.

    ``--write-baseline web.yaml`` names the baseline, where somebody may have meant a target.
    """
    if not os.path.isfile(path) or not os.path.getsize(path):
        return
    with open(path, "rb") as stream:
        if MARK not in stream.read(_HEAD):
            raise UsageError(
                f"{path} is no baseline and would be lost; "
                f"name another file, as in --write-baseline={BASELINE_NAME}"
            )


def let_branches_merge(path: str) -> None:
    """Tell git that two branches may both add lines to the baseline.

    Without it, entries that two branches add at one place are a conflict; with it, plain
    ``git merge`` keeps both, and the reader takes lines in any order. Only where the baseline is
    new, so that whoever removes the line is not overruled.
    """
    directory = os.path.dirname(path) or os.curdir
    if not _in_repository(directory):
        return
    attributes = os.path.join(directory, ".gitattributes")
    rule = f"{_ODD.sub('?', os.path.basename(path))} merge=union"
    try:
        added = _add_line(attributes, rule)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        sys.stderr.write(
            f"seawall: cannot write {attributes}: {reason}; so that branches merge, add: {rule}\n"
        )
        return
    if added:
        sys.stderr.write(f"seawall: added to {attributes}, so that branches merge: {rule}\n")


def _add_line(path: str, line: str) -> bool:
    """Add a line to a file unless it says something of the same name already."""
    if os.path.islink(path):  # made by others, it could lead anywhere
        raise OSError(0, "it is a symbolic link")
    text = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8", newline="") as stream:
            text = stream.read()
    if any(known.split()[:1] == line.split()[:1] for known in text.splitlines()):
        return False
    separator = "\n" if text and not text.endswith("\n") else ""
    write_atomically(path, [text, separator, line, "\n"])
    return True


def _in_repository(directory: str) -> bool:
    current = os.path.realpath(directory)
    while not os.path.exists(os.path.join(current, ".git")):
        parent = os.path.dirname(current)
        if parent == current:
            return False
        current = parent
    return True
