"""What holds for a run: the command line first, then the configuration, then the defaults."""

import argparse
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from seawall import catalogue, configuration, engine
from seawall.cli.past import is_alone, past_of
from seawall.configuration import Configuration
from seawall.core.advisory_id import is_advisory_id
from seawall.core.errors import UsageError
from seawall.core.ignore import Ignore
from seawall.core.location import Location
from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import RULESETS, SECURITY, ParameterValue
from seawall.core.severity import Confidence, Severity
from seawall.core.tools import TOOLS
from seawall.engine.options import Exclude, Excludes
from seawall.sources.files import DEFAULT_SIZE_LIMIT
from seawall.text.gitignore import Paths, RootedPaths
from seawall.triage.matching import Matching

if TYPE_CHECKING:
    from seawall.configuration.foreign.words import Foreign, Word
    from seawall.locking.file import Lock

NONE = "none"
BASELINE_NAME = "seawall.baseline"
DEFAULTS: dict[str, Any] = {
    "profile": SECURITY,
    "select": (),
    "enable": (),
    "ignore": (),
    "foreign": TOOLS,
    "kube-score": "",
    "ruleset": RULESETS[-1],
    "kubernetes-version": engine.NEWEST_KUBERNETES,
    "pss-version": "latest",
    "fail-on": "high",
    "min-confidence": "medium",
    "strict": False,
    "baseline": "",
    "gitignore": True,
    "max-file-size": str(DEFAULT_SIZE_LIMIT),
    "database": "",
    "max-database-age": 0,
    "vex": (),
    "require-reason": False,
    "render": False,
    "secrets.enabled": True,
    "secrets.rules": (),
}
_OPTIONS = {"secrets.enabled": "secrets", "secrets.rules": "secret-rules"}
"""The options of keys that are called otherwise."""
_ADDED_UP = frozenset(("enable", "ignore"))
"""Lists to which the command line adds; others it replaces."""


class Setting(NamedTuple):
    """A value and where it comes from: an option, a line of a file, or ``default``.

    ``items`` are the members of a list that come from several places, each with its own.
    """

    value: Any
    origin: str
    items: "tuple[Word, ...]" = ()


Settings = dict[str, Setting]


def effective(options: argparse.Namespace, config: Configuration) -> Settings:
    """Every setting with its origin, by its name in the configuration."""
    result: Settings = {}
    for key, default in DEFAULTS.items():
        option = _OPTIONS.get(key, key)
        given = getattr(options, option.replace("-", "_"), None)
        if given is None or given == []:
            if key in config.lines:
                result[key] = Setting(config.settings[key], config.origin(key))
            else:
                result[key] = Setting(default, "default")
            continue
        value = tuple(given) if isinstance(given, list) else given
        origin = f"--{'no-' if given is False else ''}{option}"
        if key in _ADDED_UP and config.settings.get(key):
            value = (*config.settings[key], *value)
            origin = f"{config.origin(key)} and {origin}"
        result[key] = Setting(value, origin)
    return result if config.foreign is None else with_foreign(result, config.foreign, config)


def engine_options(
    options: argparse.Namespace, config: Configuration, settings: Settings
) -> engine.Options:
    """What the engine is to do; raises UsageError for a value that cannot be carried out."""
    foreign = config.foreign
    _respect_locks(options.ignore, config)
    ignored = settings["ignore"]
    advisories = tuple(item for item in ignored.value if is_advisory_id(item))
    lock = _lock()
    baseline = _baseline(options, config, settings["baseline"])
    report = _report_of_gitleaks(baseline, options) if baseline else None
    return engine.Options(
        targets=tuple(options.targets),
        context=tuple(options.context),
        gitignore=settings["gitignore"].value,
        exclude=_exclude(config, tuple(options.targets)),
        max_file_size=size(settings["max-file-size"]),
        profile=settings["profile"].value,
        select=settings["select"].value,
        enable=settings["enable"].value,
        ignore=tuple(item for item in ignored.value if item not in advisories),
        ruleset=settings["ruleset"].value,
        min_confidence=_level(Confidence, settings["min-confidence"]),
        kubernetes_version=_kubernetes_version(settings["kubernetes-version"]),
        pss_version=_pss_version(settings["pss-version"]),
        parameters=parameters(config),
        severities=severities(config),
        overrides=config.overrides,
        ignores=(
            *config.ignores,
            *(() if foreign is None else foreign.ignores),
            *(_ignore_of(item, ignored.origin) for item in advisories),
            *(() if report is None else (report,)),
        ),
        custom=config.custom,
        not_covered=() if foreign is None else foreign.not_covered,
        foreign=settings["foreign"].value,
        unheeded=() if foreign is None else tuple(word.value for word in foreign.unheeded),
        honour_comments=not options.no_ignores,
        require_reason=settings["require-reason"].value,
        locked=config.locked,
        whole=_is_whole(options, config),
        baseline=baseline if report is None else None,
        since=options.since,
        past=past_of(options),
        pins=lock.pins,
        bases=lock.bases,
        platform=getattr(options, "platform", None) or "",
        dockerfiles=tuple(getattr(options, "dockerfile", ())),
        registry_mirrors=tuple(getattr(options, "registry_mirror", ())),
        insecure_registries=tuple(getattr(options, "insecure_registry", ())),
        database=_near(settings["database"], config) or None,
        vex=_vex(settings["vex"], config),
        max_database_age=settings["max-database-age"].value or None,
        charts=config.value_sets if settings["render"].value else None,
        secrets=settings["secrets.enabled"].value,
        secret_rules=config.secret_rules,
        cache=not options.no_cache,
        workers=options.jobs,
    )


def _ignore_of(advisory: str, origin: str) -> Ignore:
    """``--ignore CVE-...``: what is known of it is shown as suppressed, wherever it is."""
    return Ignore((advisory,), Matching(), "", "", Location(origin), form="configuration")


def _near(setting: Setting, config: Configuration) -> str:
    """A path; in a configuration it is given from its directory on."""
    path: str = setting.value
    if not path or setting.origin.startswith("--"):
        return path
    return os.path.normpath(os.path.join(config.directory, path))


def _vex(setting: Setting, config: Configuration) -> tuple[str, ...]:
    return tuple(_near(setting._replace(value=path), config) for path in setting.value)


_LOCK = "seawall.lock"


class _NoLock(NamedTuple):
    """What there is without a lock file."""

    pins: Mapping[str, str] = {}
    bases: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


def _lock() -> "Lock | _NoLock":
    """The lock file of the directory that the program runs in, if it has one."""
    if not os.path.isfile(_LOCK):
        return _NoLock()
    from seawall.locking.file import read  # noqa: PLC0415 - where there is a lock file

    return read(_LOCK)


def _exclude(config: Configuration, targets: tuple[str, ...]) -> Excludes | None:
    """What is not read: by our own configuration, and by those of other tools."""
    parts = []
    if config.exclude:
        paths = RootedPaths(Paths(config.exclude), config.base)
        parts.append(Exclude(paths, config.path))
    if config.foreign is not None and config.foreign.exclude:
        from seawall.text.doublestar import Globs  # noqa: PLC0415 - seldom of use

        base = configuration.base_of(config.foreign.exclude_directory, targets)
        parts += [
            Exclude(RootedPaths(Globs([word.value]), base), word.origin)
            for word in config.foreign.exclude
        ]
    return Excludes(tuple(parts)) if parts else None


def _respect_locks(ignore: Iterable[str], config: Configuration) -> None:
    """Raise UsageError where the command line would leave a locked rule out.

    The configuration is asked the same when it is read; of other tools' words see ``notes``.
    """
    for pattern in ignore if config.locked else ():
        for rule in () if is_advisory_id(pattern) else catalogue.find(pattern, config.custom):
            if rule.id in config.locked:
                raise UsageError(
                    f"--ignore {pattern}: {rule.id} is locked by {config.origin('locked')}; "
                    "leave it out"
                )


def _is_whole(options: argparse.Namespace, config: Configuration) -> bool:
    """Whether the targets take in the configuration's own directory."""
    if not config.path or options.since or is_alone(options):
        return False
    own = os.path.join(os.path.realpath(config.directory or os.curdir), "")
    targets = (target for target in options.targets if os.path.isdir(target))
    return any(own.startswith(os.path.join(os.path.realpath(target), "")) for target in targets)


def _baseline(options: argparse.Namespace, config: Configuration, setting: Setting) -> str | None:
    """The file of known findings; in a configuration it is given from its directory on."""
    path = _near(setting, config)
    if not path:
        return None
    if options.write_baseline is not None and not os.path.exists(path):
        return None  # it is about to be made
    return path


def _report_of_gitleaks(path: str, options: argparse.Namespace) -> Ignore | None:
    """The findings that a report of gitleaks knows, where that is the baseline."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(_HEAD)
            if head.lstrip()[:1] != b"[":
                return None
            data = head + stream.read()
    except OSError:
        return None  # whoever reads it says so
    from seawall.configuration.foreign import known_secrets  # noqa: PLC0415 - seldom of use

    if not known_secrets.is_gitleaks_report(data):
        return None
    base = configuration.base_of("", tuple(options.targets))
    return known_secrets.read_gitleaks(data, path, base)


_HEAD = 256


def baseline_to_write(
    options: argparse.Namespace, config: Configuration, settings: Settings
) -> str | None:
    """The file that ``--write-baseline`` names, or else the one in use; ``None`` without it."""
    if options.write_baseline is None:
        return None
    if options.write_baseline:
        return str(options.write_baseline)
    return os.path.normpath(
        settings["baseline"].value
        if settings["baseline"].origin.startswith("--")
        else os.path.join(config.directory, settings["baseline"].value or BASELINE_NAME)
    )


Level = TypeVar("Level", Severity, Confidence)


def _level(scale: type[Level], setting: Setting) -> Level:
    try:
        return scale.parse(setting.value)
    except ValueError as error:
        raise UsageError(f"{setting.origin}: {error}") from None


def fail_on(options: argparse.Namespace, settings: Settings) -> Severity | None:
    """The severity that makes a run fail; ``None`` for none."""
    if options.exit_zero or settings["fail-on"].value == NONE:
        return None
    return _level(Severity, settings["fail-on"])


def _kubernetes_version(setting: Setting) -> str:
    text = setting.value
    major, _, minor = text.removeprefix("v").partition(".")
    minor = minor.partition(".")[0]
    if major != "1" or not _is_number(minor):
        raise UsageError(f"{setting.origin}: {text!r} is no version; give it as 1.34")
    return f"1.{int(minor)}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6


def _pss_version(setting: Setting) -> str:
    text = setting.value
    if text == "latest":
        return "latest"
    major, _, minor = text.removeprefix("v").partition(".")
    if major != "1" or not _is_number(minor):
        raise UsageError(f"{setting.origin}: {text!r} is no version; give latest or, say, v1.34")
    return f"v1.{int(minor)}"


_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def size(setting: Setting) -> int:
    """Bytes, from a text such as ``20M``."""
    text = setting.value
    number = text.lower().removesuffix("b").removesuffix("i")
    unit = number[-1:] if number[-1:] in _UNITS and not number[-1:].isdigit() else ""
    digits = number.removesuffix(unit) if unit else number
    if not (digits.isascii() and digits.isdecimal() and 0 < len(digits) < 16 and int(digits)):
        raise UsageError(f"{setting.origin}: {text!r} is no size; give it as 500K, 20M or 1G")
    return int(digits) * _UNITS[unit]


def load(options: argparse.Namespace) -> Configuration:
    """The configuration that holds for the targets."""
    secret_rules = tuple(getattr(options, "secret_rules", ()))
    if options.no_config:
        return configuration.with_secret_rules(configuration.EMPTY, secret_rules)
    return configuration.load(
        options.config,
        tuple(options.targets),
        tuple(options.context),
        getattr(options, "kube_score", ""),
        secret_rules,
    )


# Other tools' words --------------------------------------------------------------------------


def with_foreign(settings: Settings, foreign: "Foreign", config: Configuration) -> Settings:
    """The settings with what other tools' configuration says, which ours overrules."""
    result = dict(settings)
    for key, setting in foreign.settings.items():
        if result[key].origin == "default":
            result[key] = Setting(setting.value, setting.origin)
    asked_for = {
        rule.id
        for key in ("select", "enable")
        for item in settings[key].value
        for rule in catalogue.find(item, config.custom)
    }
    ignored = [w for w in foreign.ignore if w.value not in {*asked_for, *config.locked}]
    result["ignore"] = _more(settings["ignore"], ignored)
    result["enable"] = _more(settings["enable"], foreign.enable)
    return result


def _more(setting: Setting, words: "Iterable[Word]") -> Setting:
    """A list with further members; what is in it already needs no second word."""
    known = set(setting.value)
    items = []
    for word in words:
        if word.value not in known:
            known.add(word.value)
            items.append(word)
    value = (*setting.value, *(word.value for word in items))
    return Setting(value, setting.origin, tuple(items))


def notes(config: Configuration) -> list[str]:
    """What people should know of how other tools' configuration is understood."""
    foreign = config.foreign
    if foreign is None:
        return []
    locked = [
        f"{word.origin}: {word.value} is locked and runs, whatever {word.said!r} says"
        for word in foreign.ignore
        if word.value in config.locked
    ]
    return [*foreign.notes, *locked]


def parameters(config: Configuration) -> dict[str, dict[str, ParameterValue]]:
    """The parameters of rules; ours overrule those of other tools."""
    result: dict[str, dict[str, ParameterValue]] = {}
    if config.foreign is not None:
        for (rule, name), setting in config.foreign.parameters.items():
            result.setdefault(rule, {})[name] = setting.value
    for rule, own in config.parameters.items():
        result[rule] = {**result.get(rule, {}), **own}
    return result


def severities(config: Configuration) -> Mapping[str, Severity]:
    """The severities of rules; ours overrule those of other tools."""
    if config.foreign is None or not config.foreign.weights:
        return config.severities
    result = {}
    for id_, weight in config.foreign.weights.items():
        (rule,) = catalogue.find(id_)
        severity = weight.of(rule.severity)
        if severity != rule.severity:
            result[id_] = severity
    return {**result, **config.severities}
