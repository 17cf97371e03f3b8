"""What the parsers of all sub-commands have in common; it imports none of the rooms below."""

import argparse
import os
from typing import NoReturn

from seawall.cli.output import terminal_width
from seawall.core.errors import UsageError


class Help(argparse.RawDescriptionHelpFormatter):
    """Without a width argparse imports shutil, and with it three compressors, for each option."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=terminal_width(dict(os.environ)))


class Parser(argparse.ArgumentParser):
    """Errors as exceptions, so that they are told like all others."""

    def error(self, message: str) -> NoReturn:
        """Raise a UsageError."""
        raise UsageError(f"{message}; see: {self.prog} --help")

    def all_actions(self) -> list[argparse.Action]:
        """Every option and positional, in the order of the help."""
        return self._actions
