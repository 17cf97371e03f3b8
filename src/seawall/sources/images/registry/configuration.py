"""Mirrors and rules for registries: ``registries.conf`` (containers-registries.conf(5)), options.

    [[registry]]
    prefix = "docker.io/library"
    location = "docker.io/library"
    [[registry.mirror]]
    location = "mirror.example.org/hub"

The main file is ``$CONTAINERS_REGISTRIES_CONF``, or ``~/.config/containers/registries.conf``, or
``/etc/containers/registries.conf``; the files of ``registries.conf.d`` beside the latter two come
after it, in the order of their names, and a prefix that comes again replaces what was said of it.
Names without a registry are Docker Hub's here as everywhere in seawall: the file's search lists and
aliases would let a name mean another image on another machine.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from seawall.core.errors import UsageError
from seawall.core.image_reference import DEFAULT_REGISTRY, ImageReference, is_valid_image
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.hosts import is_host

SYSTEM = "/etc/containers"
MAX_SIZE = 1 << 20
"""Bytes of a file."""
MAX_FILES = 1000
_WHEN = {"all", "digest-only", "tag-only"}


class Mirror(NamedTuple):
    """Another place that has what a registry has."""

    location: str
    insecure: bool = False
    when: str = "all"
    """``all``, ``digest-only`` or ``tag-only``: the references for which it is asked."""


class Rule(NamedTuple):
    """What is said of the references that begin with a prefix."""

    prefix: str
    """A host, a host and the beginning of a repository, or ``*.`` and the end of a host."""
    location: str = ""
    """What takes the prefix's place; empty to keep it."""
    insecure: bool = False
    blocked: bool = False
    mirrors: tuple[Mirror, ...] = ()
    source: str = ""
    """The file, or the option."""


class Place(NamedTuple):
    """Where a reference is looked for."""

    registry: str
    repository: str
    insecure: bool = False


class Rules:
    """The rules of a user, of which the most precise one counts."""

    def __init__(self, rules: Iterable[Rule] = (), insecure: Iterable[str] = ()) -> None:
        self._rules = {rule.prefix: rule for rule in rules}
        self._insecure = frozenset(insecure)

    def places(self, image: ImageReference) -> list[Place]:
        """Where to look for an image: its mirrors, then itself.

        Raises ``RegistryError`` for one that may not be pulled.
        """
        name = f"{image.registry}/{image.repository}"
        found = [(rule, length) for rule in self._rules.values() if (length := _fit(rule, image))]
        if not found:
            return [self._place(image.registry, image.repository)]
        rule, length = max(found, key=lambda pair: (not pair[0].prefix.startswith("*"), pair[1]))
        if rule.blocked:
            raise RegistryError(
                f"{name}: {rule.source} blocks {rule.prefix}; remove the rule if it should be read",
                kind="refused",
            )
        kind = "digest-only" if image.digest else "tag-only"
        mirrors = [each for each in rule.mirrors if each.when in ("all", kind)]
        pairs = [(each.location, each.insecure) for each in mirrors]
        pairs.append((rule.location, rule.insecure))
        result: list[Place] = []
        for location, insecure in pairs:
            host, _, path = (
                f"{location}{name[length:]}".partition("/") if location else name.partition("/")
            )
            if host == DEFAULT_REGISTRY and path and "/" not in path:
                path = f"library/{path}"
            place = self._place(host, path, insecure=insecure)
            if is_host(host) and path and place not in result:
                result.append(place)
        return result

    def _place(self, registry: str, repository: str, *, insecure: bool = False) -> Place:
        return Place(registry, repository, insecure or registry in self._insecure)


def _fit(rule: Rule, image: ImageReference) -> int:
    """Characters of a reference that a rule's prefix covers; 0 where it is not for it."""
    name = f"{image.registry}/{image.repository}"
    prefix = rule.prefix
    if prefix.startswith("*."):
        host = image.registry.rpartition(":")[0] or image.registry
        return len(image.registry) if host.endswith(prefix[1:]) else 0
    whole = name.startswith(prefix) and name[len(prefix) : len(prefix) + 1] in ("", "/")
    return len(prefix) if whole else 0


def read(environment: Mapping[str, str], system: str = SYSTEM) -> Iterator[Rule]:
    """The rules of this machine and user; a later one replaces an earlier of its prefix.

    Raises ``RegistryError`` for a file that cannot be read.
    """
    for path in _files(environment, system):
        yield from _rules(path)


def _files(environment: Mapping[str, str], system: str) -> Iterator[str]:
    chosen = environment.get("CONTAINERS_REGISTRIES_CONF")
    if chosen:
        yield chosen
        return
    home = environment.get("HOME", "")
    settings = environment.get("XDG_CONFIG_HOME") or (os.path.join(home, ".config") if home else "")
    directories = [system, *([os.path.join(settings, "containers")] if settings else ())]
    mains = [os.path.join(each, "registries.conf") for each in reversed(directories)]
    yield from [path for path in mains if os.path.isfile(path)][:1]
    for directory in directories:
        parts = os.path.join(directory, "registries.conf.d")
        names = sorted(os.listdir(parts))[:MAX_FILES] if os.path.isdir(parts) else []
        yield from (os.path.join(parts, name) for name in names if name.endswith(".conf"))


def _rules(path: str) -> Iterator[Rule]:
    import tomllib  # noqa: PLC0415 - only where there is such a file

    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_SIZE + 1)
        if len(data) > MAX_SIZE:
            raise RegistryError(
                f"{path}: larger than {MAX_SIZE} bytes; remove what is too much", kind="refused"
            )
        values = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise RegistryError(
            f"cannot read {path}: {(error.strerror or str(error)).lower()}; make it readable",
            kind="refused",
        ) from error
    except (ValueError, RecursionError) as error:
        raise RegistryError(f"{path}: no TOML ({error}); correct it", kind="refused") from error
    tables = values.get("registry", [])
    for number, table in enumerate(tables if isinstance(tables, list) else [None], 1):
        yield _rule(table, f"{path}: registry {number}", path)


def _rule(table: object, where: str, path: str) -> Rule:
    fields = _table(table, where)
    location = _text(fields, "location", where)
    prefix = _text(fields, "prefix", where) or location
    if not _is_prefix(prefix) or (location and not _is_prefix(location)):
        raise RegistryError(
            f"{where}: {prefix[:80]!r} and {location[:80]!r} are no prefix and location; give such "
            'as "registry.example.org/team"',
            kind="refused",
        )
    mirrors = fields.get("mirror", [])
    return Rule(
        prefix,
        location,
        fields.get("insecure") is True,
        fields.get("blocked") is True,
        tuple(
            _mirror(each, where, by_digest=fields.get("mirror-by-digest-only") is True)
            for each in (mirrors if isinstance(mirrors, list) else [None])
        ),
        path,
    )


def _mirror(table: object, where: str, *, by_digest: bool) -> Mirror:
    fields = _table(table, f"{where}: mirror")
    location = _text(fields, "location", where)
    when = _text(fields, "pull-from-mirror", where) or ("digest-only" if by_digest else "all")
    if not _is_prefix(location) or location.startswith("*") or when not in _WHEN:
        raise RegistryError(
            f"{where}: a mirror of {location[:80]!r} and pull-from-mirror of {when[:20]!r} cannot "
            'be used; give location = "mirror.example.org" and all, digest-only or tag-only',
            kind="refused",
        )
    return Mirror(location, fields.get("insecure") is True, when)


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise RegistryError(f"{where}: it is no table; write [[registry]]", kind="refused")
    return value


def _text(fields: Mapping[str, Any], name: str, where: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise RegistryError(f"{where}: {name} is no text; correct it", kind="refused")
    return value


def _is_prefix(text: str) -> bool:
    """Whether a text is a host, or a host and a beginning of a repository."""
    host, slash, path = text.removeprefix("*.").partition("/")
    if not is_host(host) or (text.startswith("*.") and slash):
        return False
    return not slash or is_valid_image(f"registry.example.org/{path}")


def mirrors_of(texts: Iterable[str], where: str = "--registry-mirror") -> list[Rule]:
    """Rules of ``PREFIX=MIRROR``, in the order of the mirrors. Raises ``UsageError``."""
    found: dict[str, list[Mirror]] = {}
    for text in texts:
        prefix, equals, location = text.partition("=")
        if not equals or not _is_prefix(prefix) or not _is_prefix(location) or "*" in location:
            raise UsageError(
                f"{where}: {text!r} is no mirror of a registry; give it as "
                "docker.io=mirror.example.org/hub"
            )
        found.setdefault(prefix, []).append(Mirror(location))
    return [
        Rule(prefix, "", mirrors=tuple(mirrors), source=where) for prefix, mirrors in found.items()
    ]


def hosts_of(texts: Iterable[str], where: str = "--insecure-registry") -> list[str]:
    """Hosts that need no encryption. Raises ``UsageError``."""
    found = list(texts)
    for text in found:
        if not is_host(text):
            raise UsageError(f"{where}: {text!r} is no host; give it as registry.example.org:5000")
    return found
