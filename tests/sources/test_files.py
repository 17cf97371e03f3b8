"""Which files a target stands for, in which order, under which names."""

import os
import socket
import threading
from pathlib import Path

import pytest

from seawall.core.report import Failed, Skipped
from seawall.sources import files
from seawall.sources.files import STDIN_NAME, SourceFile, discover, read


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*paths: str) -> None:
    for path in paths:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path)


def names(*targets: str, context: tuple[str, ...] = (), gitignore: bool = True) -> list[str]:
    found = discover(targets, context, gitignore=gitignore)
    return [item.path for item in found if isinstance(item, SourceFile)]


def test_a_tree_in_order() -> None:
    make("b/z.yaml", "b/a.yaml", "a.yaml", "b.yaml", "b/c/d.yaml", "B.yaml")
    expected = ["B.yaml", "a.yaml", "b/a.yaml", "b/c/d.yaml", "b/z.yaml", "b.yaml"]
    assert names(".") == expected
    assert names("./") == expected
    assert names("b") == ["b/a.yaml", "b/c/d.yaml", "b/z.yaml"]
    assert names("b/../b/") == names("b")
    assert names("a.yaml", "b/z.yaml") == ["a.yaml", "b/z.yaml"]


def test_each_file_once() -> None:
    make("a/x.yaml", "a/y.yaml")
    assert names("a", "a/x.yaml", "a/x.yaml", ".") == ["a/x.yaml", "a/y.yaml"]
    os.symlink("a", "link")
    assert names("a", "link") == ["a/x.yaml", "a/y.yaml"]
    os.symlink("a/x.yaml", "x")
    assert names("a", "x") == ["x", "a/y.yaml"]


def test_a_file_that_is_named_is_so_in_any_order() -> None:
    make("a/x.yaml", "a/y.yaml")
    for targets in (["a", "a/x.yaml"], ["a/x.yaml", "a"]):
        found = [item for item in discover(targets) if isinstance(item, SourceFile)]
        assert [(item.path, item.named) for item in found] == [
            ("a/x.yaml", True), ("a/y.yaml", False),
        ]  # fmt: skip


def test_context() -> None:
    make("a/x.yaml", "b/y.yaml")
    found = [item for item in discover(["a"], [".", "b"]) if isinstance(item, SourceFile)]
    assert [(item.path, item.context) for item in found] == [
        ("a/x.yaml", False), ("b/y.yaml", True),
    ]  # fmt: skip


def test_names_without_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make("in/a.yaml", "in/b/c.yaml")
    assert names(str(tmp_path / "in")) == ["in/a.yaml", "in/b/c.yaml"]
    assert names(str(tmp_path)) == ["in/a.yaml", "in/b/c.yaml"]
    assert names(str(tmp_path / "in" / "a.yaml")) == ["in/a.yaml"]
    monkeypatch.chdir("in/b")
    assert names(str(tmp_path / "in")) == ["in/a.yaml", "in/b/c.yaml"]
    assert names("..") == ["../a.yaml", "../b/c.yaml"]
    assert not any(name.startswith("/") for name in names(str(tmp_path), str(tmp_path / "in")))


def test_two_targets_of_one_name_stay_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("one/k8s/a.yaml", "two/k8s/a.yaml", "here/x")
    monkeypatch.chdir("here")
    found = names(str(tmp_path / "one" / "k8s"), str(tmp_path / "two" / "k8s"))
    assert len(set(found)) == 2
    assert not any(name.startswith("/") for name in found)


def test_gitignore() -> None:
    make("a.yaml", "b.yaml", "c/b.yaml", "d/e.yaml", ".git/config", "c/.git/config")
    Path(".gitignore").write_text("b.yaml\nd/\n")
    found = list(discover(["."]))
    assert [item.path for item in found if isinstance(item, SourceFile)] == [
        ".gitignore", "a.yaml",
    ]  # fmt: skip
    assert {(item.path, item.reason) for item in found if isinstance(item, Skipped)} == {
        ("b.yaml", "ignored by .gitignore"),
        ("c/b.yaml", "ignored by .gitignore"),
        ("d/", "ignored by .gitignore"),
        (".git", "version control data"),
        ("c/.git", "version control data"),
    }
    assert names("b.yaml", "d") == ["b.yaml", "d/e.yaml"]  # what is named is meant
    assert names(".", gitignore=False) == [
        ".gitignore", "a.yaml", "b.yaml", "c/b.yaml", "d/e.yaml",
    ]  # fmt: skip


def test_links_are_not_followed() -> None:
    make("a/x.yaml")
    os.symlink("..", "a/loop")
    os.symlink("x.yaml", "a/link.yaml")
    os.symlink("nowhere", "a/broken")
    found = list(discover(["."]))
    assert [item.path for item in found if isinstance(item, SourceFile)] == ["a/x.yaml"]
    skipped = {item.path for item in found if isinstance(item, Skipped)}
    assert skipped == {"a/loop", "a/link.yaml", "a/broken"}


def test_named_links() -> None:
    make("a/x.yaml")
    os.symlink("a", "directory")
    os.symlink("a/x.yaml", "file")
    os.symlink("nowhere", "broken")
    os.symlink("circle", "circle")
    assert names("directory") == ["directory/x.yaml"]
    assert names("file") == ["file"]
    assert list(discover(["broken"])) == [Failed("broken", 0, 0, "no such file or directory")]
    (failed,) = discover(["circle"])
    assert isinstance(failed, Failed)
    assert "too many levels of symbolic links" in failed.reason


def test_what_is_no_file() -> None:
    os.mkfifo("fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        found = list(discover(["."]))
    assert found == [
        Skipped("fifo", "is a FIFO, not a file"),
        Skipped("socket", "is a socket, not a file"),
    ]
    assert list(discover(["/dev/zero"])) == [Failed("zero", 0, 0, "is a device, not a file")]
    assert list(discover(["missing"])) == [Failed("missing", 0, 0, "no such file or directory")]


def test_deep_trees() -> None:
    # Deeper than the interpreter could recurse, and at last longer than the system allows.
    start, depth = Path.cwd(), 2500
    for _ in range(depth):
        os.mkdir("d")
        os.chdir("d")
    os.chdir(start)
    try:
        (failed,) = discover(["."])
        assert isinstance(failed, Failed)
        assert "too long" in failed.reason
    finally:  # pytest's own clean-up recurses
        for _ in range(depth):
            os.chdir("d")
        for _ in range(depth):
            os.chdir("..")
            os.rmdir("d")


def test_odd_names() -> None:
    os.mkdir(b"\xff")
    Path(os.fsdecode(b"\xff/a\xfe.yaml")).write_text("x")
    make("é.yaml", "new\nline.yaml")
    assert sorted(names(".")) == ["\\xff/a\\xfe.yaml", "new\nline.yaml", "é.yaml"]
    assert names(os.fsdecode(b"\xff")) == ["\\xff/a\\xfe.yaml"]
    (file,) = discover([os.fsdecode(b"\xff")])
    assert isinstance(file, SourceFile)
    assert read(file) == b"x"


# Reading --------------------------------------------------------------------------------------


def named(path: str) -> SourceFile:
    (file,) = discover([path])
    assert isinstance(file, SourceFile)
    return file


def test_size_limit() -> None:
    Path("a").write_bytes(b"x" * 3_145_729)
    assert read(named("a"), 3_145_729) == b"x" * 3_145_729
    assert read(named("a"), 3_145_728) == Failed(
        "a", 0, 0, "is larger than 3 MiB; raise the limit with --max-file-size"
    )


def test_a_file_that_vanishes() -> None:
    make("a")
    file = named("a")
    os.remove("a")
    assert read(file) == Failed("a", 0, 0, "no such file or directory")


def test_standard_input() -> None:
    for name in ("-", "/dev/stdin"):
        assert names(name) == [STDIN_NAME]
    assert names("-", "-") == [STDIN_NAME]
    reader, writer = os.pipe()
    os.write(writer, b"a: 1\n")
    os.close(writer)
    saved = os.dup(0)
    try:
        os.dup2(reader, 0)
        assert read(named("-")) == b"a: 1\n"
    finally:
        os.dup2(saved, 0)
        os.close(saved)
        os.close(reader)


def test_a_fifo_with_a_late_writer() -> None:
    os.mkfifo("fifo")

    def write() -> None:
        with open("fifo", "wb") as stream:
            stream.write(b"x" * 200_000)

    timer = threading.Timer(0.2, write)
    timer.start()
    try:
        assert read(named("fifo")) == b"x" * 200_000
    finally:
        timer.join()


def test_a_fifo_that_is_held_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_FIFO_PATIENCE", 0.1)
    os.mkfifo("fifo")
    holder = os.open("fifo", os.O_RDWR)

    def write() -> None:
        os.write(holder, b"late")
        os.close(holder)

    timer = threading.Timer(0.4, write)
    timer.start()
    try:
        assert read(named("fifo")) == b"late"
    finally:
        timer.join()


def test_a_fifo_that_nobody_writes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_FIFO_PATIENCE", 0.1)
    os.mkfifo("fifo")
    failed = read(named("fifo"))
    assert isinstance(failed, Failed)
    assert failed.reason == "nothing has been writing to this FIFO for 0.1 seconds"


def test_an_endless_pipe_is_cut_off() -> None:
    os.mkfifo("fifo")

    def write() -> None:
        try:
            with open("fifo", "wb", buffering=0) as stream:
                while True:
                    stream.write(b"x" * 65536)
        except BrokenPipeError:
            pass

    thread = threading.Thread(target=write)
    thread.start()
    failed = read(named("fifo"), 1_000_000)
    thread.join()
    assert isinstance(failed, Failed)
    assert "larger than" in failed.reason
