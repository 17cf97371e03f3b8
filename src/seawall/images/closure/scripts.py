"""What scripts need: their interpreter, and the commands and files that a shell script names.

Sources: execve(2) (interpreter scripts), env(1) (``-S``), POSIX.1-2024, Shell Command Language.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.images.closure.elf import is_elf
from seawall.text.shell.script import SHELLS, Command, Origin, Script

_LINE = 255
"""Bytes of a ``#!`` line that Linux looks at (BINPRM_BUF_SIZE)."""
_MAX_PATHS = 2_000
_PATH = pattern(rb"(?<![\w$}/.*?:@-])/[\w.+@-][\w./+@*?-]{1,500}", 256)  # re.ASCII
_TRICK = pattern(rb"\A#!/bin/sh\n'''exec' \"?([^\s\"]+)\"? ")
"""How pip and uv write a ``#!`` line that would be too long: to a shell it is ``exec``."""
BUILT_IN = frozenset(
    ". : [ [[ alias bg bind break builtin caller case cd command compgen complete compopt continue "
    "declare dirs disown do done echo elif else enable esac eval exec exit export false fc fg fi "
    "for function getopts hash help history if in jobs kill let local logout mapfile popd printf "
    "pushd pwd read readarray readonly return select set shift shopt source suspend test then time "
    "times trap true type typeset ulimit umask unalias unset until wait while { } !".split()
)
"""What shells do themselves; dash, bash and busybox have these in common but for a few of bash."""
_EXTERNAL_RUNNERS = frozenset(
    "catchsegv chroot doas dumb-init env exec fakeroot gosu ionice nice nohup runuser setpriv "
    "setsid stdbuf su su-exec sudo timeout tini xargs".split()
)
"""Commands that run programs only, never what a shell does itself."""


_GIVEN = frozenset(('"$@"', "$@", '"${@}"', "${@}", '"$*"', "$*"))


class Use(NamedTuple):
    """What a command of a script comes to."""

    words: tuple[str | None, ...]
    """As the command gets them; ``None`` for what is decided at run time."""
    built_in: bool
    passed: bool = False
    """Whether it is what the script was given to run: ``"$@"``."""


def interpreter_of(data: bytes) -> tuple[str, ...]:
    """The words that run a script, by its first bytes; none where it is no script.

    ``env NAME`` and ``env -S`` are left as they are: they are commands like others.
    """
    trick = _TRICK.match(data)
    if trick is not None:
        return (trick[1].decode("utf-8", "surrogateescape"),)
    if not data.startswith(b"#!"):
        return ()
    line = data[2:_LINE].partition(b"\n")[0].strip(b" \t\r")
    name, _, rest = line.decode("utf-8", "surrogateescape").partition(" ")
    name, tab, more = name.partition("\t")
    rest = f"{more} {rest}".strip() if tab else rest.strip(" \t")
    if not name:
        return ()
    if name.rpartition("/")[2] == "env" and rest.startswith(("-S", "--split-string")):
        option = "--split-string" if rest.startswith("--") else "-S"
        return (name, *rest[len(option) :].lstrip(" =").split())
    if name.rpartition("/")[2] == "env" and rest.startswith("-"):
        flags, _, others = rest.partition(" ")
        if "S" in flags:
            return (name, *others.split())
    return (name, rest) if rest else (name,)


def elf_or_script(head: bytes) -> str:
    """``elf``, ``script`` or nothing, by the first bytes of a file."""
    return "elf" if is_elf(head) else "script" if head.startswith(b"#!") else ""


def is_shell(name: str) -> bool:
    """Whether a program of this name is a shell whose scripts are read."""
    return name in SHELLS


def script_of(data: bytes, language: str) -> Script:
    """A shell script, read."""
    from seawall.text.shell.parser import parse  # noqa: PLC0415 - it loads a grammar

    return parse(Origin(data, (0,), (0,)), language)


def uses_of(script: Script) -> Iterator[Use]:
    """The commands of a script."""
    for command in script.commands:
        words = tuple(word.value for word in command.words)
        if not words:
            continue
        runner = command.parent.name if command.parent is not None else ""
        is_external = runner in _EXTERNAL_RUNNERS
        name = words[0] or ""
        yield Use(words, name in BUILT_IN and not is_external, command.words[0].text in _GIVEN)
        yield from _run_by_find(words)
        if name == "set" and "--" in words[:-1]:  # set -- server "$@"; exec "$@"
            start = words.index("--") + 1
            passed = command.words[start].text in _GIVEN
            if passed or words[start] is not None:
                yield Use(words[start:], built_in=False, passed=passed)


def _run_by_find(words: tuple[str | None, ...]) -> Iterator[Use]:
    if words[0] is None or words[0].rpartition("/")[2] != "find":
        return
    for at, word in enumerate(words[:-1]):
        if word in {"-exec", "-execdir", "-ok", "-okdir"}:
            rest = words[at + 1 :]
            end = next((i for i, each in enumerate(rest) if each in {";", "+"}), len(rest))
            yield Use(rest[:end], built_in=False)


def sourced(words: tuple[str | None, ...]) -> str | None:
    """The file that a command reads as a part of its script: ``. FILE``, ``source FILE``."""
    if words[0] in {".", "source"} and len(words) > 1:
        return words[1]
    return None


def paths_in(data: bytes) -> Iterator[str]:
    """The absolute paths and globs in a script, wherever they stand but in lines of comment."""
    seen: set[bytes] = set()
    for line in data.split(b"\n"):
        if line.lstrip().startswith(b"#"):
            continue
        for found in _PATH.finditer(line):
            if found[0] not in seen and len(seen) < _MAX_PATHS:
                seen.add(found[0])
                yield found[0].decode()


def redirected_from(command: Command) -> Iterator[str]:
    """The files that a command reads by ``<``."""
    for item in command.redirections:
        if item.operator == "<" and item.target is not None and item.target.value:
            yield item.target.value
