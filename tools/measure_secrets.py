"""Recall and precision of seawall and of others on the same labelled files, counted the same way.

    python -m tools.measure_secrets CREDDATA FILES [--gitleaks REPORT] [--detect-secrets REPORT]
                                    [--credsweeper REPORT]

``creddata`` says what the two are and how they are laid out. Reports of the others are made with
``FILES`` as the current directory:

    gitleaks dir . --report-format json --report-path REPORT
    detect-secrets scan --all-files --no-verify . > REPORT
    credsweeper --path . --save-json REPORT

A finding meets a label where they overlap; where a tool tells a line only, the whole line counts.
What is printed for seawall is by the weights that it has, which were fitted on these files:
``fit_secret_weights`` tells how it does on repositories that it has not seen.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from seawall.secrets import search
from seawall.secrets.candidate import Certainty
from tools.creddata import COUNTINGS, Found, Labelled, at, labelled, scores

Findings = dict[tuple[str, str], list[Found]]
Place = tuple[str, int, int, str]
"""Path below ``FILES``, first and last line, and the value where it is told."""


def of_seawall(files: Sequence[Labelled]) -> Findings:
    """What seawall finds, with its certainty as the score."""
    engine = search.search(size=search.WORTH_BUILDING)
    by_text = {id(file.text): file for file in files}
    found: Findings = defaultdict(list)
    for result in engine.run(file.text for file in files):
        file = by_text[id(result.text)]
        for secret in result.secrets:
            found[file.repository, file.text.name] += [
                Found(part.start, part.end, secret.certainty) for part in secret.occurrences
            ]
    return found


def of_gitleaks(report: Path) -> Iterator[Place]:
    """The findings of a JSON report of gitleaks'."""
    for item in json.loads(report.read_text()):
        yield item["File"], item["StartLine"], item["EndLine"], item["Secret"]


def of_detect_secrets(report: Path) -> Iterator[Place]:
    """The findings of a baseline of detect-secrets', which has no values."""
    for path, items in json.loads(report.read_text())["results"].items():
        for item in items:
            yield path, item["line_number"], item["line_number"], ""


def of_credsweeper(report: Path) -> Iterator[Place]:
    """The findings of a JSON report of CredSweeper's."""
    for item in json.loads(report.read_text()):
        for line in item["line_data_list"]:
            yield line["path"], line["line_num"], line["line_num"], line["value"] or ""


READERS = {
    "gitleaks": of_gitleaks, "detect-secrets": of_detect_secrets, "credsweeper": of_credsweeper,
}  # fmt: skip


def placed(files: Sequence[Labelled], places: Iterable[Place]) -> Findings:
    """Findings by line as stretches of bytes."""
    known = {f"{file.repository}/{file.text.name}": file for file in files}
    found: Findings = defaultdict(list)
    for path, first, last, value in sorted(set(places)):
        file = known.get(path.removeprefix("./"))
        if file is None or not 0 < first <= len(file.lines):
            continue
        start = file.lines[first - 1]
        end = file.lines[last] if last < len(file.lines) else len(file.text.data)
        at_byte = file.text.data.find(value.encode(), start, end) if value else -1
        if at_byte >= 0:
            start, end = at_byte, at_byte + len(value.encode())
        found[file.repository, file.text.name].append(Found(start, end, 1))
    return found


def rows(name: str, files: Sequence[Labelled], found: Findings, least: float) -> str:
    """A row of the table."""
    cells = []
    for how in COUNTINGS[:2]:
        items, total = scores(files, found, how)
        recall, precision = at(items, total, least)
        cells.append(f"{recall:.2f} | {precision:.2f}")
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("creddata", type=Path)
    parser.add_argument("files", type=Path)
    for name in READERS:
        parser.add_argument(f"--{name}", type=Path)
    arguments = parser.parse_args()
    files = list(labelled(arguments.creddata, arguments.files))
    size = sum(len(file.text.data) for file in files)
    print(
        f"{len({file.repository for file in files})} repositories, {len(files)} files, {size} bytes"
    )
    print("| | recall | precision | recall | precision, unlabelled left aside |")
    found = of_seawall(files)
    for certainty in (Certainty.HIGH, Certainty.MEDIUM, Certainty.LOW):
        print(rows(f"seawall, {certainty.name.lower()}", files, found, certainty))
    for name, read in READERS.items():
        report = getattr(arguments, name.replace("-", "_"))
        if report is not None:
            print(rows(name, files, placed(files, read(report)), 1))


if __name__ == "__main__":
    main()
