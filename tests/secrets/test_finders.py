"""Where to look: both finders lead to the same, triggers miss nothing, seams hide nothing."""

import random
import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.secrets.batches import SIZE, batches
from seawall.secrets.finding import plain as plain_finding
from seawall.secrets.finding.finder import PLACES, SHIFT
from seawall.secrets.finding.plain import PlainFinder
from seawall.secrets.rules import shapes
from seawall.secrets.rules.examples import example
from seawall.secrets.rules.shapes import Shape
from seawall.secrets.search import FORMS, Found, Search
from seawall.secrets.text import Kind, Text, kind_of
from tests.secrets.rules import RULES, drawn, native, plain

LINES = st.sampled_from(
    ["password = '{}'\n", 'api_key: "{}"\n', "{}\n", "https://app:{}@example.org/\n",
     "token={}&a=b\n",
     "  {}\n", "x{}x\n", "--token {}\n", "Authorization: Bearer {}\n", "<password>{}</password>\n"]
)  # fmt: skip
NAMES = st.sampled_from(["a.py", "b.yaml", "c.md", "d.json", "e.sh", "f", "go.sum", ".env"])


def planted(seed: int, lines: list[str], name: str) -> Text:
    """A text with an example of a rule or a drawn value in each line, among other lines."""
    chance = random.Random(seed)
    rules = list(RULES.values())
    parts = []
    for line in lines:
        value = example(chance.choice(rules), chance)
        if chance.random() < 0.3:
            value = drawn(chance.randint(6, 40), chance.randrange(1000))
        parts.append(f"line {chance.random()} of keys, tokens and auth\n" * chance.randrange(4))
        parts.append(line.format(value))
    return Text(name, "".join(parts).encode(), kind_of(name))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.lists(LINES, min_size=1, max_size=25), NAMES)
def test_both_finders_lead_to_the_same_where_examples_are_planted(
    seed: int, lines: list[str], name: str
) -> None:
    text = planted(seed, lines, name)
    expected = list(native().run([text]))
    assert list(plain().run([text])) == expected


def finders() -> list[tuple[str, Search]]:
    """A plain search for each way to look for literals."""
    found = []
    for engine in ("each by itself", "re", "RE2"):
        finder = PlainFinder(plain()._shapes)
        if engine != "each by itself":
            with pytest.MonkeyPatch.context() as patch:
                if engine == "re":
                    patch.setitem(sys.modules, "re2", None)
                finder._prepare()
        found.append((engine, Search(list(RULES.values()), plain()._shapes, finder)))
    return found


def test_all_ways_to_look_for_literals_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_finding, "LITTLE", sys.maxsize)
    texts = [
        planted(seed, ["{}\n", "key = '{}'\n", "a {} b\n"] * 6, name)
        for seed, name in enumerate(("a.py", "b.yaml", "c.md", "d.json", "e", "f.sh"))
    ]
    expected = list(native().run(texts))
    assert len(expected) == len(texts)
    for engine, search in finders():
        assert list(search.run(texts)) == expected, engine


def test_a_literal_within_another_is_told_of_too(monkeypatch: pytest.MonkeyPatch) -> None:
    literals = ("abc", "abcd", "bcde", "cde", "xabc")
    made = [Shape(text, text, (text,), len(text), leads=True) for text in literals]
    data = b"xABCDE abcd bcde"
    expected = set()
    for index, text in enumerate(literals):
        for found in re.finditer(rb"(?=%s)" % text.encode(), data.lower()):
            expected.add((index, found.start() + 1))
    for modules in ({}, {"re2": None}):
        with monkeypatch.context() as patch:
            for name, module in modules.items():
                patch.setitem(sys.modules, name, module)
            finder = PlainFinder(made)
            finder._prepare()
        events, complete = finder.find(data)
        assert complete
        assert {(event >> SHIFT, event & PLACES) for event in events} == expected


# Triggers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "trigger"),
    [
        ("abc[0-9]{3,9}", "abc[0-9]{3}"),
        ("abc(?:x{2,5}|y+)", "abc(?:x{2}|y)"),
        ("a{2,3}|b[|*]{1,4}|c\\|{2,3}", "a{2}|b[|*]|c\\|{2}"),
        ("abc[0-9]{3}={0,2}", "abc[0-9]{3}"),
        ("abc(?:-[0-9])?", "abc"),
        ("ab(?:cd){2,3}", "ab(?:cd){2}"),
        ("abc[)+]*?", "abc"),
        ("abc[]x]{2,4}?", "abc[]x]{2}"),
        ("abc\\+", "abc\\+"),
        ("(?i:abc|de{2,4})f*", "(?i:abc|de{2})"),
        ("a*", "a*"),
        ("x{5,200}y{3}", "x{5,}y{3}"),
    ],
)
def test_triggers_end_as_early_as_they_can(pattern: str, trigger: str) -> None:
    assert shapes._trigger(pattern) == trigger


def test_each_match_begins_with_one_of_its_trigger() -> None:
    chance = random.Random(5)
    for rule in RULES.values():
        made = shapes.shape_of(rule)
        for _ in range(5):
            data = example(rule, chance).encode("latin-1")
            whole = re.search(made.source.encode("latin-1"), data)
            assert whole is not None, rule.id
            early = re.compile(made.trigger.encode("latin-1")).search(data)
            assert early is not None, rule.id
            assert early.start() <= whole.end(), rule.id
            assert early.end() <= whole.end(), rule.id


# Seams --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seam", [1, 2])
def test_a_token_across_a_border_of_parts_is_found_once(seam: int) -> None:
    token = example(RULES["github-classic-token"], random.Random(3)).encode()
    password = drawn(18, 4).encode()
    filler = b"nothing to see here, only lines of text\n" * 90_000
    for value, line in ((token, b"see %s there\n"), (password, b'db_password = "%s"\n')):
        for before in (0, 1, 10, len(value), len(value) + 20):
            at = seam * SIZE - before
            whole = filler[:at].rpartition(b"\n")[0]
            whole += b" " * (at - len(whole) - 1) + b"\n" + line % value + filler
            text = Text("a.yaml", whole, Kind.CONFIGURATION)
            assert len(list(batches([text]))) > seam
            (found,) = native().run([text])
            (secret,) = found.secrets
            assert [whole[part.start : part.end] for part in secret.occurrences] == [value]


def test_a_batch_holds_what_its_texts_hold() -> None:
    texts = [Text(str(size), b"x" * size, Kind.PROSE) for size in (0, 5, SIZE, 7, SIZE + 1, 0, 3)]
    seen: list[Text] = []
    for batch in batches(texts):
        assert len(batch.texts) == len(batch.starts)
        for start, text in zip(batch.starts, batch.texts, strict=True):
            end = start + len(text.data) - batch.skipped
            assert batch.data[start:end] == text.data[batch.skipped :][: len(batch.data)]
        if batch.last:
            seen += batch.texts
    assert seen == texts


# Size ---------------------------------------------------------------------------------------------

UNIT = b'var a=function(b,c){return b.key(c,"token")},e={auth:[1,2,3],"key":f};'


def cost(data: bytes) -> tuple[int, int]:
    """Events and calls of Python functions that a text of one line costs."""
    events = calls = 0
    search = native()
    finder = search._finder

    class Counting:
        ends = finder.ends

        def find(self, data: bytes) -> object:
            nonlocal events
            found = finder.find(data)
            events += len(found[0])
            return found

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    counted = Search(list(RULES.values()), search._shapes, Counting())  # type: ignore[arg-type]
    sys.setprofile(count)
    try:
        found = list(counted.run([Text("a.min.js", data, Kind.CODE)]))
    finally:
        sys.setprofile(None)
    assert not [secret for item in found for secret in item.secrets]
    return events, calls


def test_a_long_line_costs_as_much_as_it_is_long() -> None:
    small, large = (cost(UNIT * (size // len(UNIT))) for size in (1_500_000, 6_000_000))
    assert small[0] > 10_000
    assert large[0] < 4.3 * small[0]
    assert large[1] < 5 * small[1] + 10_000


@pytest.mark.full
def test_fifty_megabytes_on_one_line() -> None:
    small, large = (cost(UNIT * (size // len(UNIT))) for size in (5_000_000, 50_000_000))
    assert large[0] < 10.5 * small[0]
    assert large[1] < 11 * small[1] + 10_000
    value = drawn(16, 8)
    data = UNIT * 700_000 + f'password="{value}";'.encode()
    found: list[Found] = list(native().run([Text("a.min.js", data, Kind.CODE)]))
    assert value in [secret.candidate.value.reveal() for item in found for secret in item.secrets]


def test_forms_have_names_of_their_own() -> None:
    assert len({form.id for form in FORMS}) == len(FORMS)
