"""``seawall db``: the database of advisories: what it has, and where it comes from."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from seawall.cli.arguments import Help, Parser

if TYPE_CHECKING:
    import argparse

_DESCRIPTION = """\
The database of advisories that seawall scan holds packages against. One is part of the
installation; seawall db update makes a newer one in its place. A scan uses no network.
"""

_UPDATE = """\
Fetch what changed since the last time from each source, and make a database of it. What was
fetched stays in the data directory, so that the next update is a small one, and one that was cut
off goes on where it ended. Proxies: https_proxy, http_proxy, no_proxy. Certificates: SSL_CERT_FILE.

exit codes: 0 the database is up to date, 2 wrong usage, 3 sources could not be had: they keep their
old data, or nothing changes
"""


def parser() -> Parser:
    """The options of ``seawall db``."""
    result = Parser(prog="seawall db", description=_DESCRIPTION, formatter_class=Help)
    commands = result.add_subparsers(metavar="COMMAND", dest="command", required=True)
    for add in (_add_status, _add_show, _add_update, _add_export, _add_import, _add_build,
                _add_licenses):  # fmt: skip
        add(commands.add_parser)
    return result


_Add = Callable[..., Parser]


def _database(own: Parser) -> None:
    own.add_argument(
        "--database", metavar="FILE",
        help="look at this one, not at the one in force",
    )  # fmt: skip


def _add_status(add: _Add) -> None:
    own = add("status", help="how old it is, what it has of which source, what it does not cover")
    _database(own)
    own.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    own.set_defaults(run=_status)


def _add_show(add: _Add) -> None:
    own = add("show", help="what is known under an id, or of a package")
    own.add_argument("what", metavar="NAME", help="CVE-2021-44228, GHSA-…, DSA-5380-1, or django")
    own.add_argument("--ecosystem", metavar="NAME", help="of the package: PyPI, Debian:11")
    own.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    _database(own)
    own.set_defaults(run=_show)


def _add_update(add: _Add) -> None:
    own = add("update", help="put a newer one in its place", description=_UPDATE,
              formatter_class=Help)  # fmt: skip
    where = own.add_mutually_exclusive_group()
    where.add_argument(
        "--from", dest="source", metavar="FILE",
        help="no feeds: a directory of feeds, a file of db export, or the address of one (https)",
    )  # fmt: skip
    where.add_argument(
        "--published", metavar="ADDRESS", nargs="?", const="",
        help="no feeds: the file of db export at an address; without one, at that of "
        "SEAWALL_DB_PUBLISHED or of update.toml",
    )  # fmt: skip
    where.add_argument(
        "--source", dest="sources", metavar="NAME,...",
        help="these sources only; a name that is none lists them (default: all but those "
        "that have the same data as others)",
    )  # fmt: skip
    own.add_argument(
        "--mirror", dest="mirrors", metavar="PREFIX=URL", action="append", default=[],
        help="fetch what is below PREFIX from below URL; several times",
    )  # fmt: skip
    own.add_argument(
        "--shareable", action="store_true",
        help="only sources that may be passed on under their own terms",
    )  # fmt: skip
    own.add_argument(
        "--partial", action="store_true",
        help="let one that lacks sources of the one in force take its place, too",
    )  # fmt: skip
    own.add_argument("--offline", action="store_true", help="refuse whatever needs a network")
    own.add_argument(
        "--older", action="store_true", help="let one that is older take its place, too"
    )
    own.add_argument(
        "--signers", metavar="FILE",
        help="take only a file that one of these has signed (allowed signers of ssh-keygen)",
    )  # fmt: skip
    own.set_defaults(run=_update)


def _add_export(add: _Add) -> None:
    own = add("export", help="pack it into one file with a checksum, to be imported elsewhere")
    own.add_argument("file", metavar="FILE")
    own.add_argument(
        "--sign", metavar="FILE", help="sign it with this private key of OpenSSH: FILE.sig"
    )
    _database(own)
    own.set_defaults(run=_export)


def _add_import(add: _Add) -> None:
    own = add("import", help="put one that was exported in its place")
    own.add_argument("file", metavar="FILE")
    own.add_argument(
        "--older", action="store_true", help="let one that is older take its place, too"
    )
    own.add_argument("--signers", metavar="FILE", help="as for update")
    own.set_defaults(run=_take_in)


def _add_build(add: _Add) -> None:
    own = add("build", help="make one out of a directory of feeds, in force or not")
    own.add_argument("--from", dest="source", metavar="DIR", required=True)
    own.add_argument("--output", metavar="FILE", required=True)
    own.add_argument(
        "--of", action="append", default=[], metavar="NAME=DAY",
        help="the day that a source's data is of, where its records do not tell; repeatable",
    )  # fmt: skip
    own.add_argument(
        "--snapshot", action="store_true",
        help="as it is shipped: only sources that may be passed on, titles for details; FILE is a "
        "directory",
    )  # fmt: skip
    own.set_defaults(run=_build)


def _add_licenses(add: _Add) -> None:
    own = add("licenses", help="whose data is in it, and under which licence")
    _database(own)
    own.set_defaults(run=_licenses)


def run(arguments: list[str]) -> int:
    """Run one of the commands; gives the exit code."""
    options = parser().parse_args(arguments)
    entry: Callable[[argparse.Namespace], int] = options.run
    return entry(options)


# Each imports what it needs when it is run: the modules of the others cost time.


def _status(options: "argparse.Namespace") -> int:
    from seawall.cli import db_status  # noqa: PLC0415

    return db_status.status(options)


def _licenses(options: "argparse.Namespace") -> int:
    from seawall.cli import db_status  # noqa: PLC0415

    return db_status.licenses(options)


def _show(options: "argparse.Namespace") -> int:
    from seawall.cli import db_show  # noqa: PLC0415

    return db_show.show(options)


def _update(options: "argparse.Namespace") -> int:
    from seawall.cli import db_update  # noqa: PLC0415

    return db_update.update(options)


def _take_in(options: "argparse.Namespace") -> int:
    from seawall.cli import db_change  # noqa: PLC0415

    return db_change.take_in(options)


def _export(options: "argparse.Namespace") -> int:
    from seawall.cli import db_change  # noqa: PLC0415

    return db_change.export(options)


def _build(options: "argparse.Namespace") -> int:
    from seawall.cli import db_change  # noqa: PLC0415

    return db_change.build(options)
