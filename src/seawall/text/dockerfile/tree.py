"""What a Dockerfile is made of. Every part knows its bytes; texts are what BuildKit reads there.

Offsets count bytes from the start of the file; an end is exclusive. Lines count from 1. Bytes that
are no UTF-8 stand as lone surrogates in texts (``surrogateescape``).
"""

from bisect import bisect_right

from seawall.core.location import made
from seawall.core.named_tuple import NamedTuple


class Word(NamedTuple):
    """A stretch of an instruction: quotes and escapes kept, continuations taken out.

    Of a JSON string ``text`` is its value, and the range includes the quotes.
    """

    text: str
    start: int
    end: int


class Flag(NamedTuple):
    """``--name=value`` between an instruction's name and its arguments.

    ``value`` is ``None`` without ``=``. Quotes and escapes are resolved, as BuildKit does. The
    range of the value is exact where the flag holds neither.
    """

    name: str
    value: str | None
    start: int
    end: int

    @property
    def text(self) -> str:
        """The flag as BuildKit sees it."""
        return f"--{self.name}" if self.value is None else f"--{self.name}={self.value}"

    @property
    def value_start(self) -> int:
        """Where the value begins."""
        return self.start + len(f"--{self.name}=".encode("utf-8", "surrogateescape"))


class Pair(NamedTuple):
    """A key and its value in ENV, LABEL or ARG; quotes are still there, variables not expanded.

    ``value`` is ``None`` for ``ARG NAME``. ``legacy`` marks ``ENV key value`` without ``=``.
    """

    key: Word
    value: Word | None
    legacy: bool = False


class Heredoc(NamedTuple):
    """A document that follows its instruction.

    ``start``/``end`` is the word that announces it (``<<EOF``); ``body_start``/``body_end`` its
    lines with their ends; ``terminator_start``/``terminator_end`` the closing line without its
    end, both the end of the file where it is missing.
    """

    name: str
    descriptor: int
    expand: bool
    strip_tabs: bool
    start: int
    end: int
    body_start: int
    body_end: int
    terminator_start: int
    terminator_end: int
    terminated: bool


class Comment(NamedTuple):
    """A comment line. ``text`` is what follows the ``#``, as BuildKit trims it.

    The range begins at the ``#`` and ends with the line's text.
    """

    text: str
    line: int
    start: int
    end: int


class Directive(NamedTuple):
    """A parser directive at the top of the file, ``# key=value``; the key in lower case."""

    key: str
    value: str
    line: int
    start: int
    end: int
    value_start: int
    value_end: int


class Problem(NamedTuple):
    """Why BuildKit refuses a file: in its words, and where.

    ``phase`` is ``parse`` (the lines), ``instruction`` (their meaning) or ``build`` (stages, names
    and values). ``line`` is the one that BuildKit's message names. It is not ``certain`` where a
    variable took part whose value the file does not tell: a base image or ``--build-arg`` may.
    """

    phase: str
    reason: str
    line: int
    start: int
    end: int
    certain: bool = True

    @property
    def message(self) -> str:
        """What ``docker build`` prints."""
        if self.phase == "instruction" and self.reason != NO_STAGE:
            return f"dockerfile parse error on line {self.line}: {self.reason}"
        return self.reason


NO_STAGE = "no build stage in current context"


class Line(NamedTuple):
    """An instruction's text with its continuations joined, and where its characters are.

    ``starts`` are offsets in the text, ``places`` the offsets in the file where those pieces begin;
    ``widths`` holds the byte offset of each character where the text is not all ASCII.
    """

    text: str
    starts: tuple[int, ...]
    places: tuple[int, ...]
    widths: tuple[int, ...] | None

    def start(self, offset: int) -> int:
        """The place in the file of a character; for the end of the text the end of the line."""
        if self.widths is not None:
            offset = self.widths[offset]
        if len(self.starts) == 1:
            return self.places[0] + offset
        piece = bisect_right(self.starts, offset) - 1
        return self.places[piece] + offset - self.starts[piece]

    def end(self, offset: int) -> int:
        """The place behind the last character before an offset."""
        if offset == 0:
            return self.start(0)
        if self.widths is not None:
            offset = self.widths[offset]
        if len(self.starts) == 1:
            return self.places[0] + offset
        piece = bisect_right(self.starts, offset - 1) - 1
        return self.places[piece] + offset - self.starts[piece]

    def word(self, start: int, end: int) -> Word:
        """A stretch of the text."""
        if self.widths is None and len(self.starts) == 1:
            place = self.places[0]
            return made(Word, (self.text[start:end], place + start, place + end))
        return made(Word, (self.text[start:end], self.start(start), self.end(end)))


class Instruction:
    """One instruction.

    Attributes:
        name: ``RUN``, ``COPY`` ... in upper case; as written where there is no such instruction.
        keyword: the name as written.
        line, end_line: first and last line as BuildKit counts them: with the heredocs, and with
            comments and blank lines that a continuation reaches.
        source_end_line: the last line before the heredocs.
        start, end: from the keyword to the end of the last line's text.
        source: the joined text.
        flags: ``--name=value`` before the arguments.
        rest: the text after the flags, trimmed.
        arguments: FROM, COPY, ADD, EXPOSE, VOLUME: words. A JSON form: its strings. RUN, CMD,
            ENTRYPOINT, USER, WORKDIR, STOPSIGNAL, MAINTAINER: the rest as one word. HEALTHCHECK:
            its type, then the command as in CMD. ENV, LABEL, ARG: one word for each pair.
            None for ONBUILD.
        is_json: whether BuildKit takes the arguments for a JSON array.
        is_unread: it is so long that it was not taken apart.
        pairs: the keys and values of ENV, LABEL and ARG.
        heredocs: the documents that follow.
        inner: what ONBUILD delays, and ``inner_at`` where it begins in the source.
        comments: the comments before it since the last instruction, as BuildKit's
            ``# check=`` and description comments count: an empty comment line cuts them off.
        inner_comments: comment lines inside its continuation.
        blank_lines: byte ranges of blank lines inside its continuation.
        problem: why BuildKit refuses this instruction, if it does.
    """

    __slots__ = (
        "arguments", "blank_lines", "comments", "end", "end_line", "flags", "heredocs", "inner",
        "inner_at", "inner_comments", "is_json", "is_unread", "keyword", "line", "name", "pairs",
        "problem", "rest", "source", "source_end_line", "start",
    )  # fmt: skip

    arguments: tuple[Word, ...]
    blank_lines: tuple[tuple[int, int], ...]
    comments: tuple[Comment, ...]
    end: int
    end_line: int
    flags: tuple[Flag, ...]
    heredocs: tuple[Heredoc, ...]
    inner: "Instruction | None"
    inner_at: int
    inner_comments: tuple[Comment, ...]
    is_json: bool
    is_unread: bool
    keyword: Word
    line: int
    name: str
    pairs: tuple[Pair, ...]
    problem: Problem | None
    rest: Word
    source: Line
    source_end_line: int
    start: int

    def __init__(self, name: str, source: Line, line: int) -> None:
        self.name = name
        self.source = source
        self.line = self.end_line = self.source_end_line = line
        self.start = self.end = 0
        self.inner_at = -1
        self.flags = self.arguments = self.heredocs = self.pairs = ()
        self.comments = self.inner_comments = self.blank_lines = ()
        self.is_json = self.is_unread = False
        self.inner = self.problem = None

    def flag(self, name: str) -> Flag | None:
        """The last flag of a name."""
        for flag in reversed(self.flags):
            if flag.name == name:
                return flag
        return None

    def flag_value(self, name: str) -> str:
        """The value of a flag, empty without it."""
        flag = self.flag(name)
        return flag.value or "" if flag else ""

    def __repr__(self) -> str:
        return f"<{self.name} line {self.line}>"


class Dockerfile:
    """A Dockerfile as text.

    Attributes:
        data: its bytes.
        instructions: in the order of the text, also those that BuildKit refuses.
        directives: ``syntax``, ``escape`` and ``check`` at the top.
        comments: every comment line, those inside instructions too; no directives.
        escape: backslash or backtick.
        problems: all that BuildKit would refuse, in its order: it stops at the first.
        check: the value of the ``check`` directive, empty without one.
        syntax: the image of the ``syntax`` directive, empty without one.
    """

    __slots__ = ("check", "comments", "data", "directives", "escape", "instructions", "problems",
                 "syntax")  # fmt: skip

    check: str
    comments: tuple[Comment, ...]
    data: bytes
    directives: tuple[Directive, ...]
    escape: str
    instructions: tuple[Instruction, ...]
    problems: tuple[Problem, ...]
    syntax: str

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def problem(self) -> Problem | None:
        """The reason why ``docker build`` refuses the file by its text, if it does."""
        return self.problems[0] if self.problems else None

    def text(self, start: int, end: int) -> str:
        """The text of a byte range."""
        return self.data[start:end].decode("utf-8", "surrogateescape")
