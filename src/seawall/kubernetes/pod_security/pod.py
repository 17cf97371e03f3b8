"""Reading a pod that nobody has validated.

The API server refuses a pod with a value of the wrong type before any policy sees it. A scanner
has to go on, so such a value counts as absent here. JSON ``null`` is no wrong type: the server
decodes it as absent or, inside a list or map of strings, as the empty string.
"""

from seawall.core.location import KeyPath
from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes.pod_security.wording import named

# YAML allows keys that are no strings.
Fields = dict[object, object]

_NOTHING: Fields = {}

_INT32_MIN, _INT32_MAX = -(2**31), 2**31 - 1

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


class Finding(NamedTuple):
    """What one check has against a pod, in the words of the API server."""

    reason: str
    detail: str
    paths: tuple[KeyPath, ...]


def mapping(value: object) -> Fields:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def entries(value: object) -> list[tuple[int, Fields]]:
    """The objects in a list, with their positions."""
    if not isinstance(value, list):
        return []
    return [(index, entry) for index, entry in enumerate(value) if isinstance(entry, dict)]


def strings(value: object) -> list[tuple[int, str]]:
    """The strings in a list, with their positions."""
    if not isinstance(value, list):
        return []
    return [
        (index, entry or "")
        for index, entry in enumerate(value)
        if entry is None or isinstance(entry, str)
    ]


def text(value: object) -> str:
    """The value if it is a string, else the empty string that Go has for an absent one."""
    return value if isinstance(value, str) else ""


def integer(value: object) -> int:
    """The value as a Go int32, 0 where it is absent.

    A YAML float without a fraction counts, since the conversion to JSON that every client does
    before sending writes ``80.0`` as ``80``.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if _INT32_MIN <= value <= _INT32_MAX else 0


class Scope:
    """The pod itself (then ``name`` is None) or one of its containers."""

    __slots__ = ("fields", "name", "path", "security")

    def __init__(self, name: str | None, path: KeyPath, fields: Fields) -> None:
        self.name = name
        self.path = path
        self.fields = fields
        self.security = mapping(fields.get("securityContext"))

    def at(self, *keys: str | int) -> KeyPath:
        """The path of a field of this scope."""
        return (*self.path, *keys)

    def in_security(self, *keys: str | int) -> KeyPath:
        """The path of a field of this scope's ``securityContext``."""
        return (*self.path, "securityContext", *keys)

    def profile(self, field: str) -> str | None:
        """The type of a seccomp or AppArmor profile; None where no profile is set.

        A profile without a type has the type "", which differs from having no profile.
        """
        value = self.security.get(field)
        return text(value.get("type")) if isinstance(value, dict) else None


class Pod:
    """A pod as the checks see it: containers in the order in which the server visits them."""

    __slots__ = ("annotations", "containers", "scope", "scopes", "spec")

    def __init__(self, metadata: object, spec: object) -> None:
        self.spec = mapping(spec)
        self.scope = Scope(None, ("spec",), self.spec)
        self.containers = [
            Scope(text(fields.get("name")), ("spec", kind, index), fields)
            for kind in CONTAINER_LISTS
            for index, fields in entries(self.spec.get(kind))
        ]
        self.scopes = [self.scope, *self.containers]
        self.annotations = {
            key: value or ""
            for key, value in mapping(mapping(metadata).get("annotations")).items()
            if isinstance(key, str) and (value is None or isinstance(value, str))
        }

    @property
    def volumes(self) -> list[tuple[int, Fields]]:
        """The volumes, with their positions."""
        return entries(self.spec.get("volumes"))

    @property
    def is_windows(self) -> bool:
        """Whether ``spec.os`` says Windows (KEP-2802); node selectors do not count."""
        return mapping(self.spec.get("os")).get("name") == "windows"

    @property
    def has_user_namespace(self) -> bool:
        """Whether the pod runs in a user namespace of its own (``hostUsers: false``, KEP-127)."""
        return self.spec.get("hostUsers") is False


def holders(scopes: list[Scope]) -> str:
    """Who set a field, for example ``pod and container "a"``."""
    from_containers = [scope.name for scope in scopes if scope.name is not None]
    who = ["pod"] if len(from_containers) < len(scopes) else []
    if from_containers:
        who.append(named("container", from_containers))
    return " and ".join(who)
