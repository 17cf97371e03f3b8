"""A part of HCL 2: blocks, attributes, and values that are written out.

Bake files need no more: strings, numbers, booleans, lists, objects, heredocs, ``${NAME}`` in
strings. What is computed (operators, calls, ``for``, conditions) is kept as an ``Expression`` with
its text, so that nobody takes it for known. There are no comments in the result.
"""

import re

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

MAX_DEPTH = 100
"""Blocks, lists and objects inside each other."""


class Expression(NamedTuple):
    """A value that is computed, as text; ``variable`` where it is nothing but a name."""

    text: str
    variable: str = ""


class Template(NamedTuple):
    """A string with expressions in it."""

    parts: tuple[str | Expression, ...]


Value = str | bool | float | list["Value"] | dict[str, "Value"] | Template | Expression | None


class Attribute(NamedTuple):
    """``name = value``; offsets count characters and span the value."""

    name: str
    value: Value
    start: int
    end: int


class Block(NamedTuple):
    """``kind "label" ... { }``."""

    kind: str
    labels: tuple[str, ...]
    attributes: dict[str, Attribute]
    blocks: tuple["Block", ...]
    start: int
    end: int


class HclError(Exception):
    """A text that is no HCL: what is wrong, and where."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


_TOKEN = pattern(
    r"(?P<blank>[ \t\r]+|#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/)"
    r"|(?P<newline>\n)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<heredoc><<-?[A-Za-z_][A-Za-z0-9_-]*[ \t\r]*\n)"
    r'|(?P<quote>")'
    r"|(?P<mark>[{}\[\]()=,:]|[^\s])"
)
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_OPEN = {"(": ")", "[": "]", "{": "}"}


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def parse(text: str) -> Block:
    """Read a file: a block without a kind that holds all others.

    Raises:
        HclError: it is no HCL.
    """
    return _Parser(text.removeprefix("\ufeff")).file()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def file(self) -> Block:
        """The whole text."""
        attributes, blocks = self._body("")
        return Block("", (), attributes, blocks, 0, len(self._text))

    # Tokens -----------------------------------------------------------------------------------

    def _peek(self, *, newlines: bool = False) -> _Token:
        while self._at < len(self._text):
            found = _TOKEN.match(self._text, self._at)
            if found is None:
                raise HclError("unexpected character", self._at)
            kind = found.lastgroup or ""
            if kind == "blank" or (kind == "newline" and not newlines):
                self._at = found.end()
                continue
            return _Token(kind, found[0], found.start(), found.end())
        return _Token("end", "", self._at, self._at)

    def _take(self, text: str) -> _Token:
        token = self._peek()
        if token.text != text:
            raise HclError(f"expected {text}", token.start)
        self._at = token.end
        return token

    # Structure --------------------------------------------------------------------------------

    def _body(self, close: str) -> tuple[dict[str, Attribute], tuple[Block, ...]]:
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        while True:
            token = self._peek()
            if token.kind == "end" or (close and token.text == close):
                if close and token.kind == "end":
                    raise HclError(f"expected {close}", token.start)
                return attributes, tuple(blocks)
            if token.kind != "name":
                raise HclError("expected a name", token.start)
            self._at = token.end
            if self._peek().text == "=":
                self._take("=")
                attributes[token.text] = self._attribute(token.text)
            else:
                blocks.append(self._block(token))

    def _attribute(self, name: str) -> Attribute:
        start = self._peek().start
        value = self._value("")
        return Attribute(name, value, start, self._at)

    def _block(self, kind: _Token) -> Block:
        labels: list[str] = []
        while (token := self._peek()).text != "{":
            if token.kind == "quote":
                label = self._string()
                labels.append(label if isinstance(label, str) else "")
            elif token.kind == "name":
                labels.append(token.text)
                self._at = token.end
            else:
                raise HclError("expected a label or {", token.start)
        self._take("{")
        self._enter(token)
        attributes, blocks = self._body("}")
        end = self._take("}").end
        self._depth -= 1
        return Block(kind.text, tuple(labels), attributes, blocks, kind.start, end)

    def _enter(self, token: _Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise HclError(f"more than {MAX_DEPTH} levels", token.start)

    # Values -----------------------------------------------------------------------------------

    def _value(self, close: str) -> Value:
        """A value, up to what may follow it: a comma, the closing mark, or a newline."""
        start = self._peek().start
        try:
            value = self._literal()
        except _Computed:
            value = Expression("")
        if isinstance(value, Expression) and value.variable and self._ends(close):
            return value
        if not isinstance(value, Expression) and self._ends(close):
            return value
        self._at = start
        self._skip(close)
        return Expression(self._text[start : self._at].strip())

    def _ends(self, close: str) -> bool:
        token = self._peek(newlines=not close or close == "}")
        return token.kind in {"newline", "end", "heredoc"} or token.text in {",", "}", "]", ")"}

    def _skip(self, close: str) -> None:
        """Go past an expression that is not read."""
        stack: list[str] = []
        while True:
            token = self._peek(newlines=not stack and close != "]")
            if token.kind == "end":
                if stack:
                    raise HclError(f"expected {stack[-1]}", token.start)
                return
            if not stack and (token.kind == "newline" or token.text in {",", "}", "]", ")"}):
                return
            if token.kind == "quote":
                self._string()
                continue
            if token.kind == "heredoc":
                self._heredoc(token)
                continue
            self._at = token.end
            if token.text in _OPEN:
                stack.append(_OPEN[token.text])
                if len(stack) > MAX_DEPTH:
                    raise HclError(f"more than {MAX_DEPTH} levels", token.start)
            elif stack and token.text == stack[-1]:
                stack.pop()

    def _literal(self) -> Value:
        token = self._peek()
        if token.kind == "quote":
            return self._string()
        if token.kind == "heredoc":
            return self._heredoc(token)
        if token.kind == "number":
            self._at = token.end
            return float(token.text)
        if token.kind == "name":
            self._at = token.end
            if token.text in _CONSTANTS:
                return _CONSTANTS[token.text]
            return Expression(token.text, token.text)
        if token.text == "[":
            return self._list(token)
        if token.text == "{":
            return self._object(token)
        if token.kind == "end":
            raise HclError("expected a value", token.start)
        raise _Computed

    def _list(self, token: _Token) -> Value:
        self._take("[")
        self._enter(token)
        items: list[Value] = []
        if self._peek().text == "for":
            raise self._leave()
        while self._peek().text != "]":
            items.append(self._value("]"))
            if self._peek().text != ",":
                break
            self._take(",")
        self._take("]")
        self._depth -= 1
        return items

    def _object(self, token: _Token) -> Value:
        self._take("{")
        self._enter(token)
        items: dict[str, Value] = {}
        if self._peek().text == "for":
            raise self._leave()
        while (key := self._peek()).text != "}":
            if key.kind == "quote":
                name = self._string()
                if not isinstance(name, str):
                    raise self._leave()
            elif key.kind in {"name", "number"}:
                name, self._at = key.text, key.end
            else:
                raise self._leave()
            if self._peek().text not in {"=", ":"}:
                raise self._leave()
            self._at = self._peek().end
            items[name] = self._value("}")
            if self._peek().text == ",":
                self._take(",")
        self._take("}")
        self._depth -= 1
        return items

    def _leave(self) -> "_Computed":
        self._depth -= 1
        return _Computed()

    # Strings ----------------------------------------------------------------------------------

    def _string(self) -> str | Template:
        start = self._take('"').start
        parts: list[str | Expression] = []
        text: list[str] = []
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == '"':
                self._at += 1
                return _template(parts, text)
            if character == "\n":
                break
            if character == "\\":
                text.append(self._escape())
            elif self._text.startswith(("$${", "%%{"), self._at):
                text.append(self._text[self._at] + "{")
                self._at += 3
            elif self._text.startswith(("${", "%{"), self._at):
                parts += ["".join(text), self._interpolation()]
                text.clear()
            else:
                text.append(character)
                self._at += 1
        raise HclError("a string does not end", start)

    def _escape(self) -> str:
        at = self._at + 1
        mark = self._text[at : at + 1]
        width = {"u": 4, "U": 8}.get(mark, 0)
        self._at = at + 1 + width
        if width:
            digits = self._text[at + 1 : at + 1 + width]
            if not re.fullmatch(r"[0-9a-fA-F]+", digits) or int(digits, 16) > 0x10FFFF:
                raise HclError("a bad escape", at - 1)
            return chr(int(digits, 16))
        if mark not in _ESCAPES:
            raise HclError("a bad escape", at - 1)
        return _ESCAPES[mark]

    def _interpolation(self) -> Expression:
        start = self._at
        self._at += 2
        depth = 1
        while self._at < len(self._text):
            token = self._peek()
            if token.kind == "end":
                break
            if token.kind == "quote":
                self._enter(token)
                self._string()
                self._depth -= 1
                continue
            self._at = token.end
            depth += (token.text == "{") - (token.text == "}")
            if not depth:
                inside = self._text[start + 2 : token.start].strip("~ \t\r\n")
                simple = self._text[start] == "$" and re.fullmatch(r"[A-Za-z_][\w-]*", inside)
                return Expression(inside, inside if simple else "")
        raise HclError("a template does not end", start)

    def _heredoc(self, token: _Token) -> str | Template:
        self._at = token.end
        name = token.text.strip("<- \t\r\n")
        lines: list[str] = []
        while self._at < len(self._text):
            end = self._text.find("\n", self._at)
            end = len(self._text) if end < 0 else end
            line = self._text[self._at : end]
            self._at = end
            if line.strip() == name:
                text = _unindented(lines) if token.text.startswith("<<-") else lines
                whole = "".join(f"{one}\n" for one in text)
                return Template((Expression(whole),)) if "${" in whole else whole
            lines.append(line.removesuffix("\r"))
            self._at = min(end + 1, len(self._text))
        raise HclError(f"a heredoc does not end with {name}", token.start)


class _Computed(Exception):  # noqa: N818 - never leaves this module
    pass


def _template(parts: list[str | Expression], text: list[str]) -> str | Template:
    if not parts:
        return "".join(text)
    kept = [part for part in (*parts, "".join(text)) if part]
    return Template(tuple(kept))


def _unindented(lines: list[str]) -> list[str]:
    widths = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
    width = min(widths, default=0)
    return [line[width:] for line in lines]
