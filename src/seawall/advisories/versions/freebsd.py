"""Versions of FreeBSD's packages: ``VERSION[_REVISION][,EPOCH]``.

Source: ``pkg_version.c`` of pkg. A component is a number, a letter and a number again; one that
begins with a letter comes before zero, which is what missing components are; of a word only its
first letter counts, but for ``pl``. What stands behind a ``+`` is compared after all before it.
"""

from seawall.advisories.versions.number import is_odd, num, pack
from seawall.core.lazy import pattern

_VERSION = pattern(r"(.*?)(?:_([0-9]*))?(?:,([0-9]*))?")
_COMPONENT = pattern(
    r"([0-9]+)(?![0-9])(?!(?:pl|alpha|beta|pre|rc)(?![a-z]))(?:([a-z])[a-z]*([0-9]*))?"
    r"|([0-9]+)|(\*)[^+]*|(pl(?![a-z])|[a-z])[a-z]*([0-9]*)"
)
_SECTIONS = 4
"""Parts with ``+`` between them that are told apart; nobody has more than two."""
_STAR = "\x01"
_LETTER = "\x02"
_ZEROS = "\x03"
_NUMBER = "\x04"
_BEFORE = "\x01"
_AT_END = "\x02"
_BEHIND = "\x03"
_MOST_ZEROS = 0xFFFF


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one."""
    text = text.strip().lower()
    found = None if not text or is_odd(text) else _VERSION.fullmatch(text)
    if found is None:
        return None
    version, revision, epoch = found.groups()
    sections = version.split("+", _SECTIONS - 1)
    sections += [""] * (_SECTIONS - len(sections))
    return pack(num(epoch or "") + "".join(map(_section, sections)) + num(revision or ""))


def _section(text: str) -> str:
    """The pieces of components; zeros are counted, as those at the end have no weight."""
    pieces = []
    zeros = 0
    for found in _COMPONENT.finditer(text):
        number, letter, patch, bare, star, stage, level = found.groups()
        digits = number if bare is None else bare
        if digits is not None and not letter and not digits.strip("0"):
            zeros += 1
            continue
        if zeros:
            count = zeros if digits is None else _MOST_ZEROS - zeros
            pieces.append(_ZEROS + (_BEFORE if digits is None else _BEHIND))
            pieces.append(chr(count >> 8) + chr(count & 0xFF))
            zeros = 0
        if star:
            pieces.append(_STAR)
        elif digits is None:
            pieces.append(_LETTER + _letter(stage, level))
        else:
            pieces.append(_NUMBER + num(digits) + _letter(letter, patch))
    return "".join(pieces) + _ZEROS + _AT_END


def _letter(letter: str | None, patch: str | None) -> str:
    """A letter, or none, and the number behind it, or none."""
    if not letter:
        return "\x01"
    rank = "\x02" if letter == "pl" else letter
    return rank + ("\x02" + num(patch) if patch else "\x01")
