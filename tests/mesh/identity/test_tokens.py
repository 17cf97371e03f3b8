"""JWT-SVIDs: what is made can be read, and what is not exactly right is refused."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.tokens import (
    Statement,
    check_audience,
    key_id,
    key_set,
    keys_in,
    make_token,
    read_token,
)
from tests.mesh.made import DOMAIN, NOW, WEB

KEY, OTHER = new_key(), new_key()
KEYS = keys_in(key_set([KEY.public_key()]))
STATEMENT = Statement(WEB, ("reports",), NOW, NOW + 300, "1")
TOKEN = make_token(STATEMENT, KEY)


def packed(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def part(token: str, number: int) -> dict[str, object]:
    text = token.split(".")[number]
    found: dict[str, object] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def test_a_token_says_who_for_whom_and_until_when() -> None:
    assert part(TOKEN, 0) == {"alg": "ES256", "kid": key_id(KEY.public_key()), "typ": "JWT"}
    name, claims = read_token(TOKEN, KEYS, DOMAIN, "reports", NOW)
    assert name == WEB
    assert claims == part(TOKEN, 1)
    assert claims == {"sub": str(WEB), "aud": "reports", "iat": NOW, "exp": NOW + 300, "jti": "1"}
    several = make_token(STATEMENT._replace(audience=("reports", "bills")), KEY)
    assert read_token(several, KEYS, DOMAIN, "bills", NOW)[0] == WEB


def test_a_set_has_the_keys_for_tokens_alone() -> None:
    plain = json.loads(key_set([KEY.public_key(), OTHER.public_key()]))
    assert [own["use"] for own in plain["keys"]] == ["jwt-svid", "jwt-svid"]
    plain["keys"][1]["use"] = "x509-svid"
    plain["keys"].append({"use": "jwt-svid", "kty": "RSA", "kid": "x"})
    assert set(keys_in(json.dumps(plain))) == {key_id(KEY.public_key())}
    assert keys_in(key_set([])) == {}


@pytest.mark.parametrize(
    ("audience", "now", "fault"),
    [
        ("bills", NOW, "not for 'bills'"),
        ("report", NOW, "not for"),
        ("", NOW, "not for"),
        ("reports", NOW + 301, "ended 1 s ago"),
    ],
)
def test_a_token_is_for_its_audience_and_its_time(audience: str, now: int, fault: str) -> None:
    with pytest.raises(IdentityError, match=fault):
        read_token(TOKEN, KEYS, DOMAIN, audience, now)


def signed_with(header: dict[str, object], claims: dict[str, object]) -> str:
    """A token with any header and claims, rightly signed."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    text = f"{packed(header)}.{packed(claims)}"
    one, two = decode_dss_signature(KEY.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    raw = one.to_bytes(32, "big") + two.to_bytes(32, "big")
    return f"{text}.{urlsafe_b64encode(raw).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"alg": "none"}, {}),
        ({"alg": "HS256"}, {}),
        ({"alg": "RS256"}, {}),
        ({"typ": "at+jwt"}, {}),
        ({"crit": ["exp"]}, {}),
        ({"jwk": {}}, {}),
        ({"kid": "another"}, {}),
        ({}, {"exp": None}),
        ({}, {"exp": "soon"}),
        ({}, {"exp": True}),
        ({}, {"aud": None}),
        ({}, {"aud": []}),
        ({}, {"nbf": NOW + 3600}),
        ({}, {"sub": None}),
        ({}, {"sub": str(DOMAIN)}),
        ({}, {"sub": "spiffe://other.example.org/ns/shop/sa/web"}),
    ],
)
def test_what_is_not_as_the_standard_has_it_is_refused(
    header: dict[str, object], claims: dict[str, object]
) -> None:
    usual_header, usual_claims = part(TOKEN, 0), part(TOKEN, 1)
    assert read_token(signed_with(usual_header, usual_claims), KEYS, DOMAIN, "reports", NOW)
    with pytest.raises(IdentityError):
        read_token(
            signed_with(usual_header | header, usual_claims | claims), KEYS, DOMAIN, "reports", NOW
        )


def test_a_token_of_another_key_is_refused() -> None:
    with pytest.raises(IdentityError, match="not trusted"):
        read_token(make_token(STATEMENT, OTHER), KEYS, DOMAIN, "reports", NOW)
    lying = make_token(STATEMENT, OTHER).split(".")
    head = packed({"alg": "ES256", "kid": key_id(KEY.public_key())})
    with pytest.raises(IdentityError, match="signature"):
        read_token(".".join((head, *lying[1:])), KEYS, DOMAIN, "reports", NOW)


@given(st.data())
def test_no_changed_token_is_taken(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(TOKEN) - 1))
    letter = data.draw(st.sampled_from("abcABC012-_.=+/ \n\0é"))
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if changed != TOKEN:
        with pytest.raises(IdentityError):
            read_token(changed, KEYS, DOMAIN, "reports", NOW)


@given(st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,4}"))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(IdentityError):
        read_token(text, KEYS, DOMAIN, "reports", NOW)
    if text:
        with pytest.raises(IdentityError):
            keys_in(text)


def test_audiences_have_limits() -> None:
    check_audience(["a"] * 16)
    for wrong in ([], ["a"] * 17, [""], ["a" * 513], ["a\n"]):
        with pytest.raises(IdentityError):
            check_audience(wrong)
