"""kube-score's flags (cmd/kube-score/main.go of v1.20.0), which it has in place of a file."""

import shlex
from collections.abc import Iterator

from seawall import equivalents
from seawall.configuration.foreign.switches import Switches
from seawall.configuration.foreign.words import Foreign, Setting, Word
from seawall.core.errors import UsageError
from seawall.core.ignore import Ignore
from seawall.core.location import Location
from seawall.core.report import NotCovered
from seawall.triage.matching import Matching

TOOL = "kube-score"
OPTIONAL = (
    "container-cpu-requests-equal-limits", "container-ephemeral-storage-request-equals-limit",
    "container-memory-requests-equal-limits", "container-ports-check",
    "container-resource-requests-equal-limits", "container-seccomp-profile",
)  # fmt: skip
"""The checks that kube-score runs only when asked."""

_LISTS = ("enable-optional-test", "ignore-test")
_NUMBERS = {
    "min-replicas-deployment": ("replicas-too-few", "minimum"),
    "min-replicas-hpa": ("hpa-min-replicas", "minimum"),
}
_SWITCHES = (
    "all-default-optional", "disable-ignore-checks-annotations",
    "disable-optional-checks-annotations", "exit-one-on-warning", "help",
    "ignore-container-cpu-limit", "ignore-container-memory-limit", "verbose",
)  # fmt: skip
_TEXTS = ("color", "kubernetes-version", "output-format", "output-version")
_SHORT = {"-o": "output-format", "-v": "verbose"}
_OURS = {
    # Flags about the output, and what does the same here.
    "color": "--color", "output-format": "--format", "output-version": "--format",
    "verbose": "--verbose", "help": "--help", "exit-one-on-warning": "--fail-on",
}  # fmt: skip
_ANNOTATIONS = {
    "disable-ignore-checks-annotations": "kube-score:ignore",
    "disable-optional-checks-annotations": "kube-score:enable",
}
_LIMITS = {
    "ignore-container-cpu-limit": "cpu-limit-missing",
    "ignore-container-memory-limit": "memory-limit-missing",
}


def read(flags: str, origin: str) -> Foreign:
    """What the flags say; raises UsageError, with their origin, for what kube-score refuses."""
    try:
        words = shlex.split(flags)
    except ValueError as error:
        raise UsageError(
            f"{origin}: kube-score: {str(error).lower()}; put quotation marks in pairs"
        ) from None
    return _Reader(list(_parsed(words, origin)), origin).read()


def _parsed(words: list[str], origin: str) -> Iterator[tuple[str, str]]:
    """Flags with their values; those without one have ``true``."""
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        name = _SHORT.get(name) or name.removeprefix("--")
        if name in _SWITCHES or word.strip("v") == "-":
            name = name if name in _SWITCHES else "verbose"
            if equals and value.lower() not in ("true", "false", "1", "0", "t", "f"):
                raise UsageError(
                    f"{origin}: kube-score: --{name} must be true or false, not {value!r}"
                )
            yield name, "false" if value.lower() in ("false", "0", "f") else "true"
        elif word.startswith("-") and name in (*_LISTS, *_NUMBERS, *_TEXTS):
            following = value if equals else next(rest, None)
            if following is None:
                raise UsageError(f"{origin}: kube-score: --{name} needs a value")
            yield name, following
        elif word.startswith("-") and word != "-":
            raise UsageError(
                f"{origin}: kube-score has no flag {word!r}; "
                "see what it has: kube-score score --help"
            )
        elif word not in ("score", "kube-score"):
            raise UsageError(
                f"{origin}: kube-score: {word!r} is no flag; give the files to seawall scan"
            )


class _Reader:
    def __init__(self, flags: list[tuple[str, str]], origin: str) -> None:
        self._flags = flags
        self._origin = origin
        self._switches = Switches(TOOL, origin)
        self._notes: list[str] = []

    def read(self) -> Foreign:
        on = {name for name, value in self._flags if value != "false"}
        ignored = self._listed("ignore-test")
        optional = self._listed("enable-optional-test")
        if ignored and "all-default-optional" in on:
            raise UsageError(
                f"{self._origin}: kube-score takes --all-default-optional and --ignore-test only "
                "one at a time; leave one out"
            )
        if "all-default-optional" in on:
            optional = list(OPTIONAL)
        for check in optional:
            if check not in ignored:
                self._switches.on(check, 0, f"--enable-optional-test {check}")
        for check in ignored:
            self._switches.off(check, 0, f"--ignore-test {check}")
            if not equivalents.rules_of(TOOL, check):
                self._notes.append(f"{self._origin}: no rule is like kube-score's {check!r}")
        for flag, rule in _LIMITS.items():
            if flag in on:
                self._switches.ignore.append(Word(rule, self._origin, f"--{flag}"))
        self._notes += self._about_output()
        return Foreign(
            ignore=tuple(self._switches.ignore),
            enable=tuple(self._switches.enable),
            ignores=tuple(self._hidden()),
            parameters=dict(self._numbers()),
            settings=dict(self._versions()),
            unheeded=tuple(
                Word(form, self._origin, f"--{flag}")
                for flag, form in _ANNOTATIONS.items()
                if flag in on
            ),
            not_covered=tuple(
                NotCovered(
                    self._origin, f"kube-score check {check}", "no rule is like it",
                    "seawall rules --coverage kube-score lists what is known",
                )
                for check, _ in self._switches.unknown
            ),
            notes=tuple(self._notes),
        )  # fmt: skip

    def _about_output(self) -> Iterator[str]:
        for flag in dict.fromkeys(name for name, value in self._flags if value != "false"):
            if flag in _OURS:
                yield f"{self._origin}: kube-score's --{flag} is not for this; see {_OURS[flag]}"

    def _listed(self, flag: str) -> list[str]:
        return [
            item.strip()
            for name, value in self._flags
            if name == flag
            for item in value.split(",")
            if item.strip()
        ]

    def _numbers(self) -> Iterator[tuple[tuple[str, str], Setting]]:
        for name, value in self._flags:
            if name not in _NUMBERS:
                continue
            if not value.lstrip("-").isdecimal():
                raise UsageError(
                    f"{self._origin}: kube-score: --{name} must be a whole number, not {value!r}"
                )
            yield _NUMBERS[name], Setting(int(value), self._origin)

    def _versions(self) -> Iterator[tuple[str, Setting]]:
        for name, value in self._flags:
            if name != "kubernetes-version":
                continue
            major, _, minor = value.removeprefix("v").partition(".")
            if not value.startswith("v") or not (major.isdecimal() and minor.isdecimal()):
                raise UsageError(
                    f"{self._origin}: kube-score: --{name} must be given as v1.34, not {value!r}"
                )
            yield "kubernetes-version", Setting(value, self._origin)

    def _hidden(self) -> Iterator[Ignore]:
        for check, _ in self._switches.partial:
            yield Ignore(
                (check,), Matching(), "--ignore-test", origin=Location(self._origin),
                form="configuration", tool=TOOL,
            )  # fmt: skip
