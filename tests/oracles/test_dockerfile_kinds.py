"""Every difference between our verdicts on Dockerfiles and hadolint's is of a declared kind."""

import json
import os
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.oracles import dockerfile_table
from tests.oracles.dockerfile_conditions import CONDITIONS
from tests.oracles.dockerfile_kinds import RIGHT, Kind, kind_of, kinds, published
from tests.oracles.hadolint import (
    COMMANDS,
    ENVIRONMENT,
    GRAMMAR,
    OURS,
    PUBLIC,
    THEIRS,
    Dockerfile,
    codes,
    compare,
    differences_of,
    dockerfiles,
)
from tests.shared import ROOT

NUMBERS = range(len(kinds()))
WRONG_AT_MOST = 0.02
"""The part of public files with a difference where ours is wrong."""


def test_declarations_are_sound() -> None:
    for kind in kinds():
        assert set(kind.codes) <= codes(), kind
        assert kind.side in {OURS, THEIRS}
        assert kind.right in RIGHT
        assert kind.when
        assert set(kind.when) <= CONDITIONS.keys()
        assert kind.why.endswith(".")
        assert kind.evidence.endswith(".")
        assert kind.grammar + kind.commands + kind.public, kind
    used = {name for kind in kinds() for name in kind.when}
    assert used == CONDITIONS.keys(), CONDITIONS.keys() - used


def has_example(kind: Kind, verdicts: Iterable[tuple[str, int]]) -> bool:
    """Whether the example shows a difference of the kind on its line."""
    file = Dockerfile("example", kind.example.encode(), frozenset(verdicts))
    return any(
        difference.line == kind.line and kind_of(difference) == kind
        for difference in differences_of(file)
    )


@pytest.mark.parametrize("number", NUMBERS)
def test_the_example_of_a_kind_is_of_that_kind(number: int) -> None:
    kind = kinds()[number]
    verdicts = [text.split() for text in kind.theirs]
    assert has_example(kind, [(code, int(line)) for code, line in verdicts])


@pytest.mark.full
@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not on PATH")
@pytest.mark.parametrize("number", NUMBERS)
def test_hadolint_says_of_the_example_what_is_declared(number: int, tmp_path: Path) -> None:
    kind = kinds()[number]
    file = tmp_path / "Dockerfile"
    file.write_text(kind.example, encoding="utf-8")
    command = ["hadolint", "--no-fail", "--format", "json", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    verdicts = {f"{row['code']} {row['line']}" for row in json.loads(told)}
    assert verdicts == set(kind.theirs)


def problems(recording: str) -> list[str]:
    """What is undeclared, and where another number was declared."""
    used: Counter[Kind] = Counter()
    undeclared: dict[tuple[str, str], list[str]] = defaultdict(list)
    for difference in compare(recording).differences:
        kind = kind_of(difference)
        if kind is None:
            shown = f"{difference.name} line {difference.line}: {difference.text}"
            undeclared[difference.code, difference.side].append(shown)
        else:
            used[kind] += 1
    return [
        f"{len(texts)} undeclared: {code}, only {side}:\n    " + "\n    ".join(texts[:5])
        for (code, side), texts in sorted(undeclared.items())
    ] + [
        f"{recording}: declared {kind.times(recording)} but found {used[kind]}: {kind}"
        for kind in kinds()
        if kind.times(recording) != used[kind]
    ]


@pytest.mark.parametrize("recording", [GRAMMAR, COMMANDS])
def test_every_difference_is_declared(recording: str) -> None:
    found = problems(recording)
    assert not found, "\n".join(found)


def test_there_is_enough_to_compare() -> None:
    grammar, commands = compare(GRAMMAR), compare(COMMANDS)
    assert grammar.files > 650
    assert commands.files > 1100
    both = grammar.both + commands.both
    assert both.total() > 3000
    assert len(both) > 50
    assert published().files > 1000


def test_few_public_files_have_a_difference_where_ours_is_wrong() -> None:
    assert published().wrong <= WRONG_AT_MOST * published().files


@pytest.mark.full
@pytest.mark.skipif(ENVIRONMENT not in os.environ, reason=f"{ENVIRONMENT} names no directory")
def test_every_difference_on_public_files_is_declared() -> None:
    found = problems(PUBLIC)
    assert not found, "\n".join(found)
    assert len(list(dockerfiles(PUBLIC))) >= 800
    comparison = compare(PUBLIC)
    wrong = {
        difference.name
        for difference in comparison.differences
        if (kind := kind_of(difference)) is not None and kind.right == THEIRS
    }
    assert published().files == comparison.files
    assert published().wrong == len(wrong)
    assert published().codes == dict(comparison.both)
    alone = Counter((one.code, one.side) for one in comparison.differences)
    assert published().alone == dict(alone)


def test_the_document_is_made_from_the_declarations() -> None:
    document = ROOT / "docs" / "dockerfile-differences.md"
    assert document.read_text(encoding="utf-8") == dockerfile_table.document()
