"""Rules that users write, in the terms that all three formats come to."""

from seawall.core.named_tuple import NamedTuple
from seawall.core.severity import Severity
from seawall.secrets.text import Kind

SEAWALL, GITLEAKS, TRIVY = "seawall", "gitleaks", "trivy"
"""The formats, by whose tool they are."""
PREFIX = "secret:"
"""How the ids of users' rules begin in findings, so that none is ever taken for one of ours."""
SECRET, MATCH, LINE = "secret", "match", "line"
"""What the expressions of an allow list are held against."""


class Allow(NamedTuple):
    """What is no secret although a rule says so."""

    origin: str
    """Where it is written, as ``.gitleaks.toml:12``."""
    reason: str = ""
    every: bool = False
    """Whether all the kinds of condition that it has must hold; else one is enough."""
    commits: tuple[str, ...] = ()
    """Ids of commits in lower case, in order."""
    paths: tuple[str, ...] = ()
    """Regular expressions, as all of these; or globs where ``globs`` says so."""
    regexes: tuple[str, ...] = ()
    target: str = SECRET
    stopwords: tuple[str, ...] = ()
    """Lower-case texts that the secret must not hold."""
    globs: bool = False


class Needed(NamedTuple):
    """Another rule that must match nearby, or the match of this one does not count."""

    rule: str
    lines: int | None = None
    columns: int | None = None


class CustomRule(NamedTuple):
    """A rule that a user wrote."""

    id: str
    origin: str
    """Where it is written, as ``rules.toml:3``."""
    format: str
    regex: str = ""
    """For RE2; empty where the path alone is what it is about."""
    title: str = ""
    severity: Severity = Severity.HIGH
    group: str = ""
    """The number or name of the group that is the secret; empty for the first that is not empty."""
    keywords: tuple[str, ...] = ()
    """Lower-case texts of which a file must hold one."""
    path: str = ""
    """A regular expression that the path must match."""
    globs: tuple[str, ...] = ()
    """Globs of which the path must match one."""
    kinds: tuple[Kind, ...] = ()
    """The kinds of file it is about; none for all."""
    min_entropy: float = 0.0
    """Bits for each character, after Shannon; 0 for any."""
    over: bool = False
    """Whether the entropy must be above that, as for gitleaks, and not just reach it."""
    verify: str = "any"
    """The check of the value: a name in ``seawall.secrets.verifying``."""
    needs: tuple[Needed, ...] = ()
    allows: tuple[Allow, ...] = ()
    reports: bool = True
    """Whether it finds something by itself; else it is there for others to need."""
    excluded: tuple[str, ...] = ()
    """Expressions of stretches in which nothing counts."""
    provider: str = ""
    remedy: str = ""
    revoke: str = ""
    pairs: str = ""
    """The rule of the public half (a key id) that belongs to it."""
    tags: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    """Texts that it must find something in."""
    non_examples: tuple[str, ...] = ()
    """Texts that it must find nothing in."""

    @property
    def name(self) -> str:
        """Its id in findings."""
        return PREFIX + self.id


class RuleSet(NamedTuple):
    """What a file says, with the files that it extends."""

    path: str
    format: str
    rules: tuple[CustomRule, ...] = ()
    allows: tuple[Allow, ...] = ()
    """They hold for all its rules, and for ours where the file builds on them."""
    excluded: tuple[str, ...] = ()
    """Expressions of stretches in which nothing counts, for all its rules."""
    skipped: tuple[str, ...] = ()
    """Globs (doublestar) of files that are not looked at."""
    on_ours: bool = True
    """Whether it builds on the rules that come with the program."""
    disabled: tuple[str, ...] = ()
    """Rules that come with the program and do not run, by our ids."""
    off_at: str = ""
    """Where they are turned off, as ``.gitleaks.toml:3``."""
    only: tuple[str, ...] | None = None
    """The rules that come with the program and run, by our ids; ``None`` for all."""
    narrowed: tuple[tuple[str, Allow], ...] = ()
    """Allow lists of rules that come with the program: our id, and the list."""
    notes: tuple[str, ...] = ()
    """What the file says and we do otherwise."""
