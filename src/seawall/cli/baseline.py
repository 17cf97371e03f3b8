"""Writing the baseline: from now on only what comes on top of it counts."""

import os
import sys

from seawall.cli.output import write_atomically, write_text
from seawall.core.errors import UsageError
from seawall.core.report import Report, Suppressed

BASELINE_NAME = "seawall.baseline"
FORM = "baseline"
MARK = b'"seawall-baseline"'
_HEAD = 4096


def write_baseline(report: Report, old: str | None, path: str) -> Report:
    """Write a report's findings as known ones; gives the report as it is with them.

    What an earlier baseline already knew stays known, with its reasons; what is gone is left out.
    """
    from seawall.triage.baseline import Baseline, entries_of, load, render  # noqa: PLC0415 - json

    _spare_other_files(path)
    before = load(old) if old is not None and os.path.exists(old) else Baseline(())
    kept = [item.finding for item in report.suppressed if item.form == FORM]
    entries = entries_of([*report.findings, *kept], before)
    is_new = not os.path.exists(path)
    write_text(render(entries), path)
    sys.stderr.write(f"seawall: {len(entries)} entries written to {path}\n")
    if is_new:
        let_branches_merge(path)
    known = [Suppressed(finding, "known to the baseline", FORM) for finding in report.findings]
    suppressed = sorted([*report.suppressed, *known], key=lambda item: item.finding.sort_key())
    return report._replace(findings=(), suppressed=tuple(suppressed))


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
    rule = f"{os.path.basename(path)} merge=union"
    try:
        with open(attributes, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            text = stream.read()
    except FileNotFoundError:
        text = ""
    if any(line.split()[:1] == [os.path.basename(path)] for line in text.splitlines()):
        return
    separator = "\n" if text and not text.endswith("\n") else ""
    write_atomically(attributes, [text, separator, rule, "\n"])
    sys.stderr.write(f"seawall: added to {attributes}, so that branches merge: {rule}\n")


def _in_repository(directory: str) -> bool:
    current = os.path.realpath(directory)
    while not os.path.exists(os.path.join(current, ".git")):
        parent = os.path.dirname(current)
        if parent == current:
            return False
        current = parent
    return True
