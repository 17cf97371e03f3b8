"""``seawall rules``: the catalogue."""

from collections.abc import Iterable, Iterator

from seawall import catalogue
from seawall.cli.arguments import Parser
from seawall.cli.output import write_text
from seawall.core.documentation import documentation
from seawall.core.rule import PROFILES, RULESETS, Rule
from seawall.peers import PEER_RULES

TEST = "test"
"""The word that makes it another command."""


def parser() -> Parser:
    """The options of ``seawall rules``."""
    result = Parser(
        prog="seawall rules",
        description="List the rules. seawall rules test tries those about secrets on examples.",
    )
    result.add_argument("ids", nargs="*", metavar="ID", help="only these: ids or globs")
    result.add_argument("--profile", choices=PROFILES, help="only the rules of a profile")
    result.add_argument(
        "--coverage", choices=sorted(PEER_RULES), metavar="TOOL",
        help=f"each rule of another tool with ours beside it: {', '.join(sorted(PEER_RULES))}",
    )  # fmt: skip
    result.add_argument(
        "--changes", action="store_true", help="what each rule set brought: new rules, severities"
    )
    result.add_argument("--format", choices=("table", "json"), default="table")
    return result


def run(arguments: list[str]) -> int:
    """List rules; gives the exit code."""
    if arguments[:1] == [TEST]:
        from seawall.cli import rules_test  # noqa: PLC0415 - another command in all but name

        return rules_test.run(arguments[1:])
    options = parser().parse_args(arguments)
    if options.coverage:
        write_text(_coverage(options.coverage), None)
        return 0
    rules = [rule for id_ in options.ids for rule in catalogue.find(id_)] or catalogue.all_rules()
    chosen = [
        r for r in dict.fromkeys(rules) if not options.profile or r.in_profile(options.profile)
    ]
    if options.changes:
        write_text(_changes(chosen), None)
    elif options.format == "json":
        write_text(_json(chosen), None)
    else:
        write_text(_table(chosen), None)
    return 0


def _table(rules: list[Rule]) -> Iterator[str]:
    width = max((len(rule.id) for rule in rules), default=0)
    for rule in rules:
        summary = documentation(rule).summary
        yield f"{rule.id:{width}}  {rule.severity.label:8}  {rule.profile:14}  {summary}\n"
    yield f"{len(rules)} rules; seawall explain ID shows one\n"


def _json(rules: list[Rule]) -> Iterator[str]:
    import json  # noqa: PLC0415 - only for this format

    rows = []
    for rule in rules:
        manual = documentation(rule)
        rows.append(
            {
                "id": rule.id,
                "domain": rule.domain,
                "summary": manual.summary,
                "severity": rule.severity.label,
                "confidence": rule.confidence.label,
                "profile": rule.profile,
                "since": rule.since,
                "aliases": list(rule.aliases),
                "compliance": list(rule.compliance),
                "remedy": rule.remedy,
                "parameters": {item.name: item.default for item in rule.parameters},
            }
        )
    yield json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _coverage(tool: str) -> Iterator[str]:
    """Each rule of a tool with the rules of ours that cover it, or the reason why none does."""
    from seawall import equivalents  # noqa: PLC0415 - only for this option
    from seawall.unmatched import UNMATCHED  # noqa: PLC0415 - as above

    peer_rules = PEER_RULES[tool]
    width = max(len(id_) for id_ in peer_rules)
    covered = 0
    for id_ in peer_rules:
        found = ", ".join(rule.id for rule in equivalents.rules_of(tool, id_))
        covered += bool(found)
        yield f"{id_:{width}}  {found or f'(none: {UNMATCHED[tool][id_]})'}\n"
    yield f"{covered} of {len(peer_rules)} rules of {tool} are covered\n"


def _changes(rules: Iterable[Rule]) -> Iterator[str]:
    rules = list(rules)
    for ruleset in RULESETS:
        new = [rule.id for rule in rules if rule.since == ruleset]
        yield f"{ruleset}: {len(new)} new rules\n"
        yield from (f"  new       {id_}\n" for id_ in new)
        for rule in rules:
            for change in rule.changes:
                if change.ruleset == ruleset:
                    after = rule.severity_in(ruleset).label
                    yield f"  severity  {rule.id}: {change.before.label} -> {after}\n"
