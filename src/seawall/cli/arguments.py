"""What the parsers of all sub-commands have in common; it imports none of the rooms below."""

import argparse
import os
from typing import Any, NoReturn, Protocol

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


class Arguments(Protocol):
    """A parser, or a group of one."""

    def add_argument(self, *names: str, **more: Any) -> argparse.Action:
        """See argparse."""


def add_registry_options(own: Arguments) -> None:
    """How registries are reached: of all commands that read or write images there."""
    own.add_argument(
        "--registry-mirror", action="append", default=[], metavar="PREFIX=MIRROR",
        help="ask this place first for images whose names begin so, as "
        "docker.io=mirror.example.org/hub (may be given several times; beside the mirrors of "
        "registries.conf)",
    )  # fmt: skip
    own.add_argument(
        "--insecure-registry", action="append", default=[], metavar="HOST[:PORT]",
        help="a registry whose certificate does not count, or that has none",
    )  # fmt: skip
