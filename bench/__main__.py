"""``make bench``: measure, print, and write the table to docs/performance.md."""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import corpus
from bench.measure import Run, least_cpu, median_wall, peak, repeat, run

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "performance.md"
MARK = "<!-- measured -->"
SEAWALL = str(Path(sys.executable).parent / "seawall")
START_RUNS = 20
CORPUS_RUNS = 5

# Its schema-validation downloads schemas, which would measure the network.
KUBE_LINTER = ("kube-linter", "lint", "--add-all-built-in", "--exclude", "schema-validation")

Row = tuple[str, str]


def milliseconds(seconds: float) -> str:
    """Seconds as whole milliseconds."""
    return f"{seconds * 1000:.0f} ms"


def start_up(small: Path) -> list[Row]:
    """What the process itself costs: processor time, least of twenty runs."""
    commands = {
        "bare interpreter": [sys.executable, "-I", "-S", "-c", "pass"],
        "seawall --version": [SEAWALL, "--version"],
        "seawall scan, one manifest, all rules": [
            SEAWALL, "scan", "--profile", "all", "--exit-zero", str(small)
        ],
    }  # fmt: skip
    for name, command in _peers([str(small)]).items():
        commands[f"{name}, one manifest"] = command
    return [
        (name, milliseconds(least_cpu(repeat(command, START_RUNS))))
        for name, command in commands.items()
    ]


def _peers(paths: Sequence[str]) -> dict[str, list[str]]:
    """The peers that are installed, each with all of its checks on some files."""
    commands = {
        "kube-linter": [*KUBE_LINTER, *paths],
        "kube-score": ["kube-score", "score", "--all-default-optional", *paths],
        "kubesec": ["kubesec", "scan", *paths[:1]],
        "checkov": ["checkov", "--quiet", "--compact", "--framework", "kubernetes",
                    *(option for path in paths for option in ("-f", path))],
    }  # fmt: skip
    return {
        name: command for name, command in commands.items() if shutil.which(command[0]) is not None
    }


def whole_corpus(folder: Path, documents: str, *, slow_ones: bool) -> list[Row]:
    """All rules on a whole tree: wall time, median."""
    rows = []
    commands = {"seawall": [SEAWALL, "scan", "--profile", "all", "--exit-zero", str(folder)]}
    if shutil.which("kube-linter"):
        commands["kube-linter"] = [*KUBE_LINTER, str(folder)]
    if shutil.which("kube-score"):
        files = [str(path) for path in sorted(folder.rglob("*.y*ml"))]
        commands["kube-score"] = ["kube-score", "score", "--all-default-optional", *files]
    if slow_ones and shutil.which("checkov"):
        commands["checkov"] = ["checkov", "--quiet", "--compact", "--framework", "kubernetes",
                               "-d", str(folder)]  # fmt: skip
    measured: dict[str, list[Run]] = {}
    for name, command in commands.items():
        measured[name] = repeat(command, 1 if name == "checkov" else CORPUS_RUNS)
    own = median_wall(measured["seawall"])
    for name, runs in measured.items():
        ratio = own / median_wall(runs)
        rows.append(
            (
                f"{name}, {documents}",
                f"{median_wall(runs):.2f} s, {peak(runs):.0f} MiB; seawall: {ratio:.2f} times it",
            )
        )
    return rows


def growth(folder: Path) -> list[Row]:
    """Cost of a document as their number grows, and memory at the end."""
    rows = []
    for documents in (1_000, 2_000, 5_000, 10_000):
        tree = folder / str(documents)
        corpus.generated(tree, documents)
        output = folder / f"{documents}.json"
        result = run(
            [SEAWALL, "scan", "--profile", "all", "--exit-zero", "--format", f"json={output}",
             str(tree)]
        )  # fmt: skip
        each = result.cpu / documents
        rows.append(
            (
                f"{documents:,} generated documents, all rules, JSON report",
                f"{each * 1e6:.0f} us a document, {result.cpu:.2f} s, {result.peak:.0f} MiB",
            )
        )
    return rows


def main() -> None:
    """Measure everything that can be measured here."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = folder / "web.yaml"
        small.write_text(corpus.SMALL)
        rows += start_up(small)
        shared = corpus.shared_corpus(ROOT)
        if shared is None:
            print("the public corpus is not beside this checkout: its part is left out")
        else:
            rows += whole_corpus(shared, "the corpus", slow_ones=True)
            tenfold = folder / "tenfold"
            corpus.copies(shared, tenfold, 10)
            rows += whole_corpus(tenfold, "ten times the corpus", slow_ones=False)
        rows += growth(folder)
    table = [
        "| what | measured |",
        "|---|---|",
        *(f"| {what} | {result} |" for what, result in rows),
    ]
    print("\n".join(table))
    if DOCUMENT.exists() and "--write" in sys.argv:
        head, _, _ = DOCUMENT.read_text().partition(MARK)
        DOCUMENT.write_text(head + MARK + "\n\n" + "\n".join(table) + "\n")


main()
