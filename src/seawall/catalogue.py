"""Every rule of every domain, and how a rule is found by its own or another tool's id."""

import sys
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module

from seawall.core import lazy
from seawall.core.errors import UsageError
from seawall.core.rule import Rule

_NUMBERED = lazy.pattern(r"(?:avd-)?(ksv|kcv|ds)-?0*([0-9]+)")


_HOMES = {
    "dockerfile": "seawall.dockerfile.rules",
    "image": "seawall.images.rules",
    "input": "seawall.triage.rules",
    "kubernetes": "seawall.kubernetes.rules",
    "secrets": "seawall.secrets.rules",
    "vulnerabilities": "seawall.advisories.rules",
}
"""Where the rules of a domain are; they are loaded when they are needed, for they cost 30 ms."""
SECRETS = "secrets"
_OF_SECRETS = "secret:"
"""What stands before the ids of users' rules about secrets, and may before those of ours."""
DOMAINS = tuple(_HOMES)
_RARE = {
    "input": 0, "secrets": 1, "kubernetes": 2, "dockerfile": 3, "vulnerabilities": 4, "image": 5,
}  # fmt: skip
"""In which order domains are loaded to find a rule: what most runs load anyway comes first."""


def rules_of(*domains: str) -> tuple[Rule, ...]:
    """The rules of some domains, in the order of their ids."""
    found: list[Rule] = []
    for domain in domains:
        found += import_module(_HOMES[domain]).all_rules()
    return tuple(sorted(found, key=lambda rule: rule.id))


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of their ids."""
    return rules_of(*DOMAINS)


def canonical(id_: str) -> str:
    """An id as it is compared: lower case, Trivy's numbers without prefix and zeros.

    ``KSV017``, ``KSV-0017`` and ``AVD-KSV-0017`` are one id, and so are ``DS002`` and ``DS-0002``.
    """
    lower = id_.strip().lower()
    numbered = _NUMBERED.fullmatch(lower)
    return f"{numbered[1]}-{int(numbered[2]):04d}" if numbered else lower


def _own(wanted: str) -> Rule | None:
    """The rule of an own id, all that most configurations name; of loaded domains first."""
    for domain in sorted(_HOMES, key=lambda name: (_HOMES[name] not in sys.modules, _RARE[name])):
        found = _own_of(domain).get(wanted)
        if found is not None:
            return found
    return None


@cache
def _own_of(domain: str) -> dict[str, Rule]:
    return {rule.id: rule for rule in rules_of(domain)}


@cache
def _names(domains: tuple[str, ...] = DOMAINS) -> dict[str, tuple[Rule, ...]]:
    """Every name a rule of some domains goes by."""
    return _names_of(rules_of(*domains))


def called(name: str, domains: tuple[str, ...] = DOMAINS) -> tuple[Rule, ...]:
    """The rules of some domains that go by a name in its canonical form."""
    return _names(domains).get(name, ())


def _names_of(rules: Iterable[Rule]) -> dict[str, tuple[Rule, ...]]:
    """Every name rules go by. A bare id of a tool counts where no rule of ours has it."""
    own: dict[str, list[Rule]] = {}
    foreign: dict[str, list[Rule]] = {}
    for rule in rules:
        own.setdefault(canonical(rule.id), []).append(rule)
        for alias in rule.aliases:
            name = canonical(alias)
            foreign.setdefault(name, []).append(rule)
            _, colon, bare = name.partition(":")
            if colon:
                foreign.setdefault(bare, []).append(rule)
    merged = foreign | own
    return {name: tuple(dict.fromkeys(rules)) for name, rules in merged.items()}


def look_up(pattern: str, custom: Sequence[Rule] = ()) -> tuple[Rule, ...]:
    """The rules an id or glob names, own or peers'; empty when there are none.

    A name that only a tool's id gives to a rule of the catalogue is that of a custom check where
    there is one: it may be called as one of kube-linter's templates is.
    """
    wanted = canonical(pattern)
    own = _own(wanted)
    if own is not None:
        return (own,)
    names = _names()
    if custom:
        checks = _names_of(custom)
        ids = {rule.id for rule in all_rules()} if wanted in checks else ()
        names = names | {name: found for name, found in checks.items() if name not in ids}
    if wanted in names:
        return names[wanted]
    if any(mark in wanted for mark in "*?["):
        found = [
            rule for name, rules in names.items() if fnmatchcase(name, wanted) for rule in rules
        ]
        return tuple(sorted(set(found), key=lambda rule: rule.id))
    if wanted.startswith(_OF_SECRETS):
        named = look_up(wanted.removeprefix(_OF_SECRETS))
        return tuple(rule for rule in named if rule.domain == SECRETS)
    return ()


def find(pattern: str, custom: Sequence[Rule] = ()) -> tuple[Rule, ...]:
    """The rules an id or glob names, own or peers'; raises UsageError when there are none."""
    found = look_up(pattern, custom)
    if found:
        return found
    wanted = canonical(pattern)
    raise UsageError(f"no rule is called {pattern!r}{_suggestion(wanted)}; see: seawall rules")


def _suggestion(wanted: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for an error

    close = get_close_matches(wanted, _names(), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def select(
    *,
    profile: str,
    select: Iterable[str],
    ignore: Iterable[str],
    ruleset: str,
    enable: Iterable[str] = (),
    custom: Sequence[Rule] = (),
    domains: Iterable[str] = DOMAINS,
) -> tuple[Rule, ...]:
    """The rules a run uses: those named, else the profile's and enabled ones, less the ignored.

    Only those of some domains: what is not there to be judged needs no rules. Custom checks
    belong to the profiles that rules about the input itself belong to.
    """
    wanted = (*rules_of(*domains), *custom)
    chosen: list[Rule]
    patterns = list(select)
    if patterns:
        named = {rule for pattern in patterns for rule in find(pattern, custom)}
        chosen = [rule for rule in wanted if rule in named]
    else:
        chosen = [rule for rule in wanted if rule.in_profile(profile)]
        enabled = {rule for pattern in enable for rule in find(pattern, custom)}
        chosen += [rule for rule in wanted if rule in enabled and rule not in chosen]
    dropped = {rule for pattern in ignore for rule in find(pattern, custom)}
    return tuple(
        sorted(
            (rule for rule in chosen if rule not in dropped and rule.exists_in(ruleset)),
            key=lambda rule: rule.id,
        )
    )
