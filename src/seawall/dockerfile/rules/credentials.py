"""Rules about credentials in Dockerfiles."""

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from seawall.core.edit import Proposal
from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted, held_in
from seawall.core.rule import OPT_IN, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.copied_files import is_sent
from seawall.dockerfile.fixes.credentials import from_secret, without_argument, without_variable
from seawall.dockerfile.fixes.ignore_files import keep_out
from seawall.dockerfile.ignores import parse_ignores
from seawall.dockerfile.rule import Context, stage_rule, step_rule
from seawall.dockerfile.rules.copying import local_sources
from seawall.dockerfile.stages import Setting, Stage, Step
from seawall.text.credential_names import names_credential
from seawall.text.credentials import (
    ADDRESS_WITH_PASSWORD,
    TOKEN,
    in_setting,
    may_hold_credentials,
)
from seawall.text.shell.script import Command, ShellWord


def _severity(step: Step, context: Context) -> Severity:
    """What is only in a builder's layers is not handed on with the image."""
    return Severity.HIGH if context.is_in_final_image(step.stage) else Severity.MEDIUM


@step_rule(
    "secret-in-image-env",
    instructions=("ENV",),
    severity=Severity.HIGH,
    remedy="Give it at run time, or to one step by RUN --mount=type=secret; replace the value.",
    aliases=("DS-0031", "CIS-DI-0010", "DL3064", "docker-bench:4.10"),
    sensitive=True,
)
def secret_in_image_env(step: Step, context: Context) -> Hits:
    """Images must hold no credentials in their environment.

    Reports ENV with a name that tells of a credential and a value that is none of the usual
    placeholders, and values that look like one whatever their name: tokens of providers, addresses
    with a password.

    Why:

    Everybody who can pull the image reads its environment, in every later version too.

    Bad:

        FROM debian:12.11
        ENV DB_PASSWORD=correct-horse-7
        USER 10001

    Good:

        FROM debian:12.11
        ENV DB_PASSWORD_FILE=/run/secrets/db
        USER 10001

    Not reported:
    Empty values and values that a build argument gives (see secret-in-arg).
    """
    yield from _settings(step, context, "variable")


@step_rule(
    "secret-in-arg",
    instructions=("ARG",),
    severity=Severity.HIGH,
    remedy="Use RUN --mount=type=secret,id=...: a build secret leaves no trace in the image.",
    aliases=("DS-0031", "DL3064", "docker-bench:4.10"),
    sensitive=True,
)
def secret_in_arg(step: Step, context: Context) -> Hits:
    """Credentials must not be build arguments.

    Reports ARG with a name that tells of a credential, with or without a value.

    Why:

    Build arguments are in the image's history, where everybody who can pull it reads them.

    Bad:

        FROM debian:12.11
        ARG NPM_TOKEN
        USER 10001

    Good:

        FROM debian:12.11
        RUN --mount=type=secret,id=npm,env=NPM_TOKEN npm ci
        USER 10001
    """
    pairs = zip(step.instruction.pairs, step.settings, strict=False)
    for number, (pair, setting) in enumerate(pairs):
        name = setting.key.text
        place = (pair.key.start, (pair.value or pair.key).end)
        value = "" if setting.value is None else setting.value.text
        is_known = bool(held_in(value, context.known_secrets))
        if names_credential(name) or TOKEN.search(value) or is_known:
            severity = _severity(step, context)
            yield Hit(
                f"argument {name} takes a credential", place, severity=severity, evidence=name,
                secret=Redacted(value), fixes=tuple(without_argument(context.build, step, number)),
            )  # fmt: skip


def _held(setting: Setting, context: Context) -> str:
    """What kind of credential a setting holds; empty for none."""
    if setting.value is None or not setting.value.known:
        return ""
    held = in_setting(setting.key.text, setting.value.text)
    if held is None:
        return "a credential" if held_in(setting.value.text, context.known_secrets) else ""
    return held.what


def _settings(step: Step, context: Context, noun: str) -> Iterator[Hit]:
    pairs = zip(step.instruction.pairs, step.settings, strict=False)
    for number, (pair, setting) in enumerate(pairs):
        name, value = setting.key.text, "" if setting.value is None else setting.value.text
        what = _held(setting, context)
        if what:
            yield Hit(
                f"{noun} {name} holds {what}",
                (pair.key.start, (pair.value or pair.key).end),
                severity=_severity(step, context),
                evidence=name,
                secret=Redacted(value),
                fixes=tuple(without_variable(context.build, step, number)),
            )


@stage_rule(
    "secret-env-not-removed",
    severity=Severity.MEDIUM,
    remedy="Do not put it into a layer: use RUN --mount=type=secret; replace the credential.",
    sensitive=True,
)
def secret_env_not_removed(stage: Stage, context: Context) -> Hits:
    """A credential that a later step takes away is still in the image.

    Reports ``unset`` and an empty ENV for a variable that an earlier ENV gave a credential, and
    ``rm`` of a file with credentials that an earlier COPY or ADD brought.

    Why:

    Each instruction is a layer of its own. A later one hides what an earlier one holds; in the
    image's history and layers everybody who can pull it still reads it.

    Bad:

        FROM debian:12.11
        ENV DB_PASSWORD=correct-horse-7
        RUN ./migrate && unset DB_PASSWORD
        USER 10001

    Good:

        FROM debian:12.11
        RUN --mount=type=secret,id=db,env=DB_PASSWORD ./migrate
        USER 10001

    References:
    https://docs.docker.com/build/building/best-practices/#env
    """
    given: dict[str, Step] = {}
    copied: dict[str, Step] = {}
    for step in stage.chain_steps():
        is_own = step.stage is stage and not step.triggered
        if step.name == "ENV":
            for pair, setting in zip(step.instruction.pairs, step.settings, strict=False):
                name = setting.key.text
                if _held(setting, context):
                    given[name] = step
                elif name in given and setting.value is not None and not setting.value.text:
                    place = (pair.key.start, (pair.value or pair.key).end)
                    source = given.pop(name)
                    if is_own:
                        yield _still_there(name, source, place)
        elif step.name in ("COPY", "ADD"):
            copied |= _brought(step)
        elif step.name == "RUN" and is_own and (given or copied):
            yield from _taken_away(step, given, copied)


def _brought(step: Step) -> dict[str, Step]:
    """The files with credentials that COPY or ADD puts into the image, by their paths there."""
    found: dict[str, Step] = {}
    if len(step.arguments) >= 2 and all(value.known for value in step.arguments):
        sources = [value.text for value in local_sources(step)]
        last = step.arguments[-1].text
        target = posixpath.normpath(posixpath.join(step.workdir.text or "/", last))
        is_directory = last.endswith(("/", "/.")) or last == "." or len(sources) > 1
        for source in sources:
            if _is_secret_file(posixpath.normpath(source.lstrip("/") or ".")):
                name = posixpath.basename(source.rstrip("/"))
                found[posixpath.join(target, name) if is_directory else target] = step
    return found


def _taken_away(step: Step, given: dict[str, Step], copied: dict[str, Step]) -> Iterator[Hit]:
    for script in step.scripts:
        for command in script.named("unset", "rm"):
            for word in command.operands:
                value = word.value or ""
                if command.name == "unset":
                    source = given.get(value)
                else:
                    path = posixpath.normpath(posixpath.join(step.workdir.text or "/", value))
                    source = copied.get(path)
                if source is not None:
                    yield _still_there(value, source, (word.start, word.end))


def _still_there(name: str, source: Step, place: tuple[int, int]) -> Hit:
    what = f"{source.name} in line {source.instruction.line}"
    return Hit(f"{name} stays in the layer of {what}", place, evidence=name)


_NAMED = pattern(
    r"(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)",
    re.IGNORECASE,
)
_NAMED_OTHERWISE = pattern(r"(?:_|^)(?:public|file|version)(?:_|$)", re.IGNORECASE)


@step_rule(
    "credential-named-setting",
    instructions=("ENV", "ARG"),
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Use RUN --mount=type=secret, or give the value at run time.",
    aliases=("SecretsUsedInArgOrEnv", "DL3064"),
    sensitive=True,
)
def credential_named_setting(step: Step, context: Context) -> Hits:
    """Names of settings should not tell of credentials.

    Reports each ENV and ARG whose name has a word such as KEY, TOKEN or PASSWORD, whatever its
    value: BuildKit's own check, as it is. The rules secret-in-image-env and secret-in-arg look
    at values and are quieter.

    Why:

    A name that promises a credential gets one sooner or later.

    Bad:

        FROM debian:12.11
        ENV API_KEY=1
        USER 10001

    Good:

        FROM debian:12.11
        ENV API_KEY_FILE=/run/secrets/key
        USER 10001

    References:
    https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/
    """
    for pair, setting in zip(step.instruction.pairs, step.settings, strict=False):
        name = setting.key.text
        if _NAMED.search(name) and not _NAMED_OTHERWISE.search(name):
            place = (pair.key.start, pair.key.end)
            yield Hit(f"{step.name} {name} tells of a credential", place, evidence=name)


_LOGIN = {
    "docker": ("login", ("-p", "--password")),
    "podman": ("login", ("-p", "--password")),
    "az": ("login", ("-p", "--password")),
    "doctl": ("auth", ("-t", "--access-token")),
    "curl": ("", ("-u", "--user")),
    "sshpass": ("", ("-p",)),
    "mysql": ("", ("--password",)),
}
"""By command: the verb, where there is one, and the options that take a password."""


@step_rule(
    "secret-in-run",
    instructions=("RUN",),
    severity=Severity.HIGH,
    remedy="Use RUN --mount=type=secret,id=... and read the credential from there.",
    aliases=("DS-0031",),
    confidence=Confidence.MEDIUM,
    sensitive=True,
)
def secret_in_run(step: Step, context: Context) -> Hits:
    """Credentials must not stand in commands.

    Reports addresses with a password, tokens of providers, and options that take a password
    (docker login -p, curl -u, aws configure set, npm config set ..._authToken) with a literal
    value.

    Why:

    The command is in the image's history, and what it writes in a layer.

    Bad:

        FROM debian:12.11
        RUN git clone https://ci:s3cr3t-7-words@git.example.org/app.git
        USER 10001

    Good:

        FROM debian:12.11
        RUN --mount=type=secret,id=git git clone https://git.example.org/app.git
        USER 10001

    Not reported:
    Values that a variable gives at build time.
    """
    for script in step.scripts:
        is_suspicious = may_hold_credentials(script.said)
        for command in script.commands:
            for place, text in enumerate(command.shown if is_suspicious else ()):
                if ADDRESS_WITH_PASSWORD.search(text) or TOKEN.search(text):
                    word = command.words[place]
                    fixes = tuple(_from_secret(step, command, word, context))
                    yield Hit(
                        f"{command.name or 'a command'} is given a credential",
                        (word.start, word.end), severity=_severity(step, context),
                        evidence=command.name, secret=Redacted(text), fixes=fixes,
                    )  # fmt: skip
            login = _LOGIN.get(command.name)
            value = "" if login is None else _password(command, *login)
            if value:
                fixes = tuple(_option_from_secret(step, command, value, context))
                yield Hit(
                    f"{command.name} is given a password", (command.start, command.end),
                    severity=_severity(step, context), evidence=command.name,
                    secret=Redacted(value), fixes=fixes,
                )  # fmt: skip


def _password(command: Command, verb: str, options: tuple[str, ...]) -> str:
    """The value of an option that takes a password, where it is plain."""
    if verb and command.values[:1] != [verb]:
        return ""
    value = _value_of(command.values, options)
    if command.name == "curl" and ":" not in value:
        return ""
    return "" if "$" in value or value.startswith("-") else value


def _from_secret(
    step: Step, command: Command, word: ShellWord, context: Context
) -> Iterator[Proposal]:
    """The password of an address, or a provider's token, from a build secret."""
    address, token = ADDRESS_WITH_PASSWORD.search(word.text), TOKEN.search(word.text)
    if address is not None:
        start = word.text.index(":", address.start() + address[0].index("://") + 3) + 1
        yield from from_secret(
            context.build, step, command, word, start, address.end() - 1, "password"
        )
    elif token is not None:
        yield from from_secret(context.build, step, command, word, *token.span(), "token")


def _option_from_secret(
    step: Step, command: Command, value: str, context: Context
) -> Iterator[Proposal]:
    """The value of an option from a build secret; of ``user:password`` the password alone."""
    word = next((one for one in command.words if one.value and one.value.endswith(value)), None)
    start = -1 if word is None else word.text.find(value)
    if word is None or start < 0:
        return
    end = start + len(value)
    if command.name == "curl":
        start = word.text.index(":", start) + 1
    yield from from_secret(context.build, step, command, word, start, end, "password")


def _value_of(values: list[str], options: tuple[str, ...]) -> str:
    for number, value in enumerate(values):
        name, equals, rest = value.partition("=")
        if name in options:
            if equals:
                return rest
            return values[number + 1] if number + 1 < len(values) else ""
    return ""


_SECRET_FILES = pattern(
    r"(?:\.env(?:\.(?!example|sample|template|dist)[\w.-]+)?|id_(?:rsa|dsa|ecdsa|ed25519)|.+\.(?:pem|key|p12|pfx|jks|keystore|ovpn)"
    r"|\.npmrc|\.pypirc|\.netrc|\.git-credentials|\.dockercfg|kubeconfig|credentials\.json"
    r"|\.htpasswd|terraform\.tfstate)\Z"
)
_SECRET_DIRECTORIES = ("/.aws/", "/.kube/", "/.ssh/", "/.gnupg/", "/.docker/")
_PUBLIC = pattern(r"(?:pub|public|cert|certificate|chain|ca)(?:[._-]|\Z)", re.IGNORECASE)

_PUBLIC_KEY = pattern(r"(?:\A|[._-])(?:pub|public)(?:[._-]|\Z)", re.IGNORECASE)


@lru_cache(maxsize=512)  # three rules ask of each path
def _is_secret_file(path: str) -> bool:
    name = posixpath.basename(path.rstrip("/"))
    if any(part in f"/{path}" for part in _SECRET_DIRECTORIES):
        return True
    if name.endswith(".key") and _PUBLIC_KEY.search(name):
        return False
    return bool(_SECRET_FILES.match(name)) and not (name.endswith(".pem") and _PUBLIC.search(name))


@step_rule(
    "secret-file-copied",
    instructions=("COPY", "ADD"),
    severity=Severity.HIGH,
    remedy="Name it in .dockerignore; give it at run time or by RUN --mount=type=secret.",
    aliases=("CIS-DI-0010", "docker-bench:4.10"),
)
def secret_file_copied(step: Step, context: Context) -> Hits:
    """Files with credentials must not get into an image.

    Reports COPY and ADD of files that by their names hold credentials (.env, private keys,
    .npmrc, .netrc, cloud and cluster configurations), and of directories of the build context that
    hold such a file which .dockerignore does not leave out.

    Why:

    Everybody who can pull the image reads them, also when a later step deletes them.

    Bad:

        # context: app.py .env
        FROM python:3.13
        COPY . /app
        USER 10001

    Good:

        # context: app.py .env
        # ignore: .env
        FROM python:3.13
        COPY . /app
        USER 10001
    """
    if not is_sent(step):
        return
    words = step.instruction.arguments[:-1]
    for word, value in zip(words, local_sources(step), strict=False):
        if not value.known:
            continue
        path = posixpath.normpath(value.text.lstrip("/") or ".")
        if _is_secret_file(path) and not any(mark in path for mark in "*?["):
            yield Hit(f"copies {path}", (word.start, word.end), severity=_severity(step, context))
            continue
        found = _in_context(path, context)
        if found:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            yield Hit(
                f"copies {found[0]}{more} with {value.text}",
                (word.start, word.end),
                severity=_severity(step, context),
                evidence=" ".join(found),
                fixes=tuple(keep_out(context.build, context, _is_secret_file)),
            )


def _in_context(path: str, context: Context) -> list[str]:
    """Files with credentials below a directory that are sent to the builder."""
    listing = context.files
    if listing is None or any(mark in path for mark in "*?["):
        return []
    prefix = "" if path == "." else f"{path}/"
    candidates = [
        name for name in listing.files
        if name.startswith(prefix) and not name.endswith("/") and _is_secret_file(name)
    ]  # fmt: skip
    if not candidates:
        return []
    ignored = parse_ignores(context.surroundings.ignore_file or "")
    return [name for name in candidates if not ignored.excludes(name)]
