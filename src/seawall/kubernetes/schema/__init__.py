"""Kubernetes objects checked against the API's schema, offline, as a server would decode them.

Facts come from the OpenAPI document of a Kubernetes release; what it cannot say (which required
fields a server defaults, which types have a decoder of their own) was found by asking a running
kube-apiserver. What only a server's own validation knows (names, ranges, one of several
volumes) is not checked here.
"""

import os.path
from collections.abc import Mapping
from functools import cache

from seawall.core.location import KeyPath
from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes.schema.checks import INVALID_VALUE, MAX_TRACES, Trace, Walk
from seawall.kubernetes.schema.definitions import Definitions

NEWEST = "1.36"
_LONGEST_NAME = 100

__all__ = ["NEWEST", "KindInfo", "Schema", "SchemaProblem", "UnknownSchemaError", "load"]


class SchemaProblem(NamedTuple):
    """One thing a server would refuse.

    ``code`` is ``unknown-field``, ``wrong-type``, ``missing-field`` or ``invalid-value``. The
    path of a missing field ends with its name. The message never shows a value: it may be secret.
    """

    path: KeyPath
    code: str
    message: str


class KindInfo(NamedTuple):
    """A kind that servers of this version know; ``group`` is empty for the core API."""

    group: str
    version: str
    kind: str
    resource: str
    namespaced: bool


class UnknownSchemaError(LookupError):
    """No schema of a Kubernetes version is shipped."""

    def __init__(self, version: str) -> None:
        super().__init__(f"no schema of Kubernetes {version}; there is one of {NEWEST}")
        self.version = version


class Schema:
    """The schema of one Kubernetes version. Definitions are parsed when they are first used."""

    def __init__(self, version: str, text: str) -> None:
        """``text`` is a schema text, see ``definitions``."""
        self.version = version
        _, kinds, definitions = text.split("\n\n", 2)
        lines = [line.split(" ") for line in kinds.split("\n")]
        self._kinds = {(line[0], line[1]): line for line in lines}
        self._definitions = Definitions(definitions)

    def kind(self, api_version: str, kind: str) -> KindInfo | None:
        """What is known of a kind in one API version."""
        line = self._kinds.get((api_version, kind))
        return _kind_info(line) if line else None

    def kinds_named(self, kind: str) -> tuple[KindInfo, ...]:
        """The kinds of this name in all groups and versions."""
        return tuple(_kind_info(line) for line in self._kinds.values() if line[1] == kind)

    def validate(self, value: Mapping[str, object]) -> tuple[SchemaProblem, ...]:
        """The problems of a whole object, in its own order; of an unknown kind there are none.

        ``value`` holds what Kubernetes makes of YAML or JSON. Any content is taken, of any
        depth and size; where a limit ends the walk, a problem says so.
        """
        api_version, kind = value.get("apiVersion"), value.get("kind")
        if not isinstance(api_version, str) or not isinstance(kind, str):
            return ()
        line = self._kinds.get((api_version, kind))
        if line is None:
            return ()
        traces = self._definitions.object(line[4]).check(value, Walk(), 0)
        if not traces:
            return ()
        problems = tuple(map(_problem, traces[:MAX_TRACES]))
        if len(traces) > MAX_TRACES:
            more = f"{kind} has more than {MAX_TRACES:,} problems; the rest was not checked"
            problems += (SchemaProblem((), INVALID_VALUE, more),)
        return problems


def _kind_info(line: list[str]) -> KindInfo:
    api_version, kind, resource, scope, _ = line
    group, _, version = api_version.rpartition("/")
    return KindInfo(group, version, kind, resource, scope == "namespaced")


def _problem(trace: Trace) -> SchemaProblem:
    path = trace.path
    path.reverse()
    name = ""
    for key in path:
        name = f"{name}[{key}]" if isinstance(key, int) else key
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}..."
    return SchemaProblem(tuple(path), trace.code, f"{name} {trace.text}")


@cache
def load(version: str = "") -> Schema:
    """The schema of a Kubernetes version such as ``1.36``, the newest when empty.

    Raises ``UnknownSchemaError`` for a version that is not shipped.
    """
    version = version or NEWEST
    if version != NEWEST:  # never a path of somebody's making
        raise UnknownSchemaError(version)
    path = os.path.join(os.path.dirname(__file__), f"v{version}.txt")
    with open(path, encoding="ascii") as file:
        return Schema(version, file.read())
