"""Whether a file holds values that must not be copied to another place, such as a cache."""

from functools import cache

from seawall.kubernetes.checking import Outcome, Plan
from seawall.kubernetes.credentials import in_text
from seawall.kubernetes.index import Index
from seawall.kubernetes.reader import Contents
from seawall.kubernetes.rule import Context
from seawall.kubernetes.rules import all_rules

_KIND = "Secret"


def is_private(contents: Contents) -> bool:
    """Whether there is a Secret or a credential in a file, read or not."""
    if any(object_.kind.startswith(_KIND) for object_ in contents.objects):
        return True
    if any(_KIND in text or any(in_text(text)) for text in contents.opaque):
        return True
    context = Context(Index(contents.objects), kubernetes_version="1.0")
    outcome = Outcome([], [], set())
    for object_ in contents.objects:
        _plan().check(object_, context, outcome)
    return bool(outcome.findings or outcome.faults)


@cache
def _plan() -> Plan:
    """The rules that point at credentials, whether or not this run has them."""
    return Plan(rule for rule in all_rules() if rule.sensitive)
