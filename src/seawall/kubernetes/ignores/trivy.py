"""Trivy's comments (pkg/iac/ignore of 0.74).

    #trivy:ignore:KSV-0017
    #trivy:ignore:AVD-KSV-0017:exp:2027-01-31 trivy:ignore:KSV-0014 the node agent

Trivy heeds them in Helm templates, not in plain manifests; here they count in both. They are about
the block that begins on their line or the next.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.ignore import Ignore, Lines, day_before, fault_of_date
from seawall.core.location import Location
from seawall.kubernetes.objects import KubernetesObject
from seawall.text.yaml_comments import comments

TOOL = "trivy"
_MARKS = ("trivy:", "tfsec:")


class Rule(NamedTuple):
    """One rule of a comment."""

    id: str
    until: str
    fault: str


def read(text: str, path: str, _objects: list[KubernetesObject]) -> Iterator[Ignore]:
    """What the comments ignore."""
    for mark in _MARKS:
        for comment in comments(text, mark):
            rules, reason = parse(comment.text)
            for rule in rules if comment.first else ():
                yield Ignore(
                    (rule.id,), Lines(path, comment.first, comment.last), reason, rule.until,
                    Location(path, span=comment.span), tool=TOOL, fault=rule.fault,
                )  # fmt: skip


def parse(comment: str) -> tuple[list[Rule], str]:
    """The rules of a comment's text, and what else it says."""
    rules: list[Rule] = []
    rest: list[str] = []
    for part in comment.split():
        word = part.lstrip("#/*")
        mark = next((m for m in _MARKS if word.startswith(m)), None)
        rule = _rule(word.removeprefix(mark)) if mark else None
        if rule is None:
            rest.append(part)
        else:
            rules.append(rule)
    return rules, " ".join(rest)


def _rule(text: str) -> Rule | None:
    """``ignore:ID:exp:DATE``, in any order of the two."""
    words = text.split(":")
    sections = dict(zip(words[::2], words[1::2], strict=False))
    id_ = sections.get("ignore", "").partition("[")[0]
    if not id_:
        return None
    date = sections.get("exp")
    if date is None:
        return Rule(id_, "", "")
    fault = fault_of_date(date)
    return Rule(id_, "" if fault else day_before(date), fault)
