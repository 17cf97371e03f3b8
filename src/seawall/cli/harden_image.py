"""``seawall harden image IN OUT``: an image rewritten, without a container engine."""

import argparse
import os
import sys
from collections.abc import Iterator

from seawall.cli.arguments import Parser, add_registry_options
from seawall.cli.observing import add_observation_options, watched_of
from seawall.cli.output import write_text
from seawall.cli.patch_options import add_patch_options, wanted_patch
from seawall.cli.verification import add_verification_options, checks_of, verdict_lines
from seawall.core.errors import UsageError
from seawall.hardening.images.hardener import Done, Size, harden_image
from seawall.hardening.images.options import (
    ABOVE_BASE,
    LAYER,
    MINIMAL,
    SQUASH,
    Options,
    Told,
    counted,
    user_of,
)
from seawall.reports.visible import visible
from seawall.sources.images.packing import COMPRESSIONS, GZIP
from seawall.sources.images.writing.place import place_of

_EPOCH = "SOURCE_DATE_EPOCH"
_DESCRIPTION = """\
Rewrite an image: credentials and leftovers go, setuid bits and rights of all to write are taken
away, shells and package managers go where nothing may need them, the process does not run as root.
What is done, and what is not and why, is told. No engine is needed, and nothing of it is run unless
--observe or --verify asks for that.

IN is named as for seawall scan; of a layout all platforms are rewritten. OUT is oci:DIR[:TAG],
oci-archive:FILE[:TAG], docker-archive:FILE[:NAME:TAG], registry:NAME, or a path: FILE.tar is an
OCI archive, all else an OCI layout in a directory.
"""


def parser() -> Parser:
    """The options of ``seawall harden image``."""
    result = Parser(
        prog="seawall harden image",
        description=_DESCRIPTION,
        allow_abbrev=False,
        epilog="exit codes: 0 done, 1 not verified, 2 wrong usage, 3 an image cannot be read or\n"
        "written, 4 internal error",
    )
    result.add_argument("image", metavar="IMAGE", help="the image that is read (IN)")
    result.add_argument("out", metavar="OUT", help="where the result goes")
    how = result.add_argument_group("layers")
    modes = how.add_mutually_exclusive_group()
    modes.add_argument(
        "--layer", dest="mode", action="store_const", const=LAYER,
        help="keep all layers and put one on top (default); what it deletes stays in those below",
    )  # fmt: skip
    modes.add_argument(
        "--squash", dest="mode", action="store_const", const=SQUASH,
        help="one layer of all that is left",
    )  # fmt: skip
    modes.add_argument(
        "--squash-above-base", dest="mode", action="store_const", const=ABOVE_BASE,
        help="keep the layers of the base image, and one of the rest",
    )  # fmt: skip
    modes.add_argument(
        "--minimal", dest="mode", action="store_const", const=MINIMAL,
        help="one layer of what the process of the image reaches, found without running it",
    )  # fmt: skip
    how.add_argument(
        "--base-layers", metavar="N", type=_number,
        help="how many layers are the base's (default: as the history tells)",
    )  # fmt: skip
    how.add_argument(
        "--compression", choices=COMPRESSIONS, default=GZIP, help=f"of new layers (default: {GZIP})"
    )
    _add_minimal(result)
    what = result.add_argument_group("what is changed")
    what.add_argument(
        "--user", metavar="UID[:GID]", help="who it is to run as (default: 65532 instead of root)"
    )
    what.add_argument("--keep", action="append", default=[], metavar="PATH",
                      help="leave this file or directory of the image as it is")  # fmt: skip
    what.add_argument("--keep-setuid", action="append", default=[], metavar="PATH",
                      help="leave this program of the image its setuid bit")  # fmt: skip
    what.add_argument("--no-sbom", dest="sbom", action="store_false",
                      help="attach no bill of materials and no provenance")  # fmt: skip
    add_observation_options(result)
    add_patch_options(result)
    add_verification_options(result)
    result.add_argument(
        "--platform", metavar="OS/ARCH", default="", help="only this platform of an image"
    )
    add_registry_options(result)
    result.add_argument("--force", action="store_true", help="replace what is at OUT")
    result.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    return result


def _add_minimal(result: Parser) -> None:
    minimal = result.add_argument_group("what a minimal image keeps")
    minimal.add_argument(
        "--include", action="append", default=[], metavar="PATH|GLOB",
        help="keep this too; directories with all in them",
    )  # fmt: skip
    minimal.add_argument(
        "--command", action="append", default=[], metavar="WORDS",
        help="keep what this command needs too, beside the image's own and its health check",
    )  # fmt: skip
    minimal.add_argument(
        "--explain", action="append", default=[], metavar="PATH|GLOB",
        help="tell why this stays or goes",
    )  # fmt: skip


def _number(text: str) -> int:
    if text.isdecimal() and int(text[:6]) > 0:
        return int(text[:6])
    raise argparse.ArgumentTypeError(f"{text!r} is no number of layers: write 1 or more")


def run(arguments: list[str]) -> int:
    """Harden an image; gives the exit code."""
    options = parser().parse_args(arguments)
    mode = options.mode or LAYER
    if options.base_layers is not None and mode != ABOVE_BASE:
        raise UsageError("--base-layers is for --squash-above-base; leave it out, or say that too")
    if mode != MINIMAL and (options.include or options.command or options.explain):
        raise UsageError("--include, --command and --explain are for --minimal; say that too")
    place = place_of(options.out)
    wanted = Options(
        mode, options.base_layers, _paths(options.keep), _paths(options.keep_setuid),
        user_of(options.user) if options.user is not None else None, options.compression,
        options.sbom, _epoch(), tuple(options.include), _commands(options.command),
        watched_of(options, place), tuple(options.insecure_registry),
        tuple(options.registry_mirror), wanted_patch(options),
    )  # fmt: skip
    checks = checks_of(options)
    done = harden_image(
        options.image, place, wanted, platform=options.platform,
        force=options.force, dry_run=options.dry_run, explain=options.explain, checks=checks,
    )  # fmt: skip
    write_text(_told(done, options), None)
    sys.stdout.flush()
    return 1 if checks.refuse(done.verdicts) else 0


def _paths(given: list[str]) -> frozenset[str]:
    return frozenset(path for text in given if (path := text.strip("/")))


def _commands(given: list[str]) -> tuple[tuple[str, ...], ...]:
    import shlex  # noqa: PLC0415 - only where there are some

    found = []
    for text in given:
        try:
            words = tuple(shlex.split(text))
        except ValueError as error:
            raise UsageError(
                f"--command: {text!r}: {error}; write it as in a shell, in quotes"
            ) from None
        if not words:
            raise UsageError("--command: it is empty; write a program and its arguments")
        found.append(words)
    return tuple(found)


def _epoch() -> int | None:
    text = os.environ.get(_EPOCH, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 11:
        raise UsageError(
            f"{_EPOCH}: {text!r} is no number of seconds; set it as in date +%s, or unset it"
        )
    return int(text)


# What is told ---------------------------------------------------------------------------------


def _told(done: Done, options: argparse.Namespace) -> Iterator[str]:
    for one in done.images:
        yield f"{visible(options.image)} ({visible(one.platform)})\n"
        yield from _lines(one.told)
        for line in one.explained:
            yield f"  why: {visible(line)}\n"
        yield f"  size: {_size(one.before)} -> {_size(one.after)}\n"
    for note in done.notes:
        yield f"note: {visible(note)}\n"
    yield from verdict_lines(done.verdicts)
    if not done.digest:
        if done.verdicts:
            yield f"Nothing was written to {visible(options.out)}: it is not verified\n"
            return
        yield f"Nothing was written to {visible(options.out)}: --dry-run\n"
        return
    yield f"wrote {visible(options.out)}: {done.digest}\n"
    if done.attached:
        also = ", OpenVEX" if done.attached > 2 * len(done.images) else ""
        what = f"bill of materials, provenance{also}"
        yield f"attached: {counted(done.attached, 'manifest')} ({what})\n"


def _lines(told: Told) -> Iterator[str]:
    for mark, lines in (
        ("done", told.done), ("left", told.left), ("note", told.notes), ("run", told.run)
    ):  # fmt: skip
        for line in lines:
            yield f"  {mark}: {visible(line)}\n"


def _size(size: Size) -> str:
    stored = f", {_bytes(size.stored)} stored" if size.stored >= 0 else ""
    return (
        f"{counted(size.layers, 'layer')}{stored}, {counted(size.files, 'file')} of "
        f"{_bytes(size.unpacked)}"
    )


def _bytes(number: int) -> str:
    if number < 10_000:
        return f"{number} B"
    return f"{number / 1e3:.1f} kB" if number < 1_000_000 else f"{number / 1e6:.1f} MB"
