"""Values that must not show, looked for in texts."""

import random

from hypothesis import given
from hypothesis import strategies as st

from seawall.core.redacted import Redacted, parts_of, revealing

VALUES = st.lists(st.text("ab\nc ", max_size=24), max_size=12)


def plainly(data: bytes, values: list[str]) -> bool:
    parts = [part for value in values for part in parts_of(Redacted(value))]
    return any(part.encode() in data for part in parts if len(part) >= 4)


@given(VALUES, st.text("ab\nc ", max_size=3000), st.integers(1, 40))
def test_what_shows_is_found(values: list[str], text: str, times: int) -> None:
    data = (text * times).encode()
    assert revealing(map(Redacted, values))(data) == plainly(data, values)


def test_each_of_very_many_is_found_wherever_it_stands() -> None:
    chance = random.Random(1)
    values = ["".join(chance.choices("abcdefgh0123", k=chance.randint(4, 60))) for _ in range(5000)]
    look = revealing(map(Redacted, values))
    noise = bytes(chance.choices(b"ABCDEFGH ", k=20_000))
    assert not look(noise)
    for value in values[::50]:
        at = chance.randrange(len(noise))
        assert look(noise[:at] + value.encode() + noise[at:])


def test_what_passes_is_not_looked_for() -> None:
    look = revealing(map(Redacted, ("password", "x7Gq99LmZ2")), {"password"}.__contains__)
    assert not look(b"the password is written out")
    assert look(b"the password is x7Gq99LmZ2")
