"""SPIFFE ids against the grammar of the specification, written out a second time."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.spiffe_id import LONGEST, SpiffeId, parse, trust_domain

GRAMMAR = re.compile(
    r"spiffe://[a-z0-9._-]{1,255}(?:/(?!\.{1,2}(?:/|\Z))[a-zA-Z0-9._-]+)*\Z"
)  # fmt: skip

near = st.from_regex(r"(spiffe|SPIFFE|https)://[a-zA-Z0-9.:@%_-]*(/[a-zA-Z0-9._%~?#-]{0,4}){0,4}")


@given(st.one_of(near, st.text(max_size=40).map("spiffe://".__add__), st.text(max_size=20)))
@example("spiffe://td/a/../b")
@example("spiffe://td/")
@example("spiffe://td/a\n")
@example("spiffe://td/...")
@example("spiffe://")
@example("spiffe:///a")
def test_what_is_an_id(text: str) -> None:
    if GRAMMAR.match(text) and len(text) <= LONGEST:
        found = parse(text)
        assert str(found) == text
        assert found.is_workload == ("/" in text.removeprefix("spiffe://"))
    else:
        with pytest.raises(IdentityError, match="is no SPIFFE id"):
            parse(text)


def test_2048_bytes_are_an_id_and_2049_are_none() -> None:
    longest = "spiffe://td/" + "a" * (LONGEST - len("spiffe://td/"))
    assert parse(longest).path.startswith("/aaa")
    with pytest.raises(IdentityError, match="longer than 2048"):
        parse(longest + "a")


def test_below_counts_whole_segments() -> None:
    base = parse("spiffe://td/ns/shop")
    assert parse("spiffe://td/ns/shop").is_below(base)
    assert parse("spiffe://td/ns/shop/sa/web").is_below(base)
    assert not parse("spiffe://td/ns/shopping/sa/web").is_below(base)
    assert not parse("spiffe://other/ns/shop/sa/web").is_below(base)
    assert parse("spiffe://td/ns/shop").is_below(SpiffeId("td"))


def test_children_are_ids_as_well() -> None:
    assert str(parse("spiffe://td/a").child("b", "c")) == "spiffe://td/a/b/c"
    with pytest.raises(IdentityError):
        parse("spiffe://td/a").child("..")


def test_a_trust_domain_is_a_name_alone() -> None:
    assert trust_domain("example.org") == SpiffeId("example.org")
    for wrong in ("spiffe://example.org", "example.org/a", "Example.org", ""):
        with pytest.raises(IdentityError):
            trust_domain(wrong)
