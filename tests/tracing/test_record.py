"""What was seen, written down and read again."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.tracing import record
from seawall.tracing.record import Observation, Record

PATHS = st.text(alphabet=st.characters(exclude_characters="\0")).map(lambda text: f"/{text}")


@given(
    st.lists(st.tuples(st.sampled_from(["opened", "asked"]), PATHS)),
    st.lists(st.tuples(st.sampled_from(["x86_64", "i386"]), st.integers(0, 500))),
    st.lists(st.text(), unique=True),
)
def test_what_is_recorded_is_read(
    paths: list[tuple[str, str]], calls: list[tuple[str, int]], notes: list[str]
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        place = f"{directory}/record"
        written = Record.at(place)
        written.means("ptrace")
        for what, path in paths:
            written.path(what, path)
        for call in calls:
            written.call(*call)
        for note in notes:
            written.note(note)
        seen = record.read(place)
    assert seen == Observation(
        frozenset(paths), frozenset(calls), frozenset({"ptrace"}), tuple(notes)
    )


def test_a_line_that_was_not_finished_is_left_out(tmp_path: Path) -> None:
    place = tmp_path / "record"
    written = Record.at(str(place))
    written.began()
    written.namespaces()
    written.path("opened", "/etc/passwd")
    whole = place.read_bytes()
    for end in range(len(whole)):
        place.write_bytes(whole[:end])
        seen = record.read(str(place))
        assert not seen.paths
        assert seen.began is (end >= whole.index(b"\n") + 1)
    place.write_bytes(whole)
    assert record.read(str(place)).paths == {("opened", "/etc/passwd")}
    assert record.read(str(place)).namespaces


def test_paths_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MAX_BYTES", 4000)
    place = tmp_path / "record"
    written = Record.at(str(place))
    for number in range(1000):
        written.path("opened", f"/{number}")
    written.call("x86_64", 1)
    seen = record.read(str(place))
    assert 100 < len(seen.paths) < 200
    assert seen.notes == (f"only the first {len(seen.paths)} paths are noted",)
    assert seen.calls == {("x86_64", 1)}


def test_what_two_runs_showed_is_united() -> None:
    one = Observation(
        frozenset({("opened", "/a")}), frozenset({("x86_64", 1)}),
        frozenset({"ptrace", "fanotify"}), ("x",), began=True,
    )  # fmt: skip
    two = Observation(
        frozenset({("opened", "/b")}), frozenset({("x86_64", 2)}), frozenset({"fanotify"}),
        ("x", "y"), began=True, namespaces=True,
    )  # fmt: skip
    assert one.united(two) == Observation(
        frozenset({("opened", "/a"), ("opened", "/b")}), frozenset({("x86_64", 1), ("x86_64", 2)}),
        frozenset({"fanotify"}), ("x", "y"), began=True, namespaces=True,
    )  # fmt: skip
