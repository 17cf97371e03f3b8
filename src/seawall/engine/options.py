"""What a scan is asked to do."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seawall.core.ignore import Ignore
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import Redacted
from seawall.core.report import NotCovered
from seawall.core.rule import RULESETS, SECURITY, ParameterValue, Rule
from seawall.core.severity import Confidence, Severity
from seawall.core.tools import TOOLS
from seawall.sources import files
from seawall.text.gitignore import RootedPaths
from seawall.triage.verdicts import Override

if TYPE_CHECKING:
    from seawall.charts.value_sets import ValueSet
    from seawall.secrets.custom.rule import RuleSet

NEWEST_KUBERNETES = "1.36"


class Excludes(NamedTuple):
    """Files that several configurations leave out."""

    parts: tuple["Exclude", ...]

    def reason(self, path: str, *, is_directory: bool) -> str:
        """Why a path is left out; empty when it is not."""
        reasons = (part.reason(path, is_directory=is_directory) for part in self.parts)
        return next((reason for reason in reasons if reason), "")


class Exclude(NamedTuple):
    """Files to leave out, and the configuration that says so."""

    paths: RootedPaths
    origin: str

    def reason(self, path: str, *, is_directory: bool) -> str:
        """Why a path is left out; empty when it is not."""
        paths = self.paths
        found = paths.matches_directory(path) if is_directory else paths.matches(path)
        return f"excluded by {self.origin}" if found else ""


HISTORY, COMMITS, STAGED = "history", "commits", "staged"
"""What of git repositories is searched for secrets."""


class PastAsked(NamedTuple):
    """A wish to search what git keeps: its whole history beside the files, or else a part alone."""

    form: str
    """``HISTORY``, ``COMMITS`` or ``STAGED``."""
    commits: str = ""
    """The range, as ``BASE..HEAD``."""
    reachable_only: bool = False
    """Whether objects that no ref leads to are left out of the history."""

    @property
    def is_alone(self) -> bool:
        """Whether files are not looked at besides."""
        return self.form != HISTORY


class Options(NamedTuple):
    """What a scan is asked to do. The defaults are those of the command line."""

    targets: tuple[str, ...] = (".",)
    context: tuple[str, ...] = ()
    gitignore: bool = True
    exclude: Excludes | None = None
    max_file_size: int = files.DEFAULT_SIZE_LIMIT
    profile: str = SECURITY
    custom: tuple[Rule, ...] = ()
    """Rules that are not in the catalogue: custom checks of another tool's configuration."""
    not_covered: tuple[NotCovered, ...] = ()
    """What the configuration asks for and cannot be done here, to be reported with the inputs."""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()
    """Rules that run besides those of the profile."""
    ruleset: str = RULESETS[-1]
    min_confidence: Confidence = Confidence.MEDIUM
    kubernetes_version: str = NEWEST_KUBERNETES
    pss_version: str = "latest"
    parameters: Mapping[str, Mapping[str, ParameterValue]] = {}
    severities: Mapping[str, Severity] = {}
    overrides: tuple[Override, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    """Ignores that the configuration and other tools' files give."""
    foreign: tuple[str, ...] = TOOLS
    """The other tools whose comments and annotations are heeded."""
    unheeded: tuple[str, ...] = ()
    """Forms of a tool that its own configuration turns off: ``kube-score:enable``."""
    honour_comments: bool = True
    """Whether comments and annotations in what is scanned may hide findings."""
    require_reason: bool = False
    locked: tuple[str, ...] = ()
    """Rules, by id, that nothing ignores."""
    whole: bool = False
    """Whether the targets hold all that the configuration is about."""
    baseline: str | None = None
    """The file of known findings."""
    since: str | None = None
    """A git revision: only what came after it counts."""
    past: PastAsked | None = None
    """What of the targets' git repositories is searched for secrets."""
    today: str = ""
    """The day as ``2027-01-31``, for ignores with a last day; empty for the machine's."""
    fixes: bool = False
    """Whether findings are to come with what mends them."""
    edits: bool = False
    """Whether that is to be worked out as edits of the text."""
    places: bool = True
    """Whether findings come with lines and columns; else only where ignores may ask for them."""
    pins: Mapping[str, str] = {}
    """Digests of images by ``registry/repository:tag``, from a lock file: for fixes and for rules
    that know newer releases by it."""
    bases: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """Images that others may be built on, from a lock file: name, digest, chain ids of layers."""
    packages: bool = True
    """Whether lock files, manifests and SBOMs are read for packages."""
    images: bool = True
    """Whether targets may be container images."""
    secrets: bool = True
    """Whether all texts are searched for secrets."""
    known_secrets: tuple[Redacted, ...] = ()
    """Values that a search told already: the rules that can mend them are to know them as well."""
    secret_rules: "tuple[RuleSet, ...]" = ()
    """Rules about secrets of the user's own; those that run are in ``custom`` as well."""
    platform: str = ""
    """The platform of images that have several, such as ``linux/arm64``; else this machine's."""
    dockerfiles: tuple[str, ...] = ()
    """Dockerfiles that the images may be made of: findings then tell the instruction, too."""
    insecure_registries: tuple[str, ...] = ()
    """Registries whose certificates do not count, or that have none: ``HOST[:PORT]``."""
    registry_mirrors: tuple[str, ...] = ()
    """``PREFIX=MIRROR``: asked first for images whose names begin so."""
    database: str | None = None
    """The database of advisories; ``None`` for the user's own, else the one in the package."""
    vex: tuple[str, ...] = ()
    """Files that say which vulnerabilities do not affect the product."""
    max_database_age: int | None = None
    """Days from which on the database is too old to be relied on; ``None`` for any age."""
    charts: "tuple[ValueSet, ...] | None" = None
    """The value sets with which Helm charts are rendered; ``None`` where they are not."""
    cache: bool = False
    """Whether results may be taken from and put into the user's cache."""
    workers: int = 0
    """Processes to use at most; 0 for as many as the machine has processors."""
