"""``seawall secrets``: decide what is to be done about secrets, and keep them out of logs."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from seawall.cli.arguments import Help, Parser
from seawall.core.severity import Confidence, choices

if TYPE_CHECKING:
    import argparse

_DESCRIPTION = """\
What is to be done about the secrets that seawall scan finds. Nothing here uses a network: no
credential is ever tried.
"""

_AUDIT = """\
Show each secret that is found and nobody has decided about, with the value masked, and ask for one
key: false, rotated, revoked, accepted or open. Each answer is written into the baseline at once.
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
    for add in (_add_audit, _add_mask):
        add(commands.add_parser)
    return result


_Add = Callable[..., Parser]


def _add_audit(add: _Add) -> None:
    own = add("audit", help="go through the secrets that are found, and decide about each",
              description=_AUDIT, formatter_class=Help)  # fmt: skip
    own.add_argument(
        "targets", nargs="*", default=[], metavar="TARGET", help="as for seawall scan (default: .)"
    )
    own.add_argument(
        "--baseline", metavar="FILE",
        help="where it is written down (default: the baseline in use, else seawall.baseline)",
    )  # fmt: skip
    own.add_argument("--all", action="store_true", help="ask also about what was decided before")
    own.add_argument("--by", metavar="NAME", help="who decides (default: the user's name)")
    own.add_argument(
        "--min-confidence", metavar="LEVEL",
        help=f"leave out less sure ones: {choices(Confidence)} (default: medium)",
    )  # fmt: skip
    own.add_argument("--config", metavar="FILE", help="configuration")
    own.add_argument("--no-config", action="store_true", help="heed no configuration")
    own.set_defaults(run=_audit)


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


def _audit(options: "argparse.Namespace") -> int:
    from seawall.cli import secrets_audit  # noqa: PLC0415 - only the command that is run

    return secrets_audit.audit(options)


def _mask(options: "argparse.Namespace") -> int:
    from seawall.cli import secrets_mask  # noqa: PLC0415 - only the command that is run

    return secrets_mask.mask(options)
