"""The measuring code on tiny inputs. How quick anything is, is no part of a test."""

import resource
import shutil
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from bench import __main__ as bench
from bench import again, corpus, git, history, images, secrets
from bench.measure import DiedError, Run, least_cpu, median_wall, peak, repeat, run
from seawall.engine import Options, scan


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


def test_what_a_command_used_is_counted() -> None:
    idle = run(python("import time; time.sleep(0.2)"))
    assert idle.wall >= 0.2
    busy = run(python("import time\nwhile time.process_time() < 0.2: pass"))
    assert busy.cpu >= 0.2
    large = run(python("x = bytearray(64 * 1024 * 1024)"))
    # What is forked begins with the memory of whoever forks it: here of a process with many tests.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert 64 < large.peak < max(640, own + 64)


def test_findings_are_no_failure_but_a_death_is() -> None:
    run(python("raise SystemExit(1)"))
    with pytest.raises(DiedError, match="ended with -9"):
        run(python("import os; os.kill(os.getpid(), 9)"))
    with pytest.raises(FileNotFoundError):
        run(["no-such-command"])


def test_the_first_run_is_left_out(tmp_path: Path) -> None:
    runs = repeat(python("open('runs', 'a').write('x')"), 2, cwd=str(tmp_path))
    assert len(runs) == 2
    assert (tmp_path / "runs").read_text() == "xxx"


def test_sums() -> None:
    runs = [Run(3, 1, 10), Run(1, 2, 30), Run(2, 3, 20)]
    assert (median_wall(runs), least_cpu(runs), peak(runs)) == (2, 1, 30)


def test_generated_documents_are_an_application(tmp_path: Path) -> None:
    corpus.generated(tmp_path, 40)
    report = scan(Options(targets=(str(tmp_path),), profile="all")).report
    assert report.objects == 40
    assert not report.coverage.failed
    assert not [finding for finding in report.findings if "dangling" in finding.rule.id]


def test_copies_have_names_of_their_own(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "web.yaml").write_text(corpus.SMALL)
    (source / "notes.txt").write_text("left out")
    assert corpus.copies(source, tmp_path / "copies", 3) == 3
    copies = sorted((tmp_path / "copies").rglob("*.*"))
    assert [path.parent.name for path in copies] == ["copy0", "copy1", "copy2"]
    names = [yaml.safe_load(path.read_text())["metadata"]["name"] for path in copies]
    assert names == ["web-0", "web-1", "web-2"]


@pytest.mark.skipif(not Path(bench.SEAWALL).exists(), reason="seawall's command is not installed")
def test_seawall_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(bench, "START_RUNS", 1)
    monkeypatch.setattr(bench, "CORPUS_RUNS", 1)
    manifest = tmp_path / "tree" / "web.yaml"
    manifest.parent.mkdir()
    manifest.write_text(corpus.SMALL)
    rows = [
        *bench.start_up(manifest),
        *bench.whole_corpus(manifest.parent, "one file", slow_ones=True),
        *bench.growth(tmp_path / "grown", (20, 40)),
    ]
    assert [what for what, _ in rows] == [
        "bare interpreter",
        "seawall --version",
        "seawall scan, one manifest, all rules",
        "seawall, one file",
        "seawall, one process, one file",
        "seawall, nothing has changed, one file",
        "20 generated documents, all rules, JSON report",
        "40 generated documents, all rules, JSON report",
    ]
    assert "seawall: 1.00 times it, processor 1.00" in rows[3][1]


@pytest.mark.skipif(
    shutil.which("git") is None or not Path(again.SEAWALL).exists(),
    reason="git or seawall's command is not installed",
)
def test_a_second_look_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    small = {"FILES": 8, "RUNS": 1, "START_RUNS": 1, "SINCE": ("HEAD~2",), "SIZES": (10_000,)}
    for name, value in small.items():
        monkeypatch.setattr(again, name, value)
    for name, number in {"COMMITS": 5, "FILES": 8, "EDITS": 2}.items():
        monkeypatch.setattr(git, name, number)
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path))
    rows = list(again.rows())
    assert [what for what, _ in rows] == [
        "one manifest",
        "one manifest, an ignore",
        "one manifest, an ignore and a configuration",
        "one manifest, an ignore, a configuration and a baseline",
        "8 files, without the cache",
        *(
            f"8 files{form}, {state}"
            for form in ("", ", JSON", ", SARIF", ", all of it known to a baseline")
            for state in ("the cache empty", "nothing changed", "one changed")
        ),
        "5 commits, 8 files, 2 edited, --since HEAD~2, without the cache",
        "5 commits, 8 files, 2 edited, --since HEAD~2",
        "8 files, a plain scan, for comparison",
        "0.01 MB, the first of one and of two processes",
    ]
    assert all(" ms" in result for _, result in rows)


@pytest.mark.skipif(
    shutil.which("git") is None or not Path(history.SEAWALL).exists(),
    reason="git or seawall's command is not installed",
)
def test_a_history_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: which(name) if name == "git" else None)
    for name in ("RUNS", "START_RUNS"):
        monkeypatch.setattr(history, name, 1)
    for name, number in {"COMMITS": 5, "FILES": 8, "EDITS": 2}.items():
        monkeypatch.setattr(git, name, number)
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path))
    rows = list(history.rows(()))
    assert [what.rpartition("/")[2] for what, _ in rows] == [
        "made.git",
        "seawall scan --history",
        "the same, one process",
        "the same, nothing is new",
        "seawall --version",
        "seawall scan --no-secrets, the same file",
        "seawall scan --staged, one file",
    ]
    assert rows[0][1].startswith("5 commits, 12 blobs")


def test_an_image_is_made_of_trees_and_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    (source / "inner").mkdir(parents=True)
    for number in range(9):
        (source / "inner" / f"file-{number}").write_bytes(bytes(1_000))
    (source / "link").symlink_to("inner")

    def add_system(archive: tarfile.TarFile) -> None:
        images.add_tree(archive, source, "usr/share", 1_000_000)

    def add_tree(archive: tarfile.TarFile) -> None:
        assert images.add_tree(archive, source, "srv/a", 4) < 1_000  # the first directory is enough

    blobs = tmp_path / "layout" / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    made = [images.layer(blobs, fill) for fill in (add_system, add_tree)]
    images.describe(tmp_path / "layout", made)
    assert images.size_of(tmp_path / "layout").unpacked > 10_000

    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: which(name) if name == "gzip" else None)
    for name in ("RUNS", "START_RUNS"):
        monkeypatch.setattr(images, name, 1)
    monkeypatch.setenv(images.IMAGE, str(tmp_path / "layout"))
    rows = list(images.rows())
    what = "an image of 0.00 GB, 2 layers of gzip, 11 files, 0 packages"
    assert [row[0].removeprefix(what) for row in rows] == [
        ": walked, digests verified",
        ": `sbom`, digests verified, programs read",
        ": `scan --no-secrets`, without the cache",
        ": `scan`, without the cache",
        ": `scan`, its layers known but for files with credentials",
        ": `scan`, nothing has changed",
        ": `gzip -6` of the layer of `harden image --squash`",
        ": `harden image --squash`, gzip",
        ": `harden image --squash`, zstd",
    ]


def test_files_a_peer_cannot_read_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("kind: A\n")
    (tmp_path / "bad.yml").write_text("kind: [\n")
    peer = python(
        "import sys\n"
        "if '[' in open(sys.argv[1]).read(): sys.exit('Failed to score files: no')\n"
        "sys.exit(1)"
    )
    assert bench.readable(peer, tmp_path) == [Path("good.yaml")]


def test_the_table_is_put_behind_its_mark(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"# Performance\n\n{bench.MARK}\n\n| old |\n")
    bench.write([("start", "1 ms"), ("end", "2 ms")], document)
    assert document.read_text() == (
        f"# Performance\n\n{bench.MARK}\n\n"
        "| what | measured |\n|---|---|\n| start | 1 ms |\n| end | 2 ms |\n"
    )
    document.write_text("no mark")
    with pytest.raises(ValueError, match="has no line"):
        bench.write([], document)


def test_the_page_has_the_mark() -> None:
    assert bench.DOCUMENT.read_text().count(bench.MARK) == 1


def test_a_tree_of_source_is_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, target = tmp_path / "first", tmp_path / "second", tmp_path / "target"
    (first / "below").mkdir(parents=True)
    (first / "below" / "a.py").write_text("text\n")
    (first / "picture").write_bytes(b"\0\1")
    second.mkdir()
    (second / "a.py").write_text("more text\n")
    monkeypatch.setenv(secrets.SOURCES, f"{first}:{second}")
    assert secrets.tree(target) == 15
    assert (target / "0" / "below" / "a.py").read_text() == "text\n"
    assert (target / "1" / "a.py").read_text() == "more text\n"
    assert len(list(target.rglob("*.py"))) == 2
    assert secrets.tree(tmp_path / "small", 5) in (5, 10)


def test_the_search_alone_is_measured(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").write_text("text\n")
    assert min(secrets.measured(tree, tmp_path, "plain")) > 0
