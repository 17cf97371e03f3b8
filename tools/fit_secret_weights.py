"""Fits src/seawall/secrets/data/weights.toml on labelled public code, and tells how good that is.

    python tools/fit_secret_weights.py CREDDATA FILES [--write]

``CREDDATA`` is a checkout of Samsung's CredData (labels only), ``FILES`` a directory with the
labelled files: ``FILES/ID/PATH``, where ID is the repository's id in ``CREDDATA/meta`` and PATH the
file's path in the commit that ``snapshot.json`` names by the first 40 digits of its key. Only
repositories are taken of which both the key and the id begin with an even digit; the others are for
a check by somebody who has not seen the weights. None of the data belongs into this repository.

Weights are those of a logistic regression around weights set by hand (``PRIOR``), which stand for
what the data is too small to show. Each repository is judged by weights fitted on others.
"""

import argparse
import binascii
import csv
import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import exp, sqrt
from pathlib import Path
from typing import NamedTuple

from seawall.secrets import scoring, search
from seawall.secrets.candidate import Candidate, Proof
from seawall.secrets.features import SCANNED, features, path_features
from seawall.secrets.placeholders import is_reference
from seawall.secrets.text import Text, text_of

OUTPUT = Path(__file__).parent.parent / "src" / "seawall" / "secrets" / "data" / "weights.toml"
PRIOR = {
    "always": -1.0, "name-public": -4, "name-made": -3, "name-about": -1.5, "placeholder:mask": -4,
    "placeholder:repeated": -3, "placeholder:fill-in": -3, "placeholder:name": -2.5,
    "placeholder:weak": -0.5, "placeholder:weak-variant": -0.5, "value-repeats-name": -2,
    "shape:prose": -3, "shape:address": -3, "shape:date": -2, "shape:file": -2,
    "shape:dotted": -2.5, "shape:identifier": -1.5, "shape:dashed": -1.5, "shape:word": -0.7,
    "shape:drawn": 0.5, "shape:hex": 0.3, "run": -1, "path:locale": -2, "not-ascii": -2.5,
    "form:pem": 2, "form:putty": 5, "form:jwk": 2, "form:url": 1, "form:user": 2,
    "form:option": 0.5, "form:query": 0.5, "form:basic": 1.5, "form:bearer": 0.5,
    "form:comparison": -1,
    "form:argument": -1, "form:element": -0.3, "path:test": -0.4, "path:docs": -0.4,
    "path:example": -0.4, "blank": -1.5, "call-follows": -3, "name:": -2, "not-drawn": -1,
    "drawn": 0.7, "name:password": 0.5, "name:password+end": 0.5, "length:4": -1.5,
}  # fmt: skip
STIFFNESS = 14.0
"""How much a weight resists being moved from the one set by hand."""
FOLDS, ROUNDS, FEWEST_ROWS, FEWEST_REPOSITORIES = 8, 150, 8, 3
THRESHOLDS = {"high": 13, "medium": 5, "low": -6}
IDENTIFIERS = {"UUID", "AWS S3 Bucket", "Tencent WeChat API App ID"}
"""Categories of names, not of secrets."""
UNLABELLED_WEIGHT, ROWS_OF_A_REPOSITORY = 0.6, 300
SURE = {Proof.PROVEN: 9.9, Proof.PLAUSIBLE: 2.9}
"""Scores of what is not judged by weights: proven values, and tokens of a provider."""


class Label(NamedTuple):
    """A labelled stretch of a file, in bytes."""

    start: int
    end: int
    truth: str
    category: str


class Row(NamedTuple):
    """A candidate."""

    repository: str
    path: str
    candidate: Candidate
    label: str
    words: tuple[str, ...]


def repositories(creddata: Path, files: Path) -> Iterator[tuple[str, Path]]:
    """The ids that may be used, with the directory of their files."""
    for key in sorted(json.loads((creddata / "snapshot.json").read_text())):
        identity = f"{binascii.crc32(binascii.unhexlify(key)):08x}"
        even = set("02468ace")
        if key[0] in even and identity[0] in even and (files / identity).is_dir():
            yield identity, files / identity


def labelled(creddata: Path, files: Path) -> Iterator[tuple[str, Text, list[Label]]]:
    """The files with their labels; a file's id is the first digits of its path's SHA-256."""
    for identity, directory in repositories(creddata, files):
        with (creddata / "meta" / f"{identity}.csv").open(newline="") as stream:
            rows = defaultdict(list)
            for row in csv.DictReader(stream):
                rows[row["FileID"]].append(row)
        for path in sorted(directory.rglob("*")):
            name = path.relative_to(directory).as_posix()
            known = rows.get(hashlib.sha256(name.encode()).hexdigest()[:8])
            text = text_of(name, path.read_bytes()) if known and path.is_file() else None
            if known and text is not None:
                yield identity, text, list(_labels(text.data, known))


def _labels(data: bytes, rows: Sequence[dict[str, str]]) -> Iterator[Label]:
    lines = data.split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for row in rows:
        first, last = int(row["LineStart"]) - 1, int(row["LineEnd"]) - 1
        if last >= len(lines):
            continue
        start, end = (int(row[name] or -1) for name in ("ValueStart", "ValueEnd"))
        yield Label(
            starts[first] + (_bytes(lines[first], start) if start >= 0 else 0),
            starts[last] + (_bytes(lines[last], end) if end >= 0 else len(lines[last])),
            row["GroundTruth"],
            row["Category"].partition(":")[0],
        )


def _bytes(line: bytes, characters: int) -> int:
    return len(line.decode("utf-8", "replace")[:characters].encode())


def collect(files: Sequence[tuple[str, Text, list[Label]]]) -> list[Row]:
    """The candidates of all files, whatever their score."""
    engine = search.search()
    rows = []
    for identity, text, labels in files:
        for candidate in engine.candidates(text):
            value = candidate.value.reveal()
            sure = candidate.form in scoring.SURE_FORMS
            if candidate.proof is not Proof.REFUTED and (sure or not is_reference(value)):
                follows = text.data[candidate.end : candidate.end + 1] == b"("
                words = features(
                    candidate.form, candidate.name, value[:SCANNED], text.kind,
                    path_features(text.name), call_follows=follows,
                )  # fmt: skip
                label = _label_of(candidate, labels)
                rows.append(Row(identity, text.name, candidate, label, tuple({*words})))
    return rows


def _label_of(candidate: Candidate, labels: Sequence[Label]) -> str:
    found = [label.truth for label in labels if _meet(candidate, label)]
    return "T" if "T" in found else found[0] if found else ""


def _meet(candidate: Candidate, label: Label) -> bool:
    return candidate.start < label.end and label.start < candidate.end


def weighed(row: Row) -> bool:
    """Whether weights judge a candidate."""
    return row.candidate.proof is not Proof.PROVEN and row.candidate.form not in scoring.SURE_FORMS


def vocabulary(rows: Sequence[Row]) -> list[str]:
    """The features that occur often enough, and in enough repositories."""
    count: Counter[str] = Counter()
    where = defaultdict(set)
    for row in rows:
        for word in row.words:
            count[word] += 1
            where[word].add(row.repository)
    often = {
        word
        for word, number in count.items()
        if number >= FEWEST_ROWS and len(where[word]) >= FEWEST_REPOSITORIES
    }
    return sorted(often | PRIOR.keys() - {"always"})


def importance(rows: Sequence[Row]) -> list[float]:
    """What each row counts: the same line again and again, or one large repository, count less."""
    same = Counter((r.repository, r.candidate.name, r.candidate.value) for r in rows)
    size = Counter(row.repository for row in rows)
    return [
        (1.0 if row.label else UNLABELLED_WEIGHT)
        / sqrt(same[row.repository, row.candidate.name, row.candidate.value])
        * min(1, ROWS_OF_A_REPOSITORY / size[row.repository])
        for row in rows
    ]


def fit(rows: Sequence[Row], weights: Sequence[float], words: Sequence[str]) -> dict[str, float]:
    """The weights by accelerated descent; ``always`` is not held back."""
    place = {word: index for index, word in enumerate(words)}
    sets = [[place[word] for word in row.words if word in place] for row in rows]
    truth = [1.0 if row.label == "T" else 0.0 for row in rows]
    prior = [PRIOR.get(word, 0.0) for word in words]
    current, ahead = [*prior, PRIOR["always"]], [*prior, PRIOR["always"]]
    steps = _steps(sets, weights, len(words))
    for turn in range(ROUNDS):
        slope = [STIFFNESS * (w - p) for w, p in zip(ahead, prior, strict=False)] + [0.0]
        for indices, is_true, weight in zip(sets, truth, weights, strict=True):
            total = ahead[-1] + sum([ahead[index] for index in indices])
            error = weight * (1 / (1 + exp(-max(min(total, 40), -40))) - is_true)
            for index in indices:
                slope[index] += error
            slope[-1] += error
        following = [w - s * step for w, s, step in zip(ahead, slope, steps, strict=True)]
        momentum = turn / (turn + 3)
        ahead = [f + momentum * (f - c) for f, c in zip(following, current, strict=True)]
        current = following
    return {**dict(zip(words, current, strict=False)), "always": current[-1]}


def _steps(sets: Sequence[Sequence[int]], weights: Sequence[float], count: int) -> list[float]:
    """How far each weight may go at once: the curve is nowhere steeper than this tells."""
    most = max(map(len, sets)) + 1
    bounds = [STIFFNESS] * count + [1.0]
    for indices, weight in zip(sets, weights, strict=True):
        for index in (*indices, count):
            bounds[index] += 0.25 * most * weight
    return [1 / bound for bound in bounds]


def score(row: Row, weights: dict[str, float]) -> float:
    """What a row's candidate comes to."""
    if not weighed(row):
        return SURE[row.candidate.proof]
    return weights["always"] + sum(weights.get(word, 0.0) for word in row.words)


def cross_validated(rows: Sequence[Row], words: Sequence[str]) -> list[float]:
    """The score of each row by weights of other repositories."""
    names = sorted({row.repository for row in rows})
    random.Random(3).shuffle(names)  # noqa: S311 - the same folds each time
    scores: dict[int, float] = {}
    for fold in range(FOLDS):
        left_out = set(names[fold::FOLDS])
        train = [row for row in rows if row.repository not in left_out and weighed(row)]
        weights = fit(train, importance(train), words)
        for index, row in enumerate(rows):
            if row.repository in left_out:
                scores[index] = score(row, weights)
    return [scores[index] for index in range(len(rows))]


def table(
    files: Sequence[tuple[str, Text, list[Label]]], rows: Sequence[Row], scores: Sequence[float]
) -> Iterator[str]:
    """Recall at some precisions; with what nobody labelled as false, and left aside."""
    by_file = defaultdict(list)
    for row, value in zip(rows, scores, strict=True):
        by_file[row.repository, row.path].append((row, value))
    for without, unlabelled in ((False, True), (True, True), (True, False)):
        items, total = [], 0
        for identity, text, labels in files:
            found = by_file[identity, text.name]
            for label in labels:
                if label.truth == "T" and not (without and label.category in IDENTIFIERS):
                    total += 1
                    reach = [value for row, value in found if _meet(row.candidate, label)]
                    items += [(max(reach), True)] if reach else []
            fine = ("T",) if unlabelled else ("T", "")
            false = [pair for pair in found if pair[0].label not in fine]
            items += [(value, False) for value in _apart(false)]
        yield _line(items, total, without=without, unlabelled=unlabelled)


def _apart(pairs: Sequence[tuple[Row, float]]) -> Iterator[float]:
    """The highest score of each group of candidates that overlap."""
    end, best = -1, 0.0
    for row, value in sorted(pairs, key=lambda pair: pair[0].candidate.start):
        if row.candidate.start >= end:
            if end >= 0:
                yield best
            end, best = row.candidate.end, value
        end, best = max(end, row.candidate.end), max(best, value)
    if end >= 0:
        yield best


def _line(items: list[tuple[float, bool]], total: int, *, without: bool, unlabelled: bool) -> str:
    best: dict[float, tuple[float, float]] = {}
    true = 0
    for number, (value, is_true) in enumerate(sorted(items, reverse=True), 1):
        true += is_true
        for precision in (0.95, 0.9, 0.8):
            if true / number >= precision:
                best[precision] = (true / total, value)
    told = ", ".join(f"{p}: {r:.3f} (from {v:.1f})" for p, (r, v) in best.items())
    which = "without identifiers" if without else "all categories"
    return f"{which}, unlabelled {'false' if unlabelled else 'left aside'}; recall at {told}"


def main() -> None:
    """Collect, fit, judge, and write if that was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("creddata", type=Path)
    parser.add_argument("files", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    files = list(labelled(arguments.creddata, arguments.files))
    rows = collect(files)
    to_weigh = [row for row in rows if weighed(row)]
    words = vocabulary(to_weigh)
    for line in table(files, rows, cross_validated(rows, words)):
        print(line)
    if arguments.write:
        weights = fit(to_weigh, importance(to_weigh), words)
        lines = [f'"{word}" = {round(weights[word] * 10)}' for word in words]
        thresholds = [f'"threshold:{name}" = {value}' for name, value in THRESHOLDS.items()]
        head = "# What each feature weighs, in tenths of the natural logarithm of the odds.\n"
        head += "# Written by tools/fit_secret_weights.py.\n"
        kept = [line for line in lines if not line.endswith(" = 0")]
        always = f'"always" = {round(weights["always"] * 10)}'
        OUTPUT.write_text("\n".join([head, always, *thresholds, "", *kept]) + "\n")


if __name__ == "__main__":
    main()
