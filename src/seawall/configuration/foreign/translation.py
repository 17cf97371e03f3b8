"""Other tools' configuration in the terms of ours, for a team that wants one file."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from seawall import catalogue, equivalents
from seawall.configuration.foreign.words import Foreign, Word
from seawall.core.ignore import Ignore
from seawall.core.tools import TOOLS
from seawall.text.doublestar import Globs, plain
from seawall.text.toml import comment, literal
from seawall.triage.matching import Matching


class Translation(NamedTuple):
    """Lines of a ``seawall.toml``, what was taken over, and what could not be."""

    keys: list[str]
    tables: list[str]
    done: list[str]
    left: list[str]


_OF_SECRETS = ("detect-secrets", "gitleaks")
"""Tools whose lists name single secrets: as fingerprints and digests they stay where they are."""


def translate(foreign: Foreign, kube_score: str, *, same_directory: bool) -> Translation:
    """Other tools' words as our keys, each with the line it comes from.

    Paths can be taken over only where the file lies beside the new configuration.
    """
    result = Translation([], [], [], list(foreign.notes))
    _lists(foreign, result)
    _paths(foreign, result, same_directory=same_directory)
    if foreign.unheeded:
        _unheeded(foreign, kube_score, result)
    if kube_score:
        result.keys.append(f"kube-score = {literal(kube_score)}")
        result.done.append("kube-score's flags are kept as they are, under the key kube-score")
    _rules(foreign, result)
    for ignore in foreign.ignores:
        if ignore.tool not in _OF_SECRETS and (not kube_score or ignore.tool != "kube-score"):
            _suppress(ignore, result, same_directory=same_directory)
    stays = {one.path for one in foreign.secret_rules}
    stays |= {ignore.origin.path for ignore in foreign.ignores if ignore.tool in _OF_SECRETS}
    result.left.extend(
        f"{path}: about secrets; it stays in force as it is" for path in sorted(stays)
    )
    for check in foreign.custom:
        result.left.append(
            f"{check.path}:{check.line}: the custom check {check.name}; it stays in that file"
        )
    result.left.extend(f"{item.path}: {item.what}: {item.reason}" for item in foreign.not_covered)
    return result


def _lists(foreign: Foreign, result: Translation) -> None:
    off = {word.value for word in foreign.ignore}
    for name, words in (("enable", foreign.enable), ("ignore", foreign.ignore)):
        own: dict[str, Word] = {}
        for word in words:
            if not word.origin.startswith("--") and not (name == "enable" and word.value in off):
                own.setdefault(word.value, word)
        if own:
            result.keys.append(f"{name} = [")
            result.keys.extend(f"  {literal(value)},  {_from(word)}" for value, word in own.items())
            result.keys.append("]")
            result.done.append(f"{name}: {len(own)} rules, from {_files(own.values())}")


def _from(word: Word) -> str:
    return comment(f"{word.origin}: {word.said}")


def _files(words: Iterable[Word]) -> str:
    names = {word.origin.rpartition(":")[0] for word in words}
    return ", ".join(sorted(names))


def _paths(foreign: Foreign, result: Translation, *, same_directory: bool) -> None:
    if not foreign.exclude:
        return
    if not same_directory:
        result.left.extend(
            f"{word.origin}: {word.said}: its paths begin at another directory"
            for word in foreign.exclude
        )
        return
    words = [word for word in foreign.exclude if _names_files(word.value)]
    result.left.extend(
        f"{word.origin}: {word.said}: a directory's name, which leaves its files in; write "
        f"{word.value}/** if they are meant"
        for word in foreign.exclude
        if word not in words
    )
    if words:
        result.keys.append("exclude = [")
        result.keys.extend(
            f"  {literal(f'/{item}')},  {_from(word)}"
            for word in words
            for item in plain(word.value)
        )
        result.keys.append("]")
        result.done.append(f"exclude: {len(words)} globs, from {_files(words)}")


def _names_files(pattern: str) -> bool:
    """Whether a glob reads the same in ``.gitignore``, where a directory's name is all below."""
    last = pattern.rpartition("/")[2]
    return last == "**" or "." in last


def _unheeded(foreign: Foreign, kube_score: str, result: Translation) -> None:
    """Annotations that a tool's own configuration turns off."""
    tools = {word.value.partition(":")[0] for word in foreign.unheeded}
    if kube_score:
        tools.discard("kube-score")  # its flags stay
    if tools:
        rest = tuple(tool for tool in TOOLS if tool not in tools)
        (word,) = foreign.unheeded[:1]
        result.keys.append(f"foreign = {literal(rest)}  {_from(word)}")
        result.done.append(f"foreign: annotations of {', '.join(sorted(tools))} do not count")


def _rules(foreign: Foreign, result: Translation) -> None:
    for rule in sorted({*(rule for rule, _ in foreign.parameters), *foreign.weights}):
        lines = []
        weight = foreign.weights.get(rule)
        if weight is not None:
            (own,) = catalogue.find(rule)
            severity = weight.of(own.severity)
            if severity != own.severity:
                lines.append(f"severity = {literal(severity.label)}  {comment(weight.origin)}")
        for (owner, name), setting in foreign.parameters.items():
            if owner == rule and not setting.origin.startswith("--"):
                lines.append(f"{name} = {literal(setting.value)}  {comment(setting.origin)}")
        if lines:
            result.tables.extend(["", f"[rules.{rule}]", *lines])
            result.done.append(f"rules.{rule}: {len(lines)} values")


def _suppress(ignore: Ignore, result: Translation, *, same_directory: bool) -> None:
    place = ignore.origin
    where = f"{place.path}:{place.span.line}" if place.span else place.path
    rules: dict[str, None] = {}
    for check in ignore.rules:
        whole = [rule.id for rule in equivalents.replaced_by(ignore.tool, check)]
        rules.update(dict.fromkeys(whole))
        if not whole:
            known = equivalents.rules_of(ignore.tool, check)
            why = (
                f"is only a part of {', '.join(rule.id for rule in known)}"
                if known
                else "is like no rule"
            )
            result.left.append(f"{where}: {check} {why}")
    if ignore.fault:
        result.left.append(f"{where}: {', '.join(ignore.rules)}: {ignore.fault}")
        return
    if ignore.rules and not rules:
        return
    scope = ignore.scope
    if not isinstance(scope, Matching) or not _translatable(scope, same_directory=same_directory):
        result.left.append(f"{where}: its paths would read differently")
        return
    result.tables.extend(
        ["", f"[[suppress]]  {comment(where)}", *_fields(ignore, tuple(rules), scope)]
    )
    result.done.append(f"suppress: {', '.join(rules) or 'every rule'}, from {where}")


def _translatable(scope: Matching, *, same_directory: bool) -> bool:
    if scope.paths is None:
        return True
    lines = getattr(scope.paths.paths, "lines", ())
    return same_directory and all(map(_names_files, lines))


def _fields(ignore: Ignore, rules: tuple[str, ...], scope: Matching) -> Iterator[str]:
    patterns: tuple[str, ...] = ()
    if scope.paths is not None and isinstance(scope.paths.paths, Globs):
        lines = scope.paths.paths.lines
        patterns = tuple(f"/{item}" for line in lines for item in plain(line))
    names = scope.names or (("*",) if not (rules or scope.namespaces or scope.containers) else ())
    rows = (
        ("rules", rules), ("namespaces", scope.namespaces), ("names", names),
        ("containers", scope.containers), ("paths", patterns), ("reason", ignore.reason),
        ("until", ignore.until),
    )  # fmt: skip
    return (f"{name} = {literal(value)}" for name, value in rows if value)
