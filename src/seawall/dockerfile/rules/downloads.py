"""Rules about what a build fetches from the network."""

import re
from collections.abc import Iterator

from seawall.core.edit import Proposal, Safety
from seawall.core.lazy import pattern
from seawall.core.rule import Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.fixes.options import without_option
from seawall.dockerfile.rule import Context, RunCommand, command_rule, step_rule
from seawall.dockerfile.sources import is_web_address
from seawall.dockerfile.stages import Step
from seawall.text.shell.script import Command, Script

_FETCHERS = ("curl", "wget", "fetch")
_INTERPRETERS = frozenset(
    "sh bash zsh ash dash ksh python python2 python3 perl ruby node php sudo".split()
)
_VERIFIERS = frozenset(
    "sha1sum sha224sum sha256sum sha384sum sha512sum shasum md5sum b2sum gpg gpgv gpg2 cosign "
    "minisign rpm signify openssl".split()
)
_USERS = frozenset(
    "sh bash dash ash tar unzip dpkg rpm python python3 gunzip install chmod".split()
)
_LOOPBACK = pattern(r"https?://(?:localhost|127\.|\[::1\]|0\.0\.0\.0)", re.IGNORECASE)
_PLAIN = pattern(r"http://[^\s/'\"]+", re.IGNORECASE)


@command_rule(
    "pipe-to-shell",
    names=_FETCHERS,
    severity=Severity.HIGH,
    remedy="Download to a file, check its SHA-256 against one that is written down, then run it.",
)
def pipe_to_shell(found: RunCommand, context: Context) -> Hits:
    """What comes from the network must not be run unseen.

    Reports a download that is piped to a shell or another interpreter, directly or through
    ``$(...)``.

    Why:

    Whoever controls the server, or the connection's other end for a moment, runs programs in the
    build with its secrets, and in what it makes.

    Bad:

        FROM debian:12.11
        RUN curl -fsSL https://example.org/install.sh | bash
        USER 10001

    Good:

        FROM debian:12.11
        COPY install.sh /tmp/
        RUN bash /tmp/install.sh
        USER 10001
    """
    command, script = found.command, found.script
    pipeline = command.pipeline
    behind = [
        other
        for other in script.commands
        if other.pipeline.number == pipeline.number and other.pipeline.place > pipeline.place
    ]
    runner = next((other.name for other in behind if other.name in _INTERPRETERS), "")
    if not runner and "substitution" in command.inside:
        outer = [c for c in script.commands if c.start < command.start and c.end >= command.end]
        runner = next(
            (c.name for c in outer if c.name in ("sh", "bash", "eval", "source", ".")), ""
        )
    if runner:
        yield Hit(f"runs what {command.name} fetches, with {runner}", (command.start, command.end))


@step_rule(
    "add-remote-no-checksum",
    instructions=("ADD",),
    severity=Severity.HIGH,
    remedy="Give ADD --checksum=sha256:..., or a commit for a git repository.",
    confidence=Confidence.HIGH,
    aliases=(
        "kics:curl_or_wget_instead_of_add",
        "kics:4b410d24-1cbe-4430-a632-62c9a931cf1c",
    ),
)
def add_remote_no_checksum(step: Step, context: Context) -> Hits:
    """Files from the network must be checked.

    Reports ADD of a web address without ``--checksum``.

    Why:

    The build takes whatever the server sends that day.

    Bad:

        FROM debian:12.11
        ADD https://example.org/tool.tar.gz /opt/
        USER 10001

    Good:

        FROM debian:12.11
        ADD --checksum=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef https://example.org/tool.tar.gz /opt/
        USER 10001

    References:
    https://docs.docker.com/reference/dockerfile/#add---checksum
    """  # noqa: E501 - a digest is as long as it is
    if step.instruction.flag("checksum"):
        return
    for word, value in zip(step.instruction.arguments[:-1], step.arguments, strict=False):
        if is_web_address(value.text):
            yield Hit("adds a file from the network without a checksum", (word.start, word.end))


@command_rule(
    "download-unverified",
    names=_FETCHERS,
    severity=Severity.MEDIUM,
    remedy="Compare the file with a SHA-256 that is written down: sha256sum -c, before it is used.",
    confidence=Confidence.MEDIUM,
    aliases=("docker-bench:4.11",),
)
def download_unverified(found: RunCommand, context: Context) -> Hits:
    """Downloads must be checked before they are used.

    Reports a RUN that downloads a file and runs, unpacks or installs one without a checksum or a
    signature being checked in between.

    Why:

    The build takes whatever the server sends that day.

    Bad:

        FROM debian:12.11
        RUN curl -fsSLo /tmp/t.tgz https://example.org/t.tgz && tar -xzf /tmp/t.tgz -C /opt
        USER 10001

    Good:

        FROM debian:12.11
        RUN curl -fsSLo t.tgz https://example.org/t.tgz && sha256sum -c sums && tar -xf t.tgz
        USER 10001

    Not reported:
    Downloads in a pipeline (see pipe-to-shell), and from this machine.
    """
    command, script = found.command, found.script
    if command.pipeline.length > 1 and command.pipeline.place + 1 < command.pipeline.length:
        behind = [
            other for other in script.commands
            if other.pipeline.number == command.pipeline.number
            and other.pipeline.place > command.pipeline.place
        ]  # fmt: skip
        unpacks = any(other.name in ("tar", "gunzip", "unzip", "dpkg") for other in behind)
        if not unpacks:
            return
        yield Hit("unpacks a download that nothing has checked", (command.start, command.end))
        return
    later = script.after(command)
    if not _addresses(command) or any(other.name in _VERIFIERS for other in later):
        return
    if command.name == "curl" and not _writes_file(command):
        return
    used = next((other.name for other in later if other.name in _USERS), "")
    if used:
        yield Hit(
            f"uses a download ({used}) that nothing has checked", (command.start, command.end)
        )


def _writes_file(command: Command) -> bool:
    return command.option("-o", "-O", "--output", "--remote-name") is not None or any(
        item.operator in (">", ">>", ">|") for item in command.redirections
    )


def _addresses(command: Command) -> list[str]:
    """The addresses a command asks, but those of the machine itself."""
    return [
        value for value in command.values
        if re.match(r"(?:https?|ftp)://", value, re.IGNORECASE) and not _LOOPBACK.match(value)
    ]  # fmt: skip


@step_rule(
    "download-http-plain",
    instructions=("RUN", "ADD"),
    severity=Severity.MEDIUM,
    remedy="Use https.",
    confidence=Confidence.MEDIUM,
)
def download_http_plain(step: Step, context: Context) -> Hits:
    """Downloads must be encrypted.

    Reports ``http://`` addresses that ADD, curl, wget, git or a package manager of a language ask.

    Why:

    Anybody on the way can read the request and change the answer.

    Bad:

        FROM debian:12.11
        RUN curl -o /tmp/a http://example.org/a
        USER 10001

    Good:

        FROM debian:12.11
        RUN curl -o /tmp/a https://example.org/a
        USER 10001

    Not reported:
    This machine's own addresses; archives of Debian and Ubuntu, whose indexes are signed.
    """
    if step.name == "ADD":
        for word, value in zip(step.instruction.arguments[:-1], step.arguments, strict=False):
            if _PLAIN.match(value.text) and not _LOOPBACK.match(value.text):
                yield Hit("fetches without encryption", (word.start, word.end))
        return
    for script, command in _commands(step):
        if command.name not in _ASKING:
            continue
        for place, text in enumerate(command.values, start=1):
            if _PLAIN.search(text) and not _LOOPBACK.match(text) and script.is_shell:
                part = command.words[place]
                yield Hit(f"{command.name} fetches without encryption", (part.start, part.end))


_ASKING = frozenset((*_FETCHERS, "git", "pip", "pip3", "npm", "yarn", "gem", "go"))
_UNTRUSTED = "a server whose certificate no known authority has signed is refused"
_TLS_OFF: dict[str, tuple[str, ...]] = {
    "curl": ("-k", "--insecure"),
    "wget": ("--no-check-certificate",),
    "pip": ("--trusted-host",),
    "pip3": ("--trusted-host",),
    "apk": ("--no-verify",),
    "composer": ("--disable-tls",),
    "helm": ("--insecure-skip-tls-verify",),
}
_CONFIGURED = frozenset("git npm yarn pnpm yum dnf apt-get apt echo".split())
_OFF = pattern(r"[=\s]\"?(?:false|0)", re.IGNORECASE)
"""What all of these end in."""
_TLS_VALUES = (
    re.compile(r"http\.sslverify[= ]+\"?(?:false|0)", re.IGNORECASE),
    re.compile(r"strict-ssl[= ]+\"?false", re.IGNORECASE),
    re.compile(r"sslverify\s*=\s*(?:0|false)", re.IGNORECASE),
    re.compile(r"Verify-(?:Peer|Host)[= ]+\"?(?:false|0)", re.IGNORECASE),
)
_TLS_ENVIRONMENT = {
    "PYTHONHTTPSVERIFY": ("0",),
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
    "GIT_SSL_NO_VERIFY": ("1", "true"),
    "NPM_CONFIG_STRICT_SSL": ("false",),
    "PIP_TRUSTED_HOST": None,
    "GOINSECURE": None,
    "GOFLAGS": None,
    "CURL_INSECURE": None,
}


@step_rule(
    "tls-verify-disabled",
    instructions=("RUN", "ENV", "ARG"),
    severity=Severity.HIGH,
    remedy="Let the certificate be checked; add your own authority's certificate to the image.",
    aliases=(
        "CKV2_DOCKER_2", "CKV2_DOCKER_3", "CKV2_DOCKER_4", "CKV2_DOCKER_5", "CKV2_DOCKER_6",
        "CKV2_DOCKER_12", "CKV2_DOCKER_13", "CKV2_DOCKER_14", "CKV2_DOCKER_15", "CKV2_DOCKER_16",
    ),
)  # fmt: skip
def tls_verify_disabled(step: Step, context: Context) -> Hits:
    """Certificates must be checked.

    Reports options, settings and variables that switch off the check of TLS certificates: of curl,
    wget, git, pip, npm, yarn, yum, dnf, apt, Python, Node and Go.

    Why:

    Without the check TLS protects from nobody: whoever is on the way can give any answer. A
    variable in ENV does so for the running program too.

    Bad:

        FROM debian:12.11
        RUN curl -k -o /tmp/a https://example.org/a
        USER 10001

    Good:

        FROM debian:12.11
        RUN curl -o /tmp/a https://example.org/a
        USER 10001
    """
    if step.name in ("ENV", "ARG"):
        for pair, setting in zip(step.instruction.pairs, step.settings, strict=False):
            if setting.value is not None and _turns_off(setting.key.text, setting.value.text):
                place = (pair.key.start, (pair.value or pair.key).end)
                message = f"{setting.key.text} switches the check of certificates off"
                change = edits.remove_pair(step.stage.file, step.instruction, pair)
                title = f"Take {setting.key.text} out"
                fixes = () if change is None else (
                    Proposal(title, (change,), Safety.UNSAFE, _UNTRUSTED),
                )  # fmt: skip
                yield Hit(message, place, fixes=fixes)
        return
    for _, command in _commands(step):
        for assignment in command.assignments:
            if assignment.value and _turns_off(assignment.name, assignment.value.value or ""):
                yield Hit(
                    f"{assignment.name} switches the check of certificates off",
                    (assignment.start, assignment.end),
                )
        switches = _TLS_OFF.get(command.name)
        option = None if switches is None else command.option(*switches)
        if option is not None:
            letter = "k" if command.name == "curl" and not option.text.startswith("--") else ""
            drop = without_option(step, command, option, _UNTRUSTED, letter=letter,
                                  has_value=option.text == "--trusted-host")  # fmt: skip
            yield Hit(
                f"{command.name} does not check certificates", (option.start, option.end),
                fixes=tuple(drop),
            )  # fmt: skip
            continue
        if command.name in _CONFIGURED:
            text = " ".join(command.values)
            if _OFF.search(text) and any(item.search(text) for item in _TLS_VALUES):
                place = (command.start, command.end)
                yield Hit(f"{command.name} is told not to check certificates", place)


def _turns_off(name: str, value: str) -> bool:
    if name not in _TLS_ENVIRONMENT:
        return False
    values = _TLS_ENVIRONMENT[name]
    if name == "GOFLAGS":
        return "-insecure" in value
    return bool(value) if values is None else value.lower() in values


_UNSIGNED: dict[str, tuple[str, ...]] = {
    "apk": ("--allow-untrusted",),
    "apt-get": ("--allow-unauthenticated", "--force-yes"),
    "apt": ("--allow-unauthenticated",),
    "yum": ("--nogpgcheck",),
    "dnf": ("--nogpgcheck",),
    "microdnf": ("--nogpgcheck",),
    "tdnf": ("--nogpgcheck",),
    "rpm": ("--nosignature", "--nodigest", "--noverify"),
    "zypper": ("--no-gpg-checks", "--allow-unsigned-rpm"),
}
_UNSIGNED_MARKS = ("trusted=yes", "gpgcheck", "SigLevel")
_UNSIGNED_TEXT = pattern(r"trusted=yes|gpgcheck\s*=\s*0|SigLevel\s*=\s*Never")


@step_rule(
    "signature-check-disabled",
    instructions=("RUN",),
    severity=Severity.HIGH,
    remedy="Install the repository's key and let signatures be checked.",
    aliases=(
        "CKV2_DOCKER_7", "CKV2_DOCKER_8", "CKV2_DOCKER_9", "CKV2_DOCKER_10", "CKV2_DOCKER_11",
        "docker-bench:4.11",
    ),
)  # fmt: skip
def signature_check_disabled(step: Step, context: Context) -> Hits:
    """Signatures of packages must be checked.

    Reports options of apk, apt, yum, dnf, rpm, zypper and pacman that switch it off, and
    ``[trusted=yes]`` in a source of apt.

    Why:

    The signature is all that tells a package of the distribution from one of somebody in between.

    Bad:

        FROM alpine:3.22.1
        RUN apk add --no-cache --allow-untrusted /tmp/tool.apk
        USER 10001

    Good:

        FROM alpine:3.22.1
        RUN apk add --no-cache tool
        USER 10001
    """
    for script in step.scripts:
        is_suspicious = any(mark in script.said for mark in _UNSIGNED_MARKS)
        for command in script.commands:
            switches = _UNSIGNED.get(command.name)
            option = None if switches is None else command.option(*switches)
            if option is not None:
                effect = "what nobody has signed is refused"
                yield Hit(
                    f"{command.name} does not check signatures", (option.start, option.end),
                    fixes=tuple(without_option(step, command, option, effect)),
                )  # fmt: skip
            elif is_suspicious and _UNSIGNED_TEXT.search(" ".join(command.values)):
                yield Hit("signatures of packages are not checked", (command.start, command.end))


def _commands(step: Step) -> Iterator[tuple[Script, Command]]:
    for script in step.scripts:
        for command in script.commands:
            yield script, command
