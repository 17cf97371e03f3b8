"""``seawall config show``: what holds for a scan, and where each value comes from."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from seawall import catalogue, equivalents
from seawall.cli import scan
from seawall.cli.arguments import Parser
from seawall.cli.output import write_text
from seawall.cli.settings import (
    Setting,
    Settings,
    effective,
    engine_options,
    fail_on,
    load,
    notes,
    parameters,
    severities,
)
from seawall.configuration import Configuration
from seawall.core.errors import UsageError
from seawall.core.ignore import Ignore
from seawall.text.doublestar import Globs, plain
from seawall.text.toml import comment, key, literal
from seawall.triage.matching import Matching
from seawall.triage.verdicts import Override

if TYPE_CHECKING:
    from seawall.charts.value_sets import ValueSet
    from seawall.configuration.foreign.words import Word

_USAGE = """\
usage: seawall config show [OPTION...] [TARGET...]

Shows every value that holds for a scan of the targets, as TOML, each with its origin: a line of a
file, an option, or the default. Options and targets are those of seawall scan.
"""


def parser() -> Parser:
    """The options of ``seawall config``: those of a scan, behind ``show``."""
    result = Parser(prog="seawall config")
    commands = result.add_subparsers(metavar="COMMAND")
    commands.add_parser("show", parents=[scan.parser()], add_help=False)
    return result


def run(arguments: list[str]) -> int:
    """Show the configuration; gives the exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        write_text([_USAGE], None)
        return 0 if arguments else 2
    if arguments[0] != "show":
        raise UsageError(f"there is no command config {arguments[0]!r}; say: seawall config show")
    if "-h" in arguments or "--help" in arguments:
        write_text([_USAGE], None)
        return 0
    options = scan.parse(arguments[1:])
    config = load(options)
    settings = effective(options, config)
    engine_options(options, config, settings)  # refuses what a scan would refuse
    fail_on(options, settings)
    write_text((f"{line}\n" for line in shown(config, settings)), None)
    return 0


def shown(config: Configuration, settings: Settings) -> Iterator[str]:
    """The configuration, line by line."""
    yield from _files(config)
    for name, setting in settings.items():
        yield from _setting(name, setting)
    yield _line("exclude", config.exclude, config.origin("exclude") or "default")
    yield from _excluded_elsewhere(config)
    yield _line("locked", config.locked, config.origin("locked") or "default")
    yield from _rules(config)
    for value_set in config.value_sets:
        yield from _value_set(value_set)
    for override in config.overrides:
        yield from _override(override)
    foreign = config.foreign.ignores if config.foreign else ()
    for ignore in (*config.ignores, *foreign):
        yield from _suppress(ignore)


def _files(config: Configuration) -> Iterator[str]:
    files = [config.path, *(config.foreign.files if config.foreign else ())]
    yield comment(f"read: {', '.join(filter(None, files)) or 'no configuration'}")
    for note in notes(config):
        yield comment(f"note: {note}")
    if config.foreign is not None:
        for word in config.foreign.unheeded:
            yield comment(f"{word.value} annotations do not count: {word.origin} ({word.said})")
        for rule in config.custom:
            what = (
                "of your own about secrets"
                if rule.domain == "secrets"
                else "made of a custom check"
            )
            yield comment(f"rule {what}: {rule.id}")
        for item in config.foreign.not_covered:
            yield comment(f"not covered: {item.what}: {item.reason}")


def _line(name: str, value: Any, origin: str) -> str:
    return f"{name} = {literal(value)}  {comment(origin)}"


def _from(word: "Word") -> str:
    return comment(f"{word.origin} ({word.said})")


def _setting(name: str, setting: Setting) -> Iterator[str]:
    if not setting.items:
        yield _line(name, setting.value, setting.origin)
        return
    own = setting.value[: len(setting.value) - len(setting.items)]
    yield f"{name} = ["
    yield from (f"  {literal(item)},  {comment(setting.origin)}" for item in own)
    yield from (f"  {literal(w.value)},  {_from(w)}" for w in setting.items)
    yield "]"


def _excluded_elsewhere(config: Configuration) -> Iterator[str]:
    """Globs of other tools are read from their own file on, so they are no part of our list."""
    for word in config.foreign.exclude if config.foreign else ():
        yield comment(f"not read: {word.value} {_from(word)}")


def _rules(config: Configuration) -> Iterator[str]:
    values = parameters(config)
    weights = severities(config)
    for rule in sorted({*values, *weights}):
        if not values.get(rule) and rule not in weights:
            continue
        yield ""
        yield f"[rules.{key(rule)}]"
        if rule in weights:
            yield _line("severity", weights[rule].label, _severity_origin(config, rule))
        for name, value in values.get(rule, {}).items():
            yield _line(name, value, _parameter_origin(config, rule, name))


def _severity_origin(config: Configuration, rule: str) -> str:
    if rule in config.severities or config.foreign is None:
        return config.rule_origins.get((rule, "severity"), config.path)
    return config.foreign.weights[rule].origin


def _parameter_origin(config: Configuration, rule: str, name: str) -> str:
    if name in config.parameters.get(rule, {}) or config.foreign is None:
        return config.rule_origins.get((rule, name), config.path)
    return config.foreign.parameters[rule, name].origin


def _value_set(value_set: "ValueSet") -> Iterator[str]:
    yield ""
    yield f"[value-sets.{key(value_set.name)}]  {comment(value_set.origin)}"
    if value_set.charts is not None:
        yield f"charts = {literal(_patterns(value_set.charts.paths))}"
    for name, value in (
        ("values", value_set.values),
        ("release", value_set.release),
        ("namespace", value_set.namespace),
        ("kubernetes-version", value_set.kubernetes_version),
        ("api-versions", value_set.api_versions),
    ):
        if value:
            yield f"{name} = {literal(value)}"
    if value_set.set:
        from json import loads  # noqa: PLC0415 - seldom of use

        pairs = (f"{key(path)} = {_any(loads(value))}" for path, value in value_set.set)
        yield f"set = {{ {', '.join(pairs)} }}"


def _any(value: Any) -> str:
    """A value of a chart as TOML, tables and lists included."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key(k)} = {_any(v)}' for k, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_any, value))}]"
    return repr(value) if isinstance(value, float) else literal(value)


def _override(override: Override) -> Iterator[str]:
    yield ""
    yield f"[[override]]  {comment(override.origin)}"
    yield f"paths = {literal(_patterns(override.paths.paths))}"
    pairs = (f"{key(id_)} = {literal(s.label)}" for id_, s in override.severities.items())
    yield f"severities = {{ {', '.join(pairs)} }}"


_OF_SECRETS = ("detect-secrets", "gitleaks")
"""Tools whose files speak of single secrets."""


def _suppress(ignore: Ignore) -> Iterator[str]:
    """An entry; as a comment where it names nothing that we know."""
    origin = ignore.origin
    where = f"{origin.path}:{origin.span.line}" if origin.span else origin.path
    names = ignore.rules
    mark = ""
    if ignore.tool:
        names = tuple(equivalents.written(ignore.tool, check) for check in names)
        known = all(catalogue.look_up(name) for name in names)
        mark = "" if known and not ignore.fault else "# "
        is_known = known or ignore.tool in _OF_SECRETS
        where += f" ({ignore.tool})" if is_known else f" ({ignore.tool}; no rule is like it)"
    yield ""
    yield f"{mark}[[suppress]]  {comment(where)}"
    for name, value in _fields(ignore, names):
        if value:
            yield f"{mark}{name} = {literal(value)}"


def _fields(ignore: Ignore, names: tuple[str, ...]) -> Iterable[tuple[str, str | tuple[str, ...]]]:
    yield "rules", names
    scope = ignore.scope
    if isinstance(scope, Matching):
        yield "kinds", scope.kinds
        yield "namespaces", scope.namespaces
        yield "names", scope.names
        yield "containers", scope.containers
        if scope.paths is not None:
            yield "paths", _patterns(scope.paths.paths)
    yield "reason", ignore.reason
    yield "until", ignore.until
    if ignore.tool and not ignore.rules and scope == Matching():
        yield "names", ("*",)


def _patterns(paths: object) -> tuple[str, ...]:
    """Patterns as ours are written; those of other tools begin at their file's directory."""
    lines: tuple[str, ...] = getattr(paths, "lines", ())
    if isinstance(paths, Globs):
        return tuple(f"/{item.removeprefix('/')}" for line in lines for item in plain(line))
    return lines
