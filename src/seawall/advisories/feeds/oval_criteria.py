"""The criteria of OVAL definitions: which packages are affected on which platforms.

A criterion is a test, by what it looks at: a package and its version, the release of the
distribution, a module, an architecture, a signature. Where the test itself is not in the file,
its comment tells the same; every producer generates both from the same data.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from seawall.advisories.advisory import AFFECTED, NOT_AFFECTED, Affected, Events
from seawall.advisories.feeds.oval_platforms import ecosystem
from seawall.advisories.feeds.values import word
from seawall.core.lazy import pattern
from seawall.text.xml import Element

MAX_AFFECTED = 20_000
"""Packages of one definition, counted for each platform."""
_MAX_DEPTH = 30
_EARLIER = pattern(r"(\S+) is earlier than (\S+)")
_AFFECTED = pattern(r"(\S+) is (not )?affected")
_MODULE = pattern(r"Module (\S+) is enabled")
_PLATFORM = pattern(
    r"((?:SUSE|openSUSE|Oracle Linux|Photon|Red Hat|Azure Linux)\b.*?) is installed"
)
_ARCHES = pattern(r"[a-z0-9_]+(?:\|[a-z0-9_]+){0,9}")
_ARCH = pattern(r".*\barch is ([a-z0-9_]+)")
_BESIDE = (
    " is signed with ", " must be installed", " is currently running", " is set to boot up on",
    "is currently not running",
)  # fmt: skip
"""What is said of a package beside its version, or of what is installed at all."""


class Test(NamedTuple):
    """A criterion: the test it refers to and its comment."""

    ref: str
    comment: str
    negated: bool


class Node(NamedTuple):
    """Criteria."""

    both: bool
    """``AND``; else ``OR``."""
    negated: bool
    children: tuple["Node | Test", ...]


class Place(NamedTuple):
    """What holds for a package, of the criteria around it."""

    platforms: tuple[str, ...]
    module: str = ""
    arch: str = ""
    """Several with ``|`` between them."""


def compact(element: Element, depth: int = 0) -> Node:
    """The criteria of an element."""
    children: list[Node | Test] = []
    for child in element.children:
        negated = child.get("negate").lower() == "true"
        if child.name == "criterion":
            children.append(Test(child.get("test_ref"), child.get("comment"), negated))
        elif child.name == "criteria" and depth < _MAX_DEPTH:
            children.append(compact(child, depth + 1))
    operator = element.get("operator", "AND").upper()
    return Node(operator == "AND", element.get("negate").lower() == "true", tuple(children))


class Rpms:
    """The tests of a file on RPM packages, with the objects and states they refer to."""

    def __init__(self) -> None:
        self._tests: dict[str, tuple[str, str]] = {}
        self._names: dict[str, str] = {}
        self._states: dict[str, tuple[str, str, str, str]] = {}

    def add(self, element: Element) -> None:
        """Remember a test, an object or a state."""
        id_ = element.get("id")
        if element.name == "rpminfo_test":
            seen = element.child("object")
            state = element.child("state")
            self._tests[id_] = (
                seen.get("object_ref") if seen else "",
                state.get("state_ref") if state else "",
            )
        elif element.name == "rpminfo_object":
            self._names[id_] = word(element.value("name"))
        else:
            arch = element.value("arch")
            for kind in ("evr", "version", "arch", "signature_keyid", "release"):
                child = element.child(kind)
                if child is not None:
                    operation = child.get("operation", "equals")
                    self._states[id_] = (kind, operation, child.text.strip(), arch)
                    return

    def test(self, ref: str) -> tuple[str, str, str, str, str]:
        """The package, and the kind, operation, value and architectures of its state.

        Empty texts where the test is not there.
        """
        seen, state = self._tests.get(ref, ("", ""))
        name = self._names.get(seen, "")
        kind, operation, value, arch = self._states.get(state, ("", "", "", ""))
        return (name, kind, operation, value, arch) if name else ("", "", "", "", "")


def packages(
    node: Node | None, platforms: Sequence[str], rpms: Rpms
) -> tuple[tuple[Affected, ...], bool]:
    """The packages of criteria, and whether some of them could not be told."""
    if node is None:
        return (), False
    walk = _Walk(rpms, tuple(platforms))
    walk.visit(node, Place(tuple(platforms)))
    return tuple(walk.affected()), walk.missed


class _Walk:
    """Collects the packages of one definition; architectures of the same version come together."""

    def __init__(self, rpms: Rpms, platforms: tuple[str, ...]) -> None:
        self._rpms = rpms
        self._platforms = platforms
        self._found: dict[tuple[str, str, Events, str, str], list[str]] = {}
        self.missed = False

    def affected(self) -> Iterator[Affected]:
        for (base, name, events, status, module), arches in self._found.items():
            yield Affected(
                base, name, (events,), status=status, modular=module,
                arches=() if "" in arches else tuple(arches),
            )  # fmt: skip

    def visit(self, node: Node, place: Place) -> None:
        if node.negated:
            return
        if node.both:
            place = self._narrowed(node, place)
        for child in node.children:
            if isinstance(child, Node):
                self.visit(child, place)
            elif not child.negated:
                self._test(child, place)

    def _narrowed(self, node: Node, place: Place) -> Place:
        """What the tests beside packages say of all of them."""
        platforms: list[str] = []
        for child in node.children:
            if isinstance(child, Node):
                platforms += self._only_platforms(child)
            elif not child.negated:
                platforms += _platform_of(child)
                if found := _MODULE.fullmatch(child.comment):
                    place = place._replace(module=word(found[1]))
                if found := _ARCH.fullmatch(child.comment):
                    place = place._replace(arch=found[1])
        # Red Hat's metadata has CPEs, which say more than "Red Hat Enterprise Linux 8".
        if platforms and not self._is_red_hat():
            place = place._replace(platforms=tuple(dict.fromkeys(platforms)))
        return place

    def _is_red_hat(self) -> bool:
        return bool(self._platforms) and self._platforms[0].startswith("Red Hat:")

    def _only_platforms(self, node: Node) -> list[str]:
        """The platforms of which any will do; none when it is about something else as well."""
        found: list[str] = []
        for child in node.children:
            names = self._only_platforms(child) if isinstance(child, Node) else _platform_of(child)
            if not names:
                return []
            found += names
        return found

    def _test(self, test: Test, place: Place) -> None:
        comment = test.comment
        if _PLATFORM.fullmatch(comment) or _MODULE.fullmatch(comment) or _ARCH.fullmatch(comment):
            return
        if any(part in comment for part in _BESIDE):
            return
        if said := _AFFECTED.fullmatch(comment):
            self._add(word(said[1]), Events(), NOT_AFFECTED if said[2] else AFFECTED, place)
            return
        name, kind, operation, value, arch = self._rpms.test(test.ref)
        if arch and not place.arch and _ARCHES.fullmatch(arch):
            place = place._replace(arch=arch)
        if not name and (said := _EARLIER.fullmatch(comment)):
            name, kind, operation, value = word(said[1]), "evr", "less than", said[2]
        if kind == "evr":
            self._add(name, _events(operation, word(value)), AFFECTED, place)
        elif not kind:
            self.missed = True

    def _add(self, name: str, events: Events | None, status: str, place: Place) -> None:
        if not name or events is None or not place.platforms:
            self.missed = True
            return
        for platform in place.platforms:
            if len(self._found) < MAX_AFFECTED:
                key = (platform, name, events, status, place.module)
                arches = self._found.setdefault(key, [])
                arches += [each for each in place.arch.split("|") if each not in arches]


def _platform_of(test: Test) -> list[str]:
    found = _PLATFORM.fullmatch(test.comment)
    name = ecosystem(found[1]) if found else ""
    return [name] if name else []


def _events(operation: str, evr: str) -> Events | None:
    if not evr:
        return None
    if operation == "less than":
        return Events(fixed=evr)
    if operation == "less than or equal":
        return Events(last_affected=evr)
    if operation == "equals":
        return Events(evr, last_affected=evr)
    if operation == "greater than or equal":
        return Events(evr)
    return Events() if operation == "greater than" else None
