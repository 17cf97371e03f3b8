"""Rules as SARIF describes them, with the help text GitHub shows beside an alert."""

from seawall.core.documentation import Documentation, documentation
from seawall.core.finding import Finding
from seawall.core.rule import RELIABILITY, Rule
from seawall.core.severity import Confidence, Severity

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "1.0",
}
"""GitHub: above 9.0 critical, from 7.0 high, from 4.0 medium, above 0.0 low."""
_PROBLEMS = {"error": "error", "warning": "warning", "note": "recommendation"}
_PRECISIONS = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}
_LONGEST = 1024
"""Characters GitHub allows in a description."""
_MOST_TAGS = 20
"""Tags GitHub allows a rule."""


def reporting_id(finding: Finding) -> str:
    """What a finding's rule is called here: a vulnerability is one, as code scanning has it.

    Readers go by the severity of the rule, and one rule finds vulnerabilities of every severity.
    """
    id_ = finding.details.get("id")
    return id_ if isinstance(id_, str) else finding.rule.id


def descriptor_of(finding: Finding, ruleset: str) -> dict[str, object]:
    """The ``reportingDescriptor`` of a finding's rule; of several findings, give the worst."""
    if reporting_id(finding) == finding.rule.id:
        return descriptor(finding.rule, ruleset)
    details = finding.details
    title = str(details.get("title") or finding.rule.id)
    references = "\n".join(f"- <{item}>" for item in _texts_in(details.get("references")))
    tags = ["security", finding.rule.domain, finding.rule.id, *_texts_in(details.get("cwes"))]
    return {
        "id": reporting_id(finding),
        "name": "".join(part.capitalize() for part in finding.rule.id.split("-")),
        "shortDescription": {"text": title[:_LONGEST]},
        "fullDescription": {"text": title[:_LONGEST]},
        "help": {
            "text": f"{title}\n\nRemedy: {finding.rule.remedy}",
            "markdown": f"**{_plain(title)}**\n\n{finding.rule.remedy}\n\n{references}".rstrip(),
        },
        "defaultConfiguration": {"level": LEVELS[finding.severity]},
        "properties": {
            "tags": tags[:_MOST_TAGS],
            "precision": _PRECISIONS[finding.rule.confidence],
            "aliases": _texts_in(details.get("aliases")),
            "security-severity": _SCORES[finding.severity],
        },
    }


def _texts_in(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, tuple | list) else []


def _plain(text: str) -> str:
    """A stranger's text without what Markdown would make of it."""
    return "".join(f"\\{mark}" if mark in "\\`*_[]<>#|!" else mark for mark in text)


def descriptor(rule: Rule, ruleset: str) -> dict[str, object]:
    """A ``reportingDescriptor`` (section 3.49)."""
    severity = rule.severity_in(ruleset)
    level = LEVELS[severity]
    kind = "reliability" if rule.profile == RELIABILITY else "security"
    properties: dict[str, object] = {
        "tags": list(dict.fromkeys((kind, rule.domain, *rule.compliance)))[:_MOST_TAGS],
        "precision": _PRECISIONS[rule.confidence],
        "aliases": list(rule.aliases),
    }
    if kind == "security":  # the number is what makes GitHub show a rule as one of security
        properties["security-severity"] = _SCORES[severity]
    else:
        properties["problem.severity"] = _PROBLEMS[level]
    return {
        "id": rule.id,
        **_texts(rule),
        "defaultConfiguration": {"level": level},
        "properties": properties,
    }


def _texts(rule: Rule) -> dict[str, object]:
    try:
        manual = documentation(rule)
    except ValueError:  # a team's own rule need not be documented
        text = rule.docstring.strip()
        return {
            "shortDescription": {"text": (text.partition("\n")[0] or rule.id)[:_LONGEST]},
            "fullDescription": {"text": (text or rule.id)[:_LONGEST]},
            "help": {"text": f"{text}\n\nRemedy: {rule.remedy}".strip()},
        }
    return {
        "shortDescription": {"text": manual.summary[:_LONGEST]},
        "fullDescription": {"text": (manual.what or manual.summary)[:_LONGEST]},
        "help": {"text": _help(rule, manual), "markdown": _markdown(rule, manual)},
    }


def _help(rule: Rule, manual: Documentation) -> str:
    parts = [manual.summary, manual.what, manual.why, f"Remedy: {rule.remedy}"]
    if manual.not_reported:
        parts.append(f"Not reported: {manual.not_reported}")
    return "\n\n".join(part for part in [*parts, "\n".join(manual.references)] if part)


def _markdown(rule: Rule, manual: Documentation) -> str:
    parts = [
        f"**{manual.summary}**",
        manual.what,
        f"## Why\n\n{manual.why}",
        f"## Remedy\n\n{rule.remedy}",
        f"## Bad\n\n{_fenced(manual.bad)}",
        f"## Good\n\n{_fenced(manual.good)}",
        f"## Not reported\n\n{manual.not_reported}" if manual.not_reported else "",
        "\n".join(f"- <{reference}>" for reference in manual.references),
    ]
    return "\n\n".join(part for part in parts if part)


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text.rstrip()}\n{fence}"
