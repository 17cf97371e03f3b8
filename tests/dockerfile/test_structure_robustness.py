"""No rule about structure raises or runs away, whatever the text is."""

import random

import pytest

from seawall.dockerfile.build import evaluate
from seawall.dockerfile.checking import Plan
from seawall.dockerfile.context import BuildContext
from seawall.dockerfile.ignore_comments import read
from seawall.dockerfile.problems import rule_for
from seawall.dockerfile.rule import Context, Surroundings
from seawall.dockerfile.rules import all_rules
from seawall.text.dockerfile.parser import parse
from tests.dockerfile.corpus import recorded
from tests.dockerfile.support import edited

FILES = BuildContext((".git/", ".env", "a", "app.py", "src/", "src/x.key"), complete=True)
SURROUNDINGS = Surroundings(
    "src\n!src/x\n*.md\n[\n", ".dockerignore", lambda: FILES, lambda path: f"#!/bin/sh\n{path}\n"
)
ARGUMENTS = {"VERSION": "", "TAG": "latest", "BASE_IMAGE": "::"}
TARGETS = ("build", "builder", "base", "0", "")
PINS = {f"docker.io/library/{name}": "sha256:" + "0" * 64 for name in ("alpine:3.99", "a:1.2")}
PLAN = Plan(all_rules())
COMMENTS = (
    b"# seawall: ignore[x] why\n", b"# hadolint ignore=DL3000\n", b"#trivy:ignore:DS-0001:exp:x\n",
    b"# check=skip=all\n", b"# kics-scan ignore-block\n", b"#checkov:skip=CKV_DOCKER_1\n",
    b"# hadolint shell=cmd\n", b"# hadolint stage ignore=DL1\n",
)  # fmt: skip


def judged(data: bytes) -> None:
    build = evaluate(parse(data))
    context = Context(build, surroundings=SURROUNDINGS, pins=PINS)
    outcome = PLAN.check(build, "Dockerfile", context)
    assert not outcome.faults, (data, outcome.faults)
    read(build, "Dockerfile")
    for problem in build.problems:
        assert rule_for(build, problem)
    for finding in outcome.findings:
        span = finding.location.span
        assert span is not None
        assert 1 <= span.line <= span.end_line
        edited(data, finding.fixes)


def judged_as_given(data: bytes) -> None:
    """With build arguments and targets: the places in such a file are those without them."""
    build = evaluate(parse(data), ARGUMENTS, TARGETS)
    outcome = PLAN.check(build, "Dockerfile", Context(build, surroundings=SURROUNDINGS))
    assert not outcome.faults, (data, outcome.faults)


def mutants(seed: int, count: int) -> list[bytes]:
    chance = random.Random(seed)
    rows = recorded()
    found = []
    for _ in range(count):
        data = bytearray(chance.choice(rows).text.encode("utf-8", "surrogateescape"))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data) + 1)
            kind = chance.randrange(5)
            if kind == 0:
                del data[at : at + chance.randint(1, 6)]
            elif kind == 1:
                data[at:at] = data[at : at + chance.randint(1, 30)]
            elif kind == 2:
                data[at:at] = bytes(
                    chance.choice(b"\\`$\"'[]{}<>=,:#/ \t\r\n\x00\xff") for _ in "ab"
                )
            elif kind == 3:
                line = data.rfind(b"\n", 0, at) + 1
                data[line:line] = chance.choice(COMMENTS)
            else:
                other = chance.choice(rows).text.encode("utf-8", "surrogateescape")
                data[at:at] = other[: chance.randint(1, 80)]
        found.append(bytes(data))
    return found


def test_every_recorded_file() -> None:
    for row in recorded():
        judged(row.text.encode("utf-8", "surrogateescape"))


def test_mutants() -> None:
    for number, data in enumerate(mutants(7, 800)):
        judged(data)
        if number % 4 == 0:
            judged_as_given(data)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(20))
def test_many_mutants(seed: int) -> None:
    for data in mutants(1000 + seed, 1500):
        judged(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n" * 100_000,
        b"FROM a\n" + b"# seawall: ignore[x] y\n" * 20_000,
        b"FROM a\n" + b"# hadolint ignore=DL3000\nRUN x\n" * 3000,
        b"FROM a\n" + b"COPY a b c\n" * 3000,
        b"FROM a AS b\n" * 900,
        b"FROM a\n" + b"X\n" * 20_000,
        b"FROM a\nRUN x \\\n" + b"# seawall: ignore[x] y\n a \\\n" * 5000 + b" b\n",
        b"FROM a\n" + b"# check=skip=all\nCMD x\n" * 3000,
        b"FROM a\nLABEL a=" + b"x" * 60_000,
        b"FROM a\nCMD [" + b"'a'," * 15_000 + b"\n",
        b"FROM a\nENV A " + b"\\" * 30_000 + b"\n",
        b'FROM a\nLABEL org.opencontainers.image.licenses="' + b"(" * 30_000 + b'"\n',
        b"FROM a\nCOPY " + b"*" * 30_000 + b" /\n",
        b"FROM a\nEXPOSE " + b"1 " * 20_000 + b"\n",
    ],
    ids=lambda data: f"{bytes(data[:30])!r}{len(data)}",
)
def test_hostile_texts(data: bytes) -> None:
    judged(data)
