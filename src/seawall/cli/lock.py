"""``seawall lock``: write down which digests the images have that the manifests name."""

import argparse
import os
import sys

from seawall.cli.arguments import Parser
from seawall.cli.output import write_text
from seawall.core.errors import InputError, UsageError
from seawall.core.image_reference import is_valid_image, parse_image
from seawall.engine import Options
from seawall.engine.images import images
from seawall.locking.file import NAME, Pin, full_name, read, rendered
from seawall.locking.layouts import pins_of


def parser() -> Parser:
    """The options of ``seawall lock``."""
    result = Parser(
        prog="seawall lock",
        description="Write the digests of the images that manifests name into a lock file, for "
        "seawall harden --lock. Known digests stay until --update.",
        allow_abbrev=False,
        epilog="exit codes: 0 every image has a digest, 2 wrong usage, 3 some have none or some "
        "input could not be read",
    )
    result.add_argument(
        "targets", nargs="*", default=[], metavar="TARGET", help="files or directories (default: .)"
    )
    result.add_argument("--image", action="append", default=[], metavar="NAME",
                        help="also this image (may be given several times)")  # fmt: skip
    result.add_argument(
        "--from", dest="layouts", action="append", default=[], metavar="[NAME=]PATH",
        help="take digests from an OCI layout, a directory or a tar file; NAME is the repository "
        "of images of which it knows only the tag",
    )  # fmt: skip
    result.add_argument("--offline", action="store_true", help="ask no registry")
    result.add_argument("--update", action="store_true", help="look up known digests again")
    result.add_argument("--file", default=NAME, metavar="FILE", help=f"default: {NAME}")
    result.add_argument("--quiet", "-q", action="store_true", help="no summary")
    return result


def run(arguments: list[str]) -> int:
    """Fill the lock file; gives the exit code."""
    options = parser().parse_args(arguments)
    wanted, code = _wanted(options)
    known = {pin.name: pin for pin in read(options.file)} if os.path.exists(options.file) else {}
    found = {} if options.update else {name: known[name] for name in wanted if name in known}
    for layout in options.layouts:
        for pin in pins_of(*_layout(layout)):
            if pin.name in wanted:
                found[pin.name] = pin
    missing = [name for name in wanted if name not in found]
    problems: list[str] = []
    if missing and not options.offline:
        problems = _ask(missing, found)
    elif missing:
        problems = [f"{name}: no layout has it" for name in missing]
    write_text([rendered(found.values())], options.file)
    if not options.quiet:
        sys.stderr.writelines(f"seawall: {problem}\n" for problem in problems)
        sys.stderr.write(_summary(found, known, options.file))
    return 3 if problems else code


def _wanted(options: argparse.Namespace) -> tuple[list[str], int]:
    """The whole names of the images to lock; 3 where some input could not be read."""
    for name in options.image:
        if not is_valid_image(name):
            raise UsageError(
                f"--image: {name!r} is no name of an image; give one such as nginx:1.27"
            )
    targets = tuple(options.targets) or (() if options.image else (".",))
    named, failed = images(Options(targets=targets)) if targets else ([], ())
    for item in failed:
        sys.stderr.write(f"seawall: {item.path}:{item.line}: {item.reason}\n")
    valid = [name for name in (*named, *options.image) if is_valid_image(name)]
    wanted = {full_name(name) for name in valid if not parse_image(name).digest}
    return sorted(wanted), 3 if failed else 0


def _layout(text: str) -> tuple[str, str]:
    """The path and the repository of ``--from``."""
    name, equals, path = text.partition("=")
    if not equals:
        return text, ""
    if not is_valid_image(name) or parse_image(name).tag:
        raise UsageError(f"--from: {name!r} is no name of a repository; give it as NAME=LAYOUT")
    return path, name


def _ask(missing: list[str], found: dict[str, Pin]) -> list[str]:
    """Ask the registries; gives what went wrong."""
    from seawall.locking.credentials import Credentials  # noqa: PLC0415 - subprocess
    from seawall.locking.registry import pins  # noqa: PLC0415 - urllib

    problems = []
    answers = pins(missing, Credentials(os.environ))
    for name, answer in zip(missing, answers, strict=True):
        if isinstance(answer, InputError):
            problems.append(str(answer))
        else:
            found[name] = answer
    return problems


def _summary(found: dict[str, Pin], known: dict[str, Pin], path: str) -> str:
    new = sum(name not in known for name in found)
    changed = sum(name in known and known[name].digest != pin.digest for name, pin in found.items())
    return f"{path}: {len(found)} images, {new} of them new, {changed} with another digest.\n"
