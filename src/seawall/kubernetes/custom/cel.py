"""The template ``cel-expression``: a check in the Common Expression Language.

As in kube-linter an expression sees ``object`` and ``objects`` and gives a text: empty where all
is well, else the message. What it cannot do (a field that is missing, another type) is a finding
too, so that a faulty check is not mistaken for a good manifest.
"""

from typing import TYPE_CHECKING

from seawall.core.rule import Hit, Hits
from seawall.kubernetes.custom.judging import Judge
from seawall.kubernetes.custom.parameters import FaultError, Values, extra_missing
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context

if TYPE_CHECKING:
    from seawall.kubernetes.custom.cel_engine import Program

EXTRA = "cel"
LONGEST = 20_000
"""Characters of the longest expression."""
DEEPEST = 200
"""Brackets that may be open at once."""

_LONGEST_MESSAGE = 500


def judge_of(values: Values) -> Judge:
    """Compile an expression once, to judge any number of objects."""
    source = values.text("check")
    program = _compiled(source)
    sees_others = "objects" in source

    def check(object_: KubernetesObject, context: Context) -> Hits:
        message = program.said(object_, context.index if sees_others else None)
        if message:
            yield Hit(message[:_LONGEST_MESSAGE])

    return check


def _compiled(source: str) -> "Program":
    if len(source) > LONGEST:
        raise FaultError(f"parameter check has more than {LONGEST} characters")
    if _depth(source) > DEEPEST:
        raise FaultError(f"parameter check has more than {DEEPEST} brackets open at once")
    try:
        from seawall.kubernetes.custom import cel_engine  # noqa: PLC0415 - an extra, 200 ms
    except ImportError:
        raise extra_missing("a CEL expression", EXTRA) from None
    try:
        return cel_engine.Program(source)
    except cel_engine.ExpressionError as error:
        raise FaultError(f"parameter check is no CEL expression: {error}") from None


def _depth(source: str) -> int:
    """How many brackets are open at most, those in texts counted too."""
    deepest = depth = 0
    for character in source:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest
