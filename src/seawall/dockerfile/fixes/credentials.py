"""Takes credentials out of ENV, ARG and RUN: build secrets and values of run time take over.

No value enters anything that is written: edits hold names alone.
"""

import re
from collections.abc import Iterator

from seawall.core import lazy
from seawall.core.edit import Change, Proposal, Safety
from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.fixes.syntax import wanted_syntax
from seawall.dockerfile.package_leftovers import removed_paths
from seawall.dockerfile.stages import Build, Step
from seawall.text.shell.script import Command, Script, ShellWord

SECRET_VARIABLE = 10
"""``RUN --mount=type=secret,env=`` came with version 1.10 of the front end."""
_NAME = lazy.pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_NPM = frozenset(("npm", "npx", "yarn", "pnpm"))
"""Programs that replace ``${NAME}`` in .npmrc by the variable when they run (npm's config docs)."""
_KEEPERS = frozenset(("npm", "yarn", "pnpm", "pip", "pip3", "git", "composer", "bundle", "poetry"))
"""Programs whose ``config`` writes what it is given into a file."""
_OTHERS = lazy.pattern(r"[^A-Za-z0-9]+")
_RENEW = "with a new value: the old one is known to everybody who has read the file or the image"


def secret_id(name: str) -> str:
    """What a build secret is called that fills a variable: ``npm-token`` for NPM_TOKEN."""
    return _OTHERS.sub("-", name.lower()).strip("-")


def _is_free(build: Build, name: str, secret: str) -> bool:
    """Whether a RUN can mount a secret, and no mount uses the id for something else.

    BuildKit takes a stage of the name ``scratch`` for what every mount of a secret begins with.
    """
    if any(stage.name == "scratch" for stage in build.stages):
        return False
    return not any(
        mount.type == "secret" and mount.id == secret and mount.environment != name
        for step in build.steps() for mount in step.mounts
    )  # fmt: skip


def _mounted(step: Step, name: str) -> Change | None:
    """Give a RUN a variable from a build secret; ``None`` where it has that already."""
    if any(mount.environment == name for mount in step.mounts):
        return None
    end = step.instruction.keyword.end
    return Change(end, end, f" --mount=type=secret,id={secret_id(name)},env={name}")


# ENV and ARG ----------------------------------------------------------------------------------


class _Uses(NamedTuple):
    """The RUNs behind a setting: those that name its variable, and all."""

    naming: list[Step]
    all: list[Step]


def _uses(build: Build, setting: Step, name: str) -> _Uses | None:
    """Who uses a variable; ``None`` where it is not sure, or goes into something else."""
    uses = _Uses([], [])
    pattern = re.compile(
        rb"(?<![A-Za-z0-9_])%b(?![A-Za-z0-9_])" % name.encode("utf-8", "surrogateescape")
    )
    for stage in build.stages:
        if not any(other is setting.stage for other in stage.chain()):
            continue
        for step in stage.steps:
            if step.stage is setting.stage and step.number <= setting.number:
                continue
            instruction = step.instruction
            end = max([instruction.end, *(one.body_end for one in instruction.heredocs)])
            is_named = pattern.search(step.stage.file.data, instruction.start, end) is not None
            if step.name == "RUN" and not step.triggered:
                uses.all.append(step)
                if is_named:
                    uses.naming.append(step)
            elif is_named and step.name not in {"CMD", "ENTRYPOINT", "HEALTHCHECK"}:
                return None
    return uses


def without_variable(build: Build, step: Step, number: int) -> Iterator[Proposal]:
    """Take a credential out of ENV: RUNs that name it get it as a build secret, the rest later.

    ``number`` is the place of its pair. Nothing is proposed where other instructions name it.
    """
    pair, name = step.instruction.pairs[number], step.instruction.pairs[number].key.text
    uses = _uses(build, step, name) if _NAME.fullmatch(name) else None
    if uses is None or not _is_free(build, name, secret_id(name)):
        return
    removed = edits.remove_pair(
        step.stage.file, step.instruction, pair, f"# {name} is given at run time."
    )
    given = _given(build, uses.naming, name)
    if removed is None or given is None:
        return
    note = f"give {name} when the container runs (docker run --env-file, a Secret of the cluster), {_RENEW}"  # noqa: E501
    if given:
        note = f"docker build --secret id={secret_id(name)},env={name} and {note}"
    yield Proposal(
        f"Take {name} out of the image", (removed, *given), Safety.UNSAFE,
        f"the program has no {name} unless it is given one at run time", note=note,
    )  # fmt: skip


def without_argument(build: Build, step: Step, number: int) -> Iterator[Proposal]:
    """Make a build secret of a build argument: for the RUNs that name it, else for all behind."""
    pair, name = step.instruction.pairs[number], step.instruction.pairs[number].key.text
    uses = _uses(build, step, name) if _NAME.fullmatch(name) else None
    if uses is None or not uses.all or not _is_free(build, name, secret_id(name)):
        return
    removed = edits.remove_pair(step.stage.file, step.instruction, pair)
    given = _given(build, uses.naming or _readers(uses.all), name)
    if removed is None or not given:
        return
    yield Proposal(
        f"Give {name} as a build secret", (removed, *given), Safety.UNSAFE,
        f"the build gets {name} by --secret, no longer by --build-arg; other steps do not see it",
        note=f"docker build --secret id={secret_id(name)},env={name}, {_RENEW}",
    )  # fmt: skip


_NO_READERS = frozenset(
    "addgroup adduser apk apt apt-get cd chmod chown cp dnf echo groupadd install ln microdnf "
    "mkdir mv rm set true update-ca-certificates useradd usermod yum zypper".split()
)
"""Commands that read no variable but those of their own."""


def _readers(steps: list[Step]) -> list[Step]:
    """The RUNs that may read a variable nobody names; all where none does."""
    found = [
        step
        for step in steps
        if any(
            command.name not in _NO_READERS
            for script in step.scripts
            for command in script.commands
        )
    ]
    return found or steps


def _given(build: Build, steps: list[Step], name: str) -> tuple[Change, ...] | None:
    """Give RUNs a variable from a build secret; ``None`` where it would end up in a layer."""
    changes: list[Change] = []
    needing: list[Step] = []
    for step in steps:
        written = _written(step, name)
        if written is None:
            needing.append(step)
            continue
        later = [other for other in step.stage.steps if other.number >= step.number]
        readers = [other for other in later if _calls_npm(other)]
        if not written or not readers:
            return None
        changes += written
        needing += readers
    for step in dict.fromkeys(needing):
        change = _mounted(step, name)
        if change is not None:
            changes.append(change)
    syntax = wanted_syntax(build.file, SECRET_VARIABLE) if needing else ()
    return None if syntax is None else (*syntax, *changes)


def _calls_npm(step: Step) -> bool:
    return step.name == "RUN" and any(
        command.name in _NPM for script in step.scripts for command in script.commands
    )


def _written(step: Step, name: str) -> tuple[Change, ...] | None:
    """What keeps a value out of the files that a RUN writes; ``None`` where it writes none of it.

    It is empty where nothing does: the value would be in a layer, build secret or not. In .npmrc
    the variable itself may stand, so that its word gets single quotes.
    """
    found: list[Change] = []
    keeps = False
    for script in step.scripts:
        for command in script.commands:
            if not any(name in word.text for word in command.words):
                continue
            target = _target(command, script)
            behind = script.after(command)
            if target is None or any(target in removed_paths(other, step) for other in behind):
                continue
            keeps = True
            words = [word for word in command.arguments if name in word.text]
            quoted = [_as_written(word, name) for word in words]
            if not target.endswith(".npmrc") or command.name not in {"echo", "printf"}:
                return ()
            if not quoted or any(change is None for change in quoted):
                return ()
            found += [change for change in quoted if change is not None]
    return tuple(found) if keeps else None


def _target(command: Command, script: Script) -> str | None:
    """The file that a command writes what it is given into; empty for one that is not known."""
    for redirection in command.redirections:
        if redirection.operator.startswith(">") and redirection.target is not None:
            value = redirection.target.value
            if value not in {"/dev/null", "/dev/stderr", "1", "2"}:
                return value or ""
    behind = [
        other for other in script.commands
        if other.pipeline.number == command.pipeline.number
        and other.pipeline.place > command.pipeline.place
    ]  # fmt: skip
    for other in behind:
        if other.name == "tee":
            return next((word.value or "" for word in other.operands), "")
    keeps = command.name in _KEEPERS and "config" in command.values[:1]
    return "" if keeps else None


_SPECIAL = lazy.pattern(r"[$`\\'\"!]")


def _as_written(word: ShellWord, name: str) -> Change | None:
    """A word in double quotes that holds ``${NAME}``, in single quotes, so that it stays."""
    if not word.editable or len(word.text) < 2 or word.text[0] + word.text[-1] != '""':
        return None
    inner = re.sub(rf"\$(?:\{{{name}\}}|{name}(?![A-Za-z0-9_]))", "\0", word.text[1:-1])
    if _SPECIAL.search(inner):
        return None
    return Change(word.start, word.end, "'" + inner.replace("\0", f"${{{name}}}") + "'")


# RUN ------------------------------------------------------------------------------------------

_PLAIN = lazy.pattern(r"[^\s$`\\'\"!]+")


def from_secret(
    build: Build, step: Step, command: Command, word: ShellWord, start: int, end: int, noun: str
) -> Iterator[Proposal]:
    """Put a variable from a build secret in the place of a part of a word.

    The part is that of the word's text, from ``start`` to ``end``. Only for words that a POSIX
    shell reads as they stand, without quotes or in double ones.
    """
    script = next((one for one in step.scripts if command in one.commands), None)
    if script is None or not script.is_shell or script.broken or step.instruction.is_json:
        return
    if command.parent is not None or not word.editable or step.instruction.heredocs:
        return
    text = word.text
    quoted = len(text) > 1 and text[0] + text[-1] == '""'
    inner = text[1:-1] if quoted else text
    if not _PLAIN.fullmatch(inner.replace(" ", "") if quoted else inner):
        return
    if _target(command, script) is not None:
        return
    name = _OTHERS.sub("_", f"{command.name}_{noun}".upper()).strip("_")
    taken = step.environment.value(name) is not None
    if taken or not _NAME.fullmatch(name) or not _is_free(build, name, secret_id(name)):
        return
    changed = text[:start] + f"${{{name}}}" + text[end:]
    mount, syntax = _mounted(step, name), wanted_syntax(build.file, SECRET_VARIABLE)
    if mount is None or syntax is None:
        return
    yield Proposal(
        f"Take the {noun} from the build secret {secret_id(name)}",
        (*syntax, mount, Change(word.start, word.end, changed if quoted else f'"{changed}"')),
        Safety.UNSAFE,
        f"without the secret the {noun} is empty; what {command.name} itself writes into "
        "files stays in the layer",
        note=f"docker build --secret id={secret_id(name)},env={name}, {_RENEW}",
    )
