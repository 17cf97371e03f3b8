"""Rules: a function from facts to hits, its metadata beside it, its docstring as its manual."""

from collections.abc import Callable, Iterable

from seawall.core.edit import Proposal
from seawall.core.errors import UsageError
from seawall.core.location import KeyPath, Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import NOTHING, Redacted
from seawall.core.severity import Confidence, Gate, Severity

SECURITY = "security"
RELIABILITY = "reliability"
OPT_IN = "opt-in"
PSS_BASELINE = "pss-baseline"
PSS_RESTRICTED = "pss-restricted"
ALL = "all"
ANY = "any"
"""The profile of rules about the input itself: all but those of the Pod Security Standards."""
PROFILES = (SECURITY, RELIABILITY, ALL, PSS_BASELINE, PSS_RESTRICTED)
"""What ``--profile`` takes. The pss profiles run the Pod Security checks and nothing else."""

RULESETS = ("2026.1",)
"""Every published rule set, oldest first. ``--ruleset`` pins one of them."""

ParameterValue = int | bool | str | tuple[str, ...]


class Hit(NamedTuple):
    """What a rule yields: the engine adds rule, subject and file.

    ``at`` is the key path of the offending (or missing) field, relative to the entity the rule
    was called with; in a domain whose files have no keys, the bytes it is about (start and end).
    What is left ``None`` is taken from the rule.
    """

    message: str
    at: KeyPath = ()
    severity: Severity | None = None
    confidence: Confidence | None = None
    remedy: str | None = None
    evidence: str = ""
    container: str = ""
    related: tuple[tuple[object, KeyPath | Span, str], ...] = ()
    """Further places: (entity, key path relative to it or a known span, what it shows)."""
    fixes: tuple[Proposal, ...] = ()
    secret: Redacted = NOTHING
    """The secret value it is about: in the same place, another one is another finding."""
    gate: Gate = Gate.BY_SEVERITY


Hits = Iterable[Hit]


class Parameter(NamedTuple):
    """A value a team may set for a rule; the default decides its type."""

    name: str
    default: ParameterValue
    help: str


class Change(NamedTuple):
    """A change of a rule's severity: what it was before the rule set that brought the change."""

    ruleset: str
    before: Severity


class Rule:
    """A rule and everything that is known of it.

    ``scope`` says which entities of its domain ``check`` is called with; ``kinds`` narrows it
    where the scope has kinds. ``aliases`` are other tools' ids for the same check, each with
    its tool (``kube-linter:host-pid``) unless the id says so itself (``KSV-0010``). What a
    ``sensitive`` rule points at is a credential: no report shows the text there.
    """

    __slots__ = (
        "aliases", "changes", "check", "compliance", "confidence", "domain", "id", "kinds",
        "parameters", "profile", "remedy", "scope", "sensitive", "severity", "since",
    )  # fmt: skip

    def __init__(
        self,
        check: Callable[..., Hits],
        *,
        id: str,  # noqa: A002 - the word every report uses
        domain: str,
        scope: str,
        severity: Severity,
        profile: str,
        remedy: str,
        confidence: Confidence = Confidence.HIGH,
        kinds: tuple[str, ...] = (),
        aliases: tuple[str, ...] = (),
        compliance: tuple[str, ...] = (),
        parameters: tuple[Parameter, ...] = (),
        since: str = RULESETS[0],
        changes: tuple[Change, ...] = (),
        sensitive: bool = False,
    ) -> None:
        self.check = check
        self.id = id
        self.domain = domain
        self.scope = scope
        self.severity = severity
        self.profile = profile
        self.remedy = remedy
        self.confidence = confidence
        self.kinds = kinds
        self.aliases = aliases
        self.compliance = compliance
        self.parameters = parameters
        self.since = since
        self.changes = changes
        self.sensitive = sensitive

    def __repr__(self) -> str:
        return f"Rule({self.id!r})"

    @property
    def docstring(self) -> str:
        """The rule's manual as written; ``core.documentation`` reads it."""
        return self.check.__doc__ or ""

    @property
    def definition(self) -> str:
        """What a rule made at run time is made of; empty for those of the program itself."""
        return str(getattr(self.check, "definition", ""))

    def in_profile(self, profile: str) -> bool:
        """Whether a profile runs this rule.

        ``all`` leaves the two Pod Security evaluators out: they say again, in the API server's
        words, what other rules say one by one.
        """
        if "+" in profile:
            return any(self.in_profile(part) for part in profile.split("+"))
        if self.profile == ANY:
            return profile in (SECURITY, RELIABILITY, ALL)
        if profile == ALL:
            return self.profile in (SECURITY, RELIABILITY, OPT_IN)
        return self.profile == profile

    def severity_in(self, ruleset: str) -> Severity:
        """The severity this rule had in a pinned rule set."""
        for change in self.changes:  # oldest first
            if _position(ruleset) < _position(change.ruleset):
                return change.before
        return self.severity

    def exists_in(self, ruleset: str) -> bool:
        """Whether the pinned rule set already had this rule."""
        return _position(self.since) <= _position(ruleset)


def _position(ruleset: str) -> int:
    try:
        return RULESETS.index(ruleset)
    except ValueError:
        known = ", ".join(RULESETS)
        raise UsageError(f"there is no rule set {ruleset!r}; choose from {known}") from None
