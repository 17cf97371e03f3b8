"""Passwords in addresses (RFC 3986, 3.2.1) and in the options of connection strings."""

import re
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate, Part
from seawall.secrets.reading.form import EVERYWHERE, IN_BYTES, Form
from seawall.secrets.text import Text

ID = "address"
USERINFO = r"://[^\s/:@\"'`<>()\[\]{}|,]{0,80}:[^\s/@\"'`<>|]{1,200}@[\w.\[${%<-]"
QUERY = (
    r"[?&;](?i:access_token|api_?key|apikey|auth_?token|token|secret|client_secret|password"
    r"|passwd|pwd|private_token|oauth_verifier|sig)=[\w%+./~-]{6}"
)

_SCHEME = pattern(rb"[A-Za-z][\w+.-]{1,30}\Z")
_HOST = pattern(rb"[\w.$%{}<>\[\]:-]{1,255}")
PATH, BADGE = 200, b"badge"
"""Bytes of an address in front of a parameter that are looked at, and what is looked for there."""
_REST = pattern(rb"[\w%+./~=-]{1,500}")


def userinfo(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The password before an ``@``; tells the host."""
    data = text.data
    start = match.start() + 3
    colon = data.index(b":", start)
    end = match.end() - 2
    if not data[start:end].isascii() or end <= colon + 1:
        return
    scheme = _SCHEME.search(data[max(match.start() - 30, 0) : match.start()])
    host = _HOST.match(data, end + 1)
    if scheme is None or host is None:
        return
    yield Candidate(
        ID, colon + 1, end, Redacted(data[colon + 1 : end].decode("latin-1")),
        data[start:colon].decode("latin-1"), "url", about=f"for {host[0].decode('latin-1')}",
        beside=Part(start, colon),
    )  # fmt: skip


def query(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """A parameter of an address."""
    equals = text.data.index(b"=", match.start()) + 1
    found = _REST.match(text.data, equals)
    if found is not None and not of_a_badge(text.data, match.start()):
        name = text.data[match.start() + 1 : equals - 1].decode("latin-1")
        value = Redacted(found[0].decode("latin-1"))
        yield Candidate(ID, equals, found.end(), value, name, "query")


def of_a_badge(data: bytes, place: int) -> bool:
    """Whether a parameter of an address is one of a badge, which is shown to everybody."""
    return BADGE in data[max(place - PATH, 0) : place].rpartition(b"://")[2]


FORMS = (
    Form("userinfo", USERINFO, IN_BYTES, userinfo),
    Form("query", QUERY, EVERYWHERE, query),
)
