"""What other tools' configuration says, in our terms, each with the place that says it."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from seawall.core.ignore import Ignore
from seawall.core.report import NotCovered
from seawall.core.rule import ParameterValue
from seawall.core.severity import Severity
from seawall.text.scalars import Value

if TYPE_CHECKING:
    from seawall.secrets.custom.rule import RuleSet


class Word(NamedTuple):
    """A value, where it is written (``.kube-linter.yaml:4``) and how (``exclude host-pid``)."""

    value: str
    origin: str
    said: str = ""


class Setting(NamedTuple):
    """A value of a key or of a rule's parameter, and where it is written."""

    value: ParameterValue
    origin: str


class Weight(NamedTuple):
    """The severity a tool's configuration gives to the rules of a check.

    ``at_least`` tells a threshold from a ceiling: it raises rules that are below, and lowers none.
    """

    severity: Severity
    at_least: bool
    origin: str

    def of(self, severity: Severity) -> Severity:
        """What becomes of a rule's own severity."""
        return (max if self.at_least else min)(severity, self.severity)


class CustomCheck(NamedTuple):
    """A check that a team made from a template of kube-linter, as it is written."""

    value: Value
    path: str
    line: int

    @property
    def name(self) -> str:
        """Its name, as far as it has one; kube-linter's reader does not tell capitals apart."""
        table = self.value if isinstance(self.value, dict) else {}
        found = next((item for key, item in table.items() if str(key).lower() == "name"), "")
        return str(found) or "without a name"


class Foreign(NamedTuple):
    """Everything that other tools' files and flags say."""

    files: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    """Those of the files."""
    ignore: tuple[Word, ...] = ()
    """Rules that do not run."""
    enable: tuple[Word, ...] = ()
    """Rules that run besides those of the profile."""
    exclude: tuple[Word, ...] = ()
    """Globs (doublestar) of files that are not read, from ``directory`` on."""
    exclude_directory: str = ""
    ignores: tuple[Ignore, ...] = ()
    parameters: Mapping[tuple[str, str], Setting] = {}
    """By rule and parameter."""
    weights: Mapping[str, Weight] = {}
    """By rule."""
    settings: Mapping[str, Setting] = {}
    """By key of our own configuration."""
    unheeded: tuple[Word, ...] = ()
    """Annotations of a tool that its configuration turns off: ``kube-score:enable``."""
    custom: tuple[CustomCheck, ...] = ()
    secret_rules: "tuple[RuleSet, ...]" = ()
    """Rules about secrets."""
    not_covered: tuple[NotCovered, ...] = ()
    notes: tuple[str, ...] = ()
    """What was not understood, or does not matter here."""


NOTHING = Foreign()


def together(parts: Iterable[Foreign]) -> Foreign:
    """What several tools say. Of two that set one thing the later one counts."""
    result = NOTHING
    for part in parts:
        result = Foreign(
            (*result.files, *part.files),
            (*result.directories, *part.directories),
            (*result.ignore, *part.ignore),
            (*result.enable, *part.enable),
            (*result.exclude, *part.exclude),
            part.exclude_directory or result.exclude_directory,
            (*result.ignores, *part.ignores),
            {**result.parameters, **part.parameters},
            {**result.weights, **part.weights},
            {**result.settings, **part.settings},
            (*result.unheeded, *part.unheeded),
            (*result.custom, *part.custom),
            (*result.secret_rules, *part.secret_rules),
            (*result.not_covered, *part.not_covered),
            (*result.notes, *part.notes),
        )
    return result
