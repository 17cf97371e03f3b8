"""Fixes of the rules about packages and shell commands: what they make of a text.

Applied to recorded Dockerfiles they leave a text that still parses, with the instructions it had,
without the finding, and a second time they change nothing.
"""

import pytest

from seawall.core.edit import Fix, Safety
from seawall.core.finding import Finding
from seawall.dockerfile.rules import all_rules
from seawall.text.dockerfile.parser import parse
from tests.dockerfile.corpus import recorded
from tests.dockerfile.support import apply, judge
from tests.shared import oracle, read_rows

UPDATE = "apt-get update"
INSTALL = "apt-get install -y --no-install-recommends curl"
REMOVE = "rm -rf /var/lib/apt/lists/*"

CASES: list[tuple[str, str, str]] = [
    # How a command is appended: single line, leading and trailing operators, heredocs.
    (
        "apt-lists-left",
        f"RUN {UPDATE} && {INSTALL}\n",
        f"RUN {UPDATE} && {INSTALL} \\\n && {REMOVE}\n",
    ),
    (
        "apt-lists-left",
        f"RUN {UPDATE} \\\n && {INSTALL}\nUSER app\n",
        f"RUN {UPDATE} \\\n && {INSTALL} \\\n && {REMOVE}\nUSER app\n",
    ),
    (
        "apt-lists-left",
        f"RUN {UPDATE} && \\\n\t{INSTALL}",
        f"RUN {UPDATE} && \\\n\t{INSTALL} && \\\n\t{REMOVE}",
    ),
    (
        "apt-lists-left",
        f"RUN {UPDATE} \\\n  && {INSTALL} \\\n    git \\\n    wget\n",
        f"RUN {UPDATE} \\\n  && {INSTALL} \\\n    git \\\n    wget \\\n  && {REMOVE}\n",
    ),
    (
        "apt-lists-left",
        f"RUN {UPDATE} && {INSTALL} \\\n        git\n",
        f"RUN {UPDATE} && {INSTALL} \\\n        git \\\n        && {REMOVE}\n",
    ),
    (
        "apt-lists-left",
        f"RUN set -eux; \\\n    {UPDATE}; \\\n    {INSTALL}\n",
        f"RUN set -eux; \\\n    {UPDATE}; \\\n    {INSTALL}; \\\n    {REMOVE}\n",
    ),
    (
        "apt-lists-left",
        f"RUN {UPDATE}; \\\n    {INSTALL}\n",
        f"RUN {UPDATE}; \\\n    {INSTALL} \\\n    && {REMOVE}\n",
    ),
    (
        "apt-lists-left",
        f"RUN <<EOF\nset -e\n{UPDATE}\n{INSTALL}\nEOF\nUSER app\n",
        f"RUN <<EOF\nset -e\n{UPDATE}\n{INSTALL}\n{REMOVE}\nEOF\nUSER app\n",
    ),
    (
        "apt-lists-left",
        f"RUN <<-EOF\n\tset -e\n\t{UPDATE}\n\t{INSTALL}\n\tEOF\n",
        f"RUN <<-EOF\n\tset -e\n\t{UPDATE}\n\t{INSTALL}\n\t{REMOVE}\n\tEOF\n",
    ),
    (
        "apt-lists-left",
        f"RUN <<EOF\n{UPDATE}\n{INSTALL}\nEOF\nUSER app\n",
        f"RUN <<EOF\n{UPDATE}\n{INSTALL} && {REMOVE}\nEOF\nUSER app\n",
    ),
    (
        "apt-lists-left",
        f"RUN <<EOF\n#!/bin/bash -e\n{UPDATE}\n{INSTALL}\nEOF\n",
        f"RUN <<EOF\n#!/bin/bash -e\n{UPDATE}\n{INSTALL}\n{REMOVE}\nEOF\n",
    ),
    (
        "apt-lists-left",
        f"RUN {UPDATE} \\\n    # what we need\n    && {INSTALL}\n",
        f"RUN {UPDATE} \\\n    # what we need\n    && {INSTALL} \\\n    && {REMOVE}\n",
    ),
    (
        "yum-clean",
        "run yum install -y httpd\n",
        "run yum install -y httpd \\\n && yum clean all\n",
    ),
    (
        "dnf-clean",
        "RUN microdnf install -y httpd-2.4 && \\\n    echo done\n",
        "RUN microdnf install -y httpd-2.4 && \\\n    echo done && \\\n    microdnf clean all\n",
    ),
    (
        "zypper-clean",
        "RUN zypper -n in httpd\n",
        "RUN zypper -n in httpd \\\n && zypper clean --all\n",
    ),
    ("npm-cache", "RUN npm ci\n", "RUN npm ci \\\n && npm cache clean --force\n"),
    ("yarn-cache", "RUN yarn\n", "RUN yarn \\\n && yarn cache clean\n"),
    # How an option is inserted.
    ("apt-no-yes", "RUN apt-get install curl\n", "RUN apt-get install -y curl\n"),
    ("apt-no-yes", "RUN apt-get install \\\n curl\n", "RUN apt-get install -y \\\n curl\n"),
    (
        "apt-no-yes",
        'RUN ["apt-get", "install", "curl"]\n',
        'RUN ["apt-get", "install", "-y", "curl"]\n',
    ),
    (
        "apt-no-yes",
        "RUN bash -c 'apt-get install curl'\n",
        "RUN bash -c 'apt-get install -y curl'\n",
    ),
    (
        "apt-no-yes",
        'RUN ["sh", "-c", "apt-get install curl"]\n',
        'RUN ["sh", "-c", "apt-get install -y curl"]\n',
    ),
    (
        "apt-recommends",
        "RUN apt-get install -y less\n",
        "RUN apt-get install -y --no-install-recommends less\n",
    ),
    (
        "apt-recommends",
        "RUN apt-get -y install less\n",
        "RUN apt-get -y install --no-install-recommends less\n",
    ),
    (
        "apt-recommends",
        "RUN apt-get install gcc-12 curl git\n",
        "RUN apt-get install --no-install-recommends gcc-12 libc6-dev curl ca-certificates git\n",
    ),
    (
        "apt-recommends",
        "RUN apt-get install \\\n  gcc \\\n  make\n",
        "RUN apt-get install --no-install-recommends \\\n  gcc \\\n  libc6-dev \\\n  make\n",
    ),
    (
        "apt-recommends",
        'RUN ["apt-get", "install", "-y", "wget"]\n',
        'RUN ["apt-get", "install", "-y", "--no-install-recommends", "wget", "ca-certificates"]\n',
    ),
    ("yum-no-yes", "RUN yum install a\n", "RUN yum install -y a\n"),
    ("dnf-no-yes", "RUN dnf group install a\n", "RUN dnf group install -y a\n"),
    ("zypper-no-yes", "RUN zypper si a\n", "RUN zypper --non-interactive si a\n"),
    ("pacman-no-yes", "RUN pacman -Sy a\n", "RUN pacman -Sy --noconfirm a\n"),
    ("apk-no-yes", "RUN apk add -i a\n", "RUN apk add a\n"),
    ("apk-no-yes", "RUN apk --interactive add a\n", "RUN apk add a\n"),
    (
        "apk-cache",
        "RUN apk add a && apk add b\n",
        "RUN apk add --no-cache a && apk add --no-cache b\n",
    ),
    ("apk-cache", "RUN apk update && \\\n    apk add a\n", "RUN apk add --no-cache a\n"),
    ("apk-cache", "RUN apk update && apk add --no-cache a\n", "RUN apk add --no-cache a\n"),
    (
        "pip-cache",
        "RUN python3 -m pip install a\n",
        "RUN python3 -m pip install --no-cache-dir a\n",
    ),
    ("wget-progress", "RUN wget -O /x http://x/\n", "RUN wget -nv -O /x http://x/\n"),
    # Words, instructions, lines.
    ("apt-cli", "RUN apt update\n", "RUN apt-get update\n"),
    ("apt-cli", "RUN apt policy\n", "RUN apt-cache policy\n"),
    ("apt-cli", 'RUN ["apt", "update"]\n', 'RUN ["apt-get", "update"]\n'),
    (
        "package-list-duplicate",
        "RUN apt-get install \\\n    a \\\n    b \\\n    a\n",
        "RUN apt-get install \\\n    a \\\n    b\n",
    ),
    ("package-list-duplicate", "RUN apk add a a b\n", "RUN apk add a b\n"),
    (
        "package-list-unsorted",
        "RUN apt-get install -y \\\n    git \\\n    curl=7.1 \\\n    bzip2 && true\n",
        "RUN apt-get install -y \\\n    bzip2 \\\n    curl=7.1 \\\n    git && true\n",
    ),
    (
        "debian-frontend-env",
        "env DEBIAN_FRONTEND noninteractive\n",
        "arg DEBIAN_FRONTEND=noninteractive\n",
    ),
    (
        "debian-frontend-env",
        "ENV DEBIAN_FRONTEND=noninteractive\n",
        "ARG DEBIAN_FRONTEND=noninteractive\n",
    ),
    (
        "apt-update-alone",
        f"RUN {UPDATE}\n\nRUN {INSTALL}\n",
        f"RUN {UPDATE} \\\n && {INSTALL} \\\n && {REMOVE}\n",
    ),
    (
        "apt-update-alone",
        f"RUN {UPDATE}\nRUN {INSTALL}\nRUN {INSTALL}\n",
        f"RUN {UPDATE} \\\n && {INSTALL}\nRUN {INSTALL}\n",
    ),
    (
        "apt-update-alone",
        f"RUN --network=none {UPDATE} && \\\n\ttrue\nRUN --network=none {INSTALL} \\\n\tgit\n",
        (f"RUN --network=none {UPDATE} && \\\n\ttrue \\\n\t&& {INSTALL} \\\n\tgit"
        f" \\\n\t&& {REMOVE}\n"),
    ),
    ("apt-install-without-update", f"RUN {INSTALL}\n", f"RUN {UPDATE} && {INSTALL}\n"),
    (
        "apt-install-without-update",
        f"RUN <<EOF\n#!/bin/sh -e\n{INSTALL}\nEOF\n",
        f"RUN <<EOF\n#!/bin/sh -e\n{UPDATE}\n{INSTALL}\nEOF\n",
    ),
    (
        "heredoc-no-errexit",
        "RUN <<EOF\na\nb\nEOF\nUSER app\n",
        "RUN <<EOF\nset -e\na\nb\nEOF\nUSER app\n",
    ),
    (
        "heredoc-no-errexit",
        "RUN <<-EOF\n\t#!/bin/bash\n\ta\n\tb\n\tEOF\n",
        "RUN <<-EOF\n\t#!/bin/bash\n\tset -e\n\ta\n\tb\n\tEOF\n",
    ),
    ("heredoc-no-errexit", "RUN bash <<EOF\na\nb\nEOF\n", "RUN bash <<EOF\nset -e\na\nb\nEOF\n"),
    (
        "pipefail-missing",
        'SHELL ["/bin/bash", "-c"]\nRUN curl x | tar x\n',
        'SHELL ["/bin/bash", "-c"]\nRUN set -o pipefail && curl x | tar x\n',
    ),
    (
        "pipefail-missing",
        "RUN curl x | tar x\n",
        'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl x | tar x\n',
    ),
    (
        "run-cd",
        "# build it\nRUN cd /src && make\n",
        "# build it\nWORKDIR /src\nRUN make\n",
    ),
    ("run-cd", "run cd src && \\\n  make\n", "workdir src\nrun make\n"),
    (
        "npm-install-not-ci",
        "COPY package-lock.json .\nRUN npm i --omit=dev\n",
        "COPY package-lock.json .\nRUN npm ci --omit=dev\n",
    ),
]  # fmt: skip

CHANGES_THE_NUMBER = {"apt-update-alone": -1, "run-cd": 1, "pipefail-missing": 1}
FIXING = [rule for rule in all_rules() if rule.id in {case[0] for case in CASES}]


def fixes_of(found: list[Finding]) -> list[Fix]:
    return [fix for finding in found for fix in finding.fixes]


@pytest.mark.parametrize(("rule", "before", "after"), CASES)
def test_a_fix(rule: str, before: str, after: str) -> None:
    before, after = f"FROM debian:12\n{before}", f"FROM debian:12\n{after}"
    found = judge(rule, before)
    assert apply(before, fixes_of(found)) == after
    assert not judge(rule, after)


@pytest.mark.parametrize(("rule", "before", "after"), CASES)
def test_a_fix_keeps_carriage_returns(rule: str, before: str, after: str) -> None:
    before = f"FROM debian:12\n{before}".replace("\n", "\r\n")
    after = f"FROM debian:12\n{after}".replace("\n", "\r\n")
    if "<<" in before:
        pytest.skip("a heredoc's commands end in carriage returns: the shell is given them")
    assert apply(before, fixes_of(judge(rule, before))) == after


@pytest.mark.parametrize(("rule", "before", "after"), CASES)
def test_a_fix_keeps_the_escape_character(rule: str, before: str, after: str) -> None:
    head = "# escape=`\nFROM debian:12\n"
    before, after = head + before.replace("\\\n", "`\n"), head + after.replace("\\\n", "`\n")
    assert apply(before, fixes_of(judge(rule, before))) == after


NOT_FIXED = [
    ("apt-lists-left", f"RUN {UPDATE} && {INSTALL} # done\n"),
    ("apt-lists-left", f"RUN {UPDATE} && {INSTALL} && exec true\n"),
    ("apt-lists-left", f'RUN ["sh", "-c", "{UPDATE}"]\n'),
    ("apt-lists-left", f"USER app\nRUN {UPDATE}\n"),
    ("apt-lists-left", f"RUN {UPDATE} && sleep 1 &\n"),
    ("apt-lists-left", f"RUN {UPDATE} && cat <<EOF\nx\nEOF\n"),
    ("apt-lists-left", f"RUN <<EOF\n{UPDATE}\n{INSTALL}\nif a; then\n  b\nfi\nEOF\n"),
    ("apt-update-alone", f"RUN {UPDATE}\n# why\nRUN {INSTALL}\n"),
    ("apt-update-alone", f"RUN {UPDATE}\nRUN --network=none {INSTALL}\n"),
    ("apt-update-alone", f"RUN {UPDATE}\nUSER root\nRUN {INSTALL}\n"),
    ("apt-update-alone", f"RUN cd /x && {UPDATE}\nRUN {INSTALL}\n"),
    ("apt-update-alone", f"RUN {UPDATE}\nRUN {INSTALL}; true\n"),
    ("apt-cli", "RUN apt frobnicate\n"),
    ("apt-cli", "RUN a\\\npt update\n"),
    ("debian-frontend-env", "ENV A=1 DEBIAN_FRONTEND=noninteractive\n"),
    ("run-cd", "RUN cd $X && make\n"),
    ("run-cd", "RUN cd /x || true\n"),
    ("go-cache", "RUN go install example.com/x@v1\n"),
    ("package-list-duplicate", "RUN apt-get install -y a b \\\n# why\n a\n"),
]


@pytest.mark.parametrize(("rule", "text"), NOT_FIXED)
def test_what_has_no_fix(rule: str, text: str) -> None:
    found = judge(rule, f"FROM debian:12\n{text}")
    assert found
    assert not fixes_of(found)


def test_recommended_packages_are_left_out_only_by_consent() -> None:
    """A build may need them as much as an image: gcc only recommends the C library's headers."""
    text = (
        "FROM debian:12 AS a\nRUN apt-get install -y x\nFROM debian:12\nRUN apt-get install -y x\n"
    )
    safeties = [fix.safety for fix in fixes_of(judge("apt-recommends", text))]
    assert safeties == [Safety.UNSAFE, Safety.UNSAFE]


def test_a_stage_that_names_what_is_recommended_gets_it_no_second_time() -> None:
    text = "FROM debian:12\nRUN apt-get install -y gcc\nRUN apt-get install -y libc6-dev\n"
    (fix, _) = fixes_of(judge("apt-recommends", text))
    assert "libc6-dev" not in fix.title


@pytest.mark.parametrize(
    ("behind", "safety"),
    [
        ("", Safety.SAFE),
        ("RUN make install\n", Safety.SAFE),
        ("RUN bash -c 'echo done'\n", Safety.SAFE),
        ("RUN sh -e ./more.sh\n", Safety.UNSAFE),
        ("COPY more.sh /\nRUN /more.sh --quiet\n", Safety.UNSAFE),
        ("RUN . /setup && true\n", Safety.UNSAFE),
        ("FROM base\nRUN bash /more\n", Safety.UNSAFE),
    ],
)
def test_lists_that_a_script_may_install_from_stay(behind: str, safety: Safety) -> None:
    text = f"FROM debian:12 AS base\nRUN ./first.sh\nRUN {UPDATE} && {INSTALL}\n{behind}"
    (fix,) = fixes_of(judge("apt-lists-left", text))
    assert fix.safety is safety


def test_unsafe_fixes_say_what_may_change() -> None:
    for rule, before, _ in CASES:
        for fix in fixes_of(judge(rule, f"FROM debian:12\n{before}")):
            assert bool(fix.effect) == (fix.safety is Safety.UNSAFE), (rule, before)


PART, PARTS = 0, 5
"""Of the recorded files, every fifth is enough for each change."""


@pytest.fixture(
    params=[PART, *(pytest.param(part, marks=pytest.mark.full) for part in range(1, PARTS))]
)
def texts(request: pytest.FixtureRequest) -> list[str]:
    rows = read_rows(oracle("hadolint-commands.jsonl.zst"))
    found = [row.text for row in recorded() if row.accepted] + [str(row["text"]) for row in rows]
    return found[request.param :: PARTS]


def check_fix(text: str, finding: Finding, fix: Fix) -> None:
    """A fix leaves a file that parses, with its comments, and without the finding."""
    before, after = encoded(text), apply(text, [fix])
    assert after != text
    old, new = parse(before), parse(encoded(after))
    assert not new.problems or old.problems, (finding, after)
    number = len(new.instructions) - len(old.instructions)
    assert number in {0, CHANGES_THE_NUMBER.get(finding.rule.id, 0)}, (finding, after)
    assert [one.text for one in new.comments] == [one.text for one in old.comments]
    assert alike(finding, after) < alike(finding, text), after


def alike(finding: Finding, text: str) -> int:
    """How many findings of a rule say the same of the same words."""
    found = judge(finding.rule, encoded(text))
    return sum((one.message, one.evidence) == (finding.message, finding.evidence) for one in found)


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def test_fixes_of_recorded_files_hold(texts: list[str]) -> None:
    fixed = 0
    for text in texts:
        for finding in judge(FIXING, encoded(text)):
            for fix in finding.fixes:
                fixed += 1
                check_fix(text, finding, fix)
    assert fixed > 200


MAX_PASSES = 5


def test_all_fixes_together_come_to_an_end(texts: list[str]) -> None:
    for before in texts:
        text = before
        for _ in range(MAX_PASSES):
            text = apply(text, fixes_of(judge(FIXING, encoded(text))))
        assert not fixes_of(judge(FIXING, encoded(text))), text
        assert not parse(encoded(text)).problems or parse(encoded(before)).problems, (before, text)
