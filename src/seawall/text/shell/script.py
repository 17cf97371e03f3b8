"""What a shell script is made of. Places are byte offsets in the file that the script is from."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence

from seawall.core.named_tuple import NamedTuple


class Origin(NamedTuple):
    """A text and where its bytes are in a file.

    ``starts`` are offsets in ``data``, ``places`` the offsets in the file where those pieces begin.
    """

    data: bytes
    starts: tuple[int, ...]
    places: tuple[int, ...]

    def start(self, offset: int) -> int:
        """The place of a byte."""
        piece = bisect_right(self.starts, offset) - 1
        return self.places[piece] + offset - self.starts[piece]

    def end(self, offset: int) -> int:
        """The place behind the byte before an offset."""
        return self.start(offset - 1) + 1 if offset else self.start(0)

    def cut(self, pieces: Iterable[tuple[int, int]]) -> "Origin":
        """A text of stretches of this one, put together in order."""
        data: list[bytes] = []
        starts: list[int] = []
        places: list[int] = []
        length = 0
        for start, end in pieces:
            if start < end:
                first = bisect_right(self.starts, start)
                last = bisect_left(self.starts, end, first)
                shift = length - start
                starts += [length, *(offset + shift for offset in self.starts[first:last])]
                places += [self.start(start), *self.places[first:last]]
                data.append(self.data[start:end])
                length += end - start
        if not starts:
            return Origin(b"", (0,), (self.start(0),))
        return Origin(b"".join(data), tuple(starts), tuple(places))


class ShellWord(NamedTuple):
    """A word of a command.

    ``text`` is as written, without continuations. ``value`` is what the command gets: quotes and
    escapes resolved; ``None`` where a variable or a command decides. Globs and braces are not
    carried out. A word is ``editable`` where its bytes stand together in the file.
    """

    text: str
    value: str | None
    start: int
    end: int
    editable: bool


class Redirection(NamedTuple):
    """``2>&1``, ``< file``, ``<<< text``. A heredoc's target is its word.

    ``descriptor`` is empty where none is written.
    """

    operator: str
    target: ShellWord | None
    descriptor: str
    start: int
    end: int


class Assignment(NamedTuple):
    """``NAME=value`` before a command, or alone; the value is ``None`` for an array."""

    name: str
    value: ShellWord | None
    start: int
    end: int


class Pipeline(NamedTuple):
    """Where a command stands in a pipeline: its place from 0, and how many commands there are.

    ``number`` tells the pipelines of a script apart.
    """

    number: int
    place: int
    length: int


class Command:
    """A simple command, wherever it stands.

    Attributes:
        name: without the directory; empty where it is not plain text.
        assignments: before its name.
        redirections: its own, and those of the compound command that it alone makes up.
        operator: what stands before it in its list: ``&&``, ``||``, ``;``, ``&`` or a newline,
            written ``;`` too; empty for the first. In a pipeline that of the whole pipeline.
        background: ``&`` follows it.
        negated: ``!`` stands before it.
        pipeline: where it stands in a pipeline.
        inside: the compound commands around it, from the outside: ``subshell``, ``if``, ``while``,
            ``for``, ``case``, ``function``, ``group``, ``substitution``.
        condition: it is the condition of an ``if`` or ``while``, so that its failure is expected.
        parent: the command that runs it: ``sudo``, ``env``, ``sh -c`` ...
        start, end: its words and assignments.
    """

    __slots__ = (
        "_cut", "_shown", "_values", "_words", "assignments", "background", "condition", "end",
        "inside", "name", "negated", "operator", "parent", "pipeline", "redirections", "start",
    )  # fmt: skip

    assignments: tuple[Assignment, ...]
    background: bool
    condition: bool
    end: int
    inside: tuple[str, ...]
    name: str
    negated: bool
    operator: str
    parent: "Command | None"
    pipeline: Pipeline
    redirections: tuple[Redirection, ...]
    start: int

    def __init__(
        self,
        words: tuple[ShellWord, ...] | None,
        shown: list[str] | None = None,
        cut: Callable[[], tuple[ShellWord, ...]] | None = None,
    ) -> None:
        """Of words, or of what ``shown`` gives and a way to cut the words when somebody asks."""
        self._words = words
        self._cut = cut
        self._values: list[str] | None = None
        if shown is None:
            shown = [word.text if word.value is None else word.value for word in words or ()]
            name = words[0].value or "" if words else ""
        else:
            name = shown[0]
        self._shown = shown
        self.name = name.rpartition("/")[2]

    @property
    def words(self) -> tuple[ShellWord, ...]:
        """Its name and arguments; empty for an assignment that stands alone."""
        if self._words is None:
            self._words = self._cut() if self._cut is not None else ()
        return self._words

    @property
    def shown(self) -> list[str]:
        """Its words as text, not to be changed; what is decided at run time as written."""
        return self._shown

    @property
    def arguments(self) -> tuple[ShellWord, ...]:
        """The words behind the name."""
        return self.words[1:]

    @property
    def values(self) -> list[str]:
        """The arguments as text, not to be changed; what is decided at run time as written."""
        if self._values is None:
            self._values = self._shown[1:]
        return self._values

    @property
    def operands(self) -> list[ShellWord]:
        """The arguments that are no options; those behind ``--`` are all operands."""
        found: list[ShellWord] = []
        only = False
        for word in self.words[1:]:
            value = word.text if word.value is None else word.value
            if only or not value.startswith("-") or value == "-":
                found.append(word)
            elif value == "--":
                only = True
        return found

    @property
    def top_level(self) -> bool:
        """Whether it stands in no compound command and is run by no other."""
        return not self.inside and self.parent is None

    @property
    def runners(self) -> list[str]:
        """The names of the commands that run it, from the outside."""
        names: list[str] = []
        command = self.parent
        while command is not None:
            names.append(command.name)
            command = command.parent
        return names[::-1]

    def option(self, *names: str) -> ShellWord | None:
        """The first argument that is one of some options: ``-y``, ``--yes``, ``--level``.

        ``-y`` is also found in ``-qy``, and ``--level`` in ``--level=3``.
        """
        short = {name[1] for name in names if len(name) == 2}
        for at, value in enumerate(self.values, start=1):
            if value == "--":
                return None
            if value.startswith("--"):
                if value.partition("=")[0] in names:
                    return self.words[at]
            elif value in names or (value.startswith("-") and short.intersection(value[1:])):
                return self.words[at]
        return None

    def __repr__(self) -> str:
        return f"<command {' '.join(word.text for word in self.words)!r}>"


class Comment(NamedTuple):
    """A comment of the script itself."""

    text: str
    start: int
    end: int


MISFIT = "the shell's grammar does not fit"
"""Why a script is broken of which nothing was left out: the commands around the error are there."""


class Script:
    """A script.

    Attributes:
        commands: all, in the order of the text: a command that another runs comes after it.
        comments: of the script, with their ``#``.
        broken: why it could not be read in full; empty where it could. The commands that were
            found are still there.
        language: ``sh``, ``bash``, ``ash`` ...; others (``powershell``, ``python3``) are not read.
        start, end: its text.
    """

    __slots__ = ("_by_name", "_said", "broken", "commands", "comments", "end", "language", "start")

    broken: str
    commands: tuple[Command, ...]
    comments: tuple[Comment, ...]
    end: int
    language: str
    start: int

    def __init__(self, language: str, start: int, end: int, broken: str = "") -> None:
        self.language = language
        self.start = start
        self.end = end
        self.broken = broken
        self.commands = ()
        self.comments = ()
        self._by_name: dict[str, list[Command]] | None = None
        self._said: str | None = None

    @property
    def over_limit(self) -> bool:
        """Whether it was left unread, or a part of it, for its size or its nesting."""
        return bool(self.broken) and self.broken != MISFIT

    @property
    def is_shell(self) -> bool:
        """Whether it is a shell's, and so was read."""
        return self.language in SHELLS

    def named(self, *names: str) -> list[Command]:
        """The commands of some names."""
        if self._by_name is None:
            self._by_name = {}
            for command in self.commands:
                self._by_name.setdefault(command.name, []).append(command)
        found = [name for name in names if name in self._by_name]
        if len(found) < 2:
            return self._by_name[found[0]] if found else []
        return [command for command in self.commands if command.name in found]

    @property
    def said(self) -> str:
        """What its commands get, word by word on lines: a look here spares one at each word."""
        if self._said is None:
            self._said = "\n".join(
                ["\n".join(command.shown) for command in self.commands if command.shown]
            )
        return self._said

    def before(self, command: Command) -> Sequence[Command]:
        """The commands before another in the text."""
        return self.commands[: self.commands.index(command)]

    def after(self, command: Command) -> Sequence[Command]:
        """The commands behind another in the text."""
        return self.commands[self.commands.index(command) + 1 :]


SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "busybox"))
"""Interpreters whose scripts are read; zsh's own syntax may be beyond it."""
