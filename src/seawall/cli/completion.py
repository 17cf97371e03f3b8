"""``seawall completion``: scripts that let a shell complete the command line.

The scripts know nothing: at each Tab they ask ``seawall completion answer``, which reads the
parsers of the sub-commands. So there is no second list of options, and a script stays right when
seawall is upgraded.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module

from seawall.cli.arguments import Parser
from seawall.cli.main import COMMANDS, module_of
from seawall.cli.output import write_text
from seawall.cli.words import answer_of

SHELLS = ("bash", "zsh", "fish")
_ANSWER = "answer"
_HERE = os.path.dirname(__file__)


def parser() -> Parser:
    """The options of ``seawall completion``."""
    result = Parser(
        prog="seawall completion",
        description="Print a script that lets a shell complete commands, options and rule ids.",
        epilog="bash: source <(seawall completion bash)\n"
        "zsh:  source <(seawall completion zsh), after compinit\n"
        "fish: seawall completion fish | source",
    )
    result.add_argument("shell", choices=SHELLS, help="the shell that is to read the script")
    return result


def run(arguments: list[str]) -> int:
    """Print a script, or answer one; gives the exit code."""
    if arguments[:1] == [_ANSWER]:
        write_text(_answers(arguments[1:]), None)
        return 0
    options = parser().parse_args(arguments)
    write_text([script(options.shell)], None)
    return 0


def script(shell: str) -> str:
    """The script for a shell. It asks the program that printed it, else the one in PATH.

    Never the command as it was typed: that may be ``./seawall`` of somebody else's directory, and
    a Tab must not run it.
    """
    from shlex import quote  # noqa: PLC0415 - only here

    with open(os.path.join(_HERE, f"completion.{shell}"), encoding="utf-8") as stream:
        text = stream.read()
    return text.replace("@PROGRAM@", quote(_program()))


def _program() -> str:
    path = os.path.abspath(sys.argv[0])
    runs = os.path.basename(path) == "seawall" and os.access(path, os.X_OK)
    return path if runs else "seawall"


# Answers --------------------------------------------------------------------------------------


def _answers(arguments: Sequence[str]) -> Iterable[str]:
    """``SHELL WORD...``, the last word being the one at the cursor; bash: see ``_bash_words``."""
    shell, *words = arguments
    cut = 0
    if shell == "bash":
        words, cut = _bash_words(*words)
    answer = answer_of(words, COMMANDS, parser_of)
    yield f"{answer.kind}\t{answer.prefix}\n"
    for value, help_ in answer.values:
        if shell == "bash":
            yield f"{value[cut:]}\n"
        elif shell == "zsh":
            yield f"{value.replace(':', chr(92) + ':')}:{help_}\n"
        else:
            yield f"{value}\t{help_}\n"


def _bash_words(last: str, line: str) -> tuple[list[str], int]:
    """The words of a line up to the cursor, and how much of the last one bash leaves alone.

    bash ends words at ``=`` and ``:`` too, ``last`` is what it takes for the word at the cursor;
    so the line is split here, and what stands before ``last`` is left out of the answer.
    """
    from shlex import split  # noqa: PLC0415 - only here

    words: list[str] = []
    for closing in ("", "'", '"', "\\"):
        try:
            words = split(line + closing)[1:]
            break
        except ValueError:  # within quotes
            continue
    if not words or line[-1:].isspace():
        words.append("")
    word = words[-1]
    return words, len(word) - len(last) if word.endswith(last) else 0


def parser_of(command: str) -> Parser:
    """The parser of a sub-command."""
    make: Callable[[], Parser] = import_module(module_of(command)).parser
    return make()
