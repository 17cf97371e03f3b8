"""Rules about slips in shell scripts: the dozen of ShellCheck's that matter in a RUN.

Each is narrower than ShellCheck's own: what splits on purpose, what cannot hold a blank, and what
the shell of the base image does understand is left alone.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from seawall.core.lazy import pattern
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.base_systems import ASH, DASH, shell_of
from seawall.dockerfile.package_commands import package_command
from seawall.dockerfile.rule import Context, RunCommand, command_rule, step_rule
from seawall.dockerfile.stages import Step
from seawall.text.shell.script import Command, Script

_NAME = pattern(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_SPLIT = pattern(r"[\s*?\[]")


def unquoted(text: str) -> Iterator[tuple[int, str]]:
    """The places in a word where ``$`` or a backquote begins an expansion outside of double quotes.

    Yields the offset and the variable's name, which is empty for ``$( )`` and backquotes; those of
    ``${NAME}`` with a modifier and of ``$1``, ``$@`` ... are left out, and so is arithmetic.
    """
    in_quotes = False
    at = 0
    while (found := _EXPANSION.search(text, at)) is not None:
        piece = found[0]
        at = found.end()
        if piece == '"':
            in_quotes = not in_quotes
        elif piece.startswith("'"):
            at = found.start() + 1 if in_quotes else at
        elif piece == "$((":
            at = _closing(text, found.start() + 1) + 1
        elif piece == "$(" or piece.startswith("`"):
            if not in_quotes:
                yield found.start(), ""
            at = _closing(text, at - 1) + 1 if piece == "$(" else at
        elif piece.startswith("$") and not in_quotes:
            yield found.start(), found[1] or found[2]


_EXPANSION = pattern(
    r"""\\.|"|'[^']*'?|`[^`]*`?|\$\(\(|\$\(|\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)\}""", re.DOTALL
)


def _closing(text: str, at: int) -> int:
    """The place of the parenthesis that closes one."""
    depth = 0
    for place in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return len(text)


_TAKES_PATHS = ("rm", "chown", "chgrp", "chmod")


@command_rule(
    "sh-unquoted-variable",
    names=_TAKES_PATHS,
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Put the variable into double quotes.",
    aliases=("SC2086",),
)
def sh_unquoted_variable(found: RunCommand, context: Context) -> Hits:
    """A variable that names what to delete or to hand over must be quoted.

    Reports variables outside of double quotes among the arguments of ``rm``, ``chown``, ``chgrp``
    and ``chmod``.

    Why:

    The shell splits the value at blanks and lets ``*`` match files. A value with a blank makes two
    paths of one, and neither is the one that was meant.

    Bad:

        FROM debian:12
        ARG CACHE
        RUN rm -rf $CACHE

    Good:

        FROM debian:12
        ARG CACHE
        RUN rm -rf "$CACHE"

    Not reported:

    Variables whose value the file tells, without blanks and wildcards; the options of a command;
    ShellCheck reports other commands too.
    """
    environment = found.step.environment
    for word in found.command.arguments:
        if word.value is not None or not found.script.is_shell:
            continue
        for _, name in unquoted(word.text):
            if not name or name in {"UID", "EUID", "PPID", "RANDOM", "LINENO"}:
                continue
            value = environment.value(name)
            if value is not None and value.known and not _SPLIT.search(value.text):
                continue
            if name not in _assigned_plainly(found.script) and name not in _listed(found):
                message = f"${name} is split at blanks"
                yield Hit(message, (word.start, word.end), confidence=Confidence.MEDIUM)
                break


_FOR = pattern(rb"\bfor\s+([A-Za-z_]\w*)\s+in\s((?:\\[\r\n]|[^;&|()<>$`*?\[\n#\\'\"])*)(?:;|\n)")


def _listed(found: RunCommand) -> list[str]:
    """The variables of loops over plain words: each holds one of them."""
    if "for" not in found.command.inside:
        return []
    data = found.step.stage.file.data
    return [loop[1].decode() for loop in _FOR.finditer(data, found.script.start, found.script.end)]


@lru_cache(maxsize=4)  # every command of a script asks
def _assigned_plainly(script: Script) -> frozenset[str]:
    """Variables that a script sets to texts that cannot be split."""
    plain: set[str] = set()
    others: set[str] = set()
    for command in script.commands:
        for assignment in command.assignments:
            text = assignment.value.text if assignment.value else ""
            is_array = assignment.value is None and assignment.end > assignment.start + 1 + len(
                assignment.name
            )
            value = assignment.value.value if assignment.value else ""
            (plain if not is_array and _is_one_word(text, value) else others).add(assignment.name)
        if command.name in {"export", "local", "declare", "readonly"}:
            for word in command.arguments:
                name, mark, text = word.text.partition("=")
                value = None if word.value is None else word.value.partition("=")[2]
                if mark:
                    (plain if _is_one_word(text, value) else others).add(name)
        elif command.name in {"read", "mapfile"}:
            others.update(command.values)
    return frozenset(plain - others)


def _is_one_word(text: str, value: str | None) -> bool:
    """Whether a value is not split: a text without blanks, or the output of such a command."""
    if value is not None:
        return not _SPLIT.search(value)
    bare = text.strip('"')
    return bare.startswith(("$(", "`")) and _first_command(bare, 0) in _ONE_WORD


_ONE_WORD = frozenset(
    "nproc id uname arch date basename dirname wc getconf lsb_release hostname whoami pwd mktemp "
    "realpath readlink which dpkg dpkg-architecture rpm sha256sum expr seq tput umask stat "
    "test [ [[ echo printf if case find".split()
)
"""Commands whose output is one word, by its nature or by custom, or that is split on purpose."""
_WANTS_WORDS = frozenset(
    "for echo printf export local declare readonly test [ [[ kill xargs pkg-config pecl make eval "
    "docker-php-ext-install set return exit apt-mark".split()
)


@command_rule(
    "sh-unquoted-substitution",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Put the substitution into double quotes.",
    aliases=("SC2046",),
)
def sh_unquoted_substitution(found: RunCommand, context: Context) -> Hits:
    """The output of a command that becomes an argument should be quoted.

    Reports ``$( )`` and backquotes outside of double quotes among a command's arguments.

    Why:

    The shell splits the output at blanks and line ends and lets ``*`` match files, so one argument
    becomes several, or none when the command fails.

    Bad:

        FROM debian:12
        RUN cp $(cat /list) /opt

    Good:

        FROM debian:12
        RUN cp "$(cat /list)" /opt

    Not reported:

    Commands whose output is one word (``uname``, ``nproc``, ``id`` ...), the packages of a package
    manager, ``for``, ``echo`` and ``make``, and assignments, which are not split.
    """
    command = found.command
    if command.name in _WANTS_WORDS or not command.words or not found.script.is_shell:
        return
    call = package_command(command)
    if call is not None:
        return
    for word in command.arguments:
        if word.value is not None:
            continue
        for at, name in unquoted(word.text):
            if not name and _first_command(word.text, at) not in _ONE_WORD:
                message = "the output of a command is split at blanks"
                yield Hit(message, (word.start, word.end), confidence=Confidence.MEDIUM)
                break


def _first_command(text: str, at: int) -> str:
    body = text[at:].lstrip("$(`").lstrip()
    first = re.split(r"[\s;|&)`]", body, maxsplit=1)[0]
    return first.rpartition("/")[2]


@command_rule(
    "sh-masked-status",
    names=("export", "local", "declare", "readonly", "typeset"),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Assign first, then export.",
    aliases=("SC2155",),
)
def sh_masked_status(found: RunCommand, context: Context) -> Hits:
    """An assignment that a build depends on must not hide a failure.

    Reports ``export NAME=$( )``, and the same of ``local``, ``declare`` and ``readonly``, but for
    commands that hardly fail (``mktemp``, ``uname`` ...).

    Why:

    The status is that of ``export``, which succeeds. When the command fails, neither ``&&`` nor
    ``set -e`` sees it, and the variable is empty.

    Bad:

        FROM debian:12
        RUN export VERSION=$(cat /version) && make

    Good:

        FROM debian:12
        RUN VERSION=$(cat /version) && export VERSION && make
    """
    for word in found.command.arguments:
        name, mark, value = word.text.partition("=")
        is_output = mark and word.value is None and _OUTPUT.match(value)
        if is_output and _first_command(value.strip('"'), 0) in _ONE_WORD:
            continue
        if is_output and name.replace("_", "a").isalnum():
            message = f"the failure of the command that gives {name} is not seen"
            yield Hit(message, (word.start, word.end))


_OUTPUT = pattern(r'"?(?:\$\((?!\()|`)')


@step_rule(
    "sh-cd-unchecked",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Join the commands with &&.",
    aliases=("SC2164",),
)
def sh_cd_unchecked(step: Step, context: Context) -> Hits:
    """What follows a cd must not run where it failed.

    Reports ``cd`` followed by ``;`` or a new line in a script without ``set -e``.

    Why:

    When the directory is missing the shell stays where it is, and the next command works on
    whatever is there: ``rm -rf *`` among them.

    Bad:

        FROM debian:12
        RUN cd /src; make

    Good:

        FROM debian:12
        RUN cd /src && make
    """
    if any(word.startswith("-") and "e" in word for word in (step.shell or ())[1:]):
        return
    for script in step.scripts:
        if any(
            command.name == "set" and any(_sets_e(value) for value in command.values)
            for command in script.commands
        ):
            continue
        for command, following in zip(script.commands, script.commands[1:], strict=False):
            if (
                command.name in {"cd", "pushd"}
                and following.operator == ";"
                and following.inside == command.inside
                and following.parent is command.parent
                and not command.condition
                and command.arguments
                and command.arguments[0].value not in {"..", "/", "-", "."}
            ):
                message = f"goes on in the old directory when {command.name} fails"
                yield Hit(message, (command.start, command.end))


def _sets_e(value: str) -> bool:
    return value == "errexit" or (value.startswith("-") and "e" in value)


_ROOT_PATH = pattern(
    r'/?"?\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})"?'
    r'(?:/\*?|/(?:bin|boot|dev|etc|home|lib|lib64|opt|root|sbin|srv|tmp|usr|var)(?:/\*)?)"?|'
    r'/"?\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})"?'
)


@command_rule(
    "sh-rm-empty-variable",
    names=("rm",),
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Write ${NAME:?}, which fails where the variable is empty.",
    aliases=("SC2115",),
)
def sh_rm_empty_variable(found: RunCommand, context: Context) -> Hits:
    """An empty variable must not make rm delete a directory of the system.

    Reports ``rm -r`` of ``$NAME/*``, ``$NAME/usr`` and the like, and of ``/$NAME``.

    Why:

    When the variable is empty, the path is ``/*`` or ``/usr``.

    Bad:

        FROM debian:12
        RUN rm -rf $TARGET/*

    Good:

        FROM debian:12
        RUN rm -rf "${TARGET:?}"/*

    Not reported:

    Variables that ENV, an ARG with a default or the script itself sets.
    """
    command = found.command
    if not command.option("-r", "-R", "--recursive"):
        return
    for word in command.operands:
        if word.value is not None or not _ROOT_PATH.fullmatch(word.text.strip('"')):
            continue
        names = [one or other for one, other in _NAME.findall(word.text)]
        if not any(_is_set(name, found) for name in names):
            message = f"deletes a directory of the system when {names[0]} is empty"
            yield Hit(message, (word.start, word.end))


def _is_set(name: str, found: RunCommand) -> bool:
    if name in {"HOME", "PWD", "TMPDIR"}:
        return True
    value = found.step.environment.value(name)
    if value is not None and (value.text or not value.known):
        return value.known
    return name in _assigned_plainly(found.script)


# Words of another shell -----------------------------------------------------------------------


_DASH_LACKS = {
    "source": "source",
    "[[": "[[ ]]",
    "declare": "declare",
    "typeset": "typeset",
    "pushd": "pushd",
    "popd": "popd",
    "shopt": "shopt",
    "mapfile": "mapfile",
    "let": "let",
}
_ASH_LACKS = frozenset(("declare", "typeset", "pushd", "popd", "shopt", "mapfile"))
_EQUALS = pattern(rb"\s==\s")
_BRACES = pattern(r"\{[^{}\s'\"$]*(?:,|\.\.)[^{}\s'\"$]*\}")


@step_rule(
    "sh-bashism",
    instructions=("RUN",),
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy='Set SHELL ["/bin/bash", "-c"], or write it as sh understands it.',
    aliases=(
        "SC3001", "SC3009", "SC3010", "SC3014", "SC3020", "SC3030", "SC3040", "SC3044", "SC3046",
        "SC3011",
    ),
)  # fmt: skip
def sh_bashism(step: Step, context: Context) -> Hits:
    """A script for sh must not need bash.

    Reports what the ``/bin/sh`` of the base image does not understand: ``[[``, ``source``, ``set -o
    pipefail``, ``<( )``, ``<<<``, ``&>``, arrays, ``{a,b}``, ``==`` in a test, and commands that
    only bash has.

    Why:

    RUN is read by ``/bin/sh``: dash in Debian and Ubuntu, ash in Alpine. Much of bash fails there;
    some of it, like ``{a,b}`` and ``&>``, silently does something else.

    Bad:

        FROM debian:12
        RUN rm -rf /var/{cache,tmp}

    Good:

        FROM debian:12
        RUN rm -rf /var/cache /var/tmp

    Not reported:

    Stages with a SHELL other than sh, bodies with ``#!/bin/bash``, base images whose sh is bash,
    and, with low confidence instead, images whose shell is not known. What ash understands is not
    reported for Alpine.
    """
    shell = shell_of(step)
    if shell not in {DASH, ASH, ""}:
        return
    confidence = Confidence.LOW if not shell else Confidence.HIGH
    name = shell or "sh"
    for script in step.scripts:
        if script.language != "sh":
            continue
        for command in script.commands:
            if command.parent is not None and command.parent.name not in {"sudo", "env", "time"}:
                continue  # bash -c "..." has its own
            for at, what in _bashisms(command, shell, step.stage.file.data):
                message = f"{name} does not understand {what}"
                yield Hit(message, at, confidence=confidence)


def _bashisms(command: Command, shell: str, data: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    if command.words:
        first = command.words[0]
        text = command.name or first.text
        if text in (_ASH_LACKS if shell == ASH else _DASH_LACKS):
            yield (first.start, first.end), _DASH_LACKS[text]
    yield from _bash_words(command)
    if shell != ASH:
        yield from _dash_only(command, data)
    for redirection in command.redirections:
        if redirection.operator == "<<<":
            yield (redirection.start, redirection.end), "<<<"
    for assignment in command.assignments:
        length = assignment.end - assignment.start
        if assignment.value is None and length > len(assignment.name) + 1:
            yield (assignment.start, assignment.end), "arrays"


def _bash_words(command: Command) -> Iterator[tuple[tuple[int, int], str]]:
    for word in command.words[1:]:
        found = None if command.name == "[[" else _BRACES.search(word.text)
        if found is not None and not _is_quoted(word.text, found.start()):
            yield (word.start, word.end), f"{found[0]}: it is taken as it is written"
        if word.text.startswith(("<(", ">(")):
            yield (word.start, word.end), "<( )"


def _dash_only(command: Command, data: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    """What ash has and dash has not."""
    values = command.values
    if command.name == "set" and "pipefail" in values:
        word = command.words[values.index("pipefail") + 1]
        yield (word.start, word.end), "pipefail"
    elif command.name in {"[", "test"}:
        found = _EQUALS.search(data, command.start, command.end)
        if found is not None:
            yield (found.start() + 1, found.end() - 1), "=="
    for redirection in command.redirections:
        if redirection.operator in {"&>", "&>>"}:
            yield (redirection.start, redirection.end), redirection.operator


def _is_quoted(text: str, at: int) -> bool:
    before = text[:at]
    return before.count("'") % 2 == 1 or before.count('"') % 2 == 1 or before.endswith(("$", "\\"))


@command_rule(
    "sh-flag-as-command",
    severity=Severity.HIGH,
    profile=RELIABILITY,
    remedy="Join it with the command that it belongs to: the line before needs a backslash.",
    aliases=("SC2215",),
)
def sh_flag_as_command(found: RunCommand, context: Context) -> Hits:
    """An option must not stand where a command should.

    Reports commands whose name begins with a dash.

    Why:

    A continuation is missing or an ``&&`` too many, so the option is looked for as a program: the
    build fails, or goes on without what the option was for.

    Bad:

        FROM debian:12
        RUN apt-get install curl && --no-install-recommends git

    Good:

        FROM debian:12
        RUN apt-get install --no-install-recommends curl git
    """
    words = found.command.words
    if not words or not found.script.is_shell or found.script.broken:
        return
    if words[0].text.startswith("-") and found.command.parent is None:
        message = f"{words[0].text} is run as a command"
        yield Hit(message, (words[0].start, words[0].end))
