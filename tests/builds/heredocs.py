"""Dockerfiles without heredocs, for engines that came before them.

BuildKit runs the body of ``RUN <<EOF`` by the shell of the stage, as it does a line of text (see
dispatchRun in its dockerfile2llb), and what ``COPY <<EOF`` names is a file like others. So the one
is written as a JSON list, and the other as a file of the context.
"""

import json
from pathlib import Path

from seawall.text.dockerfile.parser import parse
from seawall.text.dockerfile.tree import Dockerfile, Heredoc, Instruction

CONTEXT = "heredocs"
"""The build context of which files are copied."""


def lowered(data: bytes, directory: Path) -> bytes:
    """The text of a Dockerfile without heredocs, whose files are written to a directory.

    Raises ValueError for forms that are not known here.
    """
    file = parse(data)
    parts = []
    at = 0
    shell = ["/bin/sh", "-c"]
    for number, instruction in enumerate(file.instructions):
        if instruction.name == "FROM":
            shell = ["/bin/sh", "-c"]
        elif instruction.name == "SHELL":
            shell = [word.text for word in instruction.arguments]
        if instruction.heredocs:
            parts.append(data[at : instruction.start])
            parts.append(_one(file, instruction, shell, directory / str(number)))
            at = instruction.heredocs[-1].terminator_end
    return b"".join((*parts, data[at:]))


def _one(file: Dockerfile, instruction: Instruction, shell: list[str], directory: Path) -> bytes:
    if instruction.name == "RUN" and not instruction.flags:
        return b"RUN " + json.dumps([*shell, _script(file, instruction)]).encode()
    if instruction.name in ("COPY", "ADD"):
        return _copied(file, instruction, directory)
    raise ValueError(f"line {instruction.line}: this form of {instruction.name} is not known here")


def _script(file: Dockerfile, instruction: Instruction) -> str:
    """What the shell is given: the body, or the command with all bodies behind it."""
    rest = instruction.rest.text
    first = instruction.heredocs[0]
    alone = file.data[first.start : first.end].decode() == rest.strip()
    if alone and _body(file, first).startswith("#!"):
        raise ValueError(f"line {instruction.line}: a script with its own interpreter")
    if alone:
        return _body(file, first)
    return rest + "".join(
        f"\n{_body(file, heredoc)}{heredoc.name}" for heredoc in instruction.heredocs
    )


def _body(file: Dockerfile, heredoc: Heredoc) -> str:
    text = file.data[heredoc.body_start : heredoc.body_end].decode()
    if heredoc.strip_tabs:
        return "".join(line.lstrip("\t") for line in text.splitlines(keepends=True))
    return text


def _copied(file: Dockerfile, instruction: Instruction, directory: Path) -> bytes:
    *sources, destination = instruction.arguments
    bodies = {heredoc.start: heredoc for heredoc in instruction.heredocs}
    directory.mkdir(parents=True)
    names = []
    for word in sources:
        heredoc = bodies.get(word.start)
        if heredoc is None or instruction.flag("from"):
            raise ValueError(f"line {instruction.line}: heredocs beside other files")
        body = _body(file, heredoc)
        if heredoc.expand and "$" in body:
            raise ValueError(f"line {instruction.line}: variables in a file")
        (directory / heredoc.name).write_text(body)
        names.append(f"/{directory.name}/{heredoc.name}")
    flags = [f"--from={CONTEXT}", *(flag.text for flag in instruction.flags)]
    return " ".join(["COPY", *flags, *names, destination.text]).encode()
