"""The repositories whose past, commits or index a scan is asked to search for secrets."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seawall.core.errors import UsageError
from seawall.core.finding import Finding
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import Redacted
from seawall.core.report import Skipped
from seawall.core.rule import Rule
from seawall.engine.analysis import Analysis
from seawall.engine.credentials.asked import DOMAIN
from seawall.engine.credentials.searching import searcher, state
from seawall.engine.git_history import findings
from seawall.engine.git_history.clean import Clean
from seawall.engine.git_history.looking import digest_with
from seawall.engine.git_history.ranges import look_at_index, look_at_range
from seawall.engine.git_history.seen import Means, Seen
from seawall.engine.git_history.whole import look_at_all
from seawall.engine.options import COMMITS, HISTORY, Options
from seawall.engine.workers import processors
from seawall.secrets.reporting import CONFIDENCES
from seawall.sources import files
from seawall.sources.git import Repository, find

if TYPE_CHECKING:
    from seawall.engine.remembering import Memory

_KEY = 32
"""Bytes of the key of a run's digests."""
_A_LOT = 1 << 30
"""What a history is taken to have in bytes: more than what the compiled patterns are worth."""


class Asked(NamedTuple):
    """A repository among the targets, and what its work tree is called in reports."""

    repository: Repository
    name: str
    prefix: str
    target: str


def asked(options: Options) -> list[Asked]:
    """The repositories that the targets are in, each once."""
    option = f"--{options.past.form}" if options.past is not None else ""
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
        is_top = os.path.realpath(target) in (repository.top, repository.git_dir)
        if not is_top and repository.top:
            shown = os.path.relpath(repository.top, os.path.realpath(os.curdir))
            shown = "" if shown == os.curdir else shown
        prefix = f"{files.shown(shown)}/" if shown and repository.top else ""
        found.setdefault(
            repository.git_dir, Asked(repository, shown or os.curdir, prefix, target)
        )
    return list(found.values())


def others(options: Options, repositories: Sequence[Asked]) -> tuple[str, ...]:
    """The targets that have files of their own: what is no bare repository."""
    bare = {item.target for item in repositories if item.repository.is_bare}
    return tuple(target for target in options.targets if target not in bare)




def searched(
    repositories: Sequence[Asked],
    options: Options,
    rules: Sequence[Rule],
    memory: "Memory | None",
    analysis: Analysis,
) -> tuple[Analysis, int]:
    """An analysis with what was found in the past, and how many objects were searched.

    A value that a file of the targets holds as well is one finding, the file's.
    """
    total = 0
    own = {rule.id: rule for rule in rules if rule.domain == DOMAIN}
    for item in repositories:
        with item.repository as repository:
            means = _means(options, item, memory)
            seen = _seen(repository, means, item.name, options)
            seen = _without_excluded(seen, item, options)
            told = findings.told(repository, seen.leaks, means, own)
        total += seen.objects
        analysis = _joined(analysis, seen, told, means)
    return analysis, total


def _seen(repository: Repository, means: Means, name: str, options: Options) -> Seen:
    past = options.past
    if past is None or past.form == HISTORY:
        only = past is not None and past.reachable_only
        return look_at_all(repository, means, name, reachable_only=only)
    if past.form == COMMITS:
        return look_at_range(repository, means, name, past.commits)
    return look_at_index(repository, means, name)


def _means(options: Options, item: Asked, memory: "Memory | None") -> Means:
    past = options.past
    is_whole = past is None or past.form == HISTORY
    clean = None
    if memory is not None and is_whole:
        store, code = memory.layers()
        basis = b"%s %s %d" % (code, state(options), options.max_file_size)
        clean = Clean(store, item.repository.git_dir, basis)
    least = min(
        (sure for sure, known in CONFIDENCES.items() if known >= options.min_confidence), default=0
    )
    return Means(
        searcher(options, _A_LOT if is_whole else 1), digest_with(os.urandom(_KEY)),
        options.max_file_size, options.workers or processors(), item.prefix,
        int(least), clean, checked_out=not is_whole,
    )  # fmt: skip


def _without_excluded(seen: Seen, item: Asked, options: Options) -> Seen:
    """Leave out what only excluded paths hold."""
    exclude = options.exclude
    if exclude is None:
        return seen
    kept = [
        leak
        for leak in seen.leaks
        if not leak.paths
        or not all(exclude.reason(item.prefix + path, is_directory=False) for path in leak.paths)
    ]
    if len(kept) == len(seen.leaks):
        return seen
    reason = f"{len(seen.leaks) - len(kept)} values of the history: only in excluded paths"
    return seen._replace(leaks=kept, skipped=(*seen.skipped, Skipped(item.name, reason)))


def _joined(analysis: Analysis, seen: Seen, told: findings.Told, means: Means) -> Analysis:
    by_digest = {leak.digest: leak for leak in seen.leaks}
    joined: set[Redacted] = set()
    own: list[Finding] = []
    for finding in analysis.findings:
        leak = by_digest.get(means.digest(finding.secret)) if finding.secret else None
        if leak is not None and "history" not in finding.details:
            joined.add(finding.secret)
            own.append(findings.with_history(finding, leak))
        else:
            own.append(finding)
    own += (finding for finding in told.findings if finding.secret not in joined)
    coverage = analysis.coverage
    return analysis._replace(
        findings=own,
        ignores=[*analysis.ignores, *told.ignores],
        coverage=coverage._replace(
            skipped=tuple(sorted({*coverage.skipped, *seen.skipped})),
            not_covered=tuple(sorted({*coverage.not_covered, *seen.not_covered})),
            failed=tuple(sorted({*coverage.failed, *seen.failed})),
        ),
    )
