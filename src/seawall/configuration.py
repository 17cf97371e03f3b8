"""``seawall.toml``: parameters and severities of rules.

[rules.replicas-too-few]
severity = "medium"
minimum = 3
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

from seawall import catalogue
from seawall.core.errors import UsageError
from seawall.core.rule import Parameter, ParameterValue, Rule
from seawall.core.severity import Severity

DEFAULT_NAME = "seawall.toml"


class Configuration(NamedTuple):
    """What a team has set; both by rule id."""

    parameters: Mapping[str, Mapping[str, ParameterValue]]
    severities: Mapping[str, Severity]


EMPTY = Configuration({}, {})


def load(path: str | None) -> Configuration:
    """Read a configuration: the named one, else that of the current directory, else none."""
    if path is None:
        if not os.path.exists(DEFAULT_NAME):
            return EMPTY
        path = DEFAULT_NAME
    import tomllib  # noqa: PLC0415 - 15 ms, only where there is a file

    try:
        with open(path, "rb") as stream:
            document = tomllib.load(stream)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no valid TOML: {error}") from None
    return _read(document, path)


def _read(document: dict[str, object], path: str) -> Configuration:
    _refuse_unknown(document, ("rules",), path)
    tables = document.get("rules", {})
    if not isinstance(tables, dict):
        raise UsageError(f"{path}: rules must be a table, such as [rules.replicas-too-few]")
    parameters: dict[str, dict[str, ParameterValue]] = {}
    severities: dict[str, Severity] = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise UsageError(f"{path}: rules.{name} must be a table")
        for rule in catalogue.find(name):
            where = f"{path}: rules.{name}"
            settings = dict(table)
            if "severity" in settings:
                severities[rule.id] = _severity(settings.pop("severity"), where)
            parameters[rule.id] = _parameters(rule, settings, where)
    return Configuration(parameters, severities)


def _severity(value: object, where: str) -> Severity:
    try:
        return Severity.parse(str(value))
    except ValueError as error:
        raise UsageError(f"{where}.severity: {error}") from None


def _parameters(rule: Rule, settings: dict[str, object], where: str) -> dict[str, ParameterValue]:
    known = {parameter.name: parameter for parameter in rule.parameters}
    _refuse_unknown(settings, ("severity", *known), where)
    return {name: _value(known[name], value, where) for name, value in settings.items()}


def _value(parameter: Parameter, value: object, where: str) -> ParameterValue:
    default = parameter.default
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        expected = "a list of texts"
    elif isinstance(default, bool):
        if isinstance(value, bool):
            return value
        expected = "true or false"
    elif isinstance(default, int):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        expected = "a whole number"
    else:
        if isinstance(value, str):
            return value
        expected = "a text"
    raise UsageError(f"{where}.{parameter.name} must be {expected}")


def _refuse_unknown(table: dict[str, object], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            from difflib import get_close_matches  # noqa: PLC0415 - only for an error

            close = get_close_matches(key, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"
            raise UsageError(f"{where}: unknown key {key!r}{hint}")
