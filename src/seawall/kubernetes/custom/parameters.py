"""The parameters of a template: what they may be, and what a check gives for them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from seawall.text.patterns import EXTRA, Pattern, PatternError, Re2MissingError, compile_pattern
from seawall.text.scalars import Value
from seawall.text.values import integer

TEXT, INTEGER, BOOLEAN, TEXTS = "a text", "a whole number", "true or false", "a list of texts"

MOST_ITEMS = 10_000
"""Items of the longest list that is taken."""
_INT64 = 2**63

ParameterValue = str | int | bool | tuple[str, ...]
Matcher = Callable[[str], bool]


class FaultError(Exception):
    """A custom check that cannot be carried out as it is written."""


class UncoveredError(Exception):
    """A custom check that is right, but needs what is not there: why, and what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


def extra_missing(what: str, extra: str) -> UncoveredError:
    """The error for a check that needs an optional package."""
    return UncoveredError(f"{what} needs an optional package", f"pip install 'seawall[{extra}]'")


class Parameter(NamedTuple):
    """A parameter of a template, by the name its documentation gives it."""

    name: str
    type: str
    required: bool = False
    choices: tuple[str, ...] = ()


def accepted(parameter: Parameter, value: Value) -> ParameterValue | None:
    """A value as its parameter wants it, ``None`` for one that is not given.

    Types are strict, as in kube-linter: a number is no text and a text no list. Raises
    FaultError.
    """
    result = None if value is None else _typed(parameter, value)
    if parameter.required and not result:
        raise FaultError(f"needs the parameter {parameter.name}")
    if result and parameter.choices:
        for item in result if isinstance(result, tuple) else (result,):
            if item not in parameter.choices:
                known = ", ".join(parameter.choices)
                raise FaultError(f"parameter {parameter.name} is one of {known}, not {item!r}")
    return result


def _typed(parameter: Parameter, value: Value) -> ParameterValue:
    kind, name = parameter.type, parameter.name
    if kind == TEXT and isinstance(value, str):
        return value
    if kind == BOOLEAN and isinstance(value, bool):
        return value
    number = integer(value) if kind == INTEGER else None
    if number is not None and -_INT64 <= number < _INT64:
        return number
    if kind == TEXTS and isinstance(value, list):
        if len(value) > MOST_ITEMS:
            raise FaultError(f"parameter {name} has more than {MOST_ITEMS} items")
        texts = tuple(item for item in value if isinstance(item, str))
        if len(texts) == len(value):
            return texts
        odd = next(item for item in value if not isinstance(item, str))
        raise FaultError(f"parameter {name} is {kind}, not one with {shown(odd)}")
    raise FaultError(f"parameter {name} is {kind}, not {shown(value)}")


def shown(value: Value) -> str:
    """A value of the wrong type as a message names it."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else str(value).lower()
    return repr(value) if len(repr(value)) <= 40 else f"{repr(value)[:40]}..."


class Values:
    """What a check gives for the parameters of its template; what it leaves out is empty."""

    def __init__(self, given: Mapping[str, ParameterValue]) -> None:
        self._given = given

    def text(self, name: str) -> str:
        """A text, empty when it is not given."""
        value = self._given.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._given.get(name)
        return value if isinstance(value, tuple) else ()

    def integer(self, name: str) -> int:
        """A whole number, 0 when it is not given."""
        return self.bound(name) or 0

    def bound(self, name: str) -> int | None:
        """A whole number, ``None`` when it is not given."""
        value = self._given.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A truth value."""
        value = self._given.get(name)
        return value if isinstance(value, bool) else default

    def pattern(self, name: str) -> Pattern:
        """A text that is a regular expression."""
        return _compiled(name, self.text(name))

    def patterns(self, name: str) -> Matcher:
        """Whether a text matches any of the regular expressions of a list."""
        patterns = [_compiled(name, item) for item in self.texts(name)]
        return lambda text: any(pattern.found_in(text) for pattern in patterns)

    def matcher(self, name: str) -> Matcher:
        """What a text must match: ``!`` before the regular expression turns it round."""
        return matcher_of(name, self.text(name))


def matcher_of(name: str, written: str) -> Matcher:
    """Whether a text matches what is written for a parameter; what is empty matches all."""
    if not written:
        return lambda _: True
    negated = written.startswith("!")
    pattern = _compiled(name, written.removeprefix("!"))
    return lambda text: pattern.found_in(text) != negated


def _compiled(name: str, written: str) -> Pattern:
    try:
        return compile_pattern(written)
    except PatternError as error:
        raise FaultError(
            f"parameter {name}: {written[:80]!r} is no regular expression of RE2: {error}"
        ) from None
    except Re2MissingError:
        raise extra_missing(f"the regular expression {written[:80]!r}", EXTRA) from None
