"""Command lines of components: which program they start, and with which flags.

Flags are read as the programs read them (spf13/pflag, ``k8s.io/component-base/cli/flag``; etcd
takes one dash as well as two): ``_`` in a name is ``-``, and a switch without ``=`` is true and
takes no value from the next word.
"""

import re
from collections.abc import Iterator, Mapping

from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.core.named_tuple import NamedTuple
from seawall.text.scalars import Value

_SHELLS = frozenset(("ash", "bash", "dash", "ksh", "sh", "zsh"))
_KEYWORDS = frozenset(("!", "{", "do", "else", "if", "then", "until", "while"))
_ALL_ARGUMENTS = frozenset(("$@", "${@}", "$*"))
_WRAPPERS = frozenset(
    """
    busybox chroot dumb-init env exec flock go-runner hyperkube ionice kube-log-runner nice nsenter
    setpriv stdbuf sudo taskset timeout tini
    """.split()
)
_SHELL_WORD = pattern(
    r"""(?:[^\s"'\\;&|<>()]|"(?:[^"\\]|\\.)*"|'[^']*'|\\.|["'\\])+|[;&|<>()\n]+""", re.DOTALL
)
_QUOTED = pattern(r""""((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)""", re.DOTALL)
_ASSIGNMENT = pattern(r"[A-Za-z_]\w*=")
_VARIABLE = pattern(r"\$\(([A-Za-z_][\w.-]*)\)")
_SWITCHES = frozenset(
    """
    allow-privileged anonymous-auth authentication-token-webhook auto-tls client-cert-auth
    enable-bootstrap-token-auth kubelet-https leader-elect make-iptables-util-chains
    peer-auto-tls peer-client-cert-auth profiling protect-kernel-defaults rotate-certificates
    rotate-server-certificates seccomp-default service-account-extend-token-expiration
    service-account-lookup use-service-account-credentials
    """.split()
)

Words = list[tuple[str, KeyPath]]
"""The words of a command line, each with where it stands in its container."""


class Setting(NamedTuple):
    """The value of a flag and where it stands; not ``known`` when a variable gives it."""

    value: str
    at: KeyPath
    known: bool = True


def program_of(words: Words, programs: frozenset[str]) -> tuple[str, Words]:
    """The component that a command starts, and the words that follow its name."""
    before = ""
    for index, (word, _) in enumerate(words):
        program = "" if word.startswith("-") else word.rpartition("/")[2]
        if program in programs:
            return program, words[index + 1 :]
        if before == "hyperkube" and f"kube-{program}" in programs:
            return f"kube-{program}", words[index + 1 :]
        if program in _SHELLS:
            return _in_shell(words[index + 1 :], programs)
        if index == 0 and program not in _WRAPPERS:
            break
        before = program
    return "", []


def _in_shell(words: Words, programs: frozenset[str]) -> tuple[str, Words]:
    """The component that a script starts: the first of its commands that has flags."""
    if len(words) < 2 or not (words[0][0].startswith("-") and words[0][0].endswith("c")):
        return "", []
    script, place = words[1]
    found: tuple[str, Words] = ("", [])
    for command in _commands(script):
        name, rest = program_of([(word, place) for word in command], programs)
        if rest and rest[-1][0] in _ALL_ARGUMENTS:
            rest = rest[:-1] + words[3:]  # after the script comes $0
        if name and any(word.startswith("-") for word, _ in rest):
            return name, rest
        found = found if found[0] else (name, rest)
    return found


def _commands(script: str) -> Iterator[list[str]]:
    """The simple commands of a script, without what the shell itself takes from them."""
    command: list[str] = []
    for piece in _SHELL_WORD.findall(script.replace("\\\n", " ")):
        if piece[0] in ";&|<>()\n":
            yield command
            command = []
        elif command or not (piece in _KEYWORDS or _ASSIGNMENT.match(piece)):
            command.append(_QUOTED.sub(_unquoted, piece))
    yield command


def _unquoted(match: re.Match[str]) -> str:
    double, single, escaped = match.groups()
    return double if double is not None else single if single is not None else escaped


def flags_of(
    words: Words, base: KeyPath, environment: Mapping[str, Value]
) -> tuple[list[tuple[str, Setting]], bool]:
    """The flags of a command line, and whether parts of it cannot be seen."""
    settings: list[tuple[str, Setting]] = []
    opaque = False
    index = 0
    while index < len(words):
        word, place = words[index]
        index += 1
        if not word.startswith("-"):
            opaque = opaque or word.startswith("$")
            continue
        name, equals, value = word.lstrip("-").partition("=")
        flag = name.replace("_", "-")
        if not flag:
            continue
        if not equals:
            value = ""
            if flag in _SWITCHES:
                value = "true"
            elif index < len(words) and not words[index][0].startswith("-"):
                value = words[index][0]
                index += 1
        value = _VARIABLE.sub(lambda match: _expanded(match, environment), value)
        known = "$" not in value
        settings.append((flag, Setting(value if known else "", (*base, *place), known)))
    return settings, opaque


def _expanded(match: re.Match[str], environment: Mapping[str, Value]) -> str:
    value = environment.get(match.group(1))
    return value if isinstance(value, str) else match.group()
