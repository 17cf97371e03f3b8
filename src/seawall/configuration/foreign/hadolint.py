"""hadolint's configuration: what ``dockerfile.hadolint`` reads, as the settings of a run."""

from collections.abc import Iterator, Mapping

from seawall import equivalents
from seawall.configuration.foreign.files import ForeignFile
from seawall.configuration.foreign.words import Foreign, Setting, Weight, Word
from seawall.core.ignore import Ignore
from seawall.core.location import Location, Span
from seawall.dockerfile import hadolint
from seawall.dockerfile.hadolint import Configuration
from seawall.triage.matching import Matching

TOOL = "hadolint"
ENVIRONMENT = "HADOLINT_"
"""How the variables begin that hadolint reads."""
_EVERYWHERE = Matching()


def read(file: ForeignFile | None, environment: Mapping[str, str]) -> Foreign:
    """What a file, where there is one, and the ``HADOLINT_*`` variables say. Never raises.

    Thresholds and formats stay hadolint's own: they would decide about more than Dockerfiles here.
    """
    said = hadolint.read_environment(environment)
    path = "the environment"
    if file is not None:
        path = file.path
        said = hadolint.together(said, hadolint.read_file(file.data))
    return Foreign(
        () if file is None else (file.path,),
        () if file is None else (file.directory,),
        enable=tuple(_enabled(said, path)),
        ignores=tuple(_ignores(said, path)),
        parameters=dict(_parameters(said, path)),
        weights=dict(_weights(said, path)),
        unheeded=(Word(f"{TOOL}:ignore", path),) if said.disable_ignore_pragma else (),
        notes=tuple(_notes(said, path)),
    )


def _ignores(said: Configuration, path: str) -> Iterator[Ignore]:
    for word in said.ignored:
        place = Location(path, span=Span(word.line, 1, word.line, 1) if word.line else None)
        yield Ignore((word.value,), _EVERYWHERE, "", "", place, form="configuration", tool=TOOL)


def _enabled(said: Configuration, path: str) -> Iterator[Word]:
    """Rules that are only asked for by what they are to hold."""
    if said.trusted_registries:
        yield Word("base-image-untrusted", f"{path}:{said.trusted_registries[0].line}")
    for rule in hadolint.parameters(said):
        yield Word(rule, f"{path}:{said.label_schema[0].line}")


def _parameters(said: Configuration, path: str) -> Iterator[tuple[tuple[str, str], Setting]]:
    if said.trusted_registries:
        trusted = tuple(word.value for word in said.trusted_registries)
        origin = f"{path}:{said.trusted_registries[0].line}"
        yield ("base-image-untrusted", "registries"), Setting(trusted, origin)
    for rule, values in hadolint.parameters(said).items():
        for name, value in values.items():
            yield (rule, name), Setting(value, f"{path}:{said.label_schema[0].line}")


def _weights(said: Configuration, path: str) -> Iterator[tuple[str, Weight]]:
    for code, severity in said.severities.items():
        for rule in equivalents.replaced_by(TOOL, code):
            yield rule.id, Weight(severity, severity >= rule.severity, path)


def _notes(said: Configuration, path: str) -> Iterator[str]:
    for note in said.notes:
        yield f"{path}:{note.line}: {note.text}" if note.line else f"{path}: {note.text}"
    if said.failure_threshold is not None or said.no_fail:
        yield f"{path}: hadolint's threshold decides nothing here; give fail-on in seawall.toml"
