"""Rules as SARIF describes them, with the help text GitHub shows beside an alert."""

from seawall.core.documentation import Documentation, documentation
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
