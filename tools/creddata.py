"""Labelled public code for the secrets: how it is laid out, read and counted.

    python -m tools.creddata CREDDATA MIRRORS FILES

lays it out. ``CREDDATA`` is a checkout of https://github.com/Samsung/CredData (labels only),
``MIRRORS`` a directory with git directories of the repositories that its ``snapshot.json`` names,
``MIRRORS/OWNER+NAME/repo``; the labelled files of the commits named there are written to
``FILES/ID/PATH``, where ID is the repository's in ``CREDDATA/meta``. Only repositories are taken of
which both the key in ``snapshot.json`` and the id begin with an even digit; the others are for a
check by somebody who has not seen the weights. None of the data belongs into this repository.
"""

import argparse
import binascii
import csv
import hashlib
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from seawall.secrets.text import Text, text_of

IDENTIFIERS = {"UUID", "AWS S3 Bucket", "Tencent WeChat API App ID", "Firebase Domain"}
"""Categories of names, not of secrets."""
PRECISIONS = (0.98, 0.95, 0.9, 0.8)
_EVEN = frozenset("02468ace")
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Label(NamedTuple):
    """A labelled stretch of a file, in bytes."""

    start: int
    end: int
    truth: str
    """``T``; ``F`` for no credential, ``X`` for a placeholder: CredData counts both as false."""
    category: str


class Labelled(NamedTuple):
    """A file with its labels."""

    repository: str
    text: Text
    labels: tuple[Label, ...]
    lines: tuple[int, ...]
    """Where each line begins, as CredData counts them."""


class Found(NamedTuple):
    """What somebody reports of a file."""

    start: int
    end: int
    score: float


def repositories(creddata: Path) -> Iterator[tuple[str, str, str]]:
    """Id, commit and address of the repositories that may be used."""
    for key, address in sorted(json.loads((creddata / "snapshot.json").read_text()).items()):
        identity = f"{binascii.crc32(binascii.unhexlify(key)):08x}"
        if key[0] in _EVEN and identity[0] in _EVEN:
            yield identity, key[:40], address


def _rows(creddata: Path, identity: str) -> dict[str, list[dict[str, str]]]:
    """The rows of a repository's labels by the id of their file: digits of its path's SHA-256."""
    rows = defaultdict(list)
    with (creddata / "meta" / f"{identity}.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            rows[row["FileID"]].append(row)
    return rows


def _file_id(path: bytes) -> str:
    return hashlib.sha256(path).hexdigest()[:8]


def lay_out(creddata: Path, mirrors: Path, files: Path) -> Iterator[str]:
    """Write the labelled files; says what could not be had."""
    for identity, commit, address in repositories(creddata):
        owner, name = address.rsplit("/", 2)[-2:]
        directory = mirrors / f"{owner}+{name}" / "repo"
        git = [
            "git",
            "--git-dir",
            str(directory / ".git" if (directory / ".git").is_dir() else directory),
        ]
        listed = subprocess.run([*git, "ls-tree", "-rz", commit], capture_output=True, check=False)
        if listed.returncode:
            yield f"{address} at {commit}: not there"
            continue
        wanted = _rows(creddata, identity).keys()
        for entry in listed.stdout.split(b"\0")[:-1]:
            about, path = entry.split(b"\t", 1)
            mode, kind, blob = about.split()
            if _file_id(path) in wanted and kind == b"blob" and mode != b"120000":
                content = subprocess.run([*git, "cat-file", "blob", blob.decode()],
                                         capture_output=True, check=False)  # fmt: skip
                if content.returncode:  # a mirror may leave out what is large
                    yield f"{address} at {commit}: {path.decode(errors='replace')} is not there"
                    continue
                target = files / identity / path.decode("utf-8", "surrogateescape")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.stdout)


def labelled(creddata: Path, files: Path) -> Iterator[Labelled]:
    """The files with their labels."""
    for identity, _, _ in repositories(creddata):
        rows = _rows(creddata, identity)
        for path in sorted((files / identity).rglob("*")):
            name = path.relative_to(files / identity).as_posix()
            known = rows.get(_file_id(name.encode("utf-8", "surrogateescape")))
            text = text_of(name, path.read_bytes()) if known and path.is_file() else None
            if known and text is not None:
                lines = (0, *(match.end() for match in _LINE_END.finditer(text.data)))
                labels = tuple(_labels(text.data, lines, known))
                yield Labelled(identity, text, labels, lines)


def _labels(data: bytes, lines: Sequence[int], rows: Iterable[dict[str, str]]) -> Iterator[Label]:
    ends = [*lines[1:], len(data)]
    for row in rows:
        first, last = int(row["LineStart"]) - 1, int(row["LineEnd"]) - 1
        if first >= len(lines):
            continue
        last = min(last, len(lines) - 1)
        start, end = (int(row[name] or -1) for name in ("ValueStart", "ValueEnd"))
        yield Label(
            lines[first] + (_bytes(data[lines[first] : ends[first]], start) if start >= 0 else 0),
            lines[last] + _bytes(data[lines[last] : ends[last]], end) if end >= 0 else ends[last],
            row["GroundTruth"],
            row["Category"].partition(":")[0],
        )


def _bytes(line: bytes, characters: int) -> int:
    return len(line.decode("utf-8", "replace")[:characters].encode())


def truth_of(found: Found, labels: Sequence[Label]) -> str:
    """What the labels say of a finding: ``T``, ``F``, ``X`` or, where there is none, nothing."""
    met = [label.truth for label in labels if meet(found, label)]
    return "T" if "T" in met else met[0] if met else ""


def meet(found: Found, label: Label) -> bool:
    """Whether they overlap."""
    return found.start < label.end and label.start < found.end


class Counting(NamedTuple):
    """What counts."""

    identifiers: bool = True
    """Whether labels of categories that only name something do."""
    unlabelled: bool = True
    """Whether findings that nobody labelled are false; else they are left aside, as CredData's own
    benchmark does."""

    @property
    def title(self) -> str:
        """What it says in a table."""
        first = "all categories" if self.identifiers else "without identifiers"
        return f"{first}; unlabelled {'false' if self.unlabelled else 'left aside'}"


COUNTINGS = (Counting(), Counting(unlabelled=False), Counting(identifiers=False),
             Counting(identifiers=False, unlabelled=False))  # fmt: skip


def scores(
    files: Iterable[Labelled], found: dict[tuple[str, str], list[Found]], how: Counting
) -> tuple[list[tuple[float, bool]], int]:
    """The score of each label that was found and of each false finding; the number of labels.

    False findings that overlap count as one, each line of a value that stands on several is one.
    """
    items: list[tuple[float, bool]] = []
    total = 0
    for file in files:
        here = found.get((file.repository, file.text.name), [])
        for label in file.labels:
            if label.truth == "T" and (how.identifiers or label.category not in IDENTIFIERS):
                total += 1
                reach = [one.score for one in here if meet(one, label)]
                items += [(max(reach), True)] if reach else []
        fine = ("T",) if how.unlabelled else ("T", "")
        false = [one for one in here if truth_of(one, file.labels) not in fine]
        items += [(score, False) for score in _apart(false)]
    return items, total


def by_category(
    files: Iterable[Labelled], found: dict[tuple[str, str], list[Found]], limits: Sequence[float]
) -> Iterator[tuple[str, int, list[float]]]:
    """Each category with its true labels, and the recall from each of some scores on."""
    best = defaultdict(list)
    for file in files:
        here = found.get((file.repository, file.text.name), [])
        for label in file.labels:
            if label.truth == "T":
                reach = [one.score for one in here if meet(one, label)]
                best[label.category].append(max(reach, default=float("-inf")))
    for category, reached in sorted(best.items(), key=lambda item: (-len(item[1]), item[0])):
        told = [sum(score >= least for score in reached) / len(reached) for least in limits]
        yield category, len(reached), told


def _apart(found: Iterable[Found]) -> Iterator[float]:
    """The highest score of each group of findings that overlap."""
    end, best = -1, 0.0
    for one in sorted(found):
        if one.start >= end:
            if end >= 0:
                yield best
            end, best = one.end, one.score
        end, best = max(end, one.end), max(best, one.score)
    if end >= 0:
        yield best


def curve(items: list[tuple[float, bool]], total: int) -> dict[float, tuple[float, float]]:
    """For each precision the highest recall that has it, and from which score on."""
    best: dict[float, tuple[float, float]] = {}
    true = number = 0
    ordered = sorted(items, reverse=True)
    for index, (value, is_true) in enumerate(ordered):
        true, number = true + is_true, number + 1
        if index + 1 < len(ordered) and ordered[index + 1][0] == value:
            continue
        for precision in PRECISIONS:
            if true / number >= precision:
                best[precision] = (true / total, value)
    return best


def at(items: list[tuple[float, bool]], total: int, least: float) -> tuple[float, float]:
    """Recall and precision of what has at least a score."""
    kept = [is_true for value, is_true in items if value >= least]
    return sum(kept) / total, sum(kept) / max(len(kept), 1)


def main() -> None:
    """Lay the files out."""
    parser = argparse.ArgumentParser()
    for name in ("creddata", "mirrors", "files"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    for line in lay_out(arguments.creddata, arguments.mirrors, arguments.files):
        print(line)


if __name__ == "__main__":
    main()
