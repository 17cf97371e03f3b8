"""What stands around a candidate, as words for the weights: its line, its neighbours, its file."""

from collections import Counter
from collections.abc import Iterable, Iterator

from seawall.core.lazy import pattern
from seawall.secrets.candidate import Candidate
from seawall.secrets.text import Kind, Text

_BEFORE, _AFTER = 300, 120
_COMMENTS = (b"#", b"//", b"*", b"/*", b"<!--", b"--", b";", b"'", b"%")
_WORDS_FOLLOW = pattern(rb"[ \t]+[A-Za-z]")
_LINK = b"]("
"""What stands between the words of a link of Markdown and where it leads to."""
_LINE_ENDS = pattern(rb"[\"'`]*[ \t]*\\?\r?\Z")
FALLBACK = "fallback"
"""The form of what a template falls back on that is no word: it speaks for itself."""
_BARE = frozenset(("bare", "option", "beside", "pair", "statement", "command"))
_CUT = ("...", "\u2026")


CROWD = (("same:1", "same:3", "same:9", "same:more"), ("table",))
"""The words of a crowd; of each group one is said at most."""
_AROUND = (
    ("comment",), ("cut",), ("instead",), ("call-follows",),
    ("quote:double", "quote:single", "quote:back", "quote:none"),
)  # fmt: skip
_BEHIND = ("words-follow", "line-ends")


def words_around(form: str) -> tuple[tuple[str, ...], ...]:
    """What ``around`` may say of a candidate of a form; of each group one word at most."""
    return (*_AROUND, _BEHIND) if form in _BARE else _AROUND


class Crowd:
    """How many candidates of a text have the same value, and how many values the same name."""

    __slots__ = ("_named", "_same")

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        pairs = [(candidate.name, candidate.value.reveal()) for candidate in candidates]
        self._same = Counter([value for _, value in pairs])
        self._named = Counter([name for name, _ in set(pairs)])

    def words(self, candidate: Candidate) -> Iterator[str]:
        """What that says of one of them."""
        same = self._same[candidate.value.reveal()]
        if same == 1:
            yield "same:1"
        else:
            yield "same:3" if same <= _FEW else "same:9" if same <= _SOME else "same:more"
        if self._named[candidate.name] > _TABLE:
            yield "table"


_FEW, _SOME = 3, 9
_TABLE = 40
"""Values under one name from which they are data about many things, not what opens one door."""


def around(text: Text, candidate: Candidate) -> Iterator[str]:
    """The words for the line and the neighbours of a candidate, each once."""
    data = text.data
    start, end = candidate.start, candidate.end
    line = data.rfind(b"\n", max(start - _BEFORE, 0), start) + 1 or max(start - _BEFORE, 0)
    stop = data.find(b"\n", end, end + _AFTER)
    before, after = data[line:start], data[end : stop if stop >= 0 else end + _AFTER]
    if _is_comment(text.kind, before.lstrip()):
        yield "comment"
    if after[:3] == b"..." or candidate.value.reveal().endswith(_CUT):
        yield "cut"
    if before.rfind(b"${") > before.rfind(b"}") and candidate.form != FALLBACK:
        yield "instead"  # what a template falls back on
    yield _QUOTES.get(data[start - 1 : start], "quote:none")
    yield from _behind(candidate.form, after)


_QUOTES = {b'"': "quote:double", b"'": "quote:single", b"`": "quote:back"}


def _is_comment(kind: Kind, line: bytes) -> bool:
    if kind is Kind.PROSE:  # a heading is no comment
        return line.startswith((b"#", b";")) and line.lstrip(b"#")[:1] != b" "
    return line.startswith(_COMMENTS)


def _behind(form: str, after: bytes) -> Iterator[str]:
    if form in _BARE:
        if after.startswith(_LINK) or _WORDS_FOLLOW.match(after):
            yield "words-follow"
        elif _LINE_ENDS.match(after):
            yield "line-ends"
    if after[:1] in (b"(", b"["):
        yield "call-follows"
