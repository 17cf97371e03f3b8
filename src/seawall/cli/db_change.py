"""``seawall db import``, ``export`` and ``build``: databases come and go."""

import argparse
import os
import sys
from functools import partial

from seawall.advisories import database, packed
from seawall.advisories.update import local
from seawall.advisories.update.switching import Switched, switch
from seawall.core.errors import UsageError


def take_in(options: argparse.Namespace) -> int:
    """Put an exported database in the place of the user's; gives the exit code."""
    make = partial(local.unpack, options.file, signers=options.signers)
    tell(switch(make, os.environ, older=options.older))
    return 0


def export(options: argparse.Namespace) -> int:
    """Pack the database in force into a file; gives the exit code."""
    located = database.locate(options.database, os.environ)
    try:
        manifest = packed.write(located.path, options.file)
    except OSError as error:
        raise UsageError(
            f"{options.file} cannot be written: {(error.strerror or str(error)).lower()}; "
            "name another file"
        ) from error
    if options.sign:
        from seawall.advisories import signing  # noqa: PLC0415 - only where it is asked for

        signing.sign(options.file, options.sign)
    size = os.stat(options.file).st_size
    say(f"{options.file}: the database until {manifest.until}, {size / 1_000_000:.1f} MB")
    return 0


def build(options: argparse.Namespace) -> int:
    """Make a database out of a directory of feeds; gives the exit code."""
    days = dict(map(_day, options.of))
    make = local.make_snapshot if options.snapshot else local.make_beside
    try:
        make(options.source, options.output, told=say, days=days)
    except OSError as error:
        raise UsageError(
            f"{options.output} cannot be made: {(error.strerror or str(error)).lower()}; "
            "name another place"
        ) from error
    return 0


def _day(text: str) -> tuple[str, str]:
    from datetime import date  # noqa: PLC0415 - only where one is given

    name, _, day = text.partition("=")
    try:
        return name, date.fromisoformat(day).isoformat()
    except ValueError:
        raise UsageError(f"--of {text!r}: write it as osv-go=2026-08-21") from None


def tell(switched: Switched) -> None:
    """Tell what became of an update."""
    if switched.changed:
        say(f"the database is now until {switched.until}: {switched.advisories} records")
    else:
        say(f"nothing is new: the database is until {switched.until}")


def say(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"seawall: {text}\n")
