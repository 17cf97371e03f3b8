"""Programs of the system that are run to completion: ``ip`` and the like."""

import subprocess
from collections.abc import Mapping, Sequence

from seawall.mesh.hosting.errors import HostError

_TIMEOUT = 30


def run(*command: str, stdin: str = "") -> str:
    """What a command prints; raises :class:`HostError` with what it says when it fails."""
    said = tried(*command, stdin=stdin)
    if said.returncode:
        reason = (said.stderr or said.stdout).strip().splitlines()
        raise HostError(
            f"{' '.join(command)}: {reason[0] if reason else 'failed'}; seawall mesh needs root "
            "and the packages iproute2 and nftables"
        )
    return said.stdout


def tried(
    *command: str, stdin: str = "", environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """What came of a command, whether it worked or not."""
    try:
        return subprocess.run(  # noqa: S603 - our own words, no shell
            command, input=stdin, capture_output=True, text=True, check=False, timeout=_TIMEOUT,
            env=None if environment is None else dict(environment),
        )  # fmt: skip
    except FileNotFoundError:
        raise HostError(
            f"{command[0]} is not installed: install the packages iproute2, nftables and util-linux"
        ) from None
    except subprocess.TimeoutExpired:
        raise HostError(f"{command[0]} did not end within {_TIMEOUT} s: see dmesg") from None


def batch(lines: Sequence[str]) -> None:
    """Many changes of links, addresses and routes by one ``ip``."""
    run("ip", "-batch", "-", stdin="\n".join(lines) + "\n")
