"""Passwords that have no name, given to functions that take them at a known place.

``HTTPBasicAuth("deploy", "...")``, ``getConnection(url, "shop", "...")``: of what a function takes,
its name tells.
"""

import re
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate
from seawall.secrets.reading.assignments import is_made_of_words
from seawall.secrets.reading.form import Form
from seawall.secrets.text import Kind, Text

_PLACES = {
    "httpbasicauth": 1, "httpdigestauth": 1, "setbasicauth": 1, "basic_auth": 1, "basicauth": 1,
    "networkcredential": 1, "pscredential": 1, "usernamepasswordcredentials": 1,
    "usernamepasswordcredential": 1, "passwordauthentication": 1, "basicawscredentials": 1,
    "awsbasiccredentials.create": 1, "getconnection": 2, "mysqli_connect": 2, "mysqli": 2, "pdo": 2,
    "dbi->connect": 2, "sequelize": 2, "login": 1, "auth": 1, "credentials": 1, "bearer_auth": 0,
    "signwith": 1, "jwt.sign": 1, "jwt.encode": 1, "jwt.verify": 1, "jwt.decode": 1, "fernet": 0,
}  # fmt: skip
"""The argument that is a password or a key, counted from 0, by the function in lower case."""
_KEYS = frozenset(
    "basicawscredentials awsbasiccredentials.create signwith jwt.sign jwt.encode jwt.verify "
    "jwt.decode fernet bearer_auth".split()
)
CALL = (
    r"(?:\bHTTP(?:Basic|Digest)Auth|[sS]etBasicAuth|basic_auth|[bB]asicAuth|NetworkCredential"
    r"|PSCredential|UsernamePasswordCredentials?|PasswordAuthentication|BasicAWSCredentials"
    r"|AwsBasicCredentials\.create|getConnection|mysqli(?:_connect)?|PDO|DBI->connect|Sequelize"
    r"|(?:\.|->)login|auth[ \t]?=|credentials[ \t]?=|bearer_auth|signWith"
    r"|jwt\.(?:sign|encode|verify|decode)"
    r"|Fernet)(?:\]::new)?[ \t]?[ (]\s{0,30}[^\s)]"
)
_FUNCTION = pattern(rb"(?:\.|->)?(\w[\w.]*(?:->\w+)?)")
_LITERAL = pattern(
    rb"\s*(?:[bBrRuU@]{0,2}|(?:Some|str)\()([\"'`])((?:(?!\1)[^\\\r\n]|\\.){1,200})\1\)?\s*(?:[,)\r\n;]|\Z)"
)
_LONGEST = 600


def call(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The literal at the place where the function takes its password."""
    function = _FUNCTION.match(text.data, match.start())
    if function is None:
        return
    name = function[1].decode("latin-1").lower()
    place = _PLACES.get(name, 0)
    at = _argument(text.data, match.end() - 1, place)
    found = _LITERAL.match(text.data, at) if at >= 0 else None
    if found is not None:
        value = Redacted(found[2].decode("utf-8", "replace"))
        what = "secret_key" if name in _KEYS else "password"
        form = "call" if is_made_of_words(found[2]) else "assigned"
        yield Candidate("assignment", *found.span(2), value, what, form)


def _argument(data: bytes, start: int, wanted: int) -> int:  # noqa: C901 - one loop over bytes
    """Where an argument begins, counted from 0; -1 where the call has fewer."""
    depth = count = 0
    quote = 0
    at, limit = start, min(start + _LONGEST, len(data))
    while count < wanted and at < limit:
        byte = data[at]
        if quote:
            if byte == 0x5C:
                at += 1
            elif byte in (quote, 0x0A):
                quote = 0
        elif byte in b"\"'`":
            quote = byte
        elif byte in b"([{":
            depth += 1
        elif byte in b")]}":
            depth -= 1
            if depth < 0:
                return -1
        elif byte == 0x2C and not depth:
            count += 1
        elif byte == 0x3B:
            return -1
        at += 1
    return at if count == wanted else -1


FORMS = (Form("call", CALL, frozenset((Kind.CODE, Kind.SCRIPT, Kind.PROSE)), call, reach=_LONGEST),)
