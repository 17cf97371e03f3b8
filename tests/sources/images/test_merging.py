"""The file system that layers make: whiteouts, links, replaced kinds; a plain model as referee."""

import gc
import shutil
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.sources.images.entry import Entry, Kind
from seawall.sources.images.merging import FileSystem, Hidden, Node, merge

NUMBERS = {"f": Kind.FILE, "d": Kind.DIRECTORY, "l": Kind.SYMLINK, "h": Kind.HARD_LINK}


def e(text: str, size: int = 1) -> Entry:
    """``f usr/a``, ``d usr``, ``l a>target``, ``h a>target``."""
    kind = NUMBERS[text[0]]
    path, _, link = text[2:].partition(">")
    return Entry(path, kind, 0o644, 0, 0, size if kind is Kind.FILE else 0, 0, link, 0)


def made(*layers: str) -> FileSystem:
    """Layers of entries, with commas between them."""
    return merge([[e(text.strip()) for text in layer.split(",") if text] for layer in layers])


def shown(system: FileSystem) -> list[str]:
    return [f"{node.entry.path}:{node.layer}" for node in system.files()]


def hidden(system: FileSystem) -> list[tuple[str, int, int, bool]]:
    return [(each.entry.path, each.layer, each.by, each.deleted) for each in system.hidden]


def test_a_tree_is_freed_with_its_last_use() -> None:
    """A scan collects no circles, so one in each node would keep a whole tree to its end."""
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(each, Node) for each in gc.get_objects())
        system = made("d usr,f usr/a,h usr/b>usr/a,l c>usr/a", "f usr/a,d e")
        assert system.resolve("usr/b") is not None
        del system
        assert sum(isinstance(each, Node) for each in gc.get_objects()) == before
    finally:
        gc.enable()


def test_layers_add_up_and_the_last_counts() -> None:
    system = made("d usr,f usr/a,f usr/b", "f usr/b,f c")
    assert shown(system) == ["c:1", "usr:0", "usr/a:0", "usr/b:1"]
    assert hidden(system) == [("usr/b", 0, 1, False)]
    assert system.hidden[0] == Hidden(e("f usr/b"), 0, 1, deleted=False)


@pytest.mark.parametrize("upper", ["f d/.wh.a,f d/new", "f d/new,f d/.wh.a"])
def test_whiteouts_in_any_order(upper: str) -> None:
    system = made("d d,f d/a,f d/b", upper)
    assert shown(system) == ["d:0", "d/b:0", "d/new:1"]
    assert hidden(system) == [("d/a", 0, 1, True)]


def test_a_whiteout_hides_what_is_below_a_directory_too() -> None:
    system = made("f d/e/a,f d/e/b,f d/c", "f .wh.d")
    assert shown(system) == []
    assert sorted(hidden(system)) == [(f"d/{name}", 0, 1, True) for name in ("c", "e/a", "e/b")]


@pytest.mark.parametrize("upper", ["f d/.wh..wh..opq,f d/new", "f d/new,f d/.wh..wh..opq"])
def test_opaque_directories_keep_what_their_layer_has(upper: str) -> None:
    system = made("f d/a,f d/e/b", upper)
    assert shown(system) == ["d:0", "d/new:1"]
    assert sorted(hidden(system)) == [("d/a", 0, 1, True), ("d/e/b", 0, 1, True)]


def test_a_whiteout_does_not_hide_what_its_own_layer_has() -> None:
    """Image-spec: whiteouts apply to lower layers only."""
    system = made("f a", "f a,f .wh.a")
    assert shown(system) == ["a:1"]
    assert hidden(system) == [("a", 0, 1, True)]


def test_whiteouts_of_nothing_and_other_marks() -> None:
    assert shown(made("f .wh.none,f x/.wh..wh..opq,f .wh..wh.plnk,f a", "f .wh.none")) == ["a:0"]


def test_a_file_within_a_directory_called_like_a_mark() -> None:
    assert shown(made("f .wh.d/a")) == [".wh.d:0", ".wh.d/a:0"]


def test_a_directory_replaced_by_a_file_and_back() -> None:
    system = made("d a,f a/b,f a/c", "f a", "d a,f a/d")
    assert shown(system) == ["a:2", "a/d:2"]
    assert hidden(system) == [
        ("a/b", 0, 1, False), ("a/c", 0, 1, False), ("a", 1, 2, False),
    ]  # fmt: skip


def test_a_directory_again_keeps_its_files() -> None:
    system = made("d a,f a/b", "d a")
    assert shown(system) == ["a:1", "a/b:0"]
    assert hidden(system) == []


def test_duplicates_in_a_layer() -> None:
    system = merge([[e("f a", 1), e("f a", 2)]])
    node = system.get("a")
    assert node is not None
    assert node.entry.size == 2
    assert hidden(system) == [("a", 0, 0, False)]


def test_hard_links_in_a_layer_before_and_behind_their_file() -> None:
    system = merge([[e("h early>file"), e("f file", 7), e("h late>file")]])
    for path in ("early", "late"):
        node = system.get(path)
        assert node is not None
        assert (node.entry.kind, node.entry.size, node.entry.path) == (Kind.FILE, 7, path)
        assert node.content is system.get("file")


def test_hard_links_across_layers_outlive_their_file() -> None:
    system = merge([[e("f file", 7)], [e("h link>file")], [e("f .wh.file")]])
    node = system.get("link")
    assert node is not None
    assert (node.entry.size, node.layer) == (7, 1)
    assert (node.content.entry.path, node.content.layer) == ("file", 0)
    assert shown(system) == ["link:1"]


def test_a_hard_link_to_a_link_to_a_link() -> None:
    system = made("f a,h b>a", "h c>b")
    assert system.get("c").content is system.get("a")  # type: ignore[union-attr]


def test_hard_links_to_nothing_and_to_directories() -> None:
    system = made("d d,h a>none,h b>d,h c>c")
    assert shown(system) == ["d:0"]
    assert [(each.path, each.reason) for each in system.problems.told] == [
        ("a", "is a hard link to nothing: none"), ("b", "is a hard link to nothing: d"),
        ("c", "is a hard link to nothing: c"),
    ]  # fmt: skip


def test_files_below_a_linked_directory_are_where_it_leads() -> None:
    """As with ``lib`` being ``usr/lib``: a later layer may still say ``lib/x``."""
    system = made("d usr,d usr/lib,l lib>usr/lib", "f lib/x,f lib/new/y")
    assert shown(system) == ["lib:0", "usr:0", "usr/lib:0", "usr/lib/new:1", "usr/lib/new/y:1",
                             "usr/lib/x:1"]  # fmt: skip
    assert system.resolve("lib/x") is system.get("usr/lib/x")
    assert hidden(made("d usr/lib,f usr/lib/x,l lib>usr/lib", "f lib/.wh.x")) == [
        ("usr/lib/x", 0, 1, True)
    ]


def test_files_below_a_link_that_leads_nowhere() -> None:
    system = made("l a>nowhere,f a/b,l c>c,f c/d/e")
    assert shown(system) == ["a:0", "c:0"]
    assert {each.reason for each in system.problems.told} == {
        "its directory is a link that leads nowhere"
    }


def test_files_below_a_file() -> None:
    system = made("f a", "f a/b")
    assert shown(system) == ["a:1", "a/b:1"]
    assert [(each.path, each.reason) for each in system.problems.told] == [
        ("a", "is a file, and another member lies in it")
    ]


def test_a_link_replaced_by_a_directory() -> None:
    system = made("d real,l a>real", "f a/x,d a,f a/y")
    assert shown(system) == ["a:1", "a/y:1", "real:0", "real/x:1"]


def test_links_are_resolved_in_the_root_only() -> None:
    system = made("f etc/a,l abs>/etc/a,l up>../../../../etc/a,l d/e/f>../../etc,l s>etc/")
    target = system.get("etc/a")
    assert target is not None
    for path in ("abs", "up", "d/e/f/a", "/abs", "d/e/f/../etc/a", "./etc//a", "s/a"):
        assert system.resolve(path) is target, path
    assert system.get("abs") is not target
    assert system.resolve("etc/a/b") is None
    assert system.resolve("etc/a/..") is not None
    assert system.resolve("") is system.root


def test_the_root_itself() -> None:
    system = merge([[e("d ")._replace(mode=0o700), e("f a")]])
    assert system.root.entry.mode == 0o700
    assert shown(system) == ["a:0"]


# The real file system as a referee: the layers are applied to a directory.

PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
LAYER = st.lists(st.tuples(st.sampled_from(("f", "d", "w", "o", "h")), PATHS, PATHS), max_size=6)


def remove(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    elif target.is_file():
        target.unlink()


def apply(root: Path, layer: list[tuple[str, str, str]]) -> None:
    """As engines do: first what is hidden, then each member in its place."""
    for kind, path, _ in layer:
        target = root / path
        if kind == "w":
            remove(target)
        if kind == "o" and target.is_dir():
            remove(target)
            target.mkdir()
    late = []
    for number, (kind, path, link) in enumerate(layer):
        if kind == "h" and not put_link(root, root / path, root / link):
            late.append((root / path, root / link))
        if kind in "fd":
            put(root, root / path, None if kind == "d" else f"{path}{number}")
    for target, source in late:
        put_link(root, target, source)


def put(root: Path, target: Path, content: str | None) -> None:
    clear_above(root, target)
    if content is None and target.is_dir():
        return
    remove(target)
    target.mkdir() if content is None else target.write_text(content)


def clear_above(root: Path, target: Path) -> None:
    for above in reversed(target.relative_to(root).parents):
        if (root / above).is_file():
            (root / above).unlink()
        (root / above).mkdir(exist_ok=True)


def put_link(root: Path, target: Path, source: Path) -> bool:
    if not source.is_file():
        return False
    if target != source:
        put(root, target, source.read_text())
    return True


@given(st.lists(LAYER, max_size=4))
def test_it_is_what_a_directory_would_be(
    tmp_path_factory: pytest.TempPathFactory, layers: list[list[tuple[str, str, str]]]
) -> None:
    root = tmp_path_factory.mktemp("root")
    entries = []
    for layer in layers:
        apply(root, layer)
        found = []
        for number, (kind, path, link) in enumerate(layer):
            above, _, name = path.rpartition("/")
            if kind in "wo":
                mark = f".wh.{name}" if kind == "w" else f"{name}/.wh..wh..opq"
                found.append(e(f"f {above}/{mark}" if above else f"f {mark}"))
            else:
                found.append(e(f"{kind} {path}>{link}")._replace(mtime=number))
        entries.append(found)
    system = merge(entries)
    expected = {
        str(path.relative_to(root)): path.read_text() if path.is_file() else ""
        for path in root.rglob("*")
    }
    assert {
        node.entry.path: (
            f"{node.content.entry.path}{node.content.entry.mtime}"
            if node.entry.kind is Kind.FILE else ""
        )
        for node in system.files()
    } == expected  # fmt: skip
    shutil.rmtree(root)


def test_tarfile_is_not_used() -> None:
    """Its members cost twenty times as much."""
    package = Path(merge.__code__.co_filename).parent
    for path in package.glob("*.py"):
        assert tarfile.__name__ not in path.read_text("utf-8"), path
