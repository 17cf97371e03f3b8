"""What can be told about a candidate, as words; ``scoring`` knows what each of them weighs."""

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.secrets.randomness import (
    alphabet,
    changes_case_by_chance,
    distinct_enough,
    entropy,
    has_run,
    surprise,
)
from seawall.secrets.text import Kind
from seawall.text.credential_names import Meaning, first_word, meaning_of, words_of
from seawall.text.placeholders import looks_like_prose, placeholder

_LENGTHS = (4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 64, 128)
_SURPRISES = (3.0, 3.4, 3.8, 4.2, 4.6, 5.2, 6.0)
_LENGTH_WORDS = tuple(f"length:{limit}" for limit in (*_LENGTHS, 999))
_SURPRISE_WORDS = tuple(f"surprise:{limit}" for limit in (*_SURPRISES, 9))
"""The words for what is below each limit, and for what is below none."""
SCANNED = 512
"""Characters of a value that are looked at: a longer one is no surer for its rest."""
_SIZE_LIMITS, _SIZES = (8, 16, 33), ("short", "middle", "long", "longest")
_GIVEN = frozenset(("call", "argument"))
"""The forms of what is given to a function."""
_OF_USERS = frozenset(("url", "user"))
"""The forms of which the name is a user's."""
_VERBS = frozenset(
    "add assert build change check compare create decrypt delete encode encrypt expect fetch find "
    "from generate get has hash is load make match new parse put read remove require reset resolve "
    "save set sign store test to update use validate verify with".split()
)
_KINDS = tuple(kind.name.lower() for kind in Kind)
_UUID = pattern(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_IDENTIFIER = pattern(r"[A-Za-z_$][A-Za-z_$]*")
_DOTTED = pattern(r"[A-Za-z_][\w-]*(?:[.:/][A-Za-z_][\w-]*)+")
_DASHED = pattern(r"[a-z0-9]+(?:[-_][a-z0-9]+)+|[A-Z0-9]+(?:_[A-Z0-9]+)+")
_ADDRESS = pattern(r"(?i)[a-z][\w+.-]*(?::|%3A)(?://|%2F%2F).*|[\w+.-]+@[\w-]+\.[\w.-]+|www\..*")
_FILE = pattern(r".*\.(?:[a-z]{1,4}|json|html|yaml|properties|class|java)")
_DATE = pattern(r"\d{1,4}[-/.:]\d{1,2}[-/.:]\d{1,4}.*")


Words = tuple[str, ...]


class _Look(NamedTuple):
    """What a value says by itself."""

    shape: str
    filled: str
    """Which kind of fill-in it is, or ``none``."""
    says: str
    """The word for a value that has a word for a secret in it; else empty."""
    words: Words


def features(
    form: str, name: str, value: str, kind: Kind, path: Words
) -> tuple[Words, Words, Words, Words, Words]:
    """The words for a value of at most ``SCANNED`` characters under a name, in groups.

    ``path`` is what ``path_features`` makes of the file's. Groups are often the same from one value
    to the next, so that what they add up to can be kept.
    """
    meaning = meaning_of(name)
    look = _of_value(value)
    repeated = _REPEATED if name and same_words(name, value) else ()
    size = _SIZES[bisect_right(_SIZE_LIMITS, len(value))]
    crossed = _crossed(form, kind, meaning.kind, look.shape, look.filled, size, look.says)
    named = (*_of_name(form, name), *repeated)
    return _of_place(form, kind, meaning), crossed, look.words, path, named


_REPEATED = ("value-repeats-name",)


@lru_cache(maxsize=2048)
def _of_place(form: str, kind: Kind, meaning: Meaning) -> Words:
    """What the place and the name of a value say."""
    found = [
        f"form:{form}",
        f"kind:{_KINDS[kind]}",
        f"form:{form}+kind:{_KINDS[kind]}",
        f"name:{meaning.kind}",
        f"name:{meaning.kind}+{meaning.place}",
        f"name:{meaning.kind}+form:{form}",
    ]
    if meaning.place in ("made", "about", "wrong"):
        found.append(f"name-{meaning.place}")
    if meaning.public:
        found.append("name-public")
    return tuple(found)


@lru_cache(maxsize=8192)
def _crossed(
    form: str, kind: Kind, name: str, shape: str, filled: str, size: str, says: str
) -> Words:
    """What place and name say together with what the value is."""
    told = (f"{_SAYS}+kind:{_KINDS[kind]}",) if says else ()
    return (
        *told,
        f"form:{form}+shape:{shape}",
        f"form:{form}+placeholder:{filled}",
        f"kind:{_KINDS[kind]}+placeholder:{filled}",
        f"name:{name}+placeholder:{filled}",
        f"name:{name}+shape:{shape}",
        f"name:{name}+size:{size}",
        f"shape:{shape}",
    )


@lru_cache(maxsize=2048)
def _of_name(form: str, name: str) -> Words:
    """The words of a name, and what a function of that name does."""
    words = () if form in _OF_USERS else sorted({f"word:{word}" for word in words_of(name)})
    return (*words, f"verb:{_verb(name)}") if form in _GIVEN else tuple(words)


def _verb(function: str) -> str:
    """What a function does, by the first word of its name; empty where that is no usual verb."""
    word = first_word(function.rpartition(".")[2] or function)
    return word if word in _VERBS else ""


@lru_cache(maxsize=4096)
def path_features(name: str) -> tuple[str, ...]:
    """What the place of a file says of what stands in it."""
    lower = f"/{name.lower()}"
    return tuple(
        word for word, marks in _PATHS.items() if any(mark in lower for mark in marks)
    ) or ("path:plain",)


_PATHS = {
    "path:test": ("test", "spec", "mock", "fixture", "stub"),
    "path:docs": ("/doc", "readme", "/docs/", "changelog", "tutorial", "/site/"),
    "path:example": ("example", "sample", "demo", "template"),
    "path:locale": ("locale", "i18n", "lang", "translation", "messages"),
    "path:vendor": ("vendor", "third_party", "node_modules", "bower", ".min."),
}


@lru_cache(maxsize=8192)
def _of_value(value: str) -> _Look:
    filled = placeholder(value) or "none"
    shape = shape_of(value)
    says = _SAYS if any(map(value.lower().__contains__, _SAYS_SECRET)) else ""
    return _Look(shape, filled, says, tuple(_value_features(value, shape, filled, says)))


def _value_features(value: str, shape: str, filled: str, says: str) -> Iterator[str]:
    length = len(value)
    yield _LENGTH_WORDS[bisect_right(_LENGTHS, length)]
    if filled != "none":
        yield f"placeholder:{filled}"
    yield f"alphabet:{alphabet(value)[0]}"
    yield f"mix:{mix_of(value)}"
    reads = surprise(value)
    yield _SURPRISE_WORDS[bisect_right(_SURPRISES, reads)]
    yield f"shape:{shape}+reads:{int(reads * 2)}"
    if length >= 16:
        yield "drawn" if distinct_enough(value) else "not-drawn"
        yield f"entropy:{min(int(entropy(value) * 2), 11)}"
    if has_run(value):
        yield "run"
    if " " in value:
        yield "blank"
    if says:
        yield f"{says}-only" if value.isalpha() else f"{says}-and-more"
        yield says
    yield from _telling(value)
    if not value.isascii() and any(map(_is_foreign, value)):
        yield "not-ascii"


def _is_foreign(letter: str) -> bool:
    """Whether a character is a letter that no keyboard for passwords has: of a translation."""
    return not letter.isascii() and letter.isalpha()


_SAYS, _SAYS_SECRET = "says-secret", ("pass", "secret", "token", "key", "cred", "pwd")
_SAYS_TEST = (
    "test", "demo", "sample", "example", "fake", "dummy", "some", "wrong", "invalid", "bad",
    "default", "random", "other", "any", "temp", "valid", "correct", "real", "user", "admin",
)  # fmt: skip
_BEGINS_AS_TEST = ("my", "new", "old")
_LEET = pattern(r"[A-Za-z][@$0134!5][A-Za-z]")
_LONGEST_LEET = 24
_WORD_AND_DIGITS = pattern(r"\A[A-Za-z]+[-_.]?\d{1,4}[!@#$.]{0,2}\Z")
_TWELVE = 12
_ONE_LETTER = pattern(r"(\w)\1{11}")
_HASHED = pattern(
    r"(?i)\A(?:\$?(?:sha\d*|md5|bcrypt|pbkdf2\w*|argon2\w*|scrypt)[$:{]|\$2[abxy]?\$"
    r"|\{(?:s?sha|crypt|md5|pbkdf2)\w*\}|\$[156y]\$|\{?AQAAABAAAA|(?-i:[A-Z]{2,6}\[)"
    r"|[0-9a-z+/]{20,}={1,2}[0-9a-z+/]{8,})"
)
"""Hashes, and what Jenkins and SOPS have encrypted."""
_ENDS_COUNTED = pattern(r"(?:123\d*|321)[!@#$]?\Z")
_COUNTED = ("abcdefg", "1234567890123", "0123456789abc", "01234567890123456789")
"""What an alphabet is written down in, or a number for its length."""
_PADDED = pattern(r"\A(?:[\w+/-]{4}){3,}[\w+/-]{2}(?:==|[\w+/-]=)\Z")
"""Base64 of bytes whose number is no multiple of three (RFC 4648, 4): it ends in ``=``."""
_ODD_STARTS, _ODD_ENDS = "#.,:;=<>|&)]}", ",:;=<|&([{"


def _counted_at_end(value: str) -> Iterator[str]:
    """Whether there are numbers behind what somebody typed."""
    if value[-1:].isdigit() or value[-1:] in "!@#$.":
        if _WORD_AND_DIGITS.match(value):
            yield "word-digits"
        if _ENDS_COUNTED.search(value):
            yield "ends-counted"


def _telling(value: str) -> Iterator[str]:
    """What there is in a value that somebody typed."""
    lower = value.lower()
    if lower.startswith(_BEGINS_AS_TEST) or any(map(lower.__contains__, _SAYS_TEST)):
        yield "says-test"
    yield from _counted_at_end(value)
    if (not value.isalnum() or "aqaaabaaaa" in lower) and _HASHED.match(value):
        yield "hashed"
    if len(value) >= _TWELVE and _ONE_LETTER.search(value):
        yield "one-letter"
    if len(value) < _LONGEST_LEET and not value.isalpha() and _LEET.search(value):
        yield "leet"
    if any(map(lower.__contains__, _COUNTED)):
        yield "counted"
    if "\\n" in value or "\\t" in value:
        yield "escape"
    yield from _edges(value, value[:1], value[-1:])


def _edges(value: str, first: str, last: str) -> Iterator[str]:
    if first in _ODD_STARTS:
        yield "odd-start"
    if last in _ODD_ENDS and not (last == "=" and _PADDED.match(value)):
        yield "odd-end"
    if first in "{[" and last in "}]":
        yield "bracketed"


_UPPER, _LOWER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), frozenset("abcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset("0123456789")


def mix_of(value: str) -> str:
    """Which classes of characters a value has: ``Aa1!``."""
    present = set(value)
    if value.isascii():
        return (
            ("" if present.isdisjoint(_UPPER) else "A")
            + ("" if present.isdisjoint(_LOWER) else "a")
            + ("" if present.isdisjoint(_DIGITS) else "1")
            + ("" if value.isalnum() or not value else "!")
        )
    return (
        ("A" if any(map(str.isupper, present)) else "")
        + ("a" if any(map(str.islower, present)) else "")
        + ("1" if any(map(str.isdigit, present)) else "")
        + ("" if value.isalnum() or not value else "!")
    )


def shape_of(value: str) -> str:
    """What a value looks like as a whole."""
    if _UUID.fullmatch(value):
        return "uuid"
    if looks_like_prose(value):
        return "prose"
    if _ADDRESS.fullmatch(value):
        return "address"
    if value.isdigit():
        return "number"
    if _DATE.fullmatch(value):
        return "date"
    return _shape_of_words(value) or _shape_of_signs(value)


def _shape_of_words(value: str) -> str:
    """The shape of a value that is made of words; empty for another."""
    reads = surprise(value)
    if _IDENTIFIER.fullmatch(value):
        if value.islower() and "_" not in value:
            return "letters" if reads >= _UNREADABLE and len(value) >= _LONG else "word"
        is_name = reads < _READABLE or len(value) < 8
        return "identifier" if is_name and not changes_case_by_chance(value) else "letters"
    if _DASHED.fullmatch(value):
        return "dashed" if reads < _WORDLIKE else "dashed-odd"
    if _DOTTED.fullmatch(value):
        return "dotted"
    return "file" if _FILE.fullmatch(value) and reads < _WORDLIKE else ""


_READABLE, _WORDLIKE, _UNREADABLE = 4.6, 4.4, 4.8
_LONG = 16


def _shape_of_signs(value: str) -> str:
    name, size = alphabet(value)
    if name == "hex" and len(value) >= _LONG:
        return "hex"
    if size <= 66 and len(value) >= _LONG:
        return "drawn" if surprise(value) >= _WORDLIKE or distinct_enough(value) else "long"
    return "signs" if any(not letter.isalnum() for letter in value) else "mixed"


@lru_cache(maxsize=8192)
def same_words(name: str, value: str) -> bool:
    """Whether a value only says its name again: ``password_field = "password-field"``."""
    known = _own_words(name)
    if first_word(value) not in known:  # most
        return False
    words = words_of(value)
    return len("".join(words)) >= len(value) - value.count("_") - 4 and known.issuperset(words)


@lru_cache(maxsize=4096)
def _own_words(name: str) -> frozenset[str]:
    return frozenset((*words_of(name), "the", "my", "test", "a", "is"))
