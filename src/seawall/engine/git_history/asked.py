"""The repositories whose past, commits or index a scan is asked to search for secrets."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from seawall.catalogue import SECRETS as DOMAIN
from seawall.core.errors import UsageError
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Skipped
from seawall.core.rule import Rule
from seawall.engine.analysis import Analysis
from seawall.engine.credentials.searching import searcher, state
from seawall.engine.git_history import findings
from seawall.engine.git_history.looking import digest_with
from seawall.engine.git_history.seen import Means, Seen
from seawall.engine.options import COMMITS, HISTORY, Options, PastAsked
from seawall.engine.workers import processors
from seawall.secrets.reporting import CONFIDENCES
from seawall.sources import files
from seawall.sources.git import Repository, find

if TYPE_CHECKING:
    from seawall.core.finding import Finding
    from seawall.core.redacted import Redacted
    from seawall.engine.git_history.clean import Clean
    from seawall.engine.remembering import Memory

_KEY = 32
"""Bytes of the key of a run's digests."""
_A_LOT = 1 << 30
"""What a history is taken to have in bytes: more than what the compiled patterns are worth."""


class Asked(NamedTuple):
    """A repository among the targets."""

    repository: Repository
    name: str
    """What reports call it."""
    prefix: str
    """What stands before paths of its work tree in reports."""
    target: str


class PastSearch:
    """What a scan searches of repositories."""

    def __init__(self, options: Options, past: PastAsked) -> None:
        if not options.secrets:
            raise UsageError(
                f"--{past.form} looks for secrets and nothing else; leave out --no-secrets"
            )
        self._options = options
        self._past = past
        self._asked = _asked(options, f"--{past.form}")

    @property
    def others(self) -> tuple[str, ...]:
        """The targets that have files of their own: all but bare repositories."""
        bare = {item.target for item in self._asked if item.repository.is_bare}
        return tuple(target for target in self._options.targets if target not in bare)

    def added(
        self, analysis: Analysis, rules: Sequence[Rule], memory: "Memory | None"
    ) -> tuple[Analysis, int]:
        """An analysis with what is found, and how many objects were searched.

        A value that a file of the targets holds as well is one finding, the file's.
        """
        total = 0
        own = {rule.id: rule for rule in rules if rule.domain == DOMAIN}
        for item in self._asked:
            with item.repository as repository:
                look = self._look(repository, item)
                means = self._means(item, memory)
                seen = self._without_excluded(look(means), item)
                told = findings.told(repository, seen.leaks, means, own)
            total += seen.objects
            analysis = _joined(analysis, seen, told, means)
        return analysis, total

    def _look(self, repository: Repository, item: Asked) -> Callable[[Means], Seen]:
        """What looks at a repository, once it is given the means; git may begin before."""
        past = self._past
        if past.form == HISTORY:
            from seawall.engine.git_history.whole import look_at_all  # noqa: PLC0415 - one of them

            return lambda means: look_at_all(
                repository, means, item.name, reachable_only=past.reachable_only
            )
        from seawall.engine.git_history import ranges  # noqa: PLC0415 - as above

        if past.form == COMMITS:
            return lambda means: ranges.look_at_range(repository, means, item.name, past.commits)
        asked = ranges.ask_for_index(repository, item.name)
        return lambda means: ranges.look_at_index(repository, means, item.name, asked)

    def _means(self, item: Asked, memory: "Memory | None") -> Means:
        options = self._options
        least = min(sure for sure, known in CONFIDENCES.items() if known >= options.min_confidence)
        return Means(
            searcher(options, 1 if self._past.is_alone else _A_LOT), digest_with(os.urandom(_KEY)),
            options.max_file_size, options.workers or processors(), item.prefix,
            int(least), self._clean(item, memory), self._past.is_alone,
        )  # fmt: skip

    def _clean(self, item: Asked, memory: "Memory | None") -> "Clean | None":
        if memory is None or self._past.is_alone:
            return None
        from seawall.engine.git_history.clean import Clean  # noqa: PLC0415 - sqlite3

        store, code = memory.layers()
        basis = b"%s %s" % (code, state(self._options))
        return Clean(store, item.repository.git_dir, basis)

    def _without_excluded(self, seen: Seen, item: Asked) -> Seen:
        """Leave out what only excluded paths hold."""
        exclude = self._options.exclude
        if exclude is None:
            return seen
        kept = [
            leak
            for leak in seen.leaks
            if not leak.paths
            or not all(
                exclude.reason(item.prefix + path, is_directory=False) for path in leak.paths
            )
        ]
        if len(kept) == len(seen.leaks):
            return seen
        reason = f"{len(seen.leaks) - len(kept)} values of the history: only in excluded paths"
        return seen._replace(leaks=kept, skipped=(*seen.skipped, Skipped(item.name, reason)))


def _asked(options: Options, option: str) -> list[Asked]:
    """The repositories that the targets are in, each once."""
    found: dict[str, Asked] = {}
    for target, name in zip(options.targets, files.names(options.targets), strict=True):
        if target in files.STDIN_PATHS:
            raise UsageError(f"{option}: standard input has no history; name a repository")
        repository = find(target) if os.path.exists(target) else None
        if repository is None:
            raise UsageError(
                f"{option}: {target} is in no git repository; name one that is, or scan it without"
            )
        shown = "" if name == os.curdir else name
        if os.path.realpath(target) not in (repository.top, repository.git_dir):
            shown = os.path.relpath(repository.top or repository.git_dir)
            shown = "" if shown == os.curdir else files.shown(shown)
        prefix = f"{shown}/" if shown and repository.top else ""
        found.setdefault(repository.git_dir, Asked(repository, shown or os.curdir, prefix, target))
    return list(found.values())


def _joined(analysis: Analysis, seen: Seen, told: findings.Told, means: Means) -> Analysis:
    """An analysis with what was found in a repository; a value that is known is told once."""
    by_digest = {leak.digest: leak for leak in seen.leaks}
    known: set[Redacted] = set()
    joined: list[Finding] = []
    for finding in analysis.findings:
        leak = by_digest.get(means.digest(finding.secret)) if finding.secret else None
        if leak is not None and not findings.has_history(finding):
            known.add(finding.secret)
            joined.append(findings.with_history(finding, leak))
        else:
            joined.append(finding)
    joined += (finding for finding in told.findings if finding.secret not in known)
    coverage = analysis.coverage
    return analysis._replace(
        findings=joined,
        ignores=[*analysis.ignores, *told.ignores],
        coverage=coverage._replace(
            skipped=tuple(sorted({*coverage.skipped, *seen.skipped})),
            not_covered=tuple(sorted({*coverage.not_covered, *seen.not_covered})),
            failed=tuple(sorted({*coverage.failed, *seen.failed})),
        ),
    )
