"""Who brings in whom: what lock files' edges say beyond themselves."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

_Node = TypeVar("_Node", bound=Hashable)
MAX_TWINS = 100
"""Packages of one name that one dependency may mean."""


class Index:
    """The entries of a lock file by name and version, and the keys they are called by."""

    def __init__(self, identities: Sequence[tuple[str, str]]) -> None:
        self._by_name: dict[str, list[int]] = {}
        self._by_version: dict[tuple[str, str], list[int]] = {}
        self.keys: list[str] = []
        """``name@version``, and its number where there are several of these."""
        for number, identity in enumerate(identities):
            self._by_name.setdefault(identity[0], []).append(number)
            twins = self._by_version.setdefault(identity, [])
            twins.append(number)
            key = f"{identity[0]}@{identity[1]}"
            self.keys.append(key if len(twins) == 1 else f"{key} #{number}")

    def find(self, name: str, version: str = "") -> list[int]:
        """The entries of a name, ``MAX_TWINS`` at most; of any version if that is empty."""
        found = self._by_version.get((name, version)) if version else self._by_name.get(name)
        return (found or [])[:MAX_TWINS]


def reached(roots: Iterable[_Node], edges: Mapping[_Node, Iterable[_Node]]) -> set[_Node]:
    """The nodes that some nodes lead to, themselves among them; cycles do no harm."""
    found = set(roots)
    todo = list(found)
    while todo:
        for node in edges.get(todo.pop(), ()):
            if node not in found:
                found.add(node)
                todo.append(node)
    return found


def only_for_development(
    production: Iterable[_Node],
    development: Iterable[_Node],
    edges: Mapping[_Node, Iterable[_Node]],
) -> set[_Node]:
    """What is reached from the nodes that development asks for, and not from production's.

    What nothing leads to is taken for production's: passing it over would be the worse mistake.
    """
    found = reached(development, edges)
    needed = reached(production, edges)
    return found - needed
