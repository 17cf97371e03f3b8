"""What may stand at the cursor of a command line, read from the parsers."""

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from seawall.cli.arguments import Parser
from seawall.cli.main import FORMS
from seawall.core.rule import PROFILES
from seawall.core.severity import Confidence, Severity, choices

VALUES, FILES, DIRECTORIES = "values", "files", "directories"
LIST = "list"
"""Values that a comma may follow: no blank is put behind them."""

Value = tuple[str, str]
"""A word and what it means."""


class Answer(NamedTuple):
    """What may stand at the cursor: words, or names of files for the shell to complete.

    ``prefix`` is what stands before a name in its word: ``sarif=``.
    """

    kind: str = VALUES
    values: tuple[Value, ...] = ()
    prefix: str = ""


def _labels(text: str) -> "Callable[[str], Iterator[Value]]":
    return lambda _: ((label, "") for label in text.split(", "))


def _formats(_: str) -> Iterator[Value]:
    from seawall.reports import FORMATS  # noqa: PLC0415 - only at the cursor

    return ((name, "") for name in FORMATS)


def _rule_ids(begin: str) -> Iterator[Value]:
    """Our ids; other tools' as well once somebody has begun one."""
    from seawall import catalogue  # noqa: PLC0415 - 40 ms

    for rule in catalogue.all_rules():
        yield rule.id, rule.severity.label
    if begin:
        for rule in catalogue.all_rules():
            for alias in rule.aliases:
                yield alias, rule.id


def _nothing(_: str) -> Iterator[Value]:
    return iter(())


BY_METAVAR: Mapping[str, "str | Callable[[str], Iterable[Value]]"] = {
    "TARGET": FILES,
    "FILE": FILES,
    "DIR": DIRECTORIES,
    "ID": _rule_ids,
    "ID,...": _rule_ids,
    "SEVERITY": _labels(choices(Severity) + ", none"),
    "LEVEL": _labels(choices(Confidence)),
    "NAME": _nothing,
    "NAME=DAY": _nothing,
    "NAME[=FILE]": _formats,
    "PROFILE": _labels(", ".join(PROFILES)),
    "[NAME=]PATH": FILES,
    "PREFIX=MIRROR": _nothing,
    "HOST[:PORT]": _nothing,
    "FLAGS": _nothing,
    "REV": _nothing,
    "BASE..HEAD": _nothing,
    "SIZE": _nothing,
    "N": _nothing,
    "OUT": FILES,
    "PATH": _nothing,
    "PATH|GLOB": _nothing,
    "COMMAND": _nothing,
    "PORT/PATH": _nothing,
    "SECONDS": _nothing,
    "PLACE": DIRECTORIES,
    "WORDS": _nothing,
    "UID[:GID]": _nothing,
    "DAYS": _nothing,
    "DIGEST": _nothing,
    "1.N": _nothing,
    "IMAGE": FILES,
    "FILE|-": FILES,
    "UID": _nothing,
    "DOMAIN": _nothing,
    "HOST:PORT": _nothing,
    "[HOST]:PORT": _nothing,
    "RANGE": _nothing,
    "PORT": _nothing,
    "OS/ARCH": _nothing,
    "v1.N": _nothing,
}
"""What stands for a value in a usage text, with what completes it. Choices need no entry."""


def answer_of(
    words: Sequence[str], commands: Mapping[str, str], parser_of: Callable[[str], Parser]
) -> Answer:
    """What may stand in the place of the last of the words, which follow the program's name."""
    *before, current = words
    if not before:
        own = [*commands.items(), ("--help", "show the commands"), ("--version", "show it")]
        return _matching(own, current)
    command, *rest = before
    if command not in commands:
        return Answer()
    form = f"{command} {rest[0] if rest else current}"
    if rest and form in FORMS:
        command, rest = form, rest[1:]
    elif not rest and current and (begun := _forms_begun(form)):
        return Answer(VALUES, begun)
    line = _Line(parser_of(command))
    for word in rest:
        line.read(word)
    return line.answer(current)


def _forms_begun(form: str) -> tuple[Value, ...]:
    """Second words of commands that were begun, unless a file is meant as well."""
    command, _, begin = form.partition(" ")
    return tuple(
        (second, help_)
        for whole, help_ in FORMS.items()
        if whole.startswith(form) and (second := whole.removeprefix(f"{command} "))
        and not any(name.startswith(begin) for name in os.listdir())
    )  # fmt: skip


def _matching(values: Iterable[Value], begin: str, before: str = "", kind: str = VALUES) -> Answer:
    lower = begin.lower()
    found = {before + value: help_ for value, help_ in values if value.lower().startswith(lower)}
    return Answer(kind, tuple(found.items()))


class _Line:
    """The state of a parser after some words."""

    def __init__(self, parser: Parser) -> None:
        self._pending: argparse.Action | None = None
        self._only_positionals = False
        self._given: set[argparse.Action] = set()
        self._begin(parser)

    def _begin(self, parser: Parser) -> None:
        actions = parser.all_actions()
        self._options = {name: action for action in actions for name in action.option_strings}
        self._positionals = [action for action in actions if not action.option_strings]

    def read(self, word: str) -> None:
        """A word before the cursor."""
        pending, self._pending = self._pending, None
        if pending is not None and not (pending.nargs == "?" and word.startswith("-")):
            return
        if word == "--" or self._only_positionals or not word.startswith("-") or word == "-":
            self._only_positionals |= word == "--"
            if word != "--":
                self._read_positional(word)
            return
        name, equals, _ = word.partition("=")
        action = self._options.get(name)
        if action is not None:
            self._given.add(action)
            if not equals and action.nargs != 0:
                self._pending = action

    def _read_positional(self, word: str) -> None:
        if not self._positionals:
            return
        action = self._positionals[0]
        if action.nargs == argparse.PARSER:
            chosen = (action.choices or {}).get(word) if isinstance(action.choices, dict) else None
            if isinstance(chosen, Parser):
                self._begin(chosen)
        elif action.nargs not in ("*", "+"):
            self._positionals.pop(0)

    def answer(self, current: str) -> Answer:
        """What may stand at the cursor."""
        pending = self._pending
        if pending is not None and not (pending.nargs == "?" and current.startswith("-")):
            return self._values(pending, current)
        if current.startswith("-") and not self._only_positionals:
            name, equals, value = current.partition("=")
            action = self._options.get(name)
            if equals:
                is_known = action is not None and action.nargs != 0
                return self._values(action, value, f"{name}=") if action and is_known else Answer()
            return _matching(self._free_options(), current)
        if self._positionals:
            return self._values(self._positionals[0], current)
        return Answer()

    def _free_options(self) -> Iterator[Value]:
        for name, action in self._options.items():
            may_repeat = type(action).__name__ in ("_AppendAction", "_ExtendAction")
            if name.startswith("--") and (may_repeat or action not in self._given):
                yield name, (action.help or "").replace("%%", "%")

    def _values(self, action: argparse.Action, current: str, before: str = "") -> Answer:
        if action.choices is not None:
            return _matching(((str(choice), "") for choice in action.choices), current, before)
        metavar = str(action.metavar)
        known = BY_METAVAR.get(metavar, _nothing)
        if isinstance(known, str):
            return Answer(known, (), before)
        head, separator, rest = "", "", current
        if metavar.endswith(",..."):
            head, separator, rest = current.rpartition(",")
        elif metavar.endswith("[=FILE]") and "=" in current:
            return Answer(FILES, (), before + current.partition("=")[0] + "=")
        kind = LIST if metavar.endswith(",...") else VALUES
        return _matching(known(rest), rest, before + head + separator, kind)
