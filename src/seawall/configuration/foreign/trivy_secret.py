"""Trivy's ``trivy-secret.yaml`` (pkg/fanal/secret/scanner.go of 0.74).

Where Trivy would pass over a key in silence, and where it would fall over one, there is an error.
"""

from typing import NoReturn

from seawall.configuration.foreign.documents import File
from seawall.core.errors import UsageError
from seawall.core.location import KeyPath
from seawall.core.severity import Severity
from seawall.secrets.custom.peers import TRIVY_RULES
from seawall.secrets.custom.reading import MOST_RULES, Budget, Table
from seawall.secrets.custom.regex import groups_of
from seawall.secrets.custom.rule import MATCH, TRIVY, Allow, CustomRule, RuleSet
from seawall.text.doublestar import Globs

TOP = (
    "rules", "allow-rules", "exclude-block", "enable-builtin-rules", "disable-rules",
    "disable-allow-rules", "skip-patterns",
)  # fmt: skip
_RULE = (
    "id", "category", "title", "severity", "regex", "keywords", "path", "allow-rules",
    "exclude-block", "secret-group-name",
)  # fmt: skip
_ALLOW = ("id", "description", "regex", "path")
_BLOCK = ("description", "regexes")
_SEVERITIES = {
    "low": Severity.LOW, "medium": Severity.MEDIUM, "high": Severity.HIGH,
    "critical": Severity.CRITICAL, "unknown": Severity.MEDIUM,
}  # fmt: skip


class _Yaml(Budget):
    """A YAML document as tables are read from."""

    def __init__(self, file: File) -> None:
        self._file = file

    def origin(self, at: KeyPath) -> str:
        return f"{self._file.path}:{self._file.line(*at)}"

    def fail(self, at: KeyPath, message: str) -> NoReturn:
        raise UsageError(f"{self.origin(at)}: {message}")


def read(data: bytes, path: str) -> RuleSet:
    """A configuration; raises UsageError with file and line."""
    file = File(path, data)
    top = Table(_Yaml(file), (), {} if file.value is None else file.value, folded=False)
    top.only(TOP)
    off = frozenset(top.texts("disable-rules"))
    allows_off = frozenset(top.texts("disable-allow-rules"))
    notes: list[str] = []
    return RuleSet(
        path, TRIVY,
        tuple(rule for rule in _rules(top, notes) if rule.id not in off),
        _allows(top, allows_off),
        _excluded(top),
        _skipped(top),
        disabled=_ours(top, "disable-rules", notes, {rule.id for rule in _rules(top, [])}),
        only=_ours(top, "enable-builtin-rules", notes, set())
        if top.texts("enable-builtin-rules") else None,
        off_at=_turned_off_at(top),
        notes=tuple(notes),
    )  # fmt: skip


def _turned_off_at(top: Table) -> str:
    """Where built-in rules are turned off."""
    return top.origin_of("disable-rules" if top.has("disable-rules") else "enable-builtin-rules")


def _rules(top: Table, notes: list[str]) -> list[CustomRule]:
    members = top.tables("rules", folded=False)
    if len(members) > MOST_RULES:
        top.fail("rules", f"there are more than {MOST_RULES:,} rules: write fewer")
    return [_rule(table, notes) for table in members]


def _rule(table: Table, notes: list[str]) -> CustomRule:
    table.only(_RULE)
    id_ = table.text("id")
    if not id_.strip():
        table.fail("id", "a rule has no id: give it one")
    regex = table.regex("regex")
    if not regex:
        table.fail("regex", f"{id_!r} has no regex, so it finds nothing: give it one")
    group = table.text("secret-group-name")
    _, names = groups_of(regex)
    if group and group not in names:
        table.fail("secret-group-name", f"the regex has no group {group!r}: name one of its groups")
    severity = table.text("severity").lower()
    if severity not in _SEVERITIES:
        notes.append(f"{table.origin}: the severity {severity!r} is none of Trivy's: it is unknown")
    return CustomRule(
        id_, table.origin, TRIVY, regex,
        title=table.text("title"),
        severity=_SEVERITIES.get(severity, Severity.MEDIUM),
        group=group,
        keywords=tuple(word.lower() for word in table.texts("keywords")),
        path=table.regex("path"),
        allows=_allows(table, frozenset()),
        excluded=_excluded(table),
        provider=table.text("category"),
    )  # fmt: skip


def _allows(table: Table, off: frozenset[str]) -> tuple[Allow, ...]:
    result = []
    for item in table.tables("allow-rules", folded=False):
        item.only(_ALLOW)
        regex, path = item.regex("regex"), item.regex("path")
        if not (regex or path):
            item.fail("id", "an allow rule has neither regex nor path: give it one of them")
        reason = item.text("description") or item.text("id")
        if item.text("id") not in off or not item.text("id"):
            paths, regexes = (path,) if path else (), (regex,) if regex else ()
            result.append(Allow(item.origin, reason, paths=paths, regexes=regexes, target=MATCH))
    return tuple(result)


def _excluded(table: Table) -> tuple[str, ...]:
    block = table.table("exclude-block", folded=False)
    if block is None:
        return ()
    block.only(_BLOCK)
    block.text("description")
    return block.regexes("regexes")


def _skipped(top: Table) -> tuple[str, ...]:
    patterns = top.texts("skip-patterns")
    for pattern in patterns:
        try:
            Globs((pattern,))
        except ValueError as error:
            top.fail("skip-patterns", f"{pattern!r} is no pattern: {error}; write it as **/*.jpg")
    return patterns


def _ours(top: Table, name: str, notes: list[str], own: set[str]) -> tuple[str, ...]:
    """Our rules that stand for the built-in ones that a key names."""
    result: list[str] = []
    for id_ in top.texts(name):
        ours = TRIVY_RULES.get(id_)
        if ours is None and id_ not in own:
            notes.append(f"{top.origin}: {name}: {id_!r} is no rule of Trivy's")
        result += ours or ()
    return tuple(dict.fromkeys(result))
