"""How a fix of a manifest is written: a function beside the rule that it mends.

    @mends("privilege-escalation-allowed")
    def forbid_escalation(container: Container, hit: Hit, context: Context) -> Iterator[Repair]:
        yield repair(
            container, "Forbid privilege escalation",
            put(container, ("securityContext", "allowPrivilegeEscalation"), False),
        )

It is called with the entity and the hit that the rule yielded, only when fixes are asked for, and
yields nothing where there is none. Paths are relative to the entity; what they become in the text
is ``text.yaml_edit``'s business. The catalogue of fixes finds the functions in the modules of
``seawall.kubernetes.fixes`` by their type.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from seawall.core.edit import Append, Data, Operation, Remove, Repair, Safety, Set
from seawall.core.location import KeyPath
from seawall.core.rule import Hit
from seawall.kubernetes.objects import DEFAULT_NAMESPACE

if TYPE_CHECKING:
    from seawall.kubernetes.objects import KubernetesObject
    from seawall.kubernetes.pods import Container, Pod

    Entity = KubernetesObject | Pod | Container

Repairs = Iterable[Repair]
Mend = Callable[..., Repairs]


class Mender:
    """A function that makes repairs for the hits of some rules."""

    __slots__ = ("make", "rules")

    def __init__(self, make: Mend, rules: tuple[str, ...]) -> None:
        self.make = make
        self.rules = rules


def mends(*rules: str) -> Callable[[Mend], Mender]:
    """Declare which rules, by id, a function makes repairs for."""

    def decorate(make: Mend) -> Mender:
        return Mender(make, rules)

    return decorate


def repair(
    entity: "Entity",
    title: str,
    *operations: Operation,
    safety: Safety = Safety.SAFE,
    effect: str = "",
    added: tuple[Mapping[str, Data], ...] = (),
    note: str = "",
    brings: tuple[str, ...] = (),
    risks: tuple[str, ...] = (),
    others: tuple[Repair, ...] = (),
) -> Repair:
    """A repair of the document that an entity stands in."""
    object_ = entity.object
    brings = (*brings, _UNSORTED)
    if added and object_.namespace == DEFAULT_NAMESPACE:
        brings = (*brings, _DEFAULT)
    return Repair(
        title, object_.file, object_.document, operations, added, safety, effect, note, brings,
        risks, others,
    )  # fmt: skip


_UNSORTED = "yaml-keys-unsorted"
"""What is new stands at the end of its mapping or in the order that people know, unsorted."""
_DEFAULT = "default-namespace"
"""What is added to an object lives where that lives, be it in no good place."""


def put(entity: "Entity", path: KeyPath, value: Data) -> Set:
    """Set a value below an entity."""
    return Set((*entity.path, *path), value)


def drop(entity: "Entity", path: KeyPath) -> Remove:
    """Remove a value below an entity."""
    return Remove((*entity.path, *path))


def add(entity: "Entity", path: KeyPath, value: Data) -> Append:
    """Append to a list below an entity."""
    return Append((*entity.path, *path), value)


def in_pod(pod: "Pod", *keys: str | int) -> KeyPath:
    """The path of a field of a pod's spec, wherever a custom resource keeps it."""
    return (*pod.path, *pod.at(*keys))


def at_hit(entity: "Entity", hit: Hit) -> KeyPath:
    """The path of what a hit is about, from the document's root."""
    return (*entity.path, *hit.at)


def set_at(entity: "Entity", hit: Hit, value: Data) -> Set:
    """Set what a hit is about."""
    return Set(at_hit(entity, hit), value)


def remove_at(entity: "Entity", hit: Hit) -> Remove:
    """Remove what a hit is about."""
    return Remove(at_hit(entity, hit))
