"""Passwords on command lines, where an option of one program has a letter only.

``mysql -uroot -pSECRET``, ``docker login -p SECRET``, ``echo root:SECRET | chpasswd``; directives
of configuration files that have a blank between name and value; logins of Oracle's and Go's
databases.
"""

import re
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate
from seawall.secrets.reading.form import EVERYWHERE, Form
from seawall.secrets.text import Kind, Text

PROGRAM = (
    r"\b(?:sshpass|redis-cli|sqlcmd|bcp|smbclient|openssl[ \t]{1,3}enc|zip"
    r"|ldap(?:search|add|modify|delete|passwd|whoami)"
    r"|mysql(?:dump|admin|import|show|check)?|mariadb(?:-dump|-admin)?"
    r"|(?:docker|podman|nerdctl|helm[ \t]registry|oras|buildah|skopeo|az|oc)[ \t]{1,3}login"
    r"|aws[ \t]configure[ \t]set|net[ \t]us(?:e|er))[ \t]{1,4}[^\s]"
)
PIPED = (
    r"(?:echo|printf)[ \t]{1,4}(?:-n[ \t]{1,3})?[\"']?[^\s\"'|$`<>]{4,120}[\"']?[ \t]{0,3}\|"
    r"[ \t]{0,3}"
    r"[^\n|;]{0,120}(?:chpasswd|password-stdin|passwd --stdin|sudo -S)"
)
DIRECTIVE = (
    r"(?:^|[\n\t \"'])(?i:requirepass|masterauth|bindpw|rootbindpw|rootpw|insecure-password"
    r"|stats[ \t]auth)[ \t]{1,20}[^\s=:]"
)
DATABASE = (
    r"(?:thin:|connection[\"']?[:=][ \t]?|sqlplus[ \t]{1,3})[\w$#.-]{1,60}/[^\s\"'`/@<>{}]{3,100}@"
    r"|[\w.-]{1,60}:[^\s\"'`/@:<>{}$]{3,100}@(?:tcp|unix)\("
)

_MOST = 300
_VALUE = rb"[\"']?(?P<value>[^\s\"'`|;<>]{3,200})"
_APART = {
    b"sshpass": rb"[ \t]-p[ \t]*", b"redis-cli": rb"[ \t]-a[ \t]+", b"sqlcmd": rb"[ \t]-P[ \t]*",
    b"bcp": rb"[ \t]-P[ \t]*", b"openssl": rb"[ \t]-k[ \t]+", b"zip": rb"[ \t]-P[ \t]+",
    b"ldap": rb"[ \t]-w[ \t]+", b"smbclient": rb"[ \t](?:-U|--user)[= \t]*[\"']?[\w.\\/-]+%",
    b"mysql": rb"[ \t]-p", b"mariadb": rb"[ \t]-p", b"aws": rb"secret_access_key[ \t]+",
    b"net": rb"(?:[ \t]/user:\S+[ \t]+|[ \t]user[ \t]+\S+[ \t]+)(?![/*])",
}  # fmt: skip
"""What stands in front of the password, by how the program's name begins."""
_LOGIN = rb"[ \t]-p[ \t]+"
_READ = {name: pattern(before + _VALUE) for name, before in _APART.items()}
_READ_LOGIN = pattern(_LOGIN + _VALUE)
_END = pattern(rb"(?<!\\)\r?\n|[|;]|&&")


def _told(
    start: int, value: bytes, name: str = "password", form: str = "command"
) -> Iterator[Candidate]:
    if value[:1] not in b"$%-":
        text = Redacted(value.decode("utf-8", "replace"))
        yield Candidate("command", start, start + len(value), text, name, form)


def program(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The password in the rest of a command."""
    stop = _END.search(text.data, match.end() - 1, match.end() + _MOST)
    end = stop.start() if stop else min(match.end() + _MOST, len(text.data))
    word = match[0]
    if b"login" in word:
        read = _READ_LOGIN
    else:
        read = next(found for name, found in _READ.items() if word.startswith(name))
    found = read.search(text.data, match.start() + 3, end)
    if found is not None:
        yield from _told(found.start("value"), found["value"])


_PIPED_VALUE = pattern(rb"(?:echo|printf)[ \t]+(?:-n[ \t]+)?[\"']?(?P<value>[^\s\"'|$`<>]{4,120})")


def piped(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """What is written to a program that reads a password."""
    found = _PIPED_VALUE.match(text.data, match.start())
    if found is None:
        return
    value, start = found["value"], found.start("value")
    if match[0].endswith(b"chpasswd"):
        user, colon, value = value.partition(b":")
        start += len(user) + 1
        if not colon:
            return
    yield from _told(start, value)


_WORD = pattern(rb"[^\s\"'`;]{3,200}")
_STATS = pattern(rb"(?i)stats[ \t]auth[ \t]")


def directive(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The word behind a directive."""
    start = match.end() - 1
    start += text.data[start : start + 1] in (b'"', b"'")
    if text.data.startswith(b"--plaintext", start):
        start += len(b"--plaintext ")
    found = _WORD.match(text.data, start)
    if found is None or found[0].startswith(b"--"):
        return
    value, at = found[0], found.start()
    if _STATS.search(match[0]) is not None:  # HAProxy's, of USER:PASSWORD
        user, colon, value = value.partition(b":")
        at += len(user) + 1
        if not colon:
            return
    yield from _told(at, value, form="bare")


def database(_text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The password of ``user/password@host`` and of ``user:password@tcp(host)``."""
    whole = match[0].rpartition(b"@")[0]
    value = whole.rpartition(b":" if match[0].endswith(b"(") else b"/")[2]
    yield from _told(match.start() + len(whole) - len(value), value)


_NOT_LOCK = EVERYWHERE - {Kind.LOCK}
FORMS = (
    Form("program", PROGRAM, _NOT_LOCK, program, reach=_MOST),
    Form("piped", PIPED, _NOT_LOCK, piped),
    Form(
        "directive", DIRECTIVE, frozenset((Kind.CONFIGURATION, Kind.SCRIPT, Kind.PROSE)), directive
    ),
    Form("database", DATABASE, _NOT_LOCK, database),
)
