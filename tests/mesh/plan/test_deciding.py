"""Policy against an evaluator that knows rules and nothing of Envoy: 10,000 requests."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.mesh.identity.spiffe_id import SpiffeId, parse
from seawall.mesh.plan.deciding import Request, decide, normalized
from seawall.mesh.plan.model import Port, Protocol, Rule, Source

TARGET = parse("spiffe://td/target")
SEGMENTS = ("a", "b", "ab")
ids = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map(
    lambda parts: parse("spiffe://td/" + "/".join(parts))
)
paths = st.lists(st.sampled_from(SEGMENTS), max_size=3).map(lambda parts: "/" + "/".join(parts))
methods = st.sampled_from(["GET", "POST", "DELETE"])


def _tuples(of: st.SearchStrategy[object]) -> "st.SearchStrategy[tuple[object, ...]]":
    return st.lists(of, max_size=2, unique=True).map(tuple)


sources = st.builds(Source, ids, st.booleans())
patterns = st.one_of(paths, paths.map(lambda path: path.rstrip("/") + "/*"))
tcp_rules = st.lists(
    st.builds(Rule, st.just(""), st.booleans(), st.just(TARGET), _tuples(sources),
              _tuples(st.sampled_from([80, 443])), methods=st.just(()), paths=st.just(())),
    max_size=5,
)  # fmt: skip
http_rules = st.lists(
    st.builds(Rule, st.just(""), st.booleans(), st.just(TARGET), _tuples(sources),
              _tuples(st.sampled_from([80, 443])), _tuples(methods), _tuples(patterns)),
    max_size=5,
)  # fmt: skip


def _named(rules: list[Rule]) -> list[Rule]:
    return [rule._replace(name=f"rule {number}") for number, rule in enumerate(rules)]


def _covers(source: Source, caller: SpiffeId) -> bool:
    own, other = source.id.path.split("/"), caller.path.split("/")
    return own == other or (source.with_below and other[: len(own)] == own)


def _is_about(rule: Rule, port: int, request: Request) -> bool:
    """Whether a rule speaks of a request, written down anew from its documentation."""
    if rule.ports and port not in rule.ports:
        return False
    if rule.sources and not any(_covers(source, request.caller) for source in rule.sources):
        return False
    if rule.methods and request.method not in rule.methods:
        return False
    if not rule.paths:
        return True
    for pattern in rule.paths:
        if pattern.endswith("/*"):
            wanted, given_ = pattern[:-2].split("/"), request.path.split("/")
            if len(given_) > len(wanted) and given_[: len(wanted)] == wanted:
                return True
        elif pattern == request.path:
            return True
    return False


def _allowed(rules: list[Rule], port: int, request: Request) -> bool:
    about = [rule for rule in rules if _is_about(rule, port, request)]
    return all(rule.allows for rule in about) and bool(about)


@settings(max_examples=400)
@given(tcp_rules, st.lists(ids, min_size=25, max_size=25))
def test_connections(rules: list[Rule], callers: list[SpiffeId]) -> None:
    rules = _named(rules)
    for number in (80, 443):
        for caller in callers:
            request = Request(caller)
            decision = decide(rules, Port(number), request)
            assert decision.is_allowed == _allowed(rules, number, request), decision


@settings(max_examples=400)
@given(http_rules, st.lists(st.builds(Request, ids, methods, paths), min_size=25, max_size=25))
def test_requests(rules: list[Rule], requests: list[Request]) -> None:
    rules = _named(rules)
    for number in (80, 443):
        for request in requests:
            decision = decide(rules, Port(number, Protocol.HTTP), request)
            assert decision.is_allowed == _allowed(rules, number, request), decision


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/a/b?q=/x", "/a/b"), ("/a//b", "/a/b"), ("/a/./b", "/a/b"), ("/a/../b", "/b"),
        ("/a/%2e%2e/b", "/b"), ("/a%2Fb", ""), ("/a%5cb", ""), ("/../a", "/a"), ("a", ""),
        ("", "/"), ("/", "/"), ("/%61%7e", "/a~"), ("/a\\..\\b", "/b"), ("/a//../b", "/a/b"),
        ("/a#b", ""), ("/a b", ""), ("/a%00", ""), ("/a/..;x/b", "/b"), ("/a|b", "/a%7Cb"),
        ("/a/%2e%2e;/b", "/a/..;/b"), ("//", "//"), ("http://other/a", "/a"), ("*", ""),
        ("/a/", "/a/"), ("/a/..", "/"),
        # As Envoy 1.40 answered, asked with rules for each of these paths.
        ("/a/../../b", "/b"), ("/..", "/"), ("/%7e", "/~"), ("///", "//"), ("/a?b#c", ""),
        ("/%5b", "/%5b"), ("/a/..//", "//"), ("/..a", "/..a"), ("/a/b/..//c", "/a/c"),
        ("/a%", "/a%"), ("/%2525", "/%2525"),
    ],
)  # fmt: skip
def test_paths_as_rules_see_them(path: str, seen: str) -> None:
    assert normalized(path) == seen


def test_a_path_that_is_refused_before_any_rule() -> None:
    rules = [Rule("all", allows=True, to=TARGET)]
    caller = parse("spiffe://td/a")
    port = Port(80, Protocol.HTTP)
    assert decide(rules, port, Request(caller, "GET", "/a")).is_allowed
    assert decide(rules, port, Request(caller, "GET", "/a%2fb")) == (
        False,
        "the path is refused before any rule",
    )
    assert decide([], port, Request(caller, "GET", "/a")) == (False, "no rule allows it")


def test_a_path_that_may_mean_another_one_is_refused_where_rules_ask_about_paths() -> None:
    port, caller = Port(80, Protocol.HTTP), parse("spiffe://td/a")
    below = Rule("below", allows=True, to=TARGET, paths=("/a/*",))
    denial = Rule("denial", allows=False, to=TARGET, paths=("/admin/*",))
    everything = Rule("all", allows=True, to=TARGET)

    def may(path: str, *rules: Rule) -> bool:
        return decide(rules, port, Request(caller, "GET", path)).is_allowed

    assert may("/a/b;v=1", below)
    assert not may("/a/%2e%2e;/admin", below)
    assert not may("/admin;v=1/b", denial, everything)
    assert may("/admin;v=1/b", everything)
    assert may("/a/%2e%2e;/admin", everything)
