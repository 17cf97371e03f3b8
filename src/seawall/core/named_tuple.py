"""``NamedTuple`` as ``typing`` has it, at a third of the cost: a start makes 130 such classes.

For each class the standard library compiles source text, checks every annotation (those that are
text it compiles, too) and makes the class twice. Here a class is made once, annotations are left to
type checkers, and ``__new__`` has the same code in all classes with as many fields, but for names.

To be used in modules that a scan loads; what such a class can do is the same.
"""

import sys
from collections import namedtuple
from collections.abc import Iterable
from functools import cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Self, cast

_made = tuple.__new__
_Sample = namedtuple("_Sample", ("field",))  # noqa: PYI024 - for what is in it
_Getter: Any = type(vars(_Sample)["field"])
"""What the standard library reads a field with: it takes the field's index and its docstring."""


class _Record(tuple[Any, ...]):
    """What all classes of named tuples have in common."""

    __slots__ = ()

    _fields = cast("tuple[str, ...]", ())

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Self:
        result = _made(cls, values)
        if len(result) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(result)}")
        return result

    def _replace(self, /, **changes: Any) -> Self:
        result = _made(type(self), map(changes.pop, self._fields, self))
        if changes:
            raise _UNEXPECTED(f"Got unexpected field names: {list(changes)!r}")
        return result

    __replace__ = _replace  # for copy.replace

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        values = [f"{name}={value!r}" for name, value in self._asdict().items()]
        return f"{type(self).__name__}({', '.join(values)})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


class _Maker(type):
    """Makes a class of named tuples of the body of a class statement."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
        if not bases:  # NamedTuple itself
            return super().__new__(cls, name, bases, body)
        if len(bases) > 1:
            raise TypeError(f"{name}: a named tuple has no other base; use typing.NamedTuple")
        fields = tuple(body.get("__annotations__", ()))
        defaults = {field: body[field] for field in fields if field in body}
        if tuple(defaults) != fields[len(fields) - len(defaults) :]:
            raise TypeError(f"{name}: a field without a default follows one that has one")
        for index, field in enumerate(fields):
            body[field] = _Getter(index, None)
        code = _code(len(fields)).replace(co_varnames=("cls", *fields))
        new = FunctionType(code, _GLOBALS, "__new__", tuple(defaults.values()))
        new.__qualname__ = f"{name}.__new__"
        body.update(
            __slots__=(), __new__=new, __match_args__=fields,
            _fields=fields, _field_defaults=defaults,
        )  # fmt: skip
        return type(name, (_Record,), body)


_GLOBALS = {"__builtins__": {}, "made": _made}
_UNEXPECTED = TypeError if sys.version_info >= (3, 13) else ValueError  # as the standard library


@cache
def _code(count: int) -> CodeType:
    """What makes a tuple of so many fields; their names are to be put in."""
    names = "".join([f", field{number}" for number in range(count)])
    values = f"({names[2:]},)" if count else "()"
    new: FunctionType = eval(f"lambda cls{names}: made(cls, {values})", _GLOBALS)  # noqa: S307 - ours
    return new.__code__.replace(co_name="__new__")


if TYPE_CHECKING or sys.version_info >= (3, 14):  # where annotations are not worked out at once
    from typing import NamedTuple
else:

    class NamedTuple(metaclass=_Maker):
        """The base of classes of named tuples."""


__all__ = ["NamedTuple"]
