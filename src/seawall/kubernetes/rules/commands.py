"""Rules about the commands that containers, hooks and probes run."""

import re
from collections.abc import Iterator

from seawall.core.location import KeyPath
from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.pods import Container
from seawall.kubernetes.rule import Context, container_rule
from seawall.text.values import sequence, text

_HOOKS: tuple[tuple[str, ...], ...] = (
    ("lifecycle", "postStart", "exec", "command"),
    ("lifecycle", "preStop", "exec", "command"),
    ("livenessProbe", "exec", "command"),
    ("readinessProbe", "exec", "command"),
    ("startupProbe", "exec", "command"),
)


class _Script(NamedTuple):
    """A text that a shell runs, or a command without one."""

    text: str
    at: KeyPath


def _scripts(container: Container) -> Iterator[_Script]:
    """What a container runs, as a shell would be told: one text for each command and script."""
    words: list[tuple[str, KeyPath]] = [
        (text(item), (field, index))
        for field in ("command", "args")
        for index, item in enumerate(sequence(container.value, field))
    ]
    yield from _split(words)
    for hook in _HOOKS:
        if hook[0] in container.value:
            items = enumerate(sequence(container.value, *hook))
            yield from _split([(text(item), (*hook, index)) for index, item in items])


def _split(words: list[tuple[str, KeyPath]]) -> Iterator[_Script]:
    """The script of a shell by itself, and the command that is left."""
    own = []
    before = ""
    for word, place in words:
        if "\n" in word or _reads_script(before):
            yield _Script(word, place)
        else:
            own.append("_" if any(mark in word for mark in " \t;|&") else word)
        before = word
    if own:
        yield _Script(" ".join(own), words[0][1])


def _reads_script(option: str) -> bool:
    """Whether what follows an option is a script: ``-c``, ``-ec``, ``-lc``."""
    return option.startswith("-") and option.endswith("c") and option[1:].isalpha()


_BEGIN = r"(?:^|[\n;&|({`]|\$\(|\b(?:then|do|else|exec|nohup|time)[ \t])[ \t]*(?:\w+=\S*[ \t]+)*"
_SUDO = rf"{_BEGIN}(?:/\S*/)?sudo[ \t]"
_SSH_SERVER = (
    rf"{_BEGIN}(?:/\S*/)?(?:sshd|dropbear)(?![\w-])|(?:\bservice[ \t]+|/init\.d/)sshd?[ \t]+start\b"
)


@container_rule(
    "sudo-or-ssh-in-entrypoint",
    severity=Severity.LOW,
    remedy="Start the program itself, as the user it is to run as.",
    aliases=("C-0042", "C-0062"),
)
def sudo_or_ssh_in_entrypoint(container: Container, context: Context) -> Hits:
    """Containers should start neither sudo nor an SSH server.

    Reports commands, arguments, hooks and probes that call ``sudo`` or start an SSH server.

    Why:

    sudo works only where a process may gain rights, and that is a way for an intruder too. An SSH
    server is a second way into the container that neither RBAC nor the audit log knows of.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              command: ["sh", "-c", "/usr/sbin/sshd && sudo -u web /srv/web"]

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              command: ["/srv/web"]

    Not reported:

    Calls within scripts that are part of the image.

    References:
    https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/
    """
    for script in _scripts(container):
        if "sudo" in script.text and re.search(_SUDO, f"{script.text} "):
            yield Hit("calls sudo", script.at, evidence="sudo")
        if ("ssh" in script.text or "dropbear" in script.text) and re.search(
            _SSH_SERVER, script.text
        ):
            yield Hit("starts an SSH server", script.at, evidence="ssh")


_QUOTED = r"\"[^\"$`]*\"|'[^']*'"
_SHELL = r"(?:sudo[ \t]+(?:-\S+[ \t]+)*)?(?:/\S*/)?(?:ba|da|a|k|z)?sh(?![\w./=-])"
_OTHER = r"(?:/\S*/)?(?:python[0-9.]*|perl|ruby|node)[ \t]*(?:-[ \t]*)?(?=$|[\n;&|)])"
_PIPED = rf"\b(?:curl|wget)\b[^\n;&]*(?<!\|)\|(?!\|)[ \t]*(?:{_SHELL}(?![ \t]+-\w*c\b)|{_OTHER})"
_SUBSTITUTED = (
    rf"(?:{_SHELL}|\beval|\bsource)[ \t]+(?:-\w+[ \t]+)*[\"']?(?:\$\(|`|<\()[ \t]*(?:curl|wget)\b"
)


@container_rule(
    "curl-pipe-sh-in-command",
    severity=Severity.LOW,
    remedy="Put the program into the image, or check the file against a known digest before use.",
)
def curl_pipe_sh_in_command(container: Container, context: Context) -> Hits:
    """Containers should not run what they have just downloaded.

    Reports commands, arguments, hooks and probes in which the output of ``curl`` or ``wget`` goes
    straight to a shell or another interpreter.

    Why:

    Whoever controls the server, its name or the way to it decides what the container runs, each
    time it starts, past every check of the image. When the server is down, pods do not start.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              command: ["sh", "-c", "curl -s https://get.example.org/setup.sh | sh && /srv/web"]

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              command: ["/srv/web"]

    Not reported:

    Downloads that are written to a file or read by another program, such as jq.

    References:
    https://kubernetes.io/docs/concepts/containers/images/
    """
    for script in _scripts(container):
        if "curl" not in script.text and "wget" not in script.text:
            continue
        joined = script.text.replace("\\\n", " ")
        if re.search(_PIPED, re.sub(_QUOTED, "_", joined)) or re.search(_SUBSTITUTED, joined):
            yield Hit("runs what it downloads", script.at)
