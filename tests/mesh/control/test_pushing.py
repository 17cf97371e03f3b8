"""A new declaration: a few proxies have it first, the others when those have taken it."""

import asyncio
import time
from pathlib import Path

import pytest

from seawall.mesh.control import declared
from seawall.mesh.control.messages import UNTOLD, Plain, Report, Standing
from seawall.mesh.control.pushing import PATIENCE, STAYS
from seawall.mesh.control.registry import Entry, Registry
from seawall.mesh.control.service import Controller
from seawall.mesh.control.turning import Turning
from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.edges import NONE
from seawall.mesh.plan.model import Port, Rule, Source, View
from tests.mesh.made import Clock, authority_in

NAMES = ("a", "b", "c", "d")
IDS = {name: parse(f"spiffe://mesh.example.org/{name}") for name in (*NAMES, "e", "gateway")}


def entry(name: str) -> Entry:
    return Entry(name, IDS[name], "here" if name < "c" else "there", (Port(80),))


def rule(to: str, *sources: str) -> Rule:
    return Rule(f"to {to}", allows=True, to=IDS[to], sources=tuple(Source(IDS[s]) for s in sources))


ENTRIES = [entry(name) for name in NAMES]
OLD = [rule("b", "a"), rule("c", "a")]
NEW = [rule("b", "a", "d"), rule("c", "a")]
"""What changes: ``b`` lets ``d`` in, and ``d`` is told of ``b``."""


class Mesh:
    """A registry, and agents that report what they are told to."""

    def __init__(self, *names: str) -> None:
        self.registry = Registry(ENTRIES, OLD, 3600)
        self.now = time.monotonic()
        self.standings = {
            name: Standing((f"10.0.0.{number}",), 2, 10**10, 1, is_connected=True, declared="")
            for number, name in enumerate(names or NAMES, 1)
        }
        self.report()

    def report(self) -> None:
        for host in ("here", "there"):
            own = {
                name: standing for name, standing in self.standings.items()
                if name in self.registry.entries and self.registry.entries[name].host == host
            }  # fmt: skip
            self.registry.report(Report(host, own))

    def say(self, name: str, **said: object) -> None:
        self.standings[name] = self.standings[name]._replace(**said)  # type: ignore[arg-type]
        self.report()

    def take(self, name: str) -> None:
        """The proxy takes what it has got."""
        host = self.registry.entries[name].host
        pushed = self.registry.pushed(host)
        self.say(name, declared=pushed.tried if name in pushed.tries else pushed.declared)

    def after(self, seconds: float) -> bool:
        self.now += seconds
        return self.registry.look(self.now)

    def view(self, name: str) -> View:
        views = self.registry.views(self.registry.entries[name].host)
        return next(own for own in views if own.own.name == name)

    def callers_of_b(self) -> tuple[Source, ...]:
        return next(own for own in self.view("b").rules if own.name == "to b").sources

    def told_of(self, name: str) -> list[str]:
        return [peer.name for peer in self.view(name).peers]

    def told(self) -> Plain | None:
        return self.registry.push.told() if self.registry.push else None

    @property
    def tries(self) -> list[str]:
        return sorted(self.registry.push.names) if self.registry.push else []


def test_one_tries_it_and_then_all_have_it() -> None:
    mesh = Mesh()
    mesh.registry.redeclare(ENTRIES, NEW, NONE)
    assert mesh.tries == ["b"]
    assert Source(IDS["d"]) in mesh.callers_of_b()
    assert mesh.told_of("d") == []
    pushed = mesh.registry.pushed("here")
    assert pushed.tries == ("b",)
    assert pushed.tried != pushed.declared
    assert mesh.registry.pushed("there") == (pushed.declared, pushed.tried, ())
    assert mesh.after(0)  # agents hear of who tries it
    assert not mesh.after(1)
    mesh.take("b")
    assert not mesh.after(0.1)
    assert not mesh.after(STAYS - 0.01)
    assert mesh.after(0.02)
    assert mesh.told_of("d") == ["b"]
    assert mesh.registry.push is None
    assert mesh.registry.pushed("there") == (pushed.tried, "", ())
    assert not mesh.after(1)


def test_who_refuses_it_stops_it_and_gets_back_what_it_had() -> None:
    mesh = Mesh()
    before = mesh.view("b")
    mesh.registry.redeclare(ENTRIES, NEW, NONE)
    tried = mesh.registry.pushed("here").tried
    mesh.say("b", refuses=tried, refusals=("Listener: no such filter",))
    assert mesh.after(0.2)
    assert mesh.told() == {
        "number": tried, "tries": [], "fault": "b does not take it: Listener: no such filter",
    }  # fmt: skip
    assert mesh.view("b") == before
    assert mesh.told_of("d") == []
    mesh.take("b")
    assert not mesh.after(1000)
    assert mesh.told_of("d") == []
    # The next one is another matter.
    mesh.registry.redeclare(ENTRIES, [*NEW, rule("d", "a")], NONE)
    assert mesh.tries == ["a"]
    # So is the one that all have.
    mesh.registry.redeclare(ENTRIES, OLD, NONE)
    assert mesh.told() is None
    assert mesh.view("b") == before


def test_a_refusal_of_something_else_does_not_count() -> None:
    mesh = Mesh()
    mesh.registry.redeclare(ENTRIES, NEW, NONE)
    mesh.say("b", refuses=mesh.registry.pushed("here").declared)
    mesh.say("d", refuses=mesh.registry.pushed("here").tried)  # it does not have it
    mesh.after(0.2)
    assert mesh.registry.push is not None
    assert not mesh.registry.push.fault


def test_who_goes_away_has_not_taken_it() -> None:
    mesh = Mesh()
    mesh.registry.redeclare(ENTRIES, NEW, NONE)
    mesh.take("b")
    mesh.after(0.5)
    mesh.say("b", is_connected=False)
    mesh.after(STAYS + 1)
    assert mesh.told_of("a") == ["b", "c"]
    assert mesh.tries == ["b"]
    mesh.say("b", is_connected=True)
    mesh.after(0.1)
    assert mesh.tries == ["b"]  # it has to stay anew
    mesh.after(STAYS)
    assert mesh.registry.push is None


def test_another_one_tries_it_and_after_that_nobody() -> None:
    mesh = Mesh()
    mesh.registry.redeclare(ENTRIES, NEW, NONE)
    mesh.say("b", is_connected=False)
    mesh.after(PATIENCE + 1)
    assert mesh.tries == []
    mesh.after(0.2)
    assert mesh.tries == ["d"]
    assert mesh.after(PATIENCE + 1)
    assert mesh.registry.push is not None
    assert mesh.registry.push.fault == "b and d went away with it, or never took it"


def test_what_concerns_nobody_who_is_there_is_not_tried() -> None:
    mesh = Mesh("a", "c")
    mesh.registry.redeclare(ENTRIES, [rule("b", "a", "d"), rule("c", "a")], NONE)
    assert mesh.registry.push is None
    mesh.registry.redeclare(ENTRIES, OLD, NONE)
    assert mesh.registry.push is None


def test_nothing_goes_on_while_those_that_it_concerns_are_away() -> None:
    mesh = Mesh()
    for name in ("b", "d"):
        mesh.say(name, is_connected=False)
    mesh.registry.redeclare(ENTRIES, NEW, NONE)
    mesh.after(1000)
    assert mesh.tries == []
    assert mesh.told_of("d") == []
    mesh.say("d", is_connected=True)
    mesh.after(0.2)
    assert mesh.tries == ["d"]


def test_agents_of_the_release_before_get_it_at_once() -> None:
    mesh = Mesh()
    for name in NAMES:
        mesh.say(name, declared=UNTOLD)
    mesh.registry.redeclare(ENTRIES, NEW, NONE)
    assert mesh.registry.push is None


def test_revocations_and_addresses_wait_for_nobody() -> None:
    mesh = Mesh()
    mesh.registry.redeclare(ENTRIES, [*NEW, rule("d", "a")], NONE)
    assert mesh.tries == ["a"]
    mesh.registry.revoked = frozenset({IDS["c"]})
    assert mesh.told_of("a") == ["b", "d"]  # who tries it
    denied = [own for own in mesh.view("b").rules if not own.allows]
    assert [own.sources for own in denied] == [(Source(IDS["c"]),)]  # and who does not
    assert not mesh.registry.may("there", IDS["c"])
    mesh.say("b", addresses=("10.0.0.99",))
    assert mesh.view("a").peers[0].addresses == ("10.0.0.99",)


def test_who_is_new_has_it_at_once_and_who_is_gone_is_told_nothing() -> None:
    mesh = Mesh()
    entries = [own for own in ENTRIES if own.name != "c"] + [entry("e")]
    mesh.registry.redeclare(entries, [rule("b", "a"), rule("e", "a")], NONE)
    mesh.standings["e"] = Standing(("10.0.0.9",), 2, 10**10, 1, is_connected=True)
    mesh.report()
    assert [port.number for port in mesh.view("e").own.ports] == [80]
    assert mesh.view("e").rules
    assert mesh.registry.may("there", IDS["e"])
    assert not mesh.registry.may("there", IDS["c"])
    assert [own.own.name for own in mesh.registry.views("there")] == ["d", "e"]


def test_one_of_each_kind_tries_it() -> None:
    entries = [*ENTRIES, entry("gateway")]
    registry = Registry(entries, OLD, 3600)
    report = {
        own.name: Standing((f"10.0.1.{number}",), 2, 10**10, 1, is_connected=True, declared="")
        for number, own in enumerate(entries, 1)
    }
    registry.report(Report("here", report))
    registry.report(Report("there", report))
    registry.redeclare(entries, [rule("b", "a", "d", "gateway"), rule("c", "a")], NONE)
    assert registry.push is not None
    assert registry.push.names == {"b", "gateway"}


@pytest.mark.parametrize("held", [True, False])
def test_after_a_restart_it_is_tried_again(tmp_path: Path, held: bool) -> None:
    """``held``: while proxies live; else the mesh was down, and all may have what is declared."""
    clock = Clock()
    authority = authority_in(tmp_path, clock)
    store = authority.store
    with store.changes():
        declared.write(store, ENTRIES, OLD, 3600)
    assert declared.read_released(store) is None
    for rules in (NEW, [*NEW, rule("d", "a")]):
        with store.changes():
            declared.write(store, ENTRIES, rules, 3600, is_held=held)
    before = declared.read_released(store)
    assert (before is not None) == held
    assert before is None or list(before.rules) == OLD
    with store.changes():
        declared.release(store)
    assert declared.read_released(store) is None


def test_the_journal_tells_of_it(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    mesh = Mesh()
    turning = Turning(Controller(authority, mesh.registry, 3600))
    with authority.store.changes():
        declared.write(authority.store, ENTRIES, OLD, 3600)
        declared.write(authority.store, ENTRIES, NEW, 3600, is_held=True)

    async def act() -> None:
        await turning._push()
        mesh.registry.redeclare(ENTRIES, NEW, NONE)
        await turning._push()
        mesh.say("b", refuses=mesh.registry.pushed("here").tried, refusals=("no",))
        for _ in range(3):
            await turning._push()
        assert declared.read_released(authority.store) is not None
        mesh.registry.redeclare(ENTRIES, OLD, NONE)
        await turning._push()

    asyncio.run(act())
    events = [(event, dict(said)) for _, event, said in authority.store.journal()[1:]]
    assert events == [
        ("declaration tried", {"by": ["b"]}),
        ("declaration stopped", {"why": "b does not take it: no"}),
        ("declaration released", {}),
    ]
    assert declared.read_released(authority.store) is None
