"""What is made when it is first used: regular expressions, and what packages offer.

A start-up that needs a few of two hundred patterns should not pay for all of them: compiling one
costs 0.1 to 1 ms. To load a module costs as much.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, AnyStr, cast


class _Lazy:
    """Stands for a pattern, and takes on its methods when one of them is asked for."""

    def __init__(self, pattern: Any, flags: int) -> None:
        self._made_of = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """Called for what is not there yet: the first time, everything but what it is made of."""
        found = re.compile(*self._made_of)
        methods = {own: getattr(found, own) for own in dir(found) if not own.startswith("_")}
        vars(self).update(methods)
        return getattr(found, name)


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What ``re.compile`` gives, for use by its methods: an error in it shows at the first use."""
    return cast("re.Pattern[AnyStr]", _Lazy(text, flags))


@contextmanager
def patterns_of_others() -> Iterator[None]:
    """Makes late what a module compiles that is not ours and is imported meanwhile.

    Whoever else calls ``re.compile`` in this time gets what does the same as a pattern.
    """
    at_once = re.compile
    re.compile = pattern  # type: ignore[assignment]
    try:
        yield
    finally:
        re.compile = at_once


def exports(package: str, homes: Mapping[str, tuple[str, ...]]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package that offers names of its modules (PEP 562).

    ``homes`` gives the names by the module, which is loaded when one of them is asked for.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def found(name: str) -> Any:
        home = home_of.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{home}"), name)
        vars(sys.modules[package])[name] = value
        return value

    return found
