"""Scalars, merges and keys as Kubernetes reads them.

The recorded verdicts are those of ``YAMLToJSON`` of sigs.k8s.io/yaml v1.6.0 (go.yaml.in/yaml/v2
v2.4.2): for each text the JSON it made, or that it refused the document.
"""

import math

import pytest

from seawall.text.scalars import Scalar, Value, key_text, resolve, tagged
from seawall.text.yaml import Document, load
from tests.shared import DATA, read_rows

TABLE: list[tuple[str, Scalar]] = [
    ("on", True), ("yes", True), ("Off", False),
    ("y", True), ("n", False),
    ("0755", 493), ("0o10", 8), ("0x1F", 31), ("1_000", 1000),
    ("12:30:45", "12:30:45"), ("2020-01-01", "2020-01-01"),
    ("1e3", 1000.0), ("~", None), ("", None), ("+1", 1), ("=", "="),
    ("12345678901234567890", 12345678901234567890),
    ("08", 8.0), ("0b11", 3), ("-0x10", -16), ("1e400", "1e400"),
    ("18446744073709551616", 18446744073709551616.0),
    ("9" * 401, "9" * 401), ("-", "-"), ("+", "+"), (".", "."), ("_1", "_1"), ("<<", "<<"),
    ("nUll", "nUll"), ("none", "none"), ("١", "١"), ("1١", "1١"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), TABLE)
def test_plain_scalars(text: str, value: Scalar) -> None:
    found = resolve(text)
    assert (type(found), found) == (type(value), value)


def test_numbers_that_are_none() -> None:
    assert resolve(".inf") == math.inf
    assert resolve("-.Inf") == -math.inf
    assert math.isnan(float(str(resolve(".nan"))))


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [
        ("str", "12", "12"), ("int", "0x10", 16), ("float", "1", 1.0), ("bool", "on", True),
        ("null", "~", None), ("binary", "aGVs\n bG8=".replace(" ", ""), "hello"), ("map", "x", "x"),
    ],
)  # fmt: skip
def test_tags(tag: str, text: str, value: Scalar) -> None:
    found = tagged(f"tag:yaml.org,2002:{tag}", text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("tag", "text"),
    [("int", "x"), ("int", "1.5"), ("float", "on"), ("bool", "1"), ("null", "x"), ("binary", "%")],
)
def test_tags_that_do_not_fit(tag: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"!!{tag} "):
        tagged(f"tag:yaml.org,2002:{tag}", text)


@pytest.mark.parametrize("tag", ["!", "!Ref", "tag:example.org,2000:x"])
def test_other_tags_leave_the_text(tag: str) -> None:
    assert tagged(tag, "12") == "12"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"), (False, "false"), (12, "12"), (1.5, "1.5"), (1.10, "1.1"),
        (1000.0, "1000"), (1e6, "1e+06"), (1e-5, "1e-05"), (16777217.0, "1.6777216e+07"),
        (3.4028235e38, "3.4028235e+38"), (1e39, ".inf"), (-math.inf, "-.inf"), (math.nan, ".nan"),
    ],
)  # fmt: skip
def test_keys(value: str | float, text: str) -> None:
    assert key_text(value) == text


def equal(ours: Value, theirs: object) -> bool:
    """Equality as JSON has it: 1 and 1.0 are one, 1 and true are not."""
    if isinstance(ours, dict):
        return (
            isinstance(theirs, dict)
            and ours.keys() == theirs.keys()
            and all(equal(value, theirs[key]) for key, value in ours.items())
        )
    if isinstance(ours, list):
        return (
            isinstance(theirs, list)
            and len(ours) == len(theirs)
            and all(equal(*pair) for pair in zip(ours, theirs, strict=True))
        )
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return float(ours) == float(theirs)
    return ours == theirs


def test_recorded_verdicts() -> None:
    rows = list(read_rows(DATA / "oracles" / "kubernetes-yaml.jsonl.zst"))
    assert len(rows) > 3000
    for row in rows:
        text = str(row["text"])
        documents = list(load(text))
        assert len(documents) <= 1, text
        readable = all(isinstance(document, Document) for document in documents)
        assert readable == ("refused" not in row), text
        if readable:
            value = documents[0].value if documents else None  # type: ignore[union-attr]
            assert equal(value, row["json"]), text
