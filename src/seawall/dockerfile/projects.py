"""Compose and bake files: which Dockerfiles they build, in which context, how."""

import posixpath
from typing import TYPE_CHECKING, Any

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.text import hcl

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

_DEFAULT = "Dockerfile"
_REMOTE = pattern(r"^(?:[a-z][a-z0-9+.-]*://|git@|github\.com/)")


class BuildReference(NamedTuple):
    """One image that a project builds.

    ``name`` is the service or target. Paths are relative to the project's file, with ``/``;
    ``context`` is an address where ``remote`` is set. ``inline`` is the Dockerfile's own text where
    the project holds it, ``written`` the same as it stands there, with its variables.
    ``arguments`` without a value come from the environment. ``unresolved`` names the fields that
    hang on what the file does not tell; they hold their text as written.
    """

    name: str
    context: str
    dockerfile: str
    inline: str | None
    target: str
    arguments: dict[str, str | None]
    remote: bool
    unresolved: tuple[str, ...]
    written: str | None = None


class ProjectError(Exception):
    """A file that is no compose or bake file; the message says what is wrong."""


def _reference(
    name: str,
    context: str,
    dockerfile: str,
    inline: str | None,
    target: str,
    arguments: dict[str, str | None],
    unresolved: list[str],
) -> BuildReference:
    remote = _REMOTE.match(context) is not None
    if not remote:
        context = posixpath.normpath(context or ".")
        path = posixpath.normpath(posixpath.join(context, dockerfile or _DEFAULT))
    else:
        path = dockerfile or _DEFAULT
    return BuildReference(
        name, context, path, inline, target, arguments, remote, tuple(dict.fromkeys(unresolved))
    )


# Compose --------------------------------------------------------------------------------------

_COMPOSE_VARIABLE = pattern(
    r"\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])([^{}$]*))?\}|(.?))"
)


def read_compose(text: str) -> list[BuildReference]:
    """The builds of a compose file.

    Variables have their defaults; those without one leave their field unresolved.

    Raises:
        ProjectError: the file is no compose file.
    """
    from seawall.text.yaml import Broken, load  # noqa: PLC0415 - most Dockerfiles have no project

    found: list[BuildReference] = []
    for document in load(text):
        if isinstance(document, Broken):
            place = f"line {document.position.line}, column {document.position.column}"
            raise ProjectError(f"{place}: {document.reason}")
        services = document.value.get("services") if isinstance(document.value, dict) else None
        if not isinstance(services, dict):
            continue
        for name, service in services.items():
            build = service.get("build") if isinstance(service, dict) else None
            if isinstance(build, str):
                build = {"context": build}
            if isinstance(build, dict):
                found.append(_compose_build(name, build))
    return found


def _compose_build(name: str, build: dict[str, Any]) -> BuildReference:
    unresolved: list[str] = []

    def text(key: str, default: str) -> str:
        value = build.get(key)
        if not isinstance(value, str):
            return default
        resolved, known = _interpolated(value)
        if not known:
            unresolved.append(key)
        return resolved

    written = build.get("dockerfile_inline")
    inline = text("dockerfile_inline", "") if isinstance(written, str) else None
    arguments = _compose_arguments(build.get("args"), unresolved)
    return _reference(
        name,
        text("context", "."),
        text("dockerfile", ""),
        inline,
        text("target", ""),
        arguments,
        unresolved,
    )._replace(written=written if isinstance(written, str) else None)


def _compose_arguments(value: object, unresolved: list[str]) -> dict[str, str | None]:
    pairs: Iterable[tuple[str, object]]
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        texts = (item for item in value if isinstance(item, str))
        pairs = (
            (name, rest if mark else None) for name, mark, rest in (t.partition("=") for t in texts)
        )
    else:
        return {}
    arguments: dict[str, str | None] = {}
    for name, item in pairs:
        if item is None:
            arguments[name] = None
        elif isinstance(item, bool):
            arguments[name] = "true" if item else "false"
        else:
            resolved, known = _interpolated(str(item))
            arguments[name] = resolved
            if not known:
                unresolved.append(f"args.{name}")
    return arguments


def _interpolated(text: str) -> tuple[str, bool]:
    """A text with the defaults of its variables, and whether they all have one."""
    known = True

    def replace(found: "re.Match[str]") -> str:
        nonlocal known
        dollar, _, _, operator, word, _ = found.groups()
        if dollar:
            return "$"
        if operator in {"-", ":-"}:
            return word or ""
        known = False
        return found[0]

    return _COMPOSE_VARIABLE.sub(replace, text), known


# Bake -----------------------------------------------------------------------------------------


def read_bake_hcl(text: str) -> list[BuildReference]:
    """The builds of a bake file in HCL.

    Raises:
        ProjectError: it is no HCL.
    """
    try:
        root = hcl.parse(text)
    except hcl.HclError as error:
        line = text.count("\n", 0, error.offset) + 1
        column = error.offset - text.rfind("\n", 0, error.offset)
        raise ProjectError(f"line {line}, column {column}: {error.reason}") from None
    variables: dict[str, hcl.Value] = {
        name: attribute.value for name, attribute in root.attributes.items()
    }
    targets: dict[str, dict[str, hcl.Value]] = {}
    for block in root.blocks:
        label = block.labels[0] if block.labels else ""
        values = {name: attribute.value for name, attribute in block.attributes.items()}
        if block.kind == "variable" and "default" in values:
            variables[label] = values["default"]
        elif block.kind == "target" and label:
            targets[label] = targets.get(label, {}) | values
    return _bake(targets, variables)


def read_bake_json(text: str) -> list[BuildReference]:
    """The builds of a bake file in JSON.

    Raises:
        ProjectError: it is no JSON object.
    """
    import json  # noqa: PLC0415 - only for bake files in JSON

    try:
        root = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"no JSON: {error}") from None
    if not isinstance(root, dict):
        raise ProjectError("no JSON object")
    variables: dict[str, hcl.Value] = {}
    for name, variable in _members(root.get("variable")):
        if isinstance(variable, dict) and "default" in variable:
            variables[name] = _from_json(variable["default"])
    targets = {
        name: {key: _from_json(value) for key, value in target.items()}
        for name, target in _members(root.get("target"))
        if isinstance(target, dict)
    }
    return _bake(targets, variables)


def _members(value: object) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _from_json(value: Any) -> hcl.Value:
    """A JSON value as HCL's own JSON syntax has it: strings are templates."""
    if isinstance(value, str) and "${" in value:
        parts: list[str | hcl.Expression] = []
        at = 0
        for found in _JSON_TEMPLATE.finditer(value):
            parts += [value[at : found.start()], hcl.Expression(found[1], found[1])]
            at = found.end()
        rest = value[at:]
        if "${" in rest:
            return hcl.Expression(value)
        return hcl.Template(tuple(part for part in (*parts, rest) if part))
    if isinstance(value, dict):
        return {key: _from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    return value if isinstance(value, bool | str) or value is None else float(value)


_JSON_TEMPLATE = pattern(r"\$\{[ \t]*([A-Za-z_][\w-]*)[ \t]*\}")
_MAX_PARENTS = 1000


def _bake(
    targets: dict[str, dict[str, hcl.Value]], variables: dict[str, hcl.Value]
) -> list[BuildReference]:
    return [_bake_target(name, targets, variables) for name in targets]


def _bake_target(
    name: str, targets: dict[str, dict[str, hcl.Value]], variables: dict[str, hcl.Value]
) -> BuildReference:
    unresolved: list[str] = []
    values: dict[str, hcl.Value] = {}
    for parent in _lineage(name, targets, unresolved):
        own = targets[parent]
        arguments = values.get("args")
        values |= own
        if isinstance(arguments, dict) and isinstance(own.get("args"), dict):
            values["args"] = arguments | own["args"]  # type: ignore[operator]
    if "matrix" in values:
        unresolved.append("matrix")

    def text(key: str, default: str) -> str:
        if key not in values:
            return default
        resolved = _resolve(values[key], variables, 0)
        if resolved is None:
            unresolved.append(key)
            return _written(values[key])
        return resolved

    given = values.get("args")
    arguments_found: dict[str, str | None] = {}
    for key, value in given.items() if isinstance(given, dict) else ():
        resolved = None if value is None else _resolve(value, variables, 0)
        arguments_found[key] = resolved
        if resolved is None and value is not None:
            unresolved.append(f"args.{key}")
    if isinstance(given, hcl.Expression):
        unresolved.append("args")
    inline = text("dockerfile-inline", "") if "dockerfile-inline" in values else None
    return _reference(
        name,
        text("context", "."),
        text("dockerfile", ""),
        inline,
        text("target", ""),
        arguments_found,
        unresolved,
    )._replace(written=inline)


def _lineage(
    name: str, targets: dict[str, dict[str, hcl.Value]], unresolved: list[str]
) -> list[str]:
    """A target and those it inherits from, the farthest first."""
    order: list[str] = []
    todo = [name]
    while todo and len(order) < _MAX_PARENTS:
        current = todo.pop(0)
        if current in order:
            continue
        order.append(current)
        parents = targets[current].get("inherits")
        if parents is None:
            continue
        known = (
            [one for one in parents if isinstance(one, str)] if isinstance(parents, list) else []
        )
        if not isinstance(parents, list) or len(known) < len(parents):
            unresolved.append("inherits")
        missing = [one for one in known if one not in targets]
        if missing:
            unresolved.append("inherits")
        todo = [one for one in reversed(known) if one in targets] + todo
    return order[::-1]


def _resolve(value: hcl.Value, variables: dict[str, hcl.Value], depth: int) -> str | None:
    """A value as text; ``None`` where the file does not tell it."""
    if depth > 10:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, hcl.Expression):
        if value.variable and value.variable in variables:
            return _resolve(variables[value.variable], variables, depth + 1)
        return None
    if isinstance(value, hcl.Template):
        parts = [_resolve(part, variables, depth + 1) for part in value.parts]
        return None if None in parts else "".join(part or "" for part in parts)
    return None


def _written(value: hcl.Value) -> str:
    if isinstance(value, hcl.Expression):
        return value.text
    if isinstance(value, hcl.Template):
        return "".join(p if isinstance(p, str) else f"${{{p.text}}}" for p in value.parts)
    return ""
