"""Whoever leads, and whoever hung and goes on: in any order of events one alone does anything."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from seawall.mesh.agents.link import LinkError
from seawall.mesh.authority import rotation, tokens
from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.errors import LostError
from seawall.mesh.control.beating import HUNG_AFTER
from seawall.mesh.control.leading import (
    BEATS_EVERY,
    BUSY_FOR,
    LOCK,
    Holder,
    Leadership,
)
from seawall.mesh.control.messages import Plain, orders_from_plain, orders_to_plain
from seawall.mesh.control.registry import Registry
from seawall.mesh.control.service import Controller
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.requests import make_request
from tests.mesh.agents.test_odd_controllers import GOOD, agent_of
from tests.mesh.made import WEB, Clock, anyone, authority_in


class One:
    """A controller that wants to lead; its clock is everybody's."""

    def __init__(self, directory: Path, clock: "Steady") -> None:
        self.authority = authority_in(directory, Clock())
        self.leadership = Leadership(self.authority.store, clock, clock.ends)
        self.leads = self.hangs = False

    def turn(self) -> None:
        """What a controller does again and again; raises :class:`LostError`."""
        if self.leads:
            self.leadership.beat()
        else:
            self.leads = self.leadership.try_once()

    def end(self) -> None:
        self.leadership.release()
        self.authority.store.close()


class Steady:
    """The time, and whether those who hang can be killed: they never can be here."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def ends(self, _: Holder) -> bool:
        return False


def wait(clock: Steady, *who: One) -> None:
    """Let time go by, until somebody has hung for too long; the others do their turns."""
    for _ in range(round((HUNG_AFTER + 1) / BEATS_EVERY)):
        clock.now += BEATS_EVERY
        for own in who:
            own.turn()


def two_in(directory: Path) -> tuple[Steady, One, One]:
    """The first one leads."""
    clock = Steady()
    first, second = One(directory, clock), One(directory, clock)
    first.turn()
    second.turn()
    assert (first.leads, second.leads) == (True, False)
    return clock, first, second


def certificate(authority: Authority) -> None:
    authority.issue(make_request(WEB, new_key()), anyone())


def test_one_that_beats_is_left_alone(tmp_path: Path) -> None:
    clock, first, second = two_in(tmp_path)
    wait(clock, first, second)
    assert (first.leads, second.leads) == (True, False)
    first.end()
    second.turn()
    assert second.leads


def test_one_that_hung_does_nothing_any_more(tmp_path: Path) -> None:
    clock, first, second = two_in(tmp_path)
    tokens.begin(first.authority)
    controller = Controller(first.authority, Registry((), (), 600), 600)
    before = controller.orders("here")
    certificate(first.authority)
    wait(clock, second)
    assert second.leads
    known = len(first.authority.store.issued(0)), first.authority.audit.counts.copy()
    for act in (
        lambda: certificate(first.authority),
        lambda: tokens.issue(first.authority, WEB, ["a"], anyone()),
        lambda: rotation.rotate_root(first.authority),
        lambda: controller.revoke(WEB, back=False),
        lambda: controller.orders("here"),
        first.leadership.beat,
    ):
        with pytest.raises(LostError, match="another controller leads"):
            act()
    assert (len(second.authority.store.issued(0)), first.authority.audit.counts) == known
    certificate(second.authority)
    after = Controller(second.authority, Registry((), (), 600), 600).orders("here")
    assert after.term > before.term > 0
    assert orders_from_plain(orders_to_plain(after)) == after
    # It may be started again, and waits.
    first.end()
    again = One(tmp_path, clock)
    again.turn()
    assert not again.leads


def test_who_was_away_judges_nobody(tmp_path: Path) -> None:
    clock, _, second = two_in(tmp_path)
    for _ in range(5):
        clock.now += HUNG_AFTER
        second.turn()
    assert not second.leads


def test_one_of_the_release_before_never_hangs(tmp_path: Path) -> None:
    """It locks the file and says nothing in it."""
    clock, first, second = two_in(tmp_path)
    (tmp_path / LOCK).write_bytes(b"")
    wait(clock, second)
    assert not second.leads
    first.turn()


def test_one_that_is_busy_beats_all_the_same(tmp_path: Path) -> None:
    """Whatever its loop does in one go, for a while; then it hangs."""
    clock, first, _ = two_in(tmp_path)

    def beats() -> bool:
        before = os.stat(tmp_path / LOCK).st_mtime_ns
        time.sleep(4 * BEATS_EVERY)
        return os.stat(tmp_path / LOCK).st_mtime_ns > before

    async def act() -> tuple[bool, bool]:
        keeping = asyncio.ensure_future(first.leadership.keep())
        await asyncio.sleep(0)
        busy = beats()
        clock.now += BUSY_FOR
        beats()  # one may be under way
        hung = beats()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        return busy, hung

    assert asyncio.run(act()) == (True, False)


def test_of_two_who_wait_one_takes_over(tmp_path: Path) -> None:
    clock, _, second = two_in(tmp_path)
    third = One(tmp_path, clock)
    wait(clock, second, third)
    assert [second.leads, third.leads].count(True) == 1
    wait(clock, second, third)
    assert [second.leads, third.leads].count(True) == 1


def test_an_agent_follows_no_earlier_term() -> None:
    agent = agent_of()

    class Says:
        def __init__(self, term: int) -> None:
            self.term = term

        async def follow(self, _: object) -> AsyncIterator[Plain]:
            yield orders_to_plain(GOOD._replace(term=self.term, lifetime=600 + self.term))

    async def act() -> None:
        for term in (7, 9, 0, 9):
            await agent._take_orders(Says(term))  # type: ignore[arg-type]
        with pytest.raises(LinkError, match="leads no more"):
            await agent._take_orders(Says(8))  # type: ignore[arg-type]

    asyncio.run(act())
    assert agent.orders is not None
    assert agent.orders.lifetime == 609


class Leaders(RuleBasedStateMachine):
    """Three controllers that hang, go on, end and are started again, while each tries to sign."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.path = Path(self.directory.name)
        self.clock = Steady()
        self.all = [One(self.path, self.clock) for _ in range(3)]
        self.signed: list[int] = []
        """The term of each certificate, in the order in which they were given out."""

    @rule(number=st.integers(0, 2))
    def goes(self, number: int) -> None:
        self.all[number].hangs = False

    @rule(number=st.integers(0, 2))
    def hang(self, number: int) -> None:
        self.all[number].hangs = True

    @rule(number=st.integers(0, 2))
    def ends(self, number: int) -> None:
        self.all[number].end()
        self.all[number] = One(self.path, self.clock)

    @rule(seconds=st.sampled_from([BEATS_EVERY, 2 * HUNG_AFTER]))
    def time_goes_by(self, seconds: float) -> None:
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.clock.now += BEATS_EVERY
            for number, own in enumerate(self.all):
                if not own.hangs:
                    try:
                        own.turn()
                    except LostError:
                        self.ends(number)

    @rule(number=st.integers(0, 2))
    def signs(self, number: int) -> None:
        """Also one that has hung and does that first."""
        own = self.all[number]
        if not own.leads:
            return
        newest = self.all[0].authority.store.term()
        try:
            certificate(own.authority)
        except LostError:
            return
        self.signed.append(newest)
        assert own.authority.store.term() == newest

    @precondition(lambda self: not any(own.hangs for own in self.all))
    @rule()
    def somebody_leads_in_the_end(self) -> None:
        self.time_goes_by(3 * HUNG_AFTER)
        assert sum(own.leads for own in self.all) == 1

    @invariant()
    def one_alone_may_do_anything(self) -> None:
        able = 0
        for own in self.all:
            if own.leads:
                try:
                    own.authority.store.confirm_term()
                except LostError:
                    continue
                able += 1
        assert able <= 1
        assert self.signed == sorted(self.signed)
        roots = [own for own in self.all[0].authority.store.slots() if own.kind == "root"]
        assert len(roots) == 1

    def teardown(self) -> None:
        for own in self.all:
            own.end()
        self.directory.cleanup()


TestLeaders = Leaders.TestCase
TestLeaders.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
