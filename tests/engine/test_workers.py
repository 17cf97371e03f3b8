"""However the work is spread, the output is the same bytes."""

import gc
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine import analysing, judging, parsing, workers
from seawall.engine import portions as module_of_portions
from seawall.engine.portions import Portions
from seawall.engine.workers import cut, spread
from seawall.reports import FORMATS
from tests.engine.support import manifest, seawall
from tests.triage.support import command, write


def same(_item: object, result: Any) -> Any:
    """What stays as it is on its way from one process to another."""
    return result


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree whose work is spread however small it is."""
    monkeypatch.setattr(analysing, "WORTH_SPREADING", 0)
    monkeypatch.chdir(tmp_path)
    chance = random.Random(7)
    write(tmp_path, {f"d{n % 3}/f{n}.yaml": manifest(chance) for n in range(24)})
    return tmp_path


def output(*arguments: str, format_: str = "json") -> str:
    ran = command("scan", "--format", format_, "--profile", "all", *arguments)
    assert ran.code in (1, 3), ran.err
    return ran.out


def test_any_number_of_workers(tree: Path) -> None:
    for format_ in ("json", "table"):
        texts = {output("-j", str(number), format_=format_) for number in (1, 2, 3, 7)}
        assert len(texts) == 1


def test_any_order_of_names(tree: Path) -> None:
    files = [str(path.relative_to(tree)) for path in sorted(tree.rglob("*.yaml"))]
    chance = random.Random(3)
    expected = output("-j", "1", *files)
    for number in (1, 2, 5):
        chance.shuffle(files)
        assert output("-j", str(number), *files) == expected
        assert output("-j", str(number), *files, files[0], f"./{files[1]}") == expected


def _hang_up() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fail() -> None:
    raise MemoryError


def _leave() -> None:
    os._exit(0)


def _interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("death", [_hang_up, _fail, _leave, _interrupt])
@pytest.mark.parametrize("where", ["parse", "judge"])
def test_a_worker_that_dies_changes_nothing(
    tree: Path, monkeypatch: pytest.MonkeyPatch, death: object, where: str
) -> None:
    expected = output("-j", "1")
    parent = os.getpid()
    module: object = judging._Bench if where == "judge" else parsing
    real = getattr(module, where)
    asked = []

    def dying(*arguments: object, **named: object) -> object:
        asked.append(1)
        if os.getpid() != parent and len(asked) > 1:
            death()  # type: ignore[operator]
        return real(*arguments, **named)

    monkeypatch.setattr(module, where, dying)
    assert output("-j", "3") == expected
    assert len(asked) >= 15  # the parent did it again


def test_what_a_worker_sends_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = os.getpid()

    def work(part: Sequence[int]) -> list[int]:
        return [1] if os.getpid() != parent else [item * 2 for item in part]

    assert spread([1, 2, 3, 4, 5, 6], [1] * 6, 3, work, same, same) == [2, 4, 6, 8, 10, 12]


def test_no_more_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise OSError(11, "no more processes")

    monkeypatch.setattr(os, "fork", fork)
    assert spread([1, 2, 3], [1] * 3, 3, list, same, same) == [1, 2, 3]


def test_results_larger_than_a_pipe() -> None:
    items = list(range(8))
    start = time.monotonic()
    result = spread(
        items, [1] * 8, 4, lambda part: ["x" * 500_000 + str(item) for item in part], same, same
    )
    assert [int(text[500_000:]) for text in result] == items
    assert time.monotonic() >= start
    assert workers.processors() >= 1


@given(st.lists(st.integers(1, 1000), max_size=40), st.integers(1, 9))
def test_slices_are_contiguous_and_fair(weights: list[int], parts: int) -> None:
    slices = cut(weights, parts)
    assert [n for start, end in slices for n in range(start, end)] == list(range(len(weights)))
    assert len(slices) <= parts
    if weights:
        assert all(end > start for start, end in slices)
        heaviest = max(sum(weights[start:end]) for start, end in slices)
        assert heaviest <= sum(weights) / parts + max(weights)


@settings(max_examples=20)
@given(st.lists(st.integers(), max_size=20), st.integers(1, 5))
def test_spreading_is_mapping(items: list[int], number: int) -> None:
    def work(part: Sequence[int]) -> list[int]:
        return [item * 3 for item in part]

    assert spread(items, [1] * len(items), number, work, same, same) == work(items)


def as_it_is(plain: Any) -> Any:
    """What stays as it is on its way."""
    return plain


def each(work: Callable[[int], Any]) -> Callable[[Iterator[Sequence[int]]], list[list[Any]]]:
    """What does the work on each item of each portion."""
    return lambda portions: [list(map(work, items)) for items in portions]


def shared(portions: int, number: int, work: Callable[[int], Any]) -> list[Any]:
    """What portions of one item come to that are shared."""
    items = [[item] for item in range(portions)]
    return Portions(items, number, each(work), as_it_is, as_it_is).results()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 40), st.integers(1, 5))
def test_sharing_is_mapping(portions: int, number: int) -> None:
    assert shared(portions, number, lambda n: n * 3) == [n * 3 for n in range(portions)]


def test_others_share_the_work_while_this_process_waits() -> None:
    parent = os.getpid()

    def work(_number: int) -> int:
        time.sleep(0.01)
        return os.getpid()

    begun = Portions([[item] for item in range(10)], 2, each(work), as_it_is, as_it_is)
    time.sleep(0.5)
    assert parent not in begun.results()


def open_portions(number: int, work: Callable[[int], Any]) -> "Portions[int, Any]":
    """Portions to which others are added."""
    return Portions((), number, each(work), as_it_is, as_it_is, (str, int))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.integers(-5, 5), max_size=4), max_size=20), st.integers(1, 4))
def test_portions_that_are_added(portions: list[list[int]], number: int) -> None:
    begun = open_portions(number, lambda item: item * 3)
    for portion in portions:
        begun.add(portion)
    assert begun.results() == [item * 3 for portion in portions for item in portion]


def test_others_work_on_what_is_added_while_this_process_goes_on() -> None:
    parent = os.getpid()
    begun = open_portions(2, lambda _item: os.getpid())
    for item in range(10):
        begun.add([item])
    time.sleep(0.5)
    assert parent not in begun.results()


def test_what_there_is_no_room_for_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_of_portions, "_ROOM", 100)
    begun = open_portions(3, lambda item: item * 3)
    for item in range(500):
        begun.add([item, item])
    assert begun.results() == [item * 3 for item in range(500) for _ in range(2)]


def test_portions_that_nobody_asks_for_are_stopped() -> None:
    begun = open_portions(3, lambda _item: time.sleep(60))
    begun.add([1, 2])
    begun.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_more_portions_than_a_pipe_holds() -> None:
    assert shared(50_000, 3, lambda n: n) == list(range(50_000))


def test_shared_results_larger_than_a_pipe() -> None:
    texts = shared(6, 3, lambda n: "x" * 500_000 + str(n))
    assert [int(text[500_000:]) for text in texts] == list(range(6))


@pytest.mark.parametrize("death", [_hang_up, _fail, _leave, _interrupt])
def test_what_a_dead_worker_leaves_is_done_here(death: Callable[[], None]) -> None:
    parent = os.getpid()

    def work(number: int) -> int:
        if os.getpid() != parent:
            death()
        return number

    assert shared(8, 3, work) == list(range(8))


def test_nobody_waits_for_what_is_not_wanted() -> None:
    parent = os.getpid()

    def work(number: int) -> int:
        if os.getpid() == parent:
            raise MemoryError
        time.sleep(60)
        return number

    start = time.monotonic()
    with pytest.raises(MemoryError):
        shared(8, 3, work)
    gc.collect()
    assert time.monotonic() - start < 30
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_the_order_of_hashes_changes_nothing(tmp_path: Path) -> None:
    chance = random.Random(11)
    write(tmp_path, {f"d{n % 3}/f{n}.yaml": manifest(chance) for n in range(20)})
    write(
        tmp_path, {"seawall.toml": "profile = 'all'\n[[suppress]]\nrules = ['image-*', 'host-*']\n"}
    )
    results = []
    for seed in ("0", "1", "4711"):
        formats = [item for name in FORMATS for item in ("--format", f"{name}=out.{name}")]
        ran = seawall("scan", "--no-cache", "--write-baseline", "b", *formats, cwd=tmp_path,
                      PYTHONHASHSEED=seed)  # fmt: skip
        ran2 = seawall("scan", "--no-cache", *formats, cwd=tmp_path, PYTHONHASHSEED=seed)
        assert ran.code in (0, 3), ran.err
        assert ran2.code in (1, 3), ran2.err
        results.append({name: (tmp_path / f"out.{name}").read_bytes() for name in FORMATS})
        results[-1]["baseline"] = (tmp_path / "b").read_bytes()
    assert results[0] == results[1] == results[2]
