"""Rules into the kernel, and what it says of them: the program ``nft``, in one namespace."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache

from seawall.mesh.redirect.errors import RedirectError
from seawall.mesh.redirect.rules import COUNTERS, TABLE, Redirect, rules_of

_LIST = ("-s", "list", "table", "inet", TABLE)
_TIMEOUT = 20
"""Seconds: nft waits for the kernel's lock only."""


def load(redirect: Redirect, enter: Sequence[str] = ()) -> None:
    """Put the rules in force, all at once; ``enter`` is the command that enters the namespace."""
    _nft(("-f", "-"), enter, rules_of(redirect))


def is_loaded(redirect: Redirect, enter: Sequence[str] = ()) -> bool:
    """Whether the rules are in force as they should be: somebody may have flushed or changed them.

    What the kernel lists is held against its listing of the same rules loaded afresh in a namespace
    of their own, since nft writes rules in other words than it reads them.
    """
    return listing(enter) == expected(redirect)


def listing(enter: Sequence[str] = ()) -> str:
    """The table as the kernel has it, without its counters' values; empty without one."""
    said = _run(_LIST, enter, "")
    return said.stdout if said.returncode == 0 else ""


@lru_cache(maxsize=256)
def expected(redirect: Redirect) -> str:
    """How the kernel lists the rules when they have just been loaded."""
    nft = _program()
    both = f"{nft} -f - && {nft} {' '.join(_LIST)}"
    said = _finished(("unshare", "--net", "sh", "-c", both), rules_of(redirect))
    if said.returncode:
        raise _refused(said.stderr)
    return said.stdout


def counters(enter: Sequence[str] = ()) -> dict[str, int]:
    """How many packets the fence has dropped, by reason; zeros where there are no rules."""
    found = dict.fromkeys(COUNTERS, 0)
    said = _run(("-j", "list", "counters", "table", "inet", TABLE), enter, "")
    if said.returncode == 0:
        for item in json.loads(said.stdout)["nftables"]:
            if "counter" in item:
                found[item["counter"]["name"]] = item["counter"]["packets"]
    return found


def _nft(arguments: Sequence[str], enter: Sequence[str], text: str) -> None:
    said = _run(arguments, enter, text)
    if said.returncode:
        raise _refused(said.stderr)


def _refused(said: str) -> RedirectError:
    reason = said.strip().splitlines()
    return RedirectError(
        f"nft refuses the rules: {reason[0] if reason else 'no reason given'}; they need root "
        "(CAP_NET_ADMIN) and a kernel with nf_tables, nat and conntrack"
    )


def _run(
    arguments: Sequence[str], enter: Sequence[str], text: str
) -> "subprocess.CompletedProcess[str]":
    return _finished((*enter, _program(), *arguments), text)


def _program() -> str:
    program = shutil.which("nft") or shutil.which("nft", path="/usr/sbin:/sbin")
    if program is None:
        raise RedirectError("nft is not installed: install the package nftables")
    return program


def _finished(command: Sequence[str], text: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(  # noqa: S603 - our own words, no shell
            command, input=text, capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        raise RedirectError(f"nft did not answer within {_TIMEOUT} s: see dmesg") from None
