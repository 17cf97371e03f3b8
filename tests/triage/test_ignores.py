"""Ignores in manifests: what each form covers, and what is said of those that do not work."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.core.documentation import documentation
from seawall.core.ignore import directive, fault_of_date
from seawall.engine import Options, scan
from seawall.triage.rules import all_rules
from tests.triage.support import SELECT, TODAY, found, hidden, pod, scanned

WHY = "the node agent needs it"
ALL = [
    ("host-network", 6), ("host-pid", 7), ("image-tag-mutable", 10), ("image-tag-mutable", 12),
]  # fmt: skip


def with_line(text: str, before: int, line: str) -> str:
    lines = text.split("\n")
    return "\n".join([*lines[: before - 1], line, *lines[before - 1 :]])


def behind(text: str, number: int, comment: str) -> str:
    lines = text.split("\n")
    lines[number - 1] += f" # {comment}"
    return "\n".join(lines)


def test_without_any_ignore_all_counts(tmp_path: Path) -> None:
    report = scanned(pod(), tmp_path)
    assert found(report) == ALL
    assert not report.suppressed


def test_behind_a_value(tmp_path: Path) -> None:
    report = scanned(behind(pod(), 6, f"seawall: ignore[host-network] {WHY}"), tmp_path)
    assert found(report) == ALL[1:]
    assert hidden(report) == [("host-network", 6, "comment", WHY)]
    (item,) = report.suppressed
    assert item.origin is not None
    assert item.origin.path == "pod.yaml" or item.origin.path.endswith("/pod.yaml")
    assert item.origin.span is not None
    assert (item.origin.span.line, item.origin.span.column) == (6, 21)


def test_above_a_value(tmp_path: Path) -> None:
    text = with_line(pod(), 7, f"  # seawall: ignore[host-pid] {WHY}")
    assert [rule for rule, _ in found(scanned(text, tmp_path))] == [
        r for r, _ in ALL if r != "host-pid"
    ]


@pytest.mark.parametrize("before", ["    # {}", "  # {}", "# {}"])
def test_above_a_container(tmp_path: Path, before: str) -> None:
    comment = before.format("seawall: ignore[image-tag-mutable] built each night")
    report = scanned(with_line(pod(), 9, comment), tmp_path)
    assert found(report) == [*ALL[:2], ("image-tag-mutable", 13)]


def test_behind_the_dash_of_a_container(tmp_path: Path) -> None:
    text = behind(pod(), 9, "seawall: ignore[image-tag-mutable] x")
    assert found(scanned(text, tmp_path)) == [*ALL[:2], ALL[3]]


def test_on_a_block(tmp_path: Path) -> None:
    text = behind(pod(), 8, "seawall: ignore[image-tag-mutable] x")
    assert found(scanned(text, tmp_path)) == ALL[:2]
    text = behind(pod(), 5, "seawall: ignore[image-*, host-network] x")
    assert found(scanned(text, tmp_path)) == [ALL[1]]


def test_a_list_may_stand_as_far_left_as_its_key(tmp_path: Path) -> None:
    text = pod().replace("    - name", "  - name").replace("      image", "    image")
    text = behind(text, 8, "seawall: ignore[image-tag-mutable] x")
    assert found(scanned(text, tmp_path)) == ALL[:2]
    text = (
        with_line(text, 3, "# nothing") + "  restartPolicy: Never # seawall: ignore[host-pid] x\n"
    )
    assert ("ignore-unused", 14) in found(scanned(text, tmp_path))


@pytest.mark.parametrize(
    "head",
    ["# {}\n", "---\n# {}\n", "--- # {}\n", "\n# other\n\n# {}\n\n", "%YAML 1.1\n---\n# {}\n",
     "%YAML 1.1\n--- # {}\n"],
)  # fmt: skip
def test_at_the_head_of_a_document(tmp_path: Path, head: str) -> None:
    comment = head.format("seawall: ignore[host-network,host-pid,image-tag-mutable] x")
    first = scanned(comment + pod(), tmp_path)
    assert not first.findings
    assert len(first.suppressed) == 4
    both = scanned(f"{comment}{pod()}---\n{pod('other')}", tmp_path)
    assert len(both.findings) == 4
    assert {f.subject.name for f in both.findings} == {"other"}


def test_the_head_of_a_later_document(tmp_path: Path) -> None:
    text = f"{pod()}---\n# seawall: ignore[host-network] x\n{pod('b')}---\n{pod('c')}"
    report = scanned(text, tmp_path, select=("host-network", "ignore-unused"))
    assert {f.subject.name for f in report.findings} == {"web", "c"}


@pytest.mark.parametrize("place", ["top", "within", "end", "after"])
def test_the_form_for_a_file(tmp_path: Path, place: str) -> None:
    comment = "# seawall: ignore-file[image-tag-mutable] built each night"
    text = f"{pod()}---\n{pod('b')}"
    text = {
        "top": f"{comment}\n{text}",
        "within": with_line(text, 6, comment),
        "end": f"{text}{comment}\n",
        "after": f"{text}---\n{comment}\n",
    }[place]
    report = scanned(text, tmp_path)
    assert {rule for rule, _ in found(report)} == {"host-network", "host-pid"}
    assert len(report.suppressed) == 4


FLOW = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {
  hostNetwork: true, # seawall: ignore[host-network] x
  hostPID: true,
  containers: [
    {name: app, image: "registry.example.org/app:latest"}, # seawall: ignore[image-tag-mutable] x
    # seawall: ignore[image-tag-mutable] x
    {name: side,
     image: "registry.example.org/app:latest"},
    {name: third, image: "registry.example.org/app:latest"}]}
"""


def test_in_flow_style(tmp_path: Path) -> None:
    assert found(scanned(FLOW, tmp_path)) == [("host-pid", 6), ("image-tag-mutable", 12)]


def test_lines_that_end_in_cr_lf_or_cr(tmp_path: Path) -> None:
    text = with_line(behind(pod(), 6, "seawall: ignore[host-network] x"), 9,
                     "    # seawall: ignore[image-tag-mutable] y")  # fmt: skip
    expected = found(scanned(text, tmp_path)), hidden(scanned(text, tmp_path))
    for end in ("\r\n", "\r"):
        report = scanned(text.replace("\n", end), tmp_path)
        assert (found(report), hidden(report)) == expected


SCALARS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: script
  annotations:
    note: "text # seawall: ignore[x] no comment"
data:
  run.sh: |
    # seawall: ignore-file[host-network] a script's
    echo # seawall: ignore[image-tag-mutable] a script's
  folded: >-
    text
    # seawall: ignore-file[host-pid] text
  plain: a#b
  quoted: 'it
    # seawall: ignore-file[host-pid] text'
---
"""


def test_what_lies_in_scalars_is_no_comment(tmp_path: Path) -> None:
    report = scanned(SCALARS + pod(), tmp_path)
    assert [rule for rule, _ in found(report)] == [rule for rule, _ in ALL]
    assert not report.suppressed


def test_a_comment_behind_the_mark_of_a_block_scalar(tmp_path: Path) -> None:
    text = SCALARS.replace("run.sh: |", "run.sh: | # seawall: ignore[host-network] x")
    assert ("ignore-unused", 8) in found(scanned(text + pod(), tmp_path))


def test_a_comment_that_nothing_follows(tmp_path: Path) -> None:
    for text in (
        f"{pod()}# seawall: ignore[host-pid] x\n",
        f"{pod()}---\n# seawall: ignore[host-pid] x\n",
    ):
        report = scanned(text, tmp_path)
        (complaint,) = [f for f in report.findings if f.rule.id == "ignore-invalid"]
        assert "nothing follows" in complaint.message
        assert len(report.findings) == 5


def test_comments_of_other_words_are_left_alone(tmp_path: Path) -> None:
    text = behind(pod(), 6, "needed: # noqa: host-network") + "# about seawall: ignored\n"
    assert found(scanned(text, tmp_path)) == ALL


def test_two_tools_may_share_a_line(tmp_path: Path) -> None:
    text = behind(pod(), 6, "checkov:skip=CKV_K8S_19 # seawall: ignore[host-network] x")
    assert found(scanned(text, tmp_path)) == ALL[1:]


def test_other_tools_ids_and_globs(tmp_path: Path) -> None:
    text = behind(pod(), 6, "seawall: ignore[KSV-0009] x")
    assert found(scanned(text, tmp_path)) == ALL[1:]
    text = behind(pod(), 5, "seawall: ignore[host-*] x")
    assert found(scanned(text, tmp_path)) == ALL[2:]


# Annotations ----------------------------------------------------------------------------------

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
{own}spec:
  selector: {{matchLabels: {{app: x}}}}
  template:
    metadata:
      labels: {{app: x}}
{inner}    spec:
      hostNetwork: true
      hostPID: true
      containers: [{{name: app, image: "registry.example.org/app:latest"}}]
"""


def annotated(own: dict[str, str] | None = None, inner: dict[str, str] | None = None) -> str:
    def block(values: dict[str, str] | None, indent: str) -> str:
        lines = [f"{indent}annotations:\n"] if values else []
        lines += [f"{indent}  {key}: {value}\n" for key, value in (values or {}).items()]
        return "".join(lines)

    return DEPLOYMENT.format(own=block(own, "  "), inner=block(inner, "      "))


def test_annotation_of_an_object(tmp_path: Path) -> None:
    report = scanned(annotated({"seawall/ignore": "host-network, host-pid"}), tmp_path)
    assert [rule for rule, _ in found(report)] == ["image-tag-mutable"]
    assert [(form, reason) for _, _, form, reason in hidden(report)] == [
        ("annotation", "no reason given")
    ] * 2
    origin = report.suppressed[0].origin
    assert origin is not None
    assert origin.span is not None
    assert origin.span.line == 6


def test_annotation_with_reason_and_date(tmp_path: Path) -> None:
    key = "seawall/ignore.host-network"
    report = scanned(annotated({key: f"{WHY} until=2026-06-15"}), tmp_path)
    assert [reason for *_, reason in hidden(report)] == [WHY]
    report = scanned(annotated({key: f"{WHY} until=2026-06-14"}), tmp_path)
    assert not report.suppressed
    assert ("ignore-expired", 6) in found(report)


def test_annotation_of_a_template(tmp_path: Path) -> None:
    report = scanned(annotated(None, {"seawall/ignore": "host-*"}), tmp_path)
    assert [rule for rule, _ in found(report)] == ["image-tag-mutable"]


def test_annotation_of_an_item_of_a_list(tmp_path: Path) -> None:
    item = pod().replace("metadata:\n", "metadata:\n  annotations: {seawall/ignore: host-pid}\n")
    items = [item, pod("b")]
    indented = "".join("  - " + "    ".join(text.splitlines(keepends=True)) for text in items)
    report = scanned(f"apiVersion: v1\nkind: List\nitems:\n{indented}", tmp_path)
    assert [f.subject.name for f in report.findings if f.rule.id == "host-pid"] == ["b"]


@pytest.mark.parametrize(
    ("values", "rule", "words"),
    [
        ({"seawall/ignore": '""'}, "ignore-invalid", "names no rule"),
        ({"seawall/ignore": "host-network until=2027-01-31"}, "ignore-invalid", "no rule"),
        ({"seawall/ignore.host-netwok": "x"}, "ignore-invalid", "'host-netwok'"),
        ({"seawall/ignore.host-network": "x until=soon"}, "ignore-invalid", "'soon' is no date"),
        ({"seawall/ignore.privileged-container": "x"}, "ignore-unused", "hides nothing"),
    ],
)
def test_what_is_said_of_annotations(
    tmp_path: Path, values: dict[str, str], rule: str, words: str
) -> None:
    report = scanned(annotated(values), tmp_path)
    (complaint,) = [f for f in report.findings if f.rule.id == rule]
    assert words in complaint.message
    assert complaint.location.span is not None
    assert complaint.location.span.line == 6
    assert complaint.subject.name == "web"
    assert len(report.findings) == 4


def test_other_annotations_are_left_alone(tmp_path: Path) -> None:
    values = {"seawall/ignored": "x", "seawall.example.org/ignore": "host-pid"}
    assert len(scanned(annotated(values), tmp_path).findings) == 3


# What is said of ignores ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "rule", "words"),
    [
        ("ignore[host-network] x until=2026-06-14", "ignore-expired", "until 2026-06-14"),
        ("ignore[host-pid] x", "ignore-unused", "hides nothing"),
        ("ignore[] x", "ignore-invalid", "names no rule"),
        ("ignore host-network", "ignore-invalid", "names no rule"),
        ("ignore[host-network x", "ignore-invalid", "names no rule"),
        ("ignored[host-network] x", "ignore-invalid", "'ignored'"),
        ("ignore[host-netwrok] x", "ignore-invalid", "'host-netwrok'"),
        ("ignore[host-network] x until=2026-02-30", "ignore-invalid", "2026-02-30"),
        ("ignore[host-network] x until=tomorrow", "ignore-invalid", "tomorrow"),
        ("ignore[host-network] x until=", "ignore-invalid", "no date"),
        ("ignore[host-network] until=2027-01-01 until=2028-01-01", "ignore-invalid", "two last"),
        ("ignore[host-network] x Until=2026-06-14", "ignore-expired", "until 2026-06-14"),
    ],
)
def test_what_is_said_of_comments(tmp_path: Path, comment: str, rule: str, words: str) -> None:
    report = scanned(behind(pod(), 6, f"seawall: {comment}"), tmp_path)
    (complaint,) = [f for f in report.findings if f.rule.id.startswith("ignore-")]
    assert complaint.rule.id == rule
    assert words in complaint.message
    span = complaint.location.span
    assert span is not None
    assert (span.line, span.column) == (6, 21)
    assert [item for item in found(report) if item[0] != rule] == ALL
    assert not report.suppressed


@pytest.mark.parametrize("until", ["2026-06-15", "2026-06-16", "9999-12-31"])
def test_the_last_day_counts(tmp_path: Path, until: str) -> None:
    text = behind(pod(), 6, f"seawall: ignore[host-network] {WHY} until={until}")
    report = scanned(text, tmp_path)
    assert found(report) == ALL[1:]
    assert hidden(report)[0][3] == WHY


def test_a_reason_can_be_made_mandatory(tmp_path: Path) -> None:
    text = behind(pod(), 6, "seawall: ignore[host-network]")
    assert found(scanned(text, tmp_path)) == ALL[1:]
    report = scanned(text, tmp_path, require_reason=True)
    assert sorted(found(report)) == sorted([*ALL, ("ignore-without-reason", 6)])
    assert not report.suppressed
    given = text.replace("[host-network]", "[host-network] why")
    assert found(scanned(given, tmp_path, require_reason=True)) == ALL[1:]


def test_locked_rules_are_not_ignored(tmp_path: Path) -> None:
    text = behind(pod(), 5, "seawall: ignore[host-network, host-pid] x")
    report = scanned(text, tmp_path, locked=("host-network",))
    assert sorted(found(report)) == sorted([("host-network", 6), ("ignore-locked", 5), *ALL[2:]])
    (complaint,) = [f for f in report.findings if f.rule.id == "ignore-locked"]
    assert complaint.message == "host-network is locked and cannot be ignored"


def test_an_ignore_is_judged_only_where_its_rules_ran(tmp_path: Path) -> None:
    text = behind(pod(), 6, "seawall: ignore[privileged-container] x")
    assert ("ignore-unused", 6) in found(scanned(text, tmp_path))
    select = tuple(rule for rule in SELECT if rule != "privileged-container")
    assert ("ignore-unused", 6) not in found(scanned(text, tmp_path, select=select))


DANGLING = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web} # seawall: ignore[service-selector-dangling] made by an operator
  ports: [{port: 80}]
"""


def test_a_file_alone_does_not_tell_that_an_ignore_is_of_no_use(tmp_path: Path) -> None:
    select = ("service-selector-dangling", "ignore-unused")
    workload = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {}\n"
    (tmp_path / "web.yaml").write_text(workload)
    whole = scanned(DANGLING, tmp_path, select=select)
    assert found(whole) == [("ignore-unused", 5)]
    alone = scan(Options(targets=(str(tmp_path / "pod.yaml"),), select=select, today=TODAY))
    assert not alone.report.findings
    assert len(alone.report.suppressed) <= 1


def test_half_a_file_does_not_tell_either(tmp_path: Path) -> None:
    text = behind(pod(), 6, "seawall: ignore[privileged-container] x")
    assert ("ignore-unused", 6) in found(scanned(text, tmp_path))
    report = scanned(f"{text}---\na: [\n", tmp_path)
    assert ("ignore-unused", 6) not in found(report)


def test_context_is_not_judged(tmp_path: Path) -> None:
    text = behind(pod(), 6, "seawall: ignore[privileged-container] x")
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "a.yaml").write_text(text)
    (tmp_path / "own").mkdir()
    report = scan(
        Options(targets=(str(tmp_path / "own"),), context=(str(tmp_path / "context"),),
                select=SELECT)
    ).report  # fmt: skip
    assert not report.findings


def test_comments_of_a_target_can_be_overruled(tmp_path: Path) -> None:
    text = behind(pod(), 6, "seawall: ignore[host-network] x")
    assert found(scanned(text, tmp_path, honour_comments=False)) == ALL


def test_thousands_of_ignores_and_findings(tmp_path: Path) -> None:
    """Their product would take minutes."""
    stacked = "# seawall: ignore[privileged-container] x\n" * 3000
    image = "    - {name: a, image: 'registry.example.org/a:latest'}\n"
    text = f"{stacked}{pod()}{image * 3000}"
    select = ("image-tag-mutable", "privileged-container")
    report = scanned(text, tmp_path, select=select)
    assert len(report.findings) == 3002
    nested = "".join(
        f"{image.rstrip()} # seawall: ignore[image-tag-mutable] x\n" for _ in range(3000)
    )
    report = scanned(pod() + nested, tmp_path, select=select)
    assert (len(report.findings), len(report.suppressed)) == (2, 3000)


# The rules' own examples ----------------------------------------------------------------------

EXAMPLE_OPTIONS = {
    "ignore-without-reason": {"require_reason": True},
    "ignore-locked": {"locked": ("privileged-container",)},
}
"""What a team must have set for the examples; these rules have no parameters."""


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_examples_of_the_rules(tmp_path: Path, rule: object) -> None:
    own = next(item for item in all_rules() if item is rule)
    manual = documentation(own)
    for text, expected in ((manual.bad, True), (manual.good, False)):
        (tmp_path / "example.yaml").write_text(text)
        options = Options(
            targets=(str(tmp_path),), profile="all", today=TODAY, **EXAMPLE_OPTIONS.get(own.id, {})
        )  # type: ignore[arg-type]
        report = scan(options).report
        assert (own.id in {f.rule.id for f in report.findings}) is expected
        assert report.coverage.read
    assert own.remedy
    assert len(manual.summary) <= 100


# Text -----------------------------------------------------------------------------------------


@given(st.text(max_size=60))
def test_any_text_is_a_directive_or_none(text: str) -> None:
    found_ = directive(f"seawall: {text}")
    if found_ is not None and not found_.fault:
        assert found_.rules
        assert not found_.until or not fault_of_date(found_.until)


@given(st.text(alphabet="0123456789-\uff10", min_size=8, max_size=11))
def test_dates(text: str) -> None:
    from datetime import date

    if not fault_of_date(text):
        assert date.fromisoformat(text).isoformat() == text


LINES = st.lists(
    st.sampled_from(
        ["# seawall: ignore[host-network] x", "  # seawall: ignore-file[host-pid] y", "a: 1",
         "  b: |", "    # seawall: ignore[z] in a scalar", "- c", "  - d: 'x", "---", "...", "",
         "{", "}", "\t", "  hostNetwork: true # seawall: ignore[*] q", "kind: Pod", "é: \x85",
         "apiVersion: v1", "spec:", "metadata: {name: x}", "[", "]", "%YAML 1.1"]
    ),
    max_size=25,
)  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=LINES, end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_text_is_scanned_and_ignores_only_hide(
    tmp_path: Path, lines: list[str], end: str
) -> None:
    """Suppress, then do not: the same findings in all."""
    text = end.join(lines)
    with_ = scanned(text, tmp_path)
    without = scanned(text, tmp_path, honour_comments=False)
    together = [*with_.findings, *(item.finding for item in with_.suppressed)]
    kept = [f for f in together if not f.rule.id.startswith("ignore-")]
    assert sorted(kept, key=lambda f: f.sort_key()) == list(without.findings)
    for finding in with_.findings:
        assert finding.location.span is not None
