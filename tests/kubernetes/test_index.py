"""What the index says of text that could not be read, and on what its answers rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.kubernetes import topics
from seawall.kubernetes.index import Index
from seawall.kubernetes.selectors import Requirement, Selecting, Selector

TEXTS = st.lists(st.text(alphabet="ab.-_ :{}\n\u00e9", max_size=40), max_size=4)
NAMES = st.text(alphabet="ab.-_ :\u00e9", min_size=1, max_size=4)


@given(TEXTS, NAMES)
def test_a_name_is_unresolved_where_any_text_holds_it(texts: list[str], name: str) -> None:
    assert Index((), texts).is_unresolved(name) == any(name in text for text in texts)


def test_nothing_is_no_name() -> None:
    assert not Index((), ["text"]).is_unresolved("")


def test_patterns() -> None:
    index = Index((), ["images:\n- name: web\n  newTag: v1\n", "other"])
    assert index.holds_unresolved(r"name: web\n *newTag")
    assert not index.holds_unresolved(r"newTag: v1\nother:")


LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)
SELECTORS = st.none() | st.builds(
    Selector,
    LABELS,
    st.lists(
        st.builds(
            Requirement,
            st.sampled_from("abc"),
            st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
            st.just(("x",)),
        ),
        max_size=2,
    ).map(tuple),
    st.booleans(),
)


@given(st.lists(SELECTORS), LABELS)
def test_what_selects_labels(selectors: list[Selector | None], labels: dict[str, str]) -> None:
    found = Selecting((selector, number) for number, selector in enumerate(selectors))
    assert found.matching(labels) == [
        number
        for number, selector in enumerate(selectors)
        if selector is not None and selector.matches(labels)
    ]


def test_what_is_known_by_now_rests_on_the_same() -> None:
    index = Index(())
    for _ in range(2):
        index.asked.clear()
        index.once("outer", lambda: index.once("inner", lambda: index.holds("Pod")))
        assert index.asked == {topics.presence("Pod")}
    index.asked.clear()
    index.once("inner", lambda: True)
    assert index.asked == {topics.presence("Pod")}


def test_what_raises_leaves_nothing() -> None:
    index = Index(())
    index.holds("Pod")
    with pytest.raises(ZeroDivisionError):
        index.once("broken", lambda: 1 // 0)
    assert index.asked == {topics.presence("Pod")}
    assert index.once("broken", lambda: 3) == 3
