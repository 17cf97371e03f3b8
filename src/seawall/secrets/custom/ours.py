"""What users' files say of the rules that come with the program: which findings they let pass."""

from collections.abc import Iterable, Sequence

from seawall.secrets.candidate import Candidate
from seawall.secrets.custom.allowing import Seen, passes, passes_file
from seawall.secrets.custom.regex import spans
from seawall.secrets.custom.rule import RuleSet
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
