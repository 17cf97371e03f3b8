"""Docstrings are read into their parts, and incomplete ones are refused."""

import pytest

from seawall.core.documentation import documentation
from seawall.core.rule import Hits, Rule
from tests.core.test_findings import make_rule


def with_docstring(text: str) -> Rule:
    def check() -> Hits:
        return ()

    check.__doc__ = text
    rule = make_rule()
    rule.check = check
    return rule


WHOLE = """Things must be right.

    Reports what is wrong,
    in two lines.

    Why:

    Because.

    Bad:

        kind: Pod
        spec:
          a: 1

    Good:

        kind: Pod

    Parameters:

        minimum = 3

    References:

    https://example.org/a
    https://example.org/b
    """


def test_parts() -> None:
    manual = documentation(with_docstring(WHOLE))
    assert manual.summary == "Things must be right."
    assert manual.what == "Reports what is wrong,\nin two lines."
    assert manual.why == "Because."
    assert manual.bad == "kind: Pod\nspec:\n  a: 1\n"
    assert manual.good == "kind: Pod\n"
    assert manual.parameters == "minimum = 3\n"
    assert manual.references == ("https://example.org/a", "https://example.org/b")


@pytest.mark.parametrize("heading", ["Why:", "Bad:", "Good:"])
def test_missing_parts_are_refused(heading: str) -> None:
    with pytest.raises(ValueError, match=heading.removesuffix(":").lower()):
        documentation(with_docstring(WHOLE.replace(f"    {heading}\n", "")))


def test_a_heading_may_not_stand_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        documentation(with_docstring(WHOLE + "\n    Why:\n\n    Again.\n"))
