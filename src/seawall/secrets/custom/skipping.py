"""Which files a rule, or a file of rules, looks at."""

from functools import lru_cache

from seawall.secrets.custom.allowing import matches_path, passes_file
from seawall.secrets.custom.rule import GITLEAKS, Allow, CustomRule, RuleSet
from seawall.secrets.text import kind_of
from seawall.text.doublestar import Globs
from seawall.text.gitignore import Paths


def skipped(rules: RuleSet, path: str, commit: str = "") -> str:
    """What lets a file pass as a whole, for all rules; empty for nothing."""
    allow = passes_file(rules.allows, path, commit)
    if allow is not None:
        return told(allow)
    if rules.skipped and _globs(rules.skipped).matches(path):
        return f"{rules.path}: skip-patterns"
    above = path if rules.format == GITLEAKS else ""
    while "/" in above:  # gitleaks does not walk into a directory whose path is let pass
        above = above.rpartition("/")[0]
        allow = passes_file(rules.allows, above) if above else None
        if allow is not None:
            return told(allow)
    return ""


def told(allow: Allow) -> str:
    """An allow list, with its place and reason."""
    return f"{allow.origin}: {allow.reason or 'let pass there'}"


@lru_cache(maxsize=64)
def _globs(globs: tuple[str, ...]) -> Globs:
    return Globs(globs)


@lru_cache(maxsize=256)
def _paths(globs: tuple[str, ...]) -> Paths:
    return Paths(globs)


def is_about(rule: CustomRule, path: str) -> bool:
    """Whether a rule looks at files of a path."""
    if rule.path and not matches_path(rule.path, path):
        return False
    if rule.globs and not _paths(rule.globs).matches(path):
        return False
    return not rule.kinds or kind_of(path) in rule.kinds
