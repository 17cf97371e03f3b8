"""A minimal image: only what the process reaches stays (``seawall.images.closure``)."""

import re
from collections.abc import Iterator, Sequence
from fnmatch import translate

from seawall.core.errors import UsageError
from seawall.core.lazy import pattern
from seawall.engine.containers.whole import system_packages
from seawall.hardening.images.options import counted, named
from seawall.hardening.images.programs import PROGRAMS, programs_of
from seawall.hardening.images.subject import Subject
from seawall.hardening.images.watched import present
from seawall.images.closure.closing import Closure, closure, health_check
from seawall.images.closure.roots import MergedRoot
from seawall.sources.images.entry import DIRECTORY
from seawall.sources.images.image import texts
from seawall.sources.images.merging import Node
from seawall.tracing.record import Observation

_MOST_STEPS = 20
"""Reasons in a row that are told of one file."""
_NAMED = pattern(r"(?<![^\s(])/([^\s,()]+)")


def keep_what_is_needed(
    subject: Subject, explain: Sequence[str] = (), seen: Observation | None = None
) -> tuple[Closure, list[str]]:
    """Take out all that the process does not reach, and tell what and why.

    What was seen to be used stays as well. Gives what is kept, and of the paths that ``explain``
    names (globs) why they are or are not. Raises ``UsageError`` where nothing tells what is to run.
    """
    found = _closure(subject, seen)
    packages = len(system_packages(subject.whole.packages))
    explained = list(_explained(subject, found, explain))
    before = {what: _programs(subject, what) for what in PROGRAMS}
    files = _files(subject)
    subject.edited.keep_only(found.paths)
    for path, data in sorted(found.replaced.items()):
        subject.edited.put(path, data)
    left = _files(subject)
    told = subject.told
    of = (
        f", of {found.packages} of {counted(packages, 'package')} of the system" if packages else ""
    )
    told.done.append(
        f"removed {counted(files - left, 'file')} that nothing it starts needs; {left} are left{of}"
    )
    _tell_of_programs(subject, found, before)
    told.notes += found.warnings
    if subject.config.on_build:
        told.notes.append(
            "other images are built on this one (ONBUILD): they may miss what is gone"
        )
    return found, explained


def _files(subject: Subject) -> int:
    """How many there are that are no directories."""
    return sum(node.entry.kind is not DIRECTORY for node in subject.edited.tree.files())


def _closure(subject: Subject, seen: Observation | None) -> Closure:
    configuration = subject.facts.configuration
    check = subject.config.health_check
    test = texts(check.get("Test")) if check is not None else ()
    shell = subject.config.shell
    watched = (each.words for each in subject.options.watched.commands)
    commands = [*subject.options.commands, *(words for words in watched if words)]
    if not configuration.process and not commands:
        raise UsageError(
            f"{subject.image.name}: it names no program to start, so nothing tells what is needed; "
            "say it with --command"
        )
    commands.append(health_check(test, shell) if shell else health_check(test))
    pieces = subject.hold_contents()

    def contents(node: Node, limit: int) -> bytes:
        found = bytearray()
        for piece in pieces(node):
            found += piece
            if len(found) >= limit:
                break
        return bytes(found[:limit])

    root = MergedRoot(subject.whole.files, contents, configuration)
    includes = (*subject.options.includes, *sorted(subject.options.keep))
    observed = present(seen.paths, lambda path: root.get(path) is not None) if seen else ()
    return closure(root, includes, commands=[each for each in commands if each], observed=observed)


# What is told ---------------------------------------------------------------------------------


def _programs(subject: Subject, what: str) -> list[str]:
    return [node.entry.path for node in programs_of(subject, what)]


def _tell_of_programs(subject: Subject, found: Closure, before: dict[str, list[str]]) -> None:
    """Tell which shells and package managers went and which stay: the closure decided."""
    told = subject.told
    for what, paths in before.items():
        gone = [path for path in paths if subject.node(path) is None]
        stay = [path for path in paths if path not in gone]
        if gone:
            told.done.append(f"removed {counted(len(gone), what)}: {named(gone)}")
        if stay:
            reasons = found.shells.needed if what == "shell" else ()
            why = reasons[0] if reasons else found.reasons.get(stay[0], "it is needed")
            verb = "stays" if len(stay) == 1 else "stay"
            told.left.append(f"{named(stay)} {verb}, a {what}: {why}")


def _explained(subject: Subject, found: Closure, wanted: Sequence[str]) -> Iterator[str]:
    """Why paths are kept, each with the reasons of what its own reason names."""
    if not wanted:
        return
    tree = subject.edited.tree
    for each in wanted:
        name = each.strip("/")
        node = tree.get(name)
        if node is not None:
            yield from _chain(found, node.entry.path)
            continue
        fits = re.compile(translate(name)).match
        paths = [node.entry.path for node in tree.files() if fits(node.entry.path)]
        for path in paths:
            yield from _chain(found, path)
        if not paths:
            yield f"/{name}: is not in the image"


def _chain(found: Closure, path: str) -> Iterator[str]:
    reason = found.reasons.get(path)
    if reason is None:
        yield f"/{path}: goes, nothing that it starts needs it"
        return
    yield f"/{path}: stays, {reason}"
    told = {path}
    for _ in range(_MOST_STEPS):
        following = next(
            (name for name in _NAMED.findall(reason) if name in found.reasons and name not in told),
            None,
        )
        if following is None:
            return
        told.add(following)
        reason = found.reasons[following]
        yield f"  /{following}: {reason}"
