"""Whoever asks a controller that hangs waits for so long, and asks the next one."""

import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from seawall.mesh.control import operating
from seawall.mesh.control.messages import decoded, encoded
from seawall.mesh.control.operating import SERVICE, OperatorError, ask, insist, look


@pytest.fixture
def hung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A socket that is listened at, where nobody ever answers."""
    for name in ("_TIMEOUT", "_LOOK", "_ATTEMPT"):
        monkeypatch.setattr(operating, name, 0.3)
    path = tmp_path / "hung.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        yield path


def serving(path: Path, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> grpc.Server:
    def act(data: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            return encoded(answer(decoded(data)))
        except ValueError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            raise

    server = grpc.server(ThreadPoolExecutor(1))
    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(act)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {"Token": method}),)
    )
    server.add_insecure_port(f"unix:{path}")
    server.start()
    return server


def test_one_that_hangs_is_not_waited_for(hung: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operating, "_INSISTING", 0.5)
    acts: list[Callable[[], object]] = [
        lambda: look(str(hung)), lambda: ask(str(hung), "Token", host="a"),
        lambda: insist(str(hung), "Token", host="a"),
    ]  # fmt: skip
    for act in acts:
        with pytest.raises(OperatorError, match=r"does not answer within 0\.3 s: .*kill it"):
            act()


def test_the_next_one_is_asked(hung: Path, tmp_path: Path) -> None:
    """As when another one leads: its socket takes the place of the other's."""
    seen = []

    def answer(message: dict[str, Any]) -> dict[str, Any]:
        seen.append(message)
        return {"token": "good"}

    server = serving(tmp_path / "next.sock", answer)
    try:
        found = tmp_path / "leads.sock"
        found.symlink_to(hung)
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(insist, str(found), "Token", host="a")
            with pytest.raises(OperatorError):
                ask(str(found), "Token", host="a")
            aside = tmp_path / "aside"
            aside.symlink_to(tmp_path / "next.sock")
            os.replace(aside, found)
            assert asking.result(60) == {"token": "good"}
        assert seen == [{"host": "a"}]
    finally:
        server.stop(None)


def test_what_is_refused_is_asked_for_once(tmp_path: Path) -> None:
    seen = []

    def answer(message: dict[str, Any]) -> dict[str, Any]:
        seen.append(message)
        raise ValueError("not for you")

    server = serving(tmp_path / "own.sock", answer)
    try:
        with pytest.raises(OperatorError, match="not for you"):
            insist(str(tmp_path / "own.sock"), "Token", host="a")
        assert len(seen) == 1
    finally:
        server.stop(None)
