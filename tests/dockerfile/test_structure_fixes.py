"""Fixes of the rules about structure: what they make of a text, and that they mend it."""

import pytest

from seawall.core.edit import Fix, Safety
from seawall.core.finding import Finding
from seawall.core.rule import Rule
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.rules import commands, copying, labels, settings, stages, structure
from seawall.text.dockerfile.parser import parse
from tests.dockerfile.corpus import recorded
from tests.dockerfile.support import apply, edited, judge

OURS = (commands, copying, labels, settings, stages, structure)
REMOVES = {"multiple-cmd", "multiple-entrypoint", "multiple-healthcheck"}
ADDS = {"copy-dest-relative"}
"""Rules whose fix deletes an instruction."""


def first_fix(rule: str, text: str, *, files: list[str] | None = None) -> tuple[str, Safety]:
    (finding, *_) = judge(rule, text, files=files)
    (fix,) = finding.fixes
    return apply(text, [fix]), fix.safety


S, U = Safety.SAFE, Safety.UNSAFE
CASES = [
    ("empty-continuation", "FROM a\nRUN x \\\n\n \t\n  y\n", "FROM a\nRUN x \\\n  y\n", S),
    ("empty-continuation", "FROM a\r\nRUN x \\\r\n\r\n  y\r\n", "FROM a\r\nRUN x \\\r\n  y\r\n", S),
    (
        "empty-continuation",
        "# escape=`\nFROM a\nRUN x `\n\n# why\n  y\n",
        "# escape=`\nFROM a\nRUN x `\n# why\n  y\n",
        S,
    ),
    ("instruction-casing", "FROM a\ncopy a b\nRUN x\n", "FROM a\nCOPY a b\nRUN x\n", S),
    ("instruction-casing", "from a\nCopy a b\nrun x\n", "from a\ncopy a b\nrun x\n", S),
    ("from-as-casing", "FROM a as b\n", "FROM a AS b\n", S),
    ("from-as-casing", "from a \\\n  AS b\n", "from a \\\n  as b\n", S),
    (
        "stage-name-casing",
        "FROM a AS Build\nFROM b\nCOPY --from=BUILD /a /b\nRUN --mount=from=Build,target=/x y\n",
        "FROM a AS build\nFROM b\nCOPY --from=build /a /b\nRUN --mount=from=build,target=/x y\n",
        S,
    ),
    (
        "stage-name-reserved",
        "FROM a AS scratch\nFROM scratch\nCOPY --from=scratch /a /b\n",
        "FROM a AS scratch-stage\nFROM scratch-stage\nCOPY --from=scratch-stage /a /b\n",
        U,
    ),
    (
        "stage-unnamed-reference",
        "FROM a\nFROM b\nCOPY --from=0 /a /b\nCOPY --from=0 /c /d\n",
        "FROM a AS stage0\nFROM b\nCOPY --from=stage0 /a /b\nCOPY --from=stage0 /c /d\n",
        S,
    ),
    (
        "stage-unnamed-reference",
        "from a as x\nfrom b\ncopy --from=0 /a /b\n",
        "from a as x\nfrom b\ncopy --from=x /a /b\n",
        S,
    ),
    ("platform-redundant", "FROM --platform=$TARGETPLATFORM a\n", "FROM a\n", S),
    ("legacy-key-value", "FROM a\nENV A b\n", "FROM a\nENV A=b\n", S),
    ("legacy-key-value", "FROM a\nENV A   b c\n", 'FROM a\nENV A="b c"\n', S),
    ("legacy-key-value", 'FROM a\nENV A "b c"\n', 'FROM a\nENV A="b c"\n', S),
    ("legacy-key-value", "FROM a\nENV A $B c\n", 'FROM a\nENV A="$B c"\n', S),
    (
        "maintainer-deprecated",
        'FROM a\nMAINTAINER Joe "J" <j@example.org>\n',
        'FROM a\nLABEL org.opencontainers.image.authors="Joe \\"J\\" <j@example.org>"\n',
        S,
    ),
    (
        "maintainer-deprecated",
        "from a\nmaintainer 'Joe'\r\n",
        'from a\nlabel org.opencontainers.image.authors="Joe"\r\n',
        S,
    ),
    (
        "maintainer-deprecated",
        "# escape=`\nFROM a\nMAINTAINER $X\n",
        '# escape=`\nFROM a\nLABEL org.opencontainers.image.authors="`$X"\n',
        S,
    ),
    (
        "multiple-cmd",
        'FROM a\n# one\nCMD ["a"]\nRUN x\nCMD ["b"]\n',
        'FROM a\n# one\nRUN x\nCMD ["b"]\n',
        S,
    ),
    (
        "multiple-entrypoint",
        'FROM a\r\nENTRYPOINT a \\\r\n  b\r\nENTRYPOINT ["b"]',
        'FROM a\r\nENTRYPOINT ["b"]',
        S,
    ),
    ("multiple-healthcheck", "FROM a\nHEALTHCHECK NONE\nHEALTHCHECK NONE\n",
     "FROM a\nHEALTHCHECK NONE\n", S),
    ("cmd-exec-form", "FROM a\nCMD node  server.js\n", 'FROM a\nCMD ["node", "server.js"]\n', S),
    ("cmd-exec-form", "FROM a\nCMD exec 'a b' \"c\"\n", 'FROM a\nCMD ["a b", "c"]\n', S),
    ("cmd-exec-form", "FROM a\nCMD a \\\r\n  b\r\n", 'FROM a\nCMD ["a", "b"]\r\n', S),
    (
        "cmd-exec-form",
        "FROM a\nCMD node $FILE\n",
        'FROM a\nCMD ["/bin/sh", "-c", "exec node $FILE"]\n',
        U,
    ),
    ("cmd-exec-form", "FROM a\nENTRYPOINT node x\n", 'FROM a\nENTRYPOINT ["node", "x"]\n', S),
    ("cmd-exec-form", 'FROM a\nENTRYPOINT ["x"]\nCMD y z\n',
     'FROM a\nENTRYPOINT ["x"]\nCMD ["y", "z"]\n', U),
    ("cmd-exec-form", 'FROM a AS b\nENTRYPOINT ["x"]\nFROM b\nCMD y\n',
     'FROM a AS b\nENTRYPOINT ["x"]\nFROM b\nCMD ["y"]\n', U),
    ("cmd-exec-form", 'FROM a\nENTRYPOINT []\nCMD y\n',
     'FROM a\nENTRYPOINT []\nCMD ["y"]\n', S),
    ("cmd-exec-form", 'FROM a\nENTRYPOINT node x\nCMD ["y"]\n',
     'FROM a\nENTRYPOINT ["node", "x"]\nCMD ["y"]\n', U),
    ("healthcheck-exec-form", "FROM a\nHEALTHCHECK --retries=3 CMD node x\n",
     'FROM a\nHEALTHCHECK --retries=3 CMD ["node", "x"]\n', S),
    ("exec-form-malformed", "FROM a\nCMD ['a', 'b c']\n", 'FROM a\nCMD ["a", "b c"]\n', S),
    ("copy-dest-slash", "FROM a\nCOPY a b /c\n", "FROM a\nCOPY a b /c/\n", S),
    ("copy-dest-slash", 'FROM a\nCOPY ["a", "b", "/c"]\n', 'FROM a\nCOPY ["a", "b", "/c/"]\n', S),
    ("copy-dest-slash", 'FROM a\nADD a b "/c"\n', 'FROM a\nADD a b "/c/"\n', S),
    (
        "copy-dest-slash",
        "FROM a\nCOPY a <<X \\\n /c\nx\nX\n",
        "FROM a\nCOPY a <<X \\\n /c/\nx\nX\n",
        S,
    ),
    ("expose-format", "FROM a\nEXPOSE 127.0.0.1:80:8080/tcp 1\n", "FROM a\nEXPOSE 8080/tcp 1\n", S),
    ("expose-proto-casing", "FROM a\nEXPOSE 80/TCP 9/Udp\n", "FROM a\nEXPOSE 80/tcp 9/Udp\n", S),
    ("workdir-relative", "FROM a\nWORKDIR app\n", "FROM a\nWORKDIR /app\n", U),
    ("workdir-relative", "FROM scratch\nWORKDIR ./app/x\n", "FROM scratch\nWORKDIR /app/x\n", S),
    ("add-instead-of-copy", "FROM a\nADD x y\n", "FROM a\nCOPY x y\n", U),
    ("add-instead-of-copy", "from a\nadd --chown=1 x y\n", "from a\ncopy --chown=1 x y\n", U),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "before", "after", "safety"), CASES)
def test_before_and_after(rule: str, before: str, after: str, safety: Safety) -> None:
    assert first_fix(rule, before) == (after, safety)


def test_what_lies_in_the_context_makes_copy_safe() -> None:
    text = "FROM a\nADD src app.py /app/\n"
    files = ["src/", "src/x", "app.py"]
    assert first_fix("add-instead-of-copy", text, files=files)[1] is Safety.SAFE
    assert first_fix("add-instead-of-copy", text, files=["src/"])[1] is Safety.UNSAFE


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("cmd-exec-form", "FROM a\nCMD a && b\n"),
        ("cmd-exec-form", "FROM a\nCMD cd x\n"),
        ("cmd-exec-form", "FROM a\nCMD a > b\n"),
        ("cmd-exec-form", "FROM a\nCMD A=1 b\n"),
        ("cmd-exec-form", "FROM a\nCMD a \\\n# why\n b\n"),
        ("cmd-exec-form", "FROM a\nCMD a | b\n"),
        ("exec-form-malformed", 'FROM a\nCMD ["a", "b",]\n'),
        ("exec-form-malformed", 'FROM a\nENTRYPOINT ["a"] # why\n'),
        ("add-instead-of-copy", "FROM a\nADD x https://example.org/y /z/\n"),
        ("stage-name-reserved", "FROM a AS scratch\nFROM b AS scratch\n"),
        ("expose-format", "FROM a\nENV P=1:2\nEXPOSE $P\n"),
        ("workdir-relative", "FROM a\nARG D=x\nWORKDIR $D\n"),
        ("legacy-key-value", 'FROM a\nENV A b "c d"\n'),
        ("legacy-key-value", "FROM a\nENV A b \\\n# why\n c\n"),
    ],
)
def test_what_is_not_plain_is_not_edited(rule: str, text: str) -> None:
    found = judge(rule, text)
    assert found
    assert not any(finding.fixes for finding in found)


RULES = [value for module in OURS for value in vars(module).values() if isinstance(value, Rule)]


def test_fixes_of_recorded_files_mend_them() -> None:
    """Each rule's fixes together, on every recorded file that BuildKit accepts."""
    mended: dict[str, int] = {}
    for row in recorded():
        if not row.accepted:
            continue
        by_rule: dict[str, list[Finding]] = {}
        for finding in judge(RULES, row.text):
            by_rule.setdefault(finding.rule.id, []).append(finding)
        for rule, findings in by_rule.items():
            fixes = [fix for finding in findings for fix in finding.fixes]
            if fixes:
                mended[rule] = mended.get(rule, 0) + 1
                _check(row.text, rule, findings, fixes)
    assert len(mended) >= 14, mended


def _check(text: str, rule: str, findings: list[Finding], fixes: list[Fix]) -> None:
    data = text.encode("utf-8", "surrogateescape")
    new = edited(data, fixes)
    before, after = evaluate(parse(data)), evaluate(parse(new))
    shown = f"{rule}\n{text}\n->\n{new.decode('utf-8', 'replace')}"
    assert after.problems == () or len(after.problems) <= len(before.problems), shown
    count = len(before.file.instructions) - (len(fixes) if rule in REMOVES else 0)
    count += len(fixes) if rule in ADDS else 0
    assert len(after.file.instructions) == count, shown
    assert [one.text for one in after.file.comments] == [
        one.text for one in before.file.comments
    ], shown
    left = judge(rule, new)
    unfixed = [finding for finding in findings if not finding.fixes]
    assert len(left) <= len(unfixed), shown
    again = edited(new, [fix for finding in left for fix in finding.fixes])
    assert again == new, shown
