"""Discovery: what a proxy gets, and what it gets after it has refused something."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine

import pytest
from envoy.service.discovery.v3.discovery_pb2 import DiscoveryRequest, DiscoveryResponse

from seawall.mesh.proxies.names import TYPES, any_of
from seawall.mesh.serving.discovery import Session
from seawall.mesh.serving.feed import Feed
from seawall.mesh.serving.packing import packed
from seawall.mesh.serving.snapshots import CLUSTERS, LISTENERS, SECRETS, Snapshot


def snapshot(version: int, *names: str) -> Snapshot:
    """One cluster, one listener and some secrets, all of a version."""
    cluster = packed(any_of(TYPES["cluster"], name=f"cluster {version}"))
    listener = packed(any_of(TYPES["listener"], name=f"listener {version}"))
    secrets = {
        name: packed(any_of(TYPES["secret"], name=f"{name} {version}")) for name in names or ("a",)
    }
    return Snapshot(version, {CLUSTERS: {"c": cluster}, LISTENERS: {"l": listener},
                              SECRETS: secrets})  # fmt: skip


class Proxy:
    """The other side of a stream."""

    def __init__(self, feed: Feed) -> None:
        if not feed.streams:
            feed.begun()
        feed.streams += 1
        self._feed = feed
        self._said: asyncio.Queue[DiscoveryRequest | None] = asyncio.Queue()
        self._session = Session(feed)
        self._listening = asyncio.ensure_future(self._session.listen(self._requests()))
        self._answers = self._session.answers()

    async def _requests(self) -> AsyncIterator[DiscoveryRequest]:
        while (request := await self._said.get()) is not None:
            yield request

    async def ask(
        self, kind: str, *names: str, nonce: str = "", error: str = "", node: str = ""
    ) -> None:
        request = DiscoveryRequest(type_url=kind, resource_names=names, response_nonce=nonce)
        request.node.id = node
        if error:
            request.error_detail.message = error
        self._said.put_nowait(request)
        for _ in range(5):  # so that it is heard before anything else is done
            await asyncio.sleep(0)

    async def answer(self) -> DiscoveryResponse:
        return await asyncio.wait_for(anext(self._answers), 20)

    async def hears_nothing(self) -> bool:
        asking = asyncio.ensure_future(anext(self._answers))
        done, _ = await asyncio.wait({asking}, timeout=0.1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return not done

    async def takes(self, *kinds: str) -> None:
        for kind in kinds:
            await self.ask(kind, *(["a"] if kind == SECRETS else []))
            answer = await self.answer()
            assert answer.type_url == kind
            await self.ask(kind, *(["a"] if kind == SECRETS else []), nonce=answer.nonce)

    async def hang_up(self) -> None:
        self._said.put_nowait(None)
        await self._listening
        self._feed.streams -= 1


def name_in(answer: DiscoveryResponse) -> str:
    (resource,) = answer.resources
    text: str = resource.value[2:].decode()  # the first field is the name (protobuf's encoding)
    return text


def scenario(act: Callable[[Feed], Coroutine[None, None, None]]) -> None:
    asyncio.run(asyncio.wait_for(act(Feed()), 30))


def test_who_is_started_anew_after_a_refusal_gets_what_was_taken_last() -> None:
    async def act(feed: Feed) -> None:
        await feed.offer(snapshot(1))
        proxy = Proxy(feed)
        await proxy.takes(CLUSTERS, LISTENERS, SECRETS)
        assert feed.has(1)
        await feed.offer(snapshot(2))
        assert name_in(await proxy.answer()) == "cluster 2"
        answer = await proxy.answer()
        await proxy.ask(LISTENERS, nonce=answer.nonce, error="poison " * 1000)
        assert len(feed.refusals[0].reason) == 500
        assert not await feed.settled(2)
        await proxy.hang_up()
        again = Proxy(feed)
        assert not feed.has(1)  # nobody knows what a new process has
        for kind, name in ((CLUSTERS, "cluster 1"), (LISTENERS, "listener 1"), (SECRETS, "a 2")):
            await again.ask(kind, *(["a"] if kind == SECRETS else []))
            answer = await again.answer()
            assert name_in(answer) == name
            await again.ask(kind, *(["a"] if kind == SECRETS else []), nonce=answer.nonce)
        assert not feed.has(2)  # it has followed to where it was, and no further
        await feed.offer(snapshot(3))
        assert name_in(await again.answer()) == "cluster 3"

    scenario(act)


def test_who_has_never_taken_anything_gets_what_there_is() -> None:
    async def act(feed: Feed) -> None:
        await feed.offer(snapshot(1))
        for _ in range(2):
            proxy = Proxy(feed)
            await proxy.ask(LISTENERS)
            answer = await proxy.answer()
            assert name_in(answer) == "listener 1"
            await proxy.ask(LISTENERS, nonce=answer.nonce, error="no")
            await proxy.hang_up()

    scenario(act)


def test_what_is_said_of_something_older_does_not_count() -> None:
    async def act(feed: Feed) -> None:
        await feed.offer(snapshot(1))
        proxy = Proxy(feed)
        await proxy.ask(CLUSTERS)
        first = await proxy.answer()
        await feed.offer(snapshot(2))
        second = await proxy.answer()
        await proxy.ask(CLUSTERS, nonce=first.nonce)
        await proxy.ask(CLUSTERS, nonce="made up", error="no")
        assert feed.taken == {}
        assert feed.refusals == []
        await proxy.ask(CLUSTERS, nonce=second.nonce)
        assert feed.taken == {CLUSTERS: 2}

    scenario(act)


def test_other_names_are_answered_and_the_same_are_not() -> None:
    async def act(feed: Feed) -> None:
        await feed.offer(snapshot(1, "a", "b"))
        proxy = Proxy(feed)
        await proxy.ask(SECRETS, "a")
        answer = await proxy.answer()
        assert len(answer.resources) == 1
        await proxy.ask(SECRETS, "a", nonce=answer.nonce)
        assert await proxy.hears_nothing()

    scenario(act)


@pytest.mark.parametrize("node", ["", "spiffe://td/somebody/else"])
def test_who_one_is_is_told_by_the_socket_not_by_words(node: str) -> None:
    async def act(feed: Feed) -> None:
        await feed.offer(snapshot(1))
        proxy = Proxy(feed)
        await proxy.ask(CLUSTERS, node=node)
        assert name_in(await proxy.answer()) == "cluster 1"

    scenario(act)


def test_types_that_there_are_none_of_are_not_kept() -> None:
    async def act(feed: Feed) -> None:
        await feed.offer(snapshot(1))
        proxy = Proxy(feed)
        for number in range(100):
            await proxy.ask(f"type.googleapis.com/made.up.{number}")
        assert proxy._session._wanted == {}
        await proxy.ask(CLUSTERS)
        assert name_in(await proxy.answer()) == "cluster 1"

    scenario(act)


def test_a_second_stream_takes_nothing_from_the_first() -> None:
    async def act(feed: Feed) -> None:
        await feed.offer(snapshot(1))
        first, second = Proxy(feed), Proxy(feed)
        await first.takes(CLUSTERS, LISTENERS, SECRETS)
        await second.ask(CLUSTERS)
        assert name_in(await second.answer()) == "cluster 1"
        await second.hang_up()
        assert feed.streams == 1
        assert feed.has(1)
        await feed.offer(snapshot(2))
        assert name_in(await first.answer()) == "cluster 2"

    scenario(act)


def renewed(version: int, before: Snapshot) -> Snapshot:
    """The same with another secret: what a new certificate comes to."""
    return Snapshot(version, {**before.resources, SECRETS: snapshot(version).resources[SECRETS]})


def test_a_new_certificate_is_all_that_is_sent_of_it() -> None:
    async def act(feed: Feed) -> None:
        first = snapshot(1)
        await feed.offer(first)
        proxy = Proxy(feed)
        await proxy.takes(CLUSTERS, LISTENERS, SECRETS)
        await feed.offer(renewed(2, first))
        assert not feed.has(2)
        assert not feed.has_secrets(2)
        answer = await proxy.answer()
        assert (answer.type_url, name_in(answer)) == (SECRETS, "a 2")
        await proxy.ask(SECRETS, "a", nonce=answer.nonce)
        assert feed.has(2)
        assert feed.has_secrets(2)
        assert await proxy.hears_nothing()
        # Whoever is started anew gets all.
        await proxy.hang_up()
        again = Proxy(feed)
        assert not feed.has(2)
        await again.takes(CLUSTERS, LISTENERS, SECRETS)
        assert feed.has(2)

    scenario(act)


def test_what_is_taken_late_counts_for_what_has_not_changed_since() -> None:
    async def act(feed: Feed) -> None:
        first = snapshot(1)
        await feed.offer(first)
        proxy = Proxy(feed)
        await proxy.ask(CLUSTERS)
        answer = await proxy.answer()
        await feed.offer(renewed(2, first))
        await feed.offer(renewed(3, first))
        await proxy.ask(CLUSTERS, nonce=answer.nonce)
        await proxy.takes(LISTENERS, SECRETS)
        assert feed.taken == {CLUSTERS: 3, LISTENERS: 3, SECRETS: 3}

    scenario(act)


def test_what_was_refused_is_not_sent_with_each_certificate_again() -> None:
    async def act(feed: Feed) -> None:
        await feed.offer(snapshot(1))
        proxy = Proxy(feed)
        await proxy.takes(CLUSTERS, LISTENERS, SECRETS)
        bad = snapshot(2)
        await feed.offer(bad)
        for kind, error in ((CLUSTERS, ""), (LISTENERS, "poison"), (SECRETS, "")):
            answer = await proxy.answer()
            await proxy.ask(kind, *(["a"] if kind == SECRETS else []), nonce=answer.nonce,
                            error=error)  # fmt: skip
        await feed.offer(renewed(3, bad))
        answer = await proxy.answer()
        assert answer.type_url == SECRETS
        await proxy.ask(SECRETS, "a", nonce=answer.nonce)
        assert feed.has_secrets(3)  # nobody is held up by it
        assert not feed.has(3)
        assert feed.has_refused(3)
        assert [own.reason for own in feed.standing_refusals] == ["poison"]
        assert feed.nacks == 1
        await feed.offer(snapshot(4))
        assert feed.standing_refusals == []
        assert [(await proxy.answer()).type_url for _ in range(3)] == [CLUSTERS, LISTENERS, SECRETS]

    scenario(act)


def test_what_is_gone_is_told_once() -> None:
    async def act(feed: Feed) -> None:
        first = snapshot(1)
        await feed.offer(first)
        proxy = Proxy(feed)
        await proxy.takes(CLUSTERS, LISTENERS, SECRETS)
        without = {kind: own for kind, own in first.resources.items() if kind != SECRETS}
        await feed.offer(Snapshot(2, without))
        answer = await proxy.answer()
        assert answer.type_url == SECRETS
        assert not answer.resources
        await proxy.ask(SECRETS, "a", nonce=answer.nonce)
        await feed.offer(Snapshot(3, without))
        assert feed.has(3)
        assert feed.has_secrets(3)
        assert await proxy.hears_nothing()

    scenario(act)
