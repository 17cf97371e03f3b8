"""gitleaks' configuration (config/config.go and allowlist.go of 8.30).

Keys are read whatever their capitals, one text where a list is wanted is cut at its commas, as
there. Keys that gitleaks would pass over in silence are errors.
"""

from collections.abc import Callable, Mapping, Sequence

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.secrets.custom.peers import GITLEAKS_RULES
from seawall.secrets.custom.reading import MOST_RULES, Document, Table
from seawall.secrets.custom.regex import groups_of
from seawall.secrets.custom.rule import (
    GITLEAKS,
    LINE,
    MATCH,
    SECRET,
    Allow,
    CustomRule,
    Needed,
    RuleSet,
)  # fmt: skip

MAX_DEPTH = 2
"""How often a file may extend another that extends another."""
_TOP = ("title", "description", "minVersion", "extend", "rules", "allowlist", "allowlists")
_EXTEND = ("path", "url", "useDefault", "disabledRules")
_RULE = (
    "id", "description", "regex", "path", "secretGroup", "entropy", "keywords", "tags",
    "allowlist", "allowlists", "required", "skipReport",
)  # fmt: skip
_REQUIRED = ("id", "withinLines", "withinColumns")
_ALLOW = ("description", "condition", "commits", "paths", "regexTarget", "regexes", "stopwords")
_CONDITIONS = {"OR": False, "||": False, "AND": True, "&&": True}
_TARGETS = {"secret": SECRET, "match": MATCH, "line": LINE}
_BETTERLEAKS = dict.fromkeys(
    ("filter", "validate", "prefilter", "skip"),
    "it is betterleaks': use entropy, keywords and allowlists instead",
)
_SEMANTIC = pattern(r"v?\d+(\.\d+){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
Open = Callable[[str], tuple[str, str]]
"""The name and text of a file that one extends; raises UsageError."""


class _File(NamedTuple):
    """What one file says, before anything is held against each other."""

    document: Document
    rules: dict[str, CustomRule]
    tables: dict[str, Table]
    allows: tuple[Allow, ...]
    targeted: tuple[tuple[str, Allow, Table], ...]
    """Allow lists of single rules, with what names them."""
    extends: Table | None
    notes: tuple[str, ...]


def read(text: str, path: str, opened: Open) -> RuleSet:
    """A configuration with what it extends; raises UsageError with file and line."""
    files = _files(text, path, opened)
    notes = [note for file in files for note in file.notes]
    on_ours = _on_ours(files[-1])
    rules, tables = _merged(files, notes)
    disabled: list[str] = []
    narrowed: list[tuple[str, Allow]] = []
    off_at = ""
    if on_ours:
        disabled, off_at = _turned_off(files[-1], notes)
        rules = _without_tweaks(rules, tables, narrowed, notes)
    rules = _targeted(files[0], rules, narrowed if on_ours else None)
    for rule in rules.values():
        _validate(rule, tables[rule.id])
    return RuleSet(
        path, GITLEAKS, tuple(rules.values()),
        tuple(allow for file in files for allow in file.allows),
        on_ours=on_ours, disabled=tuple(disabled), off_at=off_at, narrowed=tuple(narrowed),
        notes=tuple(notes),
    )  # fmt: skip


# One file --------------------------------------------------------------------------------------


def _files(text: str, path: str, opened: Open) -> list[_File]:
    """The file and those that it extends, the nearest first."""
    files = [_file(Document(text, path))]
    while (extends := files[-1].extends) is not None:
        if not (extends.text("path") or extends.truth("usedefault")):
            break
        if len(files) > MAX_DEPTH:
            note = f"{extends.origin}: not read: gitleaks extends {MAX_DEPTH} times and no more"
            files[-1] = files[-1]._replace(extends=None, notes=(*files[-1].notes, note))
            break
        if not extends.text("path"):
            break
        if extends.truth("usedefault"):
            extends.fail("path", "path and useDefault exclude each other: remove one of the two")
        name, inner = extends.checked("path", opened, ("", ""))
        files.append(_file(Document(inner, name)))
    return files


def _file(document: Document) -> _File:
    top = Table(document, (), document.value, folded=True)
    top.only(_TOP)
    for name in ("title", "description"):
        top.text(name)
    version = top.text("minversion")
    if version and not _SEMANTIC.fullmatch(version):
        top.fail("minversion", f"minVersion {version!r} is no version: write it as v8.25.0")
    notes: list[str] = []
    extends = top.table("extend", folded=True)
    if extends is not None:
        extends.only(_EXTEND)
        extends.truth("usedefault")
        extends.texts("disabledrules", split=True)
        if extends.text("url"):
            notes.append(f"{extends.origin}: gitleaks does not read extend.url, nor do we")
    rules, tables = _rules(top, notes)
    _needed_are_there(rules, tables)
    own, targeted = _global_allows(top)
    return _File(document, rules, tables, own, targeted, extends, tuple(notes))


def _rules(top: Table, notes: list[str]) -> tuple[dict[str, CustomRule], dict[str, Table]]:
    rules: dict[str, CustomRule] = {}
    tables: dict[str, Table] = {}
    members = top.tables("rules", folded=True)
    if len(members) > MOST_RULES:
        top.fail("rules", f"there are more than {MOST_RULES:,} rules: write fewer")
    for table in members:
        rule = _rule(table)
        if rule.id in rules:
            notes.append(f"{table.origin}: {rule.id!r} is there twice: the last one counts")
        rules[rule.id] = rule
        tables[rule.id] = table
    return rules, tables


def _rule(table: Table) -> CustomRule:
    table.only(_RULE, _BETTERLEAKS)
    id_ = table.text("id")
    needs = []
    for item in table.tables("required", folded=True):
        item.only(_REQUIRED)
        if not item.text("id"):
            item.fail("id", "a required rule has no id: name a rule of this file")
        needs.append(
            Needed(item.text("id"), item.whole("withinlines"), item.whole("withincolumns"))
        )
    group = table.whole("secretgroup")
    return CustomRule(
        id_, table.origin, GITLEAKS, table.regex("regex"),
        title=table.text("description"),
        group=str(group) if group else "",
        keywords=tuple(word.lower() for word in table.texts("keywords", split=True)),
        path=table.regex("path"),
        min_entropy=float(table.number("entropy") or 0), over=True,
        needs=tuple(needs),
        allows=_both_forms(table, "rules.", _allow),
        reports=not table.truth("skipreport"),
        tags=table.texts("tags", split=True),
    )  # fmt: skip


def _both_forms(table: Table, prefix: str, made: Callable[[Table], Allow]) -> tuple[Allow, ...]:
    """Allow lists in the old form, a table, or the new one, an array of tables."""
    old = table.table("allowlist", folded=True)
    new = table.tables("allowlists", folded=True)
    if old is not None and new:
        table.fail(
            "allowlist",
            f"[{prefix}allowlist] is the old form of [[{prefix}allowlists]]: keep one of the two",
        )
    return tuple(map(made, new if old is None else [old]))


def _allow(table: Table, known: Sequence[str] = _ALLOW) -> Allow:
    table.only(known)
    condition = table.text("condition").upper()
    if condition and condition not in _CONDITIONS:
        table.fail("condition", f"condition {condition!r} is not known: write OR or AND")
    allow = Allow(
        table.origin,
        table.text("description"),
        _CONDITIONS.get(condition, False),
        tuple(sorted({item.strip().lower() for item in table.texts("commits", split=True)})),
        table.regexes("paths", split=True),
        table.regexes("regexes", split=True),
        table.one_of("regextarget", _TARGETS, SECRET),
        tuple(dict.fromkeys(word.lower() for word in table.texts("stopwords", split=True))),
    )
    if not (allow.commits or allow.paths or allow.regexes or allow.stopwords):
        table.fail(
            "", "an allow list without commits, paths, regexes and stopwords allows nothing: "
            "give it one of them",
        )  # fmt: skip
    return allow


def _global_allows(
    top: Table,
) -> tuple[tuple[Allow, ...], tuple[tuple[str, Allow, Table], ...]]:
    general: list[Allow] = []
    targeted: list[tuple[str, Allow, Table]] = []

    def made(table: Table) -> Allow:
        allow = _allow(table, (*_ALLOW, "targetRules"))
        targets = table.texts("targetrules", split=True)
        targeted.extend((target, allow, table) for target in targets)
        if not targets:
            general.append(allow)
        return allow

    _both_forms(top, "", made)
    return tuple(general), tuple(targeted)


def _needed_are_there(rules: Mapping[str, CustomRule], tables: Mapping[str, Table]) -> None:
    """Gitleaks asks this of each file by itself."""
    for rule in rules.values():
        for number, needed in enumerate(rule.needs):
            if needed.rule not in rules:
                table = tables[rule.id].tables("required", folded=True)[number]
                table.fail(
                    "id", f"the required rule {needed.rule!r} is not there: name one of this file"
                )


# Together --------------------------------------------------------------------------------------


def _on_ours(last: _File) -> bool:
    return last.extends is not None and last.extends.truth("usedefault")


def _merged(
    files: Sequence[_File], notes: list[str]
) -> tuple[dict[str, CustomRule], dict[str, Table]]:
    """The rules of all files; of two with one id the nearer adds to the farther."""
    rules: dict[str, CustomRule] = {}
    tables: dict[str, Table] = {}
    for file in reversed(files):
        disabled = _disabled(file, rules, notes)
        base = {id_: rule for id_, rule in rules.items() if id_ not in disabled}
        rules = {
            **base,
            **{
                id_: _onto(base[id_], rule) if id_ in base else rule
                for id_, rule in file.rules.items()
            },
        }
        tables = {**tables, **file.tables}
    return rules, tables


def _disabled(file: _File, rules: Mapping[str, CustomRule], notes: list[str]) -> frozenset[str]:
    if file.extends is None or file.extends.truth("usedefault"):
        return frozenset()
    named = file.extends.texts("disabledrules", split=True)
    place = file.document.origin(file.extends.place("disabledrules"))
    notes += [
        f"{place}: {id_!r} is no rule of the file that is extended"
        for id_ in named
        if id_ not in rules
    ]
    return frozenset(named)


def _onto(base: CustomRule, rule: CustomRule) -> CustomRule:
    """A rule that says again only what it changes."""
    return base._replace(
        origin=rule.origin,
        title=rule.title or base.title,
        min_entropy=rule.min_entropy or base.min_entropy,
        group=rule.group or base.group,
        regex=rule.regex or base.regex,
        path=rule.path or base.path,
        tags=(*base.tags, *rule.tags),
        keywords=(*base.keywords, *rule.keywords),
        allows=(*base.allows, *rule.allows),
    )


def _turned_off(last: _File, notes: list[str]) -> tuple[list[str], str]:
    """Our rules that stand for those of gitleaks' own which are turned off, and where they are."""
    extends = last.extends
    assert extends is not None  # noqa: S101 - it builds on ours
    place = last.document.origin(extends.place("disabledrules"))
    notes.append(
        f"{extends.origin}: useDefault: seawall's own rules run, which find what gitleaks' find"
    )
    result: list[str] = []
    for id_ in extends.texts("disabledrules", split=True):
        ours = GITLEAKS_RULES.get(id_)
        if ours is None:
            notes.append(f"{place}: {id_!r} is no rule of gitleaks' own")
        result += ours or ()
    return result, place


def _without_tweaks(
    rules: Mapping[str, CustomRule], tables: Mapping[str, Table],
    narrowed: list[tuple[str, Allow]], notes: list[str],
) -> dict[str, CustomRule]:  # fmt: skip
    """The rules but those that only change one of gitleaks' own: their lists go to ours."""
    result = {}
    for id_, rule in rules.items():
        ours = GITLEAKS_RULES.get(id_)
        if ours is None or rule.regex or (rule.path and not rule.needs):
            result[id_] = rule
            continue
        narrowed += [(own, allow) for own in ours for allow in rule.allows]
        if rule.min_entropy or rule.group or rule.path or rule.needs:
            notes.append(
                f"{tables[id_].origin}: of {id_!r} only the allow lists count: "
                "seawall's own rules judge values in another way"
            )
    return result


def _targeted(
    first: _File, rules: Mapping[str, CustomRule], narrowed: list[tuple[str, Allow]] | None
) -> dict[str, CustomRule]:
    """The rules with the allow lists that name them; gitleaks heeds those of the first file."""
    result = dict(rules)
    for target, allow, table in first.targeted:
        if target in result:
            rule = result[target]
            result[target] = rule._replace(allows=(*rule.allows, allow))
            continue
        ours = GITLEAKS_RULES.get(target) if narrowed is not None else None
        if narrowed is None or ours is None:
            table.fail("targetrules", f"the target {target!r} is no rule: name one that there is")
        narrowed += [(own, allow) for own in ours]
    return result


def _validate(rule: CustomRule, table: Table) -> None:
    """What gitleaks asks of each rule once all is together."""
    if not rule.id.strip():
        table.fail("id", "a rule has no id: give it one")
    if not (rule.regex or rule.path):
        table.fail("id", f"{rule.id!r} has neither regex nor path: give it one of them")
    if rule.regex and rule.group:
        most, _ = groups_of(rule.regex)
        if int(rule.group) > most:
            table.fail(
                "secretgroup",
                f"secretGroup is {rule.group}, but the regex has {most} groups: write one of them",
            )
