"""``seawall image``: list the files of an image, compare two images."""

import argparse
import os
from collections.abc import Callable, Iterator

import seawall
from seawall import cache
from seawall.cli.arguments import Help, Parser, add_registry_options
from seawall.cli.output import write_text
from seawall.core.errors import InputError, UsageError
from seawall.core.finding import Finding
from seawall.engine import Options, scan
from seawall.engine.containers import comparing, listing
from seawall.engine.containers.asked import Places
from seawall.engine.containers.comparing import Change, Difference
from seawall.engine.containers.layers import Read
from seawall.engine.containers.named import find
from seawall.engine.containers.scanning import read
from seawall.engine.containers.whole import Whole
from seawall.reports.visible import visible

_DIFF = """\
What changed from one image to another: packages, configuration, findings, and with --files each
file. A finding is the same where rule, package or file and what is wrong are.

exit codes: 0 nothing was gained, 1 the second image has findings that the first has not,
2 wrong usage, 3 an image could not be read
"""


def parser() -> Parser:
    """The options of ``seawall image``."""
    result = Parser(
        prog="seawall image",
        description="Images are named as for seawall scan: OCI layouts and archives, docker "
        "archives, names that a registry or an engine knows, rootfs:DIR, host.",
    )
    commands = result.add_subparsers(metavar="COMMAND", dest="command", required=True)
    own = commands.add_parser("files", help="the files of an image, or of one of its layers")
    own.add_argument("image", metavar="IMAGE")
    own.add_argument(
        "--layer", metavar="N", type=_number,
        help="what this layer holds and deletes, counted from 1 for the lowest",
    )  # fmt: skip
    _common(own)
    own.set_defaults(run=_files)
    own = commands.add_parser(
        "diff", help="what changed from one image to another", description=_DIFF,
        formatter_class=Help,
    )  # fmt: skip
    own.add_argument("before", metavar="IMAGE")
    own.add_argument("after", metavar="IMAGE")
    own.add_argument("--files", action="store_true", help="tell of each file, too")
    _common(own)
    own.set_defaults(run=_diff)
    return result


def _common(own: argparse.ArgumentParser) -> None:
    own.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    own.add_argument("--output", "-o", metavar="FILE", help="write it to this file")
    own.add_argument(
        "--platform", metavar="OS/ARCH", default="",
        help="the platform of images that have several (default: this machine's)",
    )  # fmt: skip
    add_registry_options(own)


def _number(text: str) -> int:
    if text.isdecimal() and int(text[:6]) > 0:
        return int(text[:6])
    raise argparse.ArgumentTypeError(f"{text!r} is no number of a layer: they begin with 1")


def run(arguments: list[str]) -> int:
    """Run one of the commands; gives the exit code."""
    options = parser().parse_args(arguments)
    chosen: Callable[[argparse.Namespace], int] = options.run
    return chosen(options)


def _asked(name: str, options: argparse.Namespace) -> Options:
    """A scan of one image."""
    return Options(
        (name,), platform=options.platform, cache=True,
        insecure_registries=tuple(options.insecure_registry),
        registry_mirrors=tuple(options.registry_mirror),
    )  # fmt: skip


def _read(name: str, options: argparse.Namespace) -> tuple[Read, Whole]:
    """An image; raises InputError for one that cannot be read to its end."""
    images = find([name], options.platform, Places(_asked(name, options)))
    if images.failed:
        raise InputError(f"{images.failed[0].path}: {images.failed[0].reason}")
    with cache.Cache(cache.directory(os.environ)) as store:
        code = cache.code_stamp(os.path.dirname(seawall.__file__), store)
        found, whole = read(images.images[0], store, code)
    for number, reason in found.failed:
        raise InputError(f"{name}: layer {number + 1}: {reason}; fetch or build it again")
    return found, whole


# Files ----------------------------------------------------------------------------------------


def _files(options: argparse.Namespace) -> int:
    found, whole = _read(options.image, options)
    if options.layer is None:
        lines = listing.of_whole(whole)
    elif options.layer > len(found.layers):
        last = len(found.layers)
        raise UsageError(f"{options.image} has {last} layers; name one from 1 to {last}")
    else:
        lines = listing.of_layer(found, options.layer - 1)
    write_text(_as_json(lines) if options.format == "json" else _as_text(lines), options.output)
    return 0


def _as_text(lines: Iterator[listing.Line]) -> Iterator[str]:
    for line in lines:
        link = f" -> {visible(line.link)}" if line.link else ""
        fate = f" ({line.fate})" if line.fate else ""
        owner = f"{line.uid}:{line.gid}"
        yield (
            f"{line.mode} {owner:>11} {line.size:>11} {line.layer:>3} "
            f"/{visible(line.path)}{link}{fate}\n"
        )


def _as_json(lines: Iterator[listing.Line]) -> Iterator[str]:
    import json  # noqa: PLC0415 - asked for seldom

    separator = "[\n"
    for line in lines:
        yield separator + json.dumps({k: v for k, v in line._asdict().items() if v != ""})
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


# Differences ----------------------------------------------------------------------------------


def _diff(options: argparse.Namespace) -> int:
    # The scans leave the layers in the cache, so that they are read once.
    lost, gained = (_findings(name, options) for name in (options.before, options.after))
    _, before = _read(options.before, options)
    _, after = _read(options.after, options)
    found = comparing.compare(before, after, lost, gained)
    told = _difference_as_json(found) if options.format == "json" else _told(found, options.files)
    write_text(told, options.output)
    return 1 if found.gained else 0


def _findings(name: str, options: argparse.Namespace) -> tuple[Finding, ...]:
    return scan(_asked(name, options)).report.findings


def _told(found: Difference, files: bool) -> Iterator[str]:
    parts = [("packages", found.packages), ("configuration", found.configuration)]
    if files:
        parts.append(("files", found.files))
    for title, changes in parts:
        yield f"{title}: {_count(changes)}\n"
        for change in changes:
            yield f"  {change.sign} {visible(change.name)} {visible(_versions(change))}\n"
    if not files:
        yield f"files: {_count(found.files)}\n"
    for title, findings in (("gained", found.gained), ("lost", found.lost)):
        yield f"findings {title}: {len(findings)}\n"
        sign = "+" if title == "gained" else "-"
        for finding in findings:
            text = f"{finding.severity.name.lower()} {finding.rule.id} {finding.subject.name}"
            yield f"  {sign} {visible(f'{text}: {finding.message}')}\n"


def _count(changes: tuple[Change, ...]) -> str:
    signs = [change.sign for change in changes]
    return f"{signs.count('+')} more, {signs.count('-')} less, {signs.count('~')} changed"


def _versions(change: Change) -> str:
    if change.sign == "~":
        return f"{change.before} -> {change.after}"
    return change.after or change.before


def _difference_as_json(found: Difference) -> Iterator[str]:
    import json  # noqa: PLC0415 - asked for seldom

    def told(finding: Finding) -> dict[str, object]:
        return {
            "rule": finding.rule.id,
            "severity": finding.severity.name.lower(),
            "message": finding.message,
            "subject": finding.subject._asdict(),
        }

    value = {
        "packages": [change._asdict() for change in found.packages],
        "configuration": [change._asdict() for change in found.configuration],
        "files": [change._asdict() for change in found.files],
        "gained": [told(finding) for finding in found.gained],
        "lost": [told(finding) for finding in found.lost],
    }
    yield json.dumps(value, indent=2) + "\n"
