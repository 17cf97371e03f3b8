"""What RUN, CMD, ENTRYPOINT and HEALTHCHECK run, as scripts of the shell that is in force."""

import re

from seawall.core.lazy import pattern
from seawall.dockerfile.shell_pragma import shell_by_pragma
from seawall.dockerfile.stages import Step
from seawall.text.dockerfile.golang import SPACES
from seawall.text.dockerfile.heredocs import announced, heredoc
from seawall.text.dockerfile.tree import Heredoc, Line, Word
from seawall.text.shell import runners
from seawall.text.shell.parser import Document, parse
from seawall.text.shell.script import Command, Origin, Pipeline, Script, ShellWord

EXEC = "exec"
"""The language of a JSON form: one command and no shell."""

_WINDOWS_IMAGE = pattern(r"(?:^|[/:-])(?:windows|nanoserver|servercore|windowsservercore)")
_SHEBANG = pattern(rb"#![ \t]*([^\s]+)(?:[ \t]+([^\r\n]*))?")


def read(step: Step) -> tuple[Script, ...]:
    """The scripts of a step: none, one, or for a JSON form the command and what it runs."""
    instruction = step.instruction
    words = list(instruction.arguments)
    if instruction.name == "HEALTHCHECK":
        words = words[1:]
    elif instruction.name not in {"RUN", "CMD", "ENTRYPOINT"}:
        return ()
    if not words:
        return ()
    if instruction.is_json:
        return (_exec(step, words),)
    language = shell_language(step)
    if instruction.heredocs and instruction.name == "RUN":
        return (_with_heredocs(step, words[0], language),)
    origin, _ = _rest(instruction.source, words[0])
    return (parse(origin, language),)


def shell_language(step: Step) -> str:
    """The language of a shell form: of SHELL, else ``sh``, or ``cmd`` on Windows.

    ``# hadolint shell=`` may name another.
    """
    pragma = shell_by_pragma(step)
    if pragma:
        return interpreter((pragma,))
    if step.shell:
        return interpreter(step.shell)
    return "cmd" if is_windows(step) else "sh"


def interpreter(words: tuple[str, ...]) -> str:
    """The language of the program that a list of words starts, past ``env``."""
    names = [word for word in words if not word.startswith("-") and "=" not in word]
    language = runners.language_of(names[0]) if names else ""
    if language in {"env", "busybox"} and len(names) > 1:
        return runners.language_of(names[1])
    return language


def is_windows(step: Step) -> bool:
    """Whether a stage is for Windows, as far as its platform and its image's name tell."""
    root = step.stage.root
    if root.platform is not None and root.platform.os == "windows":
        return True
    return root.image is not None and _WINDOWS_IMAGE.search(root.image.path) is not None


# Origins --------------------------------------------------------------------------------------


def _rest(source: Line, word: Word) -> tuple[Origin, int]:
    """The text of the last word of an instruction, and where it begins in the source's bytes."""
    whole = source.text.rstrip(SPACES).encode("utf-8", "surrogateescape")
    length = len(word.text.encode("utf-8", "surrogateescape"))
    origin = Origin(whole, source.starts, source.places)
    start = len(whole) - length
    return origin.cut([(start, len(whole))]), start


def _body(data: bytes, document: Heredoc) -> Origin:
    body = data[document.body_start : document.body_end]
    origin = Origin(body, (0,), (document.body_start,))
    if not document.strip_tabs or b"\t" not in body:
        return origin
    pieces: list[tuple[int, int]] = []
    at = 0
    for line in body.splitlines(keepends=True):
        pieces.append((at + len(line) - len(line.lstrip(b"\t")), at + len(line)))
        at += len(line)
    return origin.cut(pieces)


def _with_heredocs(step: Step, word: Word, language: str) -> Script:
    instruction = step.instruction
    data = step.stage.file.data
    if _is_only_heredoc(word.text):
        body = _body(data, instruction.heredocs[0])
        shebang = _SHEBANG.match(body.data)
        if shebang and not is_windows(step):
            parts = (shebang[1] + b" " + (shebang[2] or b"")).decode("utf-8", "surrogateescape")
            language = interpreter(tuple(parts.split()))
        return parse(body, language)
    origin, start = _rest(instruction.source, word)
    documents = []
    text = instruction.source.text
    for found, document in zip(announced(text), instruction.heredocs, strict=False):
        first = len(text[: found.start].encode("utf-8", "surrogateescape")) - start
        last = len(text[: found.end].encode("utf-8", "surrogateescape")) - start
        if first >= 0:
            documents.append(Document(first, last, document.name, _body(data, document)))
    return parse(origin, language, documents)


def _is_only_heredoc(text: str) -> bool:
    from seawall.text.dockerfile.expansion import ExpansionError  # noqa: PLC0415

    try:
        return heredoc(text) is not None
    except ExpansionError:
        return False


# JSON forms -----------------------------------------------------------------------------------


def _exec(step: Step, words: list[Word]) -> Script:
    script = Script(EXEC, words[0].start, words[-1].end)
    commands: list[Command] = []
    parent: Command | None = None
    at = 0
    while True:
        command = _command(step, words[at:], parent)
        commands.append(command)
        values: list[str | None] = [word.text for word in words[at + 1 :]]
        inner = runners.script_at(command.name, values)
        if inner is not None:
            found = parse(_string_origin(step, words[at + 1 + inner]), command.name)
            for one in found.commands:
                one.parent = one.parent or command
            commands += found.commands
            script.comments, script.broken = found.comments, found.broken
        following = runners.run_from(command.name, values)
        if following is None:
            break
        parent, at = command, at + 1 + following
    script.commands = tuple(commands)
    return script


def _command(step: Step, words: list[Word], parent: Command | None) -> Command:
    data = step.stage.file.data
    command = Command(
        tuple(
            ShellWord(
                word.text,
                word.text,
                word.start,
                word.end,
                data[word.start + 1 : word.end - 1] == word.text.encode("utf-8", "surrogateescape"),
            )
            for word in words
        )
    )
    command.assignments = ()
    command.redirections = ()
    command.operator = ""
    command.background = command.negated = command.condition = False
    command.inside = ()
    command.pipeline = Pipeline(0, 0, 1)
    command.parent = parent
    command.start, command.end = words[0].start, words[-1].end
    return command


_JSON_ESCAPE = pattern(rb"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)


def _string_origin(step: Step, word: Word) -> Origin:
    """A JSON string's value and where its characters are; of escapes, where they begin."""
    raw = step.stage.file.data[word.start + 1 : word.end - 1]
    value = word.text.encode("utf-8", "surrogateescape")
    if raw == value:
        return Origin(value, (0,), (word.start + 1,))
    starts, places = [0], [word.start + 1]
    length = at = 0
    for found in _JSON_ESCAPE.finditer(raw):
        length += found.start() - at
        width = _escaped_width(found[0])
        starts += [length, length + width]
        places += [word.start + 1 + found.start(), word.start + 1 + found.end()]
        length += width
        at = found.end()
    if length + len(raw) - at != len(value):
        return Origin(value, (0,), (word.start + 1,))  # a continuation, or half a surrogate pair
    return Origin(value, tuple(starts), tuple(places))


def _escaped_width(escape: bytes) -> int:
    if len(escape) == 2:
        return 1
    code = int(escape.removeprefix(b"\\u"), 16)
    if code < 0x80:
        return 1
    return 2 if code < 0x800 or 0xD800 <= code < 0xE000 else 3
