"""What holds for the closure of any root."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.images.closure import elf as elf_facts
from seawall.images.closure import keeper, linker
from seawall.images.closure.closing import closure
from seawall.sources.images.merging import merge
from tests.images.closure import test_base_list, test_node, test_other_languages, test_python
from tests.images.closure.elves import elf
from tests.images.closure.trees import (
    LOADER,
    Content,
    closed,
    configured,
    entries,
    left,
    root_of,
)

PLACES = ("lib", "usr/lib", "usr/lib/x86_64-linux-gnu", "opt/a", "opt/b")
NAMES = tuple(f"lib{letter}.so" for letter in "abcdef")
NEEDED = st.lists(st.sampled_from(NAMES), max_size=3)
SEARCHED = st.sampled_from(["", "/opt/a", "$ORIGIN/../opt/b", "$ORIGIN:/opt/a"])
LIBRARY = st.one_of(
    st.builds(lambda needed, runpath: elf(needed, runpath=runpath), NEEDED, SEARCHED),
    st.builds(lambda needed, rpath: elf(needed, rpath=rpath), NEEDED, SEARCHED),
    st.builds(lambda name: f"-> {name}", st.sampled_from((*NAMES, "../lib/liba.so", "loop.so"))),
)
ROOTS = st.builds(
    lambda libraries, needed, runpath: {
        LOADER: elf(),
        "usr/bin/app": elf(needed, interpreter=f"/{LOADER}", runpath=runpath),
        "opt/a/loop.so": "-> loop.so",
        **libraries,
    },
    st.dictionaries(
        st.builds("{}/{}".format, st.sampled_from(PLACES), st.sampled_from(NAMES)), LIBRARY,
        max_size=12,
    ),
    NEEDED,
    SEARCHED,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(ROOTS)
def test_closed(files: dict[str, Content]) -> None:
    check_closed(files, "app")


def check_closed(files: dict[str, Content], *process: str, directory: str = "") -> None:
    """The closure holds all that it leads to, and the closure of what is left is the same."""
    found = closed(files, *process, directory=directory)
    tree = merge([entries(files)])
    assert set(found.reasons) == set(found.paths)
    assert all(found.reasons.values())
    for path in found.paths:
        node, crossed = tree.trail(path, follow_last=False)
        assert node is not None
        assert {each.entry.path for each in crossed} <= found.paths
        target, crossed = tree.trail(path)
        if target is not None:
            assert {each.entry.path for each in crossed} <= found.paths
    missing = {text.partition(" needs ")[2] for text in found.warnings if " needs " in text}
    names = {path.rpartition("/")[2] for path in found.paths}
    for path in found.paths:
        content = files.get(path)
        facts = elf_facts.read(content) if isinstance(content, bytes) else None
        for name in facts.needed if facts is not None else ():
            assert name in names or f"{name}, which is not in the image" in missing
    again = closed(left(files, found), *process, directory=directory)
    assert again.paths == found.paths
    assert again.replaced == {path: found.replaced[path] for path in again.replaced}


def test_closed_in_other_languages() -> None:
    script: dict[str, Content] = {
        **test_python.ALL, "srv/x/main.py": "import json, whole, space.two\n"
    }  # fmt: skip
    check_closed(script, "python3", "/srv/x/main.py")
    check_closed(test_node.FILES, "node", "server.js", directory="/app")
    check_closed(test_base_list.FILES, "app")


def test_the_same_twice() -> None:
    files = test_node.FILES
    shuffled = list(files.items())
    random.Random(2).shuffle(shuffled)
    assert closed(files, "node", "/app/server.js") == closed(
        dict(shuffled), "node", "/app/server.js"
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=4), st.text(max_size=20))
def test_any_command_and_working_directory(words: list[str], directory: str) -> None:
    closed(test_python.ALL, *words, directory=directory, includes=words)
    closed(test_python.ALL, "python3", *words, directory=directory)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(("srv/main.py", "app/server.js", "e.sh", "n.conf")))
def test_any_contents(data: bytes, path: str) -> None:
    files: dict[str, Content] = {**test_python.SYSTEM, **test_node.FILES, path: data,
                                 "usr/sbin/nginx": test_other_languages.BINARY,
                                 "bin/sh": test_other_languages.BINARY}  # fmt: skip
    for process in (("python3", "/srv/main.py"), ("node", "/app/server.js"),
                    ("/bin/sh", "/e.sh"), ("nginx", "-c", "/n.conf")):  # fmt: skip
        closed(files, *process)


def test_unreadable_contents() -> None:
    """What gives the contents may fail."""
    root = root_of(test_python.ALL, configured("python3", "/srv/x/main.py"))
    silent = type(root)(root._files, lambda _node, _limit: None, root.configuration)
    assert closure(silent).paths


def test_trees_of_links_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Directories whose links lead to each other have paths without end."""
    monkeypatch.setattr(keeper, "_MOST_STEPS", 50_000)
    files: dict[str, Content] = {
        LOADER: elf(), "usr/bin/app": elf(interpreter=f"/{LOADER}"), "srv/a/f.txt": "x",
    }  # fmt: skip
    for number in range(12):
        for other in range(12):
            files[f"srv/d{number}/l{other}"] = f"-> ../d{other}"
    files["srv/d0/a"] = "-> /srv/a"
    patterns = ["/srv/**/*.txt", "/srv/*/*/*/*/*/*/*/*/none", "/srv"]
    found = closed(files, "app", includes=patterns)
    assert {"srv/a/f.txt", "srv/d11/l11"} <= found.paths
    assert any("too many" in text for text in found.warnings)


def test_libraries_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linker, "_MAX_LOOKUPS", 200_000)
    names = [f"lib{number}.so" for number in range(3000)]
    files: dict[str, Content] = {
        LOADER: elf(), "usr/bin/app": elf(names, interpreter=f"/{LOADER}"),
        "etc/ld.so.conf": "\n".join(f"/x/{number}" for number in range(100_000)),
    }  # fmt: skip
    for name in names[:100]:
        files[f"usr/lib/{name}"] = elf(names)
    found = closed(files, "app")
    assert "usr/lib/lib99.so" in found.paths
    assert any("too many" in text for text in found.warnings)
