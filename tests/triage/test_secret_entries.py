"""Secrets in the baseline: what was decided of them, where they move to, how they are hashed."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.core.finding import Finding, Subject, fingerprint
from seawall.core.location import Location, Span
from seawall.core.redacted import Redacted
from seawall.core.report import Suppressed
from seawall.core.severity import Gate, Severity
from seawall.triage import hashes
from seawall.triage.baseline import (
    STATES,
    Baseline,
    Entry,
    WholeNeeded,
    entries_of,
)
from seawall.triage.baseline_file import HEADER, parse, render
from seawall.triage.hashes import STRONG, Hashes, strength
from seawall.triage.verdicts import Policy, Verdict, known_before, unused_note
from tests.reports.samples import finding, made_rule

TODAY = "2026-11-27"
RULE = made_rule("assignment", "secrets")
VALUE = "Bluebell-27xKq"
POLICY = Policy(find=lambda _: (), rules={"assignment": RULE}, whole=True)


def found(path: str = "a.env", value: str = VALUE, line: int = 1) -> Finding:
    place = Location(path, 0, (), Span(line, 1, line, 9))
    return finding(RULE, "holds a password", place, Subject("File"), secret=Redacted(value))


def written(*findings: Finding, old: Sequence[Entry] = (), **more: str) -> str:
    entries = entries_of(findings, Baseline(old))
    return "".join(render(entry._replace(**more) for entry in entries))  # type: ignore[arg-type]


def told(text: str, *findings: Finding, today: str = TODAY) -> Verdict:
    tally = parse(text, "x").tally(today)
    return known_before(Verdict(list(findings), []), tally, POLICY)


def reasons(verdict: Verdict) -> list[str]:
    return [item.reason for item in verdict.suppressed]


# States ---------------------------------------------------------------------------------------


def test_without_a_state_it_is_known() -> None:
    verdict = told(written(found()), found(line=9))
    assert not verdict.findings
    assert reasons(verdict) == ["known to the baseline"]


def test_open_ones_count_and_say_so() -> None:
    text = written(found(), state="open", reason="to be moved to the vault", by="Ada")
    (item,) = told(text, found()).findings
    assert item.severity == found().severity
    assert item.details["decision"] == {
        "state": "open", "reason": "to be moved to the vault", "by": "Ada"
    }  # fmt: skip
    assert item.fails(Severity.HIGH)


def test_rotated_ones_are_told_and_fail_nothing() -> None:
    (item,) = told(written(found(), state="rotated"), found()).findings
    assert item.severity == Severity.INFO
    assert item.gate == Gate.NEVER
    assert not item.fails(Severity.INFO)
    assert item.details["decision"] == {"state": "rotated"}


@pytest.mark.parametrize("state", ["revoked", "false", "accepted"])
def test_others_are_set_aside(state: str) -> None:
    verdict = told(written(found(), state=state, reason="long gone", by="Ada"), found())
    assert not verdict.findings
    assert reasons(verdict) == [f"known to the baseline as {state}: long gone (Ada)"]
    assert verdict.suppressed[0].finding.details["decision"]["state"] == state  # type: ignore[index]


@pytest.mark.parametrize("state", ["", *STATES])
def test_no_state_holds_beyond_its_day(state: str) -> None:
    text = written(found(), state=state, until="2026-11-27")
    assert not any(f == found() for f in told(text, found()).findings)
    assert told(text, found(), today="2026-11-28").findings == [found()]


@pytest.mark.parametrize("state", ["rotated", "revoked", "false"])
def test_what_is_said_of_a_value_is_true_everywhere(state: str) -> None:
    text = written(found(), state=state)
    worse = found()._replace(severity=Severity.CRITICAL)
    many = [found(), worse, found("b.env"), found("c.env")]
    verdict = told(text, *many)
    told_of = [*verdict.findings, *(item.finding for item in verdict.suppressed)]
    assert len(told_of) == 4
    assert [item.details["decision"] for item in told_of] == [{"state": state}] * 4
    assert not any(item.fails(Severity.INFO) for item in verdict.findings)


def test_what_is_accepted_is_accepted_in_its_place() -> None:
    verdict = told(written(found(), state="accepted"), found(), found("b.env"))
    assert [item.location.path for item in verdict.findings] == ["b.env"]


# Places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["", "accepted"])
def test_a_secret_that_moves_is_known(state: str) -> None:
    verdict = told(written(found(), state=state), found("b/new.env"))
    assert not verdict.findings
    assert reasons(verdict) == [
        f"known to the baseline{' as ' + state if state else ''}, moved from a.env"
    ]
    told_of = verdict.suppressed[0].finding.details["decision"]
    assert told_of == {"moved_from": "a.env"} | ({"state": state} if state else {})


def test_a_copy_is_new_whatever_comes_first() -> None:
    text = written(found("m.env"))
    for order in (["a.env", "m.env"], ["m.env", "z.env"]):
        verdict = told(text, *map(found, order))
        assert len(verdict.findings) == 1
        assert verdict.suppressed[0].finding.location.path == "m.env"


def test_as_many_move_as_were_known() -> None:
    text = written(found(), found(line=2))
    assert '"count": 2' in text
    verdict = told(text, *(found(path) for path in ("b", "c", "d")))
    assert [item.location.path for item in verdict.findings] == ["d"]


def test_another_secret_on_the_same_line_is_new() -> None:
    other = found(value="Bluebell-28xKq")
    assert told(written(found()), other).findings == [other]


def test_another_rule_is_another_finding() -> None:
    other = found("b.env")._replace(rule=made_rule("header", "secrets"))
    assert told(written(found()), other).findings == [other]


def test_an_open_one_stays_open_where_it_moves_to() -> None:
    (item,) = told(written(found(), state="open"), found("b.env")).findings
    assert item.details["decision"] == {"state": "open", "moved_from": "a.env"}


def test_what_was_decided_goes_with_it_when_the_file_is_written() -> None:
    old = list(parse(written(found(), state="accepted", reason="a test's", by="Ada"), "x"))
    (entry,) = parse(written(found("b.env"), old=old), "x")
    assert entry[1:3] == ("assignment", "b.env")
    assert (entry.state, entry.reason, entry.by) == ("accepted", "a test's", "Ada")
    copies = parse(written(found(), found("b.env"), old=old), "x")
    assert {entry.subject: entry.state for entry in copies} == {"a.env": "accepted", "b.env": ""}


def test_rotated_ones_stay_as_bad_as_they_were() -> None:
    text = written(found(), state="rotated")
    (lowered,) = told(text, found()).findings
    (entry,) = parse(written(lowered, old=list(parse(text, "x"))), "x")
    assert entry.severity == Severity.HIGH
    assert entry.state == "rotated"


def test_parts_of_a_run_do_not_tell_what_has_moved() -> None:
    tally = parse(written(found()), "x").tally(TODAY, in_parts=True)
    with pytest.raises(WholeNeeded):
        known_before(Verdict([found("b.env")], []), tally, POLICY)
    tally = parse(written(found(), state="false"), "x").tally(TODAY, in_parts=True)
    assert not known_before(Verdict([found("b.env")], []), tally, POLICY).findings
    (demand,) = tally.demands()
    fresh = parse(written(found(), state="false"), "x").tally(TODAY, in_parts=True)
    again = (demand[0], next(iter(parse(written(found()), "x"))).secret, *demand[2:])
    assert fresh.grant([again])


# Entries without a use ------------------------------------------------------------------------


def test_entries_without_a_use_are_named() -> None:
    tally = parse(written(found(), found("b.env"), found("c.env", "Bluebell-99")), "x").tally(TODAY)
    known_before(Verdict([found()], []), tally, POLICY)
    assert [entry.subject for entry in tally.unused()] == ["b.env", "c.env"]
    note = unused_note(tally, POLICY)
    assert "2 entries of the baseline are about" in note
    assert "assignment b.env, assignment c.env" in note
    assert not unused_note(tally, POLICY._replace(whole=False))
    assert not unused_note(tally, POLICY._replace(rules={}))


def test_many_of_them_are_counted() -> None:
    tally = parse(written(*(found(f"{n}.env") for n in range(9))), "x").tally(TODAY)
    assert "and 4 more; " in unused_note(tally, POLICY)


# The file -------------------------------------------------------------------------------------


def test_one_salt_for_a_file() -> None:
    text = written(*(found(f"{n}.env", f"Bluebell-{n}") for n in range(9)))
    assert len(set(re.findall(r'"secret": "(\w+):', text))) == 1
    more = written(found("z.env", "Other-1"), old=list(parse(text, "x")))
    assert set(re.findall(r'"secret": "(\w+):', more)) <= set(re.findall(r'"(\w+):', text))


def test_files_of_the_first_version_are_read_and_written_anew() -> None:
    salts = [bytes([n]) * 16 for n in (1, 2)]
    values = [VALUE, "x7Kq02LmZr9TbW4cVn8PdQ"]  # one was thought up, one drawn
    entries = [
        Entry(
            fingerprint(found(f"{n}.env", value)), "assignment", f"{n}.env", Severity.HIGH,
            secret=hashes._hashed(Redacted(value), salt, hashes.FIRST_LENGTH), reason="old",
        )
        for n, (value, salt) in enumerate(zip(values, salts, strict=True))
    ]  # fmt: skip
    first = "".join(render(entries)).replace('"version": 2', '"version": 1')
    present = [found(f"{n}.env", value) for n, value in enumerate(values)]
    assert not told(first, *present).findings
    assert told(first, found("0.env", "Bluebell-28xKq")).findings
    again = written(*present, old=list(parse(first, "x")))
    assert again.startswith(json.dumps(HEADER))
    assert again.count('"reason": "old"') == 2
    assert len(set(re.findall(r'"secret": "(\w+):', again))) == 1
    assert not told(again, *present).findings


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("", "false", "false"), ("open", "false", "open"), ("revoked", "rotated", "rotated"),
        ("accepted", "open", "open"), ("", "", ""),
    ],
)  # fmt: skip
def test_two_branches_that_decide(one: str, other: str, both: str) -> None:
    text = written(found())
    head, entry = text.splitlines()
    lines = [json.loads(entry) | ({"state": state} if state else {}) for state in (one, other)]
    for order in (lines, lines[::-1]):
        (read,) = parse("\n".join([head, *map(json.dumps, order)]), "x")
        assert read.state == both


def test_a_state_that_is_none() -> None:
    text = written(found()).replace('"severity"', '"state": "done", "severity"')
    with pytest.raises(Exception, match="x:2: state must be one of open, rotated"):
        parse(text, "x")


# Hashes ---------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.text("abcXYZ019-_", max_size=40), st.text("abcXYZ019-_", max_size=40))
def test_hashes_tell_values_apart(one: str, other: str) -> None:
    own, salt = Hashes(), b"s" * 16
    text = own.of(Redacted(one), salt)
    assert own.matches(Redacted(one), text)
    assert own.matches(Redacted(other), text) == (one == other)
    assert hashes.WRITTEN.fullmatch(text)
    assert one == "" or len(one) < 6 or one not in text


def test_a_value_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real = hashes._hashed

    def counted(*arguments: object) -> str:
        calls.append(arguments)
        return real(*arguments)  # type: ignore[arg-type]

    text = written(*(found(f"{n}.env", f"Bluebell-{n % 5}") for n in range(40)))
    monkeypatch.setattr(hashes, "_hashed", counted)
    verdict = told(text, *(found(f"{n}.env", f"Bluebell-{n % 5}") for n in range(40)))
    assert not verdict.findings
    assert len(calls) == 5


@pytest.mark.parametrize(
    "value",
    ["password", "hunter2", VALUE, "correct horse battery staple", "Password123!Password123!",
     "aB1" * 20, "SuperSecretPassword2024!!", "12345678901234567890"],
)  # fmt: skip
def test_what_a_person_thinks_up_is_weak(value: str) -> None:
    assert strength(value) < STRONG


@pytest.mark.parametrize("value", ["x7Kq02LmZr9TbW4cVn8PdQ", "9f86d081884c7d659a2feaa0c55ad015"])
def test_what_was_drawn_is_strong(value: str) -> None:
    assert strength(value) >= STRONG


def test_nothing_of_a_value_stands_in_the_file(tmp_path: Path) -> None:
    text = written(found(), state="open", reason="r")
    assert not any(VALUE[at : at + 4] in text for at in range(len(VALUE) - 3))
    assert isinstance(told(text, found("b"))[1], list)
    assert Suppressed(found(), "x").finding.secret == Redacted(VALUE)
