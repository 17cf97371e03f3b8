"""Draw findings from JSON reports and print a table to judge them in: see docs/precision.md.

    python tools/sample_findings.py --seed 1 owner+name.json other+name.json

Every report gives the same number of findings; what a small one cannot give, the others give. Which
findings are drawn depends only on the seed and their fingerprints, so that a report with some
findings less still gives the others.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple


class Drawn(NamedTuple):
    """A finding to judge."""

    repository: str
    place: str
    rule: str
    subject: str
    message: str


class Candidate(NamedTuple):
    """A finding of a report. Its ``lot`` decides whether it is drawn."""

    lot: str
    finding: Drawn


def candidates(path: Path, seed: int, left_out: Sequence[str] = ()) -> list[Candidate]:
    """The findings of a report, in the order of the draw; not those in files left out."""
    repository = path.stem.replace("+", "/", 1)
    result = []
    for finding in json.loads(path.read_text(encoding="utf-8"))["findings"]:
        location, subject = finding["location"], finding["subject"]
        file = f"{repository}/{location['path']}"
        if any(fnmatchcase(file, pattern) for pattern in left_out):
            continue
        lot = sha256(f"{seed} {repository} {finding['fingerprint']}".encode()).hexdigest()
        name = "/".join(part for part in (subject["namespace"], subject["name"]) if part)
        what = " ".join(part for part in (subject["kind"], name, subject["container"]) if part)
        place = f"{location['path']}:{location['line']}"
        drawn = Drawn(repository, place, finding["rule"], what, finding["message"])
        result.append(Candidate(lot, drawn))
    return sorted(result)


def shares(sizes: Sequence[int], number: int, most: int) -> list[int]:
    """How many findings each report gives: as evenly as its size and ``most`` allow."""
    given = [0] * len(sizes)
    while sum(given) < number:
        open_ = [index for index, size in enumerate(sizes) if given[index] < min(size, most)]
        if not open_:
            break
        for index in open_[: number - sum(given)]:
            given[index] += 1
    return given


def draw(reports: Sequence[Sequence[Candidate]], number: int, most: int) -> list[Drawn]:
    """The findings to judge, report by report, sorted by place."""
    given = shares([len(report) for report in reports], number, most)
    return [
        finding
        for report, share in zip(reports, given, strict=True)
        for finding in sorted(candidate.finding for candidate in report[:share])
    ]


def table(findings: Iterable[Drawn]) -> Iterator[str]:
    """The lines of a Markdown table with two empty columns, for the judgement and its reason."""
    yield "| no. | repository | place | rule | subject | message | right? | why |"
    yield "|---|---|---|---|---|---|---|---|"
    for number, finding in enumerate(findings, 1):
        cells = (str(number), *finding, "", "")
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="draw findings to judge from JSON reports")
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--number", type=int, default=200, help="how many findings (default: 200)")
    parser.add_argument("--most", type=int, default=40, help="of one report (default: 40)")
    parser.add_argument(
        "--leave-out", action="append", default=[], metavar="GLOB",
        help="no findings of files like this: owner/name/path",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    reports = [
        candidates(path, options.seed, options.leave_out) for path in sorted(options.reports)
    ]
    drawn = draw(reports, options.number, options.most)
    sys.stdout.write("".join(f"{line}\n" for line in table(drawn)))


if __name__ == "__main__":
    main()
