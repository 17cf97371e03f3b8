"""``seawall harden``: mend what can be mended."""

import argparse
import os
import sys
from collections.abc import Iterator

from seawall.cli.arguments import Parser
from seawall.cli.output import (
    create_atomically,
    wants_colour,
    write_bytes_atomically,
    write_text,
)
from seawall.cli.progress import Progress
from seawall.cli.settings import effective, engine_options, load
from seawall.core.edit import Safety
from seawall.core.errors import InputError, UsageError
from seawall.core.severity import Severity
from seawall.hardening import Advice, FileChange, Hardened, harden
from seawall.locking.file import NAME, read

PROFILE = "security+reliability"
IMAGE = "image"
"""The first word of the form for images; a directory of that name is ``./image``."""


def parser() -> Parser:
    """The options of ``seawall harden``."""
    result = Parser(
        prog="seawall harden",
        description="Mend Kubernetes manifests and Dockerfiles: shows a diff, writes with "
        "--write.\nImages have options of their own: seawall harden image --help",
        allow_abbrev=False,
        epilog="exit codes: 0 done, 1 with --check: something would change, 2 wrong usage,\n"
        "3 some input could not be read or written, 4 internal error",
    )
    result.add_argument(
        "targets", nargs="*", default=[], metavar="TARGET", help="files or directories (default: .)"
    )
    what = result.add_argument_group("what is mended")
    what.add_argument("--profile", metavar="PROFILE", help=f"a set of rules (default: {PROFILE})")
    what.add_argument("--select", type=_list, action="extend", default=[], metavar="ID,...",
                      help="mend just findings of these rules")  # fmt: skip
    what.add_argument("--ignore", type=_list, action="extend", default=[], metavar="ID,...",
                      help="leave findings of these rules alone")  # fmt: skip
    what.add_argument(
        "--lock", action="store_true",
        help="also pin images and packages to what the lock file says, which seawall lock makes",
    )  # fmt: skip
    what.add_argument(
        "--lock-file", default=NAME, metavar="FILE", help=f"the lock file (default: {NAME})"
    )
    what.add_argument(
        "--unsafe", action="store_true",
        help="also edits that may change behaviour; each says how",
    )  # fmt: skip
    what.add_argument("--context", action="append", default=[], metavar="DIR")
    what.add_argument("--config", metavar="FILE", help="configuration")
    what.add_argument("--no-config", action="store_true", help="heed no configuration")
    what.add_argument("--min-confidence", metavar="LEVEL")
    what.add_argument("--max-file-size", metavar="SIZE")
    what.add_argument(
        "--no-gitignore", dest="gitignore", action="store_false", default=None,
        help="also read what .gitignore leaves out",
    )  # fmt: skip
    how = result.add_argument_group("what is done")
    how.add_argument("--write", action="store_true", help="change the files")
    how.add_argument("--check", action="store_true", help="exit with 1 when something would change")
    how.add_argument(
        "--as", dest="form", choices=("diff", "json-patch"), default="diff",
        help="how changes are shown; json-patch: RFC 6902, for an admission controller",
    )  # fmt: skip
    how.add_argument("--output", "-o", metavar="FILE", help="write the diff to this file")
    how.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    how.add_argument("--quiet", "-q", action="store_true", help="no summary on standard error")
    how.add_argument("--verbose", "-v", action="store_true", help="list also what is left, and why")
    return result


def run(arguments: list[str]) -> int:
    """Harden; gives the exit code. ``harden image`` has options of its own."""
    if arguments[:1] == [IMAGE]:
        from seawall.cli import harden_image  # noqa: PLC0415 - another command in all but name

        return harden_image.run(arguments[1:])
    options = parser().parse_args(arguments)
    options.targets = options.targets or ["."]
    if any(target in ("-", "/dev/stdin") for target in options.targets):
        raise UsageError("harden changes files: name files or directories, not standard input")
    hardened = _harden(options)
    write_text(_shown(hardened, options), options.output)
    if options.write:
        for change in hardened.changes:
            _write(change)
    if not options.quiet:
        sys.stderr.writelines(_summary(hardened, options))
    if options.check and hardened.changes:
        return 1
    return 3 if hardened.after.coverage.failed else 0


def _harden(options: argparse.Namespace) -> Hardened:
    for name in ("no_ignores", "no_cache"):
        setattr(options, name, name == "no_cache")
    options.since, options.jobs, options.write_baseline = None, 0, None
    options.profile = options.profile or PROFILE
    config = load(options)
    plan = engine_options(options, config, effective(options, config))
    plan = plan._replace(
        charts=None,  # what is rendered cannot be written back
        places=options.verbose,  # only what is left is shown with its line
    )
    tiers = {Safety.SAFE} | ({Safety.UNSAFE} if options.unsafe else set())
    if options.lock:
        tiers.add(Safety.LOCK)
        plan = plan._replace(pins=read(options.lock_file).pins)
    progress = Progress(enabled=not options.quiet)
    try:
        return harden(plan, frozenset(tiers), progress)
    finally:
        progress.clear()


# What is shown --------------------------------------------------------------------------------


def _shown(hardened: Hardened, options: argparse.Namespace) -> Iterator[str]:
    if options.form == "json-patch":
        from seawall.hardening.json_patch import patches  # noqa: PLC0415 - json

        yield from patches(hardened.changes)
        return
    is_terminal = options.output is None and sys.stdout is not None and sys.stdout.isatty()
    colour = wants_colour(options.color, dict(os.environ), is_terminal=is_terminal)
    for change in hardened.changes:
        yield from diff(change, colour=colour)


_COLOURS = {"+": "32", "-": "31", "@": "36"}


def diff(change: FileChange, *, colour: bool = False) -> Iterator[str]:
    """A unified diff that ``patch -p1`` and ``git apply`` take."""
    from difflib import unified_diff  # noqa: PLC0415 - only for a diff

    before = _lines(change.before or b"")
    after = _lines(change.after)
    old = "/dev/null" if change.before is None else f"a/{change.path}"
    lines = unified_diff(before, after, old, f"b/{change.path}")
    for line in lines:
        mark = _COLOURS.get(line[:1]) if colour and not line.startswith(("+++", "---")) else None
        ending = "" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        text = line + ending
        yield f"\x1b[{mark}m{text.rstrip(chr(10))}\x1b[0m\n" if mark else text


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "surrogateescape").splitlines(keepends=True)


def _summary(hardened: Hardened, options: argparse.Namespace) -> Iterator[str]:
    done = "changed" if options.write else "would change"
    mended = [item for change in hardened.changes for item in change.mended]
    for change in hardened.changes:
        made = "made" if options.write else "would be made"
        yield f"{change.path}: {made if change.before is None else done}\n"
        for line in dict.fromkeys(_done(change)):
            yield f"  {line}\n"
    left = [item for item in hardened.advice if item.finding.severity >= Severity.MEDIUM]
    yield (
        f"{len(mended)} findings mended in {len(hardened.changes)} files; "
        f"{len(hardened.advice)} are left, {len(left)} of them of medium severity or above"
        f"{'' if options.verbose or not left else ' (-v lists them)'}.\n"
    )
    if options.verbose:
        yield from (_advice(item) for item in hardened.advice)
    if hardened.changes and not options.write:
        yield "Nothing was written; --write does.\n"


def _done(change: FileChange) -> Iterator[str]:
    for item in change.mended:
        effect = f" (unsafe: {item.effect})" if item.effect else ""
        yield f"{item.finding.rule.id}: {item.title}{effect}"
        if item.note:
            yield f"to do: {item.note}"
    for item in change.along:
        yield f"{item.finding.rule.id} in {item.finding.location.path}: {item.title}"


def _advice(item: Advice) -> str:
    finding = item.finding
    line = finding.location.span.line if finding.location.span else 0
    return (
        f"{finding.location.path}:{line}: {finding.severity.label}[{finding.rule.id}] "
        f"{finding.message}: {item.reason}. {finding.remedy}\n"
    )


def _write(change: FileChange) -> None:
    """Replace a file, unless it is no longer the one that was read; make one that was not there."""
    if os.path.islink(change.real):
        raise InputError(f"{change.path} is a symbolic link: give the file that it leads to")
    if os.path.exists(change.real) and not os.stat(change.real).st_mode & 0o222:
        raise InputError(f"{change.path} is read-only and was left as it is: make it writable")
    try:
        if change.before is None:
            create_atomically(change.real, change.after)
            return
        with open(change.real, "rb") as stream:
            if stream.read() != change.before:
                raise InputError(
                    f"{change.path} has changed meanwhile and was left as it is: run harden again"
                )
        write_bytes_atomically(change.real, change.after)
    except FileExistsError as error:
        raise InputError(
            f"{change.path} has been made meanwhile and was left as it is: run harden again"
        ) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot write {change.path}: {reason}; make it writable") from error


def _list(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
