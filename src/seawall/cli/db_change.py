"""``seawall db update``, ``import``, ``export`` and ``build``: databases come and go."""

import argparse
import os
import sys
from functools import partial

from seawall.advisories import database, packed
from seawall.advisories.update import local
from seawall.advisories.update.switching import Switched, switch
from seawall.core.errors import UsageError


def update(options: argparse.Namespace) -> int:
    """Put a newer database in the place of the user's; gives the exit code."""
    make = partial(local.make, options.source, signers=options.signers, told=_say)
    _tell(switch(make, os.environ, older=options.older))
    return 0


def take_in(options: argparse.Namespace) -> int:
    """Put an exported database in the place of the user's; gives the exit code."""
    make = partial(local.unpack, options.file, signers=options.signers)
    _tell(switch(make, os.environ, older=options.older))
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
    _say(f"{options.file}: the database until {manifest.until}, {size / 1_000_000:.1f} MB")
    return 0


def build(options: argparse.Namespace) -> int:
    """Make a database out of a directory of feeds; gives the exit code."""
    days = dict(map(_day, options.of))
    make = local.make_snapshot if options.snapshot else local.make_beside
    try:
        make(options.source, options.output, told=_say, days=days)
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


def _tell(switched: Switched) -> None:
    if switched.changed:
        _say(f"the database is now until {switched.until}: {switched.advisories} records")
    else:
        _say(f"nothing is new: the database is until {switched.until}")


def _say(text: str) -> None:
    sys.stderr.write(f"seawall: {text}\n")
