"""The options of ``seawall scan`` about secrets in what git keeps."""

from argparse import Namespace

from seawall.cli.arguments import Parser
from seawall.core.errors import UsageError
from seawall.engine.options import COMMITS, HISTORY, STAGED, PastAsked


def add_past_options(parser: Parser) -> None:
    """Add the options."""
    past = parser.add_argument_group("secrets in what git keeps")
    past.add_argument(
        "--history", action="store_true",
        help="also search the whole history of the targets' repositories: every blob and message",
    )  # fmt: skip
    past.add_argument(
        "--reachable-only", action="store_true",
        help="with --history: leave out objects that no branch or tag leads to",
    )  # fmt: skip
    past.add_argument(
        "--commits", metavar="BASE..HEAD", help="search what these commits brought, nothing else"
    )  # fmt: skip
    past.add_argument(
        "--staged", action="store_true",
        help="search what the next commit would bring, nothing else",
    )  # fmt: skip


def past_of(options: Namespace) -> PastAsked | None:
    """What is asked for; raises ``UsageError`` for what does not go together."""
    forms = [form for form in (HISTORY, COMMITS, STAGED) if getattr(options, form, None)]
    only = getattr(options, "reachable_only", False)
    if only and forms != [HISTORY]:
        raise UsageError("--reachable-only goes with --history; add it, or leave this out")
    if not forms:
        return None
    if len(forms) > 1:
        raise UsageError(f"--{forms[0]} and --{forms[1]} ask for different things; choose one")
    if options.since is not None:
        raise UsageError(
            f"--{forms[0]} and --since do not go together; --commits REV..HEAD tells the secrets "
            "that came since REV"
        )
    if getattr(options, "watch", False):
        raise UsageError(f"--{forms[0]} is not watched; leave out --watch")
    return PastAsked(forms[0], getattr(options, COMMITS) or "", only)


def is_alone(options: Namespace) -> bool:
    """Whether nothing but some commits or the index is looked at."""
    past = past_of(options)
    return past is not None and past.form != HISTORY
