"""The orders of versions written again, plainly, item by item: what keys are held against.

Each function is ``compare(a, b) -> int``: below, equal to or above zero.
"""

import re
from collections.abc import Callable
from itertools import zip_longest

Compare = Callable[[str, str], int]


def sign(a: object, b: object) -> int:
    return int(a > b) - int(a < b)  # type: ignore[operator]


def semver(a: str, b: str) -> int:
    (one, first), (other, second) = _semver(a), _semver(b)
    for x, y in zip_longest(one, other, fillvalue=0):
        if x != y:
            return sign(x, y)
    if not first or not second:
        return sign(not first, not second)
    for p, q in zip_longest(first, second):
        if p != q:
            return _identifiers(p, q)
    return 0


def _semver(text: str) -> tuple[list[int], list[str]]:
    main, _, pre_release = text.partition("+")[0].partition("-")
    numbers = [int(each) for each in main.split(".")]
    return numbers, pre_release.split(".") if pre_release else []


def _identifiers(p: str | None, q: str | None) -> int:
    if p is None or q is None:
        return sign(p is not None, q is not None)
    if p.isdigit() and q.isdigit():
        return sign(int(p), int(q))
    if p.isdigit() or q.isdigit():
        return sign(q.isdigit(), p.isdigit())
    return sign(p, q)


def debian(a: str, b: str) -> int:
    for one, other in zip(_debian(a), _debian(b), strict=True):
        result = _verrevcmp(one, other)
        if result:
            return result
    return 0


def _debian(text: str) -> tuple[str, str, str]:
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    upstream, hyphen, revision = rest.rpartition("-")
    return (epoch, upstream, revision) if hyphen else (epoch, rest, "0")


def _order(character: str) -> int:
    if character == "~":
        return -1
    if not character or character.isdigit():
        return 0
    return ord(character) if character.isalpha() else ord(character) + 256


def _verrevcmp(a: str, b: str) -> int:
    """As in dpkg's lib/dpkg/version.c: characters, then digits, in turn."""
    while a or b:
        while (a and not a[0].isdigit()) or (b and not b[0].isdigit()):
            one, other = _order(a[:1]), _order(b[:1])
            if one != other:
                return one - other
            a, b = a[1:], b[1:]
        left, right = re.match(r"\d*", a), re.match(r"\d*", b)
        assert left
        assert right
        result = sign(int(left[0] or 0), int(right[0] or 0))
        if result:
            return result
        a, b = a[left.end() :], b[right.end() :]
    return 0


def rpm(a: str, b: str) -> int:
    (epoch, version, release), (other_epoch, other_version, other_release) = _evr(a), _evr(b)
    result = sign(epoch, other_epoch) or rpmvercmp(version, other_version)
    if result or (release is None and other_release is None):
        return result
    if release is None or other_release is None:
        return sign(release is not None, other_release is not None)
    return rpmvercmp(release, other_release)


def _evr(text: str) -> tuple[int, str, str | None]:
    found = re.fullmatch(r"(?:(\d*):)?(.*?)(?:-([^-]*))?", text)
    assert found
    return int(found[1] or 0), found[2], found[3]


def rpmvercmp(a: str, b: str) -> int:
    """As in rpm's rpmio/rpmvercmp.c."""
    while a or b:
        a, b = re.sub(r"^[^A-Za-z0-9~^]+", "", a), re.sub(r"^[^A-Za-z0-9~^]+", "", b)
        if a[:1] == "~" or b[:1] == "~":
            if a[:1] != b[:1]:
                return -1 if a[:1] == "~" else 1
            a, b = a[1:], b[1:]
            continue
        if a[:1] == "^" or b[:1] == "^":
            if not a or not b:
                return 1 if a else -1
            if a[0] != b[0]:
                return -1 if a[0] == "^" else 1
            a, b = a[1:], b[1:]
            continue
        if not a or not b:
            break
        of_digits = a[0].isdigit()
        expression = r"\d+" if of_digits else r"[A-Za-z]+"
        left, right = re.match(expression, a), re.match(expression, b)
        assert left
        if right is None:
            return 1 if of_digits else -1
        one, other = left[0], right[0]
        result = sign(int(one), int(other)) if of_digits else sign(one, other)
        if result:
            return result
        a, b = a[left.end() :], b[right.end() :]
    return sign(bool(a), bool(b))


_APK_SUFFIXES = ["alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"]
_APK_TOKEN = re.compile(
    r"(?P<digit>\.?\d+)|(?P<letter>[a-z])|_(?P<suffix>[a-z]+)(?P<number>\d*)"
    r"|~(?P<hash>[0-9a-f]+)|-r(?P<revision>\d+)"
)
_APK_KINDS = ["first", "digit", "letter", "suffix", "number", "hash", "revision", "end"]


def apk(a: str, b: str) -> int:
    """As in apk-tools' src/version.c; for valid versions."""
    for (kind, one), (other_kind, other) in zip(_apk(a), _apk(b), strict=False):
        if kind != other_kind:
            for token, result in (((kind, one), -1), ((other_kind, other), 1)):
                if token[0] == "suffix" and _APK_SUFFIXES.index(token[1]) < 4:
                    return result
            return sign(_APK_KINDS.index(other_kind), _APK_KINDS.index(kind))
        result = _apk_token(kind, one, other)
        if result:
            return result
    return 0


def _apk(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    for found in _APK_TOKEN.finditer(text):
        if found["digit"]:
            kind = "digit" if tokens else "first"
            tokens.append((kind, found["digit"].lstrip(".")))
        elif found["suffix"]:
            tokens.append(("suffix", found["suffix"]))
            tokens += [("number", found["number"])] if found["number"] else []
        else:
            kind = found.lastgroup or ""
            tokens.append((kind, found[kind]))
    return [*tokens, ("end", "")]


def _apk_token(kind: str, one: str, other: str) -> int:
    if kind == "suffix":
        return sign(_APK_SUFFIXES.index(one), _APK_SUFFIXES.index(other))
    if kind == "digit" and (one[0] == "0" or other[0] == "0"):
        return sign(one, other)
    if kind in {"first", "digit", "number", "revision"}:
        return sign(int(one), int(other))
    return sign(one, other)


def gem(a: str, b: str) -> int:
    """As in Gem::Version#<=>."""
    for one, other in zip_longest(_gem(a), _gem(b), fillvalue=0):
        if one != other:
            if isinstance(one, int) and isinstance(other, int):
                return one - other
            if isinstance(one, str) and isinstance(other, str):
                return sign(one, other)
            return -1 if isinstance(one, str) else 1
    return 0


def _gem(text: str) -> list[int | str]:
    found = re.findall(r"\d+|[A-Za-z]+", text.replace("-", ".pre."))
    segments: list[int | str] = [int(each) if each.isdigit() else each for each in found]
    words = next((at for at, each in enumerate(segments) if isinstance(each, str)), len(segments))
    result: list[int | str] = []
    for half in (segments[:words], segments[words:]):
        while half and half[-1] == 0:
            half.pop()
        result += half
    return result


def php(a: str, b: str) -> int:
    """As in PHP's version_compare, for what Composer makes of versions."""
    one, other = _php(a), _php(b)
    for x, y in zip(one, other, strict=False):
        result = sign(int(x), int(y)) if x.isdigit() and y.isdigit() else sign(_form(x), _form(y))
        if result:
            return result
    if len(one) == len(other):
        return 0
    longer, result = (one, 1) if len(one) > len(other) else (other, -1)
    rest = longer[min(len(one), len(other))]
    return result if rest.isdigit() else result * sign(_form(rest), _form("#"))


def _php(text: str) -> list[str]:
    return re.findall(r"\d+|[a-z]+", text.lower())


def _form(token: str) -> int:
    forms = ["dev", "a", "b", "rc", "#", "p"]
    token = "#" if token.isdigit() else token
    return next((at for at, form in enumerate(forms) if token.startswith(form)), -1)


def numbers(a: str, b: str) -> int:
    return sign([int(x) for x in re.split("[.-]", a)], [int(x) for x in re.split("[.-]", b)])


def build(a: str, b: str) -> int:
    """Semantic versions whose build metadata count."""
    result = semver(a, b)
    one, other = a.partition("+")[2], b.partition("+")[2]
    if result or one == other:
        return result
    if not one or not other:
        return sign(bool(one), bool(other))
    for p, q in zip_longest(one.split("."), other.split(".")):
        if p != q:
            return _identifiers(p, q)
    return 0
