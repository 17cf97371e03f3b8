"""What recurs is read once, and what is found is the same: a search of versions and a plain one."""

import base64
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.secrets import recurring
from seawall.secrets.batches import SIZE
from seawall.secrets.recurring import Recurring
from seawall.secrets.regions import BITS, MOST_PATTERNS, Stretch, stretches
from seawall.secrets.rules.examples import example
from seawall.secrets.search import FORMS, Found
from seawall.secrets.text import Text, kind_of
from tests.secrets.rules import RULES, drawn, native, plain

PLAIN = (
    "line of keys, tokens and auth", "", "", "  - name: x", "kind: Secret", "data:",
    "kind: ExternalSecret", "remoteRef:", "key = read(secret)", "[![badge](https://x.test/", "}",
    "{", '"kty": "RSA",', '"kty": "oct",', "https://img.example.net/badge?",
    "# a comment", "-----END",
)  # fmt: skip
PLANTED = (
    "password = '{}'", 'api_key: "{}"', "{}", "https://app:{}@db.corp.test/", "token={}&a=b",
    "x{}x", "--token {}", "Authorization: Bearer {}", "<password>{}</password>",
    "password:\n  '{}'", "secret: {}", "auth: {}", 'k: "{}"', "secretKey: {}",
    "    &token={}", "data: {{password: {}}}",
    "- name: DB_PASSWORD\n  value: {}",
)  # fmt: skip
NAMES = tuple("a.py b.yaml c.md d.json e.sh f go.sum .env tests/b.yaml .netrc".split())
PAIRED = [rule for rule in RULES.values() if rule.pairs or rule.id == "aws-access-key"]


def planted(chance: random.Random) -> str:
    """A line with something that may be a secret."""
    draw = chance.random()
    if draw < 0.3:
        value = example(chance.choice(list(RULES.values())), chance)
    elif draw < 0.4:
        value = example(chance.choice(PAIRED), chance)
    elif draw < 0.5:
        value = drawn(40, chance.randrange(50))
    else:
        value = drawn(chance.randint(4, 30), chance.randrange(50))
    packed = chance.random()
    if packed < 0.15:
        value = base64.b64encode(f"password={value}".encode()).decode()
    elif packed < 0.25:
        value = base64.b64encode(value.encode()).decode()
    elif packed < 0.3:
        value = "".join(f"%{byte:02x}" for byte in f"token={value}".encode())
    return chance.choice(PLANTED).format(value)


def key(chance: random.Random) -> str:
    """A private key between its marks; what is in it need not be one."""
    body = "\n".join(drawn(64, chance.randrange(50)) for _ in range(chance.randrange(1, 30)))
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"


def new_line(chance: random.Random) -> str:
    draw = chance.random()
    if draw < 0.5:
        return chance.choice(PLAIN)
    if draw < 0.6:
        return "filler " * chance.randrange(1, 60)
    return planted(chance) if draw < 0.97 else key(chance)


def versions(seed: int, count: int) -> Iterator[Text]:
    """Versions of a few files, each some edits away from another one."""
    chance = random.Random(seed)
    kept = [[new_line(chance) for _ in range(chance.randrange(30))] for _ in range(2)]
    for _ in range(count):
        lines = list(chance.choice(kept))
        for _ in range(chance.randrange(4)):
            at = chance.randint(0, len(lines))
            upto = at + chance.choice((0, 0, 1, 3))
            lines[at:upto] = [new_line(chance) for _ in range(chance.randrange(4))]
            if lines and chance.random() < 0.2:  # within a line
                at = chance.randrange(len(lines))
                cut = chance.randint(0, len(lines[at]))
                lines[at] = lines[at][:cut] + chance.choice(("", "x", "'", " ", "badge"))
        kept.append(lines)
        end = chance.choice(("\n", "\n", "", "\r\n"))
        data = chance.choice(("\n", "\n", "\r\n")).join(lines) + end
        names = chance.sample(NAMES, chance.choice((1, 1, 2)))
        content = data.encode()
        yield from (Text(name, content, kind_of(name)) for name in names)


def comparable(found: Found) -> tuple[object, ...]:
    return found.text, found.secrets, found.complete, frozenset(found.seen), found.notes


def told(search: Recurring, texts: list[Text]) -> None:
    """Hold it to what the plain search says."""
    expected = list(map(comparable, native().run(texts)))
    assert list(map(comparable, search.run(texts))) == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 40))
def test_versions_hold_what_each_holds_by_itself(seed: int, count: int) -> None:
    told(native().made_anew(Recurring), list(versions(seed, count)))


@pytest.mark.full
@settings(max_examples=1000, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 60))
def test_many_versions_hold_what_each_holds_by_itself(seed: int, count: int) -> None:
    told(native().made_anew(Recurring), list(versions(seed, count)))


def test_what_is_forgotten_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurring, "_KEPT", 5_000)
    search = native().made_anew(Recurring)
    texts = [text for seed in range(20) for text in versions(seed, 10)]
    told(search, texts)
    assert len(search._young) + len(search._old) < 100


def test_stretches_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    search = native().made_anew(Recurring)
    read: list[str] = []
    of_stretch = Recurring._read_stretch

    def noted(self: Recurring, text: Text, stretch: Stretch) -> object:
        read.append(text.name)
        return of_stretch(self, text, stretch)

    monkeypatch.setattr(Recurring, "_read_stretch", noted)
    line = f"password = '{drawn(14)}7'\n"
    texts = [
        Text("a.py", ("x = 1\n" * number * 100 + line).encode(), kind_of("a.py"))
        for number in range(1, 10)
    ]
    assert len(list(search.run(texts))) == len(texts)
    assert len(read) == 1


def test_large_texts_and_floods() -> None:
    line = f"password = '{drawn(14)}7'\n"
    large = Text("a.py", ("x = 1\n" * (SIZE // 5) + line).encode(), kind_of("a.py"))
    crowded = Text("b.yaml", (f"password: {drawn(14)}7\n" * 5_000).encode(), kind_of("b.yaml"))
    flood = Text("c.yaml", b"token: a\n" * 200_000, kind_of("c.yaml"))
    small = Text("a.py", line.encode(), kind_of("a.py"))
    told(native().made_anew(Recurring), [small, large, small, crowded, small, flood, small])


def test_the_plain_finder_is_left_as_it_is() -> None:
    texts = list(versions(1, 10))
    search = plain().made_anew(Recurring)
    assert list(search.run(texts)) == list(plain().run(texts))


def test_no_text_and_nothing_in_it() -> None:
    search = native().made_anew(Recurring)
    assert not list(search.run([]))
    assert not list(search.run([Text("a", b"", kind_of("a")), Text("a", b"\n", kind_of("a"))]))


@settings(max_examples=500, deadline=None)
@given(
    st.text("ab\n\n", max_size=200).map(str.encode),
    st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 2))),
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=3, max_size=3),
)
def test_stretches_are_apart_and_hold_what_their_events_reach(
    data: bytes, places: list[tuple[int, int]], reaches: list[tuple[int, int]]
) -> None:
    events = sorted(place % len(data) + 1 << BITS | index for place, index in places if len(data))
    found = stretches(data, events, reaches)
    assert [event for stretch in found for event in stretch.events] == events
    behind = 0
    for start, end, held in found:
        assert start >= max(behind - 1, 0)
        assert not start or data[start : start + 1] == b"\n"
        assert end == len(data) or data[end - 1 : end] == b"\n"
        for event in held:
            before, after = reaches[event & (MOST_PATTERNS - 1)]
            assert not start or (event >> BITS) - before > start
            assert end == len(data) or (event >> BITS) + after < end
        behind = end


def test_an_event_reaches_back_over_the_stretches_before_it() -> None:
    data = b"abcd\n" * 40
    places = ((30, 0), (60, 0), (100, 0), (103, 1))
    events = [place << BITS | index for place, index in places]
    assert stretches(data, events[:3], [(1, 1)]) == [
        (24, 35, [events[0]]), (54, 65, [events[1]]), (94, 105, [events[2]]),
    ]  # fmt: skip
    assert stretches(data, events, [(1, 1), (90, 1)]) == [(9, 105, events)]


def test_events_have_room_for_the_patterns() -> None:
    assert len(native()._shapes) <= MOST_PATTERNS
    assert len(FORMS) < MOST_PATTERNS
