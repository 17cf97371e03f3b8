"""Programs that keep logins: ``docker-credential-NAME``, as docker-credential-helpers has them.

They get the name of a registry on standard input, and write an object with ``Username`` and
``Secret``. Which one is asked is said by the user's own configuration, never by what is scanned.
"""

import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted

TIMEOUT = 30.0
"""Seconds; some ask the person, or a service of a cloud."""
MAX_OUTPUT = 65_536
"""Bytes; a token of a cloud has a few thousand."""
_NAME = pattern(r"[A-Za-z0-9_-]+")
_NOT_FOUND = b"credentials not found"
"""What helpers say of a registry they do not know; all else is a fault worth telling."""


class Kept(NamedTuple):
    """What a helper keeps for a registry."""

    user: str
    """``<token>`` where the secret is a token of identity."""
    secret: Redacted


class HelperFault(Exception):  # noqa: N818 - it ends nothing: another way to log in may do
    """A helper gave no answer; its message says which and why."""


def ask(
    helper: str, server: str, environment: Mapping[str, str], timeout: float = TIMEOUT
) -> Kept | None:
    """What a helper keeps for a server; ``None`` where it keeps nothing. Raises ``HelperFault``."""
    name = f"docker-credential-{helper}"
    if not _NAME.fullmatch(helper):
        raise HelperFault(f"{helper[:60]!r} is no name of a credential helper")
    # Not what lies in the current directory: it may be what is scanned.
    places = [
        place for place in environment.get("PATH", "").split(os.pathsep) if os.path.isabs(place)
    ]
    program = shutil.which(name, path=os.pathsep.join(places)) if places else None
    if program is None:
        raise HelperFault(f"{name} is not on PATH")
    code, output = _run(name, [program, "get"], server, environment, timeout)
    if code:
        if _NOT_FOUND in output.lower():
            return None
        raise HelperFault(f"{name} ended with {code}")
    return _kept(name, output)


def _run(
    name: str, command: list[str], text: str, environment: Mapping[str, str], timeout: float
) -> tuple[int, bytes]:
    try:
        process = subprocess.Popen(  # noqa: S603 - its name is checked, and the user's own choice
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=dict(environment), start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise HelperFault(f"{name} cannot be run: {error.strerror or error}") from None
    over = threading.Event()

    def stop() -> None:
        over.set()
        _end(process)

    timer = threading.Timer(timeout, stop)
    timer.start()
    try:
        with process:
            output = _talk(process, text)
            if len(output) > MAX_OUTPUT:
                _end(process)
                raise HelperFault(f"{name} wrote more than {MAX_OUTPUT} bytes")
    finally:
        timer.cancel()
        timer.join()
    if over.is_set():
        raise HelperFault(f"{name} gave no answer for {timeout:g} seconds")
    return process.returncode, output


def _talk(process: subprocess.Popen[bytes], text: str) -> bytes:
    if process.stdin is None or process.stdout is None:
        return b""
    try:
        process.stdin.write(text.encode("utf-8", "replace"))
        process.stdin.close()
    except BrokenPipeError:
        pass  # it may know without being asked
    return process.stdout.read(MAX_OUTPUT + 1)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a helper with what it has started."""
    import signal  # noqa: PLC0415 - rarely needed

    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _kept(name: str, output: bytes) -> Kept | None:
    import json  # noqa: PLC0415 - rarely needed

    try:
        value = json.loads(output)
    except (ValueError, RecursionError):
        raise HelperFault(f"{name} wrote no JSON") from None
    fields = value if isinstance(value, dict) else {}
    user, secret = fields.get("Username"), fields.get("Secret")
    if not isinstance(user, str) or not isinstance(secret, str):
        raise HelperFault(f"{name} wrote no Username and Secret")
    return Kept(user, Redacted(secret)) if user and secret else None
