"""What readers share: bytes to text, JSON and TOML, and values whose types nobody promised.

A file is hostile until it is read: whatever is odd becomes ``Unreadable`` (the whole of it) or a
``Problem`` (one entry), never another exception.
"""

import re
from typing import Any, NoReturn

from seawall.core.lazy import pattern
from seawall.packages.package import Problem, Unreadable
from seawall.text.decoding import Undecodable, decode

Table = dict[str, Any]

MAX_TEXT = 1000
"""Characters of a name or version; the longest real ones (Go modules) have some 200."""
MAX_PROBLEMS = 100
"""Problems of one file that are told of one by one."""
_SHOWN = 80
_MAX_DEPTH = 100
"""Nested brackets of JSON and TOML that a lock file may have; npm's version 1 needs about 20."""
_SECRET = pattern(r"((?:git\+)?https?://)[^/@\s]*@|(?<=ssh://)(?<!@)([^/@:\s]*):[^/@\s]*(?=@)")
_UNFIT = pattern(r"[\x00-\x20\x7f\ud800-\udfff]")
_UNFIT_VERSION = pattern(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Notes:
    """What could not be made a package of, gathered while a file is read."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._more = 0

    def add(self, what: object, reason: str, line: int = 0) -> None:
        """Note an entry; beyond ``MAX_PROBLEMS`` they are only counted."""
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(Problem(shown(what), reason, line))
        else:
            self._more += 1

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All of them, in their order."""
        if not self._more:
            return tuple(self._problems)
        return (*self._problems, Problem("", f"{self._more} more entries are like these"))

    def table(self, value: object, what: object, line: int = 0) -> Table:
        """A table; empty where there is none, and noted where something else stands."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.add(what, f"a table is expected, not {kind(value)}", line)
        return {}

    def array(self, value: object, what: object, line: int = 0) -> list[Any]:
        """A list; empty where there is none, and noted where something else stands."""
        if isinstance(value, list):
            return value
        if value is not None:
            self.add(what, f"a list is expected, not {kind(value)}", line)
        return []

    def text(self, value: object, what: object, line: int = 0) -> str:
        """A text; empty where there is none, and noted where something else stands."""
        if isinstance(value, str):
            return value
        if value is not None:
            self.add(what, f"a text is expected, not {kind(value)}", line)
        return ""

    def texts(self, value: object, what: object, line: int = 0) -> list[str]:
        """The texts of a list; what else stands in it is noted."""
        return [
            found
            for item in self.array(value, what, line)
            if (found := self.text(item, what, line))
        ]

    def fits(self, name: str, version: str = "", line: int = 0) -> bool:
        """Whether a name and version may be those of a package; noted where they may not."""
        if not name:
            self.add(version, "it has no name", line)
        elif len(name) > MAX_TEXT or _UNFIT.search(name):
            self.add(name, "it is no name of a package", line)
        elif len(version) > MAX_TEXT or _UNFIT_VERSION.search(version):
            self.add(f"{name} {version}", "it is no version", line)
        else:
            return True
        return False


def shown(what: object) -> str:
    """A value as a person looks for it in the file, shortened and on one line."""
    text = (
        what
        if isinstance(what, str)
        else "/".join(map(str, what))
        if isinstance(what, tuple)
        else str(what)
    )
    text = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: _SHOWN + 1]
    )
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def kind(value: object) -> str:
    """What a value is, in the words of JSON and TOML."""
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return "a text" if isinstance(value, str) else "null" if value is None else "a number or date"


def public(address: str) -> str:
    """An address without the user name and password that may stand in it (``https://TOKEN@host``).

    What names the user of a repository over SSH, ``git@host``, is no secret.
    """
    if "@" not in address:
        return address
    return _SECRET.sub(r"\1\2", address)


def text_of(data: bytes) -> str:
    """The text of a file; raises Unreadable."""
    text = decode(data)
    if isinstance(text, Undecodable):
        raise Unreadable(text.reason, text.line, text.column)
    return text


def json_of(data: bytes, notes: Notes) -> Table:
    """The object a JSON file holds; keys that stand twice are noted. Raises Unreadable."""
    return object_of(text_of(data), notes)


def object_of(text: str, notes: Notes) -> Table:
    """The object a text of JSON is; keys that stand twice are noted. Raises Unreadable."""
    value = value_of(text, notes)
    if not isinstance(value, dict):
        raise Unreadable(f"an object is expected, not {kind(value)}", 1, 1)
    return value


def value_of(text: str, notes: Notes) -> Any:
    """The value a text of JSON is; keys that stand twice are noted. Raises Unreadable.

    The standard library's scanner in C: 5,000 packages of npm take it 20 ms, a parser that keeps
    positions a second. Where a value stands is looked up when somebody asks.
    """
    import json  # noqa: PLC0415 - not at start-up

    def unique(pairs: list[tuple[str, Any]]) -> Table:
        result = dict(pairs)
        if len(result) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    notes.add(key, "the key stands twice in one object; the last one counts")
                seen.add(key)
        return result

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise Unreadable(error.msg[:1].lower() + error.msg[1:], error.lineno, error.colno) from None
    except ValueError:  # a whole number of more than 4,300 digits
        raise Unreadable("a number has too many digits") from None
    except RecursionError:
        _refuse_depth()


def toml_of(text: str) -> Table:
    """The table a TOML document is; raises Unreadable."""
    import tomllib  # noqa: PLC0415 - not at start-up

    _refuse_long_keys(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(
            r"(?s)(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error)
        )
        reason = found[1] if found else str(error)
        at_end = (text.count("\n") + 1, 0)
        line, column = (int(found[2]), int(found[3])) if found and found[2] else at_end
        raise Unreadable(reason[:1].lower() + reason[1:], line, column) from None
    except ValueError:  # a whole number of more than 4,300 digits
        raise Unreadable("a number has too many digits") from None
    except RecursionError:
        _refuse_depth()


def _refuse_long_keys(text: str) -> None:
    """Keys of thousands of parts take ``tomllib`` time by the square of their number."""
    if text.count(".") > _MAX_DEPTH:
        for number, line in enumerate(text.split("\n"), 1):
            key = line.partition("=")[0]
            if key.count(".") > _MAX_DEPTH and key.lstrip()[:1] not in ("#", ""):
                raise Unreadable("it is nested too deeply", number)


def _refuse_depth() -> NoReturn:
    raise Unreadable("it is nested too deeply")
