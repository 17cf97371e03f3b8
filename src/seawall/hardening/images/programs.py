"""Shells and package managers: taken out only where nothing that the image starts may need them.

That is known where its ENTRYPOINT, CMD and HEALTHCHECK are in exec form and lead to ELF programs,
not to scripts, that neither name a shell nor call system(3) or popen(3), which start one. What
the libraries of a program do is not looked at; nor what an interpreter runs, but those call
system(3) and so keep their shells.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from seawall.hardening.images.options import counted, named
from seawall.hardening.images.subject import Subject
from seawall.images.names import PACKAGE_MANAGERS, PROGRAM_DIRECTORIES, SHELLS
from seawall.sources.images.entry import SYMLINK
from seawall.sources.images.image import texts
from seawall.sources.images.merging import Node

_PARTS_OF_MANAGERS = ("apt-", "dpkg-", "pip3.")
SHELL, MANAGER = "shell", "package manager"
PROGRAMS = (SHELL, MANAGER)
_ELF = b"\x7fELF"
_SHELL_MARKS = (
    (b"/bin/sh", "names /bin/sh"),
    (b"/bin/bash", "names /bin/bash"),
    (b"\0system\0", "calls system(3), which starts /bin/sh"),
    (b"\0popen\0", "calls popen(3), which starts /bin/sh"),
)
_OVERLAP = 16
_LARGEST = 1 << 30
"""Bytes of a program that is looked into."""
_ALTERNATIVES = "etc/alternatives"


class Command(NamedTuple):
    """Something that the image starts."""

    what: str
    words: tuple[str, ...]


class Started(NamedTuple):
    """A program that it starts, or that is among the words for one."""

    what: str
    path: str
    node: Node


def commands_of(subject: Subject) -> list[Command]:
    """What the image starts: its process and the test of its health check."""
    config = subject.config
    found = []
    words = (*config.entrypoint, *config.command)
    if words:
        found.append(Command("ENTRYPOINT" if config.entrypoint else "CMD", words))
    check = config.health_check
    test = texts(check.get("Test")) if check is not None else ()
    if test and test[0] == "CMD":
        found.append(Command("HEALTHCHECK", test[1:]))
    elif test and test[0] == "CMD-SHELL":
        found.append(Command("HEALTHCHECK", ("/bin/sh", "-c", *test[1:])))
    return found


def main_program(subject: Subject) -> str:
    """The path of the program that the image starts; empty where that is not known."""
    words = subject.facts.configuration.process
    found = subject.facts.program(words[0]) if words else None
    return found.path if found is not None else ""


def remove_programs(subject: Subject) -> None:
    """Take out shells and package managers, or tell why they stay."""
    shells, managers = (programs_of(subject, what) for what in PROGRAMS)
    if not shells and not managers:
        return
    started: list[Started] = []
    reason = _reason(subject, started)
    if reason:
        what = " and ".join(
            text for text, found in (("shells", shells), ("package managers", managers)) if found
        )
        subject.told.left.append(f"{what} stay: {reason}")
        return
    protected = {each.node.content for each in started}
    for what, found in ((SHELL, shells), (MANAGER, managers)):
        _remove(subject, what, found, protected)


def _remove(subject: Subject, what: str, found: list[Node], protected: set[Node]) -> None:
    tree = subject.edited.tree
    staying: list[str] = []
    links: list[str] = []
    targets: set[Node] = set()
    for node in found:
        path = node.entry.path
        if node.entry.kind is SYMLINK:
            target = tree.resolve(path)
            if target is None or target.content not in protected:
                links.append(path)
        elif node.content in protected or subject.options.keeps(path):
            staying.append(path)
        else:
            targets.add(node.content)
    names = [each.entry.path for node in targets for each in subject.edited.names_of(node)]
    paths = dict.fromkeys((*names, *_leading_to(subject, targets), *links))
    gone = subject.remove(sorted(paths))
    if gone:
        subject.told.done.append(f"removed {counted(len(gone), what)}: {named(gone)}")
    if staying:
        subject.told.left.append(
            f"{named(staying)} stays, a {what}: it is what the image starts, or --keep says so"
        )


def _leading_to(subject: Subject, targets: set[Node]) -> list[str]:
    """Symbolic links among programs that lead to what goes: they would lead nowhere."""
    tree = subject.edited.tree
    found = []
    for path in (*sorted(PROGRAM_DIRECTORIES), _ALTERNATIVES):
        directory = tree.get(path)
        for node in (directory.children or {}).values() if directory is not None else ():
            if node.entry.kind is SYMLINK:
                target = tree.resolve(node.entry.path)
                if target is not None and target.content in targets:
                    found.append(node.entry.path)
    return found


def programs_of(subject: Subject, what: str) -> list[Node]:
    """Shells or package managers (``PROGRAMS``) by their names, symbolic links too."""
    names, starts = (SHELLS, ()) if what == SHELL else (PACKAGE_MANAGERS, _PARTS_OF_MANAGERS)
    found = []
    for path in sorted(PROGRAM_DIRECTORIES):
        directory = subject.edited.tree.get(path)
        for name, node in (directory.children or {}).items() if directory is not None else ():
            is_meant = name in names or (bool(starts) and name.startswith(starts))
            if is_meant and node.children is None:
                found.append(node)
    return found


# Whether they are needed ----------------------------------------------------------------------


def _reason(subject: Subject, started: list[Started]) -> str:
    """Why a shell may be needed; empty where nothing tells so. What is started is added."""
    if subject.config.on_build:
        return "other images are built on this one (ONBUILD)"
    commands = commands_of(subject)
    if not commands or commands[0].what == "HEALTHCHECK":
        return "the image names no program to start, so nothing tells who needs them"
    for command in commands:
        reason = _found(subject, command, started)
        if reason:
            return reason
    nodes = [each.node for each in started]
    return subject.with_contents(nodes, lambda pieces: _said_by(started, pieces))


def _found(subject: Subject, command: Command, started: list[Started]) -> str:
    """Add the programs of a command; gives why it keeps the shells where its words tell so."""
    for number, word in enumerate(command.words):
        name = word.rpartition("/")[2]
        file = subject.facts.program(word) if word else None
        if file is None or not file.is_executable:
            if not number:
                return f"{command.what} starts {word}, which is not in the image"
            continue
        node = subject.edited.tree.resolve(file.path)
        if node is None:
            continue
        if name in SHELLS - {"busybox"} or file.path.rpartition("/")[2] in SHELLS - {"busybox"}:
            form = " in shell form" if command.words[1:2] == ("-c",) else ""
            return f"{command.what}{form} starts /{file.path}"
        if file.size > _LARGEST:
            return f"{command.what} starts /{file.path}, which is too large to look into"
        started.append(Started(command.what, file.path, node))
    return ""


def _said_by(started: list[Started], pieces: Callable[[Node], Iterator[bytes]]) -> str:
    for program in started:
        reason = _about(pieces(program.node))
        if reason:
            return f"{program.what} starts /{program.path}, which {reason}"
    return ""


def _about(pieces: Iterator[bytes]) -> str:
    """What a program's bytes tell of shells; empty for nothing."""
    before = b""
    for piece in pieces:
        if not before:
            if piece.startswith(b"#!"):
                line = piece[2:200].partition(b"\n")[0].strip().decode("utf-8", "replace")
                return f"is a script ({line})"
            if not piece.startswith(_ELF):
                return "is no ELF program"
        data = before + piece
        for mark, what in _SHELL_MARKS:
            if mark in data:
                return what
        before = data[-_OVERLAP:]
    return "" if before else "is empty"
