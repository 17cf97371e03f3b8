"""The baseline: what it knows, what is new, how branches merge, and what it refuses."""

import json
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.core.errors import UsageError
from seawall.core.finding import fingerprint
from seawall.core.redacted import Redacted
from seawall.core.severity import Severity
from seawall.engine import Options, scan
from seawall.triage import baseline_file
from seawall.triage.baseline import STATES, Baseline, Entry, entries_of
from seawall.triage.baseline_file import parse, render
from tests.reports.samples import shop
from tests.sources.git_support import git, make, needs_git
from tests.triage.support import command, json_scan, pod, rules_of, write

FILE = "seawall.baseline"
SELECT = "host-network,host-pid,image-tag-mutable,hardcoded-secret,privileged-container"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a.yaml": pod("a")})
    return tmp_path


def recorded(*arguments: str) -> str:
    ran = command("scan", "--select", SELECT, "--write-baseline", "--exit-zero", *arguments)
    assert ran.code == 0, ran.err
    return Path(FILE).read_text()


def new(*arguments: str) -> list[str]:
    report = json_scan("--select", SELECT, "--baseline", FILE, *arguments)
    return rules_of(report)


def with_password(name: str, password: str) -> str:
    env = f"      env: [{{name: DB_PASSWORD, value: {json.dumps(password)}}}]\n"
    return pod(name) + env


def test_what_is_known_does_not_count(tree: Path) -> None:
    text = recorded()
    assert new() == []
    report = json_scan("--select", SELECT, "--baseline", FILE)
    assert len(report["suppressed"]) == 4
    assert {item["reason"] for item in report["suppressed"]} == {"known to the baseline"}
    assert {item["by"]["form"] for item in report["suppressed"]} == {"baseline"}
    header, *entries = text.splitlines()
    assert json.loads(header) == {"format": "seawall-baseline", "version": 2}
    assert entries == sorted(entries)
    assert "a.yaml" not in text


def test_the_report_of_the_run_that_writes(tree: Path) -> None:
    ran = command("scan", "--select", SELECT, "--write-baseline", "--format", "json")
    assert ran.code == 0
    assert ran.report["findings"] == []
    assert len(ran.report["suppressed"]) == 4
    assert f"4 entries written to {FILE}" in ran.err


def test_a_moved_object_stays_known(tree: Path) -> None:
    recorded()
    write(tree, {"deep/down/b.yaml": "# moved\n---\n" + pod("a")})
    (tree / "a.yaml").unlink()
    assert new() == []


def test_what_comes_on_top_is_new(tree: Path) -> None:
    recorded()
    write(tree, {"b.yaml": pod("b")})
    report = json_scan("--select", SELECT, "--baseline", FILE)
    assert {finding["subject"]["name"] for finding in report["findings"]} == {"b"}


def test_other_evidence_is_new(tree: Path) -> None:
    recorded()
    text = pod("a").replace("app:latest", "app:main")
    write(tree, {"a.yaml": text})
    assert new() == ["image-tag-mutable"]


def test_a_worse_severity_is_new(tree: Path) -> None:
    recorded()
    write(tree, {"seawall.toml": '[rules.host-pid]\nseverity = "critical"\n'})
    assert new() == ["host-pid"]
    write(tree, {"seawall.toml": '[rules.host-pid]\nseverity = "info"\n'})
    assert new() == []


def test_each_time_counts(tree: Path) -> None:
    write(tree, {"b.yaml": pod("a")})
    assert '"count": 2' in recorded()
    assert new() == []
    write(tree, {"c.yaml": pod("a")})
    assert sorted(new()) == ["host-network", "host-pid", "image-tag-mutable", "image-tag-mutable"]


def test_locked_rules_stay(tree: Path) -> None:
    write(tree, {"seawall.toml": 'locked = ["host-network"]\n'})
    ran = command("scan", "--select", SELECT, "--write-baseline")
    assert ran.code == 1
    assert "host-network" not in Path(FILE).read_text()
    assert new() == ["host-network"]
    (tree / "seawall.toml").unlink()
    recorded()
    write(tree, {"seawall.toml": 'locked = ["host-network"]\n'})
    assert new() == ["host-network"]


def test_writing_twice_gives_the_same_bytes(tree: Path) -> None:
    write(tree, {"b.yaml": with_password("b", secrets.token_urlsafe(9)),
                 "c.yaml": with_password("c", "Bluebell-27xKq")})  # fmt: skip
    first = recorded()
    assert recorded() == first
    assert recorded("--baseline", FILE) == first


def test_reasons_and_dates_stay(tree: Path) -> None:
    lines = recorded().splitlines()
    entry = json.loads(lines[1]) | {"reason": "accepted by Ada", "until": "2999-01-01"}
    lines[1] = json.dumps(entry)
    Path(FILE).write_text("\n".join(lines) + "\n")
    report = json_scan("--select", SELECT, "--baseline", FILE)
    assert "known to the baseline: accepted by Ada" in {i["reason"] for i in report["suppressed"]}
    assert '"reason": "accepted by Ada", "until": "2999-01-01"' in recorded()


def test_an_entry_whose_day_is_over_hides_nothing(tree: Path) -> None:
    lines = recorded().splitlines()
    entry = json.loads(lines[1]) | {"until": "2020-01-01"}
    lines[1] = json.dumps(entry)
    Path(FILE).write_text("\n".join(lines) + "\n")
    assert new() == [entry["rule"]]
    ran = command("scan", "--select", SELECT, "--write-baseline", "--format", "json")
    assert rules_of(ran.report) == [entry["rule"]]
    assert '"until": "2020-01-01"' in Path(FILE).read_text()


def test_what_is_gone_is_left_out_and_counted(tree: Path) -> None:
    recorded()
    write(tree, {"a.yaml": pod("a").replace("hostPID: true", "hostPID: false")})
    ran = command("scan", "--select", SELECT, "--write-baseline", "--exit-zero")
    assert "3 entries written" in ran.err
    assert "1 entry of before gone" in ran.err


def test_entries_of_rules_that_did_not_run_stay(tree: Path) -> None:
    text = recorded()
    ran = command("scan", "--select", "host-pid", "--write-baseline", "--exit-zero")
    assert "gone" not in ran.err
    assert Path(FILE).read_text() == text


def test_a_configured_baseline(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tree,
        {"seawall.toml": 'baseline = "known/base.line"\n', "known/x": "", "sub/b.yaml": pod("b")},
    )
    ran = command("scan", "--select", SELECT, "--write-baseline", "--exit-zero")
    assert ran.code == 0, ran.err
    assert (tree / "known/base.line").exists()
    monkeypatch.chdir(tree / "sub")
    assert rules_of(json_scan("--select", SELECT)) == []
    assert rules_of(json_scan("--select", SELECT, "--no-config")) != []


# Secrets --------------------------------------------------------------------------------------


def test_another_password_in_the_same_place_is_new(tree: Path) -> None:
    for old, other in (
        ("Bluebell-27xKq", "Bluebell-28xKq"),
        (secrets.token_urlsafe(32), "Blue-1x"),
    ):
        Path(FILE).unlink(missing_ok=True)
        write(tree, {"b.yaml": with_password("b", old)})
        recorded()
        assert new() == []
        write(tree, {"b.yaml": with_password("b", other)})
        assert new() == ["hardcoded-secret"]


def test_two_secrets_of_one_fingerprint(tree: Path) -> None:
    one, two = (f"Bluebell-{n}xKq" for n in (27, 28))
    write(tree, {"b.yaml": with_password("b", one), "c.yaml": with_password("b", two)})
    text = recorded()
    assert text.count("hardcoded-secret") == 2
    assert new() == []
    write(tree, {"c.yaml": with_password("b", one)})
    assert new() == ["hardcoded-secret"]


@settings(max_examples=8)
@given(st.text("abcXYZ019-_", min_size=6, max_size=40))
def test_no_value_stands_in_the_file(value: str) -> None:
    """Neither plain nor in a form that is the same in every file."""
    finding = shop().findings[1]._replace(secret=Redacted(value))
    texts = ["".join(render(entries_of([finding], Baseline(())))) for _ in range(2)]
    assert texts[0] != texts[1]
    assert value not in texts[0]
    for text in texts:
        known = parse(text, "x").of(fingerprint(finding), Redacted(value))
        assert known is not None
        assert parse(text, "x").of(fingerprint(finding), Redacted(f"{value}x")) is None
    hexadecimal = re.findall(r"[0-9a-f]{32}", texts[0])
    assert (
        hexadecimal[0] == fingerprint(finding) == fingerprint(finding._replace(secret=Redacted("")))
    )
    assert len(set(hexadecimal) & set(re.findall(r"[0-9a-f]{32}", texts[1]))) == 1


# Merging --------------------------------------------------------------------------------------


@needs_git
def test_two_branches_merge(tree: Path) -> None:
    make(tree)
    recorded()
    assert (tree / ".gitattributes").read_text() == f"{FILE} merge=union\n"

    def commit(message: str) -> None:
        git(tree, "add", "-A")
        git(tree, "commit", "-q", "-m", message)

    commit("base")
    for branch, names in (("one", "bcd"), ("two", "efg")):
        git(tree, "checkout", "-q", "-b", branch, "main")
        for name in names:
            write(tree, {f"{name}.yaml": pod(name)})
        recorded()
        commit(branch)
    git(tree, "merge", "-q", "one")
    assert new() == []
    text = recorded()
    assert len(text.splitlines()) == 1 + 7 * 4
    assert text.splitlines()[1:] == sorted(text.splitlines()[1:])


@needs_git
def test_two_branches_that_change_one_entry_merge(tree: Path) -> None:
    make(tree)
    recorded()
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "base")
    for branch, reason in (("one", "Ada knows"), ("two", "Bob knows")):
        git(tree, "checkout", "-q", "-b", branch, "main")
        lines = Path(FILE).read_text().splitlines()
        lines[1] = json.dumps(json.loads(lines[1]) | {"reason": reason})
        Path(FILE).write_text("\n".join(lines) + "\n")
        git(tree, "commit", "-q", "-a", "-m", branch)
    git(tree, "merge", "-q", "one")
    assert new() == []


def test_attributes_are_added_once_and_with_care(tree: Path) -> None:
    (tree / ".git").mkdir()
    (tree / ".gitattributes").write_bytes(b"*.png binary")
    recorded()
    text = (tree / ".gitattributes").read_text()
    assert text == f"*.png binary\n{FILE} merge=union\n"
    Path(FILE).unlink()
    recorded()
    assert (tree / ".gitattributes").read_text() == text


def test_a_link_in_place_of_attributes_is_not_followed(tree: Path) -> None:
    (tree / ".git").mkdir()
    victim = tree.parent / "victim"
    victim.write_text("mine\n")
    (tree / ".gitattributes").symlink_to(victim)
    ran = command("scan", "--select", SELECT, "--write-baseline", "--exit-zero")
    assert ran.code == 0
    assert "symbolic link; so that branches merge, add" in ran.err
    assert victim.read_text() == "mine\n"


def test_attributes_that_are_no_utf_8(tree: Path) -> None:
    (tree / ".git").mkdir()
    (tree / ".gitattributes").write_bytes(b"\xff\n")
    ran = command("scan", "--select", SELECT, "--write-baseline", "my base*line", "--exit-zero")
    assert ran.code == 0
    assert "my?base?line merge=union" in ran.err


# What is refused ------------------------------------------------------------------------------

HEADER = '{"format": "seawall-baseline", "version": 1}\n'
MARK = "0" * 32


def line(**fields: object) -> str:
    return json.dumps({"fingerprint": MARK, "severity": "high", **fields}) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: Pod\n", ":1: this line of the baseline is no JSON"),
        ("3\n", ":1: a line of a baseline must be a JSON object"),
        ('{"a": 1}\n', ":1: this is no baseline of seawall"),
        (line(), ":1: this is no baseline of seawall"),
        ('{"format": "other", "version": 1}\n', ":1: this is no baseline of seawall"),
        ('{"format": "seawall-baseline", "version": 3}\n', ":1: the baseline has version 3"),
        ('{"format": "seawall-baseline"}\n', ":1: the baseline has version None"),
        (f"{HEADER}<<<<<<< HEAD\n", ":2: this is a merge conflict"),
        (f"{HEADER}{line()}=======\n", ":3: this is a merge conflict"),
        (f"{HEADER}{line()}>>>>>>> one\n", ":3: this is a merge conflict"),
        (f"{HEADER}{line(count=0)}", ":2: count must be"),
        (f"{HEADER}{line(count=True)}", ":2: count must be"),
        (f"{HEADER}{line(count='2')}", ":2: count must be"),
        (f"{HEADER}\n{line(fingerprint=3)}", ":3: fingerprint must be a text"),
        (f"{HEADER}{line(fingerprint='xyz')}", ":2: fingerprint must be 32"),
        (f"{HEADER}{line(severity='bad')}", ":2: 'bad' is no severity"),
        (f"{HEADER}{line(until='soon')}", ":2: until: 'soon' is no date"),
        (f"{HEADER}{line(secret='salt')}", ":2: secret must be a salt"),
        (f"{HEADER}{line(other=1)}", ":2: unknown key 'other'"),
        (HEADER + "[" * 100_000 + "\n", ":2: this line of the baseline is no JSON"),
        (HEADER + '{"count": ' + "9" * 5000 + "}\n", ":2: "),
    ],
)
def test_faults_have_their_line(tree: Path, text: str, message: str) -> None:
    Path(FILE).write_text(text)
    ran = command("scan", "--baseline", FILE)
    assert ran.code == 2
    assert f"{FILE}{message}" in ran.err
    # Nor is it overwritten: it may be somebody's manifest.
    assert command("scan", "--write-baseline").code == 2
    assert Path(FILE).read_text() == text


def test_files_that_are_none(tree: Path) -> None:
    assert command("scan", "--baseline", "absent").code == 2
    assert "--write-baseline makes one" in command("scan", "--baseline", "absent").err
    Path(FILE).write_bytes(HEADER.encode() + b"\xff\n")
    assert f"{FILE}:2: a baseline must be UTF-8" in command("scan", "--baseline", FILE).err
    assert "is a directory" in command("scan", "--baseline", str(tree)).err
    Path("empty").write_text("")
    assert len(json_scan("--baseline", "empty", "--select", SELECT)["findings"]) == 4


def test_a_huge_file(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baseline_file, "SIZE_LIMIT", 100)
    Path(FILE).write_text(HEADER + line() * 3)
    assert "is larger than" in command("scan", "--baseline", FILE).err


@pytest.mark.parametrize("target", ["absent/x", "."])
def test_what_cannot_be_written(tree: Path, target: str) -> None:
    ran = command("scan", "--write-baseline", target)
    assert ran.code in (2, 3)
    assert target in ran.err


def test_lines_may_end_in_cr_lf_and_begin_with_a_mark(tree: Path) -> None:
    text = recorded()
    Path(FILE).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert new() == []


ENTRIES = st.builds(
    Entry,
    st.text("0123456789abcdef", min_size=32, max_size=32),
    st.text(), st.text(), st.sampled_from(list(Severity)), st.integers(1, 10**6),
    st.just(""), st.text(), st.sampled_from(["", "2027-01-31"]), st.sampled_from(["", *STATES]),
    st.text(),
)  # fmt: skip


@settings(max_examples=100)
@given(st.lists(ENTRIES, unique_by=lambda entry: entry.fingerprint))
def test_what_is_written_is_read_again(entries: list[Entry]) -> None:
    text = "".join(render(entries))
    text.encode("ascii", "backslashreplace").decode().encode("utf-8")
    read = list(parse(text, "x"))
    assert sorted(read) == sorted(entries)
    assert len(text.splitlines()) >= len(entries) + 1
    assert text.count("\n") == len(entries) + 1


@given(st.text(st.characters(codec=None), max_size=80))  # half surrogate pairs too
def test_texts_that_no_file_can_hold(text: str) -> None:
    entry = Entry(MARK, "rule", text, Severity.LOW)
    "".join(render([entry])).encode("utf-8")


@settings(max_examples=300)
@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                [
                    HEADER,
                    line(),
                    line(count=2),
                    "{",
                    "\n",
                    "<<<<<<< x\n",
                    '{"secret": 1}\n',
                    "null\n",
                    "1e999\n",
                ]
            )
        ).map("".join),
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert len(list(parse(text, "file"))) <= text.count("\n") + 1


def test_the_order_of_findings_changes_nothing() -> None:
    findings = [f._replace(secret=Redacted("")) for f in shop().findings]
    texts = {
        "".join(render(entries_of(order, Baseline(())))) for order in (findings, findings[::-1])
    }
    assert len(texts) == 1


def test_secrets_leave_no_trace_in_memory_dumps_of_reports() -> None:
    finding = shop().findings[1]._replace(secret=Redacted("Bluebell-27xKq"))
    assert "Bluebell" not in repr(finding)
    assert "Bluebell" not in f"{finding}{finding.secret}"


def test_a_scan_from_python(tree: Path) -> None:
    recorded()
    report = scan(Options(select=("host-pid",), baseline=os.path.abspath(FILE))).report
    assert not report.findings


# Entries without a use ------------------------------------------------------------------------


def test_entries_without_a_use_are_told_and_removed(tree: Path) -> None:
    Path("seawall.toml").write_text(f'baseline = "{FILE}"\n')
    text = recorded()
    write(tree, {"a.yaml": pod("a").replace("hostPID: true", "hostPID: false"), "b.yaml": pod("b")})
    for _ in range(2):  # the second time from the cache
        ran = command("scan", "--select", SELECT, "--exit-zero")
        assert "1 entry of the baseline is about what is there no more: host-pid " in ran.err
    assert "no more" not in command("scan", "--select", SELECT, "--exit-zero", "a.yaml").err
    ran = command("scan", "--select", SELECT, "--prune-baseline", "a.yaml")
    assert ran.code == 2
    assert "not all of the project was looked at" in ran.err
    ran = command("scan", "--select", SELECT, "--exit-zero", "--prune-baseline")
    assert ran.err == f"seawall: 1 entry removed from {FILE}\n"
    assert Path(FILE).read_text() == "".join(
        line for line in text.splitlines(keepends=True) if '"host-pid"' not in line
    )
    assert "no more" not in command("scan", "--select", SELECT, "--exit-zero").err


def test_without_a_baseline_there_is_nothing_to_remove(tree: Path) -> None:
    ran = command("scan", "--prune-baseline")
    assert ran.code == 2
    assert "name it by --baseline" in ran.err
