"""``make bench``: measure, print, and write the table to docs/performance.md."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench import advisories, again, corpus, dockerfiles, images, packages, secrets, versions
from bench.measure import Run, least_cpu, median_wall, peak, repeat, run
from seawall import cache

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "performance.md"
MARK = "<!-- measured -->"
SEAWALL = str(Path(sys.executable).parent / "seawall")
SCAN = (SEAWALL, "scan", "--no-cache", "--profile", "all", "--exit-zero")
START_RUNS = 20
CORPUS_RUNS = 5
TENFOLD_RUNS = 2
HARDEN = (SEAWALL, "harden", "--quiet")

# Its schema-validation downloads schemas, which would measure the network.
KUBE_LINTER = ("kube-linter", "lint", "--add-all-built-in", "--exclude", "schema-validation")
KUBE_SCORE = ("kube-score", "score", "--all-default-optional")
CHECKOV = ("checkov", "--quiet", "--compact", "--framework", "kubernetes")
TRIVY = ("trivy", "config", "--quiet", "--skip-check-update", "--skip-version-check")
SLOW = ("checkov", "trivy")

Row = tuple[str, str]


def milliseconds(seconds: float) -> str:
    """Seconds as whole milliseconds."""
    return f"{seconds * 1000:.0f} ms"


def start_up(small: Path) -> Iterator[Row]:
    """What the process itself costs: processor time, least of twenty runs."""
    commands = {
        "bare interpreter": [sys.executable, "-I", "-S", "-c", "pass"],
        "seawall --version": [SEAWALL, "--version"],
        "seawall scan, one manifest, all rules": [*SCAN, str(small)],
    }
    for name, command in _peers([str(small)]).items():
        commands[f"{name}, one manifest"] = command
    for name, command in commands.items():
        yield name, milliseconds(least_cpu(repeat(command, _times(name, START_RUNS))))


def _times(name: str, often: int) -> int:
    """How often a command is run: once where a run takes many seconds."""
    return 1 if name.startswith(SLOW) else often


def _peers(paths: Sequence[str]) -> dict[str, list[str]]:
    """The peers that are installed, each with all of its checks on some files."""
    commands = {
        "kube-linter": [*KUBE_LINTER, *paths],
        "kube-score": [*KUBE_SCORE, *paths],
        "kubesec": ["kubesec", "scan", *paths[:1]],
        "checkov": [*CHECKOV, *(option for path in paths for option in ("-f", path))],
        "trivy": [*TRIVY, *paths[:1]],
    }
    return {name: command for name, command in commands.items() if _is_here(name)}


def _is_here(peer: str) -> bool:
    return shutil.which(peer) is not None


def readable(command: Sequence[str], folder: Path) -> list[Path]:
    """The manifests that kube-score can read, relative to a folder: it ends at the first other."""
    result = []
    for path in sorted(folder.rglob("*.y*ml")):
        errors = subprocess.run(
            [*command, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        ).stderr
        if b"Failed to score files" not in errors:
            result.append(path.relative_to(folder))
    return result


def whole_corpus(
    folder: Path,
    documents: str,
    scored: Sequence[Path] = (),
    *,
    runs_of_each: int = CORPUS_RUNS,
    slow_ones: bool = False,
) -> Iterator[Row]:
    """All rules on a whole tree. kube-score gets the ``scored`` files only."""
    cached = [part for part in SCAN if part != "--no-cache"]
    commands = {
        "seawall": [*SCAN, str(folder)],
        "seawall, one process": [*SCAN, "--jobs", "1", str(folder)],
        "seawall, nothing has changed": [*cached, str(folder)],
    }
    if _is_here("kube-linter"):
        commands["kube-linter"] = [*KUBE_LINTER, str(folder)]
    if scored and _is_here("kube-score"):
        commands["kube-score"] = [*KUBE_SCORE, *(str(folder / path) for path in scored)]
    if slow_ones and _is_here("checkov"):
        commands["checkov"] = [*CHECKOV, "-d", str(folder)]
    if slow_ones and _is_here("trivy"):
        commands["trivy"] = [*TRIVY, str(folder)]
    own: list[Run] = []
    for name, command in commands.items():
        runs = repeat(command, _times(name, runs_of_each))
        own = own or runs  # seawall's come first
        wall = median_wall(own) / median_wall(runs)
        cpu = least_cpu(own) / least_cpu(runs)
        result = (
            f"{median_wall(runs):.2f} s, processor {least_cpu(runs):.2f} s, {peak(runs):.0f} MiB; "
            f"seawall: {wall:.2f} times it, processor {cpu:.2f}"
        )
        yield f"{name}, {documents}", result


def hardened(folder: Path) -> Iterator[Row]:
    """What it takes to mend a tree, and to prove it, beside a scan with the same rules."""
    scans = repeat([*SCAN, str(folder)], CORPUS_RUNS)
    for name, tiers in {"safe": (), "unsafe": ("--unsafe",)}.items():
        runs = repeat([*HARDEN, *tiers, str(folder)], CORPUS_RUNS)
        wall = median_wall(runs) / median_wall(scans)
        cpu = least_cpu(runs) / least_cpu(scans)
        took = f"{median_wall(runs):.2f} s, processor {least_cpu(runs):.2f} s"
        yield (
            f"seawall harden, {name} tier, the corpus",
            f"{took}, {peak(runs):.0f} MiB; {wall:.2f} times its scan, processor {cpu:.2f}",
        )


def growth(folder: Path, sizes: Sequence[int] = (1_000, 2_000, 5_000, 10_000)) -> Iterator[Row]:
    """Cost of a document as their number grows, and memory at the end."""
    for documents in sizes:
        tree = folder / str(documents)
        corpus.generated(tree, documents)
        output = folder / f"{documents}.json"
        result = run([*SCAN, "--jobs", "1", "--format", f"json={output}", str(tree)])
        each = result.cpu / documents
        yield (
            f"{documents:,} generated documents, all rules, JSON report",
            f"{each * 1e6:.0f} us a document, {result.cpu:.2f} s, {result.peak:.0f} MiB",
        )


def main() -> None:
    """Measure everything that can be measured here."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ[cache.ENVIRONMENT] = str(folder / "cache")
        small = folder / "web.yaml"
        small.write_text(corpus.SMALL)
        rows += told(start_up(small))
        shared = corpus.shared_corpus(ROOT)
        if shared is None:
            print("the public corpus is not beside this checkout: its part is left out")
        else:
            scored = readable(KUBE_SCORE, shared) if _is_here("kube-score") else []
            rows += told(whole_corpus(shared, "the corpus", scored, slow_ones=True))
            tenfold = folder / "tenfold"
            corpus.copies(shared, tenfold, 10)
            copied = [Path(f"copy{copy}") / path for copy in range(10) for path in scored]
            rows += told(hardened(shared))
            many = "ten times the corpus"
            rows += told(whole_corpus(tenfold, many, copied, runs_of_each=TENFOLD_RUNS))
        rows += told(growth(folder))
        rows += told(dockerfiles.rows())
        rows += told(again.rows())
        rows += told(versions.rows())
        rows += told(advisories.rows())
        rows += told(packages.rows())
        rows += told(images.rows())
        rows += told(secrets.rows())
    if "--write" in sys.argv:
        write(rows, DOCUMENT)


def told(rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows, each printed when it has been measured."""
    for what, result in rows:
        print(f"| {what} | {result} |", flush=True)
        yield what, result


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    return "\n".join(
        ["| what | measured |", "|---|---|", *(f"| {what} | {result} |" for what, result in rows)]
    )


def write(rows: Sequence[Row], document: Path) -> None:
    """Put the rows in the place of those that stand behind the mark of a document."""
    head, mark, _ = document.read_text().partition(MARK)
    if not mark:
        raise ValueError(f"{document} has no line {MARK}")
    document.write_text(f"{head}{MARK}\n\n{table(rows)}\n")


if __name__ == "__main__":
    main()
