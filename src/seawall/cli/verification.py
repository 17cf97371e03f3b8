"""``--verify`` and its kin: options, and what is told of what came of them."""

import argparse
from collections.abc import Iterator, Sequence

from seawall.cli.arguments import Parser
from seawall.core.errors import UsageError
from seawall.hardening.images.verification.checks import (
    PATIENCE,
    Check,
    Checks,
    Verdict,
    command_of,
    http_of,
    patience_of,
)
from seawall.reports.visible import visible


def add_verification_options(parser: Parser) -> None:
    """The options, in a group of their own."""
    own = parser.add_argument_group(
        "verification",
        "Original and result are run the same way: as the user of the result, on a root that\n"
        "cannot be written to, without capabilities or a network. bubblewrap, runc or the kernel\n"
        "alone is used, whichever works first. A result that differs is not written.",
    )
    own.add_argument(
        "--verify", action="append", default=[], metavar="COMMAND",
        help="compare what this command writes and its exit status (may be given several times; "
        "words as in a shell, but none runs them)",
    )  # fmt: skip
    own.add_argument(
        "--verify-http", action="append", default=[], metavar="PORT/PATH",
        help="start the image's own process and compare this page (may be given several times)",
    )  # fmt: skip
    own.add_argument(
        "--verify-writable", action="append", default=[], metavar="PATH",
        help="a directory for which its deployment has a volume or a tmpfs, beside /tmp, /run and "
        "the volumes that the image declares (may be given several times)",
    )  # fmt: skip
    own.add_argument(
        "--verify-timeout", default=f"{PATIENCE:.0f}", metavar="SECONDS",
        help=f"for each run (default: {PATIENCE:.0f})",
    )  # fmt: skip
    own.add_argument(
        "--require-verify", action="store_true",
        help="write nothing, and exit with 1, where nothing can be run here",
    )  # fmt: skip


def checks_of(options: argparse.Namespace) -> Checks:
    """What is asked for; raises UsageError."""
    wanted: tuple[Check, ...] = (
        *(command_of(text) for text in options.verify),
        *(http_of(text) for text in options.verify_http),
    )
    if options.require_verify and not wanted:
        raise UsageError("--require-verify: nothing is to be tried; say --verify or --verify-http")
    if wanted and options.dry_run:
        raise UsageError("--dry-run makes nothing that could be verified; leave one of them out")
    writable = tuple(path for text in options.verify_writable if (path := text.strip("/")))
    return Checks(wanted, options.require_verify, patience_of(options.verify_timeout), writable)


def verdict_lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """A line for each check, and below it what else there is to say."""
    for each in verdicts:
        yield f"{each.state}: {visible(f'{each.check} ({each.platform}): {each.reason}')}\n"
        for line in each.details:
            yield f"  {visible(line)}\n"
