"""Versions of apk packages: Alpine, Wolfi, Chainguard and what is made of them.

Source: ``version.c`` of apk-tools 3: ``digit{.digit}...{letter}{_suffix{number}}...{~hash}{-rN}``.
A component behind the first with a leading zero is compared as text. A suffix alpha, beta, pre or
rc comes before the version itself, cvs, svn, git, hg and p behind it.

What apk refuses is read as far as it goes, as apk-tools 2 did: ``5.1p1``, ``1-r``; what is left
then has no weight, and such a version comes before the same one without.
"""

from seawall.advisories.versions.number import LENGTHS, SHORT, is_odd, num, pack, word
from seawall.core.lazy import pattern

_VERSION = pattern(
    r"([0-9]+)((?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)"
    r"(?:~([0-9a-f]+))?(?:-r([0-9]+))?"
)
_LENIENT = pattern(
    r"([0-9]*)((?:\.[0-9]+|\.(?=[.]|$))*)([a-z]?)([0-9]*)"
    r"((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)(?:~([0-9a-f]+))?(?:-r(?![a-z])([0-9]*))?"
)
_DOTTED_LETTER = pattern(r"\.([a-z])([0-9]*)")
_SUFFIX = pattern(r"_([a-z]+)([0-9]*)")
_SUFFIXES = {
    name: chr(order)
    for order, name in enumerate(
        ["alpha", "beta", "pre", "rc", "", "", "", "", "", "cvs", "svn", "git", "hg", "p"], 1
    )
}
_INVALID = "\x05"
_END = "\x06"
_REVISION = "\x07"
_HASH = "\x08"
_SUFFIX_NUMBER = "\x09"
# Here stand the suffixes that come behind the version itself, 0x0A to 0x0E.
_LETTER = "\x0f"
_TEXT = "\x10"
_NUMBER = "\x11"


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one."""
    head, dash, number = text.partition("-r")
    numbers = head.split(".")
    if len(text) < SHORT and text.isascii() and all(map(str.isdigit, numbers)):
        if not dash:
            return pack(num(numbers[0]) + _components(numbers[1:]) + _END)
        if number.isdigit():
            own = f"{num(numbers[0])}{_components(numbers[1:])}{_REVISION}{num(number)}{_END}"
            return pack(own)
    text = text.strip()
    if not text or is_odd(text):
        return None
    found = _VERSION.fullmatch(text)
    if found is None:
        return _lenient(text)
    first, components, letter, suffixes, commit, revision = found.groups()
    pieces = num(first) + _components(components.split(".")[1:])
    if letter:
        pieces += _LETTER + letter
    if suffixes:
        pieces += _suffixes(suffixes)
    if commit:
        pieces += _HASH + word(commit)
    if revision:
        pieces += _REVISION + num(revision)
    return pack(pieces + _END)


def _components(components: list[str]) -> str:
    """The pieces of the components behind the first."""
    return "".join(
        [
            f"{_NUMBER}{LENGTHS[len(each)]}{each}"
            if each and each[0] != "0"
            else f"{_TEXT}{each}\0"
            for each in components
        ]
    )


def _suffixes(text: str) -> str:
    """The pieces of all suffixes."""
    return "".join(
        _SUFFIXES[name] + (_SUFFIX_NUMBER + num(number) if number else "")
        for name, number in _SUFFIX.findall(text)
    )


def _lenient(text: str) -> bytes | None:
    """The key of what apk-tools 3 refuses."""
    found = _LENIENT.match(text)
    if found is None or not found[0]:
        return None
    first, components, letter, behind, suffixes, commit, revision = found.groups()
    pieces = num(first) + _components(components.split(".")[1:])
    if letter:
        pieces += _LETTER + letter
    if behind:
        pieces += _NUMBER + num(behind)
    if suffixes:
        pieces += _suffixes(suffixes)
    if commit:
        pieces += _HASH + word(commit)
    if revision is not None:
        pieces += _REVISION + num(revision)
    return pack(pieces + (_END if found.end() == len(text) else _rest(text[found.end() :])))


def _rest(text: str) -> str:
    """The pieces of what cannot be read: only 1.0.r2 and 1.0.r3, which somebody meant, differ."""
    found = _DOTTED_LETTER.match(text)
    return _INVALID + (_LETTER + found[1] + num(found[2]) if found else "") + _END
