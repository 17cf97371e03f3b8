"""seawall's own format for rules about secrets: ``[[rule]]`` in TOML, as the shipped ones have it.

A rule has ``id`` and ``regex`` (or ``pattern``, as in the shipped files), and may have ``title``,
``provider``, ``severity``, ``keywords``, ``group``, ``after``, ``verify``, ``paths``, ``kinds``,
``min_entropy``, ``requires``, ``allow``, ``pairs``, ``remedy``, ``revoke``, ``helper``, ``tags``,
``examples`` and ``non_examples``. ``[[allow]]`` beside the rules holds for all of them.
"""

from collections.abc import Mapping

from seawall.core.lazy import pattern
from seawall.core.severity import Severity
from seawall.secrets.custom.reading import MOST_RULES, Document, Table
from seawall.secrets.custom.regex import groups_of
from seawall.secrets.custom.rule import (
    LINE,
    MATCH,
    SEAWALL,
    SECRET,
    Allow,
    CustomRule,
    Needed,
    RuleSet,
)  # fmt: skip
from seawall.secrets.rules.shapes import assigned
from seawall.secrets.text import Kind
from seawall.secrets.verifying import NAMES

_RULE = (
    "id", "regex", "pattern", "title", "provider", "severity", "keywords", "group", "after",
    "verify", "paths", "kinds", "min_entropy", "requires", "allow", "pairs", "remedy", "revoke",
    "helper", "tags", "examples", "non_examples",
)  # fmt: skip
_REQUIRES = ("id", "within_lines", "within_columns")
_ALLOW = ("regexes", "paths", "stopwords", "target", "every", "reason")
_TARGETS = {"secret": SECRET, "match": MATCH, "line": LINE}
_KINDS = {kind.name.lower(): kind for kind in Kind}
_ID = pattern(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def read(text: str, path: str) -> RuleSet:
    """The rules of a file; raises UsageError with file and line."""
    document = Document(text, path)
    top = Table(document, (), document.value, folded=False)
    top.only(("rule", "allow"))
    members = top.tables("rule", folded=False)
    if len(members) > MOST_RULES:
        top.fail("rule", f"there are more than {MOST_RULES:,} rules: write fewer")
    rules: dict[str, CustomRule] = {}
    for table in members:
        rule = _rule(table)
        if rule.id in rules:
            table.fail("id", f"{rule.id!r} is there twice: give it another id")
        rules[rule.id] = rule
    for table in members:
        _check_requires(table, rules)
    allows = tuple(map(_allow, top.tables("allow", folded=False)))
    return RuleSet(path, SEAWALL, tuple(rules.values()), allows)


def _rule(table: Table) -> CustomRule:
    table.only(_RULE)
    id_ = table.text("id")
    if not _ID.fullmatch(id_):
        table.fail("id", "a rule must have an id: lower-case words joined by hyphens")
    regex = _regex(table)
    paths = table.texts("paths")
    if not regex and not paths:
        table.fail("id", f"{id_!r} has neither regex nor paths: give it one of them")
    verify = table.text("verify", "any")
    if verify not in NAMES:
        table.fail("verify", f"unknown check: choose one of {', '.join(sorted(NAMES))}")
    return CustomRule(
        id_, table.origin, SEAWALL, regex,
        title=table.text("title") or id_.replace("-", " "),
        severity=table.checked("severity", Severity.parse, Severity.HIGH),
        group=_group(table, regex),
        keywords=tuple(word.lower() for word in table.texts("keywords")),
        globs=paths,
        kinds=tuple(sorted({_kind(table, name) for name in table.texts("kinds")})),
        min_entropy=float(table.number("min_entropy") or 0),
        verify=verify,
        needs=tuple(map(_needed, table.tables("requires", folded=False))),
        allows=tuple(map(_allow, table.tables("allow", folded=False))),
        reports=not table.truth("helper"),
        provider=table.text("provider"),
        remedy=table.text("remedy"),
        revoke=table.text("revoke"),
        pairs=table.text("pairs"),
        tags=table.texts("tags"),
        examples=table.texts("examples"),
        non_examples=table.texts("non_examples"),
    )  # fmt: skip


def _regex(table: Table) -> str:
    name = "pattern" if table.has("pattern") else "regex"
    if table.has("pattern") and table.has("regex"):
        table.fail("pattern", "pattern and regex are the same: keep one of the two")
    regex = table.regex(name)
    after = table.regexes("after")
    if not after:
        return regex
    if not regex:
        table.fail("after", "after needs a regex: give the rule one")
    return assigned(regex, after)


def _group(table: Table, regex: str) -> str:
    group = table.text("group")
    most, names = groups_of(regex) if regex else (0, {})
    if not group:
        return "secret" if "secret" in names else ""
    if group not in names and not (group.isascii() and group.isdigit() and int(group) <= most):
        there = ", ".join((*names, *map(str, range(1, most + 1)))) or "none"
        table.fail("group", f"the regex has no group {group!r}: use one of those it has ({there})")
    return group


def _kind(table: Table, name: str) -> Kind:
    if name not in _KINDS:
        table.fail("kinds", f"{name!r} is no kind of file: use one of {', '.join(_KINDS)}")
    return _KINDS[name]


def _needed(table: Table) -> Needed:
    table.only(_REQUIRES)
    if not table.text("id"):
        table.fail("id", "a required rule has no id: name a rule of this file")
    return Needed(table.text("id"), table.whole("within_lines"), table.whole("within_columns"))


def _check_requires(table: Table, rules: Mapping[str, CustomRule]) -> None:
    for item in table.tables("requires", folded=False):
        id_ = item.text("id")
        if id_ not in rules:
            item.fail("id", f"the required rule {id_!r} is not there: name one of this file")


def _allow(table: Table) -> Allow:
    table.only(_ALLOW)
    allow = Allow(
        table.origin, table.text("reason"), table.truth("every"),
        paths=table.texts("paths"),
        regexes=table.regexes("regexes"),
        target=table.one_of("target", _TARGETS, SECRET),
        stopwords=tuple(word.lower() for word in table.texts("stopwords")),
        globs=True,
    )  # fmt: skip
    if not (allow.paths or allow.regexes or allow.stopwords):
        table.fail("", "an allow list must have regexes, paths or stopwords")
    return allow
