"""Text to commands, through the grammar of tree-sitter-bash, which reads sh and ash as well.

The grammar gets the text as the shell does, continuations joined; an ``Origin`` tells where each
byte is in the file. So every place is exact, and a word is editable where its bytes stand together.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache, partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from seawall.core.lazy import pattern
from seawall.core.location import made
from seawall.core.named_tuple import NamedTuple
from seawall.text.shell import plain, runners
from seawall.text.shell.script import (
    MISFIT,
    SHELLS,
    Assignment,
    Command,
    Comment,
    Origin,
    Pipeline,
    Redirection,
    Script,
    ShellWord,
)

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_SCRIPT = 131_072
"""Bytes of a script that is read; real ones have a few thousand."""
_LIMITS = ((b"|", 1000), (b"=(", 200), (b"${", 4000), (b"<<", 200), (b"$(", 4000), (b"[", 8000))
"""The grammar takes quadratic time for long rows of these."""
_MAX_SECONDS = 5.0
_SMALL = 4096
"""Bytes of a script that cannot take long; most are shorter."""
MAX_DEPTH = 80
"""Nested constructs whose commands are found."""
MAX_SCRIPTS = 4
"""Scripts in scripts: ``sh -c "su -c '...'"``."""


@cache
def _parser() -> "Parser":
    import tree_sitter  # noqa: PLC0415 - only files with shell scripts need it

    return tree_sitter.Parser(tree_sitter.Language(_grammar()))


def _grammar() -> object:
    """The grammar without its package, which imports importlib.resources for queries: 15 ms."""
    from importlib.machinery import PathFinder  # noqa: PLC0415 - with the grammar only

    package = PathFinder.find_spec("tree_sitter_bash")
    places = None if package is None else package.submodule_search_locations
    binding = PathFinder.find_spec("tree_sitter_bash._binding", places) if places else None
    if binding is not None and binding.loader is not None:
        module = binding.loader.create_module(binding)
        if module is not None:
            binding.loader.exec_module(module)
            return module.language()
    import tree_sitter_bash  # noqa: PLC0415

    return tree_sitter_bash.language()


class Document(NamedTuple):
    """A heredoc of a script whose body does not follow in the text.

    ``start`` and ``end`` are of the word that announces it, in bytes of the text.
    """

    start: int
    end: int
    name: str
    body: Origin


def parse(origin: Origin, language: str = "sh", documents: Sequence[Document] = ()) -> Script:
    """Read a script. Never raises; what cannot be read is told by ``broken``."""
    script = Script(language, origin.start(0), origin.end(len(origin.data)))
    if language not in SHELLS:
        return script
    reader = _Reader()
    reader.read(_blanked(origin, documents), None, 0)
    for document in documents:
        reader.attach(origin, document)
    script.commands = tuple(reader.commands)
    script.comments = tuple(reader.comments)
    script.broken = reader.broken
    return script


def _blanked(origin: Origin, documents: Sequence[Document]) -> Origin:
    data = bytearray(origin.data)
    for document in documents:
        data[document.start : document.end] = b" " * (document.end - document.start)
    return origin._replace(data=bytes(data)) if documents else origin


def _tree(data: bytes) -> "tuple[Node | None, str]":
    """The root of the syntax tree, or why there is none."""
    if len(data) > MAX_SCRIPT:
        return None, f"the script has more than {MAX_SCRIPT:,} bytes"
    for text, limit in _LIMITS:
        if data.count(text) > limit:
            return None, f"the script has more than {limit:,} times {text.decode()}"
    if len(data) < _SMALL:
        return _small_tree(data), ""
    parser = _parser()
    deadline = monotonic() + _MAX_SECONDS
    try:
        tree = parser.parse(
            lambda offset, _: data[offset:],
            progress_callback=lambda *_: monotonic() > deadline,
        )
    except ValueError:
        parser.reset()
        return None, "the script is too complex"
    return tree.root_node, ""


@lru_cache(maxsize=64)
def _small_tree(data: bytes) -> "Node":
    """The root of a tree. Variants of a Dockerfile, which repositories hold, share scripts."""
    return _parser().parse(data).root_node


_INSIDE = {
    "subshell": "subshell",
    "compound_statement": "group",
    "if_statement": "if",
    "while_statement": "while",
    "for_statement": "for",
    "c_style_for_statement": "for",
    "case_statement": "case",
    "function_definition": "function",
    "command_substitution": "substitution",
    "process_substitution": "substitution",
}
_COMMANDS = frozenset(("command", "declaration_command", "unset_command", "test_command"))
_SEPARATORS = frozenset((";", "&", "\n", ";;", "&&", "||"))
_REDIRECTS = frozenset(("file_redirect", "herestring_redirect", "heredoc_redirect"))


class _Context(NamedTuple):
    """Where a node stands."""

    parent: Command | None
    inside: tuple[str, ...] = ()
    operator: str = ""
    depth: int = 0
    condition: bool = False
    negated: bool = False
    pipeline: Pipeline | None = None

    def inner(self, **changes: Any) -> "_Context":
        """That of a node below it."""
        return self._replace(depth=self.depth + 1, **changes)

    def behind(self, operator: str, deeper: int = 1) -> "_Context":
        """That of a part which stands behind an operator: most nodes are one."""
        return _Context(
            self.parent, self.inside, operator, self.depth + deeper, self.condition, self.negated,
            self.pipeline,
        )  # fmt: skip


class _Reader:
    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.comments: list[Comment] = []
        self.broken = ""
        self._pipelines = 0
        self._text = _Text(Origin(b"", (0,), (0,)), has_error=False)
        self._scripts = 0

    def read(self, origin: Origin, parent: Command | None, level: int) -> None:
        root, problem = _tree(origin.data)
        if root is None:
            self.broken = self.broken or problem
            return
        if root.has_error and not self.broken:
            self.broken = MISFIT
        before, self._text = self._text, _Text(origin, has_error=root.has_error)
        level_before, self._scripts = self._scripts, level
        self._statements(root, _Context(parent, () if parent is None else parent.inside))
        self._text = before
        self._scripts = level_before

    def attach(self, origin: Origin, document: Document) -> None:
        """Give a heredoc to the command that it stands behind, and read the body if that does."""
        start, end = origin.start(document.start), origin.end(document.end)
        before = [command for command in self.commands if command.start <= start]
        if not before:
            return
        owner = max(before, key=lambda command: command.start)
        owner = [command for command in before if command.start == owner.start][-1]
        text = origin.data[document.start : document.end].decode("utf-8", "surrogateescape")
        word = ShellWord(text, document.name, start, end, end - start == len(text))
        owner.redirections += (Redirection("<<", word, "", start, end),)
        values = [one.value for one in owner.arguments]
        if runners.reads_script_from_input(owner.name, values) and document.body.data.strip():
            self.read(document.body, owner, 1)

    # Structure --------------------------------------------------------------------------------

    def _statements(self, node: "Node", context: _Context) -> None:
        """The statements of a body, with what stands between them."""
        operator = ""
        for child in node.children:
            kind = child.type
            if kind in _SEPARATORS:
                if kind == "&" and self.commands:
                    self.commands[-1].background = True
                operator = "&" if kind == "&" else ";"
                continue
            if not child.is_named:
                continue
            count = len(self.commands)
            self._node(child, context.behind(operator, 0))
            if len(self.commands) > count:
                operator = ";"

    def _node(self, node: "Node", context: _Context) -> None:  # noqa: C901 - one branch for each kind
        if context.depth > MAX_DEPTH:
            self.broken = self.broken or f"more than {MAX_DEPTH} constructs inside each other"
            return
        kind = node.type
        if kind in _COMMANDS:
            self._command(node, kind, context, ())
        elif kind == "list":
            self._list(node, context)
        elif kind == "pipeline":
            self._pipeline(node, context)
        elif kind == "negated_command":
            for child in node.named_children:
                self._node(child, context.inner(negated=True))
        elif kind == "redirected_statement":
            self._redirected(node, context)
        elif kind in {"variable_assignment", "variable_assignments"}:
            self._command(node, kind, context, ())
        elif kind in {"if_statement", "elif_clause", "while_statement"}:
            self._conditional(node, context)
        elif kind == "comment":
            start, end = node.start_byte, node.end_byte
            place = self._text.place(start, end)
            self.comments.append(Comment(self._text.slice(start, end), *place))
        elif kind in _INSIDE:
            self._statements(node, context.inner(inside=(*context.inside, _INSIDE[kind])))
        elif kind == "ERROR" or node.named_child_count:
            self._statements(node, context.inner())

    def _list(self, node: "Node", context: _Context) -> None:
        """``a && b || c``: lists lean to the left, so go down the left side without recursion."""
        parts: list[tuple[str, Node]] = []
        current = node
        while current.type == "list":
            children = current.children
            rest: list[tuple[str, Node]] = []
            operator = ""
            for child in children[1:]:
                if child.is_named:
                    rest.append((operator, child))
                else:
                    operator = child.type
            parts[:0] = rest
            current = children[0]
        parts.insert(0, (context.operator, current))
        for operator, part in parts:
            self._node(part, context.behind(operator))

    def _pipeline(self, node: "Node", context: _Context) -> None:
        """A pipeline. Behind ``|&`` the grammar takes a whole list for its next command."""
        self._pipelines += 1
        number = self._pipelines
        parts: list[Node] = []
        rest: list[tuple[str, Node]] = []
        stack = [child for child in node.named_children if child.type != "comment"][::-1]
        while stack:
            part = stack.pop()
            if part.type == "pipeline":
                stack += [child for child in part.named_children if child.type != "comment"][::-1]
            elif part.type == "list" and part.child_count > 2:
                rest.insert(0, (part.children[1].type, part.children[-1]))
                stack.append(part.children[0])
            else:
                parts.append(part)
        for place, part in enumerate(parts):
            pipeline = Pipeline(number, place, len(parts))
            self._node(part, context.inner(pipeline=pipeline))
        for operator, part in rest:
            self._node(part, context.inner(operator=operator, pipeline=None))

    def _conditional(self, node: "Node", context: _Context) -> None:
        inside = context.inside
        if node.type != "elif_clause":
            inside = (*inside, _INSIDE[node.type])
        condition = True
        operator = ""
        for child in node.children:
            if child.type in {"then", "do_group"}:
                condition, operator = False, ""
            elif child.type in _SEPARATORS:
                operator = ";"
            if child.is_named:
                here = context.inner(inside=inside, condition=condition, operator=operator)
                self._node(child, here)
                operator = ";"

    def _redirected(self, node: "Node", context: _Context) -> None:
        body = node.child_by_field_name("body")
        redirects = [child for child in node.named_children if child.type in _REDIRECTS]
        redirections = tuple(found for child in redirects for found in self._redirections(child))
        first = len(self.commands)
        if body is None:
            self._command(node, node.type, context, redirections)
        elif (kind := body.type) in _COMMANDS:
            self._command(body, kind, context, redirections)
        else:
            self._node(body, context)
        owner = self.commands[first] if len(self.commands) > first else None
        for child in redirects:
            if self._text.may_substitute(child):
                self._substitutions(child, context, owner)
            if child.type == "heredoc_redirect":
                self._heredoc_rest(child, context, owner)

    def _heredoc_rest(self, node: "Node", context: _Context, owner: Command | None) -> None:
        """What follows ``<<EOF`` on its line, and the body where a shell reads it."""
        for child in node.named_children:
            if child.type in {"pipeline", "list", *_COMMANDS}:
                first = len(self.commands)
                self._node(child, context.inner())
                if child.type == "pipeline" and owner is not None:
                    self._join(owner, self.commands[first:])
            elif child.type == "heredoc_body" and owner is not None:
                values = [word.value for word in owner.arguments]
                if runners.reads_script_from_input(owner.name, values):
                    self._script(owner, [(child.start_byte, child.end_byte)])

    def _join(self, owner: Command, others: list[Command]) -> None:
        """``cat <<EOF | sh``: the grammar has the rest of the pipeline inside the heredoc."""
        number = others[0].pipeline.number if others else 0
        length = others[0].pipeline.length + 1 if others else 0
        for command in others:
            if command.pipeline.number == number:
                place = command.pipeline.place + 1
                command.pipeline = Pipeline(owner.pipeline.number, place, length)
        if others:
            owner.pipeline = Pipeline(owner.pipeline.number, 0, length)

    # Commands ---------------------------------------------------------------------------------

    def _command(
        self, node: "Node", kind: str, context: _Context, redirections: tuple[Redirection, ...]
    ) -> None:
        command = self._text.plain_command(node) if kind == "command" else None
        if command is None:
            self._looked_into(node, kind, context, redirections)
            return
        command.assignments = ()
        command.redirections = redirections
        self._place(command, context)
        self.commands.append(command)

    def _looked_into(
        self, node: "Node", kind: str, context: _Context, redirections: tuple[Redirection, ...]
    ) -> None:
        """A command whose words the tree tells."""
        text = self._text
        is_declaration = kind == "declaration_command"
        words: list[ShellWord] = []
        assignments: list[Assignment] = []
        own: list[Redirection] = []
        parts = self._parts(node)
        for child in parts:
            kind = child.type
            if kind == "variable_assignment" and not is_declaration:
                assignments.append(self._assignment(child))
            elif kind in _REDIRECTS:
                own += self._redirections(child)
            elif kind != "comment":
                words.append(text.word(child, kind))
        command = Command(tuple(words))
        command.assignments = tuple(assignments)
        command.redirections = (*own, *redirections)
        self._place(command, context)
        if words or assignments:
            command.start = (assignments or words)[0].start
            command.end = (words or assignments)[-1].end
        else:
            command.start = command.end = text.origin.start(node.start_byte)
        self.commands.append(command)
        if command.name in runners.NAMES:
            self._run(command, words, [child for child in parts if child.type != "comment"])
        if text.may_substitute(node):
            for child in node.children:
                if child.type not in _REDIRECTS or node.type == "command":
                    self._substitutions(child, context, command)

    def _place(self, command: Command, context: _Context) -> None:
        command.operator = context.operator
        command.background = False
        command.negated = context.negated
        command.inside = context.inside
        command.condition = context.condition
        command.parent = context.parent
        if context.pipeline is None:
            self._pipelines += 1
            command.pipeline = Pipeline(self._pipelines, 0, 1)
        else:
            command.pipeline = context.pipeline

    def _parts(self, node: "Node") -> "list[Node]":
        """The words, assignments and redirections of a command."""
        kind = node.type
        if kind == "variable_assignment":
            return [node]
        all_children = kind != "command" and kind in _COMMANDS
        parts: list[Node] = []
        for child in node.children:
            kind = child.type
            if kind in _EXPRESSIONS:
                parts += _leaves(child)
            elif kind == "command_name":
                parts.append(child.children[0] if child.child_count == 1 else child)
            elif all_children or child.is_named:
                parts.append(child)
        return parts

    def _assignment(self, node: "Node") -> Assignment:
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        text = self._text
        word = None if value is None or value.type == "array" else text.word(value, value.type)
        written = "" if name is None else text.slice(name.start_byte, name.end_byte)
        return Assignment(written, word, *text.place(node.start_byte, node.end_byte))

    def _redirections(self, node: "Node") -> list[Redirection]:
        start, end = node.start_byte, node.end_byte
        operator = descriptor = ""
        target: ShellWord | None = None
        nested: list[Redirection] = []
        text = self._text
        for child in node.children:
            kind = child.type
            if kind == "file_descriptor":
                descriptor = text.slice(child.start_byte, child.end_byte)
            elif kind == "heredoc_start":
                target, end = text.word(child, kind), child.end_byte
            elif kind in _REDIRECTS:
                nested += self._redirections(child)
            elif not child.is_named and not operator:
                operator = kind
            elif target is None and node.type != "heredoc_redirect" and child.is_named:
                target = text.word(child, kind)
        return [Redirection(operator, target, descriptor, *text.place(start, end)), *nested]

    def _substitutions(self, node: "Node", context: _Context, owner: Command | None) -> None:
        """The commands in ``$( )``, backquotes and ``<( )`` below a node."""
        stack = [node]
        found: list[Node] = []
        while stack:
            current = stack.pop()
            if current.type in {"command_substitution", "process_substitution"}:
                found.append(current)
            elif current.type not in _COMMANDS or current is node:
                stack += current.children[::-1]
        for current in found:
            parent = context.parent if owner is None else owner.parent
            here = context.inner(
                inside=(*context.inside, "substitution"), parent=parent, pipeline=None,
                operator="", negated=False,
            )  # fmt: skip
            if here.depth > MAX_DEPTH:
                self.broken = self.broken or f"more than {MAX_DEPTH} constructs inside each other"
                return
            self._statements(current, here)

    # Commands in commands ---------------------------------------------------------------------

    def _run(self, command: Command, words: list[ShellWord], nodes: "list[Node]") -> None:
        values = [word.value for word in words[1:]]
        name = command.name
        at = runners.run_from(name, values)
        if at is not None and at + 1 < len(words):
            self._wrapped(command, words[at + 1 :], nodes[len(nodes) - len(words) + at + 1 :])
        script = runners.script_at(name, values)
        if script is not None:
            node = nodes[len(nodes) - len(words) + script + 1]
            pieces = self._literal_pieces(node)
            if pieces is not None:
                self._script(command, pieces)

    def _wrapped(self, parent: Command, words: list[ShellWord], nodes: "list[Node]") -> None:
        command = Command(tuple(words))
        command.assignments = ()
        command.redirections = parent.redirections
        command.operator = parent.operator
        command.background = parent.background
        command.negated = parent.negated
        command.inside = parent.inside
        command.condition = parent.condition
        command.pipeline = parent.pipeline
        command.parent = parent
        command.start, command.end = words[0].start, words[-1].end
        self.commands.append(command)
        self._run(command, words, nodes)

    def _script(self, command: Command, pieces: list[tuple[int, int]]) -> None:
        level = self._scripts + 1
        if level > MAX_SCRIPTS:
            self.broken = self.broken or f"more than {MAX_SCRIPTS} scripts inside each other"
            return
        origin = self._text.origin.cut(pieces)
        if origin.data.strip():
            self.read(origin, command, level)

    def _literal_pieces(self, node: "Node") -> list[tuple[int, int]] | None:
        """The stretches that make up the text of a quoted word, its escapes left out."""
        start, end = node.start_byte, node.end_byte
        if node.type == "raw_string":
            return [(start + 1, end - 1)]
        if node.type == "word":
            return [(start, end)] if b"\\" not in self._text.origin.data[start:end] else None
        if node.type != "string":
            return None
        pieces: list[tuple[int, int]] = []
        at = start + 1
        for found in _QUOTED_ESCAPE.finditer(self._text.origin.data, start + 1, end - 1):
            pieces.append((at, found.start()))
            at = found.start() + 1 if found[0] != b"\\\n" else found.end()
        return [*pieces, (at, end - 1)]


class _Text:
    """The text of a script: its words, and where they are in the file."""

    def __init__(self, origin: Origin, *, has_error: bool) -> None:
        self.origin = origin
        data = origin.data
        self._has_error = has_error
        self._characters = data.decode() if data.isascii() else None
        self._piece = (0, 0)
        """The stretch that the last word was in: most words stand in the same as the one before."""
        self._shift = 0

    def slice(self, start: int, end: int) -> str:
        """The text of a range of bytes."""
        if self._characters is not None:
            return self._characters[start:end]
        return self.origin.data[start:end].decode("utf-8", "surrogateescape")

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a range of bytes is in the file."""
        low, high = self._piece
        if not low <= start < end <= high:
            origin = self.origin
            piece = bisect_right(origin.starts, start) - 1
            low = origin.starts[piece]
            high = origin.starts[piece + 1] if piece + 1 < len(origin.starts) else len(origin.data)
            if not start < end <= high:
                return origin.start(start), origin.end(end)
            self._piece = low, high
            self._shift = origin.places[piece] - low
        return start + self._shift, end + self._shift

    def may_substitute(self, node: "Node") -> bool:
        """Whether there may be a ``$( )``, backquotes or a ``<( )`` in a node."""
        if self._has_error:
            return True
        data, start, end = self.origin.data, node.start_byte, node.end_byte
        return data.find(b"(", start, end) >= 0 or data.find(b"`", start, end) >= 0

    def plain_command(self, node: "Node") -> Command | None:
        """A command with words and place that needs no look at its nodes; ``None`` of another.

        Nor is one that runs another: that may be a script, and the tree tells its quotes.
        """
        text = self._characters
        if text is None or self._has_error:
            return None
        start, end = node.start_byte, node.end_byte
        shown = plain.shown(text[start:end])
        if shown is None:
            return None
        command = Command(None, shown, partial(self._cut, text, start, end))
        if command.name in runners.NAMES:
            return None
        command.start, command.end = self.place(start, end)
        return command

    def _cut(self, text: str, start: int, end: int) -> tuple[ShellWord, ...]:
        words = []
        for word in plain.cut(text, start, end):
            first, last = self.place(word.start, word.end)
            editable = last - first == word.end - word.start
            words.append(ShellWord(word.text, word.value, first, last, editable))
        return tuple(words)

    def word(self, node: "Node", kind: str) -> ShellWord:
        """A node of a kind as a word."""
        start, end = node.start_byte, node.end_byte
        text = self.slice(start, end)
        first, last = self.place(start, end)
        value = text if kind == "word" and "\\" not in text else self._value(node, kind, text, 0)
        return made(ShellWord, (text, value, first, last, last - first == end - start))

    def _value(self, node: "Node", kind: str, text: str, depth: int) -> str | None:  # noqa: C901 - one branch for each kind
        if kind in _PLAIN:
            if kind == "heredoc_start":
                text = text.replace("'", "").replace('"', "")
            return _ESCAPED.sub(r"\1", text) if "\\" in text else text
        if kind == "raw_string":
            return text[1:-1]
        if depth > MAX_DEPTH:
            return None
        if kind == "string":
            if self._is_expanded(node, text):
                return None
            return _QUOTED_TEXT_ESCAPE.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]
        if kind == "concatenation":
            parts = [self._value_of(child, depth) for child in node.children]
            return None if None in parts else "".join(part or "" for part in parts)
        if kind == "ansi_c_string":
            return text[2:-1] if "\\" not in text else None
        if not node.is_named or kind == "test_operator":
            return text
        if kind == "variable_assignment":
            value = node.child_by_field_name("value")
            resolved = "" if value is None else self._value_of(value, depth)
            name = node.child_by_field_name("name")
            before = "" if name is None else self.slice(node.start_byte, name.end_byte)
            return None if resolved is None else f"{before}={resolved}"
        return None

    def _value_of(self, node: "Node", depth: int) -> str | None:
        text = self.slice(node.start_byte, node.end_byte)
        return self._value(node, node.type, text, depth + 1)

    def _is_expanded(self, node: "Node", text: str) -> bool:
        """Whether a variable or a command decides what is in double quotes."""
        if not self._has_error and "$" not in text and "`" not in text:
            return False
        return any(child.type != "string_content" for child in node.named_children)


_PLAIN = frozenset(("word", "number", "variable_name", "heredoc_start", "command_name"))
_ESCAPED = pattern(r"\\(.)", re.DOTALL)
_QUOTED_ESCAPE = pattern(rb'\\[$`"\\\n]')
_QUOTED_TEXT_ESCAPE = pattern(r'\\(?:([$`"\\])|\n)')


_EXPRESSIONS = frozenset(
    ("unary_expression", "binary_expression", "parenthesized_expression", "negation_expression")
)


def _leaves(node: "Node") -> "Iterator[Node]":
    """The words of a test's expression."""
    stack = [node]
    while stack:
        current = stack.pop()
        if current.type in _EXPRESSIONS:
            stack += current.children[::-1]
        else:
            yield current
