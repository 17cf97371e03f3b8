"""Values under a name that says what they are: ``db_password = "..."`` in all its dialects.

The pattern of a form ends where the value begins; how far the value goes depends on its quotes and
on what the file is written in. In program text a bare word is an expression, and none of these
forms takes it.
"""

import re
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate
from seawall.secrets.reading.addresses import of_a_badge
from seawall.secrets.reading.form import EVERYWHERE, Form
from seawall.secrets.text import Kind, Text
from seawall.text.credential_names import meaning_of

_KEY = (
    r"(?i:pass|pwd|secret|token|cred|key|auth|nonce|salt|otp|identified by|securestring"
    r"|[_ .\"'-]pw\b|\"sig\b|oauth_signature|oauth_verifier)"
)
_REST = r"[\w.$-]{0,40}"
_CLOSE = r"\\{0,3}[\"'`]?[\]\)]{0,2}"
_TYPE = r"(?::[ \t]{0,4}[A-Za-z][\w<>?|. ]{0,30})?"
_ASSIGNED = (
    rf"[ \t]{{0,20}}(?:{_TYPE}={{1,3}}>?|:=|!==?|->|[?+|]=|\|\||::?)\s{{0,30}}"
    r"|[ \t]or[ \t]{1,4}|[ \t]{0,4}[(,]\s{0,30}|[ \t]{1,8}"
)
_DECODERS = (
    r"(?:[\w.]{0,40}(?:hexlify|fromhex|Buffer|Buffer\.from|b64decode|[dD]ecodeString|atob|[eE]ncoder"
    r"|byte)\(){1,2}"
)
_PREFIX = rf"(?:[bBrRuUfFL@$]{{0,2}}|[bB]yte\(|{_DECODERS})"
_QUOTE = r"\\{0,3}[\"'`]"
_VALUE_WORD = r"(?i:value|content|default|defaultvalue)"

QUOTED = rf"{_KEY}{_REST}{_CLOSE}(?:{_ASSIGNED}){_PREFIX}{_QUOTE}"
BARE = (
    rf"{_KEY}{_REST}\\{{0,3}}[\"'`]?\]?[ \t]{{0,20}}(?::=|=>|[:=])[ \t]{{0,20}}[^\s\"'`=:>,;)\]}}]"
)
LATER = (
    rf"{_KEY}{_REST}[\"']?\]?[ \t]?[:,=]?>?[ \t]{{0,3}}\{{?\s{{1,40}}[\"']?{_VALUE_WORD}[\"']?"
    r"\s{0,3}[:=]\s{0,3}[^\s]"
)
ELEMENT = rf"<[\w:.-]{{0,40}}{_KEY}[\w.-]{{0,40}}(?:[ \t][^<>\n]{{0,80}})?>[^<\s]"
PAIR = (
    r"(?:[\"'?&;] ?|=[^\s\"'`(),;=]{1,60}[ ,])"
    rf"[\w.-]{{0,30}}{_KEY}[\w.-]{{0,20}}=[^\s\"'&;=<>(){{}}$%\\]{{4}}"
)
STATEMENT = r"(?i:identified by)[ \t]{1,4}[^\s\"'`;]"
_NEXT_WORD = r"(?:[ \t]{1,4}|[\"'],[ \t]{0,2}[\"'])"
OPTION = rf"[ \t\"'\[]--?[\w-]{{0,30}}{_KEY}[\w-]{{0,20}}{_NEXT_WORD}[^\s\"'=-]"

_LONGEST = 4096
_LONGEST_SIGNATURE = 64
"""Characters: those that let somebody in are sums of a request with a key that is shared."""
_LONGEST_BARE = 512


def _name(text: Text, match: re.Match[bytes]) -> str:
    """The whole name, of which the match holds the part from its telling word on."""
    data = text.data
    start = match.start()
    while data[start] not in _LETTERS:
        start += 1
    before = data[max(match.start() - _REACH, 0) : start]
    after = data[start : start + _REACH]
    first = len(before.rstrip(_NAME_BYTES))
    behind = len(after) - len(after.lstrip(_NAME_BYTES))
    return (before[first:] + after[:behind]).decode("ascii")


_REACH = 60
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NAME_BYTES = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$-"


def quoted(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The literal whose opening quote is the last of the match."""
    data = text.data
    start = match.end()
    quote = data[start - 1 : start]
    before = start - 1
    while before > match.start() and data[before - 1] == 0x5C:
        before -= 1
        quote = b"\\" + quote
    if quote == b"`" and text.kind is not Kind.CODE:
        return  # a command, or the end of a quotation
    end = _closing(data, start, quote)
    if end > start:
        yield from _found("quoted", text, match, start, end)


def _closing(data: bytes, start: int, quote: bytes) -> int:
    """Where a literal ends; -1 where it does not on its line."""
    limit = min(start + _LONGEST, len(data))
    end = data.find(b"\n", start, limit)
    limit = limit if end < 0 else end
    at = start
    while True:
        at = data.find(quote, at, limit)
        if at < 0:
            return -1
        if len(quote) > 1 or data[at - 1] != 0x5C or data[at - 2] == 0x5C:
            return at
        at += 1


_BARE_VALUE = pattern(rb"[^\s\"'`,;&<>(){}\[\]\\]{1,512}")
_SIGNS_TOO = pattern(rb"[^\s\"'`]{1,512}")
_LINE = pattern(rb"[^\r\n]{1,512}")
_COMMENT = pattern(rb"[ \t]+(?:#|//|;).*")


def bare(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The word that begins with the last byte of the match."""
    start = match.end() - 1
    if text.kind is Kind.PROSE and b"]:" in match[0]:
        return  # where a link of Markdown leads to
    signs = text.kind in (Kind.CONFIGURATION, Kind.SCRIPT)
    found = (_SIGNS_TOO if signs else _BARE_VALUE).match(text.data, start)
    if found is not None:
        end = _end_of_bare(text.data, match.start(), start, found.end()) if signs else found.end()
        yield from _found("bare", text, match, start, end)


def _end_of_bare(data: bytes, name: int, start: int, end: int) -> int:
    """Where a bare word ends that stands in a literal of JSON, or in a flow of YAML's."""
    escape = _ESCAPE.search(data, start, end)
    if escape is not None and escape.start() > start:
        end = escape.start()
    if data[end - 1] in b",]}":
        line = data[max(data.rfind(b"\n", 0, name), name - 300, 0) : name]
        if b"{" in line or b"[" in line:
            end = start + max(len(data[start:end].rstrip(b",]}")), 1)
    return end


_ESCAPE = pattern(rb"(?:\\[rt])?\\n")
"""The end of a line within a literal."""


def later(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The value of a pair that tells its name first: ``name: X`` and ``value: Y``."""
    start = match.end() - 1
    if text.data[start] in b"\"'":
        end = _closing(text.data, start + 1, text.data[start : start + 1])
        if end > start + 1:
            yield from _found("later", text, match, start + 1, end)
        return
    found = _BARE_VALUE.match(text.data, start)
    if found is not None and text.kind is not Kind.CODE:
        yield from _found("later", text, match, start, found.end())


def element(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """What stands between two tags."""
    start = match.end() - 1
    end = text.data.find(b"<", start, start + _LONGEST)
    if end > start and b"\n" not in text.data[start:end] and text.data[end + 1 : end + 2] == b"/":
        yield from _found("element", text, match, start, end)


def option(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The word behind an option of a command."""
    start = match.end() - 1
    found = _BARE_VALUE.match(text.data, start)
    if found is not None:
        yield from _found("option", text, match, start, found.end())


def statement(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The bare password of ``CREATE USER ... IDENTIFIED BY``."""
    start = match.end() - 1
    before = text.data[max(match.start() - 200, 0) : match.start()].rpartition(b"\n")[2].lower()
    if not any(word in before for word in (b"user ", b"grant ", b"role ")):
        return
    found = _BARE_VALUE.match(text.data, start)
    if found is not None:
        yield from _found("statement", text, match, start, found.end())


def pair(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """``name=value`` within a literal, as in an address or a connection string."""
    start = match.end() - 4
    found = _PAIR_VALUE.match(text.data, start)
    name = _PAIR_NAME.search(text.data, match.start(), start - 1)
    if found is not None and name is not None:
        yield from _found("pair", text, match, start, found.end(), name[0].decode("latin-1"))


_PAIR_NAME = pattern(rb"[\w.-]+\Z")
_PAIR_VALUE = pattern(rb"[^\s\"'`&;,<>(){}\\]{4,512}")


def _found(
    form: str, text: Text, match: re.Match[bytes], start: int, end: int, name: str = ""
) -> Iterator[Candidate]:
    name = name or _name(text, match)
    kind = meaning_of(name).kind
    if not kind:  # a word in which a telling one stands, as in "author"
        return
    if text.data[start : start + 1] == b"/" and name.lower().endswith("pwd"):
        return  # the working directory of a shell
    if form in _OF_ADDRESSES and of_a_badge(text.data, match.start()):
        return
    if form == "quoted":
        form = _how(text.data[match.start() : start])
    if kind == "signature" and end - start > _LONGEST_SIGNATURE:
        return  # of a document, with a key that only its author has
    if kind == "auth":
        scheme = _SCHEME.match(text.data, start, end)
        start = start if scheme is None else scheme.end()
    value = text.data[start:end].decode("utf-8", "replace")
    yield Candidate("assignment", start, end, Redacted(value), name, form)


_OF_ADDRESSES = ("pair", "bare")
"""What a parameter of an address may be taken for."""
_SCHEME = pattern(rb"(?i:bearer|apikey|api-key|token|key) (?=[^\s]+\Z)")
"""What stands before the credentials of a header (RFC 9110, 11.6.2); ``Basic`` has its own form."""
_DECODED = pattern(_DECODERS.encode() + rb"[\"'`\\]*\Z")


def _how(separator: bytes) -> str:
    """How a quoted value stands behind its name."""
    if b"(" in separator:  # in most there is no call
        separator = _DECODED.sub(b"", separator)
    tail = separator.rstrip(b"\"'`\\ \t\r\nbBrRuUfFL@$")
    last = tail[-1:]
    if last == b"(":
        return "call"
    if last == b",":
        return "argument"
    if last == b":":
        return "field"
    if tail.endswith((b"==", b"!=")):
        return "comparison"
    return "assigned" if last in b"=>|-+?" and last else "beside"


_NOT_CODE = EVERYWHERE - {Kind.CODE, Kind.LOCK}
FORMS = (
    Form("quoted", QUOTED, EVERYWHERE - {Kind.LOCK}, quoted, breaks=1),
    Form("bare", BARE, _NOT_CODE - {Kind.DATA}, bare, breaks=0),
    Form("later", LATER, EVERYWHERE - {Kind.LOCK}, later),
    Form("element", ELEMENT, EVERYWHERE - {Kind.LOCK}, element),
    Form("statement", STATEMENT, EVERYWHERE - {Kind.LOCK}, statement),
    Form("pair", PAIR, EVERYWHERE - {Kind.LOCK}, pair),
    Form("option", OPTION, _NOT_CODE - {Kind.DATA}, option),
)
