"""The schema text and the objects it defines, read line by line and only when needed.

The text has three parts with an empty line between them: comments, kinds, definitions.

A kind: ``apps/v1 Deployment deployments namespaced apps.v1.Deployment`` (version, kind,
resource, scope, definition).

A definition: its name and its fields, ``name mark ":" type``:

    core.v1.PodSpec containers!:[].Container@name hostNetwork:b nodeSelector:{}s ...

Marks: ``!`` required, ``?`` required by OpenAPI but not asked for by a server (it defaults the
field or takes the zero value), ``+`` optional by OpenAPI, but an absent value is read as an
empty one, which a server refuses. The field ``*`` lets unknown fields pass.

Types: ``s`` string, ``b`` boolean, ``i`` and ``l`` integers of 32 and 64 bits, ``n`` number,
``q`` quantity, ``x`` integer or string, ``y`` base64, ``t`` time, ``T`` time with microseconds,
``*`` anything, ``s|A|B`` a string of a set; ``B``, ``A``, ``S`` a schema or a boolean, a list
of schemas, a list of strings; ``.Name`` or ``package.Name`` another definition; ``[]`` a list
and ``{}`` a map of what follows; ``~`` a status, which the server sets itself. After a type:
``@key`` patches merge lists by that key (``@`` alone: as a set), ``^`` they retain keys.
"""

from collections.abc import Mapping

from seawall.kubernetes.schema.checks import (
    MAX_DEPTH,
    MAX_TRACES,
    MISSING_FIELD,
    SCALARS,
    UNKNOWN_FIELD,
    Check,
    Choice,
    ListOf,
    MapOf,
    OneOf,
    Trace,
    Traces,
    Walk,
    Without,
    gather,
    wrong_type,
)
from seawall.kubernetes.schema.suggest import close_name

_CRD_SCHEMA = "apiextensions.v1.JSONSchemaProps"


class Definitions:
    """All definitions of a schema text, by name."""

    def __init__(self, text: str) -> None:
        """``text`` is the third part of the schema text."""
        self._lines = {line.partition(" ")[0]: line for line in text.split("\n")}
        self._objects: dict[str, ObjectCheck] = {}
        self._checks: dict[str, Check] = dict(SCALARS)

    def object(self, name: str) -> "ObjectCheck":
        """The check of a definition; it is parsed when it first meets a value."""
        found = self._objects.get(name)
        if found is None:
            found = self._objects[name] = ObjectCheck(name, self)
        return found

    def fields(self, name: str) -> "Fields":
        """Parse one definition."""
        package = name.rpartition(".")[0]
        checks: dict[str, Check] = {}
        required: list[tuple[str, object]] = []
        for word in self._lines.get(name, "").split(" ")[1:]:
            field, _, code = word.partition(":")
            if _is_relative(code):  # it means another definition in each package
                code = code.replace(".", f"{package}.", 1)
            check = self._check(code)
            if field[-1] in "!?+":
                mark, field = field[-1], field[:-1]
                if mark != "?":
                    required.append((field, _empty(code)))
            checks[field] = check
        return Fields(checks, tuple(required))

    def _parse(self, code: str) -> Check:
        if code[-1] == "^" or "@" in code:
            return self._check(code.removesuffix("^").partition("@")[0])
        if code[0] == "~":
            return Without(self._check(code[1:]), MISSING_FIELD)
        if code[:2] in {"[]", "{}"}:
            element = self._check(code[2:])
            null: object = {} if isinstance(element, ObjectCheck) else None
            return ListOf(element, null) if code[0] == "[" else MapOf(element, null)
        if code[:2] == "s|":
            return OneOf(tuple(code[2:].split("|")))
        return self._choice(code) if code in {"A", "B", "S"} else self.object(code)

    def _choice(self, code: str) -> Check:
        schema = self.object(_CRD_SCHEMA)
        element: Check | None = None
        if code == "A":
            element = Without(schema, UNKNOWN_FIELD)
        elif code == "S":
            element = SCALARS["s"]
        return Choice(schema, element, or_boolean=code == "B")

    def _check(self, code: str) -> Check:
        found = self._checks.get(code)
        if found is None:
            found = self._checks[code] = self._parse(code)
        return found


def _is_relative(code: str) -> bool:
    return "." in code and code.lstrip("[]{}~")[0] == "."


def _empty(code: str) -> object:
    """The value that is as good as none for a required field: Go cannot tell them apart."""
    if code.startswith("[]"):
        return []
    return "" if code == "s" else None


class Fields:
    """What a definition says: the check of each field, and which must be there.

    ``required`` pairs a name with the empty value that counts as absent.
    """

    __slots__ = ("by_name", "checks", "is_open", "required")

    def __init__(self, checks: dict[str, Check], required: tuple[tuple[str, object], ...]) -> None:
        self.is_open = checks.pop("*", None) is not None
        self.checks = checks
        # What the walk needs of each field, without a look-up of attributes.
        self.by_name = {name: (check.exact, check.check) for name, check in checks.items()}
        self.required = required


class ObjectCheck(Check):
    """An object of a definition: known fields, right values, nothing missing."""

    __slots__ = ("_definitions", "_fields", "_name")

    def __init__(self, name: str, definitions: Definitions) -> None:
        super().__init__()
        self._name = name
        self._definitions = definitions
        self._fields: Fields | None = None

    @property
    def fields(self) -> Fields:
        """The parsed definition."""
        fields = self._fields
        if fields is None:
            fields = self._fields = self._definitions.fields(self._name)
        return fields

    def check(self, value: object, walk: Walk, depth: int) -> Traces:
        """The value is an object of this definition. Recursion ends with the depth limit."""
        if type(value) is not dict and not isinstance(value, Mapping):
            return wrong_type("a mapping", value)
        walk.values -= len(value)
        if depth >= MAX_DEPTH or walk.values < 0:
            return walk.stop()
        fields = self._fields or self.fields
        by_name = fields.by_name
        depth += 1
        found: Traces = None
        for key, item in value.items():
            field = by_name.get(key)
            if field is not None:
                if item.__class__ is field[0] or item is None:
                    continue
                traces = field[1](item, walk, depth)
            else:
                traces = self._unknown(key, walk)
            if traces:
                found = gather(found, traces, str(key))
                if len(found) > MAX_TRACES:
                    break
        for name, empty in fields.required:
            item = value.get(name)
            if item is None or (not item and item == empty):
                found = gather(found, [_missing(item)], name)
        return found

    def _unknown(self, key: object, walk: Walk) -> Traces:
        if self.fields.is_open:
            return None
        walk.suggestions -= 1
        hint = self._hint(str(key)) if walk.suggestions >= 0 else ""
        return [Trace(UNKNOWN_FIELD, f"is no field of this object{hint}")]

    def _hint(self, key: str) -> str:
        checks = self.fields.checks
        close = close_name(key, checks)
        if close:
            return f"; did you mean {close}?"
        # A field one level too high: runAsUser of a container belongs in securityContext.
        homes = [
            name
            for name, check in checks.items()
            if isinstance(check, ObjectCheck) and key in check.fields.checks
        ]
        return f"; it belongs in {homes[0]}" if len(homes) == 1 else ""


def _missing(item: object) -> Trace:
    suffix = "" if item is None else " and must not be empty"
    return Trace(MISSING_FIELD, f"is required{suffix}")
