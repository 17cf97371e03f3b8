"""One writer for each report format, loaded only when somebody asks for it.

To add a format, write a module with the two functions that ``Form`` describes and add its name to
``FORMATS``: nothing else is needed.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

from seawall.core.errors import UsageError
from seawall.core.named_tuple import NamedTuple
from seawall.core.portion import Portion
from seawall.core.report import Report, Summary
from seawall.core.severity import Severity

FORMATS = (
    "table", "json", "jsonl", "sarif", "junit", "gitlab", "gitlab-secrets", "github", "markdown",
    "html", "openvex",
)  # fmt: skip
"""What ``--format`` takes; each is a module of this package, with ``_`` for a hyphen. The first is
the default."""


WITH_FIXES = frozenset(("json", "sarif"))
"""Formats that show how findings are mended; for the others nobody has to work it out."""


class Sources(Protocol):
    """Where writers find the text a finding points at."""

    def line(self, path: str, number: int) -> str | None:
        """A line by its number (from 1), without its end; ``None`` when it cannot be had."""


class Options(NamedTuple):
    """How a report is to look."""

    colour: bool = False
    """Whether a terminal's colours may be used."""
    width: int = 0
    """The terminal's columns; 0 when there is none: then texts are not wrapped."""
    quiet: bool = False
    verbose: bool = False
    meta: Mapping[str, object] | None = None
    """What varies from run to run (times, machine); left out of a report unless given."""
    fail_on: Severity | None = None
    """The severity from which findings make the scan fail; ``None`` when none does."""
    compact: bool = False
    """Whether a finding is to take one line where the format knows a shorter form."""
    show_secrets: bool = False
    """Whether secrets are shown: the table alone does so, and only where it is seen at once."""


class Form(Protocol):
    """How a format is written: in two steps, for what is said of most files may be known.

    A report is the same text whether its findings are told as one portion or as many, as long as
    each file is in one of them only and they come in the order of the files.
    """

    def tell(self, report: Report, sources: Sources, options: Options) -> Portion:
        """What is said of the findings of a report, counted or suppressed, and of nothing else."""

    def join(
        self, portions: Sequence[Portion], summary: Summary, options: Options
    ) -> Iterator[str]:
        """The whole text of portions, in pieces, so that a large one is never held as a whole."""


def form(name: str) -> Form:
    """How a format is written; only its module is imported."""
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}: choose from {', '.join(FORMATS)}")
    return cast("Form", import_module(f"seawall.reports.{name.replace('-', '_')}"))


def write(name: str, report: Report, sources: Sources, options: Options) -> Iterator[str]:
    """The text of a report in a format, in pieces."""
    how = form(name)
    return how.join((how.tell(report, sources, options),), report.summary(), options)
