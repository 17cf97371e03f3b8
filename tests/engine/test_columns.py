"""Entries as columns: what comes back is what went in."""

import marshal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.containers.columns import from_columns, to_columns
from seawall.sources.images.entry import Entry, Kind

_number = st.integers(0, 1 << 40) | st.just(7)
ENTRIES = st.lists(
    st.builds(
        Entry,
        st.text(max_size=4) | st.just("a/\udcff"), st.sampled_from(Kind), _number, _number,
        _number, _number, st.integers(-9, 9), st.sampled_from(("", "b")), _number,
        st.sampled_from((b"", b"x")), st.sampled_from(((0, 0), (5, 1))),
        st.sampled_from(((), (("user.a", b"1"),))),
    ),
    max_size=4,
)  # fmt: skip


@given(ENTRIES)
def test_entries_there_and_back(entries: list[Entry]) -> None:
    back = from_columns(marshal.loads(marshal.dumps(to_columns(entries))))
    assert back == tuple(entries)
    assert all(type(entry) is Entry and type(entry.kind) is Kind for entry in back)


@pytest.mark.parametrize(
    "plain",
    [
        None, (), (1, ()), (1, ([1],)), (0, ([1],)),
        (2, (("a",), *([0],) * 11)),
        (1, (("a",), b"\x63", *([0],) * 10)),
        (1, (("a",), None, *([0],) * 10)),
    ],
)  # fmt: skip
def test_what_is_no_such_thing_is_refused(plain: object) -> None:
    with pytest.raises((TypeError, ValueError, LookupError)):
        from_columns(plain)
