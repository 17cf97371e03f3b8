"""Ignores in Dockerfiles: comments of our own and of other tools, each with its own scope.

# seawall: ignore[apt-unpinned] the archive keeps one version only until=2027-01-31
# check=skip=JSONArgsRecommended
# hadolint ignore=DL3008
#checkov:skip=CKV_DOCKER_2:no server
#trivy:ignore:DS-0002:exp:2027-01-31
# kics-scan ignore-line
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator

from seawall.core.ignore import MARK, Ignore, Lines, Scope, WholeFile, directive, fault_of_date
from seawall.core.lazy import pattern
from seawall.core.location import Location, Span
from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile.buildkit_ignores import Enabled, checks
from seawall.dockerfile.shell_pragma import all_comments, outer_comments
from seawall.dockerfile.stages import Build
from seawall.text.dockerfile.tree import Comment, Dockerfile, Instruction


class Words(NamedTuple):
    """What the comments of a file say.

    ``enabled``: checks of BuildKit that run although they are experimental. That its warnings are
    errors (``# check=error=true``) is between the file and BuildKit: what fails a run here is for
    those to say who run it, not for the file that is judged.
    """

    ignores: tuple[Ignore, ...] = ()
    enabled: tuple[Enabled, ...] = ()


_MARKS = (b"seawall:", b"hadolint", b":skip=", b"trivy:", b"tfsec:", b"kics-scan")
_CHECK = pattern(rb"check\s*=")


def may_hold(data: bytes) -> bool:
    """Whether a file may hold an ignore, by the words that all of them have."""
    lower = data.lower()
    return any(mark in lower for mark in _MARKS) or _may_hold_check(lower)


def _may_hold_check(lower: bytes) -> bool:
    return b"check" in lower and _CHECK.search(lower) is not None


def need_stages(data: bytes) -> bool:
    """Whether stages and their commands may decide what an ignore of a file is about.

    Those of other tools than BuildKit go by the text alone.
    """
    lower = data.lower()
    return MARK.encode() in lower or _may_hold_check(lower)


def read(build: Build, path: str, *, unheeded: frozenset[str] = frozenset()) -> Words:
    """The ignores of a file; none of one that is too large to be judged.

    ``unheeded`` names tools whose comments do not count (``buildkit``, ``checkov``, ``hadolint``,
    ``kics``, ``trivy``), as hadolint's ``disable-ignore-pragma`` wants it. Ignores for other tools
    name their ids.
    """
    if build.limit or not may_hold(build.file.data):
        return Words()
    file = _File(build, path)
    ignores = list(_own(file))
    for tool, reader in _READERS.items():
        if tool not in unheeded:
            ignores += reader(file)
    if "buildkit" in unheeded:
        return Words(tuple(ignores))
    skipped, enabled = checks(build, path)
    return Words((*ignores, *skipped), enabled)


class _File:
    """A file and where its comments stand."""

    def __init__(self, build: Build, path: str) -> None:
        self.build = build
        self.file: Dockerfile = build.file
        self.path = path
        self.comments = all_comments(self.file)
        self.outer = outer_comments(self.file)
        self.by_line = {one.line: one for one in self.file.instructions}
        self.first_line = min(self.by_line, default=0)
        self._instruction_lines = list(self.by_line)
        self._starts = [0, *(found.end() for found in re.finditer(rb"\n", self.file.data))]
        self.last_line = len(self._starts)
        self._commands: dict[int, list[tuple[int, int]]] = {}

    def line(self, offset: int) -> int:
        """The line of a byte."""
        return bisect_right(self._starts, offset)

    def text(self, line: int) -> bytes:
        """A line with its end."""
        end = self._starts[line] if line < self.last_line else len(self.file.data)
        return self.file.data[self._starts[line - 1] : end]

    def around(self, line: int) -> Instruction | None:
        """The instruction that a line is part of."""
        place = bisect_right(self._instruction_lines, line)
        if not place:
            return None
        found = self.by_line[self._instruction_lines[place - 1]]
        return found if line <= found.end_line else None

    def commands(self, instruction: Instruction) -> list[tuple[int, int]]:
        """The first and the last line of each command of a RUN."""
        if instruction.line not in self._commands:
            steps = (one for one in self.build.steps() if one.instruction is instruction)
            step = next(steps, None)
            self._commands[instruction.line] = [
                (self.line(one.start), self.line(max(one.end - 1, one.start)))
                for script in (step.scripts if step is not None else ())
                for one in script.commands
            ]
        return self._commands[instruction.line]

    def origin(self, comment: Comment) -> Location:
        data = self.file.data
        start = self._starts[comment.line - 1]
        column = len(data[start : comment.start].decode("utf-8", "surrogateescape")) + 1
        width = len(data[comment.start : comment.end].decode("utf-8", "surrogateescape"))
        return Location(self.path, span=Span(comment.line, column, comment.line, column + width))

    def lines(self, instruction: Instruction) -> Lines:
        return Lines(self.path, instruction.line, instruction.end_line)

    def foreign(
        self, tool: str, comment: Comment, rules: tuple[str, ...], scope: Scope, reason: str = ""
    ) -> Ignore:
        return Ignore(rules, scope, reason, origin=self.origin(comment), tool=tool)


# Our own --------------------------------------------------------------------------------------


def _own(file: _File) -> Iterator[Ignore]:
    if MARK.encode() not in file.file.data:
        return
    outer = {comment.start for comment in file.outer}
    below = _line_below(comment.line for comment in file.comments)
    for comment in (*file.comments, *_in_heredocs(file)):
        found = directive(comment.text)
        if found is None:
            continue
        scope: Scope | None
        if found.whole_file:
            scope = WholeFile(file.path)
        elif comment.start in outer:
            scope = _scope_above(file, comment, below[comment.line])
        else:
            scope = _scope_inside(file, comment)
        fault = found.fault
        if scope is None:
            fault = fault or "no instruction or command follows directly"
            scope = Lines(file.path, 0, 0)
        yield Ignore(
            found.rules, scope, found.reason, found.until, file.origin(comment), fault=fault
        )


def _in_heredocs(file: _File) -> Iterator[Comment]:
    """The comment lines of scripts that stand in heredocs of RUN."""
    data = file.file.data
    for instruction in file.file.instructions:
        for heredoc in instruction.heredocs if instruction.name == "RUN" else ():
            at = heredoc.body_start
            for line in data[heredoc.body_start : heredoc.body_end].split(b"\n"):
                text = line.lstrip(b" \t")
                if text.startswith(b"#") and MARK.encode() in text:
                    start = at + len(line) - len(text)
                    end = start + len(text.rstrip(b"\r"))
                    shown = data[start + 1 : end].decode("utf-8", "surrogateescape")
                    yield Comment(shown.strip(), file.line(start), start, end)
                at += len(line) + 1


def _line_below(lines: Iterable[int]) -> dict[int, int]:
    """For each of some lines the first below that is none of them."""
    result: dict[int, int] = {}
    for line in sorted(lines, reverse=True):
        result[line] = result.get(line + 1, line + 1)
    return result


def _scope_above(file: _File, comment: Comment, below: int) -> Scope | None:
    """The instruction below, or the whole file for a comment of its own at the top."""
    instruction = file.by_line.get(below)
    if instruction is not None:
        return file.lines(instruction)
    return WholeFile(file.path) if comment.line < file.first_line else None


def _scope_inside(file: _File, comment: Comment) -> Scope | None:
    """The commands that begin on the next line of a continued instruction or of a heredoc."""
    instruction = file.around(comment.line)
    if instruction is None:
        return None
    line = comment.line + 1
    while line <= instruction.end_line and _is_empty(file.text(line)):
        line += 1
    if line > instruction.end_line:
        return None
    return Lines(file.path, line, _last_line(file, instruction, line))


def _is_empty(line: bytes) -> bool:
    text = line.strip()
    return not text or text.startswith(b"#")


def _last_line(file: _File, instruction: Instruction, line: int) -> int:
    """The last line of the commands that begin on a line."""
    if instruction.name != "RUN":
        return line
    ends = (end for first, end in file.commands(instruction) if first == line)
    return max(ends, default=line)


# hadolint -------------------------------------------------------------------------------------

_HADOLINT = pattern(
    r"[ \t]*hadolint[ \t]+(?:(stage|global)[ \t]+)?ignore[ \t]*=[ \t]*"
    r"([DLSC0-9]+(?:[ \t]*,[ \t]*[DLSC0-9]+)*)[ \t]*(?:#(.*))?"
)


def _hadolint(file: _File) -> Iterator[Ignore]:
    """The pragmas of hadolint (src/Hadolint/Pragma.hs, Process.hs of 2.15).

    A plain one is about the instruction on the very next line. One of a stage is about what begins
    behind the next line, up to and including the next FROM or pragma of a stage.
    """
    pragmas = [(comment, _HADOLINT.fullmatch(comment.text)) for comment in file.outer]
    lines = {comment.line + 1 for comment, found in pragmas if found and found[1] == "stage"}
    lines |= {one.line for one in file.file.instructions if one.name == "FROM"}
    bounds = [*sorted(lines), file.last_line]
    for comment, found in pragmas:
        if found is None:
            continue
        rules = tuple(rule.strip() for rule in found[2].split(","))
        reason = (found[3] or "").strip()
        if found[1] == "global":
            yield file.foreign("hadolint", comment, rules, WholeFile(file.path), reason)
            continue
        below = comment.line + 1
        if found[1] == "stage":
            following = bounds[min(bisect_right(bounds, below), len(bounds) - 1)]
            last = file.by_line.get(following)
            end = last.end_line if last is not None else following
            yield file.foreign("hadolint", comment, rules, Lines(file.path, below + 1, end), reason)
        elif below in file.by_line:
            yield file.foreign("hadolint", comment, rules, file.lines(file.by_line[below]), reason)


# checkov --------------------------------------------------------------------------------------

_CHECKOV = pattern(
    r"(?:checkov|bridgecrew|cortex):skip= *([A-Za-z_\d-]+(?:,[A-Za-z_\d-]+)*)(?::(.*))?"
)


def _checkov(file: _File) -> Iterator[Ignore]:
    """The skips of checkov: they are about the file, wherever they stand (dockerfile/parser.py)."""
    for comment in file.comments:
        found = _CHECKOV.search(comment.text)
        if found is not None:
            rules = tuple(found[1].split(","))
            reason = (found[2] or "").strip()
            yield file.foreign("checkov", comment, rules, WholeFile(file.path), reason)


# Trivy ----------------------------------------------------------------------------------------

_TRIVY_MARKS = ("trivy:", "tfsec:")


class _TrivyRule(NamedTuple):
    id: str
    until: str
    fault: str


def _trivy(file: _File) -> Iterator[Ignore]:
    """Trivy's ignores (pkg/iac/ignore): the instruction that begins on their line or the next.

    A run of such comments, line by line, is about what the last of them is about.
    """
    found = [(one, _trivy_rules(one.text)) for one in file.comments]
    found = [(comment, rules) for comment, rules in found if rules]
    below = _line_below(comment.line for comment, _ in found)
    for comment, rules in found:
        instruction = file.by_line.get(below[comment.line])
        for rule in rules if instruction is not None else ():
            assert instruction is not None  # noqa: S101 - for the type checker
            id_ = "DS-*" if rule.id == "*" else rule.id
            ignore = file.foreign("trivy", comment, (id_,), file.lines(instruction))
            yield ignore._replace(until=rule.until, fault=rule.fault)


def _trivy_rules(text: str) -> list[_TrivyRule]:
    rules = []
    for part in text.split():
        word = part.lstrip("#/*")
        mark = next((one for one in _TRIVY_MARKS if word.startswith(one)), None)
        if mark is None:
            continue
        words = word.removeprefix(mark).split(":")
        sections = dict(zip(words[::2], words[1::2], strict=False))
        id_ = sections.get("ignore", "").partition("[")[0]
        date = sections.get("exp", "")
        fault = fault_of_date(date) if "exp" in sections else ""
        if id_:
            rules.append(_TrivyRule(id_, _day_before(date) if date and not fault else "", fault))
    return rules


def _day_before(text: str) -> str:
    import datetime as dt  # noqa: PLC0415 - only where there is a date

    try:
        return (dt.date.fromisoformat(text) - dt.timedelta(days=1)).isoformat()
    except OverflowError:  # the first day there is
        return text


# KICS -----------------------------------------------------------------------------------------

_KICS = pattern(r"(?:(?://|#|;)*\s*)kics-scan\s*(.*)", re.IGNORECASE | re.DOTALL)
_ALL_OF_KICS = ("*",)


def _kics(file: _File) -> Iterator[Ignore]:
    """KICS' commands (docs/running-kics.md, pkg/parser/docker/comments.go).

    ``ignore``, ``disable`` and ``enable`` stand above all instructions and are about the file;
    ``ignore-line`` is about the instruction below, ``ignore-block`` about the stage from there on.
    """
    for comment in file.comments:
        if comment.line < file.first_line:
            yield from _kics_file(file, comment)
    ends = _stage_ends(file.file)
    for instruction in file.file.instructions:
        for comment in instruction.comments:
            commands = _kics_commands(comment)
            if "ignore-line" in commands:
                yield file.foreign("kics", comment, _ALL_OF_KICS, file.lines(instruction))
            elif "ignore-block" in commands:
                scope = Lines(file.path, instruction.line, ends[instruction.line])
                yield file.foreign("kics", comment, _ALL_OF_KICS, scope)


def _kics_commands(comment: Comment) -> list[str]:
    found = _KICS.match(comment.text)
    return found[1].lower().split() if found else []


def _kics_file(file: _File, comment: Comment) -> Iterator[Ignore]:
    for command in _kics_commands(comment):
        name, _, value = command.partition("=")
        ids = tuple(id_.strip() for id_ in value.split(",") if id_.strip())
        if name == "ignore":
            yield file.foreign("kics", comment, _ALL_OF_KICS, WholeFile(file.path))
        elif name == "disable" and ids:
            yield file.foreign("kics", comment, ids, WholeFile(file.path))
        elif name == "enable" and ids:
            yield file.foreign("kics", comment, _all_but(ids), WholeFile(file.path))


def _all_but(ids: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of KICS that our rules stand for, without some."""
    from seawall.dockerfile.rules import all_rules  # noqa: PLC0415 - loads every rule

    aliases = (alias.partition(":") for rule in all_rules() for alias in rule.aliases)
    known = {check for tool, _, check in aliases if tool == "kics"}
    return tuple(sorted(known.difference(ids)))


def _stage_ends(file: Dockerfile) -> dict[int, int]:
    """The last line of the stage that each instruction stands in, by the instruction's line."""
    ends: dict[int, int] = {}
    end = 0
    for instruction in reversed(file.instructions):
        end = end or instruction.end_line
        ends[instruction.line] = end
        if instruction.name == "FROM":
            end = 0
    return ends


_READERS: dict[str, Callable[[_File], Iterator[Ignore]]] = {
    "hadolint": _hadolint,
    "checkov": _checkov,
    "trivy": _trivy,
    "kics": _kics,
}
