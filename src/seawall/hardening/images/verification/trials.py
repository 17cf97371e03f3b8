"""One check on one root: something is run there, and what it says is taken down."""

import time
from typing import NamedTuple

from seawall.hardening.images.verification.asking import ask
from seawall.hardening.images.verification.checks import Check, Command, Http
from seawall.hardening.images.verification.comparing import Said
from seawall.images.accounts import Accounts
from seawall.running.places import directory
from seawall.running.room import NotPossibleError, Process, Room
from seawall.running.runners import Runner
from seawall.running.starting import Running
from seawall.sources.images.image import Config

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What engines set where an image does not (moby, ``pkg/system``)."""
_AGAIN = 0.1
_ERRORS_READ, _ERRORS_SHOWN, _LINES_SHOWN = 4096, 400, 2


class Identity(NamedTuple):
    """Who a process is, by numbers."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}"


def identity_of(user: str, accounts: Accounts) -> Identity | None:
    """Who ``USER[:GROUP]`` is (runc, ``user.GetExecUser``); ``None`` for a name nobody has.

    A group that is named leaves out those that the user is a member of.
    """
    uid = accounts.user_id(user)
    if uid is None:
        return None
    account = next((each for each in accounts.users if each.uid == uid), None)
    home = (account.home if account is not None else "") or ("/root" if not uid else "/")
    group = user.partition(":")[2]
    if not group:
        name = account.name if account is not None else ""
        groups = tuple(each.gid for each in accounts.groups if name and name in each.members)
        return Identity(uid, account.gid if account is not None else 0, groups, home)
    gid = next((each.gid for each in accounts.groups if each.name == group), None)
    if gid is None:
        if not (group.isascii() and group.isdigit() and len(group) <= 10):
            return None
        gid = int(group)
    return Identity(uid, gid, (), home)


def process_of(check: Check, config: Config, who: Identity) -> Process:
    """What is to be run for a check."""
    words = check.words if isinstance(check, Command) else (*config.entrypoint, *config.command)
    environment = {
        "PATH": _PATH, "HOME": who.home, "HOSTNAME": "localhost",
        **{name: value for name, value in config.environment if name},
    }  # fmt: skip
    start = config.working_directory or "/"
    return Process(
        words, tuple(environment.items()), start if start.startswith("/") else f"/{start}",
        who.uid, who.gid, who.groups,
    )  # fmt: skip


class Outcome(NamedTuple):
    """What came of it."""

    said: Said
    works: bool
    """Whether the command succeeded, or the page was there."""
    complaint: str = ""
    """What went wrong, where something did."""
    is_telling: bool = True
    """Whether it began, and came to an end: else there is nothing to compare."""


def try_out(check: Check, runner: Runner, room: Room, process: Process, seconds: float) -> Outcome:
    """Run what a check needs; for some seconds at most."""
    try:
        directory(room.root, process.directory)  # engines make it, where it is missing
        with runner.start(room, process) as running:
            if isinstance(check, Command):
                return _command(running, seconds)
            return _page(check, running, seconds)
    except NotPossibleError as error:
        return impossible(str(error))


def impossible(reason: str) -> Outcome:
    """Nothing could be run."""
    said = Said((("run", "not possible"),), "output")
    return Outcome(said, works=False, complaint=reason, is_telling=False)


def _command(running: Running, seconds: float) -> Outcome:
    ended = running.wait(seconds)
    if ended is None:
        running.stop()
        status, complaint = f"none within {seconds:.0f} s", "it does not end"
    elif ended.failure:
        return impossible(_with_errors(ended.failure, running))
    else:
        status = str(ended.status)
        complaint = _with_errors(f"it exits with {status}", running) if ended.status else ""
    said = Said((("exit status", status),), "output", running.output(), running.is_cut)
    return Outcome(said, not complaint, complaint, is_telling=ended is not None)


def _page(page: Http, running: Running, seconds: float) -> Outcome:
    until = time.monotonic() + seconds
    reason = f"nothing listens on port {page.port}"
    while (left := until - time.monotonic()) > 0:
        found = running.connect(page.port, left)
        if found is None:
            break
        answer = ask(found, page, max(0.01, until - time.monotonic()))
        if not isinstance(answer, str):
            facts = (("status", str(answer.status)), ("content type", answer.content_type))
            return Outcome(Said(facts, "body", answer.body, answer.is_cut), works=True)
        reason = answer
        if running.wait(_AGAIN) is not None:  # it may be on its way up
            break
    ended = running.wait(0)
    if ended is not None and ended.failure:
        return impossible(_with_errors(ended.failure, running))
    if ended is not None:
        reason = f"it exits with {ended.status}"
    else:
        running.stop()
        reason += f" within {seconds:.0f} s"
    said = Said((("status", "no answer"),), "body")
    return Outcome(said, works=False, complaint=_with_errors(reason, running), is_telling=False)


def _with_errors(reason: str, running: Running) -> str:
    """A reason and the last lines of what was complained of."""
    text = running.errors()[-_ERRORS_READ:].decode("utf-8", "replace")
    lines = [stripped for line in text.splitlines() if (stripped := line.strip())]
    last = " / ".join(lines[-_LINES_SHOWN:])
    return f"{reason}: {last[-_ERRORS_SHOWN:]}" if last else reason
