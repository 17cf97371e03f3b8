"""Private keys: PEM (RFC 7468), also on one line or in base64, PuTTY's and JSON Web Keys."""

import re
from binascii import Error, a2b_base64
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate, Proof
from seawall.secrets.reading.form import EVERYWHERE, IN_BYTES, Form
from seawall.secrets.text import Text
from seawall.secrets.verifying.key_structure import Key, key_of

PEM = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"
PUTTY = r"PuTTY-User-Key-File-[23]:"
MEMBER = r"\\{0,3}[\"']?\b(?:d|k)\\{0,3}[\"']?[ \t]{0,3}:[ \t]{0,3}\\{0,3}[\"'][\w-]{22}"

_LONGEST = 32_768
_CLOSE = 80
"""Bytes of the mark at its end."""
_END = b"-----END"
_NOT_BASE64 = pattern(rb"[^A-Za-z0-9+/=]+")
_JOINED = pattern(rb"[\"'`]\s{0,40}[+.&,\\]?\s{0,40}[\"'`]")
"""Between the parts of a literal that goes over several lines."""
_ESCAPE = pattern(rb"\\+[nrt]")
_LABEL = pattern(rb"-----BEGIN ([A-Z0-9 ]*?)PRIVATE KEY( BLOCK)?-{1,5}")
_REMARK = pattern(rb"\A[ \t][\w \t.-]{1,40}(?=\\n|\r?\n)")
_HEADERS = pattern(rb"(?:[A-Za-z][\w-]*: [^\n\\]*(?:\r?\n|\\n))+")


def pem(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """A key between its marks; a mark alone, as a program has it that looks for keys, is none."""
    data = text.data
    start = match.start()
    label = _LABEL.match(data, start)
    if label is None:
        return
    end = data.find(_END, label.end(), start + _LONGEST)
    if end < 0:
        return
    close = data.find(b"-----", end + len(_END), end + _CLOSE)
    close = end + len(_END) if close < 0 else close + 5
    body = data[label.end() : end]
    kind, block = label[1].decode("ascii").strip(), label[2] is not None
    key = _read(kind, block, body)
    if key.proof is Proof.REFUTED:  # a remark may stand behind the mark
        key = _read(kind, block, _REMARK.sub(b"", body, count=1))
    value = Redacted(data[start:close].decode("latin-1"))
    yield Candidate("private-key", start, close, value, "", "pem", key.proof, key.about)


def _read(label: str, block: bool, body: bytes) -> Key:
    plain = _ESCAPE.sub(b"\n", _JOINED.sub(b"", body))
    encrypted = b"ENCRYPTED" in plain or label == "ENCRYPTED"
    headers = _HEADERS.match(plain.lstrip())
    if headers is not None:
        plain = plain.lstrip()[headers.end() :]
    if block:
        plain = plain.rpartition(b"\n=")[0] or plain  # the sum of OpenPGP's armour
    packed = _NOT_BASE64.sub(b"", plain)
    try:
        der = a2b_base64(packed + b"=" * (-len(packed) % 4))
    except (Error, ValueError):
        return Key(Proof.REFUTED, "")
    return key_of(label, der, encrypted=encrypted, block=block)


_LINES = pattern(rb"Private-Lines: (\d+)\r?\n((?:[A-Za-z0-9+/=]{1,80}\r?\n)+)")


def putty(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """A key of PuTTY's, with its lines."""
    found = _LINES.search(text.data, match.end(), match.end() + _LONGEST)
    if found is None:
        return
    encrypted = b"Encryption: none" not in text.data[match.start() : found.start()]
    value = Redacted(found[2].decode("latin-1"))
    about = "encrypted" if encrypted else "PuTTY"
    yield Candidate(
        "private-key", match.start(), found.end(), value, "", "putty", Proof.PROVEN, about
    )


_NEAR = 1500
_KIND = pattern(rb"\bkty\\{0,3}[\"']?[ \t]{0,3}:[ \t]{0,3}\\{0,3}[\"'](RSA|EC|OKP|oct)\b")
_MEMBER_VALUE = pattern(rb"[\w-]{22,2000}")


def member(text: Text, match: re.Match[bytes]) -> Iterator[Candidate]:
    """The private member of a JSON Web Key (RFC 7518): ``d``, or ``k`` of a symmetric one."""
    start = match.end() - 22
    found = _MEMBER_VALUE.match(text.data, start)
    kind = _nearest_kind(text.data, start)
    if found is None or kind is None:
        return
    symmetric = kind[1] == b"oct"
    if symmetric == (b"k" in match[0][:6].partition(b":")[0]):
        value = Redacted(found[0].decode("latin-1"))
        about = f"of a {kind[1].decode()} key"
        yield Candidate("json-web-key", start, found.end(), value, "k" if symmetric else "d", "jwk",
                        Proof.PLAUSIBLE, about)  # fmt: skip


def _nearest_kind(data: bytes, place: int) -> re.Match[bytes] | None:
    """Where the kind of the key is told that a member stands in: between the same braces."""
    first, last = max(place - _NEAR, 0), place + _NEAR
    opened, closed = data.rfind(b"{", first, place), data.find(b"}", place, last)
    inside = _KIND.search(data, max(opened, first), closed if closed >= 0 else last)
    if inside is not None:
        return inside
    told = _KIND.finditer(data, first, last)
    return min(told, key=lambda match: abs(match.start() - place), default=None)


FORMS = (
    Form("pem", PEM, IN_BYTES, pem, reach=_LONGEST + _CLOSE),
    Form("putty", PUTTY, EVERYWHERE, putty, reach=_LONGEST),
    Form("member", MEMBER, EVERYWHERE, member, reach=_NEAR),
)
