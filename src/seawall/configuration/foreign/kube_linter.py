"""kube-linter's configuration (pkg/config of 35de568), read as leniently as its reader is."""

import os
from collections.abc import Mapping

from seawall.configuration.foreign.documents import File
from seawall.configuration.foreign.files import ForeignFile
from seawall.configuration.foreign.switches import Switches
from seawall.configuration.foreign.words import CustomCheck, Foreign, Setting, Word
from seawall.core.ignore import Ignore
from seawall.core.location import KeyPath
from seawall.core.report import NotCovered
from seawall.core.rule import ParameterValue
from seawall.peers import PEER_RULES
from seawall.text.doublestar import parse
from seawall.text.scalars import Value
from seawall.triage.matching import Matching

TOOL = "kube-linter"
_CHECKS = ("addAllBuiltIn", "doNotAutoAddDefaults", "include", "exclude", "ignorePaths")
_KINDS = (
    "CronJob", "DaemonSet", "Deployment", "DeploymentConfig", "Job", "Pod", "ReplicaSet",
    "ReplicationController", "StatefulSet",
)  # fmt: skip

_PARAMETERS: Mapping[str, tuple[tuple[str, str, ParameterValue], ...]] = {
    # What the built-in check holds, where our rule asks for less or for nothing by default.
    "hpa-minimum-three-replicas": (("hpa-min-replicas", "minimum", 3),),
    "minimum-three-replicas": (("replicas-too-few", "minimum", 3),),
    "priority-class-name": (
        (
            "priority-class-not-allowed", "allowed",
            ("system-cluster-critical", "system-node-critical"),
        ),
    ),
    "required-annotation-email": (
        ("required-annotation", "annotations", ("email=*?@?*.?*",)),
        ("required-annotation", "kinds", _KINDS),
    ),
    "required-label-owner": (
        ("required-label", "labels", ("owner",)),
        ("required-label", "kinds", _KINDS),
    ),
}  # fmt: skip


def read(file: ForeignFile) -> Foreign:
    """What a configuration turns on, off and leaves out. Raises UsageError for a wrong type."""
    return _Reader(file).read()


class _Reader:
    def __init__(self, file: ForeignFile) -> None:
        self._file = file
        self._document = File(file.path, file.data)
        self._switches = Switches(TOOL, file.path)
        self._parameters: dict[tuple[str, str], Setting] = {}
        self._notes: list[str] = []

    def read(self) -> Foreign:
        if self._file.beside:
            self._notes.append(
                f"{self._file.path} is heeded and {self._file.beside} beside it is not, as "
                "kube-linter does"
            )
        table = self._section(self._document.value, (), ("checks", "customChecks"))
        checks_at, checks = table.get("checks", (("checks",), None))
        settings = self._section(checks, checks_at, _CHECKS)
        at, rows = table.get("customChecks", (("customChecks",), None))
        custom = tuple(
            CustomCheck(row, self._file.path, self._document.line(*at, number))
            for number, row in enumerate(self._document.rows(rows, at))
        )
        self._select(settings, {check.name for check in custom})
        path = self._file.path
        return Foreign(
            (path,),
            (self._file.directory,),
            ignore=tuple(self._switches.ignore),
            enable=tuple(self._switches.enable),
            exclude=tuple(self._ignored_paths(settings)),
            exclude_directory=self._file.directory,
            ignores=tuple(self._hidden()),
            parameters=self._parameters,
            custom=custom,
            not_covered=tuple(
                NotCovered(
                    path, f"kube-linter check {check}", "no rule of this version is like it",
                    f"see {path}:{line}; seawall rules --coverage kube-linter lists what is known",
                )
                for check, line in self._switches.unknown
            ),
            notes=tuple(self._notes),
        )  # fmt: skip

    def _section(
        self, value: Value, at: KeyPath, known: tuple[str, ...]
    ) -> dict[str, tuple[KeyPath, Value]]:
        """The known keys of a mapping, whatever the case they are written in."""
        names = {name.lower(): name for name in known}
        result: dict[str, tuple[KeyPath, Value]] = {}
        for key, item in self._document.table(value, at).items():
            name = names.get(key.lower())
            if name is None:
                line = self._document.line(*at, key)
                self._notes.append(
                    f"{self._file.path}:{line}: kube-linter knows no {key!r} here; known: "
                    f"{', '.join(known)}"
                )
            else:
                result[name] = ((*at, key), item)
        return result

    def _select(
        self, settings: Mapping[str, tuple[KeyPath, Value]], custom: frozenset[str] | set[str]
    ) -> None:
        excluded = self._names(settings, "exclude")
        included = self._names(settings, "include")
        if self._flag(settings, "addAllBuiltIn"):
            line = self._document.line(*settings["addAllBuiltIn"][0])
            for check in PEER_RULES[TOOL]:
                included.setdefault(check, line)
        if self._flag(settings, "doNotAutoAddDefaults"):
            line = self._document.line(*settings["doNotAutoAddDefaults"][0])
            self._notes.append(
                f"{self._file.path}:{line}: doNotAutoAddDefaults is about kube-linter's own "
                "default checks; which rules run here is a matter of the profile"
            )
        for check, line in included.items():
            if check not in excluded and check not in custom:
                self._switches.on(check, line, f"include {check}")
                for rule, name, value in _PARAMETERS.get(check, ()):
                    origin = f"{self._file.path}:{line}"
                    self._parameters[rule, name] = Setting(value, origin)
        for check, line in excluded.items():
            said = f"exclude {check}"
            if check in custom:
                origin = f"{self._file.path}:{line}"
                self._switches.ignore.append(Word(f"custom:{check}", origin, said))
            else:
                self._switches.off(check, line, said)

    def _names(self, settings: Mapping[str, tuple[KeyPath, Value]], key: str) -> dict[str, int]:
        """The checks of a list, with their lines; a text is a list with commas."""
        if key not in settings:
            return {}
        at, value = settings[key]
        if isinstance(value, str):
            line = self._document.line(*at)
            return {name.strip(): line for name in value.split(",") if name.strip()}
        return {
            name: self._document.line(*at, number)
            for number, name in enumerate(self._document.texts(value, at))
        }

    def _flag(self, settings: Mapping[str, tuple[KeyPath, Value]], key: str) -> bool:
        at, value = settings.get(key, ((), None))
        if isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
            return value.lower() in ("true", "1")
        if value is not None and not isinstance(value, bool):
            self._document.fail(at, "must be true or false")
        return bool(value)

    def _ignored_paths(self, settings: Mapping[str, tuple[KeyPath, Value]]) -> list[Word]:
        result = []
        for pattern, line in self._names(settings, "ignorePaths").items():
            origin = f"{self._file.path}:{line}"
            try:
                parse(pattern)
            except ValueError as error:
                at = settings["ignorePaths"][0]
                self._document.fail(at, f"{pattern!r} {error}")
            own = rooted(pattern, self._file.directory)
            if own.startswith(("/", "../")):
                self._notes.append(f"{origin}: {pattern!r} names nothing below {self._file.path}")
            else:
                result.append(Word(own, origin, f"ignorePaths {pattern}"))
        return result

    def _hidden(self) -> list[Ignore]:
        """Ignores for checks that are off, but whose rules find more than they do."""
        result = []
        for check, line in self._switches.partial:
            place = self._document.location()
            span = place.span._replace(line=line, end_line=line) if place.span else None
            result.append(
                Ignore(
                    (check,), Matching(), "excluded", origin=place._replace(span=span, key_path=()),
                    form="configuration", tool=TOOL,
                )
            )  # fmt: skip
        return result


def rooted(pattern: str, directory: str) -> str:
    """A pattern from the directory of its configuration on, where it lies below.

    kube-linter reads a relative pattern from its working directory on, ``~`` as the home.
    """
    if pattern.startswith("~"):
        pattern = os.path.expanduser(pattern)
    root = os.path.realpath(directory or os.curdir)
    if pattern.startswith("/**/"):
        return pattern.removeprefix("/")
    if os.path.isabs(pattern):
        return pattern.removeprefix(f"{root}/")
    return os.path.normpath(pattern)
