"""``seawall scan``: look at targets and report."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence

from seawall import engine, reports
from seawall.cli.arguments import Help, Parser, add_registry_options
from seawall.cli.baseline import prune_baseline, write_baseline
from seawall.cli.output import terminal_width, wants_colour, write_text
from seawall.cli.past import add_past_options
from seawall.cli.progress import Progress
from seawall.cli.settings import (
    BASELINE_NAME,
    Settings,
    baseline_to_write,
    effective,
    engine_options,
    fail_on,
    load,
    notes,
)
from seawall.configuration import Configuration
from seawall.core.errors import UsageError
from seawall.core.named_tuple import NamedTuple
from seawall.core.portion import Portion
from seawall.core.report import Coverage, Report, RuleFault
from seawall.core.rule import PROFILES, RULESETS
from seawall.core.severity import Confidence, Severity, choices
from seawall.reports.visible import visible
from seawall.triage.verdicts import PRUNE_HINT

_FLAGS = "--kube-score"


def parser() -> Parser:
    """The options of ``seawall scan``."""
    result = Parser(
        prog="seawall scan",
        description="Say what is wrong in manifests, Dockerfiles, dependencies and images, "
        "where, and how to mend it.",
        allow_abbrev=False,
        formatter_class=Help,
        epilog="exit codes: 0 nothing at or above the threshold, 1 findings, "
        "2 wrong usage or configuration,\n3 some input could not be read, 4 internal error",
    )
    what = result.add_argument_group("what to look at")
    what.add_argument(
        "targets", nargs="*", default=[], metavar="TARGET",
        help="files, directories, container images, or - for standard input (default: .)",
    )  # fmt: skip
    what.add_argument(
        "--context", action="append", default=[], metavar="DIR",
        help="objects there are known to relations, but not reported on",
    )  # fmt: skip
    what.add_argument(
        "--no-gitignore", dest="gitignore", action="store_false", default=None,
        help="also read what .gitignore leaves out",
    )  # fmt: skip
    what.add_argument(
        "--max-file-size", metavar="SIZE", help="largest file to read, such as 20M (default: 10M)"
    )
    what.add_argument(
        "--no-secrets", dest="secrets", action="store_false", default=None,
        help="do not search texts of every kind for passwords, keys and tokens",
    )  # fmt: skip
    what.add_argument(
        "--render", dest="render", action="store_true", default=None,
        help="render Helm charts with the helm program and judge what comes out",
    )  # fmt: skip
    what.add_argument(
        "--no-render", dest="render", action="store_false", default=None,
        help="do not, whatever the configuration says",
    )  # fmt: skip
    what.add_argument(
        "--platform", metavar="OS/ARCH",
        help="the platform of images that have several (default: this machine's)",
    )  # fmt: skip
    what.add_argument(
        "--dockerfile", metavar="FILE", action="append", default=[],
        help="what the image was built from: findings in it then name the instruction that brought "
        "them (may be given several times; Dockerfiles among the targets are tried anyway)",
    )  # fmt: skip
    add_registry_options(what)
    what.add_argument(
        "--since", metavar="REV",
        help="report only what came after this git revision, judged on the whole",
    )  # fmt: skip
    add_past_options(result)
    rules = result.add_argument_group("which rules")
    rules.add_argument(
        "--profile", choices=PROFILES, default=None, help="a set of rules (default: security)"
    )
    rules.add_argument(
        "--select", type=_list, action="extend", default=[], metavar="ID,...",
        help="run just these rules: ids or globs, own or other tools'",
    )  # fmt: skip
    rules.add_argument(
        "--enable", type=_list, action="extend", default=[], metavar="ID,...",
        help="run these rules besides those of the profile",
    )  # fmt: skip
    rules.add_argument(
        "--ignore", type=_list, action="extend", default=[], metavar="ID,...",
        help="do not run these rules",
    )  # fmt: skip
    rules.add_argument(
        "--secret-rules", action="append", default=[], metavar="FILE",
        help="rules about secrets of your own: in seawall's format, gitleaks' or that of "
        "trivy-secret.yaml (may be given several times)",
    )  # fmt: skip
    rules.add_argument(
        "--ruleset", choices=RULESETS, default=None, metavar="YYYY.N",
        help=f"pin the rule set, so that an upgrade brings no surprise (newest: {RULESETS[-1]})",
    )  # fmt: skip
    rules.add_argument(
        "--config", metavar="FILE",
        help="configuration (default: the nearest seawall.toml above the targets)",
    )  # fmt: skip
    rules.add_argument(
        "--no-config", action="store_true", help="heed no configuration, nor other tools' files"
    )
    rules.add_argument(_FLAGS, metavar="FLAGS", help="heed these flags of kube-score, in one text")
    rules.add_argument(
        "--kubernetes-version", metavar="1.N", default=None,
        help=f"the cluster's version (default: {engine.NEWEST_KUBERNETES})",
    )  # fmt: skip
    rules.add_argument(
        "--pss-version", metavar="v1.N", default=None,
        help="Pod Security Standards policy version (default: latest)",
    )  # fmt: skip
    known = result.add_argument_group("what is known of packages")
    known.add_argument(
        "--database", metavar="FILE",
        help="advisories to hold packages against (default: those of the last seawall db update, "
        "else those in the package)",
    )  # fmt: skip
    known.add_argument(
        "--max-database-age", "--max-db-age", type=_whole_number, metavar="DAYS",
        help="refuse older advisories (default: 0, any age will do)",
    )  # fmt: skip
    known.add_argument(
        "--vex", action="append", default=[], metavar="FILE",
        help="heed this VEX document: OpenVEX, CycloneDX or CSAF",
    )  # fmt: skip
    verdict = result.add_argument_group("what counts")
    verdict.add_argument(
        "--fail-on", metavar="SEVERITY",
        help=f"exit with 1 from this severity on: {choices(Severity)}, none (default: high)",
    )  # fmt: skip
    verdict.add_argument(
        "--min-confidence", metavar="LEVEL",
        help=f"leave out less sure findings: {choices(Confidence)} (default: medium)",
    )  # fmt: skip
    verdict.add_argument("--exit-zero", action="store_true", help="the same as --fail-on none")
    verdict.add_argument(
        "--strict", action="store_true", default=None,
        help="exit with 3 also when something is not covered",
    )  # fmt: skip
    verdict.add_argument(
        "--baseline", metavar="FILE", help="findings that this file knows do not count"
    )
    verdict.add_argument(
        "--write-baseline", metavar="FILE", nargs="?", const="",
        help="make all present findings known (default: the baseline in use, else "
        f"{BASELINE_NAME})",
    )  # fmt: skip
    verdict.add_argument(
        "--prune-baseline", action="store_true",
        help="remove from the baseline in use what is there no more, and add nothing",
    )  # fmt: skip
    verdict.add_argument(
        "--no-ignores", action="store_true",
        help="show also what comments and annotations in the targets would hide",
    )  # fmt: skip
    work = result.add_argument_group("how to work")
    work.add_argument(
        "--watch", "-w", action="store_true", help="scan again after each change, until Ctrl-C"
    )
    work.add_argument("--no-cache", action="store_true", help="neither use nor fill the cache")
    work.add_argument(
        "--jobs", "-j", type=_jobs, default=0, metavar="N",
        help="processes at most (default: one for each processor)",
    )  # fmt: skip
    _add_output(result)
    return result


def _add_output(result: Parser) -> None:
    """The options that say what is written, and where."""
    output = result.add_argument_group("output")
    output.add_argument(
        "--format", action="append", default=[], metavar="NAME[=FILE]",
        help=f"{', '.join(reports.FORMATS)} (default: table); may be given several times",
    )  # fmt: skip
    output.add_argument("--output", "-o", metavar="FILE", help="write the report to this file")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    output.add_argument("--quiet", "-q", action="store_true", help="findings only, a line each")
    output.add_argument("--verbose", "-v", action="store_true", help="list every skipped input")
    output.add_argument(
        "--show-secrets", action="store_true",
        help="show the secrets that are found: in a table on a terminal, and nowhere else",
    )  # fmt: skip
    output.add_argument(
        "--meta", action="store_true", help="add what differs from run to run to JSON"
    )


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the options, targets before and after them alike.

    ``parse_intermixed_args`` would do, but formats a usage text each time, for 3 ms.
    """
    own = parser()
    head, tail = arguments, []
    if "--" in arguments:
        position = arguments.index("--")
        head, tail = arguments[:position], arguments[position + 1 :]
    options, rest = own.parse_known_args(with_flags(head))
    unknown = [item for item in rest if item.startswith("-") and item != "-"]
    if unknown:
        own.error(f"unknown option {unknown[0]}{_suggestion(unknown[0], own)}")
    targets = [*options.targets, *rest, *tail]
    options.targets = targets or ["."]
    return options


def with_flags(arguments: list[str]) -> list[str]:
    """The text behind ``--kube-score`` begins with a hyphen itself: make it one word with it."""
    if _FLAGS not in arguments[:-1]:
        return arguments
    at = arguments.index(_FLAGS)
    return [*arguments[:at], f"{_FLAGS}={arguments[at + 1]}", *arguments[at + 2 :]]


def _suggestion(option: str, own: Parser) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for an error

    known = [name for action in own.all_actions() for name in action.option_strings]
    close = get_close_matches(option.partition("=")[0], known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def run(arguments: list[str]) -> int:
    """Scan; gives the exit code."""
    options = parse(arguments)
    outputs = _outputs(options.format, options.output)
    if options.show_secrets:
        _refuse_to_keep_secrets(outputs)
    if not options.watch:
        return _scan(_plan(options, outputs), options, outputs)
    from seawall.cli import watch  # noqa: PLC0415 - asked for seldom

    watch.refuse(options, parser())
    return watch.watch(
        lambda: _plan(options, outputs), lambda plan: _scan(plan, options, outputs), options,
        [path for _, path in outputs if path is not None],
    )  # fmt: skip


def _refuse_to_keep_secrets(outputs: Sequence[tuple[str, str | None]]) -> None:
    """Raise UsageError where secrets that are shown would be kept: in a file or a log."""
    if any(name != "table" or path is not None for name, path in outputs):
        raise UsageError(
            "--show-secrets goes with the table alone, for reports are kept and passed on; "
            "leave out --format and --output"
        )
    if sys.stdout is None or not sys.stdout.isatty():
        raise UsageError(
            "--show-secrets needs a terminal, for whatever is written to a file or a pipe is kept; "
            "run it in one"
        )


class Plan(NamedTuple):
    """What is to be done, with the configuration as it stands."""

    work: engine.Options
    config: Configuration
    settings: Settings
    threshold: Severity | None


def _plan(options: argparse.Namespace, outputs: list[tuple[str, str | None]]) -> Plan:
    config = load(options)
    settings = effective(options, config)
    threshold = fail_on(options, settings)
    for note in notes(config):
        sys.stderr.write(f"seawall: {visible(note)}\n")
    work = engine_options(options, config, settings)
    shows_fixes = any(name in reports.WITH_FIXES for name, _ in outputs)
    work = work._replace(fixes=shows_fixes, edits=shows_fixes)
    return Plan(work, config, settings, threshold)


def _scan(plan: Plan, options: argparse.Namespace, outputs: list[tuple[str, str | None]]) -> int:
    """Scan and report once; gives the exit code."""
    progress = Progress(enabled=not options.quiet)
    signature = _signature(plan.work, outputs, options, plan.threshold)
    told = progress if progress.enabled else None
    looks = [_look(options, output, plan.threshold) for _, output in outputs]
    strict = plan.settings["strict"].value
    with engine.Run(told, cached=plan.work.cache, signature=signature) as session:
        session.teller = _teller([name for name, _ in outputs], looks)
        try:
            result = engine.scan_or_replay(plan.work, session)
        finally:
            progress.clear()
        if isinstance(result, engine.Replay):
            for text, (_, path) in zip(result.outputs, outputs, strict=True):
                write_text(engine.unpacked(text), path)
            code = result.exit_code
        elif isinstance(result, engine.Result):
            path = baseline_to_write(options, plan.config, plan.settings)
            if options.prune_baseline or path is not None:
                session.forget_notes(PRUNE_HINT)
            if options.prune_baseline:
                _prune(plan.work, result)
            if path is not None:
                report = write_baseline(result.report, plan.work.baseline, path, result.policy)
                result = result._replace(report=report)
            code = result.report.exit_code(plan.threshold, strict=strict)
            _note_unread(session, options, result.report.coverage, strict=strict)
            _report(result, outputs, looks, session, code, options.jobs)
        else:
            code = result.summary.exit_code(plan.threshold, strict=strict)
            for number, ((name, path), look) in enumerate(zip(outputs, looks, strict=True)):
                portions = result.portions(number)
                write_text(reports.form(name).join(portions, result.summary, look), path)
            _tell_faults(result.summary.faults)
            _note_unread(session, options, result.summary.coverage, strict=strict)
            session.record_parts(result)
    for note in session.all_notes():
        sys.stderr.write(f"seawall: {note}\n")
    return code


def _prune(work: engine.Options, result: engine.Result) -> None:
    if work.baseline is None:
        raise UsageError("--prune-baseline: there is no baseline in use; name it by --baseline")
    if not result.policy.whole:
        raise UsageError(
            "--prune-baseline: not all of the project was looked at, so nobody can tell what is "
            "gone; scan all that the configuration is about, with its own rules"
        )
    prune_baseline(result.report, work.baseline, result.policy)


def _signature(
    plan: engine.Options,
    outputs: list[tuple[str, str | None]],
    options: argparse.Namespace,
    threshold: Severity | None,
) -> bytes:
    """All that the outputs rest on besides inputs and rules; empty where they are not kept."""
    writes = options.write_baseline is not None or options.prune_baseline
    if not plan.cache or options.meta or options.show_secrets or writes or plan.since:
        return b""
    if plan.past is not None:  # what git keeps changes unseen
        return b""
    baseline = b""
    if plan.baseline is not None:
        from seawall.triage.baseline_file import read  # noqa: PLC0415 - json costs 2 ms

        baseline = read(plan.baseline)
    looks = [_look(options, path, threshold) for _, path in outputs]
    formats = [name for name, _ in outputs]
    plan = plan._replace(workers=0)  # who does the work makes no difference
    parts = (plan, formats, looks, options.exit_zero, options.strict, baseline, engine.today())
    return repr(parts).encode("utf-8", "surrogatepass")


def _look(
    options: argparse.Namespace, path: str | None, threshold: Severity | None
) -> reports.Options:
    environment = dict(os.environ)
    to_terminal = path is None and sys.stdout is not None and sys.stdout.isatty()
    return reports.Options(
        colour=wants_colour(options.color, environment, is_terminal=to_terminal),
        width=terminal_width(environment),
        quiet=options.quiet,
        compact=options.watch and to_terminal and not options.verbose,
        verbose=options.verbose,
        meta=_meta(options) if options.meta else None,
        fail_on=threshold,
        show_secrets=options.show_secrets,
    )


def _report(
    result: engine.Result,
    outputs: list[tuple[str, str | None]],
    looks: list[reports.Options],
    session: engine.Run,
    code: int,
    workers: int,
) -> None:
    """Write the reports, and remember them where that may be done."""
    recordings = []
    for (name, path), look in zip(outputs, looks, strict=True):
        if name == "table":
            from seawall.cli.telling import table_of  # noqa: PLC0415 - if there is one

            chunks = table_of(result, look, workers)
        else:
            chunks = reports.write(name, result.report, result.texts, look)
        if session.records:
            recordings.append(session.recording())
            chunks = recordings[-1].watch(chunks)
        write_text(chunks, path)
    _tell_faults(result.report.faults)
    session.record(recordings, code)


def _teller(names: Sequence[str], looks: Sequence[reports.Options]) -> engine.Teller:
    """Tells a part of a report in each of some formats."""

    def tell(report: Report, texts: engine.Texts) -> list[Portion]:
        return [
            reports.form(name).tell(report, texts, look)
            for name, look in zip(names, looks, strict=True)
        ]

    return tell


def _note_unread(
    session: engine.Run, options: argparse.Namespace, coverage: Coverage, *, strict: bool
) -> None:
    """What makes the exit code of a quiet scan."""
    if options.quiet and (coverage.failed or (strict and coverage.not_covered)):
        from seawall.cli.unread import unread  # noqa: PLC0415 - rarely

        for line in unread(coverage, strict=strict):
            session.note_for_good(line)


def _tell_faults(faults: Iterable[RuleFault]) -> None:
    for fault in faults:
        sys.stderr.write(
            f"seawall: internal error: rule {fault.rule} broke on {fault.subject} in "
            f"{fault.path}: {fault.error}; please report it\n"
        )


def _list(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _whole_number(text: str) -> int:
    if text.isdecimal() and len(text) < 7:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number of days: give 0 or more")


def _jobs(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= 1024:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: give 1 to 1024")


def _outputs(formats: list[str], output: str | None) -> list[tuple[str, str | None]]:
    """Each format with its file; ``None`` stands for standard output."""
    result: list[tuple[str, str | None]] = []
    for item in formats or ["table"]:
        name, equals, path = item.partition("=")
        if name not in reports.FORMATS:
            known = ", ".join(reports.FORMATS)
            raise UsageError(f"--format: there is no format {name!r}; choose from {known}")
        if equals and not path:
            raise UsageError(f"--format {item}: the file's name is missing")
        result.append((name, None if path in ("", "-") else path))
    bare = [index for index, (_, path) in enumerate(result) if path is None]
    if output is not None:
        if len(bare) != 1:
            raise UsageError("--output goes with one format; with several, write --format x=FILE")
        result[bare[0]] = (result[bare[0]][0], None if output == "-" else output)
    elif len(bare) > 1:
        raise UsageError("only one format can go to standard output; write --format x=FILE")
    paths = [os.path.realpath(path) for _, path in result if path is not None]
    if len(paths) != len(set(paths)):
        raise UsageError("two formats cannot be written to one file; name another for one of them")
    return result


def _meta(options: argparse.Namespace) -> dict[str, object]:
    """What belongs to this run and machine, not to the result."""
    import platform  # noqa: PLC0415 - asked for seldom
    import time  # noqa: PLC0415

    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "directory": os.getcwd(),
        "targets": list(options.targets),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
