"""A directory of its own for what a builder copies."""

import posixpath
from collections.abc import Iterator

from seawall.core.edit import Proposal, Safety
from seawall.core.lazy import pattern
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.rule import Context
from seawall.dockerfile.stages import Stage, Step

_SOURCES = "/src"
_WILDCARD = pattern(r"[*?\[]")


def work_in_sources(step: Step, context: Context) -> Iterator[Proposal]:
    """Put ``WORKDIR /src`` before the first COPY to a relative path, in a builder.

    Only where nothing tells the directory that it was: what other stages take must be named by a
    command with its whole path (``go build -o /app``), or be copied there; and no command may name
    what is copied by a path from the root on.
    """
    stage = step.stage
    if context.is_in_final_image(stage) or any(
        stage is other.base for other in context.build.stages
    ):
        return
    before = [other for other in stage.steps if other.number < step.number]
    if any(_is_relative(other) for other in before) or not _are_named(stage, context):
        return
    if not _are_relative(stage, context):
        return
    keyword = edits.cased_like(step.instruction.keyword, "WORKDIR")
    change = edits.insert_before(stage.file, step.instruction, f"{keyword} {_SOURCES}")
    yield Proposal(
        f"Work in {_SOURCES}", (change,), Safety.UNSAFE,
        f"relative paths are below {_SOURCES}, no longer in the directory of the base image",
    )  # fmt: skip


def _is_relative(step: Step) -> bool:
    """Whether an earlier step puts something into the directory of the base image."""
    if step.name in {"COPY", "ADD"}:
        return not step.arguments[-1].text.startswith("/")
    return False


def _are_relative(stage: Stage, context: Context) -> bool:
    """Whether no command names a copied file from the root on, where it is no longer."""
    names: set[str] = set()
    for step in stage.steps:
        if step.name not in {"COPY", "ADD"} or not _is_relative(step):
            continue
        for value in step.arguments[:-1]:
            name = posixpath.basename(value.text.rstrip("/"))
            if value.known and "." in name.strip(".") and not _WILDCARD.search(name):
                names.add(name)
                continue
            listing = context.files
            if listing is None or not listing.complete or step.instruction.flag("from"):
                return False
            names.update(part for file in listing.files for part in file.split("/") if part)
    return not any(
        part.startswith("/") and names.intersection(part.split("/"))
        for step in stage.steps if step.name == "RUN"
        for script in step.scripts
        for command in script.commands
        for text in (command.words[0].text if command.words else "", *command.values)
        for part in (text, text.partition("=")[2])
    )  # fmt: skip


def _are_named(stage: Stage, context: Context) -> bool:
    """Whether each path that others take from a stage is named in it in full."""
    named = {
        value
        for step in stage.steps if step.name == "RUN"
        for script in step.scripts
        for command in script.commands
        for text in command.values
        for value in (text, text.partition("=")[2])
        if value.startswith("/")
    }  # fmt: skip
    named |= {step.arguments[-1].text for step in stage.steps if step.name in {"COPY", "ADD"}}
    for other in context.build.steps():
        if any(source is stage for source in other.mount_sources):
            return False
        if other.name != "COPY" or other.source is not stage:
            continue
        for value in other.arguments[:-1]:
            path = posixpath.normpath(f"/{value.text.lstrip('/')}")
            if not value.known or path not in named:
                return False
    return True
