"""Running ``helm template`` on a stranger's chart: nothing of this machine, no network, limits.

What a template can do is bounded by helm itself: no access to files but the chart's, to the
environment (``env`` and ``expandenv`` are no functions of its), to DNS (``getHostByName`` without
``--enable-dns``) or to a cluster (``lookup`` finds nothing without ``--dry-run=server``). Around
that: a home of its own, no plugins, no cluster, a proxy that is none, and limits of time, memory
and output.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, NamedTuple, Self

from seawall.charts.value_sets import NAMESPACE, ValueSet
from seawall.core.errors import InputError
from seawall.sources.files import reason_of

PATIENCE = 60.0
"""Seconds for one rendering; large public charts take two."""
_MEMORY = 512 * 1024 * 1024
"""Bytes that helm may fill; large public charts take a third of it."""
_ADDRESSES = 8 * 1024 * 1024 * 1024
"""Bytes of addresses: Go reserves far more of them than it fills."""
MAX_ANSWER = 1024 * 1024
"""Bytes that helm may write where it is not asked to render."""
_MAX_FILE = 256 * 1024 * 1024
_PIECE = 256 * 1024
_ERRORS_KEPT = 1024 * 1024
_VERSION_PATIENCE = 10.0
_NO_PROXY = "http://127.0.0.1:9"
"""Port 9 (discard): nobody answers."""


class Helm(NamedTuple):
    """The program and its version, ``v3.20.0``."""

    path: str
    version: str


class Missing(NamedTuple):
    """Why there is no helm to call, and what to do."""

    reason: str
    remedy: str


class Done(NamedTuple):
    """What a run of helm gave: its output, or what it complained of."""

    output: bytes
    complaint: str

    @property
    def failed(self) -> bool:
        """Whether there is nothing but a complaint."""
        return bool(self.complaint)


INSTALL = (
    "install helm 3.10 or newer, or render the chart elsewhere and scan the result, for example: "
    "helm template . | seawall scan -"
)


def find() -> Helm | Missing:
    """The first helm of PATH; relative entries are left out, the target may be where we are."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, "helm")
        if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):
            break
    else:
        return Missing("helm is not installed", INSTALL)
    with Workshop() as workshop:
        arguments = ("version", "--template", "{{.Version}}")
        done = workshop.run(path, arguments, patience=_VERSION_PATIENCE)
    version = done.output[:100].decode("utf-8", "replace").strip()
    numbers = version.removeprefix("v").split(".")
    known = len(numbers) > 1 and all(part.isdecimal() for part in numbers[:2])
    if done.failed or not known:
        return Missing("helm does not tell its version", INSTALL)
    if (int(numbers[0]), int(numbers[1])) < (3, 10):
        return Missing("helm is older than 3.10", INSTALL)
    return Helm(path, version)


def arguments(
    value_set: ValueSet, values: Sequence[str], kubernetes_version: str, *, check_schema: bool
) -> list[str]:
    """What helm is asked for, besides the chart; ``values`` are files."""
    result = [
        "template", value_set.release, "chart",
        f"--namespace={value_set.namespace or NAMESPACE}",
        # Else it is the one that helm was built for: another on each machine.
        f"--kube-version={value_set.kubernetes_version or kubernetes_version}",
        *(f"--values={path}" for path in values),
        *(f"--set-json={path}={value}" for path, value in value_set.set),
        *(f"--api-versions={item}" for item in value_set.api_versions),
    ]  # fmt: skip
    return result if check_schema else [*result, "--skip-schema-validation"]


class Workshop:
    """A temporary directory in which helm works; use it in a ``with`` statement."""

    def __init__(self) -> None:
        try:
            self.directory = tempfile.mkdtemp(prefix="seawall-helm-")
        except OSError as error:
            raise InputError(
                f"cannot make a temporary directory: {reason_of(error)}; name another with TMPDIR"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name: str) -> str:
        """A path in it."""
        return os.path.join(self.directory, name)

    def run(
        self,
        program: str,
        arguments: Sequence[str],
        *,
        patience: float = PATIENCE,
        limit: int = MAX_ANSWER,
    ) -> Done:
        """Run helm here, with its whole process group ended at the end.

        ``patience`` is in seconds, ``limit`` the most bytes that it may write.
        """
        try:
            process = subprocess.Popen(  # noqa: S603 - an absolute path, a list, no shell
                [program, *arguments], cwd=self.directory, env=self._environment(),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                bufsize=0, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            return Done(b"", f"helm cannot be started: {reason}")
        try:
            _limit(process.pid)
            return _outcome(process, patience, limit)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def _environment(self) -> Mapping[str, str]:
        home = self.path("home")
        return {
            "HOME": home, "TMPDIR": self.directory, "PATH": os.defpath, "LC_ALL": "C",
            "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home,
            "HELM_CACHE_HOME": home, "HELM_CONFIG_HOME": home, "HELM_DATA_HOME": home,
            "HELM_PLUGINS": os.path.join(home, "plugins"), "HELM_NO_PLUGINS": "1",
            "KUBECONFIG": os.devnull, "GOMEMLIMIT": "384MiB",
            **dict.fromkeys(
                ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NO_PROXY
            ),
        }  # fmt: skip


def _limit(pid: int) -> None:
    """Bound what a process may use, where the system can do that to another process."""
    import resource  # noqa: PLC0415 - not on every system

    limit: Callable[[int, int, tuple[int, int]], object] | None
    limit = getattr(resource, "prlimit", None)
    if limit is None:
        return
    for what, most in (
        (resource.RLIMIT_DATA, _MEMORY),
        (resource.RLIMIT_AS, _ADDRESSES),
        (resource.RLIMIT_FSIZE, _MAX_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):  # it is over, or has a lower one
            limit(pid, what, (most, most))


def _outcome(process: "subprocess.Popen[bytes]", patience: float, limit: int) -> Done:
    output: list[bytes] = []
    errors = b""
    size = 0
    end = time.monotonic() + patience
    for is_error, piece in _pieces(process.stdout, process.stderr, end):
        if is_error:
            errors = (errors + piece)[:_ERRORS_KEPT]
            continue
        size += len(piece)
        if size > limit:
            most = f"{limit / 1048576:g} MiB"
            told = f"it renders to more than {most}; raise the limit with --max-file-size"
            return Done(b"", told)
        output.append(piece)
    try:
        code = process.wait(max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        told = f"helm had not rendered it after {patience:g} seconds; look for a loop in it"
        return Done(b"", told)
    text = errors.decode("utf-8", "replace")
    if code == 0:
        return Done(b"".join(output), "")
    if code < 0 or "fatal error: " in text or "runtime: out of memory" in text:
        return Done(b"", "helm needed more memory than it may have; look for a loop in it")
    return Done(b"", text.strip() or f"helm ended with exit code {code} without a word")


def _pieces(
    output: IO[bytes] | None, errors: IO[bytes] | None, end: float
) -> Iterator[tuple[bool, bytes]]:
    """What a process writes until it has written all, or the time is over."""
    poll = select.poll()
    streams = {
        stream.fileno(): stream is errors for stream in (output, errors) if stream is not None
    }
    for descriptor in streams:
        poll.register(descriptor, select.POLLIN)
    while streams:
        left = end - time.monotonic()
        events = poll.poll(left * 1000) if left > 0 else []
        if not events:
            return
        for descriptor, _ in events:
            piece = os.read(descriptor, _PIECE)
            if piece:
                yield streams[descriptor], piece
            else:
                poll.unregister(descriptor)
                del streams[descriptor]
