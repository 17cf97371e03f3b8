"""What can be told about a candidate, as words; ``scoring`` knows what each of them weighs."""

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from seawall.core.lazy import pattern
from seawall.secrets.names import meaning_of, words_of
from seawall.secrets.placeholders import looks_like_prose, placeholder
from seawall.secrets.randomness import alphabet, distinct_enough, entropy, has_run, surprise
from seawall.secrets.text import Kind

_LENGTHS = (4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 64, 128)
_SURPRISES = (3.0, 3.4, 3.8, 4.2, 4.6, 5.2, 6.0)
_LENGTH_WORDS = tuple(f"length:{limit}" for limit in (*_LENGTHS, 999))
_SURPRISE_WORDS = tuple(f"surprise:{limit}" for limit in (*_SURPRISES, 9))
"""The words for what is below each limit, and for what is below none."""
SCANNED = 512
"""Characters of a value that are looked at: a longer one is no surer for its rest."""
_KINDS = tuple(kind.name.lower() for kind in Kind)
_UUID = pattern(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_IDENTIFIER = pattern(r"[A-Za-z_$][A-Za-z_$]*")
_DOTTED = pattern(r"[A-Za-z_][\w-]*(?:[.:/][A-Za-z_][\w-]*)+")
_DASHED = pattern(r"[a-z0-9]+(?:[-_][a-z0-9]+)+|[A-Z0-9]+(?:_[A-Z0-9]+)+")
_ADDRESS = pattern(r"(?i)[a-z][\w+.-]*(?::|%3A)(?://|%2F%2F).*|[\w+.-]+@[\w-]+\.[\w.-]+|www\..*")
_FILE = pattern(r".*\.(?:[a-z]{1,4}|json|html|yaml|properties|class|java)")
_DATE = pattern(r"\d{1,4}[-/.:]\d{1,2}[-/.:]\d{1,4}.*")


def features(
    form: str, name: str, value: str, kind: Kind, path: tuple[str, ...], *, call_follows: bool
) -> list[str]:
    """The words for a value of at most ``SCANNED`` characters under a name, each once."""
    meaning = meaning_of(name)
    shape = shape_of(value)
    found = [
        f"form:{form}",
        f"kind:{_KINDS[kind]}",
        f"form:{form}+kind:{_KINDS[kind]}",
        f"name:{meaning.kind}",
        f"name:{meaning.kind}+{meaning.place}",
        f"name:{meaning.kind}+shape:{shape}",
        f"shape:{shape}",
        *path,
        *_of_value(value),
    ]
    if meaning.place in ("made", "about"):
        found.append(f"name-{meaning.place}")
    if meaning.public:
        found.append("name-public")
    if name and same_words(name, value):
        found.append("value-repeats-name")
    if call_follows:
        found.append("call-follows")
    return found


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
def _of_value(value: str) -> tuple[str, ...]:
    return tuple(_value_features(value))


def _value_features(value: str) -> Iterator[str]:
    length = len(value)
    yield _LENGTH_WORDS[bisect_right(_LENGTHS, length)]
    kind = placeholder(value)
    if kind:
        yield f"placeholder:{kind}"
    yield f"alphabet:{alphabet(value)[0]}"
    yield f"mix:{mix_of(value)}"
    reads = surprise(value)
    yield _SURPRISE_WORDS[bisect_right(_SURPRISES, reads)]
    if length >= 16:
        yield "drawn" if distinct_enough(value) else "not-drawn"
        yield f"entropy:{min(int(entropy(value) * 2), 11)}"
    if has_run(value):
        yield "run"
    if " " in value:
        yield "blank"
    if not value.isascii():
        yield "not-ascii"


def mix_of(value: str) -> str:
    """Which classes of characters a value has: ``Aa1!``."""
    present = set(value)
    return (
        ("A" if any(map(str.isupper, present)) else "")
        + ("a" if any(map(str.islower, present)) else "")
        + ("1" if any(map(str.isdigit, present)) else "")
        + ("" if value.isalnum() or not value else "!")
    )


@lru_cache(maxsize=8192)
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
            return "word"
        return "identifier" if reads < _READABLE or len(value) < 8 else "letters"
    if _DASHED.fullmatch(value):
        return "dashed" if reads < _WORDLIKE else "dashed-odd"
    if _DOTTED.fullmatch(value):
        return "dotted"
    return "file" if _FILE.fullmatch(value) and reads < _WORDLIKE else ""


_READABLE, _WORDLIKE = 4.6, 4.4
_LONG = 16


def _shape_of_signs(value: str) -> str:
    name, size = alphabet(value)
    if name == "hex" and len(value) >= _LONG:
        return "hex"
    if size <= 66 and len(value) >= _LONG:
        return "drawn" if surprise(value) >= _WORDLIKE or distinct_enough(value) else "long"
    return "signs" if any(not letter.isalnum() for letter in value) else "mixed"


def same_words(name: str, value: str) -> bool:
    """Whether a value only says its name again: ``password_field = "password-field"``."""
    words = words_of(value)
    return (
        bool(words)
        and len("".join(words)) >= len(value) - value.count("_") - 4
        and set(words) <= {*words_of(name), "the", "my", "test", "a", "is"}
    )
