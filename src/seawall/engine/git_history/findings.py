"""Makes findings of leaks: the object is read once more, and told with its commits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.catalogue import SECRETS as DOMAIN
from seawall.core.finding import NO_DETAILS, Finding
from seawall.core.ignore import Ignore
from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import Rule
from seawall.engine.credentials.findings import (
    NOBODY,
    finding_of,
    in_file,
    places_of,
    shown,
    values,
)
from seawall.engine.credentials.marks import ignores_of as marks
from seawall.engine.git_history.grouping import SHORT, path_of
from seawall.engine.git_history.leak import HEAD, INDEX, UNREACHABLE, Leak, Origin
from seawall.engine.git_history.looking import message_of
from seawall.engine.git_history.seen import Means
from seawall.packages.comments import ignores_of
from seawall.secrets.text import text_of
from seawall.sources.git import Missing, Repository

if TYPE_CHECKING:
    from seawall.secrets.candidate import Secret

_MOST_PATHS = 20
_DAY = 10
"""Characters of a time that are its day."""


class Told(NamedTuple):
    """Findings about leaks, and the ignore comments beside them."""

    findings: list[Finding]
    ignores: list[Ignore]


def told(
    repository: Repository, leaks: Sequence[Leak], means: Means, rules: Mapping[str, Rule]
) -> Told:
    """The findings about some leaks; those that no rule of ``rules`` is about are left out."""
    result = Told([], [])
    by_text: dict[tuple[str, str, str], list[Leak]] = {}
    for leak in leaks:
        by_text.setdefault((leak.kind, leak.oid, leak.name), []).append(leak)
    for kind in dict.fromkeys(leak.kind for leak in leaks):
        rows = [(key[1:], group) for key, group in by_text.items() if key[0] == kind]
        contents = repository.contents((oid for (oid, _), _ in rows), kind, means.size_limit)
        for ((_, name), group), (_, content) in zip(rows, contents, strict=True):
            if not isinstance(content, Missing):  # else it went away meanwhile
                data = content if kind == "blob" else message_of(content)
                _tell(result, data, name, group, means, rules, repository)
    return result


def _tell(
    result: Told,
    data: bytes,
    name: str,
    leaks: Sequence[Leak],
    means: Means,
    rules: Mapping[str, Rule],
    repository: Repository,
) -> None:
    text = text_of(name, data)
    for found in () if text is None else means.search.run([text]):
        secrets: dict[tuple[bytes, str], Secret] = {}
        for secret in found.secrets:
            key = means.digest(secret.candidate.value), secret.candidate.rule
            secrets.setdefault(key, secret)
        places, shows = places_of(found), shown(values(found))
        told_of = [(leak, secrets.get((leak.digest, leak.rule))) for leak in leaks]
        said = [
            with_history(finding, leak)
            for leak, held in told_of
            if held is not None
            for finding in finding_of(held, rules, in_file(leak.place, places), shows, NOBODY)
        ]
        result.findings.extend(said)
        result.ignores.extend(_ignores(found.text.data, said))
        passing = {
            id(held): means.search.in_commits(found.text, held, introductions(repository, leak))
            for leak, held in told_of
            if held is not None and leak.bringers and not held.allowed
        }
        let = [held._replace(allowed=passing.get(id(held), "") or held.allowed)
               for held in found.secrets]  # fmt: skip
        for place in {leak.place for leak in leaks}:
            here = [finding for finding in said if finding.location.path == place]
            result.ignores.extend(marks(found._replace(secrets=tuple(let)), places, place, here))


def introductions(repository: Repository, leak: Leak) -> list[tuple[str, str]]:
    """The commits that brought a value to a path where none of their parents had it, and the path.

    A commit whose change cannot be told counts, without a path. Nothing for what is staged: no
    commit has brought that yet.
    """
    if leak.state == INDEX:
        return []
    if leak.kind != "blob":
        return [(commit, "") for commit in leak.bringers]
    found = []
    for change in repository.changes(leak.bringers):
        if change.missing is not None:
            found.append((change.commit, ""))
        found += [
            (change.commit, path_of(row.path))
            for row in change.rows
            if row.oid in leak.oids and leak.oids.isdisjoint(row.before)
        ]
    return found


def _ignores(data: bytes, said: Sequence[Finding]) -> Iterator[Ignore]:
    """The ignore comments of a text that are about something said of it."""
    for place in sorted({finding.location.path for finding in said}):
        for ignore in ignores_of(place, data):
            if any(ignore.scope.covers(finding) for finding in said):
                yield ignore


def with_history(finding: Finding, leak: Leak) -> Finding:
    """A finding about a value with what git tells of it."""
    details = {**_known(finding), "history": details_of(leak)}
    if finding.rule.domain != DOMAIN:
        details = {**finding.details, "secret": details}
    return finding._replace(
        message=f"{finding.message}; {in_words(leak)}",
        remedy=f"{finding.remedy} {_FORGETTING[leak.state]}",
        details=details,
    )


def has_history(finding: Finding) -> bool:
    """Whether git has told of it already."""
    return "history" in _known(finding)


def _known(finding: Finding) -> Mapping[str, Any]:
    """What the search for secrets knows of a finding of any domain."""
    if finding.rule.domain == DOMAIN:
        return finding.details
    known = finding.details.get("secret")
    return known if isinstance(known, Mapping) else NO_DETAILS


_PURGE = "git filter-repo --replace-text takes it out of the history; rotate it first."
_FORGETTING = {
    HEAD: _PURGE,
    "past": _PURGE,
    INDEX: "Stage the file again without it.",
    UNREACHABLE: "git reflog expire --expire-unreachable=now --all and git gc --prune=now drop it "
    "from this clone.",
}


def in_words(leak: Leak) -> str:
    """Where a value is still to be found, and who brought it."""
    if leak.kind == "tag":
        where = "in the message of a tag"
    elif leak.kind == "commit":
        where = "in the message of"
    else:
        where = _WHERE[leak.state]
    origin = leak.introduced
    if origin is None:
        return where
    link = " " if leak.kind == "commit" else ", from "
    return f"{where}{link}commit {_named(origin)}{_more(leak)}"


_WHERE = {
    HEAD: "in HEAD",
    "past": "in the history only",
    INDEX: "staged, not committed",
    UNREACHABLE: "in objects that no ref leads to",
}


def _named(origin: Origin) -> str:
    by = f" by {origin.author}" if origin.author else ""
    day = f" of {origin.time[:_DAY]}" if origin.time else ""
    return f"{origin.commit[:SHORT]}{day}{by}"


def _more(leak: Leak) -> str:
    if leak.commits < 2:
        return ""
    others = leak.commits - 1
    return f", and {others} more commit{'' if others == 1 else 's'}"


def details_of(leak: Leak) -> dict[str, Any]:
    """What programs may want to know of a value's history."""
    details: dict[str, Any] = {"state": leak.state, "object": leak.oid, "kind": leak.kind}
    if leak.introduced is not None and leak.newest is not None:
        details["introduced"] = leak.introduced._asdict()
        details["newest"] = leak.newest._asdict()
    details["commits"] = leak.commits
    details["objects"] = leak.objects
    details["authors"] = list(leak.authors[:_MOST_PATHS])
    details["paths"] = list(leak.paths[:_MOST_PATHS])
    return details
