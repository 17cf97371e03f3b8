"""What users' files say of the rules that come with the program: which findings they let pass."""

from collections.abc import Iterable, Iterator, Sequence

from seawall.secrets.candidate import Candidate
from seawall.secrets.custom.allowing import Seen, passes, passes_file
from seawall.secrets.custom.regex import spans
from seawall.secrets.custom.rule import PREFIX, Allow, RuleSet
from seawall.secrets.custom.skipping import skipped, told
from seawall.secrets.custom.valid import valid
from seawall.secrets.text import Text


def heeds(rules: RuleSet) -> bool:
    """Whether a file says anything of our rules."""
    return bool(rules.allows or rules.excluded or rules.skipped or rules.narrowed)


def allowed_by(sets: Iterable[RuleSet], text: Text, candidate: Candidate) -> str:
    """What lets a finding of ours pass, with its place; empty for nothing."""
    for one in sets:
        whole = skipped(one, text.name)
        if whole:
            return whole
        mine = tuple(allow for rule, allow in one.narrowed if rule == candidate.rule)
        allow = passes_file(mine, text.name) or passes((*one.allows, *mine), _seen(text, candidate))
        if allow is not None:
            return told(allow)
        if _in_block(one.excluded, text, candidate):
            return f"{one.path}: exclude-block"
    return ""


Origins = Sequence[tuple[str, str]]
"""Commits that brought a value to a path where it was not, each with the path."""


def names_commits(rules: RuleSet) -> bool:
    """Whether a file lets anything pass because of its commit."""
    own = [*rules.allows, *(allow for _, allow in rules.narrowed)]
    own += [allow for rule in rules.rules for allow in rule.allows]
    return any(allow.commits for allow in own)


def allowed_in_commits(
    sets: Iterable[RuleSet], text: Text, candidate: Candidate, origins: Origins
) -> str:
    """What lets a value pass in each commit that brought it, with its place; empty for nothing."""
    allows = [
        allow for one in sets for allow in _about(one, candidate.rule) if allow.commits
    ]  # fmt: skip
    seen = _seen(text, candidate)
    found = [
        next((allow for allow in allows if _lets_pass(allow, seen, commit, path)), None)
        for commit, path in origins
    ]
    first = found[0] if found else None
    return told(first) if first is not None and all(found) else ""


def _about(rules: RuleSet, rule: str) -> Iterator[Allow]:
    """The allow lists that are about findings of a rule, ours or the file's own."""
    own = [one for one in rules.rules if one.name == rule]
    if own or (rules.on_ours and not rule.startswith(PREFIX)):
        yield from rules.allows
    yield from (allow for one in own for allow in one.allows)
    yield from (allow for ours, allow in rules.narrowed if ours == rule)


def _lets_pass(allow: Allow, seen: Seen, commit: str, path: str) -> bool:
    if not allow.every:
        return commit.lower() in allow.commits
    return passes((allow,), seen._replace(commit=commit, path=path)) is not None


def _seen(text: Text, candidate: Candidate) -> Seen:
    data = text.data
    start = max(data.rfind(b"\n", 0, candidate.start), 0)
    end = data.find(b"\n", candidate.end)
    line = data[start : end if end >= 0 else len(data)]
    value = candidate.value.reveal().encode("utf-8", "replace")
    match = data[candidate.start : candidate.end]
    return Seen(value, valid(match).data, valid(line).data, text.name)


def _in_block(excluded: Sequence[str], text: Text, candidate: Candidate) -> bool:
    if not excluded:
        return False
    readable = valid(text.data)
    return any(
        readable.place(span[0][0]) <= candidate.start
        and candidate.end <= readable.place(span[0][1])
        for regex in excluded
        for span in spans(regex, readable.data)
        if span is not None
    )
