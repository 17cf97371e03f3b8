"""Specifiers of PEP 440 (``>=1.0, !=1.3.*``, ``~=1.4.2``) and of Poetry (``^1.2 || ~2.0``).

A comparison without a local version leaves those of candidates out of account; ``<1.0`` does not
let in the pre-releases of 1.0, ``>1.0`` not its post-releases (PEP 440, "Exclusive ordered
comparison").
"""

from seawall.advisories.versions.interval import FIRST, LAST, complement, intersection
from seawall.advisories.versions.pep440 import VERSION
from seawall.advisories.versions.syntaxes.clause import (
    ALL,
    Clause,
    Intervals,
    Key,
    RangeError,
    checked,
    comparison,
    every,
    one,
    versions_key,
)
from seawall.core.lazy import pattern

_SPECIFIER = pattern(r"\s*(~=|===|[=!<>]=|[<>^~]|)\s*([^\s<>=!~^]+?)\s*")
_PREFIX = pattern(r"v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)")
_STAGE, _POST_SHORT, _POST, _DEVELOPMENT, _LOCAL = 3, 5, 6, 8, 10


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The clauses, between which ``||`` stands; the environment marker is left out."""
    own = checked(text).partition(";")[0].strip()
    alternatives = own.replace("||", "|").split("|")
    if len(alternatives) > 1 and not all(map(str.strip, alternatives)):
        raise RangeError(text, "a part of it is empty")
    return tuple(_clause(text, each.strip().strip("()"), key) for each in alternatives)


def _clause(text: str, alternative: str, key: Key) -> Clause:
    """Specifiers that must all hold; what they leave open is let in."""
    if alternative == "*":
        return Clause(ALL)
    parts, named = [], []
    for each in alternative.split(","):
        if not each.strip():
            continue
        found = _SPECIFIER.fullmatch(each)
        if found is None:
            raise RangeError(text, f"{each.strip()!r} is no specifier")
        named.append(found[2].removesuffix(".*"))
        parts.append(_specifier(text, found[1], found[2], key))
    return every(text, parts, named)


def _specifier(text: str, operator: str, version: str, key: Key) -> Intervals:
    """The versions that a specifier lets in."""
    if version.endswith(".*"):
        family = _family(text, version[:-2], key)
        if operator in {"==", ""}:
            return family
        if operator == "!=":
            return complement(family)
        raise RangeError(text, f"{operator}{version} may not end in .*")
    found = VERSION.fullmatch(version.lower())
    own = versions_key(text, version, key)
    if found is None or operator == "===":
        # A legacy version, or one to be taken as it is written: PEP 440 knows no order for it.
        return comparison(operator or "==", own) or ALL
    match operator:
        case "<":
            return _less(text, version, own, key)
        case ">":
            return _greater(text, version, _behind_local(own), key)
        case "~=":
            return _compatible(text, version, own, key)
        case "^" | "~":
            return _of_poetry(text, operator, version, own, key)
    return _inclusive(operator, own, own + b"\x00" if found[_LOCAL] else _behind_local(own))


def _inclusive(operator: str, own: bytes, end: bytes) -> Intervals:
    """The versions of a comparison with a version that ends at a bound, its locals included."""
    match operator:
        case "!=":
            return complement(one(own, end))
        case ">=":
            return one(own, LAST)
        case "<=":
            return one(FIRST, end)
    return one(own, end)


def _behind_local(own: bytes) -> bytes:
    """The bound behind all local versions of a public one, whose key ends in "none"."""
    return own[:-1] + b"\x03" if own.endswith(b"\x01") else own + b"\x00"


def _base(version: str) -> str:
    """The epoch and release of a version."""
    found = _PREFIX.match(version.lower())
    return found[0] if found else version


def _family(text: str, prefix: str, key: Key) -> Intervals:
    """The versions whose release begins with that of a prefix, or which are of a pre-release."""
    found = _PREFIX.fullmatch(prefix.lower())
    if found is None:
        raise RangeError(text, f"{prefix!r} is no release that .* may follow")
    epoch, release = found.groups()
    head, dot, last = release.rpartition(".")
    following = f"{head}{dot}{int(last[:300]) + 1}"
    start = f"{epoch}!" if epoch else ""
    return one(
        versions_key(text, f"{start}{release}.dev0", key),
        versions_key(text, f"{start}{following}.dev0", key),
    )


def _less(text: str, version: str, own: bytes, key: Key) -> Intervals:
    found = VERSION.fullmatch(version.lower())
    if found is None or found[_STAGE] or found[_DEVELOPMENT]:
        return one(FIRST, own)
    return one(FIRST, versions_key(text, f"{version.partition('+')[0]}.dev0", key))


def _greater(text: str, version: str, behind: bytes, key: Key) -> Intervals:
    result = one(behind, LAST)
    found = VERSION.fullmatch(version.lower())
    if found is None or found[_POST] or found[_POST_SHORT] is not None:
        return result
    public = version.partition("+")[0]
    if found[_DEVELOPMENT]:
        return result
    first = versions_key(text, f"{public}.post0.dev0", key)
    last = _behind_posts(versions_key(text, public, key))
    return intersection(result, complement(one(first, last)))


def _behind_posts(own: bytes) -> bytes:
    """The bound behind all post-releases of a version, whose key ends in no post, dev, local."""
    return own[:-3] + b"\x03"


def _compatible(text: str, version: str, own: bytes, key: Key) -> Intervals:
    base = _base(version)
    head, dot, _ = base.rpartition(".")
    if not dot:
        raise RangeError(text, f"~={version} needs two numbers at least")
    return intersection(one(own, LAST), _family(text, head, key))


def _of_poetry(text: str, operator: str, version: str, own: bytes, key: Key) -> Intervals:
    """``^1.2.3``: the first number that is not zero stays; ``~1.2.3``: the first two do."""
    numbers = _base(version).split(".")
    place = min(2, len(numbers))
    if operator == "^":
        place = next((at for at, each in enumerate(numbers, 1) if each.strip("0")), len(numbers))
    return intersection(one(own, LAST), _family(text, ".".join(numbers[:place]), key))
