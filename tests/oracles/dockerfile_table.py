"""Makes docs/dockerfile-differences.md: ``python -m tests.oracles.dockerfile_table``.

``--count`` first counts the differences of each kind anew, in the recordings and, where
``SEAWALL_DOCKERFILES`` names them, on public files. Look at what changed before you commit it.
"""

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator

from tests.oracles.dockerfile_kinds import (
    DECLARATIONS,
    Kind,
    forget,
    kind_of,
    kinds,
    published,
)
from tests.oracles.hadolint import (
    COMMANDS,
    ENVIRONMENT,
    GRAMMAR,
    OURS,
    PUBLIC,
    THEIRS,
    codes,
    compare,
    dockerfiles,
)
from tests.shared import ROOT

DOCUMENT = ROOT / "docs" / "dockerfile-differences.md"
_RIGHT = {"ours": "seawall", "theirs": "**hadolint**", "both": "both"}

_HEAD = """\
# Where our verdicts on Dockerfiles differ from those of BuildKit and hadolint

Made by `python -m tests.oracles.dockerfile_table` from `tests/oracles/dockerfile_kinds.toml`; a
test compares the two.

## BuildKit

BuildKit 0.34.2: its own parser, instruction parser and linter, called as a library.

- 1,188 recorded Dockerfiles (`tests/data/oracles/dockerfiles.jsonl.zst`): every one is accepted or
  refused as BuildKit does, in its words and on its line; for each of the 788 accepted ones our
  findings under BuildKit's names are its warnings, with the same lines. No difference.
- {files} Dockerfiles of 89 public repositories: 48 are refused, by both and in the same words; of
  2,709 warnings of 13 checks 7 differ, all of one kind: `WorkdirRelativePath` of `C:\\...` in
  Windows images. The recording said of every image that it is for Linux; a real build asks.

## hadolint

hadolint 2.15.1, with ShellCheck inside. A verdict is a code on an instruction. Compared are three
sets of Dockerfiles: **grammar** (the same 1,188; hadolint can parse {grammar}), **commands**
({commands} full of package managers' calls) and **public** ({public} of the {files} above; hadolint
cannot parse the others). The first two are in `tests/data/oracles`, and every test run compares
them. The third is no part of this repository: to run it, let `SEAWALL_DOCKERFILES` name a directory
of Dockerfiles with a `recorded.jsonl` (for each a line
`{{"file": ..., "hadolint": [[code, level, line, column], ...]}}`), and run `make test-full`.

Of the {public} public files, {wrong} ({percent:.1f} %) have a difference where we are wrong.

### Agreement

How many verdicts both share, and how many one side has alone, which need not be wrong: see below.

| code | both: grammar, commands, public | only seawall | only hadolint |
|---|---|---|---|
"""

_KINDS = """
### Kinds of difference

Every difference is of one of these kinds; an undeclared one fails the test. Where "both" are right,
each does what it means to do, and says so. The counts are of verdicts in grammar, commands and
public files. An arrow marks the line of the example; each example was given to hadolint.

| codes | only | counts | why | right | evidence | example |
|---|---|---|---|---|---|---|
"""

_UNCOVERED = """
### Codes of hadolint that no rule of ours stands for

Those that begin with SC are ShellCheck's; we have the dozen that matter in a RUN
([Dockerfiles](guide/dockerfiles.md)). Reported in grammar and commands:
"""


def document() -> str:
    """The whole page."""
    public = published()
    head = _HEAD.format(
        files=f"{public.recorded:,}",
        grammar=compare(GRAMMAR).files,
        commands=f"{compare(COMMANDS).files:,}",
        public=f"{public.files:,}",
        wrong=public.wrong,
        percent=100 * public.wrong / public.files,
    )
    rows = "".join(_agreement())
    table = "".join(_row(kind) for kind in kinds())
    missing = compare(GRAMMAR).uncovered + compare(COMMANDS).uncovered
    told = ", ".join(f"{code} ({count})" for code, count in sorted(missing.items()))
    return f"{head}{rows}{_KINDS}{table}{_UNCOVERED}{told}.\n"


def _agreement() -> Iterator[str]:
    alone: Counter[tuple[str, str]] = Counter()
    for recording in (GRAMMAR, COMMANDS):
        alone.update((one.code, one.side) for one in compare(recording).differences)
    alone.update(published().alone)
    both = [compare(GRAMMAR).both, compare(COMMANDS).both, published().codes]
    for code in sorted(codes()):
        shared = [counts.get(code, 0) for counts in both]
        if any(shared) or alone[code, OURS] or alone[code, THEIRS]:
            numbers = ", ".join(map(str, shared))
            yield f"| {code} | {numbers} | {alone[code, OURS]} | {alone[code, THEIRS]} |\n"


def _row(kind: Kind) -> str:
    lines = kind.example.strip("\n").split("\n")
    lines[kind.line - 1] += "  <-"
    shown = "<br>".join(f"`{_cell(line)}`" for line in lines)
    counts = ", ".join(str(kind.times(recording)) for recording in (GRAMMAR, COMMANDS, PUBLIC))
    side = {OURS: "seawall", THEIRS: "hadolint"}[kind.side]
    return (
        f"| {' '.join(kind.codes)} | {side} | {counts} | {_cell(kind.why)} | {_RIGHT[kind.right]} "
        f"| {_cell(kind.evidence)} | {shown} |\n"
    )


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text.rstrip()).replace("|", "\\|")


def counted() -> str:
    """The declarations with the counts of today."""
    recordings = [GRAMMAR, COMMANDS, *([PUBLIC] if ENVIRONMENT in os.environ else [])]
    used = Counter(
        (kind_of(difference), recording)
        for recording in recordings
        for difference in compare(recording).differences
    )
    text, _, public = DECLARATIONS.read_text(encoding="utf-8").partition(_PUBLIC)
    text = re.sub(rf"^(?:{'|'.join(recordings)}) = \d+\n", "", text, flags=re.MULTILINE)
    head, *items = text.split("[[kind]]\n")
    for number, kind in enumerate(kinds()):
        counts = "".join(
            f"{recording} = {used[kind, recording]}\n"
            for recording in recordings
            if used[kind, recording]
        )
        items[number] = re.sub(r"(?<=\])\n(?=(?:public = \d+\n)?\n)", f"\n{counts}", items[number])
    public = _public() if PUBLIC in recordings else public
    return "[[kind]]\n".join((head, *items)) + _PUBLIC + public


_PUBLIC = "# What the last run on public files gave; their differences are counted above.\n"


def _public() -> str:
    found = compare(PUBLIC)
    wrong = {
        one.name
        for one in found.differences
        if (kind := kind_of(one)) is not None and kind.right == THEIRS
    }
    tables: dict[str, Counter[str]] = {"both": found.both}
    for side in (OURS, THEIRS):
        tables[side] = Counter(one.code for one in found.differences if one.side == side)
    recorded = len(list(dockerfiles(PUBLIC)))
    lines = [f"\n[public]\nrecorded = {recorded}\nfiles = {found.files}\nwrong = {len(wrong)}\n"]
    for name, counts in tables.items():
        lines.append(f"\n[public.{name}]\n")
        lines += [f"{code} = {count}\n" for code, count in sorted(counts.items())]
    return "".join(lines)


if __name__ == "__main__":
    if "--count" in sys.argv:
        DECLARATIONS.write_text(counted(), encoding="utf-8")
        forget()
    DOCUMENT.write_text(document(), encoding="utf-8")
