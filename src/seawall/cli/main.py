"""Finds the sub-command and turns errors into messages and exit codes.

Only the module of the sub-command that is run gets imported.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from seawall import __version__
from seawall.core.errors import SeawallError

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS = {
    "scan": "say what is wrong in files, directories or standard input, where, and how to mend it",
    "harden": "mend it: rewrite manifests and Dockerfiles, a diff first; harden image: images",
    "lock": "write down the digests of the images that manifests name, for harden --lock",
    "image": "list an image's files; compare two images",
    "sbom": "write the packages as a bill of materials: CycloneDX or SPDX",
    "explain": "what a rule means, why it matters, with a bad and a good example",
    "config": "config show: what holds for a scan, and where each value comes from",
    "init": "write a first seawall.toml; takes over other tools' configuration",
    "secrets": "audit: decide about each secret that is found; mask: take them out of a log",
    "rules": "list the rules: ids, severities, other tools' names; rules test: try examples",
    "db": "the database of advisories: what it has, how old it is; update, export, import it",
    "mesh": "mutual TLS between workloads that know nothing of it (extra seawall[mesh])",
    "self-check": "say what is installed, what is missing, and what is not covered without it",
    "completion": "print a script that lets a shell complete commands, options and rule ids",
}

FORMS = {
    "harden image": "mend an image: rewrite it without an engine",
    "rules test": "try the rules about secrets on examples, also those of your own",
}
"""Commands of two words, whose first one is a command as well."""

_USAGE = """\
usage: seawall COMMAND [OPTION...] [ARGUMENT...]

The security of containerised software, from source to traffic.

commands:
{commands}

  seawall COMMAND --help shows the options of a command.
  seawall --version      shows the version.

exit codes: 0 nothing at or above the threshold, 1 findings, 2 wrong usage or configuration,
3 some input could not be read, 4 internal error
"""


def run(arguments: list[str]) -> int:
    """Run one command; gives the exit code."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(usage())
        return 0 if arguments else 2
    command, *rest = arguments
    if command in ("-V", "--version", "version"):
        sys.stdout.write(f"seawall {__version__}\n")
        return 0
    if command not in COMMANDS:
        sys.stderr.write(f"seawall: there is no command {command!r}{_suggestion(command)}\n")
        sys.stderr.write("seawall: see seawall --help\n")
        return 2
    entry: Callable[[list[str]], int] = import_module(module_of(command)).run
    try:
        return entry(rest)
    except SeawallError as error:
        from seawall.reports.visible import visible  # noqa: PLC0415 - only for an error

        # What is wrong may be quoted from a file of strangers.
        told = "\n".join(visible(line) for line in str(error).split("\n"))
        sys.stderr.write(f"seawall: {told}\n")
        return error.exit_code


def module_of(command: str) -> str:
    """The module of a command, or of a form of one; it has ``run`` and ``parser``."""
    return f"seawall.cli.{command.replace('-', '_').replace(' ', '_')}"


def usage() -> str:
    """The help of the program itself."""
    commands = "\n".join(f"  {name:11} {summary}" for name, summary in COMMANDS.items())
    return _USAGE.format(commands=commands)


def _suggestion(command: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for an error

    close = get_close_matches(command, COMMANDS, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; to scan it, say: seawall scan {command}"
