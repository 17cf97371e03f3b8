"""GitLab's report of secret detection, for its vulnerability page and merge requests.

https://docs.gitlab.com/user/application_security/secret_detection/pipeline/#output; the schema
is that of security-report-schemas 15.0.1, ``secret-detection-report-format.json``. What is about no
secret is left out: ``gitlab``, a Code Quality report, has it. The schema asks for a commit and for
times: without one it is that of GitLab's own scans of files, and unless ``meta`` has a time it is
1970. The excerpt of the source, which the schema wants "unsanitized", is left out.
"""

from collections.abc import Iterator, Sequence

from seawall import __version__
from seawall.core.finding import Finding, fingerprint
from seawall.core.portion import HOLE, Marks, Piece, Portion, pieces
from seawall.core.report import Report, Summary
from seawall.core.severity import Severity
from seawall.reports import Options, Sources
from seawall.reports.json_text import bracketed, compact, entry, members
from seawall.reports.junit import time_of
from seawall.reports.wording import sentence

VERSION = "15.0.1"
NO_COMMIT = "0000000"
_SEVERITIES = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.INFO: "Info",
}
_LONGEST_NAME, _LONGEST_SOLUTION = 255, 7000
_CWE = {
    "type": "cwe",
    "name": "CWE-798",
    "value": "798",
    "url": "https://cwe.mitre.org/data/definitions/798.html",
}
"""Use of hard-coded credentials."""


def tell(report: Report, _sources: Sources, _options: Options) -> Portion:
    """The findings about secrets. What was suppressed is left out: the format cannot say it."""
    return Portion((map(_vulnerability, filter(is_about_secret, report.findings)),))


def is_about_secret(finding: Finding) -> bool:
    """Whether a finding is about a credential that is written out."""
    return finding.rule.domain == "secrets" or bool(finding.secret)


def join(portions: Sequence[Portion], summary: Summary, options: Options) -> Iterator[str]:
    """A vulnerability to a line."""
    tool = {
        "id": "seawall",
        "name": "seawall",
        "vendor": {"name": "seawall"},
        "version": __version__,
    }
    failed = summary.coverage.failed
    scan: dict[str, object] = {
        "analyzer": tool,
        "scanner": tool,
        "type": "secret_detection",
        "start_time": time_of(options),
        "end_time": time_of(options),
        "status": "failure" if failed or summary.faults else "success",
    }
    if failed:
        scan["messages"] = [
            {"level": "warn", "value": f"{item.path} could not be read: {item.reason}"}
            for item in failed
        ]
    yield f'{{\n  "version": "{VERSION}",\n  "scan": {compact(scan)},\n  "vulnerabilities": '
    yield from bracketed(Marks().fill(pieces(portions, 0)), "  ")
    yield "\n}\n"


def _vulnerability(finding: Finding) -> Piece:
    rule, span, mark = finding.rule, finding.location.span, fingerprint(finding)
    identifier = {
        "type": "seawall_rule",
        "name": f"seawall rule {rule.id}",
        "value": rule.id or "-",
    }
    location: dict[str, object] = {"file": finding.location.path}
    if span is not None:
        location |= {"start_line": span.line, "end_line": span.end_line}
    commit = finding.details.get("commit")
    location["commit"] = {"sha": commit if isinstance(commit, str) and commit else NO_COMMIT}
    more = {
        "name": finding.message[:_LONGEST_NAME],
        "description": sentence(finding),
        "severity": _SEVERITIES[finding.severity],
        "solution": finding.remedy[:_LONGEST_SOLUTION],
        "identifiers": [identifier, _CWE],
        "location": location,
    }
    return Piece(entry(f'{{"id": "{mark}{HOLE}", {members(more)}}}', "  "), (bytes.fromhex(mark),))
