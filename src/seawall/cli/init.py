"""``seawall init``: a first ``seawall.toml``, with what other tools' configuration says."""

import os
import sys
from collections.abc import Iterator

from seawall import configuration
from seawall.cli.arguments import Parser
from seawall.cli.baseline import BASELINE_NAME, let_branches_merge
from seawall.cli.output import write_text
from seawall.cli.scan import with_flags
from seawall.configuration import FILE_NAME, foreign
from seawall.configuration.foreign.translation import Translation, translate
from seawall.core.errors import UsageError
from seawall.reports.visible import visible

_HEAD = """\
# What this team has decided for seawall. `seawall config show` prints all that holds, with its
# origin; docs/guide/configuration.md explains each key.

# Which rules run: security, reliability, all, pss-baseline or pss-restricted.
profile = "security"

# From this severity on a scan fails: critical, high, medium, low, info or none.
fail-on = "high"
"""
_EXAMPLES = {
    "enable": """\
# Rules that run besides those of the profile.
# enable = ["liveness-probe-missing"]
""",
    "ignore": """\
# Rules that do not run.
# ignore = ["seccomp-profile-missing"]
""",
    "exclude": """\
# Files that are not read, as in .gitignore.
# exclude = ["vendor/"]
""",
    "locked": """\
# Rules that nothing may ignore.
# locked = ["privileged-container"]
""",
    "foreign": """\
# Whether other tools' files, annotations and comments count: all, none (false), or those named.
# foreign = ["kube-linter", "trivy"]
""",
    "render": """\
# Whether Helm charts are rendered, by the helm program; docs/guide/charts.md.
# render = true
""",
}
_TAIL = """
# Texts of every kind are searched for passwords, keys and tokens, unless this says otherwise.
# [secrets]
# enabled = false

# Parameters and severities of single rules; `seawall explain ID` names them.
# [rules.replicas-too-few]
# minimum = 3
# severity = "high"

# With what Helm charts are rendered.
# [value-sets.production]
# values = ["values-production.yaml"]
# release = "shop"
# namespace = "shop"

# Findings that do not count, with the reason.
# [[suppress]]
# rules = ["host-network"]
# kinds = ["DaemonSet"]
# namespaces = ["kube-*"]
# reason = "node agents need it"
# until = 2027-01-31
"""


def parser() -> Parser:
    """The options of ``seawall init``."""
    result = Parser(
        prog="seawall init",
        description=f"Write a first {FILE_NAME}; what other tools' configuration says is taken "
        "over.",
    )
    result.add_argument(
        "directory", nargs="?", default=".", metavar="DIR", help="where (default: .)"
    )
    result.add_argument("--force", action="store_true", help="overwrite one that is there")
    result.add_argument("--kube-score", metavar="FLAGS", default="", help="kube-score's flags")
    result.add_argument(
        "--gitattributes", action="store_true",
        help=f"also tell git how branches that both add to {BASELINE_NAME} merge",
    )  # fmt: skip
    return result


def run(arguments: list[str]) -> int:
    """Write a configuration; gives the exit code."""
    options = parser().parse_args(with_flags(arguments))
    directory = options.directory
    path = os.path.normpath(os.path.join(directory, FILE_NAME))
    _refuse(directory, path, force=options.force)
    translation, files = _taken_over(directory, options.kube_score)
    write_text(_text(translation), path)
    sys.stderr.write(f"seawall: wrote {path}\n")
    if translation is not None:
        _tell(translation, files)
    baseline = os.path.join(directory, BASELINE_NAME)
    if options.gitattributes:
        let_branches_merge(baseline)
    else:
        sys.stderr.write(
            f"seawall: before you write a baseline, put '{BASELINE_NAME} merge=union' into "
            ".gitattributes so that branches merge, or say: seawall init --force --gitattributes\n"
        )
    return 0


def _refuse(directory: str, path: str, *, force: bool) -> None:
    if not os.path.isdir(directory):
        raise UsageError(f"{directory} is no directory; make it first, or name another")
    if os.path.lexists(path) and not force:
        raise UsageError(f"{path} is there already; --force overwrites it")
    if configuration.in_pyproject(directory):
        raise UsageError(
            f"{os.path.normpath(os.path.join(directory, 'pyproject.toml'))} holds [tool.seawall] "
            "already, and a second one beside it would not be read; remove one of the two"
        )


def _taken_over(directory: str, flags: str) -> tuple[Translation | None, tuple[str, ...]]:
    found = foreign.load(
        foreign.FORMS, (directory,), lambda d: configuration.base_of(d, (directory,)),
        (flags, "--kube-score" if flags else ""),
    )  # fmt: skip
    if found is None:
        return None, ()
    here = os.path.realpath(directory)
    beside = all(os.path.realpath(path or os.curdir) == here for path in found.directories)
    return translate(found, flags, same_directory=beside), found.files


def _text(translation: Translation | None) -> Iterator[str]:
    yield _HEAD
    keys = [] if translation is None else translation.keys
    for name, example in _EXAMPLES.items():
        if not any(line.startswith(f"{name} = ") for line in keys):
            yield f"\n{example}"
    if keys:
        yield "\n# Taken over from other tools' configuration.\n"
        yield from (f"{line}\n" for line in keys)
    yield _TAIL
    if translation is not None and translation.tables:
        yield from (f"{line}\n" for line in translation.tables)


def _tell(translation: Translation, files: tuple[str, ...]) -> None:
    for line in translation.done:
        sys.stderr.write(f"seawall: taken over: {visible(line)}\n")
    for line in translation.left:
        sys.stderr.write(f"seawall: not taken over: {visible(line)}\n")
    if files and not translation.left:
        names = ", ".join(files)
        sys.stderr.write(f"seawall: {names} can go when no other tool reads it\n")
