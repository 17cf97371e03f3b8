"""From text to objects: limits."""

import pytest

from seawall.core.report import Failed
from seawall.core.severity import Confidence
from seawall.kubernetes import reader
from tests.kubernetes.support import judge

REASON = "more than 2 objects in one file; the rest is left out"


@pytest.fixture(autouse=True)
def _two_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_OBJECTS", 2)


def read(text: str) -> tuple[list[str], tuple[Failed, ...]]:
    contents = reader.read(text, "a.yaml", target=True, complete=True)
    return [object_.name for object_ in contents.objects], contents.failed


def test_objects_past_the_limit_are_told_of_documents() -> None:
    text = "---\n".join(f"apiVersion: v1\nkind: A\nmetadata: {{name: {n}}}\n" for n in "abcd")
    assert read(text) == (["a", "b"], (Failed("a.yaml", 9, 1, REASON),))


def test_objects_past_the_limit_are_told_of_lists() -> None:
    items = "".join(f"- {{apiVersion: v1, kind: A, metadata: {{name: {n}}}}}\n" for n in "abcd")
    text = f"kind: List\napiVersion: v1\nitems:\n{items}"
    assert read(text) == (["a", "b"], (Failed("a.yaml", 6, 3, REASON),))


def test_as_many_as_the_limit_are_fine() -> None:
    text = "---\n".join(f"apiVersion: v1\nkind: A\nmetadata: {{name: {n}}}\n" for n in "ab")
    assert read(f"{text}---\nno: object\n") == (["a", "b"], ())


def test_a_long_text_may_hold_more() -> None:
    text = "---\n".join(
        f"apiVersion: v1\nkind: A\nmetadata: {{name: {n}}}\n# {'-' * 100}\n" for n in "abcd"
    )
    assert read(text) == (["a", "b", "c", "d"], ())


def test_a_document_that_runs_past_the_limit_may_define_what_is_missing() -> None:
    items = "".join(f"- {{apiVersion: v1, kind: A, metadata: {{name: {n}}}}}\n" for n in "abcd")
    text = f"kind: List\napiVersion: v1\nitems:\n{items}"
    contents = reader.read(text, "a.yaml", target=True, complete=True)
    assert contents.opaque == (text,)


def test_a_definition_without_a_spec_is_a_patch() -> None:
    text = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: webs.example.org, annotations: {a: b}}\n"
    )
    (gap,) = reader.read(text, "a.yaml", target=True, complete=True).not_covered
    assert (gap.path, gap.what) == ("a.yaml", "patch")
    for whole in (f"{text}spec: {{}}\n", text.replace("CustomResourceDefinition", "Web")):
        assert not reader.read(whole, "a.yaml", target=True, complete=True).not_covered
    listed = reader.read(text, "a.yaml", target=True, complete=True, listed=True)
    assert not listed.not_covered
    (found,) = judge("schema-invalid", text)
    assert (found.message, found.confidence) == ("spec is required", Confidence.LOW)
