"""Edits of whole instructions, their keywords and their words, in the idiom of the file."""

from collections.abc import Iterator
from functools import lru_cache

from seawall.core.edit import Change
from seawall.core.lazy import pattern
from seawall.dockerfile.lines import line_end, line_start, next_line
from seawall.text.dockerfile.expansion import Expansion, ExpansionError, expand
from seawall.text.dockerfile.parser import parse
from seawall.text.dockerfile.tree import Dockerfile, Flag, Instruction, Pair, Word

Place = tuple[int, int]
"""A byte range of the file; the end is exclusive."""


def place(part: Word | Flag | Instruction) -> Place:
    """The bytes of a part of an instruction."""
    return part.start, part.end


def is_contiguous(file: Dockerfile, word: Word) -> bool:
    """Whether a word's bytes are its text: no continuation, comment or JSON escape within."""
    return file.data[word.start : word.end] == word.text.encode("utf-8", "surrogateescape")


def content(file: Dockerfile, word: Word) -> Place | None:
    """Where the text of a word stands, JSON's quotes left out; ``None`` where it is in pieces."""
    for start, end in ((word.start, word.end), (word.start + 1, word.end - 1)):
        if file.data[start:end] == word.text.encode("utf-8", "surrogateescape"):
            return start, end
    return None


def replace(part: Word | Flag, text: str) -> Change:
    """Put a text in the place of a word."""
    return Change(part.start, part.end, text)


def delete_lines(file: Dockerfile, instruction: Instruction) -> Change:
    """Delete an instruction with its lines; comments above it stay."""
    data = file.data
    start = line_start(data, instruction.start)
    if start == 0 and data.startswith(b"\xef\xbb\xbf"):
        start = 3
    return Change(start, next_line(data, instruction.end), "")


def remove_pair(
    file: Dockerfile, instruction: Instruction, pair: Pair, instead: str = ""
) -> Change | None:
    """Take a key and its value out of ENV, ARG or LABEL.

    The only one goes with its instruction; ``instead`` is a line for the place of that. ``None``
    where comments stand between.
    """
    place = instruction.pairs.index(pair)
    if len(instruction.pairs) == 1:
        if instruction.inner_comments or instruction.heredocs:
            return None
        if instead:
            return Change(instruction.start, instruction.end, instead)
        return delete_lines(file, instruction)
    if place + 1 < len(instruction.pairs):
        start, end = pair.key.start, instruction.pairs[place + 1].key.start
        gap = file.data[(pair.value or pair.key).end : end]
    else:
        before = instruction.pairs[place - 1]
        start, end = (before.value or before.key).end, (pair.value or pair.key).end
        gap = file.data[start : pair.key.start]
    if gap.strip(b" \t\r\n" + file.escape.encode()):
        return None
    return Change(start, end, "")


def insert_before(file: Dockerfile, instruction: Instruction, text: str) -> Change:
    """Put an instruction above another one, below the comments above that."""
    start = line_start(file.data, instruction.start)
    indent = file.data[start : instruction.start].decode("utf-8", "surrogateescape")
    return Change(start, start, f"{indent}{text}{line_end(file, instruction.start)}")


def cut_flag(file: Dockerfile, flag: Flag) -> Change:
    """Delete a flag with the blanks before it."""
    start = flag.start
    while file.data[start - 1 : start] in {b" ", b"\t"}:
        start -= 1
    return Change(start, flag.end, "")


def cased_like(model: Word, text: str) -> str:
    """A keyword in the letter case of another: ``run`` beside ``copy``."""
    return text.lower() if model.text.islower() else text.upper()


def variable(file: Dockerfile, instruction: Instruction, name: str) -> Place:
    """Where an instruction uses a variable first: ``$NAME`` or ``${NAME``; else its keyword."""
    return _variables(file, instruction).get(name) or place(instruction.keyword)


_VARIABLE = pattern(rb"\$\{?([A-Za-z0-9_]+)")


@lru_cache(maxsize=4)  # each variable of an instruction is looked up
def _variables(file: Dockerfile, instruction: Instruction) -> dict[str, Place]:
    result: dict[str, Place] = {}
    for found in _VARIABLE.finditer(file.data, instruction.start, instruction.end):
        result.setdefault(found[1].decode(), found.span())
    return result


def json_string(text: str) -> str | None:
    """A text as a JSON string; ``None`` where it holds what should not stand in one line."""
    if not text.isprintable():
        return None
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def json_list(texts: list[str]) -> str | None:
    """Texts as a JSON list of strings."""
    strings = [json_string(text) for text in texts]
    if not strings or any(string is None for string in strings):
        return None
    return f"[{', '.join(string for string in strings if string is not None)}]"


# Keys and values ------------------------------------------------------------------------------


_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]*")


def _expanded(text: str, escape: str) -> Expansion | None:
    """A text in which each variable has a value that shows where it went."""
    values = {name: f"<{name}>" for name in _NAME.findall(text)}
    try:
        return expand(text, values, escape)
    except ExpansionError:
        return None


def assignment(file: Dockerfile, instruction: Instruction, pair: Pair) -> str | None:
    """A pair of the form ``ENV key value`` as ``key=value`` with the same meaning.

    The result is proven: read again it gives the same key and, whatever its variables hold, the
    same value. ``None`` where no way of quoting does.
    """
    if pair.value is None:
        return None
    key, value = pair.key.text, pair.value.text
    wanted = _expanded(value, file.escape)
    if wanted is None:
        return None
    escaped = value.replace(file.escape, file.escape * 2).replace('"', f'{file.escape}"')
    for candidate in (value, f'"{value}"', f'"{escaped}"', f"'{value}'"):
        text = f"{key}={candidate}"
        if _reads_as(file, instruction.name, text, key, wanted):
            return text
    return None


def _reads_as(file: Dockerfile, name: str, text: str, key: str, wanted: Expansion) -> bool:
    if "\n" in text or "\r" in text:
        return False
    head = f"# escape={file.escape}\nFROM scratch\n{name} "
    read = parse((head + text + "\n").encode("utf-8", "surrogateescape"))
    if read.problems or len(read.instructions) != 2 or len(read.instructions[1].pairs) != 1:
        return False
    found = read.instructions[1].pairs[0]
    if found.legacy or found.value is None or found.key.text != key:
        return False
    value = _expanded(found.value.text, file.escape)
    return value is not None and (value.text, value.matched) == (wanted.text, wanted.matched)


def label(file: Dockerfile, key: str, value: str) -> str | None:
    """``key="value"`` for LABEL, where the value means itself; ``None`` where it cannot."""
    if not value.isprintable():
        return None
    escape = file.escape
    text = value
    for mark in (escape, '"', "$"):
        text = text.replace(mark, escape + mark)
    result = f'{key}="{text}"'
    wanted = Expansion(value, (), (), (), ())
    return result if _reads_as(file, "LABEL", result, key, wanted) else None


def stage_words(instructions: Iterator[Instruction], name: str) -> Iterator[Place]:
    """Where ``COPY --from`` and mounts name a stage, in any case of letters."""
    wanted = name.lower().encode("utf-8", "surrogateescape")
    for instruction in instructions:
        for flag in instruction.flags:
            yield from _name_in(instruction, flag, wanted)


def _name_in(instruction: Instruction, flag: Flag, wanted: bytes) -> Iterator[Place]:
    value = (flag.value or "").encode("utf-8", "surrogateescape")
    if flag.end - flag.value_start != len(value):
        return  # quoted, or in pieces
    if instruction.name == "COPY" and flag.name == "from" and value.lower() == wanted:
        yield flag.value_start, flag.end
    if instruction.name == "RUN" and flag.name == "mount" and b'"' not in value:
        at = flag.value_start
        for field in value.split(b","):
            key, mark, text = field.partition(b"=")
            if mark and key.lower() == b"from" and text.lower() == wanted:
                yield at + len(key) + 1, at + len(field)
            at += len(field) + 1
