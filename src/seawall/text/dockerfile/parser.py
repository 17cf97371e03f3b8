"""Bytes to a Dockerfile: lines, continuations, comments, heredocs.

A counterpart of BuildKit's line parser (``frontend/dockerfile/parser``) that keeps every place and
goes on where BuildKit stops. The file is read as Latin-1, a character for each byte, so that
offsets are bytes; the texts of instructions are then decoded as UTF-8.
"""

from array import array

from seawall.core.lazy import pattern
from seawall.text.dockerfile import arguments
from seawall.text.dockerfile.checks import INSTRUCTIONS, check
from seawall.text.dockerfile.directives import Directives, value_of
from seawall.text.dockerfile.expansion import ExpansionError
from seawall.text.dockerfile.golang import LEADING_SPACE, SPACES
from seawall.text.dockerfile.heredocs import Announcement, announced
from seawall.text.dockerfile.tree import (
    NO_STAGE,
    Comment,
    Dockerfile,
    Heredoc,
    Instruction,
    Line,
    Problem,
    Word,
)

MAX_LINE = 65_536
"""Bytes of a line without its end that BuildKit no longer reads."""
MAX_TRIGGERS = 10_000
"""ONBUILD inside ONBUILD that is looked into; BuildKit refuses the second already."""

MAX_INSTRUCTION = 250_000
"""Characters of an instruction, heredocs apart, that is taken apart; ``rest`` holds a longer one.
BuildKit has no such limit, so nothing says that it refuses such a file."""

_BLANK_LINES = pattern(r"(?:[\t\v\f\r ]{0,99}\n)*+")
_KEYWORD = pattern(r"([^\t\v\f\r ]*+)[\t\v\f\r ]*+")


def parse(data: bytes) -> Dockerfile:
    """Read a Dockerfile. Never raises, whatever the bytes are."""
    return _Parser(data).parse()


class _Parser:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._raw = data.decode("latin-1")
        self._at = 0
        self._line = 0
        self._directives = Directives()
        self._comments: list[Comment] = []
        self._pending: list[Comment] = []
        self._instructions: list[Instruction] = []
        self._problems: list[Problem] = []
        self._too_long = False

    def parse(self) -> Dockerfile:
        raw = self._raw
        while (bounds := self._next_line()) is not None:
            start, end = bounds
            if self._line == 1 and raw.startswith("\xef\xbb\xbf", start):
                start += 3
            first = _leading(raw, start, end)
            if first < end and raw[first] == "#":
                self._comment(start, first, end)
                continue
            if not self._directives.done:
                self._directives.read(raw[first:end], self._line, first)
            if first < end:
                self._instruction(first, end)
            else:
                self._skip_blank_lines()
        return self._finish()

    # Lines ------------------------------------------------------------------------------------

    def _next_line(self) -> tuple[int, int] | None:
        """Start and end of the next line's text, CR and LF left out."""
        start = self._at
        raw = self._raw
        if start >= len(raw) or self._too_long:
            return None
        end = raw.find("\n", start)
        if end < 0:
            end = len(raw)
            self._at = end
        else:
            self._at = end + 1
        if end - start >= MAX_LINE:
            self._at = start
            self._too_long = True
            return None
        self._line += 1
        while end > start and raw[end - 1] == "\r":
            end -= 1
        return start, end

    def _skip_blank_lines(self) -> None:
        found = _BLANK_LINES.match(self._raw, self._at)
        if found is not None and found.end() > self._at:
            self._line += self._raw.count("\n", self._at, found.end())
            self._at = found.end()

    def _comment(self, start: int, first: int, end: int) -> None:
        text = self._raw[first:end]
        if not self._directives.done:
            known = len(self._directives.found)
            reason = self._directives.read(text, self._line, first)
            if reason is not None:
                self._refuse("parse", reason, self._line, first, end)
            if reason is not None or len(self._directives.found) > known:
                return
        # BuildKit cuts off the first byte of the line, not the mark.
        comment = Comment(_decode(self._raw[start + 1 : end]).strip(SPACES), self._line, first, end)
        self._comments.append(comment)
        if comment.text:
            self._pending.append(comment)
        else:
            self._pending.clear()

    # Instructions -----------------------------------------------------------------------------

    def _instruction(self, first: int, end: int) -> None:
        line = self._line
        cut = self._continuation(first, end)
        inside: list[Comment] = []
        blank: list[tuple[int, int]] = []
        if cut < 0:
            source = Line(self._raw[first:end], (0,), (first,), None)
            if not source.text.isascii():
                source = _source(self._raw, array("Q", (first,)), array("Q", (end,)))
        else:
            # Two numbers for each line: as tuples they would take ten times the text's memory.
            starts, ends = array("Q", (first,)), array("Q", (cut,))
            end = self._continued(starts, ends, inside, blank)
            source = _source(self._raw, starts, ends)
        instruction = self._read(source, line)
        instruction.start = first
        instruction.end = end
        instruction.source_end_line = instruction.end_line = self._line
        instruction.comments = tuple(self._pending)
        self._pending.clear()
        instruction.inner_comments = tuple(inside)
        instruction.blank_lines = tuple(blank)
        if instruction.problem is None and "<<" in source.text and not instruction.is_unread:
            self._heredocs(instruction)
        self._instructions.append(instruction)

    def _continuation(self, start: int, end: int) -> int:
        """Where the escape stands that continues a line, -1 without one."""
        escape = self._directives.escape
        raw = self._raw
        last = end - 1
        while last >= start and raw[last] in " \t":
            last -= 1
        if last < start or raw[last] != escape or (last > start and raw[last - 1] == escape):
            return -1
        return last

    def _continued(
        self,
        starts: "array[int]",
        ends: "array[int]",
        inside: list[Comment],
        blank: list[tuple[int, int]],
    ) -> int:
        """Read on to the line that does not continue, adding pieces of text; where it ends."""
        raw = self._raw
        end = ends[-1]
        while (bounds := self._next_line()) is not None:
            start, end = bounds
            first = _leading(raw, start, end)
            if first == end:
                blank.append((start, self._at))
                continue
            if raw[first] == "#":
                text = _decode(raw[first + 1 : end]).strip(SPACES)
                inside.append(Comment(text, self._line, first, end))
                self._comments.append(inside[-1])
                continue
            cut = self._continuation(start, end)
            starts.append(start)
            ends.append(end if cut < 0 else cut)
            if cut < 0:
                break
        return end

    def _read(self, source: Line, line: int) -> Instruction:
        """An instruction from its text; of ONBUILD ONBUILD ... only two levels are kept."""
        start, end = arguments.trim(source.text, 0, len(source.text))
        outer = self._split(source, start, end, line)
        if outer.name != "ONBUILD" or outer.inner_at < 0:
            return outer
        inner = outer.inner = self._split(source, outer.inner_at, end, line)
        levels = MAX_TRIGGERS if source.widths is None else 100
        while inner.name == "ONBUILD" and inner.inner_at >= 0 and levels:
            inner = self._split(source, inner.inner_at, end, line, deep=True)
            levels -= 1
        outer.problem = inner.problem
        return outer

    def _split(
        self, source: Line, start: int, end: int, line: int, *, deep: bool = False
    ) -> Instruction:
        text = source.text
        found = _KEYWORD.match(text, start, end)
        split = found.end(1) if found else end
        rest = found.end() if found else end
        keyword = source.word(start, split)
        name = keyword.text
        if name not in INSTRUCTIONS:
            name = name.replace("\u0130", "i").lower().upper()
            name = name if name in INSTRUCTIONS else keyword.text
        instruction = Instruction(name, source, line)
        instruction.keyword = keyword
        instruction.start, instruction.end = keyword.start, source.end(end)
        if len(text) > MAX_INSTRUCTION:
            instruction.rest = source.word(rest, end)
            instruction.is_unread = True
            return instruction
        if text.startswith(_MAY_BE_FLAGS, rest):
            escape = self._directives.escape
            instruction.flags, rest = arguments.split_flags(source, rest, end, escape)
        rest, end = arguments.trim(text, rest, end)
        if name == "ONBUILD" and deep:  # no copy of the text for each of a million levels
            instruction.rest = source.word(rest, rest)
        else:
            instruction.rest = source.word(rest, end)
        self._arguments(instruction, rest, end)
        return instruction

    def _arguments(self, instruction: Instruction, start: int, end: int) -> None:
        name = instruction.name
        source = instruction.source
        escape = self._directives.escape
        reason = ""
        if name in _STRINGS:
            instruction.arguments = (instruction.rest,) if start < end else ()
        elif name in _LISTS or name in _COMMANDS:
            reason = self._list(instruction, start, end)
        elif name in {"FROM", "EXPOSE"}:
            instruction.arguments = arguments.fields(source, start, end)
        elif name in {"ENV", "LABEL"}:
            instruction.arguments, instruction.pairs, reason = arguments.pairs(
                source, start, end, escape, name
            )
        elif name == "ARG":
            instruction.arguments, instruction.pairs = arguments.optional_pairs(
                source, start, end, escape
            )
        elif name == "HEALTHCHECK":
            reason = self._health_check(instruction, start, end)
        elif name == "ONBUILD":
            instruction.inner_at = start if start < end else -1
        if reason:
            instruction.problem = Problem(
                "parse", reason, instruction.line, instruction.start, instruction.end
            )

    def _list(self, instruction: Instruction, start: int, end: int) -> str:
        try:
            # BuildKit has trimmed the text, but for the command of HEALTHCHECK.
            first = arguments.trim(instruction.source.text, start, end)[0]
            items = arguments.json_list(instruction.source, first, end)
        except arguments.NotAListError:
            return "when using JSON array syntax, arrays must be comprised of strings only"
        if items is not None:
            instruction.is_json = True
        elif instruction.name in _LISTS:
            items = arguments.fields(instruction.source, start, end)
        elif start < end:
            items = (instruction.source.word(start, end),)
        instruction.arguments += items or ()
        return ""

    def _health_check(self, instruction: Instruction, start: int, end: int) -> str:
        text = instruction.source.text
        split = start
        while split < end and not _is_byte_space(text[split]):
            split += 1
        if split == start:
            return ""
        kind = instruction.source.word(start, split)
        if not kind.text.isascii():
            kind, split = _cut_at_byte_space(instruction.source, start, split)
        instruction.arguments = (kind,)
        while split < end and _is_byte_space(text[split]):
            split += 1
        return self._list(instruction, split, end)

    # Heredocs ---------------------------------------------------------------------------------

    def _heredocs(self, instruction: Instruction) -> None:
        holder = instruction
        if instruction.name == "ONBUILD" and instruction.inner is not None:
            holder = instruction.inner
        if holder.name not in _WITH_HEREDOCS or holder.is_json:
            return
        try:
            documents = announced(instruction.source.text)
        except ExpansionError as error:
            bounds = instruction.start, instruction.end
            instruction.problem = Problem("parse", str(error), instruction.line, *bounds)
            return
        heredocs = []
        for document in documents:
            heredoc = self._body(instruction, document)
            heredocs.append(heredoc)
            instruction.end = heredoc.terminator_end
            if not heredoc.terminated:
                reason = "unterminated heredoc"
                instruction.problem = Problem(
                    "parse", reason, instruction.line, heredoc.start, heredoc.end
                )
                break
        instruction.heredocs = holder.heredocs = tuple(heredocs)
        holder.end = max(holder.end, instruction.end)
        instruction.end_line = self._line

    def _body(self, instruction: Instruction, document: Announcement) -> Heredoc:
        source = instruction.source
        name = document.name.encode("utf-8", "surrogateescape").decode("latin-1")
        body = self._at
        terminated = False
        end = finish = len(self._raw)
        while (bounds := self._next_line()) is not None:
            start, stop = bounds
            text = self._raw[start:stop]
            if (text.lstrip("\t") if document.strip_tabs else text) == name:
                terminated = True
                end, finish = start, stop
                break
        return Heredoc(
            document.name,
            document.descriptor,
            document.expand,
            document.strip_tabs,
            source.start(document.start),
            source.end(document.end),
            body,
            end,
            end,
            finish,
            terminated,
        )

    # The whole --------------------------------------------------------------------------------

    def _refuse(self, phase: str, reason: str, line: int, start: int, end: int) -> None:
        self._problems.append(Problem(phase, reason, line, start, end))

    def _finish(self) -> Dockerfile:
        result = Dockerfile(self._data)
        result.instructions = tuple(self._instructions)
        result.directives = tuple(self._directives.found)
        result.comments = tuple(self._comments)
        result.escape = self._directives.escape
        result.check = value_of("check", self._raw)
        result.syntax = value_of("syntax", self._raw)
        self._problems += [
            instruction.problem
            for instruction in self._instructions
            if instruction.problem is not None
        ]
        if not self._instructions and not self._problems:
            self._refuse("parse", "file with no instructions", self._line, 0, 0)
        elif self._too_long:
            reason = f"dockerfile line greater than max allowed size of {MAX_LINE - 1}"
            self._refuse("parse", reason, self._line + 1, self._at, self._at)
        self._check_instructions()
        result.problems = tuple(self._problems)
        return result

    def _check_instructions(self) -> None:
        in_stage = False
        for instruction in self._instructions:
            if instruction.problem is None and not instruction.is_unread:
                found = check(instruction)
                if found is not None:
                    reason, start, end = found
                    instruction.problem = Problem(
                        "instruction", reason, instruction.line, start, end
                    )
                elif not in_stage and instruction.name not in {"FROM", "ARG"}:
                    instruction.problem = Problem(
                        "instruction",
                        NO_STAGE,
                        instruction.line,
                        instruction.keyword.start,
                        instruction.keyword.end,
                    )
                if instruction.problem is not None:
                    self._problems.append(instruction.problem)
            in_stage = in_stage or instruction.name == "FROM"


_MAY_BE_FLAGS = ("--", "\udc85", "\udca0")  # BuildKit skips these bytes as space
_STRINGS = frozenset(("USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER"))
_LISTS = frozenset(("COPY", "ADD", "VOLUME"))
_COMMANDS = frozenset(("RUN", "CMD", "ENTRYPOINT", "SHELL"))
_WITH_HEREDOCS = frozenset(("RUN", "COPY", "ADD"))


def _leading(raw: str, start: int, end: int) -> int:
    """The first place in a line that is no space."""
    if start < end and raw[start] > " " and raw[start] < "\x80":
        return start
    found = LEADING_SPACE.match(raw, start, end)
    return found.end() if found else start


def _source(raw: str, begins: "array[int]", ends: "array[int]") -> Line:
    if len(begins) == 1:
        start, end = begins[0], ends[0]
        text = raw[start:end]
        starts: tuple[int, ...] = (0,)
        places: tuple[int, ...] = (start,)
    else:
        texts: list[str] = []
        offsets: list[int] = []
        where: list[int] = []
        length = 0
        for start, end in zip(begins, ends, strict=True):
            if start < end or not texts:
                texts.append(raw[start:end])
                offsets.append(length)
                where.append(start)
                length += end - start
        text = "".join(texts)
        starts, places = tuple(offsets), tuple(where)
    if text.isascii():
        return Line(text, starts, places, None)
    text = _decode(text)
    widths = [0]
    offset = 0
    for character in text:
        offset += _width(ord(character))
        widths.append(offset)
    return Line(text, starts, places, tuple(widths))


def _width(code: int) -> int:
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:
        return 1
    if code < 0x800:
        return 2
    return 3 if code < 0x10000 else 4


def _decode(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def _is_byte_space(character: str) -> bool:
    return character in "\t\n\v\f\r \udc85\udca0"


def _cut_at_byte_space(source: Line, start: int, end: int) -> tuple[Word, int]:
    """HEALTHCHECK's type ends at a byte 0x85 or 0xA0, in the middle of a character too."""
    for at in range(start, end):
        data = source.text[at].encode("utf-8", "surrogateescape")
        cut = next((n for n, byte in enumerate(data) if byte in {0x85, 0xA0}), None)
        if cut is not None:
            word = source.word(start, at + 1)
            broken = data[:cut].decode("utf-8", "surrogateescape")
            return word._replace(text=source.text[start:at] + broken), at + 1
    return source.word(start, end), end
