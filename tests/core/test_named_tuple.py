"""Our named tuples do what those of the standard library do."""

import copy
import inspect
import pickle
import sys
import typing
from collections.abc import Callable
from typing import Any

import pytest

from seawall.core.named_tuple import NamedTuple

# What they are made of stands here twice: type checkers know the two words, not a function of them.


class Own(NamedTuple):
    """Some facts."""

    name: str
    size: "int"
    parts: tuple[str, ...] = ()
    """What it is made of."""

    @property
    def is_large(self) -> bool:
        """Whether it is large."""
        return self.size > 3

    def __str__(self) -> str:
        return f"{self.name} of {self.size}"


class Standard(typing.NamedTuple):
    """Some facts."""

    name: str
    size: "int"
    parts: tuple[str, ...] = ()
    """What it is made of."""

    @property
    def is_large(self) -> bool:
        """Whether it is large."""
        return self.size > 3

    def __str__(self) -> str:
        return f"{self.name} of {self.size}"


class Empty(NamedTuple):
    """Nothing."""


ASKED: dict[str, Callable[[Any], object]] = {
    "made by places": lambda of: tuple(of("a", 1, ("b",))),
    "made by names": lambda of: tuple(of(size=1, name="a")),
    "too few": lambda of: of("a"),
    "too many": lambda of: of("a", 1, (), 2),
    "another name": lambda of: of("a", 1, colour="red"),
    "fields": lambda of: (of._fields, of._field_defaults, of.__match_args__),
    "replace": lambda of: tuple(of("a", 1)._replace(size=2, parts=("c",))),
    "replace nothing": lambda of: tuple(of("a", 1)._replace()),
    "replace what is not there": lambda of: of("a", 1)._replace(colour="red"),
    "make": lambda of: tuple(of._make(["a", 1, ()])),
    "make of too little": lambda of: of._make(["a"]),
    "dictionary": lambda of: of("a", 1)._asdict(),
    "text": lambda of: (repr(of("a", 1)).replace(of.__name__, ""), str(of("a", 1))),
    "equal": lambda of: (of("a", 1) == ("a", 1, ()), hash(of("a", 1)) == hash(("a", 1, ()))),
    "order": lambda of: sorted([of("b", 1), of("a", 2), of("a", 1)]),
    "property": lambda of: (of("a", 4).is_large, of("a", 3).is_large),
    "copies": lambda of: (copy.copy(of("a", 1)), copy.deepcopy(of("a", 1, ("b",)))),
    "pickle": lambda of: pickle.loads(pickle.dumps(of("a", 1))),
    "no more than its fields": lambda of: setattr(of("a", 1), "colour", "red"),
    "cannot be changed": lambda of: setattr(of("a", 1), "name", "b"),
    "parameters": lambda of: [
        (item.name, item.default, item.kind) for item in inspect.signature(of).parameters.values()
    ],
    "hints": typing.get_type_hints,
    "manual": lambda of: (of.__doc__, of.__module__, of.__new__.__name__),
}


@pytest.mark.parametrize("asked", ASKED)
def test_both_answer_the_same(asked: str) -> None:
    assert _answer(ASKED[asked], Own) == _answer(ASKED[asked], Standard)


def _answer(ask: Callable[[Any], object], of: type) -> object:
    try:
        return ask(of)
    except (TypeError, ValueError, AttributeError) as error:
        return type(error), str(error).replace(of.__name__, "")


def test_a_field_is_read_as_fast() -> None:
    """They are what the standard library reads fields with, a type of C."""
    assert type(vars(Own)["name"]) is type(vars(Standard)["name"])


def test_a_pattern_takes_it_apart() -> None:
    match Own("a", 1):
        case Own(name, size=size):
            assert (name, size) == ("a", 1)


def test_one_without_fields() -> None:
    assert (repr(Empty()), tuple(Empty()), Empty()._replace()) == ("Empty()", (), ())


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="there it is the standard library's")
def test_what_it_does_not_do_it_refuses() -> None:
    base: Any = NamedTuple
    with pytest.raises(TypeError, match="no other base"):
        type(base)("Two", (base, typing.Sized), {})
    body = {"__annotations__": {"a": int, "b": int}, "a": 1}
    with pytest.raises(TypeError, match="without a default"):
        type(base)("Odd", (base,), body)
