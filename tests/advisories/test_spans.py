"""From what a source says to intervals that do not overlap."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.advisories import spans
from seawall.advisories.advisory import Affected, Events
from seawall.advisories.versions.schemes import scheme_of

SEMVER = scheme_of("npm")
assert SEMVER is not None
KEY = SEMVER.key


def parts(affected: Affected) -> list[str]:
    reading = spans.read(affected, KEY)
    return [str(part) for part in spans.parts(spans.packed(reading.spans))]


def npm(*ranges: Events, **facts: tuple[str, ...]) -> Affected:
    return Affected("npm", "left-pad", ranges, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("affected", "expected"),
    [
        (npm(Events("0", fixed="1.2.0")), ["< 1.2.0"]),
        (npm(Events()), ["all versions"]),
        (npm(Events("2.0.0")), [">= 2.0.0"]),
        (npm(Events("1.0.0", last_affected="1.4.0")), [">= 1.0.0, <= 1.4.0"]),
        (npm(Events("1.0.0", limit="2.0.0")), [">= 1.0.0, < 2.0.0"]),
        (npm(Events("1.0.0", limit="*")), [">= 1.0.0"]),
        (npm(Events("2.0.0", fixed="2.3.0"), Events("0", fixed="1.2.0")),
         ["< 1.2.0", ">= 2.0.0, < 2.3.0"]),
        (npm(Events("0", fixed="1.2.0"), Events("1.1.0", fixed="1.5.0")), ["< 1.5.0"]),
        (npm(Events("0", fixed="1.2.0"), Events("1.2.0", last_affected="1.5.0")), ["<= 1.5.0"]),
        (npm(Events("0", fixed="0")), []),
        (npm(Events("3.0.0", fixed="2.0.0")), []),
        (npm(versions=("1.0.0", "3.0.0")), ["= 1.0.0", "= 3.0.0"]),
        (npm(Events("0", fixed="2.0.0"), versions=("1.0.0", "1.1.0", "3.0.0")),
         ["< 2.0.0", "= 3.0.0"]),
        (npm(native=(">= 1.0.0 < 1.2.0", ">= 2.0.0 <= 2.1.0")),
         [">= 1.0.0, < 1.2.0", ">= 2.0.0, <= 2.1.0"]),
        (npm(unaffected=("^1.2.3", ">= 2.0.0")), ["< 1.2.3", ">= 2.0.0-0, < 2.0.0"]),
        (npm(native=("< 3.0.0",), unaffected=(">= 1.2.3 < 2.0.0",)),
         ["< 1.2.3", ">= 2.0.0, < 3.0.0"]),
    ],
)  # fmt: skip
def test_intervals(affected: Affected, expected: list[str]) -> None:
    assert parts(affected) == expected


def test_what_cannot_be_read_is_told_and_the_rest_counts() -> None:
    affected = npm(
        Events("0", fixed="1.2.0"), Events("not a version", fixed="9"), Events("2.0.0", fixed="?"),
        native=("this is no range",), versions=("latest", "1.0.0"),
    )  # fmt: skip
    reading = spans.read(affected, KEY)
    assert [str(part) for part in spans.parts(spans.packed(reading.spans))] == ["< 1.2.0"]
    assert reading.exact == ("latest",)
    assert len(reading.reasons) == 3


def test_a_range_that_ends_before_it_begins_is_told() -> None:
    reading = spans.read(npm(Events("1.8.4", fixed="1.8.0"), Events("0", fixed="1.7.13")), KEY)
    assert [span.last for span in reading.spans] == ["<1.7.13"]
    assert reading.reasons == ("the range from '1.8.4' ends before it, at '1.8.0'",)
    assert spans.read(npm(Events("1.0.0", fixed="1.0.0")), KEY) == spans.Reading((), (), ())


def test_half_of_what_is_mended_is_not_taken_for_all_of_it() -> None:
    reading = spans.read(npm(unaffected=(">= 2.0.0", "this is no range")), KEY)
    assert reading.spans == ()
    assert reading.reasons


def test_the_fix_above_comes_first_and_lies_in_no_interval() -> None:
    affected = npm(
        Events("0", fixed="1.2.0"), Events("1.2.0", fixed="1.3.0"), Events("2.0.0", fixed="2.4.0"),
        Events("3.0.0", last_affected="3.1.0"), Events("4.0.0", fixed="4.1.0"),
    )  # fmt: skip
    found = spans.parts(spans.packed(spans.read(affected, KEY).spans))
    assert spans.fixes(found, 0) == ("1.3.0", "2.4.0", "4.1.0")
    assert spans.fixes(found, 1) == ("2.4.0", "4.1.0", "1.3.0")
    assert spans.fixes(found, 2) == ("4.1.0", "1.3.0", "2.4.0")


VERSIONS = st.builds("{}.{}.{}".format, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
RANGES = st.builds(
    lambda low, high, kind: Events(low, **{kind: high}),
    VERSIONS, VERSIONS, st.sampled_from(("fixed", "last_affected", "limit")),
)  # fmt: skip


@given(st.lists(RANGES, max_size=5), st.lists(VERSIONS, max_size=4), VERSIONS)
def test_a_version_is_in_the_intervals_when_it_is_in_a_range_or_in_the_list(
    ranges: list[Events], versions: list[str], asked: str
) -> None:
    reading = spans.read(npm(*ranges, versions=tuple(versions)), KEY)
    key = KEY(asked)
    assert key is not None
    inside = any(span.lo <= key < span.hi for span in reading.spans)

    def in_range(events: Events) -> bool:
        low, high = KEY(events.introduced), KEY(events.fixed or events.limit or "9.0.0")
        last = KEY(events.last_affected) if events.last_affected else None
        assert low is not None
        assert high is not None
        assert key is not None
        return low <= key and (key <= last if last is not None else key < high)

    assert inside == (asked in versions or any(map(in_range, ranges)))
    ends = [(span.lo, span.hi) for span in reading.spans]
    assert all(before[1] < after[0] for before, after in pairwise(ends))


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_raises_on_odd_versions(introduced: str, end: str) -> None:
    affected = npm(Events(introduced, fixed=end), versions=(introduced, end), native=(end,))
    reading = spans.read(affected, KEY)
    packed = spans.packed(reading.spans)
    assert len(spans.parts(packed)) == len(reading.spans)
