"""Parser directives: ``syntax``, ``escape`` and ``check``, at the very top of a file only."""

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.text.dockerfile.arguments import is_json, unescape
from seawall.text.dockerfile.golang import LEADING_SPACE
from seawall.text.dockerfile.tree import Directive

KEYS = frozenset(("syntax", "escape", "check"))
_BLANK = "[\t\n\f\r ]*+"
_PATTERN = pattern(rf"([a-zA-Z][a-zA-Z0-9]*+){_BLANK}=")
_SYNTAX_KEY = pattern(r'"syntax"\s*+:\s*+"((?:[^"\\]|\\.)*+)"')
_MAX_LINE = 65_536


class Found(NamedTuple):
    """A directive in a comment; offsets in its text."""

    key: str
    value: str
    start: int
    end: int


def find(comment: str) -> Found | None:
    """The directive in what follows a comment's mark."""
    skipped = LEADING_SPACE.match(comment)
    text = comment[skipped.end() :] if skipped else comment
    matched = _PATTERN.match(text)
    if matched is None or (key := matched[1].lower()) not in KEYS:
        return None
    rest = text[matched.end() :]
    value = rest.strip("\t\n\f\r ")
    if not value:
        value = rest[-1:]  # blanks only: the pattern needs one character
    if not value or "\n" in value:
        return None
    start = len(comment) - len(rest) + (len(rest) - len(rest.lstrip("\t\n\f\r ")))
    if not rest.strip("\t\n\f\r "):
        start = len(comment) - 1
    return Found(key, value, start, start + len(value))


class Directives:
    """The unbroken run of directives at the top, line by line."""

    def __init__(self) -> None:
        self._done = False
        self._seen: set[str] = set()
        self.escape = "\\"
        self.found: list[Directive] = []

    @property
    def done(self) -> bool:
        """Whether no further line can be one."""
        return self._done

    def read(self, text: str, line: int, start: int) -> str | None:
        """Read a line without the space around it. The reason why it is refused, else ``None``."""
        found = find(text[1:]) if text.startswith("#") else None
        if found is None:
            self._done = True
            return None
        if found.key in self._seen:
            return f"only one {found.key} parser directive can be used"
        self._seen.add(found.key)
        value = found.value.encode("latin-1").decode("utf-8", "surrogateescape")
        first = start + 1 + found.start
        end = start + len(text)
        self.found.append(
            Directive(found.key, value, line, start, end, first, first + len(found.value))
        )
        if found.key == "escape":
            if found.value not in {"\\", "`"}:
                return f"invalid escape token '{value}' does not match ` or \\"
            self.escape = found.value
        return None


def value_of(key: str, raw: str) -> str:
    """The value of a directive as the build's front end asks for it, cut at its first space.

    Unlike the parser it goes past a first line ``#!``, and wants the ``#`` at the line's start.
    ``syntax`` may also be ``// syntax=`` or stand in a JSON object that the whole file is.
    """
    raw = raw.removeprefix("\xef\xbb\xbf")
    if raw.startswith("#!"):
        raw = raw.partition("\n")[2]
    for mark in ("#", "//") if key == "syntax" else ("#",):
        found = _search(key, raw, mark)
        if found is not None:
            return _decode(found.partition(" ")[0])
    if key == "syntax" and raw.lstrip("\t\n\r ").startswith("{") and is_json(raw):
        return _json_value(raw)
    return ""


def _search(key: str, raw: str, mark: str) -> str | None:
    seen: set[str] = set()
    at = 0
    while raw.startswith(mark, at):
        end = raw.find("\n", at)
        end = len(raw) if end < 0 else end
        if end - at >= _MAX_LINE:
            return None
        found = find(raw[at + len(mark) : end].removesuffix("\r"))
        if found is None or found.key in seen:
            return None
        if found.key == key:
            return found.value
        seen.add(found.key)
        at = end + 1
    return None


def _json_value(raw: str) -> str:
    """The last ``"syntax"`` of a JSON object; only a top-level one counts, as there is no other."""
    values = _SYNTAX_KEY.findall(raw)
    return unescape(_decode(values[-1])) if values else ""


def _decode(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "surrogateescape")
