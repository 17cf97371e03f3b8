"""Rules into the kernel, and what it says of them: the program ``nft``, in one namespace."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache

from seawall.mesh.redirect import exit_rules
from seawall.mesh.redirect.errors import RedirectError
from seawall.mesh.redirect.rules import COUNTERS, TABLE, Redirect, rules_of

_REFUSED_FOR = "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close"
"""Seconds for which conntrack knows a connection that was reset. While it does, what comes from the
same port is the same connection to it: where a proxy has reset one of the application's and gets
that port next for one of its own, that would be redirected to itself."""
_LIST = ("-s", "list", "table", "inet")
_TIMEOUT = 20
"""Seconds: nft waits for the kernel's lock only."""


def load(redirect: Redirect, enter: Sequence[str] = ()) -> None:
    """Put the rules in force, all at once; ``enter`` is the command that enters the namespace."""
    _nft(("-f", "-"), enter, rules_of(redirect))
    # Where nobody may write there it stays at ten, and rarely a connection fails after a reset one.
    _finished((*enter, "sh", "-c", f"echo 1 > {_REFUSED_FOR}"), "")


def is_loaded(redirect: Redirect, enter: Sequence[str] = ()) -> bool:
    """Whether the rules are in force as they should be: somebody may have flushed or changed them.

    What the kernel lists is held against its listing of the same rules loaded afresh in a namespace
    of their own, since nft writes rules in other words than it reads them.
    """
    return listing(enter) == expected(redirect)


def load_table(exit_: exit_rules.ExitRules) -> None:
    """Put the rules of an exit in force, in the namespace that we are in."""
    _nft(("-f", "-"), (), exit_rules.rules_of(exit_))


def is_table_loaded(exit_: exit_rules.ExitRules) -> bool:
    """Whether they are in force as they should be."""
    return listing((), exit_.table) == _listed(exit_rules.rules_of(exit_), exit_.table)


def unload_table(mesh: str) -> None:
    """Take those of a mesh away, where there are any."""
    if listing((), exit_rules.table_of(mesh)):
        _nft(("-f", "-"), (), exit_rules.removal(mesh))


def listing(enter: Sequence[str] = (), table: str = TABLE) -> str:
    """A table as the kernel has it, without its counters' values; empty without one."""
    said = _run((*_LIST, table), enter, "")
    return said.stdout if said.returncode == 0 else ""


def expected(redirect: Redirect) -> str:
    """How the kernel lists the rules when they have just been loaded."""
    return _listed(rules_of(redirect), TABLE)


@lru_cache(maxsize=256)
def _listed(rules: str, table: str) -> str:
    nft = _program()
    both = f"{nft} -f - && {nft} {' '.join((*_LIST, table))}"
    said = _finished(("unshare", "--net", "sh", "-c", both), rules)
    if said.returncode:
        raise _refused(said.stderr)
    return said.stdout


def counters(enter: Sequence[str] = ()) -> dict[str, int]:
    """How many packets the fence has dropped, by reason; zeros where there are no rules."""
    return dict.fromkeys(COUNTERS, 0) | _counters(TABLE, enter)


def exit_counters(mesh: str) -> dict[str, int]:
    """How many packets the rules of the exit have refused, by reason; zeros without rules."""
    return dict.fromkeys(exit_rules.COUNTERS, 0) | _counters(exit_rules.table_of(mesh), ())


def pod_counters(enter: Sequence[str] = ()) -> dict[str, int]:
    """The same of a pod, with those of an exit where it is one."""
    own = dict.fromkeys(COUNTERS, 0) | _counters(TABLE, enter)
    return own | _counters(exit_rules.table_of(exit_rules.POD), enter)


def _counters(table: str, enter: Sequence[str]) -> dict[str, int]:
    said = _run(("-j", "list", "counters", "table", "inet", table), enter, "")
    if said.returncode:
        return {}
    found = [item["counter"] for item in json.loads(said.stdout)["nftables"] if "counter" in item]
    return {own["name"]: own["packets"] for own in found}


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
