"""Which findings are told together."""

from hypothesis import given
from hypothesis import strategies as st

from seawall.core.finding import Finding, Subject
from seawall.core.location import Location, Span
from seawall.core.severity import Severity
from seawall.reports import Options
from seawall.reports.blocks import by_file
from seawall.reports.text_block import block_lines
from tests.reports.samples import Texts, finding, made_rule, shop


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


def absent(rule: str, container: str, line: int, severity: Severity = Severity.MEDIUM) -> Finding:
    """A finding about a field that a container does not have: it is where the container begins."""
    return finding(
        made_rule(rule, "kubernetes", severity),
        f"has no {rule}",
        Location("f", 0, ("spec", "containers", line, rule), Span(line, 3, line, 7)),
        Subject("Pod", "shop", "web", container),
        remedy=f"Set {rule}.",
    )


TWO_CONTAINERS = (
    absent("seccomp", "app", 1),
    absent("limit", "app", 1, Severity.LOW),
    absent("limit", "log", 2, Severity.LOW),
    absent("user", "log", 2),
)


def test_joined_blocks_have_what_one_edit_of_the_containers_mends() -> None:
    assert len(by_file(TWO_CONTAINERS)["f"]) == 3
    (block,) = by_file(TWO_CONTAINERS, joined=True)["f"]
    assert block.findings == TWO_CONTAINERS
    assert block.remedies == ("Set seccomp.", "Set limit.", "Set user.")
    lines = list(block_lines(block, Texts({"f": "- name: app\n- name: log"}), Options()))
    assert lines == [
        "  medium Pod/web (namespace shop)",
        "    medium seccomp: container app: has no seccomp",
        "    f:1:3",
        "     1 | - name: app",
        "       |   ^^^^",
        "    low limit: containers app, log: has no limit",
        "    f:1:3  app",
        "    f:2:3  log",
        "     2 | - name: log",
        "       |   ^^^^",
        "    medium user: container log: has no user",
        "    f:2:3",
        "    remedy: Set seccomp.",
        "    remedy: Set limit.",
        "    remedy: Set user.",
    ]


def test_what_is_said_of_the_same_places_stands_above_them() -> None:
    findings = [absent(rule, "app", 1) for rule in ("user", "limit")]
    (block,) = by_file(findings, joined=True)["f"]
    assert list(block_lines(block, Texts({"f": "- name: app"}), Options())) == [
        "  medium Pod/web (namespace shop)",
        "    user: container app: has no user",
        "    limit: container app: has no limit",
        "    f:1:3",
        "     1 | - name: app",
        "       |   ^^^^",
        "    remedy: Set user.",
        "    remedy: Set limit.",
    ]


def test_other_places_objects_and_what_is_no_containers_stay_apart() -> None:
    first, second = absent("user", "app", 1), absent("limit", "app", 1)
    place = second.location
    others = (
        second._replace(location=place._replace(span=Span(2, 3, 2, 7))),
        second._replace(location=place._replace(document=1)),
        second._replace(location=place._replace(span=None)),
        second._replace(subject=second.subject._replace(name="api")),
        second._replace(subject=second.subject._replace(container="")),
        second._replace(subject=second.subject._replace(container="log")),
    )
    for other in others:
        assert len(by_file((first, other), joined=True)["f"]) == 2
    nameless = first.subject._replace(name="")
    alike = [item._replace(subject=nameless) for item in (first, second)]
    assert len(by_file(alike, joined=True)["f"]) == 2


FINDINGS = st.lists(
    st.builds(absent, st.sampled_from("abcd"), st.sampled_from("xyz"), st.integers(1, 3)),
    max_size=12,
)


@given(FINDINGS)
def test_joining_loses_nothing_and_keeps_the_order(findings: list[Finding]) -> None:
    apart, joined = by_file(findings).get("f", []), by_file(findings, joined=True).get("f", [])
    position = {id(item): index for index, item in enumerate(findings)}
    shown = [[position[id(item)] for item in block.findings] for block in joined]
    assert sorted(index for block in shown for index in block) == list(range(len(findings)))
    assert [block[0] for block in shown] == sorted(block[0] for block in shown)
    assert all(block == sorted(block) for block in shown)
    for block in apart:  # what is together by its remedy stays together
        ids = set(map(id, block.findings))
        assert sum(bool(ids & set(map(id, other.findings))) for other in joined) == 1
