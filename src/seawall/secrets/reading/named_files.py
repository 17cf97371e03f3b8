"""Files in which passwords have a place of their own, but no name: the file's name tells.

``netrc(5)``, PostgreSQL's ``.pgpass``, ``.htpasswd`` of web servers.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate
from seawall.secrets.text import Text

if TYPE_CHECKING:
    import re

Read = Callable[[Text], Iterator[Candidate]]

_MOST = 10_000
_NETRC = pattern(rb"(?m)\b(?:login[ \t]+(\S{1,100})\s+)?password\s+(\S{2,200})")
_PGPASS = pattern(
    rb"(?m)^[^#:\n]{1,255}:[^:\n]{1,20}:[^:\n]{1,100}:([^:\n]{1,100}):([^\n\r]{2,200})"
)
_HTPASSWD = pattern(
    rb"(?m)^([^:\s#]{1,255}):(\$[a-z0-9]{1,6}\$[^\s:]{8,100}|\{SHA\}\S{28}|\S{13})\r?$"
)


def _lines(form: str, found: "re.Pattern[bytes]") -> Read:
    def read(text: Text) -> Iterator[Candidate]:
        for number, match in enumerate(found.finditer(text.data)):
            if number >= _MOST:
                return
            value = Redacted(match[2].decode("utf-8", "replace"))
            name = (match[1] or b"password").decode("utf-8", "replace")
            yield Candidate("password-file", *match.span(2), value, name, form)

    return read


_READERS: dict[str, Read] = {
    ".netrc": _lines("netrc", _NETRC),
    "_netrc": _lines("netrc", _NETRC),
    ".pgpass": _lines("pgpass", _PGPASS),
    "pgpass.conf": _lines("pgpass", _PGPASS),
    ".htpasswd": _lines("htpasswd", _HTPASSWD),
    "htpasswd": _lines("htpasswd", _HTPASSWD),
}


def reader_of(name: str) -> Read | None:
    """What reads a file with such a path; ``None`` for most."""
    return _READERS.get(name[name.rfind("/") + 1 :].lower())
