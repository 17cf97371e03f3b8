"""Which findings are told together."""

from seawall.core.finding import Subject
from seawall.core.severity import Severity
from seawall.reports.blocks import by_file
from tests.reports.samples import made_rule, shop


def test_one_workload_and_one_remedy_make_one_block() -> None:
    blocks = by_file(shop().findings)["shop/web.yaml"]
    assert [block.rules for block in blocks] == [
        ("host-network",),
        ("image-tag-mutable",),
        ("privileged-container",),
        ("readiness-probe-missing",),
    ]
    (said,) = blocks[2].statements()
    assert said.containers == ("app", "metrics")
    assert [place.containers for place in said.places] == [("app",), ("metrics",)]


def test_files_come_in_the_order_of_their_findings() -> None:
    assert list(by_file(shop().findings)) == ["Dockerfile", "shop/web.yaml"]


def test_another_object_document_or_remedy_is_another_block() -> None:
    first = shop().findings[1]
    location = first.location
    others = (
        first._replace(subject=first.subject._replace(name="api")),
        first._replace(subject=first.subject._replace(namespace="other")),
        first._replace(location=location._replace(document=1)),
        first._replace(remedy="something else"),
    )
    assert len(by_file((first, *others))["shop/web.yaml"]) == 5


def test_nameless_subjects_are_never_taken_for_the_same() -> None:
    first = shop().findings[0]
    assert len(by_file((first, first))["Dockerfile"]) == 2


def test_rules_with_the_same_remedy_join_and_the_worst_severity_counts() -> None:
    first = shop().findings[1]
    rule = made_rule("other", "policy", Severity.CRITICAL)
    second = first._replace(rule=rule, severity=Severity.CRITICAL, message="says more")
    (block,) = by_file((first, second))["shop/web.yaml"]
    assert block.rules == ("host-network", "other")
    assert block.severity is Severity.CRITICAL
    assert len(list(block.statements())) == 2


def test_the_same_message_at_one_place_lists_its_containers_once() -> None:
    first = shop().findings[3]
    second = first._replace(subject=first.subject._replace(container="b"))
    third = first._replace(subject=Subject("Deployment", "shop", "web"))
    (block,) = by_file((first, second, third))["shop/web.yaml"]
    (said,) = block.statements()
    assert said.containers == ("app", "b")
    assert len(said.places) == 1
