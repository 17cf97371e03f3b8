"""Write a page for each rule to docs/rules/, from the rules' own docstrings: ``make docs``."""

import sys
from pathlib import Path

from seawall import catalogue
from seawall.core.documentation import documentation
from seawall.core.rule import ParameterValue, Rule

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "rules"


def page(rule: Rule) -> str:
    """The page of one rule in Markdown."""
    manual = documentation(rule)
    parts = [
        f"# {rule.id}",
        manual.summary,
        f"Severity {rule.severity.label}, profile {rule.profile}, since rule set {rule.since}.",
        manual.what,
        f"## Why\n\n{manual.why}",
        f"## Bad\n\n```yaml\n{manual.bad}```",
        f"## Good\n\n```yaml\n{manual.good}```",
        f"## Remedy\n\n{rule.remedy}",
    ]
    if rule.parameters:
        rows = "\n".join(
            f"| `{item.name}` | `{_toml(item.default)}` | {item.help} |" for item in rule.parameters
        )
        parts.append(
            f"## Parameters\n\nSet them in `seawall.toml` under `[rules.{rule.id}]`.\n\n"
            f"| name | default | meaning |\n|---|---|---|\n{rows}"
        )
    if manual.not_reported:
        parts.append(f"## Not reported\n\n{manual.not_reported}")
    if rule.aliases:
        parts.append("## Other names\n\n" + ", ".join(f"`{alias}`" for alias in rule.aliases))
    if rule.compliance:
        parts.append("## Compliance\n\n" + ", ".join(f"`{item}`" for item in rule.compliance))
    if manual.references:
        parts.append("## References\n\n" + "\n".join(f"- <{url}>" for url in manual.references))
    return "\n\n".join(part for part in parts if part) + "\n"


def _toml(value: ParameterValue) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def index(rules: tuple[Rule, ...]) -> str:
    """The list of all rules."""
    rows = "\n".join(
        f"| [{rule.id}]({rule.id}.md) | {rule.severity.label} | {rule.profile} | "
        f"{documentation(rule).summary} |"
        for rule in rules
    )
    return f"# Rules\n\n| id | severity | profile | what |\n|---|---|---|---|\n{rows}\n"


def main(target: Path = TARGET) -> None:
    """Write all pages; pages of rules that are gone are removed."""
    rules = catalogue.all_rules()
    target.mkdir(parents=True, exist_ok=True)
    pages = {f"{rule.id}.md": page(rule) for rule in rules} | {"index.md": index(rules)}
    for old in target.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (target / name).write_text(text)
    sys.stdout.write(f"{len(rules)} rules written to {target}\n")


if __name__ == "__main__":
    main()
