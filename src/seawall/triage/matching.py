"""The scope of an ignore that a configuration gives: kinds, names, namespaces, paths."""

import re
from fnmatch import translate
from functools import lru_cache

from seawall.core.finding import Finding
from seawall.core.named_tuple import NamedTuple
from seawall.text.gitignore import RootedPaths


class Matching(NamedTuple):
    """Findings whose subject and file match; what is empty matches everything.

    Kinds are compared without regard to case. Kinds, namespaces, names and containers are globs.
    """

    kinds: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    paths: RootedPaths | None = None

    def covers(self, finding: Finding) -> bool:
        """Whether a finding lies in this scope."""
        subject = finding.subject
        return (
            matches_any(self.kinds, subject.kind, fold=True)
            and matches_any(self.namespaces, subject.namespace)
            and matches_any(self.names, subject.name)
            and matches_any(self.containers, subject.container)
            and (self.paths is None or self.paths.matches(finding.location.path))
        )


def matches_any(patterns: tuple[str, ...], text: str, *, fold: bool = False) -> bool:
    """Whether one of some globs matches a text; true when there are none."""
    if not patterns:
        return True
    if fold:
        text = text.lower()
        patterns = tuple(pattern.lower() for pattern in patterns)
    return any(_glob(pattern).match(text) for pattern in patterns)


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> "re.Pattern[str]":
    return re.compile(translate(pattern))
