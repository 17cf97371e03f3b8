"""Versions of Python packages (PEP 440), legacy ones among them.

``1.0.dev1 < 1.0a1 < 1.0 < 1.0+local < 1.0.post1``; zeros at the end of the release have no weight.
What PEP 440 does not know (``2004d``, ``0.1-bulbasaur``) comes before all that it knows, in the
order that setuptools had for such versions.
"""

from seawall.advisories.versions.number import SHORT, is_odd, num, pack, word
from seawall.core.lazy import pattern

VERSION = pattern(
    r"v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]+)?)?"
    r"(?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]+)?)?"
    r"(?:[-_.]?(dev)[-_.]?([0-9]+)?)?"
    r"(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?"
)
_LEGACY = pattern(r"([0-9]+|[a-z]+|\.|-)")
_LONGEST_EPOCH = 200
_NEXT = "\x02"
_STAGES = {"a": "\x02", "alpha": "\x02", "b": "\x03", "beta": "\x03"}
_CANDIDATE = "\x04"
"""Of ``rc`` and all other words for it: ``c``, ``pre``, ``preview``."""
_ONLY_DEVELOPMENT = "\x01"
_RELEASE = "\x05"
_NONE = "\x01"
_SOME = "\x02"
# A release behind which nothing stands: not a pre-release, not a post-release, not in development,
# not local.
FINAL = f"\x01{_RELEASE}{_NONE}{_SOME}{_NONE}"
_LEGACY_WORDS = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is too long or not of printable ASCII."""
    numbers = text.split(".")
    if len(text) < SHORT and text.isascii() and all(map(str.isdigit, numbers)):
        return pack("\x01" + release(numbers) + FINAL)
    text = text.strip().lower()
    if not text or is_odd(text):
        return None
    found = VERSION.fullmatch(text)
    if found is None or len(found[1] or "") > _LONGEST_EPOCH:
        return pack(_legacy(text))
    epoch, given, stage, stage_number, post_short, post, post_number, dev, dev_number, local = (
        found.groups()
    )
    pieces = [_epoch(epoch or ""), release(given.split(".")), _NONE]
    has_post = post is not None or post_short is not None
    if stage:
        pieces.append(_STAGES.get(stage, _CANDIDATE) + num(stage_number or ""))
    else:
        pieces.append(_ONLY_DEVELOPMENT if dev and not has_post else _RELEASE)
    pieces.append(_SOME + num(post_short or post_number or "") if has_post else _NONE)
    pieces.append(_NONE + num(dev_number or "") if dev else _SOME)
    pieces.append(_SOME + _local(local) if local else _NONE)
    return pack("".join(pieces))


def is_pre_release(text: str) -> bool:
    """Whether a version is a pre-release or one in development (PEP 440)."""
    found = None if is_odd(text) else VERSION.fullmatch(text.strip().lower())
    return found is not None and (found[3] is not None or found[8] is not None)


def _epoch(digits: str) -> str:
    """An epoch, its first character at least 1: what comes before is for legacy versions."""
    number = num(digits)
    return chr(ord(number[0]) + 1) + number[1:]


def release(numbers: list[str]) -> str:
    """The pieces of the numbers of a release, without their end."""
    pieces = [num(number) for number in numbers]
    while pieces and pieces[-1] == "\0":
        pieces.pop()
    return "".join([_NEXT + piece for piece in pieces])


def _local(text: str) -> str:
    """The pieces of a local version: words before numbers, the shorter before the longer."""
    segments = text.replace("-", ".").replace("_", ".").split(".")
    pieces = [
        "\x03" + num(segment) if segment.isdigit() else "\x02" + word(segment)
        for segment in segments
    ]
    return "".join(pieces) + "\x01"


def _legacy(text: str) -> str:
    """The pieces of a version from before PEP 440, as ``pkg_resources.parse_version`` had them."""
    parts: list[str] = []
    for found in _LEGACY.split(text):
        part = _LEGACY_WORDS.get(found, found)
        if not part or part == ".":
            continue
        _append(parts, part.zfill(8) if part[0].isdigit() else f"*{part}")
    _append(parts, "*final")
    return "\0" + "".join([f"{part}\x01" for part in parts]) + "\0"


def _append(parts: list[str], part: str) -> None:
    """Add a part: a hyphen before a pre-release goes, and so do the zeros before a word."""
    if part[0] == "*":
        while part < "*final" and parts and parts[-1] == "*final-":
            parts.pop()
        while parts and parts[-1] == "0" * 8:
            parts.pop()
    parts.append(part)
