"""Credentials in the headers of HTTP (RFC 7617, 6750) and in the options of its clients."""

import re
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate, Part
from seawall.secrets.reading.form import EVERYWHERE, Form
from seawall.secrets.text import Text
from seawall.secrets.verifying.encoded import unpacked
from seawall.text.placeholders import is_of_manuals

SCHEME = (
    r"\b(?i:basic|bearer|authorization[\"']{0,2}[ \t]{0,3}[:=,][ \t]{0,3}[\"']?token)"
    r"(?:[ \t]{1,4}|%20|\+)[\w+/.~=-]{8}"
)
USER = (
    r"(?:[ \t\"']-u[ \t]{0,3}|[ \t\"'](?:--user|--proxy-user|--creds)[= \t]{1,3})[\"']?"
    r"[^\s:\"'`$<>{}\-][^\s:\"'`$<>{}]{0,60}:[^\s\"'`<>]{2}"
)


_USER_NAME = pattern(r".*?(?:-u[ \t]*|--[a-z-]+[= \t]+)[\"']?")
_WORD = pattern(rb"[\w+/.~=%-]{8,4096}")
_PASSWORD = pattern(rb"[^\s\"'`<>]{2,200}")
_CLIENTS = (b"curl", b"wget", b"http", b"docker", b"oras", b"skopeo", b"htpasswd", b"-u ")


def scheme(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """What stands behind ``Basic`` or ``Bearer``: a password in base64, or a token."""
    start = match.end() - 8
    found = _WORD.match(text.data, start)
    if found is None:
        return
    value = found[0].decode("latin-1")
    if match[0][:5].lower() == b"basic":
        yield from _basic(value, start, found.end())
    elif _is_token(value):
        yield Candidate("header", start, found.end(), Redacted(value), "Authorization", "bearer")


def _basic(value: str, start: int, end: int) -> Iterator[Candidate]:
    data = unpacked(value)
    if data is None or not data.isascii():
        return
    user, colon, password = data.decode("ascii").partition(":")
    if is_of_manuals(user, password):
        return
    if colon and password and password.isprintable() and user.isprintable():
        yield Candidate(
            "header", start, end, Redacted(password), "Authorization", "basic",
            decoded=("base64",),
        )  # fmt: skip


def _is_token(value: str) -> bool:
    """Whether a word is no plain word of a sentence, and no parameter of a challenge."""
    if "=" in value.rstrip("="):
        return False
    return not value.isalpha() or (value != value.lower() and value != value.capitalize())


def user(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """``curl -u name:password``."""
    line = text.data.rfind(b"\n", 0, match.start()) + 1
    before = text.data[max(line, match.start() - 300) : match.end()]
    if not any(client in before for client in _CLIENTS):
        return
    start = match.end() - 2
    found = _PASSWORD.match(text.data, start)
    if found is not None and not found[0].startswith(b"//"):
        name = _USER_NAME.sub("", text.data[match.start() : start - 1].decode("latin-1"))
        yield Candidate(
            "command", start, found.end(), Redacted(found[0].decode("latin-1")), name, "user",
            beside=Part(start - 1 - len(name), start - 1),
        )  # fmt: skip


FORMS = (
    Form("scheme", SCHEME, EVERYWHERE, scheme),
    Form("user", USER, EVERYWHERE, user),
)
