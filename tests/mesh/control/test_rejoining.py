"""Agents come back with the key of their first join, and nobody else does with it."""

import asyncio
import os
from base64 import b64decode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from seawall.mesh.agents.home import Home
from seawall.mesh.agents.link import LinkError
from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.errors import RefusedError, StoreError
from seawall.mesh.control import joining, rejoining
from seawall.mesh.control.messages import MessageError
from seawall.mesh.control.names import agent_id
from seawall.mesh.control.registry import Registry
from seawall.mesh.control.rejoining import LIFETIME, Challenges, proof_of, public_of
from seawall.mesh.control.service import Controller, packed
from seawall.mesh.control.serving import Addresses, close_doors, open_doors
from seawall.mesh.identity import keys
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.requests import make_request
from tests.mesh.made import DOMAIN, NOW, WEB, Clock, authority_in

HOST = "beta"
NAME = agent_id(DOMAIN, HOST)
Made = TypeVar("Made")


class Joined:
    """A host that has joined, at a controller without a network."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        self.authority: Authority = authority_in(directory, self.clock)
        self.controller = Controller(self.authority, Registry((), (), 300), 300)
        self.key, self.back = keys.new_key(), keys.new_key()
        self.join(self.back)

    def join(self, back: keys.PrivateKey) -> None:
        token = joining.new_token(self.authority, HOST)
        asyncio.run(self.controller.join(
            {"token": token, "request": packed(make_request(NAME, self.key)),
             "key_to_come_back": packed(public_of(back.public_key()))}
        ))  # fmt: skip

    def message(self, **other: str) -> dict[str, str]:
        challenge = self.controller.challenge({"host": HOST})["challenge"]
        request = make_request(NAME, self.key)
        proof = proof_of(self.back, DOMAIN, challenge, request)
        return {"host": HOST, "challenge": challenge, "request": packed(request),
                "proof": packed(proof)} | other  # fmt: skip


def test_a_host_comes_back_with_the_key_that_it_left(tmp_path: Path) -> None:
    own = Joined(tmp_path)
    answer = own.controller.rejoin(own.message())
    assert "BEGIN CERTIFICATE" in answer["grant"]["chain"]
    events = [event for _, event, _ in own.authority.store.journal()]
    assert events[-1] == "came back"


def test_an_answer_is_good_once_and_for_a_while(tmp_path: Path) -> None:
    own = Joined(tmp_path)
    message = own.message()
    own.controller.rejoin(message)
    with pytest.raises(RefusedError, match="ask for another"):
        own.controller.rejoin(message)
    message = own.message()
    own.clock.now += LIFETIME + 1
    with pytest.raises(RefusedError, match="ask for another"):
        own.controller.rejoin(message)


def test_what_is_not_proven_is_refused(tmp_path: Path) -> None:
    own = Joined(tmp_path)
    request = make_request(WEB, own.key)
    message = own.message(request=packed(request))
    signed = packed(proof_of(own.back, DOMAIN, message["challenge"], request))
    with pytest.raises(RefusedError, match="may not be"):  # an id of another kind
        own.controller.rejoin(message | {"proof": signed})
    with pytest.raises(RefusedError, match="not the key"):  # a request that was not signed
        own.controller.rejoin(own.message(request=packed(make_request(NAME, own.key))))
    for proof in (b"", b"x" * 70, b64decode(own.message()["proof"])):
        with pytest.raises(RefusedError, match="not the key"):
            own.controller.rejoin(own.message(proof=packed(proof)))
    with pytest.raises(RefusedError, match="ask for another"):  # the challenge of another host
        own.controller.rejoin(own.message(host="alpha"))
    challenge = own.controller.challenge({"host": "alpha"})["challenge"]
    with pytest.raises(RefusedError, match="has left no key"):
        own.controller.rejoin(own.message(host="alpha", challenge=challenge))
    with pytest.raises(MessageError):
        own.controller.rejoin({"host": HOST})


def test_a_new_join_and_an_operator_end_what_was(tmp_path: Path) -> None:
    own = Joined(tmp_path)
    own.join(keys.new_key())
    with pytest.raises(RefusedError, match="not the key"):
        own.controller.rejoin(own.message())
    own.join(own.back)
    own.controller.rejoin(own.message())
    with own.authority.store.changes():
        assert own.authority.store.forget_host(HOST)
    with pytest.raises(RefusedError, match="has left no key"):
        own.controller.rejoin(own.message())
    with own.authority.store.changes():
        assert not own.authority.store.forget_host(HOST)


def test_an_older_agent_leaves_no_key(tmp_path: Path) -> None:
    own = Joined(tmp_path)
    token = joining.new_token(own.authority, HOST)
    asyncio.run(
        own.controller.join({"token": token, "request": packed(make_request(NAME, own.key))})
    )
    with pytest.raises(RefusedError, match="has left no key"):
        own.controller.rejoin(own.message())


def test_a_key_that_is_none_is_refused() -> None:
    for wrong in (b"x", b"\0" * 91):
        with pytest.raises(IdentityError):
            rejoining.checked_public(wrong)
    assert rejoining.checked_public(b"") == b""


def test_challenges_do_not_pile_up() -> None:
    challenges = Challenges()
    first = challenges.new(HOST, NOW)
    for _ in range(1000):
        challenges.new(HOST, NOW)
    with pytest.raises(RefusedError):
        challenges.take(first, HOST, NOW)


# What the agent keeps -----------------------------------------------------------------------


def with_doors(
    tmp_path: Path, act: Callable[[Home, Authority, str], Awaitable[Made]], doors: str = "doors"
) -> Made:
    """Do something at a controller that listens on sockets."""
    import time

    run = tmp_path / doors
    run.mkdir(exist_ok=True)
    (tmp_path / "home").mkdir(exist_ok=True)

    async def acting() -> Made:
        authority = authority_in(tmp_path, Clock(int(time.time())))
        controller = Controller(authority, Registry((), (), 300), 300)
        addresses = Addresses(f"unix:{run}/join", f"unix:{run}/main")
        opened = await open_doors(controller, (addresses,))
        try:
            return await act(Home(str(tmp_path / "home"), HOST, DOMAIN), authority, addresses.join)
        finally:
            await close_doors(opened)
            authority.store.close()

    return asyncio.run(acting())


def test_an_agent_finds_its_way_home(tmp_path: Path) -> None:
    async def join(home: Home, authority: Authority, door: str) -> None:
        known = [home.can_come_back]
        token = joining.new_token(authority, HOST)
        pair, bundle = await home.join(door, token, authority.bundle())
        assert tuple(bundle) == authority.bundle()
        assert [*known, home.can_come_back] == [False, True]
        again, _ = await home.come_back(door)
        assert again.chain[0] != pair.chain[0]
        with pytest.raises(LinkError, match="unknown, used or too old"):
            await home.join(door, token, authority.bundle())
        await home.come_back(door)  # what was kept is as it was
        with authority.store.changes():
            authority.store.forget_host(HOST)
        with pytest.raises(LinkError, match="give it a new token"):
            await home.come_back(door)

    with_doors(tmp_path, join)
    for path in (tmp_path / "home").iterdir():
        if path.name != "roots.pem":
            assert b"PRIVATE KEY" not in path.read_bytes()
        assert oct(os.stat(path).st_mode)[-3:] == "600"


def test_a_damaged_home_says_what_to_do(tmp_path: Path) -> None:
    async def join(home: Home, authority: Authority, door: str) -> None:
        await home.join(door, joining.new_token(authority, HOST), authority.bundle())
        (tmp_path / "home" / "rejoin.key").write_bytes(b"x" * 100)
        with pytest.raises(StoreError, match="cannot be decrypted"):
            await home.come_back(door)

    with_doors(tmp_path, join)
    (tmp_path / "home" / "rejoin.key").unlink()
    assert not Home(str(tmp_path / "home"), HOST, DOMAIN).can_come_back
