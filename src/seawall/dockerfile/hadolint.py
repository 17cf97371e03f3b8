"""hadolint's configuration in our terms: ``.hadolint.yaml`` and the ``HADOLINT_*`` variables.

Facts from hadolint 2.15 (README.md, src/Hadolint/Config). Where hadolint refuses a file for a value
of a wrong type and goes on without, the rest of the file counts here and a note tells of it.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.core.rule import ParameterValue
from seawall.core.severity import Severity
from seawall.text.decoding import Undecodable, decode
from seawall.text.places import locate
from seawall.text.scalars import Value
from seawall.text.yaml import Broken, Chunk, load

SEVERITIES = {
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "info": Severity.LOW,
    "style": Severity.INFO,
}
"""What fails a run of hadolint at a threshold fails one here at the same."""
_THRESHOLDS = {**SEVERITIES, "ignore": Severity.INFO, "none": Severity.INFO}
"""hadolint orders ``ignore`` below ``style``, so that with it every finding fails."""
FORMATS = (
    "tty", "json", "checkstyle", "codeclimate", "gitlab_codeclimate", "gnu", "codacy", "sonarqube",
    "sarif", "junit",
)  # fmt: skip
LABEL_TYPES = ("email", "hash", "rfc3339", "semver", "spdx", "text", "url")
_CODE = pattern(r"(?:DL|SC)\d{4}")
_TRUTHY = frozenset(("1", "y", "on", "true", "yes"))


class Word(NamedTuple):
    """A value and the line it is on; 0 for one of the environment."""

    value: str
    line: int = 0


class Note(NamedTuple):
    """What was not understood, or does not matter here, and the line it is on."""

    text: str
    line: int = 0


class Configuration(NamedTuple):
    """What hadolint is told. ``None`` and empty tuples where nothing is said.

    ``severities`` by rule code; ``label_schema`` as ``name:type``.
    """

    ignored: tuple[Word, ...] = ()
    severities: Mapping[str, Severity] = {}
    trusted_registries: tuple[Word, ...] = ()
    label_schema: tuple[Word, ...] = ()
    strict_labels: bool | None = None
    disable_ignore_pragma: bool | None = None
    failure_threshold: Severity | None = None
    no_fail: bool | None = None
    no_color: bool | None = None
    verbose: bool | None = None
    formats: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


NOTHING = Configuration()


def candidates(directory: str, environment: Mapping[str, str]) -> list[str]:
    """Where hadolint looks for its configuration; the first that is there counts alone.

    The project's directory, ``$XDG_CONFIG_HOME``, ``~/.hadolint`` and the home directory.
    """
    home = environment.get("HOME", "")
    user = environment.get("XDG_CONFIG_HOME") or (os.path.join(home, ".config") if home else "")
    names = [(directory, ".hadolint")]
    if user:
        names.append((user, "hadolint"))
    if home:
        own = os.path.join(home, ".hadolint")
        names += [(own, "hadolint"), (own, "config"), (home, ".hadolint")]
    endings = (".yaml", ".yml")
    return [os.path.join(place, name + ending) for place, name in names for ending in endings]


def together(environment: Configuration, file: Configuration) -> Configuration:
    """What the environment and a file say: lists add up, of two values the file's counts."""
    schema = {word.value.rpartition(":")[0]: word for word in file.label_schema}
    schema |= {word.value.rpartition(":")[0]: word for word in environment.label_schema}
    severities = dict(file.severities)
    for code, severity in environment.severities.items():
        severities[code] = max(severity, severities.get(code, severity))
    return Configuration(
        (*environment.ignored, *file.ignored),
        severities,
        (*environment.trusted_registries, *file.trusted_registries),
        tuple(schema.values()),
        _last(environment.strict_labels, file.strict_labels),
        _last(environment.disable_ignore_pragma, file.disable_ignore_pragma),
        environment.failure_threshold if file.failure_threshold is None else file.failure_threshold,
        _last(environment.no_fail, file.no_fail),
        _last(environment.no_color, file.no_color),
        _last(environment.verbose, file.verbose),
        (*environment.formats, *file.formats),
        (*environment.notes, *file.notes),
    )


def _last(first: bool | None, second: bool | None) -> bool | None:
    return first if second is None else second


def parameters(configuration: Configuration) -> dict[str, dict[str, ParameterValue]]:
    """The label schema as parameters of our rules, by rule. ``label-strict`` only where asked."""
    schema = tuple(word.value for word in configuration.label_schema)
    if not schema:
        return {}
    rules = ["label-required", "label-type"]
    rules += ["label-strict"] if configuration.strict_labels else []
    return {rule: {"schema": schema} for rule in rules}


# The file -------------------------------------------------------------------------------------


def read_file(data: bytes) -> Configuration:
    """Read a configuration file. Never raises: what is wrong is in the notes."""
    text = decode(data)
    if isinstance(text, Undecodable):
        return Configuration(notes=(Note(text.reason, text.line),))
    document = next(iter(load(text)), None)
    if document is None:
        return NOTHING
    if isinstance(document, Broken):
        note = Note(f"this is no valid YAML: {document.reason}", document.position.line)
        return Configuration(notes=(note,))
    return _File(document.chunk, document.value).read()


class _File:
    def __init__(self, chunk: Chunk, value: Value) -> None:
        self._chunk = chunk
        self._value = value
        self._notes: list[Note] = []

    def read(self) -> Configuration:
        value = self._value
        if value is None:
            return NOTHING
        if not isinstance(value, dict):
            return Configuration(notes=(Note("a mapping is wanted here", self._line(())),))
        for key in value:
            if key not in _KEYS:
                self._note((key,), f"hadolint knows no key {key!r}{_near(key)}")
        schema = self._schema(value.get("label-schema"))
        formats = self._formats(value)
        return Configuration(
            tuple(self._codes(value.get("ignored"), ("ignored",))),
            self._severities(value.get("override")),
            tuple(self._texts(value.get("trustedRegistries"), ("trustedRegistries",))),
            schema,
            self._switch("strict-labels"),
            self._switch("disable-ignore-pragma"),
            self._threshold(value.get("failure-threshold")),
            self._switch("no-fail"),
            self._switch("no-color"),
            self._switch("verbose"),
            formats,
            tuple(sorted(self._notes, key=lambda note: note.line)),
        )

    def _line(self, keys: KeyPath) -> int:
        found = locate(self._chunk, [keys])
        return found[keys].span.line if keys in found else 1

    def _note(self, keys: KeyPath, text: str) -> None:
        self._notes.append(Note(text, self._line(keys)))

    def _texts(self, value: Value, keys: KeyPath) -> Iterator[Word]:
        if isinstance(value, str) and keys == ("trustedRegistries",):
            yield Word(value, self._line(keys))
            return
        if value is None:
            return
        if not isinstance(value, list):
            self._note(keys, f"{keys[-1]} must be a list of texts")
            return
        for number, item in enumerate(value):
            place = (*keys, number)
            if isinstance(item, str):
                yield Word(item, self._line(place))
            else:
                self._note(place, f"{keys[-1]} must be a list of texts")

    def _codes(self, value: Value, keys: KeyPath) -> Iterator[Word]:
        for word in self._texts(value, keys):
            if not _CODE.fullmatch(word.value):
                text = f"{word.value!r} is no rule of hadolint: DL or SC and four digits"
                self._notes.append(Note(text, word.line))
            yield word

    def _severities(self, value: Value) -> dict[str, Severity]:
        result: dict[str, Severity] = {}
        if value is None:
            return result
        if not isinstance(value, dict):
            self._note(("override",), "override must be a mapping")
            return result
        for key in value:
            if key not in SEVERITIES:
                names = ", ".join(SEVERITIES)
                self._note(("override", key), f"override knows no {key!r}; there are {names}")
        for name in reversed(SEVERITIES):  # the worst one counts, as in hadolint
            for word in self._codes(value.get(name), ("override", name)):
                result[word.value] = SEVERITIES[name]
        return result

    def _schema(self, value: Value) -> tuple[Word, ...]:
        if value is None:
            return ()
        if not isinstance(value, dict):
            self._note(("label-schema",), "label-schema must be a mapping")
            return ()
        words = []
        for name, kind in value.items():
            keys = ("label-schema", name)
            if kind in LABEL_TYPES or kind == "":
                words.append(Word(f"{name}:{kind or 'text'}", self._line(keys)))
            else:
                self._note(keys, f"{kind!r} is no type of a label: {', '.join(LABEL_TYPES)}")
        return tuple(words)

    def _switch(self, key: str) -> bool | None:
        value = self._value.get(key) if isinstance(self._value, dict) else None
        if value is None or isinstance(value, bool):
            return value
        self._note((key,), f"{key} must be true or false")
        return None

    def _threshold(self, value: Value) -> Severity | None:
        if value is None:
            return None
        if isinstance(value, str) and value in _THRESHOLDS:
            return _THRESHOLDS[value]
        text = f"failure-threshold must be one of {', '.join(_THRESHOLDS)}"
        self._note(("failure-threshold",), text)
        return None

    def _formats(self, value: dict[str, Value]) -> tuple[str, ...]:
        found = []
        for key in ("formats", "format"):
            given = value.get(key)
            for item in given if isinstance(given, list) else [given]:
                if isinstance(item, str) and item in FORMATS:
                    found.append(item)
                elif item is not None:
                    self._note((key,), f"hadolint knows no format {item!r}")
        return tuple(found)


_KEYS = (
    "disable-ignore-pragma", "failure-threshold", "format", "formats", "ignored", "label-schema",
    "no-color", "no-fail", "override", "strict-labels", "trustedRegistries", "verbose",
)  # fmt: skip


def _near(key: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a note

    close = get_close_matches(key, _KEYS, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


# The environment ------------------------------------------------------------------------------


def read_environment(environment: Mapping[str, str]) -> Configuration:
    """What ``HADOLINT_*`` and ``NO_COLOR`` say. What hadolint passes over silently has a note."""
    notes: list[Note] = []

    def words(name: str) -> tuple[Word, ...]:
        return tuple(Word(one) for one in environment.get(name, "").split(",") if one)

    def switch(name: str) -> bool | None:
        return environment[name].lower() in _TRUTHY if name in environment else None

    severities: dict[str, Severity] = {}
    for level, severity in reversed(SEVERITIES.items()):
        for word in words(f"HADOLINT_OVERRIDE_{level.upper()}"):
            severities[word.value] = severity
    given = environment.get("HADOLINT_FAILURE_THRESHOLD")
    threshold = _THRESHOLDS.get(given) if given is not None else None
    if given is not None and threshold is None:
        notes.append(Note(f"HADOLINT_FAILURE_THRESHOLD must be one of {', '.join(_THRESHOLDS)}"))
    return Configuration(
        words("HADOLINT_IGNORE"),
        severities,
        words("HADOLINT_TRUSTED_REGISTRIES"),
        tuple(_environment_schema(words("HADOLINT_REQUIRE_LABELS"), notes.append)),
        switch("HADOLINT_STRICT_LABELS"),
        switch("HADOLINT_DISABLE_IGNORE_PRAGMA"),
        threshold,
        switch("HADOLINT_NOFAIL"),
        True if "NO_COLOR" in environment else None,
        switch("HADOLINT_VERBOSE"),
        tuple(_environment_formats(words("HADOLINT_FORMAT"), notes.append)),
        tuple(notes),
    )


def _environment_schema(words: tuple[Word, ...], tell: Callable[[Note], object]) -> Iterator[Word]:
    for word in words:
        name, _, kind = word.value.partition(":")
        if kind in LABEL_TYPES or not kind:
            yield Word(f"{name}:{kind or 'text'}")
        else:
            tell(Note(f"HADOLINT_REQUIRE_LABELS: {kind!r} is no type of a label"))


def _environment_formats(words: tuple[Word, ...], tell: Callable[[Note], object]) -> Iterator[str]:
    for word in words:
        if word.value in FORMATS:
            yield word.value
        else:
            tell(Note(f"HADOLINT_FORMAT: hadolint knows no format {word.value!r}"))
