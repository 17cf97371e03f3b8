"""Known values are masked in all the forms in which programs write them."""

import base64
import json
import random
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.core.errors import UsageError
from seawall.secrets.masking import values
from seawall.secrets.masking.values import Values, load
from tests.secrets.masking.test_stream import masked

VALUE = st.binary(min_size=4, max_size=40).filter(
    lambda value: bool(value.strip()) and b"\n" not in value
)


def hidden(data: bytes, known: Values) -> bytes:
    stars = bytearray(data)
    for start, end in known.find(data):
        stars[start:end] = b"*" * (end - start)
    return bytes(stars)


@settings(max_examples=100, deadline=None)
@given(st.lists(VALUE, min_size=1, max_size=30), st.binary(max_size=50))
def test_both_ways_to_look_find_all(wanted: list[bytes], noise: bytes) -> None:
    data = noise.join(wanted) + noise
    shown = hidden(data, Values(wanted))
    for value in wanted:
        assert value.strip(b"*") == b"" or value not in shown


@pytest.mark.parametrize("number", [1, 40])
def test_forms(number: int) -> None:
    rng = random.Random(number)
    others = [b"%032x" % rng.getrandbits(128) for _ in range(number)]
    value = 'p\u00e4ss "w\\ord" /&?'
    raw = value.encode()
    shown = [
        raw, quote(value, safe="").encode(), json.dumps(value).encode(),
        json.dumps(value, ensure_ascii=False).encode(),
    ]  # fmt: skip
    for form in shown:
        out = masked(b"> " + form + b" <\n", values=[raw, *others])
        assert out in (b"> [redacted:value] <\n", b'> "[redacted:value]" <\n')
    for before in range(4):
        form = base64.b64encode(bytes(before) + raw + bytes(3))
        assert b"[redacted:value]" in masked(b"> " + form + b" <\n", values=[raw, *others])


def test_a_file_of_values(tmp_path: Path) -> None:
    path = tmp_path / "values"
    path.write_bytes(b"one value\r\n\n  \nzwei\xff\nlast")
    assert load(str(path)) == [b"one value", b"zwei\xff", b"last"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"good\nabc\n", ":2: a value must have"), (b"x" * 5000, ":1: a value must have")],
)
def test_faults_have_their_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "values"
    path.write_bytes(content)
    with pytest.raises(UsageError) as error:
        load(str(path))
    assert f"{path}{said}" in str(error.value)
    assert "good" not in str(error.value)


def test_too_many_and_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MOST", 2)
    (tmp_path / "values").write_bytes(b"aaaa\nbbbb\ncccc\n")
    with pytest.raises(UsageError, match="more than 2 values"):
        load(str(tmp_path / "values"))
    with pytest.raises(UsageError, match="one value a line"):
        load(str(tmp_path / "absent"))
