"""Each fix by itself, on the recorded files: the text is still read, and the finding is gone."""

from seawall.core.finding import Finding
from seawall.dockerfile.build import evaluate
from seawall.text.dockerfile.parser import parse
from tests.dockerfile.corpus import recorded
from tests.dockerfile.support import edited, judge

RULES = (
    "base-image-eol", "base-image-latest", "base-image-no-tag", "copy-dest-relative",
    "debug-package-installed", "go-build-flags", "go-program-needs-libc", "program-mode-unset",
    "secret-in-arg", "secret-in-image-env", "secret-in-run", "signature-check-disabled",
    "tls-verify-disabled", "user-not-numeric", "world-writable",
)  # fmt: skip
SEEN = (
    "base-image-latest", "base-image-no-tag", "copy-dest-relative", "secret-in-arg",
    "secret-in-image-env",
)  # fmt: skip
"""Rules that have something to mend in these files."""


def test_each_fix_mends_its_finding() -> None:
    made: dict[str, int] = {}
    for row in recorded():
        if not row.accepted:
            continue
        data = row.text.encode("utf-8", "surrogateescape")
        findings = judge(RULES, data)
        for finding in findings:
            for fix in finding.fixes:
                made[finding.rule.id] = made.get(finding.rule.id, 0) + 1
                check(finding, findings, data, edited(data, [fix]))
    assert set(SEEN) <= made.keys()
    assert sum(made.values()) > 250


def check(finding: Finding, before: list[Finding], data: bytes, new: bytes) -> None:
    shown = f"{finding.rule.id}: {data!r}\n->\n{new!r}"
    assert len(evaluate(parse(new)).problems) <= len(evaluate(parse(data)).problems), shown
    rule = finding.rule.id
    after = judge(rule, new)
    assert len(after) < sum(item.rule.id == rule for item in before), shown
    # Nothing else is touched: the instructions that no edit reaches stand there as they were.
    old, now = data.split(b"\n"), set(new.split(b"\n"))
    changed = [line for line in old if line not in now]
    assert len(changed) <= 12, shown
