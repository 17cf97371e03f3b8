"""Layers that several processes walk: the same comes of them as of one."""

import os
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from seawall.engine import workers
from seawall.engine.containers import looking, searchers, walkers
from seawall.engine.containers.layers import Read, read
from seawall.engine.containers.named import find
from seawall.secrets.rules.examples import example
from seawall.secrets.search import search
from seawall.sources.images.image import Image
from tests.secrets.rules import RULES, drawn
from tests.sources.archives.making import zipped
from tests.sources.images.tars import END, Layout, member

STATUS = "\n\n".join(
    f"Package: tool{n}\nStatus: install ok installed\nVersion: {n}\nArchitecture: amd64\n"
    "Maintainer: Debian <a@example.org>" for n in range(9)
).encode()  # fmt: skip


def token(seed: int) -> str:
    return example(RULES["github-classic-token"], random.Random(seed))


def layer(number: int) -> bytes:
    chance = random.Random(number)
    text = f'token = "{token(number)}"\npassword = "{drawn(14, number)}"\n'.encode()
    return b"".join((
        member(b"var/lib/dpkg/status", STATUS.replace(b"tool", b"tool%d-" % number)),
        member(b"a%d/b\xff.py" % number, text), member(b"big.bin", chance.randbytes(300_000)),
        member(b"a.zip", zipped({"in.txt": text})), member(b"d", b"", b"5"),
        member(b"etc/shadow", b"root:*:1:0:99999:7:::\n"), END,
    ))  # fmt: skip


def image_of(tmp_path: Path, *layers: bytes) -> Image:
    files = Layout()
    target = files.index(files.image(list(layers), "gzip")).write(tmp_path / "app")
    (image,) = find([target]).images
    return image


def shared(
    image: Image, monkeypatch: pytest.MonkeyPatch, store: Any = None, *, secrets: bool = True
) -> tuple[Read, list[int]]:
    """What is read in several processes, and the processes."""
    started: list[int] = []
    fork = os.fork

    def noting() -> int:
        process = fork()
        if process:
            started.append(process)
        return process

    with monkeypatch.context() as patch:
        patch.setattr(walkers, "WORTH_SHARING", 0)
        patch.setattr(searchers, "WORTH_STARTING", 0)
        for module in (walkers, searchers):
            patch.setattr(module, "processors", lambda: 2)
        patch.setattr(os, "fork", noting)
        return read(image, store, b"code", search() if secrets else None), started


@pytest.mark.parametrize("secrets", [False, True])
def test_the_same_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secrets: bool) -> None:
    image = image_of(tmp_path, *map(layer, range(5)))
    found, started = shared(image, monkeypatch, secrets=secrets)
    assert len(started) == (3 if secrets else 1)  # another walker, and two that search for it
    here = read(image, None, b"code", search() if secrets else None)
    assert found.layers == here.layers
    assert found.failed == here.failed == ()
    assert [each.diff_id for each in found.image.layers] == [
        each.diff_id for each in here.image.layers
    ]
    if secrets:
        values = {
            held.secret.candidate.value.reveal()
            for each in found.layers
            for one in each.secrets.values()
            for held in one
        }
        assert {token(n) for n in range(5)} <= values


def test_a_link_to_a_layer_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = member(b"var/lib/dpkg/status", b"", b"1", link=b"was/status")
    below = member(b"was/status", STATUS)
    image = image_of(tmp_path, below + END, member(b"x", b"y") + END, link + END)
    found, _ = shared(image, monkeypatch)
    here = read(image, None, b"code", search())
    assert found.layers == here.layers
    assert any(each.facts for each in found.layers)


@pytest.mark.parametrize("number", range(3))
def test_a_layer_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    image = image_of(tmp_path, *map(layer, range(3)))
    (path,) = (tmp_path / "app").glob(f"**/{image.layers[number].digest.partition(':')[2]}")
    path.write_bytes(path.read_bytes()[:-200])
    found, _ = shared(image, monkeypatch)
    here = read(image, None, b"code", search())
    assert found.failed == here.failed
    assert [each for each, _ in found.failed] == [number]


def test_a_process_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = image_of(tmp_path, *map(layer, range(4)))
    parent = os.getpid()
    plain = looking.all_to_plain

    def dying(found: looking.Looked) -> Any:
        if os.getpid() != parent:
            os._exit(9)
        return plain(found)

    monkeypatch.setattr(looking, "all_to_plain", dying)
    found, _ = shared(image, monkeypatch)
    assert found.layers == read(image, None, b"code", search()).layers


def test_what_has_connections_is_not_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = image_of(tmp_path, *map(layer, range(3)))
    remote = tuple(
        each._replace(open=partial(each.open)) for each in image.layers if each.open is not None
    )

    def refused(*_: object, **__: object) -> Any:
        raise AssertionError

    monkeypatch.setattr(workers, "spread", refused)
    monkeypatch.setattr(walkers, "spread", refused)
    found, _ = shared(image._replace(layers=remote), monkeypatch, secrets=False)
    assert len(found.layers) == 3
    assert not found.failed
