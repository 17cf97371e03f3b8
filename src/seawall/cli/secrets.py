"""``seawall secrets``: decide what is to be done about secrets, and keep them out of logs."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from seawall.cli.arguments import Help, Parser
from seawall.core.severity import Confidence

if TYPE_CHECKING:
    import argparse

_DESCRIPTION = """\
What is to be done about the secrets that seawall scan finds. Nothing here uses a network: no
credential is ever tried.
"""

_MASK = """\
Copy standard input to standard output and put [redacted:RULE] in the place of each secret; all
other bytes stay as they are. Lines come out as soon as they are complete, private keys once they
have ended.
"""


def parser() -> Parser:
    """The options of ``seawall secrets``."""
    result = Parser(prog="seawall secrets", description=_DESCRIPTION, formatter_class=Help)
    commands = result.add_subparsers(metavar="COMMAND", dest="command", required=True)
    for add in (_add_mask,):
        add(commands.add_parser)
    return result


_Add = Callable[..., Parser]


def _add_mask(add: _Add) -> None:
    own = add("mask", help="take the secrets out of a log", description=_MASK,
              formatter_class=Help)  # fmt: skip
    own.add_argument(
        "--values", metavar="FILE", action="append", default=[],
        help="mask these values, too: one a line (may be given several times)",
    )  # fmt: skip
    own.add_argument(
        "--min-confidence", choices=[item.label for item in Confidence], default="low",
        help="leave less sure ones as they are (default: low)",
    )  # fmt: skip
    own.set_defaults(run=_mask)


def run(arguments: list[str]) -> int:
    """Run one of the sub-commands; gives the exit code."""
    options = parser().parse_args(arguments)
    return int(options.run(options))


def _mask(options: "argparse.Namespace") -> int:
    from seawall.cli import secrets_mask  # noqa: PLC0415 - only the command that is run

    return secrets_mask.mask(options)
