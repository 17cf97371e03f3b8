"""Fits src/seawall/secrets/data/weights.toml on labelled public code, and tells how good that is.

    python -m tools.fit_secret_weights CREDDATA FILES [--write]

``creddata`` says what the two are and how they are laid out. Weights are those of a logistic
regression around weights set by hand (``PRIOR``), which stand for what the data is too small to
show. Each repository is judged by weights fitted on others; which are judged together is drawn
``DRAWS`` times, and the mean is told with the least and the most.
"""

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import exp, sqrt
from pathlib import Path
from typing import NamedTuple

from seawall.secrets import scoring, search
from seawall.secrets.candidate import Candidate, Proof
from seawall.secrets.surroundings import Crowd
from tools.creddata import (
    COUNTINGS,
    PRECISIONS,
    Found,
    Labelled,
    at,
    by_category,
    curve,
    labelled,
    scores,
    truth_of,
)

OUTPUT = Path(__file__).parent.parent / "src" / "seawall" / "secrets" / "data" / "weights.toml"
PRIOR = {
    "always": -1.0, "name-public": -4, "name-made": -3, "name-wrong": -1, "name-about": -2.5,
    "placeholder:mask": -4,
    "placeholder:repeated": -3, "placeholder:fill-in": -3, "placeholder:name": -2.5,
    "placeholder:weak": -0.5, "placeholder:weak-variant": -0.5, "value-repeats-name": -2,
    "shape:prose": -3, "shape:address": -3, "shape:date": -2, "shape:file": -2,
    "shape:dotted": -2.5, "shape:identifier": -1.5, "shape:dashed": -1.5, "shape:word": -0.7,
    "shape:drawn": 0.5, "shape:hex": 0.3, "run": -1, "path:locale": -2, "not-ascii": -2.5,
    "form:pem": 2, "form:putty": 5, "form:jwk": 2, "form:url": 1, "form:user": 2,
    "form:option": 0.5, "form:command": 0.5, "form:command+kind:prose": -3,
    "form:query": 0.5, "form:basic": 2.5, "form:bearer": 0.5,
    "form:comparison": -1,
    "form:argument": -1, "form:element": -0.3, "path:test": -0.4, "path:docs": -0.4,
    "path:example": -0.4, "blank": -1.5, "call-follows": -3, "name:": -2, "not-drawn": -1,
    "drawn": 0.7, "name:password": 0.5, "name:password+end": 0.5, "length:4": -1.5,
    "cut": -4, "hashed": -3, "escape": -2, "odd-start": -1.5, "odd-end": -1.5, "bracketed": -1,
    "instead": -3, "form:option+shape:word": -1, "form:beside+shape:word": -1.5,
    "words-follow": -0.8, "comment": 0.4,
    "form:beside+kind:prose": -0.7, "counted": -6, "one-letter": -6,
    "address:real": 1.6, "address:elsewhere": 0.8, "table": -4, "path:plain": 0.2,
    "kind:code+placeholder:weak": -1.5, "says-secret-only": -0.7,
}  # fmt: skip
STIFFNESS = 14.0
"""How much a weight resists being moved from the one set by hand."""
FOLDS, ROUNDS, FEWEST_ROWS, FEWEST_REPOSITORIES = 8, 300, 8, 3
THRESHOLDS = {"high": 15, "medium": 10, "low": -6}
DRAWS = (3, 4, 5, 6, 7)
"""Seeds of the folds."""
ROWS_OF_A_REPOSITORY = 600
CERTAIN = 9.9
"""The score of what is proven."""


class Row(NamedTuple):
    """A candidate."""

    repository: str
    path: str
    candidate: Candidate
    label: str
    words: tuple[str, ...]
    score: float
    """What it comes to where weights do not judge it."""


def collect(files: Sequence[Labelled]) -> list[Row]:
    """The candidates of all files, whatever their score."""
    engine = search.search()
    rows = []
    for file in files:
        worth = search.worth_judging(engine.candidates(file.text))
        crowd = Crowd(worth)
        for candidate in worth:
            words = scoring.words(candidate, file.text, crowd)
            total = (scoring.by_itself(candidate, file.text) or 0) / 10
            if candidate.proof is Proof.PROVEN:
                total = CERTAIN
            elif candidate.form == scoring.IDENTIFIER:
                total = THRESHOLDS["low"] / 10
            label = truth_of(Found(candidate.start, candidate.end, 0), file.labels)
            rows.append(
                Row(file.repository, file.text.name, candidate, label, tuple({*words}), total)
            )
    return rows


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
        1
        / sqrt(same[row.repository, row.candidate.name, row.candidate.value])
        * min(1, ROWS_OF_A_REPOSITORY / size[row.repository])
        for row in rows
    ]


def fit(rows: Sequence[Row], weights: Sequence[float], words: Sequence[str]) -> dict[str, float]:
    """The weights by accelerated descent; ``always`` is not held back."""
    place = {word: index for index, word in enumerate(words)}
    same: dict[tuple[float, tuple[int, ...]], float] = defaultdict(float)
    for row, weight in zip(rows, weights, strict=True):
        indices = tuple(place[word] for word in row.words if word in place)
        same[1.0 if row.label == "T" else 0.0, indices] += weight
    truth, sets = [each for each, _ in same], [each for _, each in same]
    weights = list(same.values())
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


def in_tenths(weights: dict[str, float]) -> dict[str, float]:
    """The weights as they are written down."""
    return {word: round(weight * 10) / 10 for word, weight in weights.items()}


def score(row: Row, weights: dict[str, float]) -> float:
    """What a row's candidate comes to."""
    if not weighed(row):
        return row.score
    return weights["always"] + sum(weights.get(word, 0.0) for word in row.words)


def cross_validated(rows: Sequence[Row], words: Sequence[str], draw: int) -> list[float]:
    """The score of each row by weights of other repositories."""
    names = sorted({row.repository for row in rows})
    random.Random(draw).shuffle(names)  # noqa: S311 - the same folds each time
    judged: dict[int, float] = {}
    for fold in range(FOLDS):
        left_out = set(names[fold::FOLDS])
        train = [row for row in rows if row.repository not in left_out and weighed(row)]
        weights = in_tenths(fit(train, importance(train), words))
        for index, row in enumerate(rows):
            if row.repository in left_out:
                judged[index] = score(row, weights)
    return [judged[index] for index in range(len(rows))]


Findings = dict[tuple[str, str], list[Found]]


def found_by(rows: Sequence[Row], judged: Sequence[float]) -> Findings:
    """Findings by file."""
    found: Findings = defaultdict(list)
    for row, value in zip(rows, judged, strict=True):
        place = row.candidate.start, row.candidate.end
        found[row.repository, row.path].append(Found(*place, round(value, 2)))
    return found


def table(files: Sequence[Labelled], draws: Sequence[Findings]) -> Iterator[str]:
    """Recall at some precisions, and both at each threshold, for each way to count."""
    for how in COUNTINGS:
        counted = [scores(files, found, how) for found in draws]
        yield f"{how.title} ({counted[0][1]} labels)"
        best = [curve(*each) for each in counted]
        for precision in PRECISIONS:
            told = [each.get(precision, (0.0, 0.0))[0] for each in best]
            yield f"    recall at precision {precision}: {_spread(told)}"
        for name, least in THRESHOLDS.items():
            recall, precise = zip(*(at(*each, least / 10) for each in counted), strict=True)
            yield f"    {name}: recall {_spread(recall)}, precision {_spread(precise)}"
    yield f"| category | labels | {' | '.join(THRESHOLDS)} |"
    limits = [least / 10 for least in THRESHOLDS.values()]
    for rows in zip(*(by_category(files, found, limits) for found in draws), strict=True):
        means = [sum(part) / len(part) for part in zip(*(row[2] for row in rows), strict=True)]
        cells = " | ".join(f"{mean:.2f}" for mean in means)
        yield f"| {rows[0][0]} | {rows[0][1]} | {cells} |"


def _spread(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.3f} ({min(values):.3f} to {max(values):.3f})"


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
    draws = [found_by(rows, cross_validated(rows, words, draw)) for draw in DRAWS]
    for line in table(files, draws):
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
