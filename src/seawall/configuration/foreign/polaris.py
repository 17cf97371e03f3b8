"""Polaris's configuration: severities of checks, and exemptions.

Facts from its documentation (customization/configuration.md, exemptions.md) and
pkg/config/exemptions.go.
"""

from seawall import equivalents
from seawall.configuration.foreign.documents import File
from seawall.configuration.foreign.files import ForeignFile
from seawall.configuration.foreign.switches import Switches
from seawall.configuration.foreign.words import NOTHING, Foreign, Weight, Word
from seawall.core.ignore import Ignore
from seawall.core.location import KeyPath
from seawall.core.report import NotCovered
from seawall.core.severity import Severity
from seawall.text.scalars import Value
from seawall.triage.matching import Matching

TOOL = "polaris"
_KEYS = (
    "checks", "exemptions", "customChecks", "mutations", "displayName", "disallowExemptions",
    "disallowConfigExemptions", "disallowAnnotationExemptions", "namespace", "kubeContext",
)  # fmt: skip
_EXEMPTION = ("namespace", "controllerNames", "containerNames", "rules")
_WEIGHTS = {
    # What fails a run of Polaris should fail one here, and the other way round.
    "danger": (Severity.HIGH, True),
    "warning": (Severity.MEDIUM, False),
}


def read(file: ForeignFile) -> Foreign:
    """What a configuration says; nothing where the file is something else (a manifest, say)."""
    document = File(file.path, file.data)
    value = document.value
    if not isinstance(value, dict) or "apiVersion" in value or not value.keys() & set(_KEYS[:3]):
        return NOTHING
    return _Reader(file, document).read()


class _Reader:
    def __init__(self, file: ForeignFile, document: File) -> None:
        self._file = file
        self._document = document
        self._switches = Switches(TOOL, file.path)
        self._weights: dict[str, Weight] = {}
        self._notes: list[str] = []

    def read(self) -> Foreign:
        document = self._document
        table = document.table(document.value, ())
        path = self._file.path
        if self._file.beside:
            self._notes.append(f"{path} is heeded and {self._file.beside} beside it is not")
        for key in table:
            if key not in _KEYS:
                self._notes.append(f"{path}:{document.line(key)}: Polaris knows no {key!r}")
        self._severities(table.get("checks"), set(document.table(table.get("customChecks"), ())))
        ignores: list[Ignore] = []
        if not self._flag(table, "disallowExemptions", "disallowConfigExemptions"):
            for number, row in enumerate(document.rows(table.get("exemptions"), ("exemptions",))):
                ignores += self._exemption(row, ("exemptions", number))
        unheeded = [
            Word("polaris:ignore", f"{path}:{document.line(key)}", key)
            for key in ("disallowExemptions", "disallowAnnotationExemptions")
            if self._flag(table, key)
        ]
        return Foreign(
            (path,),
            (self._file.directory,),
            ignore=tuple(self._switches.ignore),
            enable=tuple(self._switches.enable),
            ignores=(*ignores, *self._hidden()),
            weights=self._weights,
            unheeded=tuple(unheeded[:1]),
            not_covered=tuple(
                NotCovered(
                    path, f"Polaris custom check {name}", "custom checks of Polaris are not run",
                    "keep Polaris for them, or write them as customChecks of kube-linter",
                )
                for name in document.table(table.get("customChecks"), ("customChecks",))
            ),
            notes=tuple(self._notes),
        )  # fmt: skip

    def _severities(self, checks: Value, custom: set[str]) -> None:
        unknown = []
        for check, severity in self._document.table(checks, ("checks",)).items():
            line = self._document.line("checks", check)
            if severity not in ("ignore", *_WEIGHTS):
                self._document.fail(("checks", check), "must be ignore, warning or danger")
            rules = equivalents.rules_of(TOOL, check)
            if not rules and check not in custom and severity != "ignore":
                unknown.append(check)
            elif severity == "ignore":
                self._switches.off(check, line, f"{check}: ignore")
            elif rules:
                self._switches.on(check, line, f"{check}: {severity}")
                self._weigh(check, str(severity), line)
        if unknown:
            self._notes.append(
                f"{self._file.path}: no rule is like these checks of Polaris: {', '.join(unknown)}"
            )

    def _weigh(self, check: str, severity: str, line: int) -> None:
        """Take the severity over where one check is one rule; else it would be too coarse."""
        rules = equivalents.rules_of(TOOL, check)
        level, at_least = _WEIGHTS[severity]
        if len(rules) == 1 and len(equivalents.checks_of(rules[0], TOOL)) == 1:
            self._weights[rules[0].id] = Weight(level, at_least, f"{self._file.path}:{line}")

    def _flag(self, table: dict[str, Value], *keys: str) -> bool:
        for key in keys:
            if not isinstance(table.get(key, False), bool):
                self._document.fail((key,), "must be true or false")
        return any(table.get(key, False) for key in keys)

    def _exemption(self, row: Value, at: KeyPath) -> list[Ignore]:
        document = self._document
        table = document.table(row, at)
        place = document.location(*at)
        where = f"{document.path}:{place.span.line if place.span else 1}"
        for key in table:
            if key not in _EXEMPTION:
                self._notes.append(f"{where}: Polaris knows no {key!r} in an exemption")
        namespace = document.text(table.get("namespace"), (*at, "namespace"))
        controllers = document.texts(table.get("controllerNames"), (*at, "controllerNames"))
        containers = document.texts(table.get("containerNames"), (*at, "containerNames"))
        rules = document.texts(table.get("rules"), (*at, "rules"))
        scope = Matching(
            namespaces=(_literal(namespace),) if namespace else (),
            names=tuple(f"{_literal(name)}*" for name in controllers),
            containers=tuple(f"{_literal(name)}*" for name in containers),
        )
        return [
            Ignore(tuple(rules), scope, "exempt", origin=place, form="configuration", tool=TOOL)
        ]

    def _hidden(self) -> list[Ignore]:
        result = []
        for check, _ in self._switches.partial:
            place = self._document.location("checks", check)
            result.append(
                Ignore(
                    (check,), Matching(), "its severity is ignore", origin=place,
                    form="configuration", tool=TOOL,
                )
            )  # fmt: skip
        return result


def _literal(text: str) -> str:
    """A text as a glob that matches nothing else."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)
