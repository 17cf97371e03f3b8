"""``seawall explain``: what a rule means."""

import os

from seawall import catalogue
from seawall.cli.arguments import Parser
from seawall.cli.output import write_text
from seawall.core.advisory_id import is_advisory_id
from seawall.core.documentation import documentation
from seawall.core.rule import Rule


def parser() -> Parser:
    """The options of ``seawall explain``."""
    result = Parser(
        prog="seawall explain",
        description="Show what a rule checks and why, with a bad and a good example.",
    )
    result.add_argument(
        "ids", nargs="+", metavar="ID",
        help="a rule's id, own or another tool's: host-pid, kubesec:HostPID, KSV-0010; that of a "
        "rule of yours that holds here: secret:shop-key; or that of an advisory: CVE-2024-3094",
    )  # fmt: skip
    return result


def run(arguments: list[str]) -> int:
    """Print the manual of each rule named; gives the exit code."""
    options = parser().parse_args(arguments)
    advisories = [id_ for id_ in options.ids if is_advisory_id(id_) and not catalogue.look_up(id_)]
    named = [id_ for id_ in options.ids if id_ not in advisories]
    custom = () if all(map(catalogue.look_up, named)) else _of_configuration()
    rules = [rule for id_ in named for rule in catalogue.find(id_, custom)]
    write_text(["\n".join(text(rule) for rule in dict.fromkeys(rules))], None)
    return max((_explain_advisory(id_) for id_ in advisories), default=0)


def _of_configuration() -> tuple[Rule, ...]:
    """The checks and rules of one's own that hold for the current directory."""
    from seawall import configuration  # noqa: PLC0415 - where a name is none of ours

    return configuration.load(None, (os.curdir,)).custom


def _explain_advisory(id_: str) -> int:
    """What is known under the id of an advisory; gives the exit code."""
    from seawall.cli import db  # noqa: PLC0415 - sqlite3

    return db.run(["show", id_])


def text(rule: Rule) -> str:
    """The manual of a rule as plain text; of one's own rule, what it says of itself."""
    if rule.definition:
        summary, _, what = rule.docstring.partition("\n\n")
        lines = [f"{rule.id}: {summary}", "", f"severity    {rule.severity.label}", ""]
        return "\n".join([*lines, what.strip(), "", f"Remedy: {rule.remedy}"]) + "\n"
    manual = documentation(rule)
    lines = [
        f"{rule.id}: {manual.summary}",
        "",
        f"severity    {rule.severity.label}",
        f"profile     {rule.profile}",
        f"since       rule set {rule.since}",
    ]
    if rule.aliases:
        lines.append(f"also known  {', '.join(rule.aliases)}")
    if rule.compliance:
        lines.append(f"compliance  {', '.join(rule.compliance)}")
    lines += ["", manual.what, "", "Why", "", manual.why, "", "Bad", "", _indented(manual.bad)]
    lines += ["Good", "", _indented(manual.good), f"Remedy: {rule.remedy}"]
    if rule.parameters:
        lines += ["", f"Parameters, set in seawall.toml under [rules.{rule.id}]:", ""]
        lines += [
            f"  {parameter.name} = {_toml(parameter.default)}    {parameter.help}"
            for parameter in rule.parameters
        ]
    if manual.not_reported:
        lines += ["", "Not reported", "", manual.not_reported]
    if manual.references:
        lines += ["", *manual.references]
    return "\n".join(lines) + "\n"


def _indented(example: str) -> str:
    return "".join(f"    {line}".rstrip() + "\n" for line in example.splitlines())


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
