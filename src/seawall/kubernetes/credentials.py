"""Finds credentials that are written out in manifests.

Two kinds of evidence count: a value in the format of some provider's tokens, and a value under a
name that says what it is (``DB_PASSWORD``). Under the name of a password any value counts that is
not a reference: ``changeme`` is a password like any other, and a known one. Under names such as
``token``, ``secret`` or ``api key`` a value must look generated, because what stands there is as
often the name of a Secret, of a field or of a header. Where the name ends in a key, a token or a
client's secret a value such as ``minio123`` counts, too: what people type where they are asked
for a password. ``secret`` and ``credentials`` alone as often say which Secret.

Results name what holds a value. The value itself comes along in a form that hides it, so that it
can be told from others.
"""

import re
from binascii import Error, a2b_base64
from collections.abc import Iterator, Sequence

from seawall.core import lazy
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import NOTHING, Redacted
from seawall.text.credential_names import (
    SECRET,
    kind_of_setting,
    meaning_of,
    words_of,
)
from seawall.text.placeholders import DEFAULTS, ELSEWHERE, NO_VALUES, is_fill_in, is_of_manuals
from seawall.text.token_formats import FORMATS


class Credential(NamedTuple):
    """A credential that was found."""

    name: str
    """The variable, option or key that holds it; empty when it stands by itself."""
    what: str
    """What it is, with its article: ``a password``."""
    weak: bool = False
    """Whether it is a default, so that nothing is given away by it."""
    line: int = 0
    """The line of a text it stands in, from 1; 0 for a value of its own."""
    value: Redacted = NOTHING
    """What is secret; nothing for a default, which gives nothing away."""


# Names --------------------------------------------------------------------------------------

_WHICH_SECRET = frozenset(("credential", "credentials", "secret"))


def _may_say_which(name: str) -> bool:
    """Whether a name of a secret may be one of the object that holds it."""
    words = words_of(name)
    return meaning_of(name).kind in ("credential", "secret") and not (
        _WHICH_SECRET.isdisjoint(words) or "client" in words
    )


# Values -------------------------------------------------------------------------------------

_MADE_OR_ELSEWHERE = (*ELSEWHERE, "scram-sha-", "secret:", "{sha", "{ssha")
"""How values begin that say where the real one is, and hashes and encrypted values."""
_TEMPLATE = (
    r"(?s)\$\{|\$\(|\{\{|<%|%[({]|^\$\w|^<.*>$|^\[.*\]$|^\{\w*\}$|^%\w+%$|^@[\w.]+@$|^#\{|"
    r"^!(?:env|ref|secret|sub|vault)\b|^\$(?:apr1|argon2\w*|pbkdf2[\w-]*)\$|^md5[0-9a-f]{32}$|"
    r"^(?i:replace(?:[-_. ]|me$|this$))"  # a mark that a script looks for
)
_PATH = r"(?:~|\.{1,2})?/[\w.@-]+(?:/[\w.@-]*)+|(?:~|\.{1,2})/[\w.@-]+|[A-Za-z]:\\.*"
_VARIABLE = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
_MASK = r"[*xX.•_#?-]+"
_TO_BE_REPLACED = (
    r"(?i)xxxx|^\.{3}|"
    r"^(?:my|some|the)[-_. ]?(?:[a-z]+[-_. ])*(?:pass(?:word|wd|phrase)?|secret|token|key)$"
)
_ELIDED = r"\s*-----BEGIN [A-Z0-9 ]+-----\s*(?:\.{2,}|…|<[^>]*>)\s*(?:-----END [A-Z0-9 ]+-----\s*)?"
"""What documentation writes for a key."""
_LONG = 80
_MIXED_CASE, _ONE_CASE = 2.8, 3.5
"""How long the words of a generated value are on average at most."""
_DEFAULTS = DEFAULTS | {"default"}
_OBJECT_NAME = r"[a-z]{2,}[a-z0-9]*(?:[-./][a-z0-9]+)+"
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_CREDENTIAL_WORD = r"PASS|PWD|SECRET|TOKEN|KEY|CRED"


def is_reference(value: str) -> bool:
    """Whether a value stands for another: a variable, a template, a path, a mask, nothing.

    Hashes of passwords count as references too.
    """
    value = value.strip()
    lower = value.lower()
    if not value or lower in NO_VALUES or lower.startswith(_MADE_OR_ELSEWHERE):
        return True
    if re.fullmatch(_MASK, value) or re.fullmatch(_PATH, value) or re.search(_TEMPLATE, value):
        return True
    return bool(re.fullmatch(_VARIABLE, value) and re.search(_CREDENTIAL_WORD, value))


def is_to_be_replaced(value: str) -> bool:
    """Whether a value says that another belongs there (``changeme``, ``your-token``)."""
    if re.fullmatch(_ELIDED, value):
        return True
    return len(value) < _LONG and _says_so(value)


def _says_so(value: str) -> bool:
    return is_fill_in(value.lower()) or re.search(_TO_BE_REPLACED, value) is not None


def looks_generated(value: str) -> bool:
    """Whether a value looks drawn by chance: long, mixed, and not made of words."""
    if re.fullmatch(_UUID, value):
        return True
    if len(value) < 16 or len(value) > 4096 or any(character.isspace() for character in value):
        return False
    if re.fullmatch(_OBJECT_NAME, value) or _says_so(value) or "://" in value:
        return False
    words = words_of(value)
    # Drawn characters change between letters and digits, and between cases, all the time.
    longest = _MIXED_CASE if value.lower() != value != value.upper() else _ONE_CASE
    return len(set(value)) >= 8 and sum(map(len, words)) < longest * len(words)


_TYPED = r"(?=.*[a-zA-Z])(?=.*\d.*\d)[A-Za-z0-9!@#$%^&*+=]{8,}"
"""Letters and at least two digits in one word: no name of an object, a field or a file."""


def looks_typed(value: str) -> bool:
    """Whether a value looks like a password that somebody thought of: ``minio123``."""
    return re.fullmatch(_TYPED, value) is not None


_URL = r"\b[a-z][a-z0-9+.-]{1,30}://([^\s:/@\"'<>]{0,80}):([^\s/@\"'<>]{1,200})@(?!sha256:)[^\s/@]"


_REST_OF_TOKEN = lazy.pattern(r"[\w+/=.~-]*")
_LONGEST_KEY = 16_384


def format_of(text: str) -> str:
    """What known kind of credential stands in a text, with its article; empty when none does."""
    found = of_format(text)
    return "" if found is None else found.what


def of_format(text: str) -> Credential | None:
    """The first credential in a text that is known by its format."""
    for mark, pattern, what in FORMATS:
        if mark in text:
            for match in re.finditer(pattern, text):
                found = match.group()
                if len(set(found)) >= 10 and not _says_so(found):
                    return Credential("", what, value=_whole(text, match))
    if "://" in text and "@" in text:
        for match in re.finditer(_URL, text):
            user, password = match.groups()
            if not (is_reference(password) or is_of_manuals(user, password)):
                return Credential("", "a URL with a password", value=Redacted(password))
    return None


def _whole(text: str, match: re.Match[str]) -> Redacted:
    """All of a credential whose pattern may have found but its beginning."""
    start, end = match.span()
    if match.group().startswith("-----BEGIN"):
        last = text.find("-----END", end, start + _LONGEST_KEY)
        return Redacted(text[start : last if last > 0 else start + _LONGEST_KEY])
    rest = _REST_OF_TOKEN.match(text, end)
    return Redacted(text[start : rest.end() if rest else end])


def _named(name: str, value: str) -> Credential | None:
    """A credential by its name; a value of several lines is none."""
    kind = kind_of_setting(name)
    if not kind or is_reference(value) or "\n" in value.strip():
        return None
    secret = Redacted(value)
    if kind == SECRET:
        if looks_generated(value):
            return Credential(name, "a secret", value=secret)
        typed = looks_typed(value) and not (_may_say_which(name) or is_to_be_replaced(value))
        return Credential(name, "a weak secret", weak=True, value=secret) if typed else None
    if len(value) < 4 and value.isdigit():
        return None
    weak = value.lower() in _DEFAULTS or is_to_be_replaced(value)
    if weak:
        return Credential(name, "a default password", weak=True)
    return Credential(name, "a password", value=secret)


def in_value(name: str, value: str) -> Credential | None:
    """The credential in the value of a variable, annotation or key, if there is one."""
    typical = of_format(value)
    if typical is not None:
        return typical._replace(name=name)
    found = _named(name, value)
    if found is None and "=" in value and re.search(_KEYWORD, value):
        inner = next(in_text(value), None)  # options of a JVM, connection strings
        return inner._replace(line=0) if inner is not None else None
    return found


# Texts --------------------------------------------------------------------------------------

_KEYWORD = (
    r"(?i)pass|pwd|secret|token|credential|masterauth|authorization|[a-z_-]key|identified|curl|"
    r"redis-cli|mysql|mariadb"
)
_COMMENT = ("#", ";", "//", "--", "/*", "*", "<!--", "rem ", "%")
_VALUE = r"""(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"',;&|<>(){}\[\]`]+)(?=[\s"',;&|<>\])}]|$))"""
_NAME = r"""["']?([A-Za-z_][\w.-]{0,100})["']?[ \t]*"""
_ASSIGNMENT = rf"(?<![\w.$-])-{{0,2}}{_NAME}(?::=|=(?!=))[ \t]*{_VALUE}"
_FIELD = rf"(?:^|[{{,\[(-])[ \t]*{_NAME}(?::(?!=)|=>)[ \t]*{_VALUE}"
"""A key of YAML, JSON or a literal map: elsewhere a colon ends a word of prose."""
_OPTION = (
    r"""(?<!\S)--?([A-Za-z][\w.-]{2,60})[ \t]+(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"'-][^\s"']*))"""
)
_ELEMENT = r"<([A-Za-z][\w.-]{0,60})>()()([^<>\n]{1,200})</"
_DIRECTIVE = r"""^[ \t]*(requirepass|masterauth)[ \t]+["']?()()([^\s"']+)"""
_NAMED = (
    # a text each match has, and the pattern: a name and a value in double, single or no quotes
    ("=", _ASSIGNMENT),
    (":", _FIELD),
    ("=>", _FIELD),
    ("-", _OPTION),
    ("</", _ELEMENT),
    ("requirepass", _DIRECTIVE),
    ("masterauth", _DIRECTIVE),
)
_BARE = (
    # the same with a value alone, and what it is
    ("'", r"(?i)\b(?:PASSWORD|IDENTIFIED[ \t]+(?:WITH[ \t]+\S+[ \t]+)?BY)[ \t]+'([^'\n]+)'"),
    (
        "curl",
        r"""\bcurl\b[^\n|]{0,200}?[ \t](?:-u|--user|--proxy-user)[ =]?["']?[^\s:"'$]+:([^\s"']+)""",
    ),
    ("redis-cli", r"""\bredis-cli\b[^\n|;]{0,200}?[ \t]-a[ \t]+["']?([^\s"']+)"""),
    ("sshpass", r"""\bsshpass[ \t]+-p[ \t]*["']?([^\s"']+)"""),
    (
        "m",
        r"""\b(?:mysql(?:dump|admin)?|mariadb)\b[^\n|;]{0,200}?[ \t]-p["']?([^\s"'-][^\s"']*)""",
    ),
)
_HEADER = r"(?i)\bauthorization[\"']?[ \t]*[:=]?[ \t]*[\"']?(?:basic|bearer)[ \t]+([\w+/=.-]{16,})"
_LONGEST_LINE = 2000


def in_text(text: str, *, code: bool = False) -> Iterator[Credential]:
    """The credentials in a configuration file or script, each name once.

    In program ``code`` only quoted values count: others are expressions.
    """
    seen = set()
    typical = of_format(text)
    if typical is not None:
        seen.add("")
        yield typical
    for number, line in _telling_lines(text):
        for found in _in_line(line, code=code):
            if found.name not in seen:
                seen.add(found.name)
                yield found._replace(line=number)


def _telling_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with a word that goes with credentials, and around it what is in reach."""
    end = number = 0
    counted = 0
    for match in re.finditer(_KEYWORD, text):
        if match.start() < end:
            continue
        start = max(text.rfind("\n", 0, match.start()) + 1, match.start() - _LONGEST_LINE)
        end = text.find("\n", match.start())
        end = min(len(text) if end < 0 else end, match.start() + _LONGEST_LINE)
        number += text.count("\n", counted, start)
        counted = start
        line = text[start:end]
        if not line.lstrip().lower().startswith(_COMMENT):
            yield number + 1, line


def _in_line(line: str, *, code: bool) -> Iterator[Credential]:
    for mark, pattern in _NAMED:
        for match in re.finditer(pattern, line) if mark in line else ():
            name, double, single, bare = match.groups()
            value = double or single or ("" if code else bare) or ""
            found = None if " " in value else _named(name, value)
            if found is not None and not format_of(value):
                yield found
    for mark, pattern in _BARE:
        for match in re.finditer(pattern, line) if mark in line else ():
            if not is_reference(match.group(1)):
                yield Credential("", "a password", value=Redacted(match.group(1)))
    for match in re.finditer(_HEADER, line):
        if not is_reference(match.group(1)) and not is_to_be_replaced(match.group(1)):
            yield Credential("", "an Authorization header", value=Redacted(match.group(1)))


_OPTION_NAME = r"-{0,2}[A-Za-z_][\w.-]{0,100}"
_OPTION_ALONE = r"-[A-Za-z.-]{0,60}|--[\w.-]{1,100}"
"""An option whose value is the next word. With digits, a short one has its value glued to it."""
_SHORT_OPTIONS = {
    "curl": ("-u", "--user", "--proxy-user"),
    "redis-cli": ("-a",),
    "sshpass": ("-p",),
}


def in_arguments(arguments: Sequence[str]) -> Iterator[tuple[int, Credential]]:
    """The credentials in the words of a command, each with the index of its word."""
    program = arguments[0].rpartition("/")[2] if arguments else ""
    before = ""
    for index, word in enumerate(arguments):
        if any(character.isspace() for character in word):
            for found in in_text(word):
                yield index, found
            before = ""
            continue
        credential = _in_word(word, before, program)
        if credential is not None:
            yield index, credential
        before = word


def _in_word(word: str, before: str, program: str) -> Credential | None:
    """The credential in a word of a command; ``before`` is the word that stands before it."""
    option, equals, value = word.partition("=")
    if equals and re.fullmatch(_OPTION_NAME, option):
        found = in_value(option.lstrip("-").removeprefix("D"), value)
        return found and found._replace(name=option)
    if program.startswith(("mysql", "mariadb")) and word.startswith("-p"):
        secret = Redacted(word[2:])
        return None if is_reference(word[2:]) else Credential("-p", "a password", value=secret)
    if word.startswith("-") or not re.fullmatch(_OPTION_ALONE, before):
        return in_value("", word)
    found = in_value(before.lstrip("-"), word)
    if found is not None:
        return found._replace(name=before)
    value = word.partition(":")[2] if program == "curl" else word
    if before in _SHORT_OPTIONS.get(program, ()) and not is_reference(value):
        return Credential(before, "a password", value=Redacted(value))
    return None


# Secrets ------------------------------------------------------------------------------------


def decoded(value: str) -> str:
    """The text of a value of a Secret's ``data``; the value itself when it is no base64."""
    try:
        unfolded = value.replace("\r", "").replace("\n", "")
        return a2b_base64(unfolded, strict_mode=True).decode("utf-8", "replace")
    except (Error, ValueError):
        return value
