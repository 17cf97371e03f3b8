"""Original and result run the same way, as the result will run; where that fails, also as it was.

The result's user, a root that cannot be written to and no capabilities: that is how a hardened
image is meant to run. Where the original does not work so, it is run as itself: what hardening
took away is then told apart from what it broke.
"""

from collections.abc import Callable
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.hardening.images.configuration import platform_of
from seawall.hardening.images.options import counted
from seawall.hardening.images.rewriting import Plan
from seawall.hardening.images.verification.checks import (
    DIFFERS,
    UNVERIFIED,
    VERIFIED,
    Check,
    Checks,
    Command,
    Verdict,
)
from seawall.hardening.images.verification.comparing import (
    Compared,
    compare,
    may_be_volatile,
    without_times,
)
from seawall.hardening.images.verification.roots import Root, original_of, result_of
from seawall.hardening.images.verification.trials import (
    Identity,
    Outcome,
    identity_of,
    impossible,
    process_of,
    try_out,
)
from seawall.running.room import DOCKER_CAPABILITIES, SCRATCH, Process, Room
from seawall.running.runners import Choice, choose
from seawall.sources.images.extracting import Directory
from seawall.sources.images.image import Config
from seawall.sources.images.platforms import normal, of_host, runs
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.writing.image import Written

_ALSO = {"amd64": ("386",)}
"""Architectures whose programs a machine's processor runs beside its own."""
_MOST_PROBLEMS = 3


def verify(plan: Plan, written: Written, checks: Checks) -> tuple[Verdict, ...]:
    """Try everything that is asked for on an image, if this machine can run it.

    Raises ``ArchiveError`` where a layer cannot be read.
    """

    def none(reason: str) -> tuple[Verdict, ...]:
        return tuple(Verdict(plan.platform, each, UNVERIFIED, reason) for each in checks.wanted)

    if not _runs_here(plan):
        return none(f"this machine runs {of_host()} only")
    accounts = plan.subject.facts.accounts
    who = identity_of(plan.user or plan.subject.config.user, accounts)
    if who is None:
        return none(f"nothing tells the number of its user {plan.user}; say --user")
    choice = choose(who.uid)
    if choice.runner is None:
        return none(choice.reason)
    try:
        with Directory() as directory:
            original = original_of(plan, directory.path, who)
            result = result_of(plan, written, directory.path, who)
            own = identity_of(original.config.user, accounts)
            told = checks._replace(writable=(*checks.writable, *plan.subject.told.writable))
            pair = _Pair(plan.platform, original, result, who, own, choice, told)
            return tuple(pair.verdict(check) for check in checks.wanted)
    except ArchiveError:
        raise
    except InputError as error:  # there is no room for it
        return none(str(error))


def _runs_here(plan: Plan) -> bool:
    host, platform = of_host(), normal(platform_of(plan.subject))
    also = [
        host._replace(architecture=name, variant="") for name in _ALSO.get(host.architecture, ())
    ]
    return any(runs(each, platform) for each in (host, *also))


def _tried(again: "Callable[[], Outcome]") -> "_Trial":
    return _Trial(again(), again)


def _compared(original: "_Trial", result: Outcome) -> Compared:
    """How a result differs from an original, which is run again where that may explain it."""
    first = original.outcome.said
    compared = compare(first, result.said)
    if not compared.differences or not may_be_volatile(first, result.said):
        return compared
    return compare(first, result.said, original.again().said)


class _Trial(NamedTuple):
    """What came of a check, and how it can be had once more."""

    outcome: Outcome
    again: Callable[[], Outcome]


class _Pair:
    """An original and its result, unpacked."""

    def __init__(
        self,
        platform: str,
        original: Root,
        result: Root,
        who: Identity,
        own: Identity | None,
        choice: Choice,
        checks: Checks,
    ) -> None:
        self._platform = platform
        self._original = original
        self._result = result
        self._who = who
        self._own = own
        self._choice = choice
        self._checks = checks
        runner = choice.runner.name if choice.runner is not None else ""
        self._way = f"as {who} on a read-only root ({runner})"

    def verdict(self, check: Check) -> Verdict:
        """What comes of a check."""
        if not isinstance(check, Command):
            config = self._original.config
            if not (config.entrypoint or config.command):
                return self._unverified(check, "the image starts no process")
        result = self._as_result(self._result, check)
        same = _tried(lambda: self._as_result(self._original, check))
        if same.outcome.works:
            return self._told(check, _compared(same, result), result, self._way)
        return self._against_itself(check, same.outcome, result)

    def _against_itself(self, check: Check, same: Outcome, result: Outcome) -> Verdict:
        """The original does not work as the result will run: how does it as it was?"""
        itself = _tried(lambda: self._as_itself(check))
        own = itself.outcome
        why = f"the original does not work {self._way}: {same.complaint}"
        if own.works:
            if without_times(same.complaint) == without_times(result.complaint):
                why = "the original does not work so, either"
            note = (
                f"{why}; as itself ({self._own}, with a root that can be written to) it works: "
                "that is what hardening changes"
            )
            return self._told(check, _compared(itself, result), result, self._way, note)
        if result.works:
            reason = "the result works, the original does not"
            return Verdict(self._platform, check, DIFFERS, reason, (why,))
        if not own.is_telling:
            reason = f"the original does not work as itself, either: {own.complaint}"
            return self._unverified(check, reason)
        note = f"the original fails as well, also as itself: {own.complaint}"
        return self._told(check, _compared(itself, result), result, self._way, note)

    def _unverified(self, check: Check, reason: str) -> Verdict:
        return Verdict(self._platform, check, UNVERIFIED, reason)

    def _told(
        self, check: Check, compared: Compared, result: Outcome, way: str, note: str = ""
    ) -> Verdict:
        details = [*([note] if note else []), *compared.notes]
        if not compared.differences:
            return Verdict(self._platform, check, VERIFIED, f"the same, run {way}", tuple(details))
        if result.complaint:
            details.insert(0, f"the result: {result.complaint}")
        details += self._problems()
        return Verdict(
            self._platform,
            check,
            DIFFERS,
            f"not the same, run {way}",
            (*compared.differences, *details),
        )

    def _problems(self) -> list[str]:
        """What the unpacked result lacks, which may be the reason."""
        found = self._result.problems
        told = [f"here /{each.path} {each.reason}" for each in found[:_MOST_PROBLEMS]]
        if len(found) > _MOST_PROBLEMS:
            told.append(f"and {counted(len(found) - _MOST_PROBLEMS, 'file')} more")
        return told

    # Running.

    def _as_result(self, root: Root, check: Check) -> Outcome:
        """As the result is meant to run."""
        process = process_of(check, root.config, self._who)
        room = Room(
            root.path, scratch=(*SCRATCH, *self._checks.writable), volumes=_volumes(root.config)
        )
        return self._run(self._choice, check, room, process)

    def _as_itself(self, check: Check) -> Outcome:
        """As an engine runs the original where nobody says more."""
        config, own = self._original.config, self._own
        if own is None:
            return impossible(f"nothing tells the number of its user {config.user}")
        capabilities = () if own.uid else DOCKER_CAPABILITIES
        room = Room(
            self._original.path, read_only=False, volumes=_volumes(config),
            capabilities=capabilities,
        )  # fmt: skip
        return self._run(choose(own.uid), check, room, process_of(check, config, own))

    def _run(self, choice: Choice, check: Check, room: Room, process: Process) -> Outcome:
        if choice.runner is None:
            return impossible(choice.reason)
        return try_out(check, choice.runner, room, process, self._checks.patience)


def _volumes(config: Config) -> tuple[str, ...]:
    return tuple(path.strip("/") for path in config.volumes)
