"""CVSS: scores that others computed, properties of the scales, and vectors that are none."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.advisories import cvss2, cvss3, cvss4
from seawall.advisories.cvss import Score, band, score
from tests.shared import DATA

RECORDED = [row.split("\t") for row in (DATA / "cvss" / "scores.tsv").read_text().splitlines()]
"""Random vectors with base and overall score, as Red Hat's ``cvss`` 3.6 computes them."""

PREFIXED = {
    "": (cvss2.METRICS, cvss2.MANDATORY),
    "CVSS:3.0/": (cvss3.METRICS, cvss3.MANDATORY),
    "CVSS:3.1/": (cvss3.METRICS, cvss3.MANDATORY),
    "CVSS:4.0/": (cvss4.METRICS, cvss4.MANDATORY),
}


@st.composite
def vectors(draw: st.DrawFn) -> str:
    prefix = draw(st.sampled_from(sorted(PREFIXED)))
    known, mandatory = PREFIXED[prefix]
    names = [name for name in known if name in mandatory or draw(st.booleans())]
    return prefix + "/".join(f"{name}:{draw(st.sampled_from(list(known[name])))}" for name in names)


def test_recorded_scores() -> None:
    assert len(RECORDED) == 480
    for vector, base, overall in RECORDED:
        found = score(vector)
        assert found is not None, vector
        assert (found.base, found.overall) == (float(base), float(overall)), vector


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        # The examples of the specifications and of well-known CVEs.
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", Score("2.0", 7.8, 7.8, "high")),  # CVE-2002-0392
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C", Score("2.0", 7.8, 6.4, "high")),
        (
            "AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H",
            Score("2.0", 7.8, 9.2, "high"),
        ),
        ("(AV:N/AC:L/Au:N/C:C/I:C/A:C)", Score("2.0", 10.0, 10.0, "high")),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", Score("3.1", 10.0, 10.0, "critical")),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score("3.0", 9.8, 9.8, "critical")),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Score("3.1", 0.0, 0.0, "none")),
        (
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H",
            Score("4.0", 10.0, 10.0, "critical"),
        ),
        (
            "CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N/E:U",
            Score("4.0", 1.0, 0.1, "low"),
        ),
    ],
)
def test_known_vectors(vector: str, expected: Score) -> None:
    assert score(vector) == expected


@pytest.mark.parametrize(
    "vector",
    [
        "", "7.5", "CVSS:3.1", "CVSS:3.1/", "CVSS:5.0/AV:N", "n/a",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",  # a base metric is missing
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/A:H",  # one stands twice
        "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",  # no such value
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/Z:H",  # no such metric
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H//E:P",
        "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",  # of v3, without its prefix
        "cvss:3.1/av:n/ac:l/pr:n/ui:n/s:u/c:h/i:h/a:h",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:S/SA:H",  # S is for MSI only
        "CVSS:3.1/" + "AV:N/" * 1000,
    ],
)  # fmt: skip
def test_what_is_no_vector(vector: str) -> None:
    assert score(vector) is None


@given(vectors(), st.randoms())
def test_the_order_of_metrics_does_not_matter(vector: str, generator: random.Random) -> None:
    prefix, rest = vector[:9], vector[9:]
    if not prefix.startswith("CVSS:"):
        prefix, rest = "", vector
    parts = rest.split("/")
    generator.shuffle(parts)
    assert score(prefix + "/".join(parts)) == score(vector)


@given(vectors())
def test_scores_are_on_the_scale(vector: str) -> None:
    found = score(vector)
    assert found is not None
    for value in (found.base, found.overall):
        assert 0 <= value <= 10
        assert value == round(value, 1)
    assert found.severity == band(found.base, found.version)


@given(vectors())
def test_worse_impact_is_never_a_lower_score(vector: str) -> None:
    """Raising one impact of a base vector to the highest does not lower its base score."""
    found = score(vector)
    assert found is not None
    for name in ("C", "I", "A", "VC", "VI", "VA", "SC", "SI", "SA"):
        for low in ("N", "L", "P"):
            worse = vector.replace(f"/{name}:{low}", f"/{name}:{'C' if low == 'P' else 'H'}")
            if worse != vector and (raised := score(worse)):
                assert raised.base >= found.base, worse


@given(st.text(max_size=80))
def test_nothing_raises(text: str) -> None:
    for prefix in PREFIXED:
        found = score(prefix + text)
        assert found is None or 0 <= found.base <= 10


@pytest.mark.parametrize(
    ("value", "version", "word"),
    [(0.0, "3.1", "none"), (0.1, "3.1", "low"), (3.9, "4.0", "low"), (4.0, "3.0", "medium"),
     (6.9, "3.1", "medium"), (7.0, "3.1", "high"), (8.9, "3.1", "high"), (9.0, "3.1", "critical"),
     (0.0, "2.0", "low"), (4.0, "2.0", "medium"), (7.0, "2.0", "high"), (10.0, "2.0", "high")],
)  # fmt: skip
def test_bands(value: float, version: str, word: str) -> None:
    assert band(value, version) == word
