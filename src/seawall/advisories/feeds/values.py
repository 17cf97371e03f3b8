"""Fields of records as they should be, whatever stands there: nothing here raises on odd values."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.feeds.archive import Member
from seawall.core.lazy import pattern

MAX_SUMMARY = 300
MAX_DETAILS = 10_000
MAX_WORD = 200
"""Characters of names, versions, ids and words."""
MAX_ADDRESS = 1_000
MAX_ITEMS = 20_000
"""Entries of one list; the longest list of versions seen has about 4,000."""
MAX_REFERENCES = 60
_CONTROL = pattern(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_CONTROL_IN_LINES = pattern(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_SURROGATE = pattern(r"[\ud800-\udfff]")
_DAY = pattern(r"(\d{4})-(\d{2})-(\d{2})(?!\d)")
_CWE = pattern(r"CWE-[1-9]\d{0,4}", re.ASCII)
_ADDRESS = pattern(r"https?://[^\s<>\"\\^`{|}\x00-\x20\x7f]+", re.IGNORECASE)
_DATE = pattern(r"(?:\w{3}, )?(\d{1,2}) (\w{3}) (\d{4})\b")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_CVE = pattern(r"CVE-\d{4}-\d{4,19}", re.ASCII)


_BESIDE = (
    ".md", ".txt", ".yml", ".yaml", ".csv", ".py", ".sh", ".toml", ".cfg", ".html", ".rb", ".go",
    ".js", ".gitignore", ".gitattributes", "LICENSE", "Makefile", "CODEOWNERS",
)  # fmt: skip


def is_beside(name: str) -> bool:
    """Whether a member is something beside the data: repositories have more than one kind of file.

    Only for readers of JSON.
    """
    return name.endswith(_BESIDE) or any(part.startswith(".") for part in name.split("/"))


class Malformed(Exception):  # noqa: N818 - a verdict on a record
    """A record that cannot be understood; its text is the reason."""


def document(member: Member) -> Any:
    """The JSON a member holds. Raises ``Malformed``."""
    import json  # noqa: PLC0415 - off the scan path

    try:
        return json.loads(member.read())
    except RecursionError:
        raise Malformed("it is nested too deep") from None
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8") from None
    except ValueError:
        raise Malformed("it is no JSON") from None


def record(member: Member) -> dict[str, Any]:
    """The JSON object a member holds. Raises ``Malformed``."""
    value = document(member)
    if not isinstance(value, dict):
        raise Malformed("it is no JSON object")
    return value


def yaml_document(data: bytes) -> Any:
    """The YAML that bytes hold, dates as they stand there. Raises ``Malformed``."""
    from seawall.text.yaml import Broken, load  # noqa: PLC0415 - off the scan path

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8") from None
    found = next(iter(load(text)), None)
    if isinstance(found, Broken):
        raise Malformed("it is no YAML")
    return found.value if found else None


def table(value: object) -> dict[str, Any]:
    """A mapping; an empty one when it is none."""
    return value if isinstance(value, dict) else {}


def tables(value: object) -> Iterator[dict[str, Any]]:
    """The mappings in a list."""
    return (item for item in items(value) if isinstance(item, dict))


def items(value: object) -> list[Any]:
    """A list, of at most ``MAX_ITEMS``; an empty one when it is none."""
    return value[:MAX_ITEMS] if isinstance(value, list) else []


def line(value: object, limit: int = MAX_SUMMARY) -> str:
    """A text in one line without control characters, cut at a limit."""
    if not isinstance(value, str) or not value:
        return ""
    return _cut(_CONTROL.sub(" ", value[: limit * 4]).strip(), limit)


def prose(value: object, limit: int = MAX_DETAILS) -> str:
    """A text of several lines, cut at a limit."""
    if not isinstance(value, str) or not value:
        return ""
    return _cut(_CONTROL_IN_LINES.sub("", value[: limit * 2]).strip(), limit)


def _cut(text: str, limit: int) -> str:
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def word(value: object) -> str:
    """A name, a version or an id: printable and not too long, else empty."""
    if not isinstance(value, str):
        return ""
    value = value.strip()
    return value if len(value) <= MAX_WORD and value.isprintable() else ""


def words(value: object) -> tuple[str, ...]:
    """The words in a list, each once, in their order."""
    return tuple(dict.fromkeys(filter(None, map(word, items(value)))))


def ids(value: object) -> tuple[str, ...]:
    """The ids in a list: words without blanks."""
    return tuple(each for each in words(value) if " " not in each)


def day(value: object) -> str:
    """The day of a time or date in ISO 8601; empty without one, and for Go's year 1."""
    found = _DAY.match(value) if isinstance(value, str) else None
    if found is None or found[1] < "1980" or not "01" <= found[2] <= "12":
        return ""
    return found[0] if "01" <= found[3] <= "31" else ""


def mail_day(value: object) -> str:
    """The day of a date as mails have it (RFC 5322): ``Sat, 05 Sep 2026 19:08:11 +0200``."""
    found = _DATE.match(value) if isinstance(value, str) else None
    if found is None or found[2] not in _MONTHS:
        return ""
    return day(f"{found[3]}-{_MONTHS.index(found[2]) + 1:02}-{int(found[1]):02}")


def addresses(values: Iterable[object]) -> tuple[str, ...]:
    """Those values that are addresses of http and https, each once."""
    found: dict[str, None] = {}
    for value in values:
        if isinstance(value, str) and len(value) <= MAX_ADDRESS and _ADDRESS.fullmatch(value):
            found[value] = None
            if len(found) >= MAX_REFERENCES:
                break
    return tuple(found)


def cwes(values: Iterable[object]) -> tuple[str, ...]:
    """The weaknesses (``CWE-79``) that values start with or are."""
    found: dict[str, None] = {}
    for value in values:
        match = _CWE.match(value) if isinstance(value, str) else None
        if match:
            found[match[0]] = None
    return tuple(found)


def cves(text: str) -> tuple[str, ...]:
    """The CVE ids in a text, each once."""
    return tuple(dict.fromkeys(_CVE.findall(text)))
