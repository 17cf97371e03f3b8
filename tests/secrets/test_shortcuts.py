"""What is left out because a quicker look says it is of no use never changes a judgement."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.secrets import features, randomness, scoring
from seawall.secrets.finding import windows
from seawall.secrets.reading import assignments
from seawall.secrets.reading.form import Form
from seawall.secrets.rules.shapes import shape
from seawall.secrets.text import Kind
from seawall.text import credential_names, placeholders

PIECES = st.sampled_from(
    "change me changeme placeholder put here to be set replaced fill-in enter goes foo bar baz "
    "your secret_here key-here passwd here not a real base64 encoded some secret replace with this "
    "${ $( {{ }} <% %> #{ $x <name> [x] {x} %s% @x@ %%x%% ### &x; :x _( *x new X a.b[0] f(x) /etc "
    "12345 abcdef fedcba aaaaa the my test a is password Password-Field \\( "
    "Get-Item x.y(z) Ag".split()
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.lists(st.one_of(PIECES, st.sampled_from(" _-.:/'\"\n")), max_size=6).map("".join),
)
WHOLE_FILL_IN = re.compile(
    f"{'|'.join(placeholders._FILL_IN_WORDS)}|{placeholders._FILL_IN.pattern}"
)
PATTERNS = {
    name: re.compile(*vars(getattr(placeholders, name))["_made_of"])
    for name in ("_TEMPLATE", "_PATH", "_CALL", "_SALTED", "_BETWEEN")
}


@given(VALUES)
def test_fill_ins(value: str) -> None:
    """The words that are looked for first stand in all that the pattern matches."""
    assert placeholders.is_fill_in(value) == (WHOLE_FILL_IN.search(value) is not None)


@given(VALUES)
def test_templates_have_signs(value: str) -> None:
    """Where there is no sign, there is no template."""
    if PATTERNS["_TEMPLATE"].search(value):
        assert placeholders._SIGNS.search(value)


@given(VALUES)
def test_references_have_signs(value: str) -> None:
    """A value of letters and digits is none of what the patterns tell."""
    if value.replace("_", "a").isalnum():
        found = {name for name, pattern in PATTERNS.items() if pattern.fullmatch(value)}
        assert not found
        assert not PATTERNS["_TEMPLATE"].search(value)


@given(VALUES)
def test_runs(value: str) -> None:
    """Every fourth pair of neighbours is enough to tell that there is no run."""
    codes = value.encode("utf-8", "replace")
    same = any(len(set(codes[at : at + 5])) == 1 for at in range(len(codes) - 4))
    steps = [after - before for before, after in pairwise(codes)]
    counted = any(set(steps[at : at + 5]) in ({1}, {-1}) for at in range(max(len(steps) - 4, 0)))
    assert randomness.has_run(value) == (same or counted)


@given(VALUES)
def test_classes_of_letters(value: str) -> None:
    """Sets of letters say what asking each letter says."""
    kinds = (("A", str.isupper), ("a", str.islower), ("1", str.isdigit))
    told = "".join(sign for sign, has in kinds if any(map(has, value)))
    assert features.mix_of(value) == told + ("" if value.isalnum() or not value else "!")


@given(VALUES, VALUES)
def test_a_name_again(name: str, value: str) -> None:
    """The first word tells most values that are no names."""
    words = credential_names.words_of(value)
    long = len("".join(words)) >= len(value) - value.count("_") - 4
    known = {*credential_names.words_of(name), "the", "my", "test", "a", "is"}
    assert features.same_words(name, value) == (bool(words) and long and set(words) <= known)


@given(VALUES)
def test_surprise(value: str) -> None:
    """It is the mean over the pairs of letters of all words, edges included."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", value)
    pairs = [pair for word in words for pair in pairwise(f"{{{word.lower()}{{")]
    table = randomness._table()
    mean = sum(table[pair] for pair in pairs) / len(pairs) if pairs else 0.0
    assert randomness.surprise(value) == pytest.approx(mean)


@given(st.sampled_from(("quoted", "bare", "url")), VALUES, VALUES, st.sampled_from(list(Kind)))
def test_sums_of_groups(form: str, name: str, value: str, kind: Kind) -> None:
    """What groups of words add up to is what the words add up to, each once."""
    groups = features.features(form, name, value, kind, ("path:plain",))
    words = [word for group in groups for word in group]
    assert len(words) == len(set(words))
    weights = scoring._weights()
    total = weights["always"] + sum(weights.get(word, 0) for word in words)
    assert scoring._score(form, name, value, kind, ("path:plain",)) == total


SOURCE = st.lists(
    st.sampled_from(
        [
            b"password", b"key", b"secretToken", b"oauth_signature", b"otp", b"\n", b"\r\n", b" ",
            b"\t", b"=", b":", b": str =", b"(", b",", b'"', b"'", b"\\", b"]", b"Buffer.from(",
            b"b", b"x", b"=>",
        ]
    ),
    max_size=30,
).map(b"".join)  # fmt: skip


@pytest.mark.parametrize("form", [form for form in assignments.FORMS if form.breaks is not None])
@given(SOURCE)
def test_matches_begin_where_lines_say(form: Form, data: bytes) -> None:
    """A window that begins with a line holds the whole match that ends at its end."""
    made = shape(form.pattern)
    assert form.breaks is not None
    for place in range(len(data)):
        match = windows.compiled(made.source).match(data, place)
        if match is not None:
            ((start, end),) = windows.lines(data, [match.end()], made.width, form.breaks)
            assert start <= place < match.end() == end


@given(SOURCE, st.integers(0, 20))
def test_places_of_literals(data: bytes, start: int) -> None:
    """One pattern for all literals finds what one search for each finds."""
    literals = windows.encoded(shape(assignments.QUOTED).literals)
    lower = data.lower()
    places = {at for at in range(start, len(data)) if lower.startswith(literals, at)}
    assert windows._FEW < len(literals) < windows._MANY
    assert windows._literals_in(literals, data, start, len(data)) == sorted(places)
    few = [at for one in literals for at in windows._literals_in((one,), data, start, len(data))]
    assert {*few} == places
