"""Edits of the scripts in a Dockerfile that keep their author's way of writing.

That is: indentation, where ``&&`` stands, line ends and the escape character. Edits of
instructions as a whole are in ``instruction_edits``.

Every function gives the change, or ``None`` where the text cannot be edited surely: words that a
continuation cuts, scripts that were not read in full, a comment at the end of a line.
"""

import re
from collections.abc import Sequence

from seawall.core.edit import Change
from seawall.dockerfile.lines import indentation, line_end, line_start, next_line
from seawall.dockerfile.scripts import EXEC
from seawall.dockerfile.stages import Step
from seawall.text.dockerfile.tree import Dockerfile
from seawall.text.shell.script import Command, Script, ShellWord

_INDENT = " "
_NEVER_BACK = frozenset(("exit", "exec", "return"))
"""Commands behind which nothing is run."""


# Words ----------------------------------------------------------------------------------------


def replace_word(word: ShellWord, text: str) -> Change | None:
    """Write another word in the place of one that is not cut by a continuation nor quoted."""
    if not word.editable or word.text != word.value:
        return None
    return Change(word.start, word.end, text)


def insert_after(step: Step, script: Script, word: ShellWord, text: str) -> Change:
    """Put words behind a word of a command; in a JSON form they become strings."""
    if script.language == EXEC and _is_json_string(step, word):
        strings = "".join(f', "{one}"' for one in text.split())
        return Change(word.end, word.end, strings)
    return Change(word.end, word.end, f" {text}")


def insert_after_item(step: Step, script: Script, word: ShellWord, items: Sequence[str]) -> Change:
    """Put items of a list behind one: on lines of their own where that one has a line."""
    data = step.stage.file.data
    start = line_start(data, word.start)
    if data[start : word.start].strip(b" \t") or is_document(step, script):
        return insert_after(step, script, word, " ".join(items))
    lines = f" {step.stage.file.escape}{line_end(step.stage.file, word.start)}"
    indent = indentation(data, word.start)
    return Change(word.end, word.end, "".join(f"{lines}{indent}{item}" for item in items))


def _is_json_string(step: Step, word: ShellWord) -> bool:
    data = step.stage.file.data
    inside = data[word.start + 1 : word.end - 1].decode("utf-8", "surrogateescape")
    return data[word.start : word.start + 1] == b'"' and inside == word.value


def remove_word(step: Step, before: ShellWord, word: ShellWord) -> Change | None:
    """Take an argument away with the blanks between it and the word before it."""
    file = step.stage.file
    gap = file.data[before.end : word.start]
    if not word.editable or gap.strip(b" \t\r\n" + file.escape.encode()):
        return None  # a comment, or the comma of a JSON form
    return Change(before.end, word.end, "")


# Scripts --------------------------------------------------------------------------------------


def is_document(step: Step, script: Script) -> bool:
    """Whether a script is the body of a heredoc."""
    return any(
        heredoc.body_start <= script.start <= heredoc.body_end
        for heredoc in step.instruction.heredocs
    )


def top_commands(script: Script) -> list[Command]:
    """The commands of the script's own list, those in pipelines included."""
    return [command for command in script.commands if command.top_level]


def append_command(step: Step, script: Script, text: str) -> Change | None:
    """Put a command at the end of a RUN, to be run where what stands before it succeeds.

    It is written as the last command of the RUN is: ``&&`` before or behind the line's end, with
    the same blanks. A RUN of one command gets a continuation line. In a heredoc it becomes a line
    where the shell stops at errors; else it would hide that the last command failed.
    """
    if not _can_append(step, script):
        return None
    file = step.stage.file
    tops = top_commands(script)
    last = tops[-1]
    if is_document(step, script):
        at = script.start + len(file.data[script.start : script.end].rstrip())
        if not _stops_at_errors(step, script):
            return Change(at, at, f" && {text}") if last.end == at else None
        indent = indentation(file.data, last.start)
        return Change(at, at, f"{line_end(file, last.start)}{indent}{text}")
    return Change(script.end, script.end, _separator(step, script, tops) + text)


def _can_append(step: Step, script: Script) -> bool:
    tops = top_commands(script)
    if not _is_editable(step, script) or not tops:
        return False
    if tops[-1].background or any(command.name in _NEVER_BACK for command in tops):
        return False
    if any(comment.end == script.end for comment in script.comments):
        return False
    text = step.stage.file.data[script.start : script.end].rstrip()
    return not text.endswith((b";", b"&", b"|", step.stage.file.escape.encode()))


def drop_command(step: Step, script: Script, command: Command) -> Change | None:
    """Take a command away with the ``&&`` behind it; not where comments stand between."""
    tops = top_commands(script)
    if not _is_editable(step, script) or command not in tops or command.pipeline.length > 1:
        return None
    place = tops.index(command)
    if place + 1 == len(tops) or tops[place + 1].operator != "&&" or command.redirections:
        return None
    following = tops[place + 1]
    if not _separator_before(step.stage.file, command.end, following.start):
        return None
    return Change(command.start, following.start, "")


def _is_editable(step: Step, script: Script) -> bool:
    """Whether a script was read in full, in a form whose text may be added to."""
    if not script.is_shell or script.broken or step.instruction.is_json:
        return False
    return is_document(step, script) or not step.instruction.heredocs


_MAX_SEPARATORS = 20
"""Commands from the end on whose separators are looked at for an example."""


def _separator(step: Step, script: Script, tops: Sequence[Command]) -> str:
    """What to put between the last command and a new one."""
    file = step.stage.file
    starts = [command.start for command in tops if command.pipeline.place == 0][1:]
    for start in reversed(starts[-_MAX_SEPARATORS:]):
        found = _separator_before(file, script.start, start)
        if "\n" in found and ("&&" in found or _stops_at_errors(step, script)):
            return found
    indent = _continuation_indent(step) or _INDENT
    return f" {file.escape}{line_end(file, step.instruction.start)}{indent}&& "


def _separator_before(file: Dockerfile, low: int, at: int) -> str:
    """The ``&&`` or ``;`` before a command with the blanks and continuations around it."""
    blanks = b" \t\r\n" + file.escape.encode()
    text = file.data[low:at]
    bare = text.rstrip(blanks)
    operator = b"&&" if bare.endswith(b"&&") else b";" if bare.endswith(b";") else b""
    if not operator:
        return ""
    found = text[len(bare[: -len(operator)].rstrip(blanks)) :]
    pattern = rb"(?:[ \t]|%b[ \t]*\r?\n)*" % re.escape(file.escape.encode())
    whole = re.fullmatch(pattern + re.escape(operator) + pattern, found)
    return found.decode() if whole else ""


def _stops_at_errors(step: Step, script: Script) -> bool:
    """Whether the shell does so from the script's beginning, so that ``;`` is as good as ``&&``."""
    first = script.commands[0]
    data = step.stage.file.data
    line = data[script.start : next_line(data, script.start)].decode("utf-8", "surrogateescape")
    runner = line.split()[1:] if line.startswith("#!") else (step.shell or ())[1:]
    options = [*(first.values[:1] if first.name == "set" else ()), *runner]
    return any(
        value.startswith("-") and "e" in value and not value.startswith("--") for value in options
    )


def _continuation_indent(step: Step) -> str:
    """The blanks that begin the instruction's second line, if they are some."""
    data, instruction = step.stage.file.data, step.instruction
    second = next_line(data, instruction.start)
    return indentation(data, second) if second < instruction.end else ""


def prepend_command(step: Step, script: Script, text: str) -> Change | None:
    """Put a command before all others of a RUN, joined by ``&&``; in a heredoc as a line."""
    if not _is_editable(step, script) or not script.commands:
        return None
    if is_document(step, script):
        return insert_first_line(step, script, text)
    return Change(script.start, script.start, f"{text} && ")


def insert_first_line(step: Step, script: Script, text: str) -> Change | None:
    """Put a line at the top of a heredoc's body, behind ``#!``."""
    data = step.stage.file.data
    start = line_start(data, script.start)
    if data.startswith(b"#!", script.start):
        start = next_line(data, script.start)
    indent = indentation(data, start)
    return Change(start, start, f"{indent}{text}{line_end(step.stage.file, start)}")


def join(step: Step, script: Script, following: Step, other: Script) -> Change | None:
    """Make one RUN of two that stand directly below each other, joined by ``&&``."""
    if not _can_append(step, script) or not _is_editable(following, other):
        return None
    data = step.stage.file.data
    if data[step.instruction.end : following.instruction.start].strip():
        return None  # a comment
    if is_document(step, script) or is_document(following, other):
        return None
    indent = _continuation_indent(step) or _continuation_indent(following) or _INDENT
    lines = line_end(step.stage.file, step.instruction.start)
    text = f" {step.stage.file.escape}{lines}{indent}&& "
    return Change(script.end, other.start, text)
