"""A seccomp profile of what was observed, in the form that container runtimes read.

Source: OCI runtime-spec 1.2, ``linux.seccomp``; Docker and containerd read the same, and leave
comments alone.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from seawall.hardening.images.seccomp_margin import (
    ALWAYS,
    DANGEROUS,
    FAMILIES,
    FAMILIES_WHY,
    NEW_NAMESPACES,
    NEW_THREAD,
    UNKNOWN,
    UNKNOWN_WHY,
)
from seawall.tracing import calls
from seawall.tracing.record import Observation

_NOT_PERMITTED, _NOT_IMPLEMENTED = 1, 38
"""EPERM, ENOSYS."""
_ALLOW, _REFUSE = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"
_SEEN = "seen to be called"


class Profile(NamedTuple):
    """What is let through; all else fails with EPERM."""

    document: dict[str, Any]
    seen: frozenset[str]
    """The names of the calls that were seen."""
    margin: frozenset[str]
    """Those that are let through besides."""
    unnamed: tuple[str, ...]
    """Calls that were seen and have no name here, which no profile can let through."""

    @property
    def dangerous(self) -> tuple[str, ...]:
        """Calls that were seen and few programs need."""
        return tuple(sorted(self.seen & DANGEROUS))


def profile(observation: Observation, machine: str) -> Profile:
    """The profile for what was observed on a machine: ``x86_64``, ``aarch64``."""
    seen, unnamed = set(), []
    for architecture, number in sorted(observation.calls):
        name = calls.name_of(architecture, number)
        if name is None:
            unnamed.append(f"{architecture} {number}")
        else:
            seen.add(name)
    architectures = {name for name, _ in observation.calls if name in calls.SECCOMP_NAMES}
    known = {name for each in {machine, *architectures} for name in calls.numbers(each)}
    groups = _groups(seen, known, namespaces=observation.namespaces)
    rules = [_rule(why, names) for why, names in groups if names]
    allowed = {name for _, names in groups for name in names}
    rules += _clone(seen, namespaces=observation.namespaces)
    missing = (UNKNOWN & known) - allowed
    rules.append({**_rule(UNKNOWN_WHY, missing), "action": _REFUSE, "errnoRet": _NOT_IMPLEMENTED})
    document = {
        "defaultAction": _REFUSE,
        "defaultErrnoRet": _NOT_PERMITTED,
        "architectures": sorted(calls.SECCOMP_NAMES[each] for each in {machine, *architectures}),
        "syscalls": rules,
    }
    allowed.add("clone")
    return Profile(
        document, frozenset(seen), frozenset(allowed - seen), tuple(dict.fromkeys(unnamed))
    )


def _groups(
    seen: set[str], known: Iterable[str], *, namespaces: bool
) -> list[tuple[str, set[str]]]:
    """Why calls are let through, and which: each name once, without those that need conditions."""
    conditional = set() if namespaces and "clone3" in seen else {"clone3"}
    left = set(known) - conditional - {"clone"}
    family: set[str] = set()
    for each in FAMILIES:
        if each & seen:
            family |= each
    found = []
    for why, names in ((_SEEN, seen), *ALWAYS, (FAMILIES_WHY, family)):
        found.append((why, left & names))
        left -= names
    return found


def _clone(seen: set[str], *, namespaces: bool) -> list[dict[str, Any]]:
    """New threads and processes, but no new namespaces: these are flags of the same call.

    The flags of clone3 lie in memory, where no filter sees them; so it does not exist (ENOSYS), and
    libraries use clone, as under Docker's own profile.
    """
    if namespaces:
        return [_rule("new processes in new namespaces were seen to be made", {"clone"})]
    if seen & {"clone", "clone3", "fork", "vfork"}:
        why = "new threads and processes, but no new namespaces"
        condition = {"index": 0, "value": NEW_NAMESPACES, "valueTwo": 0}
    else:
        why = "new threads, which runc may need while it starts the program, but no new processes"
        condition = {"index": 0, "value": NEW_THREAD, "valueTwo": NEW_THREAD}
    return [{**_rule(why, {"clone"}), "args": [{**condition, "op": "SCMP_CMP_MASKED_EQ"}]}]


def _rule(why: str, names: Iterable[str]) -> dict[str, Any]:
    return {"names": sorted(names), "action": _ALLOW, "comment": why}
