"""``seawall sbom``: the packages of the targets as a bill of materials."""

import argparse
import os
import sys

from seawall.cli.arguments import Parser, add_registry_options
from seawall.cli.output import write_text
from seawall.cli.settings import effective, engine_options, load
from seawall.core.errors import UsageError
from seawall.engine import Options
from seawall.engine.bills import Gathered, failures, gathered

_EPOCH = "SOURCE_DATE_EPOCH"


def parser() -> Parser:
    """The options of ``seawall sbom``."""
    result = Parser(
        prog="seawall sbom",
        description="Write the packages that lock files, manifests, archives and other bills name "
        "as a bill of materials: CycloneDX 1.6 or SPDX 2.3, in JSON. The same files give the same "
        "bytes; a time is in it when SOURCE_DATE_EPOCH gives one.",
        allow_abbrev=False,
        epilog="exit codes: 0 done, 2 wrong usage, 3 some input could not be read",
    )
    result.add_argument(
        "targets",
        nargs="*",
        default=[],
        metavar="TARGET",
        help="files, directories or container images (default: .)",
    )
    result.add_argument(
        "--format", choices=("cyclonedx", "spdx"), default="cyclonedx", help="default: cyclonedx"
    )
    result.add_argument("--output", "-o", metavar="FILE", help="write the bill to this file")
    result.add_argument(
        "--name", metavar="NAME", help="what the project is called (default: as its files say)"
    )
    result.add_argument(
        "--platform", metavar="OS/ARCH", help="the platform of images that have several"
    )
    add_registry_options(result)
    result.add_argument("--config", metavar="FILE", help="configuration")
    result.add_argument("--no-config", action="store_true", help="heed no configuration")
    result.add_argument("--max-file-size", metavar="SIZE")
    result.add_argument(
        "--no-gitignore", dest="gitignore", action="store_false", default=None,
        help="also read what .gitignore leaves out",
    )  # fmt: skip
    result.add_argument("--quiet", "-q", action="store_true", help="no summary on standard error")
    return result


def run(arguments: list[str]) -> int:
    """Write a bill of materials; gives the exit code."""
    options = parser().parse_args(arguments)
    options.targets = options.targets or ["."]
    time = _time()
    found = gathered(_plan(options))
    name = options.name or found.project
    if options.format == "spdx":
        from seawall.packages.spdx_writer import write  # noqa: PLC0415 - one of the two
    else:
        from seawall.packages.cyclonedx_writer import write  # noqa: PLC0415 - as above
    write_text([write(found.files, name, time, found.used)], options.output)
    sys.stderr.writelines(f"seawall: {failure}\n" for failure in failures(found))
    if not options.quiet:
        sys.stderr.write(_summary(found))
    return 3 if found.failed else 0


def _plan(options: argparse.Namespace) -> Options:
    for name in ("no_ignores", "no_cache"):
        setattr(options, name, True)
    options.since, options.jobs, options.write_baseline = None, 0, None
    options.context, options.select, options.ignore = [], [], []
    config = load(options)
    return engine_options(options, config, effective(options, config))


def _time() -> str:
    """The time to write down; empty when none is given."""
    text = os.environ.get(_EPOCH, "")
    if not text:
        return ""
    from datetime import UTC, datetime  # noqa: PLC0415 - only where a time is given

    try:
        moment = datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"{_EPOCH}: {text!r} is no number of seconds; set it as in date +%s, or unset it"
        ) from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _summary(found: Gathered) -> str:
    packages = sum(len(contents.packages) for _, contents in found.files)
    gaps = sum(len(contents.problems) for _, contents in found.files)
    text = f"{_number(packages, 'package')} of {_number(len(found.files), 'file')}"
    if gaps:
        text += f"; {_number(gaps, 'gap')} named in the bill"
    return f"seawall: {text}.\n"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
