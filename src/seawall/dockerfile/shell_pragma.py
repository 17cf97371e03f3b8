"""``# hadolint shell=powershell``: which shell a base image has, where no SHELL says so.

Above the first FROM it is about every stage, in a stage about what follows in it and in the
stages that build on it. A later SHELL counts instead.
"""

from functools import lru_cache

from seawall.core.lazy import pattern
from seawall.dockerfile.stages import Stage, Step
from seawall.text.dockerfile.tree import Comment, Dockerfile

MARK = b"hadolint"
_SHELL = pattern(r"[ \t]*hadolint[ \t]+shell[ \t]*=[ \t]*([^ \t]+)[ \t]*(?:#.*)?")


def shell_of(comment: str) -> str:
    """The shell that the text of a comment names, empty where it names none."""
    found = _SHELL.fullmatch(comment)
    return found[1] if found else ""


def outer_comments(file: Dockerfile) -> list[Comment]:
    """The comments between instructions, without those inside a continued one."""
    inner = {one.start for each in file.instructions for one in each.inner_comments}
    return [comment for comment in all_comments(file) if comment.start not in inner]


def all_comments(file: Dockerfile) -> list[Comment]:
    """Every comment, its text from behind the mark on, also where BuildKit has it otherwise."""
    return [
        comment._replace(text=file.text(comment.start + 1, comment.end).strip())
        for comment in file.comments
    ]


@lru_cache(maxsize=4)
def _pragmas(file: Dockerfile) -> list[tuple[int, str]]:
    """The lines of the pragmas of a file, and the shells they name."""
    if MARK not in file.data:
        return []
    comments = outer_comments(file)
    return [(one.line, shell) for one in comments if (shell := shell_of(one.text))]


def shell_by_pragma(step: Step) -> str:
    """The shell that a pragma names for a step, empty where none does or a later SHELL counts."""
    file = step.stage.file
    pragmas = _pragmas(file)
    if not pragmas:
        return ""
    limit = step.instruction.line
    for stage in step.stage.chain():
        first = stage.instruction.line
        found = [item for item in pragmas if first < item[0] < min(limit, _end(stage))]
        shells = [
            one.instruction.line
            for one in stage.steps
            if one.name == "SHELL" and not one.triggered and one.instruction.line < limit
        ]
        line, shell = found[-1] if found else (0, "")
        if shells and shells[-1] > line:
            return ""
        if shell:
            return shell
        limit = _end(stage.base) if stage.base is not None else 0
    top = file.instructions[0].line
    return next((shell for line, shell in reversed(pragmas) if line < top), "")


def _end(stage: Stage) -> int:
    """The line behind the last instruction of a stage."""
    last = stage.instructions[-1] if stage.instructions else stage.instruction
    return last.end_line + 1
