"""Expressions of the Common Expression Language over the objects of a run.

The language is read and evaluated by cel-python, an extra: this module is imported only where an
expression is to be evaluated. An expression is hostile input: its steps are counted and what it
may put together is limited, so that it ends in bounded time and memory whatever it says.
Language: https://github.com/google/cel-spec/blob/master/doc/langdef.md.
"""

import sys
from typing import Any

import celpy
from celpy import celtypes
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError, Evaluator, base_functions

from seawall.kubernetes.derived import once_per_index
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.text.patterns import PatternError, compile_pattern
from seawall.text.scalars import Value

MOST_STEPS = 300_000
"""Steps of one evaluation, each a node of the expression that is visited: about two seconds."""
MOST_STEPS_IN_ALL = 10_000_000
"""Steps of all evaluations of an expression by one process."""
LARGEST = 1_000_000
"""Characters or items of the largest text or list an expression may put together."""

_CHARACTERS_A_STEP = 1_000
_INT64 = 2**63


class ExpressionError(Exception):
    """A text that is no expression."""


class _LimitError(BaseException):
    """A limit that was reached: no error of the language, which ``||`` could swallow."""


class Program:
    """A compiled expression."""

    def __init__(self, source: str) -> None:
        limit = sys.getrecursionlimit()
        try:
            environment = celpy.Environment(runner_class=_Runner)
            self._runner = environment.program(environment.compile(source), functions=_FUNCTIONS)
        except CELParseError as error:
            place = f" (line {error.line}, column {error.column})" if error.line else ""
            text = str(error.args[0]) if error.args else ""
            reason = next(iter(text.strip().splitlines()), "it ends too early")
            raise ExpressionError(f"{reason}{place}") from None
        except RecursionError:
            raise ExpressionError("it is nested too deeply") from None
        finally:
            sys.setrecursionlimit(max(limit, sys.getrecursionlimit()))
        self._steps = 0

    def value_of(self, variables: dict[str, Any]) -> Any:
        """The value with some variables, which are CEL's own; raises CELEvalError for none."""
        return self._runner.evaluate(variables)

    def said(self, object_: KubernetesObject, index: Index | None) -> str:
        """What the expression says of an object: nothing, a message, or why it went wrong.

        Without an index ``objects`` is empty: for expressions that do not name it.
        """
        if self._steps > MOST_STEPS_IN_ALL:
            return f"its CEL check was given up: more than {MOST_STEPS_IN_ALL} steps in all"
        variables = {
            "object": converted(object_.value),
            "objects": celtypes.ListType([]) if index is None else _all_objects(index),
        }
        try:
            result = self.value_of(variables)
        except _LimitError as reached:
            return f"its CEL check was given up: {reached}"
        except RecursionError:
            return "its CEL check was given up: it is nested too deeply"
        except CELEvalError as error:
            return f"its CEL check cannot be evaluated: {_reason(error)}"
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
            return f"its CEL check cannot be evaluated: {type(error).__name__}: {error}"
        finally:
            self._steps += _Counting.steps
        if isinstance(result, str):
            return " ".join(result.split())
        kind = "null" if result is None else type(result).__name__.removesuffix("Type").lower()
        return f"its CEL check gives {kind}, not a text"


def _reason(error: CELEvalError) -> str:
    """The words of an error, without the variables cel-python shows with them."""
    return str(error.args[0] if error.args else error).partition(" (in activation")[0]


@once_per_index
def _all_objects(index: Index) -> celtypes.ListType:
    return celtypes.ListType([converted(object_.value) for object_ in index.objects])


def converted(value: Value) -> Any:
    """A value of a manifest as one of CEL's; a whole number too large for one is a double."""
    if isinstance(value, dict):
        return celtypes.MapType(
            {celtypes.StringType(key): converted(item) for key, item in value.items()}
        )
    if isinstance(value, list):
        return celtypes.ListType([converted(item) for item in value])
    if value is None:
        return None
    if isinstance(value, bool):
        return celtypes.BoolType(value)
    if isinstance(value, int):
        if -_INT64 <= value < _INT64:
            return celtypes.IntType(value)
        return celtypes.DoubleType(value if abs(value) < 10**300 else float("inf"))
    if isinstance(value, float):
        return celtypes.DoubleType(value)
    return celtypes.StringType(value)


# Limits ---------------------------------------------------------------------------------------


def _spend(steps: int) -> None:
    """Count steps; what takes time by itself counts as several."""
    _Counting.steps += steps
    if _Counting.steps > MOST_STEPS:
        raise _LimitError(f"it takes more than {MOST_STEPS} steps")


def _nodes(value: Any) -> int:
    """How many values a value is made of."""
    waiting, count = [value], 0
    while waiting and count < MOST_STEPS:
        item = waiting.pop()
        count += 1
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return count


class _Counting(Evaluator):
    """An evaluator that gives up after so many steps; those inside of macros count together."""

    steps = 0

    def _visit_tree(self, tree: Any) -> Any:
        _spend(1)
        return super()._visit_tree(tree)

    def sub_evaluator(self, ast: Any) -> "_Counting":  # called by cel-python
        return _Counting(ast, activation=self.activation)


class _Runner(celpy.InterpretedRunner):
    """Evaluates with a count of steps that begins anew each time."""

    def evaluate(self, context: Any) -> Any:
        _Counting.steps = 0
        return _Counting(ast=self.ast, activation=self.new_activation()).evaluate(context)


# Operators: as the specification has them, and with limits ----------------------------------


def _equals(left: Any, right: Any) -> Any:
    """Values of unlike types are not equal (langdef, "Equality")."""
    for side in (left, right):
        if isinstance(side, CELEvalError):
            return side
    if isinstance(left, list | dict) and isinstance(right, list | dict):
        _spend(_nodes(left) // 10)
    try:
        return base_functions["_==_"](left, right)
    except TypeError:
        return celtypes.BoolType(0)


def _differs(left: Any, right: Any) -> Any:
    result = _equals(left, right)
    return result if isinstance(result, CELEvalError) else celtypes.BoolType(not result)


def _holds(item: Any, container: Any) -> Any:
    if isinstance(container, celtypes.ListType) and not isinstance(item, CELEvalError):
        _spend(len(container) // 10)
        return celtypes.BoolType(any(bool(_equals(item, other)) for other in container))
    return base_functions["_in_"](item, container)


def _plus(left: Any, right: Any) -> Any:
    sizes = [len(item) for item in (left, right) if isinstance(item, str | bytes | list)]
    if sum(sizes) > LARGEST:
        raise _LimitError(f"it puts together more than {LARGEST} characters or items")
    _spend(sum(sizes) // _CHARACTERS_A_STEP)
    return base_functions["_+_"](left, right)


def _choice(condition: Any, left: Any, right: Any) -> Any:
    """An error of the condition is that of the whole."""
    if isinstance(condition, CELEvalError):
        return condition
    return base_functions["_?_:_"](condition, left, right)


def _matches(text: Any, pattern: Any) -> Any:
    if not isinstance(text, str) or not isinstance(pattern, str):
        raise TypeError("matches takes texts")
    _spend(len(text) // _CHARACTERS_A_STEP)
    try:
        return celtypes.BoolType(compile_pattern(pattern).found_in(text))
    except PatternError as error:
        return CELEvalError(f"{pattern!r} is no regular expression: {error}", ValueError, ())


def _contains(text: Any, part: Any) -> Any:
    if isinstance(text, str):
        _spend(len(text) // _CHARACTERS_A_STEP)
    return base_functions["contains"](text, part)


_FUNCTIONS: dict[str, Any] = {
    "_==_": _equals,
    "_!=_": _differs,
    "_in_": _holds,
    "_+_": _plus,
    "_?_:_": _choice,
    "contains": _contains,
    "matches": _matches,
}
