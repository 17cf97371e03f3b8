"""From the text of a configuration to what it says, strictly: nothing unknown is passed over."""

import os
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from seawall import catalogue
from seawall.configuration import foreign
from seawall.configuration.files import ConfigurationFile, locate, read_named
from seawall.core.advisory_id import is_advisory_id
from seawall.core.errors import UsageError
from seawall.core.ignore import Ignore, fault_of_date
from seawall.core.location import Location, Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import PROFILES, RULESETS, Parameter, ParameterValue, Rule
from seawall.core.severity import Confidence, Severity
from seawall.core.tools import TOOLS
from seawall.sources import files
from seawall.text.gitignore import Base, Paths, RootedPaths
from seawall.text.toml import KeyPath, Toml, TomlError, parse
from seawall.triage.matching import Matching
from seawall.triage.verdicts import Override

if TYPE_CHECKING:
    from seawall.charts.value_sets import ValueSet
    from seawall.configuration.foreign.words import Foreign
    from seawall.secrets.custom.rule import RuleSet

Table = Mapping[str, Any]


class Configuration(NamedTuple):
    """What a team has set. ``settings`` holds what also is an option of the command line.

    Its keys are those of the file; each value has the type that ``KEYS`` says. ``lines`` tells
    where each was set.
    """

    path: str = ""
    directory: str = ""
    settings: Mapping[str, Any] = {}
    lines: Mapping[str, int] = {}
    rule_origins: Mapping[tuple[str, str], str] = {}
    """Where a rule's parameter or severity was set."""
    parameters: Mapping[str, Mapping[str, ParameterValue]] = {}
    severities: Mapping[str, Severity] = {}
    overrides: tuple[Override, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    locked: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    value_sets: "tuple[ValueSet, ...]" = ()
    """With what Helm charts are rendered."""
    base: Base = Base()
    """How paths of reports read from the directory of the file on."""
    foreign: "Foreign | None" = None
    """What other tools' configuration says, where there is any."""
    custom: tuple[Rule, ...] = ()
    """Rules made of the custom checks in it, and of what there is about secrets."""
    secret_rules: "tuple[RuleSet, ...]" = ()
    """Rules about secrets: our own files', then those of other tools."""

    def origin(self, key: str) -> str:
        """Where a key was set, as ``seawall.toml:3``; empty when it was not."""
        return f"{self.path}:{self.lines[key]}" if key in self.lines else ""


EMPTY = Configuration()


def load(
    path: str | None,
    targets: tuple[str, ...],
    context: tuple[str, ...] = (),
    kube_score: str | None = None,
    secret_rules: tuple[str, ...] = (),
) -> Configuration:
    """Read a configuration: the named one, else the nearest above the targets, else none.

    Other tools' files above the targets are read with it, and kube-score's flags: those given
    here, else those of the configuration. Raises UsageError, with file and line, for anything
    that cannot be carried out.
    """
    file = locate(targets) if path is None else read_named(path)
    seen = (*targets, *context)
    reader = None if file is None else reader_of(file, base_of(file.directory, seen))
    tools, flags = (tuple(foreign.FORMS), ("", "")) if reader is None else reader.tools()
    if kube_score is not None:
        flags = (kube_score, "--kube-score")
    secrets = _secret_rules(secret_rules, reader)
    found = foreign.load(
        tools, targets, lambda directory: base_of(directory, seen), flags,
        gitleaks=not any(one.format == "gitleaks" for one in secrets),
    )  # fmt: skip
    custom: tuple[Rule, ...] = ()
    if found is not None and found.custom:
        from seawall.configuration.foreign.custom import rules_of  # noqa: PLC0415 - seldom of use

        custom, not_covered = rules_of(found.custom)
        found = found._replace(not_covered=(*found.not_covered, *not_covered))
    if found is not None:
        secrets = (*secrets, *found.secret_rules)
    custom = (*custom, *_made_of(secrets))
    own = EMPTY if reader is None else reader.read(custom)
    return own._replace(foreign=found, custom=custom, secret_rules=secrets)


def with_secret_rules(configuration: Configuration, paths: tuple[str, ...]) -> Configuration:
    """A configuration with the rules about secrets of some files."""
    secrets = _secret_rules(paths, None)
    custom = (*configuration.custom, *_made_of(secrets))
    return configuration._replace(custom=custom, secret_rules=secrets)


def _made_of(secrets: "tuple[RuleSet, ...]") -> tuple[Rule, ...]:
    if not secrets:
        return ()
    from seawall.secrets.custom.catalogued import rules_of  # noqa: PLC0415 - seldom of use

    return rules_of(secrets)


def _secret_rules(named: tuple[str, ...], reader: "_Reader | None") -> "tuple[RuleSet, ...]":
    """The files of rules about secrets that are named: those given, else the configuration's."""
    paths, directory = (named, "") if named or reader is None else reader.secret_rules()
    if not paths:
        return ()
    from seawall.configuration.secret_rules import load  # noqa: PLC0415 - seldom of use

    return load(paths, directory)


def base_of(directory: str, targets: Sequence[str]) -> Base:
    """How the paths of a report that is about some targets read from a directory on."""
    root = os.path.realpath(directory or os.curdir)
    steps: dict[str, str | None] = {}
    for target, name in zip(targets, files.names(targets), strict=True):
        if target in files.STDIN_PATHS:
            continue
        real = os.path.realpath(target)
        inside = files.shown(os.path.relpath(real, root))
        outside = files.shown(os.path.relpath(root, real))
        if not os.path.isdir(real):
            steps[name] = None if _leads_out(inside) else inside
            continue
        below = "" if name == os.curdir else f"{name}/"
        if _leads_out(inside):
            steps.setdefault(below, None)
            if not _leads_out(outside):
                steps[f"{below}{outside}/"] = ""
        else:
            steps[below] = "" if inside == os.curdir else f"{inside}/"
    return Base(tuple(sorted(steps.items(), key=lambda step: step[0], reverse=True)))


def _leads_out(path: str) -> bool:
    return path == os.pardir or path.startswith(f"{os.pardir}/")


def reader_of(file: ConfigurationFile, base: Base) -> "_Reader":
    """What reads the bytes of a configuration; raises UsageError for what is no TOML."""
    try:
        text = file.data.removeprefix(BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = file.data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{file.path}:{line}: a configuration must be UTF-8; save it as that"
        ) from None
    try:
        document = parse(text)
    except TomlError as error:
        place = ":".join(str(n) for n in (error.line, error.column) if n)
        where = f"{file.path}:{place}" if place else file.path
        raise UsageError(f"{where}: this is no valid TOML: {error.reason}; correct it") from None
    return _Reader(file, document, base)


# The keys -------------------------------------------------------------------------------------


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("must be a text")


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("must be true or false")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError("must be a list of texts")


def _one_of(*known: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        text = _text(value)
        if text not in known:
            raise ValueError(f"{text!r} is none of: {', '.join(known)}")
        return text

    return check


def _rules(value: object, custom: tuple[Rule, ...] = ()) -> tuple[str, ...]:
    texts = _texts(value)
    for pattern in texts:
        if is_advisory_id(pattern):
            raise ValueError(
                f"{pattern} is an advisory, not a rule; to leave it out: [[suppress]] with "
                f'rules = ["{pattern}"]'
            )
        try:
            catalogue.find(pattern, custom)
        except UsageError as error:
            raise ValueError(str(error)) from None
    return texts


def _rules_or_advisories(value: object, custom: tuple[Rule, ...] = ()) -> tuple[str, ...]:
    """Ids of rules, or of advisories such as ``CVE-2024-3094``."""
    texts = _texts(value)
    _rules([item for item in texts if not is_advisory_id(item)], custom)
    return texts


def _severity(value: object) -> Severity:
    return Severity.parse(_text(value))


def _fail_on(value: object) -> str:
    text = _text(value)
    if text != "none":
        Severity.parse(text)
    return text


def _confidence(value: object) -> str:
    Confidence.parse(_text(value))
    return _text(value)


def _day(value: object) -> str:
    if not isinstance(value, str | bool | int | float | list | dict) and hasattr(
        value, "isoformat"
    ):
        value = value.isoformat()  # TOML has dates of its own
    text = _text(value)
    fault = fault_of_date(text)
    if fault:
        raise ValueError(fault)
    return text


def _tools(value: object) -> tuple[str, ...]:
    """Other tools: all of them, none, or those named."""
    if isinstance(value, bool):
        return TOOLS if value else ()
    known = _one_of(*TOOLS)
    return tuple(known(item) for item in _texts(value))


def _days(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError("must be a number of days")


Check = Callable[..., object]

KEYS: Mapping[str, Check] = {
    "profile": _one_of(*PROFILES),
    "select": _rules,
    "enable": _rules,
    "ignore": _rules_or_advisories,
    "foreign": _tools,
    "kube-score": _text,
    "ruleset": _one_of(*RULESETS),
    "kubernetes-version": _text,
    "pss-version": _text,
    "fail-on": _fail_on,
    "min-confidence": _confidence,
    "strict": _boolean,
    "baseline": _text,
    "gitignore": _boolean,
    "max-file-size": _text,
    "database": _text,
    "max-database-age": _days,
    "vex": _texts,
    "render": _boolean,
}
"""Keys that are options of the command line as well."""

SECRETS_KEYS: Mapping[str, Check] = {
    "enabled": _boolean,
    "rules": _texts,
}
"""Keys of the table ``secrets``; as settings they have its name in front: ``secrets.enabled``."""

_SUPPRESS: Mapping[str, Check] = {
    "rules": _rules_or_advisories, "kinds": _texts, "namespaces": _texts, "names": _texts,
    "containers": _texts, "paths": _texts, "reason": _text, "until": _day,
}  # fmt: skip
_OVERRIDE: Mapping[str, Check] = {"paths": _texts}


class _Reader:
    """Reads one document."""

    def __init__(self, file: ConfigurationFile, document: Toml, base: Base) -> None:
        self._file = file
        self._document = document
        self._base = base
        self._origins: dict[tuple[str, str], str] = {}
        self._custom: tuple[Rule, ...] = ()

    def tools(self) -> tuple[tuple[str, ...], tuple[str, str]]:
        """The other tools to heed, and kube-score's flags with their origin."""
        table, at = self._table()
        heeded: Any = self._checked(_tools, table.get("foreign", True), (*at, "foreign"))
        place = (*at, "kube-score")
        flags: Any = self._checked(_text, table.get("kube-score", ""), place)
        return heeded, (flags, f"{self._file.path}:{self._document.line(place)}" if flags else "")

    def secret_rules(self) -> tuple[tuple[str, ...], str]:
        """The files of rules about secrets, and the directory that their names start from."""
        table, at = self._table()
        secrets = table.get("secrets", {})
        value = secrets.get("rules", []) if isinstance(secrets, dict) else []
        paths: Any = self._checked(_texts, value, (*at, "secrets", "rules"))
        return paths, self._file.directory

    def _table(self) -> tuple[Table, KeyPath]:
        """The table that holds our keys, and where it stands."""
        table: Any = self._document.value
        at: KeyPath = ()
        for key in self._file.table:
            table = table.get(key, {}) if isinstance(table, dict) else {}
            at = (*at, key)
        if not isinstance(table, dict):
            self._fail(at, "must be a table")
        return table, at

    def read(self, custom: tuple[Rule, ...]) -> Configuration:
        """All of it; rules may be those of custom checks as well."""
        self._custom = custom
        table, at = self._table()
        known = (
            *KEYS, "exclude", "locked", "require-reason", "rules", "override", "secrets",
            "suppress", "value-sets",
        )  # fmt: skip
        self._refuse_unknown(table, known, at)
        settings = {k: self._checked(KEYS[k], v, (*at, k)) for k, v in table.items() if k in KEYS}
        locked: Any = self._checked(_rules, table.get("locked", []), (*at, "locked"))
        exclude: Any = self._checked(_texts, table.get("exclude", []), (*at, "exclude"))
        reason = (*at, "require-reason")
        settings["require-reason"] = self._checked(
            _boolean, table.get("require-reason", False), reason
        )
        settings |= self._secrets(table.get("secrets", {}), (*at, "secrets"))
        parameters, severities = self._rule_tables(table.get("rules", {}), (*at, "rules"))
        result = Configuration(
            path=self._file.path,
            directory=self._file.directory,
            settings=settings,
            lines={key: self._document.line((*at, *key.split("."))) for key in (*table, *settings)},
            rule_origins=self._origins,
            parameters=parameters,
            severities=severities,
            overrides=tuple(self._overrides(table.get("override", []), (*at, "override"))),
            ignores=tuple(self._suppressed(table.get("suppress", []), (*at, "suppress"))),
            locked=tuple(sorted({rule.id for item in locked for rule in self._rules_of(item)})),
            exclude=exclude,
            value_sets=self._value_sets(table.get("value-sets"), (*at, "value-sets")),
            base=self._base,
        )
        self._respect_locks(result, (*at, "ignore"))
        return result

    def _secrets(self, table: object, at: KeyPath) -> dict[str, object]:
        """What the table about secrets says, its name in front of each key."""
        if not isinstance(table, dict):
            self._fail(at, "must be a table: write [secrets]")
        self._refuse_unknown(table, tuple(SECRETS_KEYS), at)
        return {
            f"secrets.{key}": self._checked(SECRETS_KEYS[key], value, (*at, key))
            for key, value in table.items()
        }

    def _rule_tables(
        self, tables: object, at: KeyPath
    ) -> tuple[dict[str, dict[str, ParameterValue]], dict[str, Severity]]:
        if not isinstance(tables, dict):
            self._fail(at, "must be a table, such as [rules.replicas-too-few]")
        parameters: dict[str, dict[str, ParameterValue]] = {}
        severities: dict[str, Severity] = {}
        for name, table in tables.items():
            where = (*at, name)
            if not isinstance(table, dict):
                self._fail(where, "must be a table")
            for rule in self._find(name, where):
                settings = dict(table)
                for key in settings:
                    line = self._document.line((*where, key))
                    self._origins[rule.id, key] = f"{self._file.path}:{line}"
                if "severity" in settings:
                    value: Any = self._checked(
                        _severity, settings.pop("severity"), (*where, "severity")
                    )
                    severities[rule.id] = value
                parameters[rule.id] = self._parameters(rule, settings, where)
        return parameters, severities

    def _parameters(self, rule: Rule, settings: Table, at: KeyPath) -> dict[str, ParameterValue]:
        known = {parameter.name: parameter for parameter in rule.parameters}
        self._refuse_unknown(settings, ("severity", *known), at)
        result: dict[str, ParameterValue] = {}
        for name, value in settings.items():
            checked: Any = self._checked(_like(known[name]), value, (*at, name))
            result[name] = checked
        return result

    def _overrides(self, tables: object, at: KeyPath) -> "list[Override]":
        result = []
        for where, table in self._members(tables, at, "override"):
            self._refuse_unknown(table, ("paths", "severities"), where)
            paths = self._needed_paths(table, where)
            severities: dict[str, Severity] = {}
            inner = table.get("severities", {})
            if not isinstance(inner, dict) or not inner:
                self._fail(where, 'must have severities, such as { image-tag-mutable = "low" }')
            for name, value in inner.items():
                severity: Any = self._checked(_severity, value, (*where, "severities", name))
                for rule in self._find(name, (*where, "severities", name)):
                    severities[rule.id] = severity
            origin = f"{self._file.path}:{self._document.line(where)}"
            result.append(Override(paths, severities, origin))
        return result

    def _suppressed(self, tables: object, at: KeyPath) -> "list[Ignore]":
        result = []
        for where, table in self._members(tables, at, "suppress"):
            self._refuse_unknown(table, tuple(_SUPPRESS), where)
            values: dict[str, Any] = {
                key: self._checked(_SUPPRESS[key], value, (*where, key))
                for key, value in table.items()
            }
            if not values.keys() - {"reason", "until"}:
                self._fail(where, "must say what it suppresses: rules, kinds, names, paths ...")
            paths = values.get("paths")
            scope = Matching(
                values.get("kinds", ()), values.get("namespaces", ()), values.get("names", ()),
                values.get("containers", ()), None if paths is None else self._rooted(paths),
            )  # fmt: skip
            line = self._document.line(where)
            result.append(
                Ignore(
                    values.get("rules", ()), scope, values.get("reason", ""),
                    values.get("until", ""),
                    Location(self._file.path, span=Span(line, 1, line, 1)), form="configuration",
                )
            )  # fmt: skip
        return result

    def _value_sets(self, tables: object, at: KeyPath) -> "tuple[ValueSet, ...]":
        if tables is None:
            return ()
        from seawall.configuration import value_sets  # noqa: PLC0415 - only where there are any

        if not isinstance(tables, dict):
            self._fail(at, "must be a table, such as [value-sets.production]")
        result = []
        for name, table in tables.items():
            where = (*at, name)
            if not isinstance(table, dict):
                self._fail(where, "must be a table")
            self._refuse_unknown(table, tuple(value_sets.KEYS), where)
            values: dict[str, Any] = {
                key: self._checked(value_sets.KEYS[key], value, (*where, key))
                for key, value in table.items()
            }
            paths = values.pop("charts", None)
            result.append(
                value_sets.made(
                    name, values, None if paths is None else self._rooted(paths),
                    self._file.directory, f"{self._file.path}:{self._document.line(where)}",
                )
            )  # fmt: skip
        return tuple(result)

    def _respect_locks(self, result: Configuration, at: KeyPath) -> None:
        for item in result.settings.get("ignore", ()):
            for rule in () if is_advisory_id(item) else self._rules_of(item):
                if rule.id in result.locked:
                    self._fail(
                        at, f"{rule.id} is locked and cannot be ignored; remove one of the two"
                    )

    # Helpers ----------------------------------------------------------------------------------

    def _rooted(self, patterns: Sequence[str]) -> RootedPaths:
        return RootedPaths(Paths(patterns), self._base)

    def _needed_paths(self, table: Table, at: KeyPath) -> RootedPaths:
        if "paths" not in table:
            self._fail(at, "must have paths")
        patterns: Any = self._checked(_texts, table["paths"], (*at, "paths"))
        return self._rooted(patterns)

    def _members(self, tables: object, at: KeyPath, name: str) -> "list[tuple[KeyPath, Table]]":
        if not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
            self._fail(at, f"must be tables, each beginning with [[{name}]]")
        return [((*at, number), table) for number, table in enumerate(tables)]

    def _rules_of(self, name: str) -> tuple[Rule, ...]:
        return catalogue.find(name, self._custom)

    def _find(self, name: str, at: KeyPath) -> tuple[Rule, ...]:
        try:
            return self._rules_of(name)
        except UsageError as error:
            self._fail(at, str(error), told=True)

    def _checked(self, check: Check, value: object, at: KeyPath) -> object:
        try:
            if check in (_rules, _rules_or_advisories):
                return check(value, self._custom)
            return check(value)
        except ValueError as error:
            self._fail(at, str(error))

    def _refuse_unknown(self, table: Table, known: tuple[str, ...], at: KeyPath) -> None:
        for key in table:
            if key not in known:
                from difflib import get_close_matches  # noqa: PLC0415 - only for an error

                close = get_close_matches(key, known, n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
                self._fail((*at, key), f"unknown key {key!r}; {hint}", told=True)

    def _fail(self, at: KeyPath, message: str, *, told: bool = False) -> NoReturn:
        """Raise a UsageError that names file, line and, unless the message tells it, the key."""
        own = at[len(self._file.table) :]
        key = "" if told else ".".join(str(step) for step in own) + " "
        raise UsageError(f"{self._file.path}:{self._document.line(at)}: {key}{message}")


def _like(parameter: Parameter) -> Check:
    """What a value of a rule's parameter must be: the default decides."""
    default = parameter.default
    if isinstance(default, tuple):
        return _texts
    if isinstance(default, bool):
        return _boolean
    if isinstance(default, int):
        return _whole_number
    return _text


def _whole_number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("must be a whole number")
