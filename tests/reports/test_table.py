"""What a person sees at a terminal."""

import time

from seawall.core.location import Location, Span
from seawall.core.report import Coverage, Failed, NotCovered, Report, RuleFault
from seawall.core.severity import Severity
from seawall.reports import Options
from tests.reports.samples import SOURCES, Texts, clean, finding, shop, text_of

EXPECTED = """\
Dockerfile

  critical github-token  Dockerfile
    holds a GitHub personal access token
    Dockerfile:2:11
     2 | ENV TOKEN=****************************************
       |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    remedy: Take the token out of the image and revoke it.

shop/web.yaml

  high host-network  Deployment/web (namespace shop)
    shares the network namespace of its node
    shop/web.yaml:9:7
     9 |       hostNetwork: true  # the old load balancer wanted this
       |       ^^^^^^^^^^^^^^^^^
    see shop/service.yaml:6:13: this Service makes it reachable
    remedy: {network}

  medium image-tag-mutable  Deployment/web (namespace shop)
    container app: uses the tag "latest", which means another image tomorrow
    shop/web.yaml:12:18
    12 |           image: registry.example.org/shop/web:latest
       |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    remedy: {tag}

  critical privileged-container  Deployment/web (namespace shop)
    containers app, metrics: runs privileged
    shop/web.yaml:14:13  app
    14 |             privileged: true
       |             ^^^^^^^^^^^^^^^^
    shop/web.yaml:18:13  metrics
    18 |             privileged: true
       |             ^^^^^^^^^^^^^^^^
    remedy: {privileged}

  low readiness-probe-missing  Deployment/web (namespace shop)
    container metrics: has no readiness probe
    shop/web.yaml:15:11
    15 |         - name: metrics
       |           ^^^^^^^^^^^^^
    remedy: {probe}

Could not be read: 1 input
  shop/broken.yaml:3:7  a mapping value is not allowed here

Not covered: 1 input
  chart  Helm chart: helm is not installed
    remedy: Install helm 3 or 4.

6 findings: 3 critical, 1 high, 1 medium, 1 low. 4 at or above high, the threshold.
2 objects in 4 files checked with 99 rules of rule set 2026.1.
1 finding suppressed, 1 input skipped (-v lists them).
"""


def test_a_whole_report() -> None:
    report = shop()
    remedies = [report.findings[index].remedy for index in (1, 2, 3, 5)]
    names = ("network", "tag", "privileged", "probe")
    expected = EXPECTED
    for name, remedy in zip(names, remedies, strict=True):
        expected = expected.replace(f"{{{name}}}", remedy)
    assert text_of("table", report, options=Options(fail_on=Severity.HIGH)) == expected


def test_quiet_is_one_line_a_finding_and_nothing_else() -> None:
    lines = text_of("table", shop(), options=Options(quiet=True)).splitlines()
    assert lines[0] == (
        "Dockerfile:2:11: critical[github-token] Dockerfile: holds a GitHub personal access token"
    )
    assert lines[3] == (
        "shop/web.yaml:14:13: critical[privileged-container] Deployment/web container app: "
        "runs privileged"
    )
    assert len(lines) == 6
    assert text_of("table", clean(), options=Options(quiet=True)) == ""


def test_quiet_keeps_its_form_where_there_is_no_line() -> None:
    first = shop().findings[1]._replace(location=Location("image.tar"))
    report = shop()._replace(findings=(first,))
    text = text_of("table", report, options=Options(quiet=True))
    assert text.startswith("image.tar:0:0: high[host-network] Deployment/web: ")


def test_verbose_lists_what_was_left_out() -> None:
    text = text_of("table", shop(), options=Options(verbose=True))
    assert "Skipped: 1 input\n  .git  version control data\n" in text
    assert (
        "  shop/web.yaml:11:11  medium[read-only-root-filesystem] Deployment/web container app: "
        "can write to its root filesystem\n"
        "    reason: accepted until June: the app writes its cache there\n"
    ) in text
    assert text.endswith("1 finding suppressed, 1 input skipped.\n")


def test_a_clean_report() -> None:
    assert text_of("table", clean()) == (
        "No findings.\n3 objects in 2 files checked with 99 rules of rule set 2026.1.\n"
    )


def test_no_findings_in_half_of_the_input_is_not_called_clean() -> None:
    coverage = Coverage(read=("a",), failed=(Failed("b", 0, 0, "is a socket, not a file"),))
    text = text_of("table", clean()._replace(coverage=coverage), options=Options(colour=True))
    assert "No findings in what could be read." in text
    assert "\x1b[32m" not in text
    assert "b\x1b[0m  is a socket, not a file\n" in text


def test_reading_files_is_not_checking_them() -> None:
    coverage = Coverage(read=("a.txt",))
    report = Report((), (), coverage, "2026.1", objects=0, rules=99)
    assert text_of("table", report).startswith(
        "Nothing was checked: 1 file was read, but nothing in it is known to a rule.\n"
    )
    report = Report((), (), coverage, "2026.1", objects=5, rules=0)
    assert text_of("table", report).startswith(
        "Nothing was checked: 1 file was read, but no rule ran.\n"
    )


def test_many_gaps_are_summed_up_by_cause() -> None:
    gaps = tuple(
        NotCovered(f"chart{number}", "Helm chart", "helm is missing", "Install helm.")
        for number in range(11)
    )
    other = NotCovered("k", "kustomization", "kubectl is missing", "Install kubectl.")
    report = clean()._replace(coverage=Coverage(read=("a",), not_covered=(*gaps, other)))
    text = text_of("table", report)
    assert "Not covered: 12 inputs\n  11 inputs: Helm chart: helm is missing\n" in text
    assert "    remedy: Install helm.\n  1 input: kustomization: kubectl is missing\n" in text
    assert "chart3" not in text
    assert "chart3" in text_of("table", report, options=Options(verbose=True))


def test_ten_gaps_are_listed() -> None:
    gaps = tuple(NotCovered(f"chart{n}", "Helm chart", "r", "m") for n in range(10))
    text = text_of("table", clean()._replace(coverage=Coverage(read=("a",), not_covered=gaps)))
    assert all(f"  chart{number}  " in text for number in range(10))


def test_even_causes_have_an_end() -> None:
    gaps = tuple(NotCovered(f"p{n}", f"what{n}", "r", "m") for n in range(500))
    text = text_of("table", clean()._replace(coverage=Coverage(read=("a",), not_covered=gaps)))
    assert "and 490 other causes; -v lists every input" in text
    assert len(text.splitlines()) < 30


def test_our_own_errors_are_called_ours() -> None:
    report = clean()._replace(faults=(RuleFault("host-pid", "Pod/x", "a.yaml", "KeyError: 'a'"),))
    text = text_of("table", report)
    assert "Errors of seawall itself, please report them: 1 rule broke\n" in text
    assert "  host-pid on Pod/x in a.yaml: KeyError: 'a'\n" in text


def test_colours_only_when_asked_for() -> None:
    assert "\x1b" not in text_of("table", shop(), options=Options(width=80))
    text = text_of("table", shop(), options=Options(width=80, colour=True))
    assert "\x1b[1;35mcritical\x1b[0m" in text
    plain = text
    while "\x1b[" in plain:
        before, _, after = plain.partition("\x1b[")
        plain = before + after.partition("m")[2]
    assert plain == text_of("table", shop(), options=Options(width=80))


def test_texts_are_wrapped_to_the_terminal_and_source_is_cut() -> None:
    line = "key: " + "v" * 300
    first = finding(
        "host-network", "word " * 40, Location("f", 0, (), Span(1, 200, 1, 205)),
        shop().findings[1].subject,
    )  # fmt: skip
    report = shop()._replace(findings=(first,))
    text = text_of("table", report, Texts({"f": line}), Options(width=60))
    assert all(len(row) <= 60 for row in text.split("Could not")[0].splitlines())
    assert "word word" in text


def test_a_span_of_many_lines_is_underlined_on_its_first() -> None:
    first = shop().findings[1]
    location = first.location._replace(span=Span(13, 11, 15, 1))
    report = shop()._replace(findings=(first._replace(location=location),))
    assert "    13 |           securityContext:\n       |           ^^^^^^^^^^^^^^^^\n" in text_of(
        "table", report
    )


def test_a_line_that_cannot_be_had_is_left_out() -> None:
    text = text_of("table", shop(), Texts({}))
    assert "shop/web.yaml:9:7\n    see" in text


def test_ten_thousand_findings_stream_fast() -> None:
    first = shop().findings[1]
    findings = tuple(
        first._replace(subject=first.subject._replace(name=f"web{number}"))
        for number in range(10_000)
    )
    started = time.process_time()
    text = text_of("table", shop()._replace(findings=findings), SOURCES, Options(width=100))
    assert time.process_time() - started < 5
    assert text.count("high host-network") == 10_000
