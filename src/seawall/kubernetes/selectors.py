"""Label selectors, as apimachinery's ``labels.Selector`` decides them."""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from seawall.core.named_tuple import NamedTuple
from seawall.text.scalars import Value
from seawall.text.values import Map, labels_of, mapping, mappings, sequence, text


class Requirement(NamedTuple):
    """One of ``matchExpressions``."""

    key: str
    operator: str
    values: tuple[str, ...]


class Selector(NamedTuple):
    """A label selector. Without labels and requirements it matches everything."""

    labels: Mapping[str, str]
    requirements: tuple[Requirement, ...] = ()
    valid: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether it selects everything."""
        return not self.labels and not self.requirements and self.valid

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected; an invalid selector selects none."""
        if not self.valid:
            return False
        for key, value in self.labels.items():
            if labels.get(key) != value:
                return False
        return all(_holds(requirement, labels) for requirement in self.requirements)


def _holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    present = requirement.key in labels
    match requirement.operator:
        case "In":
            return present and labels[requirement.key] in requirement.values
        case "NotIn":  # also true where the key is absent
            return not present or labels[requirement.key] not in requirement.values
        case "Exists":
            return present
        case _:  # DoesNotExist; parse_selector admits no other
            return not present


_OPERATORS = frozenset(("In", "NotIn", "Exists", "DoesNotExist"))


def parse_selector(value: Value) -> Selector | None:
    """Read a ``LabelSelector``; ``None`` when there is none (which selects nothing)."""
    if not isinstance(value, dict):
        return None
    requirements = []
    valid = True
    for _, item in mappings(value, "matchExpressions"):
        operator = text(item, "operator")
        values = tuple(v for v in sequence(item, "values") if isinstance(v, str))
        valid = (
            valid and operator in _OPERATORS and (operator not in ("In", "NotIn") or bool(values))
        )
        requirements.append(Requirement(text(item, "key"), operator, values))
    labels = labels_of(value, "matchLabels")
    valid = valid and len(labels) == len(mapping(value, "matchLabels"))
    return Selector(labels, tuple(requirements), valid)


def parse_map_selector(value: Value) -> Selector | None:
    """Read a Service's or ReplicationController's plain map; absent or empty selects nothing."""
    if not isinstance(value, dict) or not value:
        return None
    labels = labels_of(value)
    return Selector(labels, (), len(labels) == len(value))


def selector_of(spec: Map, kind: str) -> Selector | None:
    """The selector of a workload or Service by its kind."""
    if kind in ("Service", "ReplicationController", "DeploymentConfig"):
        return parse_map_selector(spec.get("selector"))
    return parse_selector(spec.get("selector"))


Item = TypeVar("Item")


class Selecting(Generic[Item]):
    """Things with a selector each, to be found by the labels that they select.

    Each lies under one label that it asks for, or else beside them. No selector selects nothing.
    """

    def __init__(self, pairs: Iterable[tuple[Selector | None, Item]]) -> None:
        self._by_label: dict[tuple[str, str], list[tuple[int, Selector, Item]]] = {}
        self._others: list[tuple[int, Selector, Item]] = []
        for number, (selector, item) in enumerate(pairs):
            if selector is not None:
                label = next(iter(selector.labels.items()), None)
                place = self._others if label is None else self._by_label.setdefault(label, [])
                place.append((number, selector, item))

    def matching(self, labels: Mapping[str, str]) -> list[Item]:
        """What selects these labels, in the order in which it was given."""
        found = self._others[:]
        for label in labels.items():
            found += self._by_label.get(label, ())
        found.sort(key=_number)
        return [item for _, selector, item in found if selector.matches(labels)]


def _number(entry: tuple[int, Selector, object]) -> int:
    return entry[0]
