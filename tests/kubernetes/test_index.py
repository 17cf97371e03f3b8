"""What the index says of text that could not be read."""

from hypothesis import given
from hypothesis import strategies as st

from seawall.kubernetes.index import Index

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
