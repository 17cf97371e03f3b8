"""``seawall db update``: a newer database, from the sources, from who publishes one, or a file."""

import argparse
import os
from functools import partial

from seawall.advisories.update import local, network, published, settings
from seawall.advisories.update.switching import switch
from seawall.cli.db_change import say, tell
from seawall.cli.progress import Progress
from seawall.core.errors import UsageError
from seawall.sources.http.client import Client
from seawall.sources.http.mirrors import parse

INCOMPLETE = 3
"""The exit code when sources could not be had."""


def update(options: argparse.Namespace) -> int:
    """Put a newer database in the place of the user's; gives the exit code."""
    _check(options)
    if options.source:
        make = partial(local.make, options.source, signers=options.signers, told=say)
        tell(switch(make, os.environ, older=options.older))
        return 0
    own = settings.read(os.environ)
    client = Client(parse((*options.mirrors, *own.mirrors)))
    if options.published is not None:
        return _published(options, own, client)
    return _feeds(options, own, client)


def _check(options: argparse.Namespace) -> None:
    """Refuse what does not go together. Raises ``UsageError``."""
    is_local = bool(options.source) and not options.source.startswith(("https://", "http://"))
    if options.offline and not is_local:
        raise UsageError(
            "this needs a network, and --offline is given; give --from with a directory of feeds "
            "or a file of seawall db export"
        )
    for name, is_given in (
        ("--shareable", options.shareable), ("--partial", options.partial),
    ):  # fmt: skip
        if is_given and (options.source or options.published is not None):
            raise UsageError(f"{name} goes with feeds that are fetched; leave it out")
    if options.signers and not options.source and options.published is None:
        raise UsageError("feeds have no signatures; --signers goes with --published and --from")


def _published(options: argparse.Namespace, own: settings.Settings, client: Client) -> int:
    address = options.published or own.published
    if not address:
        raise UsageError(
            f"there is no address of a published database; give one, or set {settings.PUBLISHED}"
        )
    signers = options.signers or own.signers or None
    progress = Progress(enabled=True)
    try:
        switched = published.take(
            address, os.environ, client, signers=signers, older=options.older, shown=progress
        )
    finally:
        progress.clear()
    if switched is None:
        say("nothing is new: the published database is in place")
    else:
        tell(switched)
    return 0


def _feeds(options: argparse.Namespace, own: settings.Settings, client: Client) -> int:
    names = [name for name in (options.sources or "").split(",") if name] or own.sources
    chosen = network.choose(names, shareable=options.shareable)
    progress = Progress(enabled=True)

    def told(text: str) -> None:
        progress.clear()
        say(text)

    try:
        report = network.update(
            chosen, os.environ, client, told=told, shown=progress, shareable=options.shareable,
            partial=options.partial, older=options.older,
        )  # fmt: skip
    finally:
        progress.clear()
    if report.switched is None:
        say(f"nothing is new in {report.asked - len(report.failed)} sources")
    else:
        tell(report.switched)
    if report.failed:
        say(
            f"{len(report.failed)} of {report.asked} sources could not be brought up to date: "
            + ", ".join(report.failed)
        )
        return INCOMPLETE
    return 0
