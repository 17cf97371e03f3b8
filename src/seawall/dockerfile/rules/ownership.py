"""Rules about whom the program's files belong to."""

import posixpath
import re
from collections.abc import Iterator

from seawall.core.edit import Proposal, Safety
from seawall.core.lazy import pattern
from seawall.core.rule import Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.rule import Context, file_rule
from seawall.dockerfile.rules.users import is_root, last_user
from seawall.dockerfile.stages import Build, Stage, Step
from seawall.text.shell.script import Command

_DATA = pattern(
    r"(?:/(?:data|tmp|run|logs?|cache|uploads?|storage|media|state|spool|volumes?|conf|config|etc"
    r"|var|home/[\w.-]+)(?:/|\Z)|/\.)"
)
"""Directories that a program may have to write to."""
_READ_ONLY = pattern(r"0?[1-7]?(?:[0145][0145]{2})\Z|a-w\Z|a=r?x?X?\Z")


@file_rule(
    "app-files-writable-by-runtime-user",
    severity=Severity.LOW,
    remedy="Leave the program's files to root, readable for all; give the user its data only.",
    aliases=(
        "kics:chown_flag_exists",
        "kics:aa93e17f-b6db-4162-9334-c70334e7ac28",
    ),
)
def app_files_writable_by_runtime_user(build: Build, context: Context) -> Hits:
    """The user that a program runs as should not be able to change the program.

    Reports COPY and ADD into the final image with ``--chown`` of the user that it runs as, and
    ``chown -R`` of what was copied, where no later step works as that user.

    Why:

    Whoever breaks into the program can then rewrite it, and stays in the container for as long as
    it runs. Programs need to read their own files, not more.

    Bad:

        FROM python:3.13
        COPY --chown=10001 app /srv/app
        USER 10001

    Good:

        FROM python:3.13
        COPY app /srv/app
        USER 10001

    Not reported:
    Images that run as root. Directories for data, caches, logs and configuration, volumes and
    homes. Copies with a ``--chmod`` that lets nobody write. Users who in a later RUN have to write:
    ``npm ci``, a build.
    """
    stage = build.final
    last = None if stage is None else last_user(stage)
    if stage is None or last is None:
        return
    value = last[0]
    user = value.text.partition(":")[0]
    if not value.known or not user or is_root(user) or _works_as(stage, user):
        return
    copied: list[str] = []
    volumes = [path.rstrip("/") for path in stage.config.volumes][:_MANY]
    for step in stage.chain_steps():
        if step.name in ("COPY", "ADD"):
            target = _target(step)
            if target and not _is_data(target, volumes):
                copied += [target] if len(copied) < _MANY else []
                yield from _copied(step, user)
        elif step.name == "RUN" and copied:
            yield from _given(step, user, copied)


def _works_as(stage: Stage, user: str) -> bool:
    """Whether a RUN is carried out as a user, who then may have to write."""
    return any(
        step.name == "RUN" and step.user.text.partition(":")[0] == user
        for step in stage.chain_steps()
    )


def _target(step: Step) -> str:
    if not step.arguments or not step.arguments[-1].known:
        return ""
    return posixpath.normpath(posixpath.join(step.workdir.text or "/", step.arguments[-1].text))


_MANY = 100
"""Copies and volumes that are remembered; more are no build that somebody wrote."""


def _is_data(path: str, volumes: list[str]) -> bool:
    if _DATA.search(path):
        return True
    return any(path == one or path.startswith(f"{one}/") for one in volumes)


def _copied(step: Step, user: str) -> Iterator[Hit]:
    flag = step.instruction.flag("chown")
    owner = step.flags.get("chown")
    if flag is None or owner is None or owner.text.partition(":")[0] != user:
        return
    mode = step.flags.get("chmod")
    if mode is not None and _READ_ONLY.match(mode.text):
        return
    yield Hit(
        f"{user}, as whom the image runs, may change what is copied",
        edits.place(flag),
        confidence=Confidence.HIGH if owner.known else Confidence.MEDIUM,
        container=step.stage.label,
        evidence=" ".join(step.instruction.source.text.split()),
        fixes=(
            Proposal(
                "Leave the files to root",
                (edits.cut_flag(step.stage.file, flag),),
                Safety.UNSAFE,
                "the program can no longer change these files, nor read those that only their "
                "owner may read",
            ),
        ),
    )


def _given(step: Step, user: str, copied: list[str]) -> Iterator[Hit]:
    for script in step.scripts:
        for command in script.named("chown"):
            if _owner(command) == user and command.option("-R", "--recursive") is not None:
                for word in command.operands[1:]:
                    path = posixpath.normpath(
                        posixpath.join(step.workdir.text or "/", word.value or "$")
                    )
                    if any(one == path or one.startswith(f"{path}/") for one in copied):
                        yield Hit(
                            f"gives {path} to {user}, as whom the image runs",
                            (command.start, command.end),
                            confidence=Confidence.MEDIUM,
                            container=step.stage.label,
                        )
                        break


def _owner(command: Command) -> str:
    operands = command.operands
    value = (operands[0].value or "") if operands else ""
    return re.split(r"[:.]", value, maxsplit=1)[0]
