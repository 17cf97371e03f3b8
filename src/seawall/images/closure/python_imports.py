"""The imports that a Python source makes, without running it.

Source: the language reference, "The import statement"; ``importlib.import_module``.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern

MAX_SOURCE = 4 << 20
_MAX_PARSED = 1 << 20
"""Bytes of a source that is parsed: its tree takes a hundred times that. The longest module of
Python's own has 700,000, of data."""
_LINE = pattern(
    rb"^[ \t]*(?:from[ \t]+([A-Za-z_][\w.]*)[ \t]+import\b|import[ \t]+([A-Za-z_][\w., \t]*))",
)
_LOADERS = frozenset(("__import__", "import_module"))
_READERS_OF_ENTRY_POINTS = frozenset(("entry_points", "iter_entry_points"))


_CALLED = (b"import_module", b"__import__", b"entry_points")
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_DEFERRING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.If, ast.Try, ast.TryStar)


class Import(NamedTuple):
    """A module that is imported."""

    module: str
    """Dotted; what a relative import has behind its dots."""
    level: int = 0
    """The dots before it."""
    names: tuple[str, ...] = ()
    """What is imported from it: each may be a module."""
    deferred: bool = False
    """Whether it may never be imported, or be missing: it is in a function, ``if`` or ``try``."""


class Imports(NamedTuple):
    """What one source imports."""

    modules: tuple[Import, ...] = ()
    dynamic: bool = False
    """Whether modules are imported by names that are made at run time."""
    entry_points: bool = False
    """Whether the entry points of installed packages are looked up."""
    understood: bool = True


def imports_of(source: bytes, *, is_main: bool = False) -> Imports:
    """The imports of a source; ``is_main`` says that it is run as a script.

    What is under ``if TYPE_CHECKING`` is never imported, nor what is under ``if __name__ ==
    "__main__"`` in a module. A source that this Python cannot parse is read line by line.
    """
    tree = _tree(source)
    if tree is None:
        return Imports(tuple(lines_of(source)), understood=False)
    # Most sources import by statements only: then no expression is looked at.
    is_plain = not any(name in source for name in _CALLED)
    reader = _Reader(is_main=is_main, is_plain=is_plain)
    reader.read(tree)
    return Imports(tuple(reader.modules), reader.dynamic, reader.entry_points)


def lines_of(source: bytes) -> Iterator[Import]:
    """The absolute imports that lines of a source look like: quick, and at most too many."""
    seen = set()
    for line in source.split(b"\n"):
        if b"import" not in line:
            continue
        found = _LINE.match(line)
        if found is None:
            continue
        text = (found[1] or found[2]).decode("ascii", "replace")
        for part in text.split(","):
            name = part.split()[:1]
            if name and name[0] not in seen:
                seen.add(name[0])
                yield Import(name[0])


def _tree(source: bytes) -> ast.Module | None:
    import warnings  # noqa: PLC0415 - what it says of old escapes is no matter here

    if len(source) > _MAX_PARSED:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, LookupError):
        return None


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements in a statement."""
    for field in _BLOCKS:
        yield from getattr(node, field, ())


class _Reader:
    """Walks a tree without recursion: it may be as deep as its source is long."""

    def __init__(self, *, is_main: bool, is_plain: bool) -> None:
        self.modules: list[Import] = []
        self.dynamic = False
        self.entry_points = False
        self._is_main = is_main
        self._below = _statements if is_plain else ast.iter_child_nodes

    def read(self, tree: ast.AST) -> None:
        waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
        while waiting:
            node, deferred = waiting.pop()
            if isinstance(node, ast.Import):
                self.modules += [Import(item.name, deferred=deferred) for item in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = tuple(item.name for item in node.names)
                self.modules.append(Import(node.module or "", node.level, names, deferred))
            elif isinstance(node, ast.Call):
                self._call(node, deferred=deferred)
            inner = deferred or isinstance(node, _DEFERRING)
            if isinstance(node, ast.If) and self._is_never(node.test):
                waiting += [(child, inner) for child in node.orelse]
            else:
                waiting += [(child, inner) for child in self._below(node)]

    def _is_never(self, test: ast.expr) -> bool:
        """Whether a condition does not hold when a module is imported."""
        if isinstance(test, ast.Attribute):
            return test.attr == "TYPE_CHECKING"
        if isinstance(test, ast.Name):
            return test.id == "TYPE_CHECKING"
        return (
            not self._is_main
            and isinstance(test, ast.Compare)
            and isinstance(test.left, ast.Name)
            and test.left.id == "__name__"
            and isinstance(test.ops[0], ast.Eq)
        )

    def _call(self, node: ast.Call, *, deferred: bool) -> None:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in _READERS_OF_ENTRY_POINTS:
            self.entry_points = True
        if name not in _LOADERS or not node.args:
            return
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            module = first.value.lstrip(".")
            level = len(first.value) - len(module)
            self.modules.append(Import(module, level, deferred=deferred))
        else:
            self.dynamic = True
