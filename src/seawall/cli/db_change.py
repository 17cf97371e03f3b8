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
    try:
        if options.snapshot:
            local.make_snapshot(options.source, options.output, told=_say)
        else:
            local.make_beside(options.source, options.output, told=_say)
    except OSError as error:
        raise UsageError(
            f"{options.output} cannot be made: {(error.strerror or str(error)).lower()}; "
            "name another place"
        ) from error
    return 0


def _tell(switched: Switched) -> None:
    if switched.changed:
        _say(f"the database is now until {switched.until}: {switched.advisories} records")
    else:
        _say(f"nothing is new: the database is until {switched.until}")


def _say(text: str) -> None:
    sys.stderr.write(f"seawall: {text}\n")
