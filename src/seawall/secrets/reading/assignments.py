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
from seawall.secrets.features import shape_of
from seawall.secrets.reading.addresses import of_a_badge
from seawall.secrets.reading.form import EVERYWHERE, Form
from seawall.secrets.text import Kind, Text
from seawall.text.credential_names import meaning_of
from seawall.text.placeholders import placeholder

_KEY = (
    r"(?i:pass|pwd|secret|token|cred|key|auth|nonce|salt|otp|identified (?:with \w{1,30} )?by"
    r"|securestring"
    r"|[\n_ .\"'-]pw\b|\bpsk\b|\"sig\b|oauth_signature|oauth_verifier)"
)
_REST = r"[\w.$-]{0,40}"
_CLOSE = r"\\{0,3}[\"'`]?[\]\)]{0,2}"
_TYPE = (
    r"(?::[ \t]{0,4}[A-Za-z&\[][\w<>?|. &'\[\]]{0,30}"
    r"|(?i:as[ \t]{1,4}string)[ \t]{1,4})?"
)
_ASSIGNED = (
    rf"[ \t]{{0,20}}(?:{_TYPE}={{1,3}}>?|:=|!==?|->|\?\?=?|\|\|=|[?+|]=|\|\||::?"
    r"|=[ \t]{0,2}\()\s{0,30}"
    r"|[ \t](?:or|is)[ \t]{1,4}|[ \t]{0,4}[(,]\s{0,30}|[ \t]{1,8}"
)
_DECODERS = (
    r"(?:(?:[\w.]{0,40}(?:hexlify|fromhex|Buffer|Buffer\.from|b64decode|[dD]ecodeString|atob"
    r"|[eE]ncoder|byte)|\[\]byte|String::from|Some|str|new String)\(){1,2}"
)
"""What makes another value of a literal, or the same one in another type."""
_PREFIX = rf"(?:[bBrRuUfFLN@$]{{0,2}}|[bB]yte\(|{_DECODERS}b?)"
_QUOTE = r"\\{0,3}[\"'`]"
_VALUE_WORD = r"(?i:value|content|default|defaultvalue|parametervalue)"
_BETWEEN = (
    r"(?i:[\"']?(?:type|description|sensitive|noecho|nullable)[\"']?\s{0,10}[:=][^\n,]{0,80}[\n,]"
    r"\s{0,20}){0,3}"
)
"""What Terraform and CloudFormation say of a variable before they tell its default."""

QUOTED = rf"{_KEY}{_REST}{_CLOSE}(?:{_ASSIGNED}){_PREFIX}{_QUOTE}"
BARE = (
    rf"{_KEY}{_REST}\\{{0,3}}[\"'`]?\]?[ \t]{{0,20}}(?::=|=>|[:=](?:\*\*)?)"
    r"[ \t]{0,20}[^\s\"'`=:>,;)\]}]"
)
LATER = (
    rf"{_KEY}{_REST}[\"']?\]?[ \t]?(?:[:,=]?>?[ \t]{{0,3}}(?:\{{\s{{0,40}}|\s{{1,40}})|,)"
    rf"{_BETWEEN}[\"']?(?:\w{{1,10}}:)?{_VALUE_WORD}[\"']?\s{{0,9}}[:=]\s{{0,3}}[^\s]"
)
ELEMENT = rf"<[\w:.-]{{0,40}}{_KEY}[\w.-]{{0,40}}(?:[ \t][^<>\n]{{0,80}})?>[^<\s]"
_OWN_NAME = rf"[\w.:-]{{0,60}}{_KEY}[\w.-]{{0,40}}"
NAMED_ELEMENT = (
    rf"(?:(?:name|key)=[\"']{_OWN_NAME}[\"'][^<>\n]{{0,80}}>[^<\s]"
    rf"|<(?:[Kk]ey|[Nn]ame)>{_OWN_NAME}</\w{{1,20}}>\s{{0,40}}<(?:[Ss]tring|[Vv]alue)>[^<\s]"
    rf"|<{_OWN_NAME}>\s{{0,40}}<[Vv]alue>[^<\s])"
)
PAIR = (
    r"(?:[\"'?&;] ?|=[^\s\"'`(),;=]{1,60}[ ,])"
    rf"[\w.-]{{0,30}}{_KEY}[\w.-]{{0,20}}=[^\s\"'&;=<>(){{}}$%\\]{{4}}"
)
FALLBACK = rf"\$\{{[\w.-]{{0,60}}{_KEY}[\w.-]{{0,40}}:-?[^\s\"'$`{{}}:-]"
SECTION = (
    r"\"(?i:jwt|hmac|encryption|crypto|signing)\w{0,16}\"\s{0,4}:\s{0,4}\{[^{}]{0,200}\"[Kk]ey\""
    r"\s{0,3}:\s{0,3}\"[^\"\s]"
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
    if quote == b"`" and text.kind is not Kind.CODE and not _is_told(text, match):
        return  # a command, or the end of a quotation
    end = _closing(data, start, quote)
    if end > start:
        yield from _found("quoted", text, match, start, end)


def _is_told(text: Text, match: re.Match[bytes]) -> bool:
    """Whether prose says what a password is, and not of what type a parameter of that name is."""
    return text.kind is Kind.PROSE and _TOLD.search(match[0]) is not None


_TOLD = pattern(rb"\A[^`]*(?::(?:\*\*)?| is)[ \t]+`\Z")


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


def named_element(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """What stands between two tags, where an attribute or the element before it has its name."""
    start = match.end() - 1
    end = text.data.find(b"<", start, start + _LONGEST)
    name = _ELEMENT_NAME.search(match[0])
    closed = end > start and text.data[end + 1 : end + 2] == b"/"
    if name and closed and b"\n" not in text.data[start:end]:
        yield from _found("element", text, match, start, end, name[1].decode("latin-1"))


_ELEMENT_NAME = pattern(rb"(?:(?:name|key)=[\"']|<(?:[Kk]ey>|[Nn]ame>)?)([\w.:-]+)")


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


def fallback(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """What ``${DB_PASSWORD:...}`` falls back on, unless it is a word: most are fill-ins."""
    start = match.end() - 1
    found = _FALLBACK_VALUE.match(text.data, start)
    if found is None or is_made_of_words(found[0]):
        return
    if not placeholder(found[0].decode("utf-8", "replace")):
        yield from _found("fallback", text, match, start, found.end())


_FALLBACK_VALUE = pattern(rb"[^\s\"'`{}]{4,512}(?=\})")


def section(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The ``Key`` of a section about tokens, as programs for .NET have it."""
    start = match.end() - 1
    end = _closing(text.data, start, b'"')
    if end > start:
        yield from _found("field", text, match, start, end, "jwt_key")


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
        given = form == "argument" and _is_set(text.data, match.start())
        given = given or (form == "call" and _BUILDER.fullmatch(name) is not None)
        if given and not is_made_of_words(text.data[start:end]):
            form = "assigned"
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


_SETTER = pattern(
    rb"(?i)\b(?:define|put|putenv|putifabsent|setdefault|setenv|setproperty|property|set|addheader"
    rb"|setheader|setrequestheader|header|add|append|stringvar|stringvarp|env|getenv|get|fetch"
    rb"|getordefault|getproperty|config)[ \t]{0,2}\([ \t]{0,3}(?:&[\w.]{1,40},[ \t]{0,3})?"
    rb"[\"'][\w.:-]{0,60}\Z"
)
"""What is in front of the name in a call that keeps a value under a name, or falls back on it."""
_MADE_OF_WORDS = frozenset("word identifier dotted dashed prose file address".split())


_BUILDER = pattern(r"\.(?:with)?(?:[pP]assword|[sS]ecret|[aA]piKey|[cC]lientSecret|[tT]oken)")
"""A method that only says what it is given: ``.password("...")``."""


def _is_set(data: bytes, name: int) -> bool:
    """Whether a call gives a value to the name before it.

    ``define('DB_PASSWORD', '...')``, ``setProperty("db.password", "...")``,
    ``getenv("API_TOKEN", "...")``: in other calls two literals have nothing to do with each other,
    and in these a word may be a message about the first (``errors.add("password", "invalid")``).
    """
    line = data.rfind(b"\n", max(name - 160, 0), name) + 1 or max(name - 160, 0)
    return _SETTER.search(data, line, name) is not None


def is_made_of_words(value: bytes) -> bool:
    """Whether a value looks like a word, a name or a sentence: what nobody has to hide."""
    return shape_of(_ENCODER.sub("", value.decode("utf-8", "replace"))) in _MADE_OF_WORDS


_ENCODER = pattern(r"\A\{\w{1,12}\}")
"""How Spring Security is told what a password is encoded with: ``{noop}``."""


_NOT_CODE = EVERYWHERE - {Kind.CODE, Kind.LOCK}
FORMS = (
    Form("quoted", QUOTED, EVERYWHERE - {Kind.LOCK}, quoted, breaks=1),
    Form("bare", BARE, _NOT_CODE - {Kind.DATA}, bare, breaks=0),
    Form("later", LATER, EVERYWHERE - {Kind.LOCK}, later),
    Form("element", ELEMENT, EVERYWHERE - {Kind.LOCK}, element),
    Form("named-element", NAMED_ELEMENT, EVERYWHERE - {Kind.LOCK}, named_element),
    Form("fallback", FALLBACK, EVERYWHERE - {Kind.LOCK}, fallback),
    Form("section", SECTION, EVERYWHERE - {Kind.LOCK}, section),
    Form("statement", STATEMENT, EVERYWHERE - {Kind.LOCK}, statement),
    Form("pair", PAIR, EVERYWHERE - {Kind.LOCK}, pair),
    Form("option", OPTION, _NOT_CODE - {Kind.DATA}, option),
)
