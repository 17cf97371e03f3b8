"""``--observe``: the image's process is run and watched, for what no reading of its files tells.

It is run as an engine runs the image where nobody says more: as its own user, with a root that it
may write to, a copy that is thrown away. What is watched is what is executed in that root and all
that it starts (``seawall.tracing``).
"""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator

from seawall.core.errors import InputError
from seawall.hardening.images.configuration import platform_of
from seawall.hardening.images.options import counted, named_texts
from seawall.hardening.images.subject import Subject
from seawall.hardening.images.verification.asking import ask
from seawall.hardening.images.verification.checks import Command, Http
from seawall.hardening.images.verification.trials import Identity, identity_of, process_of
from seawall.hardening.images.watched import Watched
from seawall.running.places import directory
from seawall.running.room import DOCKER_CAPABILITIES, NotPossibleError, Room
from seawall.running.runners import Runner, choose
from seawall.running.starting import Running
from seawall.sources.images.extracting import Directory, Viewer, extract
from seawall.sources.images.platforms import normal, of_host
from seawall.tracing import calls
from seawall.tracing.record import CALLS_SEEN, FILES_SEEN, Observation, read

_AFTERWARDS = 0.5
"""Seconds that a server is watched after its last answer: it may still write down what it did."""
_TO_END = 5.0
"""Seconds that a process has to end by itself, so that the way to its end is seen as well."""
_AGAIN = 0.1
_MACHINES = {"amd64": calls.X86_64, "386": calls.X86_64, "arm64": calls.AARCH64}
_ERRORS_SHOWN = 400
_WHERE = (
    "as root, or where ptrace is permitted (kernel.yama.ptrace_scope below 2; in a container "
    "--cap-add SYS_PTRACE), or leave --observe out and name what is missing with --include"
)


def observe(subject: Subject, watched: Watched) -> Observation | None:
    """Run what is to be watched; ``None``, told, for a platform that cannot run here.

    Raises ``InputError`` where nothing can be run or seen.
    """
    platform = normal(platform_of(subject))
    host = of_host()
    machine = _MACHINES.get(host.architecture)
    if platform.os != host.os or _MACHINES.get(platform.architecture) != machine or not machine:
        subject.told.left.append(
            f"it was not observed: this machine runs {host} only; what its process loads under "
            "names made at run time may be missing"
        )
        return None
    who = identity_of(subject.config.user, subject.facts.accounts)
    if who is None:
        raise InputError(
            f"{subject.image.name}: nothing tells the number of its user {subject.config.user}, so "
            "it cannot be run; leave --observe out"
        )
    choice = choose(who.uid)
    if choice.runner is None:
        raise InputError(
            f"{subject.image.name}: --observe: nothing can be run here: {choice.reason}; run "
            f"this {_WHERE}"
        )
    runs = _Runs(subject, who, choice.runner, watched)
    found = [runs.observe(text, drive, words) for text, drive, words in runs.wanted()]
    seen = found[0]
    for each in found[1:]:
        seen = seen.united(each)
    _tell(subject, watched, seen, choice.runner)
    return seen


class _Runs:
    """The runs of one image."""

    def __init__(self, subject: Subject, who: Identity, runner: Runner, watched: Watched) -> None:
        self._subject = subject
        self._who = who
        self._runner = runner
        self._watched = watched
        self._told = subject.told

    def wanted(self) -> Iterator[tuple[str, Callable[[Running], None], tuple[str, ...]]]:
        """What is run: what it is called, what is done meanwhile, and the words of another one."""
        for command in self._watched.commands:
            text = command.text if command.words else "its own process"
            yield text, lambda running, text=text: self._wait(running, text), command.words  # type: ignore[misc]
        if self._watched.pages:
            yield "its own process", self._ask, ()

    def observe(
        self, text: str, drive: Callable[[Running], None], words: tuple[str, ...]
    ) -> Observation:
        """Run something in a new root, and see what it does."""
        config = self._subject.config
        own = (*config.entrypoint, *config.command)
        if not words and not own:
            raise InputError(
                f"{self._subject.image.name}: it names no program to start; write --observe "
                "'PROGRAM ARGUMENTS'"
            )
        process = process_of(Command(words or own, text), config, self._who)
        with Directory() as place, tempfile.NamedTemporaryFile() as record:
            root = self._root(place.path)
            room = Room(
                root, read_only=False,
                volumes=tuple(path.strip("/") for path in config.volumes),
                capabilities=() if self._who.uid else DOCKER_CAPABILITIES,
            )  # fmt: skip
            try:
                directory(root, process.directory)  # engines make it, where it is missing
                with self._runner.start(room, process, record=record.fileno()) as running:
                    drive(running)
                    ended = running.stop()
                    complaint = ended.failure or _last_of(running.errors())
            except NotPossibleError as error:
                raise self._impossible(text, str(error)) from None
            seen = read(record.name)
        if not seen.began:
            raise self._impossible(text, "; ".join(seen.notes) or complaint)
        return seen

    def _root(self, place: str) -> str:
        root = os.path.join(place, "root")
        viewer = Viewer(self._who.uid, frozenset((self._who.gid, *self._who.groups)))
        problems = extract(self._subject.image, self._subject.whole.files, root, viewer)
        for problem in problems.told:
            self._told.notes.append(f"while it was observed, /{problem.path} {problem.reason}")
        return root

    def _impossible(self, text: str, reason: str) -> InputError:
        return InputError(
            f"{self._subject.image.name}: --observe: {text} could not be watched: {reason}; "
            f"run this {_WHERE}"
        )

    # What is done meanwhile.

    def _wait(self, running: Running, text: str) -> None:
        """Wait for its end; a server has none."""
        ended = running.wait(self._watched.patience)
        if ended is None:
            self._told.notes.append(
                f"{text} was observed for {self._watched.patience:.0f} s, and ended then"
            )
            self._end(running)
        elif ended.status > 0 and not ended.failure:
            said = _last_of(running.errors())
            self._told.notes.append(
                f"{text} ended with {ended.status} while it was observed, so not all that it may "
                f"do was seen{f': {said}' if said else ''}"
            )

    def _ask(self, running: Running) -> None:
        """Ask for the pages, as soon as it listens."""
        for page in self._watched.pages:
            status = self._asked(running, page)
            if status >= 400:
                self._told.notes.append(f"{page} gave status {status} while it was observed")
        if running.wait(_AFTERWARDS) is None:
            self._end(running)

    def _asked(self, running: Running, page: Http) -> int:
        """The status of an answer; a server that gives none did not do what is to be seen."""
        reason = f"nothing listens on port {page.port}"
        until = time.monotonic() + self._watched.patience
        while (left := until - time.monotonic()) > 0:
            found = running.connect(page.port, left)
            if found is None:
                break
            answer = ask(found, page, max(_AGAIN, until - time.monotonic()))
            if not isinstance(answer, str):
                return answer.status
            reason = answer
            if running.wait(_AGAIN) is not None:  # it may be on its way up
                break
        ended = running.wait(0)
        if ended is not None:
            reason = ended.failure or f"it exits with {ended.status}"
        said = _last_of(running.errors())
        raise InputError(
            f"{self._subject.image.name}: --observe-http: {page} gave no answer: {reason}"
            f"{f': {said}' if said else ''}; mend that, or give it longer with --observe-timeout"
        )

    def _end(self, running: Running) -> None:
        running.signal(signal.SIGTERM)
        running.wait(_TO_END)


def _last_of(errors: bytes) -> str:
    lines = [line.strip() for line in errors.decode("utf-8", "replace").splitlines()]
    return next((line[-_ERRORS_SHOWN:] for line in reversed(lines) if line), "")


# What is told ---------------------------------------------------------------------------------


def _tell(subject: Subject, watched: Watched, seen: Observation, runner: Runner) -> None:
    told = subject.told
    paths = {path for _, path in seen.paths}
    what = named_texts([text or "its own process" for text in watched.told()])
    told.done.append(
        f"observed {what} ({runner.name}): {counted(len(paths), 'path')}, "
        f"{counted(len(seen.calls), 'system call')}"
    )
    if CALLS_SEEN not in seen.means:
        told.left.append(
            f"its system calls were not seen, so there is no seccomp profile: "
            f"{'; '.join(seen.notes)}"
        )
        return
    hides = any(
        calls.name_of(architecture, number) == "io_uring_setup"
        for architecture, number in seen.calls
    )
    if FILES_SEEN not in seen.means and hides:
        told.left.append(
            "it uses io_uring, and the files that it opens so were not seen: "
            f"{'; '.join(seen.notes)}"
        )
    told.notes += [
        f"while it was observed, {note}" for note in seen.notes if not note.startswith("fanotify")
    ]
