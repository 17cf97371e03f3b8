"""Fragments of the API server's messages: quoting and counting as its Go code does them."""

from collections.abc import Sequence

_GO_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def go_quote(value: str) -> str:
    """``value`` as Go's ``%q`` verb prints it (https://pkg.go.dev/strconv#Quote)."""
    if value.isascii() and value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return '"' + "".join(map(_go_escape, value)) + '"'


def _go_escape(character: str) -> str:
    if character in _GO_ESCAPES:
        return _GO_ESCAPES[character]
    # Go and Python agree on what is printable: letters, marks, numbers, punctuation, symbols
    # and, of the separators, the ASCII space alone.
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def listed(values: Sequence[str]) -> str:
    """The values between quotes and joined; the server escapes nothing in such a list."""
    return '"' + '", "'.join(values) + '"' if values else ""


def plural(noun: str, count: int) -> str:
    """The noun as the server writes it for that many things."""
    return noun if count == 1 else noun + "s"


def named(noun: str, names: Sequence[str]) -> str:
    """For example ``containers "a", "b"``."""
    return f"{plural(noun, len(names))} {listed(names)}"


def use(count: int) -> str:
    """The verb that goes with ``named`` of that many."""
    return "uses" if count == 1 else "use"
