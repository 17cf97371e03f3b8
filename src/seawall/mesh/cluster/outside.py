"""Rules of pods that are loaded from outside, as a CNI plugin does: no pod needs a right for it.

What is done in a pod's network namespace is what its init container would do, ``seawall mesh
init``. The pod's proxy gets nothing before that has proven that the rules hold. They are looked at
again whenever the kernel says that somebody has changed them.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from seawall.core.errors import SeawallError
from seawall.mesh.cluster.finding import look
from seawall.mesh.cluster.generation import Generation
from seawall.mesh.cluster.registry import uid_in
from seawall.mesh.hosting.commands import tried
from seawall.mesh.hosting.cutting import Cutter
from seawall.mesh.redirect import loading, own_namespace
from seawall.mesh.redirect.rules import Redirect

LOOK_EVERY = 5.0
"""Seconds between looks for the processes of pods, and at rules whose changes nobody counts."""
COUNT_EVERY = 30.0
"""Seconds between looks at what the rules have dropped: that takes a process for each pod."""
_TIMEOUT = 60
_RESOLVERS = "/etc/resolv.conf"


class Outside:
    """The pods of a node whose rules are ours to load."""

    def __init__(
        self,
        proxy_user: int,
        say: Callable[[str], None],
        resolvers: str = _RESOLVERS,
        proc: str = "/proc",
    ) -> None:
        """``resolvers`` is the file of our own: pods ask the cluster's DNS servers, as we do."""
        self.faults: dict[str, str] = {}
        """By uid, why a pod's rules are not in force."""
        self._proxy_user = proxy_user
        self._resolvers = resolvers
        self._proc = proc
        self._turn = threading.Lock()
        self._say = say
        self._changing = threading.Lock()
        """Held while descriptors are opened or closed: others must not take one for another."""
        self._open: dict[str, int] = {}
        self._closed: set[str] = set()
        self._generations: dict[str, Generation] = {}
        self._seen: dict[str, int] = {}
        """The number of changes after which the rules were as they should be."""
        self._looked = 0.0
        self.dropped: dict[str, Mapping[str, int]] = {}
        """By uid, how many packets the rules of a pod have dropped, by reason."""
        self._counted = 0.0

    @property
    def closed(self) -> tuple[str, ...]:
        """The pods whose rules are in force, and proven."""
        return tuple(sorted(self._closed))

    def look(self, wanted: Collection[str]) -> None:
        """Bring the rules of these pods in force, and see that they still are."""
        with self._turn:
            now = time.monotonic()
            is_time = now - self._looked >= LOOK_EVERY
            if is_time or set(wanted) != set(self._open):
                self._find(wanted)
            for uid in sorted(self._open):
                number = self._number(uid)
                may_differ = is_time if number is None else number != self._seen.get(uid)
                if uid not in self._closed or may_differ:
                    self._close(uid, number)
            if is_time:
                self._looked = now
            if now - self._counted >= COUNT_EVERY:
                self._counted = now
                self.dropped = {uid: self._counters(uid) for uid in sorted(self._closed)}

    def _find(self, wanted: Collection[str]) -> None:
        """Hold the namespaces of pods that run, and of no others."""
        found = look(wanted, self._open, self._proc)
        for uid, descriptor in list(self._open.items()):
            if found.get(uid) != descriptor:
                self._forget(uid)
        with self._changing:
            self._open |= found

    def end(self) -> None:
        """Let go of all; rules stay in force."""
        with self._turn:
            for uid in list(self._open):
                self._forget(uid)

    @property
    def reached(self) -> tuple[str, ...]:
        """The pods whose namespaces we are able to enter."""
        with self._changing:
            return tuple(sorted(self._open))

    def answer(self, line: bytes) -> dict[str, Any]:
        """End connections of a pod: what comes of a request, as :class:`Cutter` takes it.

        This is for another thread: it does not wait for rules that are being loaded.
        """
        held: list[int] = []

        def command(workload: str) -> Sequence[str]:
            with self._changing:
                held.append(os.dup(self._open[uid_in(workload)]))
            return ("nsenter", f"--net=/proc/{os.getpid()}/fd/{held[0]}", "ss")

        try:
            return Cutter(command, self._say).answer(line)
        finally:
            for descriptor in held:
                os.close(descriptor)

    def _forget(self, uid: str) -> None:
        with self._changing:
            os.close(self._open.pop(uid))
        generation = self._generations.pop(uid, None)
        if generation is not None:
            generation.close()
        self._closed.discard(uid)
        self._seen.pop(uid, None)
        self.faults.pop(uid, None)

    def _counters(self, uid: str) -> Mapping[str, int]:
        try:
            return loading.pod_counters(self._enter(uid))
        except SeawallError:
            return self.dropped.get(uid, {})

    def _number(self, uid: str) -> int | None:
        """How often the rules of a pod were changed; ``None`` where the kernel does not tell."""
        if uid not in self._generations:
            try:
                self._generations[uid] = Generation(self._open[uid])
            except OSError:
                return None
        return self._generations[uid].now()

    def _close(self, uid: str, number: int | None) -> None:
        try:
            if uid in self._closed and loading.is_loaded(self._redirect(), self._enter(uid)):
                if number is not None:
                    self._seen[uid] = number
                return
            fault = self._closing(uid)
        except SeawallError as error:
            fault = str(error)
        if fault and self.faults.get(uid) != fault:
            self._say(f"the rules of pod {uid} are not in force: {fault}")
        if fault:
            self.faults[uid] = fault
            self._closed.discard(uid)
            return
        self.faults.pop(uid, None)
        again = " again: they had been changed" if uid in self._closed else ""
        self._say(f"the rules of pod {uid} are in force{again}")
        self._closed.add(uid)

    def _closing(self, uid: str) -> str:
        """Load the rules and try them; what is wrong, or nothing."""
        had_rules = uid in self._closed or bool(loading.listing(self._enter(uid)))
        fault = self._loading(uid)
        if not fault and not had_rules:
            self._end_earlier(uid)
        return fault

    def _end_earlier(self, uid: str) -> None:
        """End the connections that the pod has from before its rules.

        The kernel knows nothing of them, so what comes is redirected in their midst. A sidecar that
        is an agent itself has called the controller already: it calls anew at once, where else it
        would wait for an answer that is lost (half a minute and more).
        """
        said = tried(*self._enter(uid), "ss", "-H", "-t", "-n", "-K", "state", "established")
        if said.returncode:
            self._say(
                f"earlier connections of pod {uid} are not ended: {said.stderr.strip()[:200]}"
            )

    def _loading(self, uid: str) -> str:
        command = [
            *self._enter(uid), sys.executable, "-m", "seawall", "mesh", "init",
            "--proxy-user", str(self._proxy_user), "--resolv-conf", self._resolvers,
        ]  # fmt: skip
        try:
            said = subprocess.run(  # noqa: S603 - ourselves
                command, capture_output=True, text=True, check=False, timeout=_TIMEOUT,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError:
            return "nsenter is not installed: install the package util-linux"
        except subprocess.TimeoutExpired:
            return f"loading did not end within {_TIMEOUT} s: see dmesg"
        if not said.returncode:
            return ""
        lines = (said.stderr or said.stdout).strip().splitlines()
        return "; ".join(lines[-3:]) or "mesh init failed without a word: see dmesg"

    def _enter(self, uid: str) -> Sequence[str]:
        return ("nsenter", f"--net=/proc/{os.getpid()}/fd/{self._open[uid]}")

    def _redirect(self) -> Redirect:
        with open(self._resolvers, encoding="utf-8", errors="replace") as stream:
            text = stream.read(own_namespace.LARGEST)
        return Redirect(self._proxy_user, own_namespace.resolvers_in(text))
