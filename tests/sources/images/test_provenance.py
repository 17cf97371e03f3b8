"""Dockerfiles in statements of provenance, whatever stands in them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.provenance import dockerfiles, is_provenance

VALUES = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda own: (
        st.lists(own, max_size=3)
        | st.dictionaries(
            st.sampled_from(["metadata", "source", "infos", "filename", "data", "runDetails",
                             "buildkit_metadata", "predicate"]),
            own,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_any_statement_is_read(value: Any) -> None:
    statement = {"predicate": {"runDetails": {"metadata": {"buildkit_metadata": value}}}}
    for name, data in dockerfiles(statement):
        assert name
        assert data


def test_what_is_a_provenance() -> None:
    kind = "in-toto.io/predicate-type"
    entry = Descriptor("application/vnd.in-toto+json", "", 1, None, {})
    assert not is_provenance(entry)
    assert not is_provenance(entry._replace(annotations={kind: "https://spdx.dev/Document"}))
    assert is_provenance(entry._replace(annotations={kind: "https://slsa.dev/provenance/v1"}))
