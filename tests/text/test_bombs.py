"""Inputs made to exhaust time or memory end soon, with a result or with a place and a reason.

Each runs in a process of its own, so that its memory can be measured. The small size is a
hundredth of the large one, which is the largest file that a scan reads by default.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

MAX_MEMORY = 500
"""Megabytes, at the large size."""
MAX_TIME = 100
"""At the large size, in times of the yardstick: work that is measured in the same process, before
and after, so that neither a slow nor a busy machine counts. The slowest takes less than half of it."""

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


class Bomb(NamedTuple):
    """How a text of about a number of characters is made, and what is to come of it.

    ``reason`` is a pattern, empty where the text can be read.
    """

    make: Callable[[int], str]
    reason: str = ""


def filled(unit: str, head: str = "") -> Callable[[int], str]:
    return lambda size: head + unit * ((size - len(head)) // len(unit))


def numbered(unit: str, head: str = "") -> Callable[[int], str]:
    length = len(unit.format(100_000))
    return lambda size: head + "".join(unit.format(i) for i in range((size - len(head)) // length))


def laughs(_size: int) -> str:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    return HEAD + "\n".join(lines)


def nested_merges(_size: int) -> str:
    lines = ["a0: &a0 {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}"]
    lines += [f"a{i}: &a{i}\n  <<: [{', '.join([f'*a{i - 1}'] * 1000)}]" for i in range(1, 30)]
    return HEAD + "\n".join(lines)


def nested_repeats(_size: int) -> str:
    levels = [f"{' ' * i}a: 1\n{' ' * i}a:\n" for i in range(190)]
    return "".join(levels) + " " * 190 + "b: 1\n"


VALUES, ALIASED, CHARACTERS, DEEP = "values in one file", "100,000 values", "characters", "nest"

BOMBS = {
    "flat list": Bomb(filled("- a\n")),
    "flat list in an object": Bomb(filled("- a\n", HEAD + "data:\n")),
    "numbers": Bomb(filled("- 1\n")),
    "billion laughs": Bomb(laughs, ALIASED),
    "long text, many aliases": Bomb(
        lambda size: f"{HEAD}s: &s {'x' * (size // 10)}\nl:\n" + "- *s\n" * (size // 6), CHARACTERS
    ),
    "long key, many aliases": Bomb(
        lambda size: f"{HEAD}s: &s {'x' * (size // 10)}\nl:\n" + "- {*s : 1}\n" * (size // 12),
        CHARACTERS,
    ),
    "nested merges": Bomb(nested_merges, ALIASED),
    "wide merge, many times": Bomb(
        lambda size: (
            f"{HEAD}a: &a {{{', '.join(f'k{i}: 1' for i in range(900))}}}\nl:\n"
            + "- <<: *a\n" * (size // 10)
        ),
        ALIASED,
    ),
    "merge lists": Bomb(
        lambda size: f"{HEAD}a: &a {{b: 1}}\nl:\n- <<: [{'*a, ' * (size // 4)}]\n", ALIASED
    ),
    "alias chain": Bomb(
        lambda size: "a0: &a0 {x: 1}\n" + numbered("b{0}: &b{0} {{x: *a0}}\n")(size), ALIASED
    ),
    "one plain scalar": Bomb(lambda size: f"{HEAD}a: {'x' * size}"),
    "one quoted scalar": Bomb(lambda size: f'{HEAD}a: "' + "\\n" * (size // 2) + '"'),
    "one block scalar": Bomb(filled("  x\n", HEAD + "a: |\n")),
    "one plain scalar over many lines": Bomb(filled(" x\n", HEAD + "a:\n")),
    "open brackets": Bomb(filled("["), DEEP),
    "open braces": Bomb(filled('{"a":'), DEEP),
    "empty lists": Bomb(lambda size: f"{HEAD}a: [{'[],' * (size // 3)}]", VALUES),
    "empty mappings": Bomb(lambda size: f"{HEAD}a: [{'{},' * (size // 3)}]", VALUES),
    "small mappings": Bomb(lambda size: f"{HEAD}a: [{'{a},' * (size // 4)}]", VALUES),
    "small mappings in many documents": Bomb(
        lambda size: f"---\n{HEAD}a: [{'{a},' * (size // 40)}]\n" * 10, VALUES
    ),
    "deep block": Bomb(
        lambda size: "".join(f"{' ' * i}a:\n" for i in range(int((2 * size) ** 0.5))), DEEP
    ),
    "deep list": Bomb(filled("- "), DEEP),
    "anchors": Bomb(numbered("a{0}: &x{0} b\n")),
    "anchors and an alias": Bomb(numbered("- &x{0} {{a: 1}}\n", "- &x 1\n- *x\n")),
    "one key, repeated": Bomb(filled("  a: 1\n", HEAD + "d:\n")),
    "many keys, repeated": Bomb(
        lambda size: f"{HEAD}d:\n" + "".join(f"  k{i // 2}: 1\n" for i in range(size // 16))
    ),
    "nested repeated keys": Bomb(nested_repeats),
    "long key": Bomb(lambda size: f"{HEAD}{'k' * size}: 1\n", "expected ':'"),
    "long key, announced": Bomb(lambda size: f"{HEAD}? {'k' * size}\n: 1\n"),
    "documents": Bomb(filled("---\na: 1\n"), VALUES),
    "objects": Bomb(filled("---\n" + HEAD), VALUES),
    "broken documents": Bomb(filled("---\n[\n"), "flow node|more than 1,000 documents"),
    "empty documents": Bomb(filled("---\n", "# comment\n")),
    "document ends": Bomb(filled("...\n#\n")),
    "json": Bomb(lambda size: '{"a": {' + numbered('"k{0}":"v",')(size) + '"k": "v"}}'),
    "json that is no yaml": Bomb(
        lambda size: '{"\\ud83d\\ude00": {' + numbered('"k{0}":"v",')(size) + '"k": "v"}}'
    ),
    "json documents": Bomb(filled('{"a": 1}\n'), VALUES),
    "broken json documents": Bomb(filled('{"a":\n', '{"a": 1}\n'), "nested deeper|flow node"),
    "many keys": Bomb(numbered("k{0}: v{0}\n")),
    "comments": Bomb(filled("#\n", HEAD)),
    "blank lines": Bomb(filled("\n", HEAD)),
    "blanks": Bomb(filled(" ", HEAD)),
    "tabs": Bomb(filled("\t", HEAD), "cannot start any token"),
    "carriage returns": Bomb(filled("a\r")),
    "question marks": Bomb(filled("? "), "mapping key"),
    "anchors of nothing": Bomb(filled("&a "), "<document start>"),
    "tag directives": Bomb(lambda size: numbered("%TAG !a{0}! t:x\n")(size) + "---\na: 1", "%TAG"),
    "emoji": Bomb(filled("  😀😀😀😀\n", HEAD + "a: |\n")),
    "flow entries": Bomb(filled("a, ", "["), "flow"),
    "list of objects": Bomb(
        filled("- {apiVersion: v1, kind: A, metadata: {name: a}}\n", "kind: List\nitems:\n")
    ),
}

CHILD = """
import json, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (2 * 1024**3, 2 * 1024**3))
from seawall.text.places import locate, repeated_keys
from seawall.text.yaml import Broken, load
with open(sys.argv[1], encoding="utf-8", newline="") as stream:
    text = stream.read()
def yardstick():
    # Objects, texts and C code in the proportions of the real work.
    begin = time.process_time()
    rows = json.loads(json.dumps([{"key": str(i), "value": [i]} for i in range(100_000)]))
    return time.process_time() - begin + 0 * len([row["key"].strip() for row in rows])
before = yardstick()
start = time.process_time()
broken = []
for document in load(text):
    if isinstance(document, Broken):
        broken.append((*document.position, document.reason))
        continue
    keys = list(document.value)[:100] if isinstance(document.value, dict) else range(100)
    locate(document.chunk, [(), *((key,) for key in keys)])
    if document.may_repeat_keys:
        repeated_keys(document.chunk)
seconds = time.process_time() - start
def peak():
    # ru_maxrss would count the parent's memory from before exec.
    try:
        with open("/proc/self/status") as status:
            lines = [line for line in status if line.startswith("VmHWM")]
        return int(lines[0].split()[1]) // 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
memory = peak()
print(json.dumps({
    "time": seconds / max(before, yardstick()),
    "memory": memory,
    "broken": broken,
}))
"""


class Outcome(NamedTuple):
    """What became of a bomb: time (``MAX_TIME``), megabytes, and what was told of it."""

    time: float
    memory: int
    broken: list[tuple[int, int, str]]


def run(bomb: Bomb, size: int, directory: Path) -> Outcome:
    path = directory / "bomb.yaml"
    path.write_text(bomb.make(size), encoding="utf-8", newline="")
    output = subprocess.run(
        [sys.executable, "-c", CHILD, path], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    return Outcome(**json.loads(output))


SMALL, LARGE = 100_000, 10_000_000
ONLY_LARGE = {VALUES, ALIASED, CHARACTERS}
"""Limits that small texts may keep; some of them do."""


@pytest.mark.parametrize("name", BOMBS)
def test_small(name: str, tmp_path: Path) -> None:
    outcome = run(BOMBS[name], SMALL, tmp_path)
    assert outcome.memory < 100
    if BOMBS[name].reason not in ONLY_LARGE:
        judge(BOMBS[name], outcome)


@pytest.mark.full
@pytest.mark.parametrize("name", BOMBS)
def test_large(name: str, tmp_path: Path) -> None:
    outcome = run(BOMBS[name], LARGE, tmp_path)
    assert outcome.time < MAX_TIME
    assert outcome.memory < MAX_MEMORY
    judge(BOMBS[name], outcome)


def judge(bomb: Bomb, outcome: Outcome) -> None:
    assert bool(outcome.broken) == bool(bomb.reason), outcome.broken
    for line, column, reason in outcome.broken:
        assert line >= 1
        assert column >= 1
        assert re.search(bomb.reason, reason)
