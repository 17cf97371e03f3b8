"""Custom checks as they stand in a configuration, read from plain values."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.kubernetes.custom.object_kinds import OBJECT_KINDS
from seawall.kubernetes.custom.parameters import FaultError, ParameterValue, accepted, shown
from seawall.kubernetes.custom.templates import TEMPLATES, Template
from seawall.peers import PEER_RULES
from seawall.text.scalars import Value

MOST_CHECKS = 2_000
"""Custom checks that one configuration may hold."""

_NAME = pattern(r"[a-zA-Z0-9-_]{1,200}")
_KEYS = ("name", "description", "remediation", "template", "params", "scope")


class Origin(NamedTuple):
    """Where a check is written; the line counts from 1, 0 when unknown."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class CustomCheck(NamedTuple):
    """A custom check that is complete and fits its template."""

    name: str
    description: str
    remediation: str
    template: str
    params: Mapping[str, ParameterValue]
    """By the names that the template's documentation gives them."""
    object_kinds: tuple[str, ...]
    """As written, or else those of the template."""
    origin: Origin
    unread: tuple[str, ...] = ()
    """Keys that mean nothing, which kube-linter passes over too, each with what may be meant."""


class Fault(NamedTuple):
    """Why a custom check cannot be carried out, and where it is written."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{Origin(self.path, self.line)}: {self.message}"


def read_checks(items: Iterable[tuple[Value, Origin]]) -> tuple[list[CustomCheck], list[Fault]]:
    """Read the items of ``customChecks``; each is a check or a fault."""
    checks: list[CustomCheck] = []
    faults: list[Fault] = []
    taken: dict[str, Origin] = {}
    for number, (value, origin) in enumerate(items):
        if number == MOST_CHECKS:
            faults.append(Fault(*origin, f"there are more than {MOST_CHECKS} custom checks"))
            break
        name = f"number {number + 1}"
        try:
            table = _table(value)
            name = _name(table)
            if name in taken:
                raise FaultError(f"another one at {taken[name]} has this name")  # noqa: TRY301
            taken[name] = origin
            checks.append(_check(name, table, origin))
        except FaultError as error:
            faults.append(Fault(*origin, f"custom check {name}: {error}"))
    return checks, faults


Table = Mapping[str, Value]


def _table(value: Value) -> Table:
    """A check with its keys in lower case: kube-linter's reader does not tell them apart."""
    if not isinstance(value, dict):
        raise FaultError(f"is a mapping with {', '.join(_KEYS)}, not {shown(value)}")
    return _lowered(value, "keys")


def _lowered(table: Mapping[str, Value], what: str) -> Table:
    result: dict[str, Value] = {}
    for key, value in table.items():
        low = str(key).lower()
        if low in result:
            raise FaultError(f"has the {what} {key!r} twice; capitals make no difference")
        result[low] = value
    return result


def _name(table: Table) -> str:
    name = table.get("name")
    if name is None or name == "":
        raise FaultError("has no name")
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise FaultError(
            f"its name is made of letters, digits, - and _, at most 200, not {shown(name)}"
        )
    if name in PEER_RULES["kube-linter"]:
        raise FaultError("kube-linter has a check of its own with this name; choose another")
    return name


def _check(name: str, table: Table, origin: Origin) -> CustomCheck:
    template_name = _text(table, "template")
    if not template_name:
        raise FaultError("names no template")
    template = TEMPLATES.get(template_name)
    if template is None:
        hint = _hint(template_name, TEMPLATES) or "; see: kube-linter templates list"
        raise FaultError(f"there is no template {template_name!r}{hint}")
    return CustomCheck(
        name,
        _text(table, "description"),
        _text(table, "remediation"),
        template_name,
        _params(table.get("params"), template_name, template),
        _object_kinds(table.get("scope"), template),
        origin,
        tuple(f"{key!r}{_hint(key, _KEYS)}" for key in table if key not in _KEYS),
    )


def _text(table: Table, key: str) -> str:
    value = table.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FaultError(f"its {key} is a text, not {shown(value)}")
    return value


def _params(value: Value, name: str, template: Template) -> dict[str, ParameterValue]:
    if value is not None and not isinstance(value, dict):
        raise FaultError(f"its params are a mapping, not {shown(value)}")
    given = _lowered(value or {}, "parameter")
    known = {parameter.name.lower(): parameter for parameter in template.parameters}
    for key in given:
        if key not in known:
            names = [parameter.name for parameter in template.parameters]
            takes = f"it takes {', '.join(names)}" if names else "it takes none"
            hint = _hint(key, known, names) or f"; {takes}"
            raise FaultError(f"template {name} has no parameter {key!r}{hint}")
    result = {}
    for key, parameter in known.items():
        value_ = accepted(parameter, given.get(key))
        if value_ is not None:
            result[parameter.name] = value_
    return result


def _object_kinds(value: Value, template: Template) -> tuple[str, ...]:
    if value is None:
        return template.object_kinds
    if not isinstance(value, dict):
        raise FaultError(f"its scope is a mapping with objectKinds, not {shown(value)}")
    kinds = _lowered(value, "key").get("objectkinds")
    if isinstance(kinds, str):  # kube-linter's reader takes a text for a list too
        kinds = list(kinds.split(","))
    if not isinstance(kinds, list) or not kinds:
        raise FaultError(f"its scope.objectKinds is a list of kinds, not {shown(kinds or None)}")
    result: dict[str, None] = {}
    for kind in kinds:
        if not isinstance(kind, str):
            raise FaultError(f"its scope.objectKinds is a list of kinds, not of {shown(kind)}")
        if kind not in OBJECT_KINDS:
            hint = _hint(kind, OBJECT_KINDS) or f"; one of {', '.join(OBJECT_KINDS)}"
            raise FaultError(f"there is no object kind {kind!r}{hint}")
        result[kind] = None
    return tuple(result)


def _hint(wanted: str, known: Iterable[str], names: Iterable[str] | None = None) -> str:
    """What was meant, in the spelling of ``names``; empty when nothing comes close."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for a fault

    spelling = {key.lower(): name for key, name in zip(known, names or known, strict=True)}
    close = get_close_matches(wanted[:200].lower(), spelling, n=1, cutoff=0.6)
    return f"; did you mean {spelling[close[0]]!r}?" if close else ""
