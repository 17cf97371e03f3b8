"""Checks of single values and of collections, one class a type of the Kubernetes API.

A check answers ``None`` for a value that a server takes, which is nearly always: no path is
built and nothing is allocated until something is wrong. Traces then gather the path on the way
up, innermost part first.

Types follow the decoder of kube-apiserver (``sigs.k8s.io/json``), verified against a running
1.36: ``null`` stands for an absent value of any type, a number without a fraction is an integer
however it was written (YAML ``1.0`` becomes JSON ``1``), an element ``null`` of a list is an
empty object.
"""

from collections.abc import Callable, Mapping
from types import NoneType

from seawall.kubernetes.schema.formats import is_base64, is_micro_time, is_quantity, is_time

UNKNOWN_FIELD = "unknown-field"
WRONG_TYPE = "wrong-type"
MISSING_FIELD = "missing-field"
INVALID_VALUE = "invalid-value"

MAX_DEPTH = 100
"""Objects within objects; built-in kinds have about a dozen, schemas in CRDs somewhat more."""
MAX_VALUES = 1_000_000
"""Values looked at in one object: shared aliases can unfold without end."""
MAX_TRACES = 1_000
"""Problems kept of one object; more of them help nobody."""
MAX_SUGGESTIONS = 100
"""Unknown fields that get a suggestion; comparing names costs time."""


class Trace:
    """A problem on its way up: ``path`` grows from the innermost key outwards.

    ``text`` continues a sentence that starts with the field's name.
    """

    __slots__ = ("code", "path", "text")

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        self.text = text
        self.path: list[str | int] = []


Traces = list[Trace] | None


class Walk:
    """How much of one object may still be looked at."""

    __slots__ = ("stopped", "suggestions", "values")

    def __init__(self) -> None:
        self.values = MAX_VALUES
        self.suggestions = MAX_SUGGESTIONS
        self.stopped = False

    def stop(self) -> Traces:
        """Say once that the rest is not looked at."""
        if self.stopped:
            return None
        self.stopped = True
        if self.values < 0:
            reason = f"and others hold more than {MAX_VALUES:,} values"
        else:
            reason = f"is nested deeper than {MAX_DEPTH} objects"
        return [Trace(INVALID_VALUE, f"{reason}; the rest was not checked")]


class Check:
    """Takes any value. ``exact`` is a class whose instances need no further look."""

    __slots__ = ("exact",)

    def __init__(self, exact: type = NoneType) -> None:
        self.exact = exact

    def check(self, value: object, walk: Walk, depth: int) -> Traces:  # noqa: ARG002 - any value
        """The problems of a value that is not ``None``."""
        return None


class Anything(Check):
    """Values of any shape, never looked into."""

    __slots__ = ()


class Kind(Check):
    """Strings and booleans."""

    __slots__ = ("_name",)

    def __init__(self, exact: type, name: str) -> None:
        super().__init__(exact)
        self._name = name

    def check(self, value: object, walk: Walk, depth: int) -> Traces:  # noqa: ARG002 - a scalar
        """The value is an instance of the class (or of one derived from it)."""
        if isinstance(value, self.exact):
            return None
        return wrong_type(self._name, value)


class Integer(Check):
    """Whole numbers of a size."""

    __slots__ = ("_bits", "_limit")

    def __init__(self, bits: int) -> None:
        super().__init__()
        self._bits = bits
        self._limit = 1 << (bits - 1)

    def check(self, value: object, walk: Walk, depth: int) -> Traces:  # noqa: ARG002 - a scalar
        """The value is a whole number that fits."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return wrong_type("an integer", value)
        if isinstance(value, float) and not value.is_integer():
            return [Trace(WRONG_TYPE, "must be an integer, not a number with a fraction")]
        if not -self._limit <= value < self._limit:
            return [Trace(WRONG_TYPE, f"must be an integer that fits in {self._bits} bits")]
        return None


class Number(Check):
    """Numbers of any kind that JSON can write."""

    __slots__ = ()

    def check(self, value: object, walk: Walk, depth: int) -> Traces:  # noqa: ARG002 - a scalar
        """The value is a number, not infinite and not NaN."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return wrong_type("a number", value)
        return None if _is_finite(value) else [Trace(INVALID_VALUE, "must be a finite number")]


class IntOrString(Check):
    """Ports, percentages: a string of any content or a 32-bit integer."""

    __slots__ = ("_integer",)

    def __init__(self) -> None:
        super().__init__(str)
        self._integer = Integer(32)

    def check(self, value: object, walk: Walk, depth: int) -> Traces:
        """The value is a string or an integer."""
        if isinstance(value, str):
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return wrong_type("an integer or a string", value)
        return self._integer.check(value, walk, depth)


class Quantity(Check):
    """Amounts such as ``100m`` or ``1Gi``; numbers are taken as well."""

    __slots__ = ()

    def check(self, value: object, walk: Walk, depth: int) -> Traces:  # noqa: ARG002 - a scalar
        """The value is a number or a quantity."""
        if isinstance(value, str):
            if is_quantity(value):
                return None
        elif isinstance(value, bool) or not isinstance(value, int | float):
            return wrong_type("a quantity such as 100m or 1.5Gi", value)
        elif _is_finite(value):
            return None
        return [Trace(INVALID_VALUE, "must be a quantity such as 100m, 2 or 1.5Gi")]


class Text(Check):
    """Strings that must have a form."""

    __slots__ = ("_form", "_matches")

    def __init__(self, matches: Callable[[str], bool], form: str) -> None:
        super().__init__()
        self._matches = matches
        self._form = form

    def check(self, value: object, walk: Walk, depth: int) -> Traces:  # noqa: ARG002 - a scalar
        """The value is a string of the form."""
        if not isinstance(value, str):
            return wrong_type("a string", value)
        if self._matches(value):
            return None
        return [Trace(INVALID_VALUE, f"must be {self._form}")]


class Bytes(Text):
    """Binary data: base64, or a list of byte values as Go's decoder allows."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(is_base64, "base64")

    def check(self, value: object, walk: Walk, depth: int) -> Traces:
        """The value is base64 or a list of bytes."""
        if isinstance(value, list):
            walk.values -= len(value)
            if all(item is None or (type(item) is int and 0 <= item < 256) for item in value):
                return None
        return super().check(value, walk, depth)


class OneOf(Check):
    """Strings of a fixed set."""

    __slots__ = ("_values",)

    def __init__(self, values: tuple[str, ...]) -> None:
        super().__init__()
        self._values = values

    def check(self, value: object, walk: Walk, depth: int) -> Traces:  # noqa: ARG002 - a scalar
        """The value is one of the set."""
        if not isinstance(value, str):
            return wrong_type("a string", value)
        if value in self._values:
            return None
        return [Trace(INVALID_VALUE, f"must be one of {', '.join(self._values)}")]


class ListOf(Check):
    """Lists whose elements share one check."""

    __slots__ = ("_check", "_exact", "_null")

    def __init__(self, element: Check, null: object) -> None:
        """``null`` is what an element ``null`` stands for: ``{}`` where elements are objects."""
        super().__init__()
        self._check = element.check
        self._exact = element.exact if null is None else object  # then null needs a look
        self._null = null

    def check(self, value: object, walk: Walk, depth: int) -> Traces:
        """The value is a list and its elements are right."""
        if not isinstance(value, list | tuple):
            return wrong_type("a list", value)
        walk.values -= len(value)
        if walk.values < 0:
            return walk.stop()
        exact = self._exact
        found: Traces = None
        for index, item in enumerate(value):
            if item.__class__ is exact:
                continue
            if item is None:
                item = self._null  # noqa: PLW2901 - the decoder reads it so
                if item is None:
                    continue
            traces = self._check(item, walk, depth)
            if traces:
                found = gather(found, traces, index)
                if len(found) > MAX_TRACES:
                    break
        return found


class MapOf(Check):
    """Mappings with keys of any name, whose values share one check."""

    __slots__ = ("_check", "_exact", "_null")

    def __init__(self, element: Check, null: object) -> None:
        """``null`` is what a value ``null`` stands for: ``{}`` where values are objects."""
        super().__init__()
        self._check = element.check
        self._exact = element.exact if null is None else object  # then null needs a look
        self._null = null

    def check(self, value: object, walk: Walk, depth: int) -> Traces:
        """The value is a mapping and its values are right."""
        if not isinstance(value, Mapping):
            return wrong_type("a mapping", value)
        walk.values -= len(value)
        if walk.values < 0:
            return walk.stop()
        exact = self._exact
        found: Traces = None
        for key, item in value.items():
            if item.__class__ is exact:
                continue
            if item is None:
                item = self._null  # noqa: PLW2901 - the decoder reads it so
                if item is None:
                    continue
            traces = self._check(item, walk, depth)
            if traces:
                found = gather(found, traces, str(key))
                if len(found) > MAX_TRACES:
                    break
        return found


class Without(Check):
    """A check without the problems of one code."""

    __slots__ = ("_check", "_code")

    def __init__(self, check: Check, code: str) -> None:
        super().__init__(check.exact)
        self._check = check
        self._code = code

    def check(self, value: object, walk: Walk, depth: int) -> Traces:
        """The other problems of the value."""
        traces = self._check.check(value, walk, depth)
        if not traces:
            return None
        return [trace for trace in traces if trace.code != self._code]


class Choice(Check):
    """What stands in a CRD's schema for a schema *or* something else.

    Such types have a decoder of their own in Kubernetes, which lets unknown fields pass.
    """

    __slots__ = ("_list", "_or_boolean", "_schema")

    def __init__(self, schema: Check, element: Check | None, *, or_boolean: bool) -> None:
        """A schema, or a list of elements, or a boolean."""
        super().__init__()
        self._schema = Without(schema, UNKNOWN_FIELD)
        self._list = ListOf(element, None) if element else None
        self._or_boolean = or_boolean

    def check(self, value: object, walk: Walk, depth: int) -> Traces:
        """The value is one of the choices."""
        if isinstance(value, Mapping):
            return self._schema.check(value, walk, depth)
        if isinstance(value, list) and self._list is not None:
            return self._list.check(value, walk, depth)
        if isinstance(value, bool) and self._or_boolean:
            return None
        return wrong_type("a schema, true or false" if self._or_boolean else "a schema", value)


def wrong_type(expected: str, value: object) -> Traces:
    """A value of another type than expected; the value itself may be secret and is not shown."""
    if isinstance(value, bool):
        actual = "a boolean"
    elif isinstance(value, str):
        actual = "a string"
    elif isinstance(value, int | float):
        actual = "a number"
    elif isinstance(value, Mapping):
        actual = "a mapping"
    elif isinstance(value, list | tuple):
        actual = "a list"
    else:
        actual = "this"
    hint = "; quote it" if expected == "a string" and isinstance(value, int | float) else ""
    return [Trace(WRONG_TYPE, f"must be {expected}, not {actual}{hint}")]


def gather(found: Traces, traces: list[Trace], key: str | int) -> list[Trace]:
    """Add the traces of the value at a key to those found so far."""
    for trace in traces:
        trace.path.append(key)
    if found is None:
        return traces
    found += traces
    return found


def _is_finite(value: float) -> bool:
    return value - value == 0  # without math, which costs an import


SCALARS = {
    "s": Kind(str, "a string"),
    "b": Kind(bool, "true or false"),
    "i": Integer(32),
    "l": Integer(64),
    "n": Number(),
    "q": Quantity(),
    "x": IntOrString(),
    "y": Bytes(),
    "t": Text(is_time, "a time such as 2006-01-02T15:04:05Z"),
    "T": Text(is_micro_time, "a time such as 2006-01-02T15:04:05.000000Z"),
    "*": Anything(object),
}
"""The checks of types that refer to no definition, by their code in the schema text."""
