"""Another description for a mesh that is up: what it changes is changed, and all else goes on.

Whatever can fail comes first, and is taken back where it does: then nothing has changed. Only when
all that is new stands is anything ended.
"""

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from seawall.mesh.hosting import administration, numbering
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.outside import FRONT, Program
from seawall.mesh.hosting.state import Hosted, State, state_of
from seawall.mesh.plan.changes import Change, changes_of
from seawall.mesh.plan.reading import load

if TYPE_CHECKING:
    from seawall.mesh.hosting.supervisor import Supervisor

_FIRST = "on the controller's host"
_FOLLOWED = 2.0
"""Seconds after which proxies have what they were told: only then are ways out closed to them."""


def apply(site: "Supervisor", path: str, *, is_dry: bool) -> dict[str, Any]:
    """Make a mesh what a file says; what that changes, in order.

    Raises:
        PlanError: the file does not describe a mesh that this one can become.
        HostError: something new did not come up; all is as it was.
    """
    before, plan = site.state, load(path)
    changes = changes_of(before.plan, plan)
    numbers = numbering.following(plan, before.numbers)
    plan = numbering.with_addresses(plan, before.plan.edges.externals)
    if changes and not is_dry:
        after = state_of(plan, site.layout, site.host, numbers)
        _Step(site, before, after).take()
        site.say(f"{path} was applied: {len(changes)} changes")
    return {"changes": [own._asdict() for own in changes]}


def changes_in(answer: dict[str, Any]) -> list[Change]:
    """The changes that an answer tells."""
    return [
        Change(own["how"], own["kind"], own["name"], tuple(own["what"]))
        for own in answer["changes"]
    ]


class _Step:
    """From one state to the next."""

    def __init__(self, site: "Supervisor", before: State, after: State) -> None:
        self._site = site
        self._before = before
        self._after = after
        old = {own.member.name: own for own in before.hosted}
        self._come = [own for own in after.hosted if own.member.name not in old]
        self._narrows = before.outside.rules != after.outside.rules
        names = {own.member.name for own in after.hosted}
        self._go = [own for own in before.hosted if own.member.name not in names]
        self._changed = [
            own
            for own in after.hosted
            if own.member.name in old and own.member.process != old[own.member.name].member.process
        ]

    def take(self) -> None:
        """Take it, or nothing."""
        self._refuse_absent_directories()
        with ExitStack() as undo:
            self._bring_up(undo)
            undo.pop_all()
        self._site.take(self._after)
        begun = time.monotonic()
        for own in self._changed:
            self._change(own)
        for own in self._go:
            self._end(own)
        self._close_outside(begun)

    def _refuse_absent_directories(self) -> None:
        for own in (*self._come, *self._changed):
            process = own.member.process
            if process is not None and not os.path.isdir(process.directory):
                raise HostError(
                    f"{own.member.name}: there is no directory {process.directory}: make it, or "
                    "name another one"
                )

    # All that is new ------------------------------------------------------------------------

    def _bring_up(self, undo: ExitStack) -> None:
        site, before, after = self._site, self._before, self._after
        after.make_directories(site.layout)
        undo.callback(before.make_directories, site.layout)
        for own in self._come:
            undo.callback(site.unbuild, own)
            site.build(own, after)
        programs = self._open_outside(undo)
        undo.callback(site.declare, before)
        site.declare(after)
        undo.callback(site.tell_agent, before)
        site.tell_agent(after)
        for own in self._meshed(self._come):
            undo.callback(site.fleet.stop, own.member.name)
            site.start_proxy(own)
        for one in programs:
            undo.callback(site.fleet.stop, one.place)
            site.start_in_host(one)
        names = [own.member.name for own in self._meshed(self._come)]
        names += [one.place for one in programs if one.place != FRONT]
        first = f"; apply it {_FIRST} first" if after.plan.hosts else ""
        site.wait(f"what is new ({', '.join(names)}{first})", partial(site.are_ready, names))
        self._wait_for(programs)
        site.wait("what was declared", site.is_pushed)
        for own in self._come:
            recipe = site.program(own)
            if recipe is not None:
                undo.callback(site.fleet.stop, own.member.name)
                site.fleet.start(recipe)

    def _meshed(self, hosted: Sequence[Hosted]) -> list[Hosted]:
        return [own for own in hosted if not own.member.mode.off_reason]

    def _open_outside(self, undo: ExitStack) -> list[Program]:
        """Open what is to be open besides what is; the proxies that are to be started for it."""
        before, after = self._before.outside, self._after.outside
        # Either one may be looked after meanwhile.
        before.rules = after.rules = after.rules.joined(before.rules)
        undo.callback(self._reopen)
        programs = after.prepare()
        gates = [state.plan.edges.gateway for state in (self._before, self._after)]
        listens = [gate[:2] if gate else None for gate in gates]
        if listens[0] != listens[1] and self._site.fleet.has(FRONT):
            # Two do not listen with one administration; what comes meanwhile is refused.
            self._site.fleet.stop(FRONT)
        return [own for own in programs if not self._site.fleet.has(own.name)]

    def _reopen(self) -> None:
        """As it was."""
        after, before = self._after.outside, self._before.outside
        if before.has_exit:
            before.narrow()
        elif after.has_exit:
            after.end()
        for one in before.prepare():
            if not self._site.fleet.has(one.name):
                self._site.start_in_host(one)

    def _wait_for(self, programs: Sequence[Program]) -> None:
        admins = [self._site.layout.admin(own.place) for own in programs]
        if admins:
            self._site.wait(
                "the gateway or the exit", lambda: all(map(administration.is_ready, admins))
            )

    # What goes ------------------------------------------------------------------------------

    def _change(self, own: Hosted) -> None:
        """Another program in the place of one; who was stopped by somebody stays so."""
        site, name = self._site, own.member.name
        if own.member.mode.off_reason:
            site.fleet.stop(name)
            recipe = site.program(own)
            if recipe is not None:
                site.fleet.start(recipe)
            return
        was_halted = site.fleet.is_halted(name)
        if not was_halted:
            site.stop(own)
        site.fleet.change(name, site.program(own))
        if not was_halted:
            site.start_again(own)

    def _end(self, own: Hosted) -> None:
        site, name = self._site, own.member.name
        if not own.member.mode.off_reason and not site.fleet.is_halted(name):
            site.stop(own)
        site.fleet.drop(name)
        site.unbuild(own)

    def _close_outside(self, begun: float) -> None:
        """Close what is open no more, once proxies have had the time to notice."""
        before, after = self._before.outside, self._after.outside
        if self._narrows or before.charges != after.charges:
            time.sleep(max(0.0, _FOLLOWED - (time.monotonic() - begun)))
        for name in before.charges:
            if name not in after.charges:
                self._site.fleet.stop(name)
        if self._before.plan.edges.gateway and not self._after.plan.edges.gateway:
            self._site.fleet.stop(FRONT)
        if before.has_exit and not after.has_exit:
            before.end()
        elif after.has_exit:
            after.narrow()
