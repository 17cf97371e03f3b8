"""Keys for tokens: who may have a token, and how one key gives way to another."""

import json
from pathlib import Path

import pytest

from seawall.mesh.authority import tokens
from seawall.mesh.authority.authority import Authority, Caller
from seawall.mesh.authority.errors import RefusedError, StoreError
from seawall.mesh.authority.rotation import generation_of
from seawall.mesh.authority.slots import State
from seawall.mesh.authority.store import Store
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.tokens import keys_in, read_token
from tests.mesh.made import DOMAIN, ORDERS, WEB, Clock, anyone, authority_in


def begun(directory: Path, clock: Clock) -> Authority:
    authority = authority_in(directory, clock)
    tokens.begin(authority)
    return authority


def is_taken(authority: Authority, text: str) -> bool:
    try:
        read_token(text, keys_in(tokens.bundle(authority)), DOMAIN, "x", authority.clock())
    except IdentityError:
        return False
    return True


def states(authority: Authority) -> list[State]:
    return [own.state for own in authority.store.token_keys()]


def test_a_token_is_for_whom_the_caller_may_be(tmp_path: Path) -> None:
    authority = begun(tmp_path, Clock())
    caller = Caller("me", lambda name: name == WEB)
    token = tokens.issue(authority, WEB, ["x"], caller)
    assert token.ends - token.issued == 300
    assert is_taken(authority, token.text)
    with pytest.raises(RefusedError, match="may not be"):
        tokens.issue(authority, ORDERS, ["x"], caller)
    with pytest.raises(RefusedError, match="no workload"):
        tokens.issue(authority, DOMAIN, ["x"], anyone())
    with pytest.raises(IdentityError, match="name one"):
        tokens.issue(authority, WEB, [], caller)
    (line,) = (tmp_path / "audit.log").read_text().splitlines()
    said = json.loads(line)
    assert said["event"] == "token"
    assert (said["id"], said["audience"], said["caller"]) == (str(WEB), ["x"], "me")
    assert token.text not in line


def test_no_token_without_a_line_in_the_audit_log(tmp_path: Path) -> None:
    authority = begun(tmp_path, Clock())
    (tmp_path / "audit.log").mkdir()
    with pytest.raises(StoreError):
        tokens.issue(authority, WEB, ["x"], anyone())


def test_the_first_key_signs_at_once_and_there_is_one(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    with pytest.raises(StoreError, match="no key"):
        tokens.issue(authority, WEB, ["x"], anyone())
    tokens.begin(authority)
    tokens.begin(authority)
    assert states(authority) == [State.ACTIVE]


def test_a_new_key_signs_once_everybody_has_it(tmp_path: Path) -> None:
    clock = Clock()
    authority = begun(tmp_path, clock)
    first = tokens.issue(authority, WEB, ["x"], anyone())
    tokens.rotate(authority)
    assert states(authority) == [State.ACTIVE, State.PREPARED]
    assert tokens.advance(authority, lambda _: ["proxy"]) == ("proxy",)
    assert states(authority) == [State.ACTIVE, State.PREPARED]
    with pytest.raises(RefusedError, match="under way"):
        tokens.rotate(authority)
    before = keys_in(tokens.bundle(authority))
    assert len(before) == 2
    generation = generation_of(authority.store)
    assert tokens.advance(authority, lambda _: ()) == ()
    assert generation_of(authority.store) == generation + 1
    assert states(authority) == [State.RETIRING, State.ACTIVE]
    second = tokens.issue(authority, WEB, ["x"], anyone())
    # Whoever has the bundle from before takes it, too; and the old token is good to its end.
    assert read_token(second.text, before, DOMAIN, "x", clock.now)
    clock.now = first.ends
    tokens.advance(authority, lambda _: ())
    assert is_taken(authority, first.text)
    clock.now += 31
    tokens.advance(authority, lambda _: ())
    assert states(authority) == [State.GONE, State.ACTIVE]
    assert authority.store.token_keys()[0].key == b""
    assert len(keys_in(tokens.bundle(authority))) == 1


def test_the_tokens_of_a_tainted_key_are_not_waited_for(tmp_path: Path) -> None:
    authority = begun(tmp_path, Clock())
    token = tokens.issue(authority, WEB, ["x"], anyone())
    tokens.rotate(authority, tainted=True)
    tokens.advance(authority, lambda _: ())
    tokens.advance(authority, lambda _: ())
    assert states(authority) == [State.GONE, State.ACTIVE]
    assert not is_taken(authority, token.text)
    assert is_taken(authority, tokens.issue(authority, WEB, ["x"], anyone()).text)


def test_tainting_during_a_rotation_makes_it_hurry(tmp_path: Path) -> None:
    authority = begun(tmp_path, Clock())
    tokens.rotate(authority)
    tokens.rotate(authority, tainted=True)
    tokens.advance(authority, lambda _: ())
    tokens.advance(authority, lambda _: ())
    assert states(authority) == [State.GONE, State.ACTIVE]


def test_a_key_is_due_at_half_of_an_issuers_life(tmp_path: Path) -> None:
    clock = Clock()
    authority = begun(tmp_path, clock)
    assert not tokens.is_due(authority)
    clock.now += authority.lifetimes.intermediate // 2
    assert tokens.is_due(authority)
    tokens.rotate(authority)
    assert not tokens.is_due(authority)


def test_a_store_from_before_gets_the_table(tmp_path: Path) -> None:
    authority_in(tmp_path, Clock())
    import sqlite3

    path = str(tmp_path / "store.db")
    with sqlite3.connect(path) as connection:
        connection.execute("drop table token_keys")
    connection.close()
    store = Store.open(path)
    assert store.token_keys() == []
    store.close()
