"""What rules about claims of storage do beyond their examples."""

from typing import Any

import pytest

from tests.kubernetes.rules.relations import obj, stream
from tests.kubernetes.support import judge

TEMPLATE = ("spec", "volumeClaimTemplates", 1)


def everywhere(**spec: Any) -> list[tuple[Any, tuple[str | int, ...]]]:
    """A claim of its own and a second template of a StatefulSet, each with where it stands."""
    good = {"metadata": {"name": "good", "annotations": {"owner": "me"}}, "spec": GOOD}
    template = {"metadata": {"name": "data"}, "spec": spec}
    templates = {"volumeClaimTemplates": [good, template]}
    return [
        (obj("PersistentVolumeClaim", spec=spec), ()),
        (obj("StatefulSet", spec=templates), TEMPLATE),
    ]


GOOD = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


@pytest.mark.parametrize(
    ("modes", "last"),
    [
        (["ReadWriteOnce"], None),
        (["ReadWriteOncePod"], None),
        (["ReadOnlyMany"], None),
        (["ReadWriteMany"], 0),
        (["ReadWriteOnce", "ReadWriteMany"], 1),
        ([], "accessModes"),
        (None, "accessModes"),
        ("ReadWriteMany", "accessModes"),
    ],
)
def test_access_modes(modes: Any, last: Any) -> None:
    for document, place in everywhere(accessModes=modes):
        found = judge("pvc-access-mode", stream(document))
        assert len(found) == (last is not None)
        for finding in found:
            assert finding.location.key_path[: len(place)] == place
            assert finding.location.key_path[-1] == last


@pytest.mark.parametrize(
    ("resources", "reported"),
    [
        ({"requests": {"storage": "1Gi"}}, False),
        ({"requests": {"storage": 5}}, False),
        ({"requests": {"storage": "0"}}, True),
        ({"requests": {"storage": "-1Gi"}}, True),
        ({"requests": {"storage": "much"}}, True),
        ({"requests": {"storage": ["1Gi"]}}, True),
        ({"limits": {"storage": "1Gi"}}, True),
        ({}, True),
        (None, True),
    ],
)
def test_storage_requests(resources: Any, reported: bool) -> None:
    for document, place in everywhere(resources=resources):
        found = judge("pvc-storage-request", stream(document))
        assert len(found) == reported
        path = (*place, "spec", "resources", "requests", "storage")
        assert all(finding.location.key_path == path for finding in found)


def test_annotations_of_claims() -> None:
    rule = "pvc-annotation-required"
    wanted: Any = {rule: {"annotations": ("owner",)}}
    for document, place in everywhere(**GOOD):
        assert not judge(rule, stream(document))
        found = judge(rule, stream(document), parameters=wanted)
        assert [finding.location.key_path for finding in found] == [
            (*place, "metadata", "annotations", "owner")
        ]
    empty = obj("PersistentVolumeClaim", annotations={"owner": ""}, spec=GOOD)
    assert judge(rule, stream(empty), parameters=wanted)
